"""The subject's pods while they are followed, and which of their containers are wanted.

Invariant: what a first look has seen holds until the watch has seen everything; a watch that fails loses no pod.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from k9py.api.kinds import POD, REPLICA_SET
from k9py.api.pods import Pod
from k9py.api.text import printable
from k9py.api.workloads import ReplicaSet
from k9py.cli.logs.options import LogOptions
from k9py.cli.logs.subject import FirstLook, Subject
from k9py.cli.session import CommandSession
from k9py.cluster.log_targets import ALL_ROLES, DEFAULT_ROLES, log_targets
from k9py.informer.health import Live, Loading
from k9py.informer.reflector import Reflector
from k9py.logs.source import LogTarget
from k9py.runtime.clock import Clock


class FollowedPods:
    """The pods of a subject, kept by watches of the one namespace; run every one of `informers`."""

    def __init__(self, session: CommandSession, subject: Subject, look: FirstLook, clock: Clock) -> None:
        self._subject = subject
        self._first = look.pods
        self._pods: Reflector[Pod] = Reflector(
            POD,
            session.connection.lister_watcher(
                POD, subject.namespace, label_selector=subject.label_selector, field_selector=subject.field_selector
            ),
            clock,
        )
        self._replica_sets: Reflector[ReplicaSet] | None = None
        if subject.by_replica_sets and look.knows_replica_sets:
            lister = session.connection.lister_watcher(
                REPLICA_SET, subject.namespace, label_selector=subject.label_selector
            )
            self._replica_sets = Reflector(REPLICA_SET, lister, clock)
        self._seen = (-1, -1)

    @property
    def informers(self) -> tuple[Reflector[Pod] | Reflector[ReplicaSet], ...]:
        """What must run for the pods to be kept."""
        return (self._pods, *([self._replica_sets] if self._replica_sets is not None else []))

    def changed(self) -> tuple[Pod, ...] | None:
        """Return the pods there are now, by name; None while that is what was returned last, or is not known anew."""
        replica_sets = self._replica_sets
        if not self._pods.has_synced or (replica_sets is not None and not replica_sets.has_synced):
            return None
        seen = (self._pods.store.version, replica_sets.store.version if replica_sets is not None else 0)
        if seen == self._seen:
            return None
        self._seen = seen
        return self._subject.own(
            self._pods.store.values(), replica_sets.store.values() if replica_sets is not None else None
        )

    @property
    def trouble(self) -> str:
        """Why pods that come now are not seen, printable; "" while they are."""
        for one in self.informers:
            match one.health:
                case Live() | Loading(error=None):
                    continue
                case health:
                    assert health.error is not None
                    return f"pods that come now are not seen: {printable(health.error.message)}"
        return ""


def wanted(pods: Sequence[Pod], options: LogOptions) -> tuple[LogTarget, ...]:
    """Return the containers whose logs are to be read."""
    return tuple(target for pod in pods for target in _of_pod(pod, options.containers, previous=options.previous))


def _of_pod(pod: Pod, names: Collection[str], *, previous: bool) -> Iterator[LogTarget]:
    restarted = {
        one.name
        for one in pod.statuses()
        if one.restart_count or (one.last_state is not None and one.last_state.terminated is not None)
    }
    for target in log_targets(pod, ALL_ROLES if names else DEFAULT_ROLES):
        if (not names or target.container in names) and (not previous or target.container in restarted):
            yield target
