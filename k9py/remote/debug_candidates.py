"""Which pod of an object is debugged: the pods that can be, the one that most likely shows the problem first.

Invariant: a pod that is not ready comes before one that is, so that nobody debugs a healthy pod of the old revision
unawares; what is taken is explained by `DebugCandidates.note`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from k9py.api.errors import RefusedError
from k9py.api.kinds import POD
from k9py.api.meta import ObjectRef
from k9py.api.plural import count_noun
from k9py.api.pods import Pod
from k9py.api.text import printable
from k9py.remote.containers import containers_of, pods_of
from k9py.session import ClusterSession

_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)
_FINISHED: Final = ("Succeeded", "Failed")


@dataclass(frozen=True, slots=True)
class DebugCandidates:
    """The pods of an object that can be debugged, the first one to be taken; there is at least one.

    Args:
        is_pod: the object is the pod itself.
    """

    pods: Sequence[Pod]
    is_pod: bool

    @property
    def note(self) -> str:
        """Why the first pod is taken, printable; "" where there is no other."""
        if self.is_pod or len(self.pods) < 2:
            return ""
        first, name = self.pods[0], printable(self.pods[0].name)
        of_all, alike = count_noun(len(self.pods), "pod"), sum(_rank(pod) == _rank(first) for pod in self.pods)
        match _rank(first):
            case 0 if alike > 1:
                why = f"the newest of {alike} that are not ready"
            case 0:
                why = f"the only one of {of_all} not ready"
            case 1 if alike == len(self.pods):
                return f"pod {name}: the newest of {of_all}, all are ready"
            case 1:
                return f"pod {name}: the newest that is ready, of {of_all}"
            case _:
                why = f"the first of {of_all}, none runs"
        return f"pod {name} ({state_of(first)}): {why}"


async def debug_candidates(session: ClusterSession, ref: ObjectRef) -> DebugCandidates:
    """Return the pods of an object, those that are not ready first, of these the newest first.

    Pods without a node come after those that are ready, pods that have finished last: only a copy of them can run.

    Raises:
        RefusedError: it has no pods.
        KdashError: the object or its pods cannot be read.
    """
    pods = await pods_of(session, ref)
    if ref.kind == POD.name and not ref.group:
        return DebugCandidates(pods, True)
    return candidates_among(ref, pods)


def candidates_among(ref: ObjectRef, pods: Sequence[Pod]) -> DebugCandidates:
    """Return the pods of a workload as `debug_candidates` does. Raises RefusedError."""
    remaining = [pod for pod in pods if not pod.is_terminating]
    if not remaining:
        why = "all are being deleted" if pods else ""
        raise RefusedError(f"{printable(str(ref))} has no pods", why)
    newest = sorted(remaining, key=lambda pod: (pod.metadata.creation_timestamp or _EARLIEST, pod.name), reverse=True)
    return DebugCandidates(sorted(newest, key=_rank), False)


def _rank(pod: Pod) -> int:
    if pod.status.phase in _FINISHED:
        return 3
    if not pod.spec.node_name:
        return 2
    return 1 if pod.is_ready else 0


def state_of(pod: Pod) -> str:
    """Return whether a pod is ready, and else what it reports, printable: `not ready: app CrashLoopBackOff`."""
    if pod.status.phase in _FINISHED:
        return pod.status.phase
    if not pod.spec.node_name:
        return "Pending, not scheduled"
    if pod.is_ready:
        return "ready"
    states = [
        f"{printable(each.name)} {each.state}"
        for each in containers_of(pod)
        if each.is_running is False and each.role in ("", "sidecar")
    ]
    return f"not ready: {', '.join(states)}" if states else "not ready"
