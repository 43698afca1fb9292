"""The object an operation acts on, as read from the server, and the known objects around it.

Two readers implement one Protocol: `LiveTargets` asks the dashboard's informers for everything around the object,
`FetchedTargets` a few GETs and LISTs for a command that prints and exits. Invariant: the object itself is always read
from the server, never from a cache, and is the chosen one, by uid.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import msgspec

from k9py.api.errors import KdashError, MissingPartError, NotFoundError, RefusedError
from k9py.api.kinds import POD_DISRUPTION_BUDGET, is_workload
from k9py.api.meta import ObjectRef
from k9py.api.pods import Pod
from k9py.api.policy import HorizontalPodAutoscaler, PodDisruptionBudget
from k9py.cluster.cluster import Cluster
from k9py.cluster.revision_outcomes import revision_outcomes_of
from k9py.cluster.workload_snapshot import (
    SnapshotReader,
    WorkloadSnapshot,
    read_workload,
)
from k9py.operations.former_replicas import former_replicas
from k9py.operations.known_revisions import is_unobserved, load_revision_outcomes, require_revisions
from k9py.operations.patcher import Reader
from k9py.operations.preconditions import ref_of
from k9py.operations.values import with_replicas
from k9py.operations.write import Writer
from k9py.rollouts.revision_outcome import RevisionOutcomes
from k9py.rollouts.revisions import Revision, current_revision
from k9py.rollouts.status import RolloutStatus
from k9py.runtime.clock import Clock

OBSERVED_SECONDS: Final = 3.0
"""How long the dashboard waits for the controllers to observe the previous write, so that its revision exists."""


@dataclass(frozen=True, slots=True)
class TargetSnapshot:
    """The object that was under the cursor or named on the command line; uid "" when unknown.

    Args:
        may_be_absent: the operation may create it.
    """

    key: ObjectRef
    uid: str = ""
    may_be_absent: bool = False


@dataclass(frozen=True, slots=True)
class RevisionHistory:
    """The revisions of a workload.

    Args:
        revisions: newest first.
        outcomes: the outcome of each, by its uid.
        current_number: of the current revision; None when it is unknown or has none yet.
        load: reads a whole ReplicaSet or ControllerRevision. Raises KdashError.
    """

    revisions: tuple[Revision, ...]
    outcomes: RevisionOutcomes
    current_number: int | None
    load: Callable[[Revision], Awaitable[Mapping[str, Any]]]

    @property
    def current(self) -> Revision | None:
        """The revision in force, None when it is not known."""
        return current_revision(self.revisions)


class Target(Protocol):
    """An object as it was read, and the known objects around it; None is unknown.

    `raw` is empty for an object that does not exist yet (`TargetSnapshot.may_be_absent`).
    """

    raw: Mapping[str, Any]
    clock: Clock

    @property
    def key(self) -> ObjectRef:
        """The object."""
        ...

    @property
    def warnings(self) -> tuple[str, ...]:
        """What could not be read around it, one clause for each."""
        ...

    def status(self) -> RolloutStatus | None:
        """Return the status of its rollout."""
        ...

    def cause(self) -> str:
        """Return its problem, "" when none is known."""
        ...

    def autoscaler(self) -> HorizontalPodAutoscaler | None:
        """Return the autoscaler that sets its replicas, None when none is known."""
        ...

    def pods(self) -> Sequence[Pod]:
        """Return the pods of a workload, as recent as they are known."""
        ...

    async def former_replicas(self) -> int | None:
        """Return the replicas it had before it was scaled to 0."""
        ...

    async def history(self) -> RevisionHistory:
        """Return its revisions, read once. Raises ForbiddenError when they may not be read."""
        ...

    async def scale(self) -> Mapping[str, Any]:
        """Return its scale subresource. Raises NotFoundError when its type has none."""
        ...

    async def read(self, key: ObjectRef) -> Mapping[str, Any]:
        """Return another object. Raises KdashError."""
        ...

    async def pods_on_node(self) -> Sequence[Mapping[str, Any]]:
        """Return the pods of a Node in all namespaces. Raises KdashError."""
        ...

    async def budgets_in(self, namespaces: Iterable[str]) -> Sequence[PodDisruptionBudget] | None:
        """Return the disruption budgets of some namespaces, None when they cannot be read."""
        ...

    def record_rollback(self, left: Revision, cause: str) -> None:
        """Remember that an undo rolled back from a revision."""


class CommandReader(Reader, SnapshotReader, Protocol):
    """Reads objects for a command."""


class TargetReader(Protocol):
    """Reads the target of an operation."""

    async def read(self, snapshot: TargetSnapshot) -> Target:
        """Read it. Raises KdashError; RefusedError when it is gone or another object has its name."""
        ...


class _Read:
    """What both forms of a target read from the server."""

    def __init__(self, key: ObjectRef, raw: Mapping[str, Any], reader: Reader, clock: Clock) -> None:
        self.key = key
        self.raw = raw
        self.clock = clock
        self._any_reader = reader

    async def scale(self) -> Mapping[str, Any]:
        return with_replicas(await self._any_reader.get(self.key, "scale"))

    async def read(self, key: ObjectRef) -> Mapping[str, Any]:
        return await self._any_reader.get(key)

    async def pods_on_node(self) -> Sequence[Mapping[str, Any]]:
        return await self._any_reader.list("Pod", "", field_selector=f"spec.nodeName={self.key.name}")

    async def budgets_in(self, namespaces: Iterable[str]) -> Sequence[PodDisruptionBudget] | None:
        budgets: list[PodDisruptionBudget] = []
        try:
            for namespace in namespaces:
                items = await self._any_reader.list(POD_DISRUPTION_BUDGET.name, namespace)
                budgets += [POD_DISRUPTION_BUDGET.decode(msgspec.json.encode(item)) for item in items]
        except (KdashError, msgspec.DecodeError):
            return None
        return budgets


class LiveTarget(_Read):
    """A target of the dashboard: the objects around it come from the informers."""

    warnings = ()

    def __init__(
        self, key: ObjectRef, raw: Mapping[str, Any], cluster: Cluster, reader: Reader, writer: Writer, clock: Clock
    ) -> None:
        super().__init__(key, raw, reader, clock)
        self._cluster = cluster
        self._reader = reader
        self._writer = writer
        self._history: RevisionHistory | None = None

    def status(self) -> RolloutStatus | None:
        view = self._cluster.queries.rollout_view(self.key, self.clock.now())
        return None if view is None else view.status

    def cause(self) -> str:
        view = self._cluster.queries.rollout_view(self.key, self.clock.now())
        if view is None:
            return ""
        failing = view.worst_finding.message if view.is_failing and view.worst_finding is not None else ""
        return view.status.cause_message or failing

    def autoscaler(self) -> HorizontalPodAutoscaler | None:
        return self._cluster.queries.autoscaler_of(self.key)

    def pods(self) -> Sequence[Pod]:
        return self._cluster.queries.pods_of(self.key)

    async def former_replicas(self) -> int | None:
        return former_replicas(self.raw, await self._audit_lines(), self._cluster.queries.events_about(self.key))

    async def history(self) -> RevisionHistory:
        if self._history is None:
            await self._wait_until_observed()
            queries = self._cluster.queries
            revisions = queries.revisions_of(self.key)
            current = current_revision(revisions)
            self._history = RevisionHistory(
                revisions,
                revision_outcomes_of(self._cluster, self.key, await self._audit_lines()),
                (current.number or None) if current else None,
                self._load,
            )
        return self._history

    def record_rollback(self, left: Revision, cause: str) -> None:
        self._cluster.seen_revisions.record_rolled_back(left, self.clock.now(), cause)

    async def _load(self, revision: Revision) -> Mapping[str, Any]:
        try:
            return await self._reader.get(revision.key)
        except NotFoundError as error:
            raise MissingPartError(
                f"revision {revision.number} is no longer kept", "choose another revision"
            ) from error

    async def _audit_lines(self) -> tuple[Mapping[str, Any], ...]:
        return await asyncio.to_thread(self._writer.audited, uid_of(self.raw))

    async def _wait_until_observed(self) -> None:
        """Wait until the controller has observed the previous write, but not forever."""
        cluster, generation = self._cluster, int((self.raw.get("metadata") or {}).get("generation") or 0)
        feed = cluster.open_feed()
        try:
            async with asyncio.timeout(OBSERVED_SECONDS):
                while True:
                    feed.drain()
                    workload = cluster.queries.workload(self.key)
                    if workload is None or (workload.status.observed_generation or 0) >= generation:
                        return
                    await feed.changed()
        except TimeoutError:
            return
        finally:
            cluster.close_feed(feed)


class LiveTargets:
    """Reads targets for the dashboard."""

    def __init__(self, cluster: Cluster, reader: Reader, writer: Writer, clock: Clock) -> None:
        self._cluster = cluster
        self._reader = reader
        self._writer = writer
        self._clock = clock

    async def read(self, snapshot: TargetSnapshot) -> Target:
        raw = await _read(self._reader, snapshot)
        return LiveTarget(_key(snapshot, raw), raw, self._cluster, self._reader, self._writer, self._clock)


class FetchedTarget(_Read):
    """A target of a command: the objects around it were read with it; `snapshot` None when it is no workload."""

    def __init__(
        self,
        key: ObjectRef,
        raw: Mapping[str, Any],
        snapshot: WorkloadSnapshot | None,
        reader: CommandReader,
        writer: Writer,
        clock: Clock,
    ) -> None:
        super().__init__(key, raw, reader, clock)
        self.snapshot = snapshot
        self._reader = reader
        self._writer = writer
        self._history: RevisionHistory | None = None

    @property
    def warnings(self) -> tuple[str, ...]:
        return () if self.snapshot is None else self.snapshot.missing

    def status(self) -> RolloutStatus | None:
        return None if self.snapshot is None else self.snapshot.status(self.clock.now())

    def cause(self) -> str:
        status = self.status()
        return "" if status is None else status.cause_message

    def autoscaler(self) -> HorizontalPodAutoscaler | None:
        return None

    def pods(self) -> Sequence[Pod]:
        return () if self.snapshot is None else self.snapshot.pods or ()

    async def former_replicas(self) -> int | None:
        events = () if self.snapshot is None else self.snapshot.events or ()
        return former_replicas(self.raw, self._writer.audited(uid_of(self.raw)), events)

    async def history(self) -> RevisionHistory:
        if self._history is None:
            snapshot = self.snapshot
            assert snapshot is not None, "only a workload has revisions"
            revisions = require_revisions(snapshot)
            current = current_revision(revisions)
            self._history = RevisionHistory(
                revisions,
                await load_revision_outcomes(self._reader, self._writer, snapshot),
                None if current is None or is_unobserved(snapshot, current) else current.number or None,
                self._load,
            )
        return self._history

    def record_rollback(self, left: Revision, cause: str) -> None:
        """Do nothing: the process ends, and the audit file has it."""

    async def _load(self, revision: Revision) -> Mapping[str, Any]:
        assert self.snapshot is not None
        return self.snapshot.revision_objects[revision.name]


class FetchedTargets:
    """Reads targets for a command."""

    def __init__(self, reader: CommandReader, writer: Writer, clock: Clock) -> None:
        self._reader = reader
        self._writer = writer
        self._clock = clock

    async def read(self, snapshot: TargetSnapshot) -> FetchedTarget:
        if not is_workload(snapshot.key) or snapshot.may_be_absent:
            raw = await _read(self._reader, snapshot)
            return FetchedTarget(_key(snapshot, raw), raw, None, self._reader, self._writer, self._clock)
        workload = await read_workload(self._reader, snapshot.key, events=True)
        _require_same(snapshot, workload.raw)
        return FetchedTarget(snapshot.key, workload.raw, workload, self._reader, self._writer, self._clock)


def uid_of(raw: Mapping[str, Any]) -> str:
    """Return the uid of a raw object, "" when it has none."""
    return str((raw.get("metadata") or {}).get("uid", ""))


def _key(snapshot: TargetSnapshot, raw: Mapping[str, Any]) -> ObjectRef:
    return ref_of(raw) if raw else snapshot.key


async def _read(reader: Reader, snapshot: TargetSnapshot) -> Mapping[str, Any]:
    try:
        raw = await reader.get(snapshot.key)
    except NotFoundError as error:
        if snapshot.may_be_absent:
            return {}
        if not snapshot.uid:
            raise
        raise RefusedError(f"{snapshot.key} no longer exists", "nothing was changed") from error
    _require_same(snapshot, raw)
    return raw


def _require_same(snapshot: TargetSnapshot, raw: Mapping[str, Any]) -> None:
    if snapshot.uid and uid_of(raw) != snapshot.uid:
        raise RefusedError(f"{snapshot.key} was deleted and recreated", "nothing was changed: check it first")
