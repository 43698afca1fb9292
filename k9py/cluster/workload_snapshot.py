"""A snapshot of one workload: for a command that prints and exits, a few GETs and LISTs instead of watches.

Invariant: requests only the one namespace, and only what the workload's own selector matches; unreadable parts are None
and named in `missing`, never treated as empty. To read another kind too: a field, and a `_list` of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Protocol, TypeVar, cast

import msgspec

from k9py.api.errors import ConnectionFailedError, ForbiddenError, NotFoundError
from k9py.api.events import Event
from k9py.api.kinds import CONTROLLER_REVISION, EVENT, KINDS, POD, REPLICA_SET, WORKLOAD_KINDS, Kind
from k9py.api.meta import KubeObject, ObjectRef
from k9py.api.pods import Pod
from k9py.api.selectors import LabelSelector
from k9py.api.text import printable
from k9py.api.workloads import ControllerRevision, Deployment, ReplicaSet, Workload
from k9py.diagnosis.rollouts import diagnose_rollout
from k9py.informer.decoder import read_page
from k9py.informer.lister_watcher import ListerWatcher
from k9py.rollouts.revisions import Revision, current_revision, revisions
from k9py.rollouts.status import RolloutStatus

_MAX_UNREADY_PODS: Final = 20
"""Unready pods whose events are read: enough to find the most common cause."""
_EVENTS_PER_OBJECT: Final = 100
_MAX_WARNINGS: Final = 500
"""Warnings about pods that are read: they show why a revision was rolled back."""
_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)

T = TypeVar("T", bound=KubeObject)


class SnapshotReader(Protocol):
    """What a snapshot needs of a connection. `kube.connection.Connection` implements it."""

    async def get(self, key: ObjectRef) -> dict[str, Any]: ...

    async def list(self, kind: str, namespace: str, *, label_selector: str = "") -> list[dict[str, Any]]: ...

    def lister_watcher(
        self, kind: Kind[Any], namespace: str = "", *, label_selector: str = "", field_selector: str = ""
    ) -> ListerWatcher: ...


@dataclass(frozen=True, slots=True)
class WorkloadSnapshot:
    """A workload as it was when it was read.

    Args:
        raw: its complete JSON, from which writes are planned.
        workload: the same, typed.
        revisions: newest first; None: not readable.
        revision_objects: its raw ReplicaSets or ControllerRevisions, by name.
        pods: of the workload; None: not readable.
        events: about it, its current ReplicaSet and its unready pods; None: not requested, or not readable.
        missing: what is not readable, one clause each, printable.
    """

    raw: Mapping[str, Any]
    workload: Workload
    revisions: tuple[Revision, ...] | None
    revision_objects: Mapping[str, Mapping[str, Any]]
    pods: tuple[Pod, ...] | None
    events: tuple[Event, ...] | None
    missing: tuple[str, ...] = ()

    @property
    def key(self) -> ObjectRef:
        return self.workload.key

    @property
    def template(self) -> Mapping[str, Any]:
        """The current pod template, raw."""
        template: Mapping[str, Any] = (self.raw.get("spec") or {}).get("template") or {}
        return template

    def status(self, now: datetime) -> RolloutStatus:
        """Return the status of the rollout."""
        return diagnose_rollout(self.workload, self.revisions or (), self.pods or (), now, events=self.events or ())


async def read_workload(reader: SnapshotReader, key: ObjectRef, *, events: bool = False) -> WorkloadSnapshot:
    """Read a Deployment, StatefulSet or DaemonSet with its revisions and pods.

    Args:
        events: read also the events that can explain what blocks the rollout.

    Raises:
        KdashError: it does not exist, is not readable, or the server does not respond.
    """
    raw = await reader.get(key)
    workload = cast(Workload, _decode(KINDS[key.kind], raw))
    if workload is None or workload.key != key:
        raise ConnectionFailedError(f"{printable(str(key))} has an unexpected form", "is this a Kubernetes API?")
    selector = str(workload.spec.selector or LabelSelector())
    missing: list[str] = []
    is_deployment = isinstance(workload, Deployment)
    revision_kind: Kind[Any] = REPLICA_SET if is_deployment else CONTROLLER_REVISION
    raw_owned, raw_pods = await asyncio.gather(
        _list(reader, revision_kind, key.namespace, selector, missing),
        _list(reader, POD, key.namespace, selector, missing),
    )
    owned, revision_objects = _own_revisions(revision_kind, workload, raw_owned, missing)
    pods: tuple[Pod, ...] | None = None
    # The pods of a Deployment belong to its ReplicaSets: without those its own pods are not known.
    if raw_pods is not None and owned is not None:
        owners = {value.uid for value in owned} if is_deployment else {workload.uid}
        pods = tuple(pod for pod in _decode_all(POD, raw_pods, missing) if pod.owner_uid in owners)
    all_revisions = None if owned is None else revisions(workload, owned, pods)
    found_events = await _failure_events(reader, workload, all_revisions or (), pods or (), missing) if events else None
    return WorkloadSnapshot(raw, workload, all_revisions, revision_objects, pods, found_events, tuple(missing))


async def worst_other_rollout(reader: SnapshotReader, key: ObjectRef, now: datetime) -> RolloutStatus | None:
    """Return the status of the worst other rollout in a namespace, None when none fails or that is unknown.

    Only the workloads are listed; pods and events are read of the worst alone, for its cause.
    """
    worst: RolloutStatus | None = None
    try:
        for name in WORKLOAD_KINDS:
            kind: Kind[Workload] = cast(Any, KINDS[name])
            for workload in _decode_all(kind, await reader.list(name, key.namespace), []):
                status = diagnose_rollout(workload, (), (), now)
                is_short = status.serving is not None and status.serving < (status.desired or 0)
                is_worse = worst is None or (status.is_blocked and not worst.is_blocked)
                if workload.key != key and is_worse and (status.is_blocked or is_short):
                    worst = status
        return None if worst is None else (await read_workload(reader, worst.key, events=True)).status(now)
    except (ForbiddenError, NotFoundError):
        return None


async def read_revision_events(reader: SnapshotReader, workload: Workload) -> tuple[Event, ...]:
    """Return the events that show the outcome of old revisions: about the workload, and warnings about its pods.


    Those of deleted pods are recognized by their names alone. None where events are not readable.
    """
    selector = f"involvedObject.kind={POD.name},type=Warning"
    try:
        regarding_workload, warnings = await asyncio.gather(
            _events_regarding(reader, workload.namespace, workload.uid),
            _select_events(reader, workload.namespace, selector, _MAX_WARNINGS),
        )
    except ForbiddenError:
        return ()
    return (*regarding_workload, *warnings)


async def _list(
    reader: SnapshotReader, kind: Kind[Any], namespace: str, selector: str, missing: list[str]
) -> list[dict[str, Any]] | None:
    try:
        return await reader.list(kind.name, namespace, label_selector=selector)
    except ForbiddenError as error:
        missing.append(error.message)
        return None


def _own_revisions(
    kind: Kind[Any], workload: Workload, raw: Sequence[dict[str, Any]] | None, missing: list[str]
) -> tuple[list[ReplicaSet | ControllerRevision] | None, dict[str, Mapping[str, Any]]]:
    if raw is None:
        return None, {}
    decoded: list[ReplicaSet | ControllerRevision] = _decode_all(kind, raw, missing)
    own = [value for value in decoded if value.owner_uid == workload.uid]
    names = {value.name for value in own}
    objects: dict[str, Mapping[str, Any]] = {
        str(item["metadata"]["name"]): item for item in raw if item.get("metadata", {}).get("name") in names
    }
    return own, objects


def _decode_all(kind: Kind[T], raw: Sequence[Mapping[str, Any]], missing: list[str]) -> list[T]:
    decoded: list[T] = []
    for item in raw:
        value = _decode(kind, item)
        if value is None:
            missing.append(f"a {kind.name} is left out: it cannot be decoded")
        else:
            decoded.append(value)
    return decoded


def _decode(kind: Kind[T], raw: Mapping[str, Any]) -> T | None:
    try:
        return kind.decode(msgspec.json.encode(raw))
    except msgspec.DecodeError:
        return None


async def _failure_events(
    reader: SnapshotReader,
    workload: Workload,
    all_revisions: Sequence[Revision],
    pods: Sequence[Pod],
    missing: list[str],
) -> tuple[Event, ...] | None:
    """Return the events about the workload, its current ReplicaSet, and its newest unready pods."""
    current = current_revision(all_revisions)
    unready = sorted(
        (pod for pod in pods if not pod.is_ready),
        key=lambda pod: pod.metadata.creation_timestamp or _EARLIEST,
        reverse=True,
    )
    uids = [workload.uid, *(pod.uid for pod in unready[:_MAX_UNREADY_PODS])]
    if current is not None and isinstance(workload, Deployment):
        uids.append(current.uid)
    try:
        by_object = await asyncio.gather(*(_events_regarding(reader, workload.namespace, uid) for uid in uids))
    except ForbiddenError as error:
        missing.append(error.message)
        return None
    return tuple(event for events in by_object for event in events)


async def _events_regarding(reader: SnapshotReader, namespace: str, uid: str) -> list[Event]:
    return await _select_events(reader, namespace, f"involvedObject.uid={uid}", _EVENTS_PER_OBJECT)


async def _select_events(reader: SnapshotReader, namespace: str, selector: str, limit: int) -> list[Event]:
    lister = reader.lister_watcher(EVENT, namespace, field_selector=selector)
    events: list[Event] = []
    for item in read_page(await lister.list_page(limit=limit)).items or ():
        try:
            events.append(EVENT.decode(item))
        except msgspec.DecodeError:
            continue  # an event that does not decode hides none of the others
    return events
