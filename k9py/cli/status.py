"""`kdash status`: a rollout's status, its cause, and kubectl's own sentence; with --wait until it is done.

Jobs and pods: `object_status.py`.

Invariant: the exit code is the cause's; 0 only for a completed rollout.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from k9py.api.text import printable
from k9py.api.times import rfc3339
from k9py.api.workloads import Workload
from k9py.cli.object_status import WITH_STATUS, object_status
from k9py.cli.resolve import resolve_argument
from k9py.cli.session import Invocation, explain_not_found, open_session
from k9py.cli.targets import ObjectArgument
from k9py.cli.tracking import track_to_end
from k9py.cluster.workload_snapshot import read_workload
from k9py.rollouts.kubectl_status import kubectl_status
from k9py.rollouts.status import RolloutState, RolloutStatus
from k9py.session import ClusterSession
from k9py.views.exit_codes import ExitCode, exit_code_of_status
from k9py.views.tones import status_tone
from k9py.views.values import Tone


@dataclass(frozen=True, slots=True)
class _Answer:
    status: RolloutStatus | None
    workload: Workload | None
    warnings: tuple[str, ...] = ()
    waited: float | None = None
    timed_out: bool = False

    @property
    def code(self) -> ExitCode:
        is_ending = self.workload is not None and self.workload.metadata.deletion_timestamp is not None
        return ExitCode.UNKNOWN if is_ending or self.timed_out else exit_code_of_status(self.status)


async def status(invocation: Invocation, named: ObjectArgument, *, wait: bool, timeout: float) -> int:
    """Print the rollout's status and return its exit code. Raises KdashError.

    Args:
        wait: follow the rollout until it is done, has failed, or `timeout` seconds have passed.
    """
    console = invocation.console
    async with open_session(invocation) as session:
        named = await resolve_argument(session, named, by_tier=True)
        if named.kind in WITH_STATUS:
            return await object_status(invocation, session, session.key(named), wait=wait, timeout=timeout)
        result = await (_followed(invocation, session, named, timeout) if wait else _read(invocation, session, named))
    if invocation.arguments.json:
        console.print_json(_values(session, named, result))
    elif result.status is not None:
        tone = status_tone(result.status)
        console.print(
            console.render([(f"{session.key(named)}: ", Tone.PLAIN), (printable(result.status.summary), tone)])
        )
        for line in _details(result):
            console.print(f"  {line}")
    console.print_warnings(result.warnings)
    return result.code


async def _read(invocation: Invocation, session: ClusterSession, named: ObjectArgument) -> _Answer:
    key = session.key(named)
    with explain_not_found(key):
        snapshot = await read_workload(session.connection, key, events=True)
    return _Answer(snapshot.status(invocation.clock.now()), snapshot.workload, snapshot.missing)


async def _followed(invocation: Invocation, session: ClusterSession, named: ObjectArgument, timeout: float) -> _Answer:
    key = session.key(named)
    with explain_not_found(key):
        await session.connection.get(key)  # a missing workload fails now instead of after the timeout
    end = await track_to_end(session, key, invocation.console, timeout=timeout)
    warnings = (end.text,) if end.is_timeout or end.status is None else ()
    return _Answer(end.status, end.workload, warnings, end.seconds, end.is_timeout)


def _details(result: _Answer) -> list[str]:
    assert result.status is not None
    status = result.status
    lines = [printable(status.note)] if status.note else []
    if status.state is not RolloutState.UNKNOWN:
        desired = "?" if status.desired is None else status.desired
        lines.append(
            f"desired {desired} · updated {status.updated} · ready {status.ready} · available {status.available}"
            f" · revision {status.revision or '?'}"
        )
    if result.workload is not None:
        lines.append(f"kubectl rollout status: {printable(kubectl_status(result.workload)[0])}")
    return lines


def _values(session: ClusterSession, named: ObjectArgument, result: _Answer) -> dict[str, Any]:
    key = session.key(named)
    sentence, done = kubectl_status(result.workload) if result.workload is not None else (None, None)
    return {
        "context": printable(session.context),
        "kind": key.kind,
        "namespace": printable(key.namespace),
        "name": printable(key.name),
        "status": None if result.status is None else status_json(result.status),
        "kubectl": None if sentence is None else printable(sentence),
        "kubectl_done": done,
        "remarks": list(result.warnings),
        "waited_seconds": None if result.waited is None else round(result.waited, 1),
        "timed_out": result.timed_out,
        "exit_code": int(result.code),
    }


def status_json(status: RolloutStatus) -> dict[str, Any]:
    """Return a status as JSON values; unknown values are null."""
    known = status.state is not RolloutState.UNKNOWN
    return {
        "state": status.state.value,
        "words": printable(status.summary),
        "cause": status.cause_kind.value if status.cause_kind else None,
        "reason": printable(status.cause_message) or None,
        "note": printable(status.note) or None,
        "desired": status.desired,
        "updated": status.updated if known else None,
        "ready": status.ready if known else None,
        "available": status.available if known else None,
        "revision": status.revision,
        "images": [printable(image) for image in status.images],
        "paused": status.paused,
        "changed_at": rfc3339(status.changed_at),
        "changed_by": printable(status.changed_by) or None,
    }
