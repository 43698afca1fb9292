"""One workload, read once: for a command that answers and ends, a few GETs and LISTs instead of watches.

Invariant: asks only for the one namespace, and only for what the workload's own selector selects; what may not be read
is None and named in `unread`, never taken for empty. To read another kind along: a field, and a `_list` of it.
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
from k9py.api.kinds import (
    CONTROLLER_REVISION,
    EVENT,
    KINDS,
    POD,
    REPLICA_SET,
    WORKLOAD_KINDS,
    Kind,
)
from k9py.api.meta import KubeObject, ObjectKey
from k9py.api.pods import Pod
from k9py.api.selectors import LabelSelector
from k9py.api.text import printable
from k9py.api.workloads import ControllerRevision, Deployment, ReplicaSet, Workload
from k9py.diagnosis.rollouts import diagnose_rollout
from k9py.informer.decoder import read_page
from k9py.informer.lister_watcher import ListerWatcher
from k9py.rollouts.revisions import Revision, current_revision, revisions
from k9py.rollouts.status import RolloutStatus

_TROUBLED_PODS: Final = 20
"""Unready pods whose events are asked for: enough to see what most have."""
_EVENTS_OF_ONE: Final = 100
_WARNINGS: Final = 500
"""Warnings about pods that are asked for: they tell why a revision was left."""
_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)

T = TypeVar("T", bound=KubeObject)


class ObjectReader(Protocol):
    """What a reading asks of a connection. `kube.connection.Connection` fulfils it."""

    async def get(self, key: ObjectKey) -> dict[str, Any]: ...

    async def list(self, kind: str, namespace: str, *, label_selector: str = "") -> list[dict[str, Any]]: ...

    def lister_watcher(
        self, kind: Kind[Any], namespace: str = "", *, label_selector: str = "", field_selector: str = ""
    ) -> ListerWatcher: ...


@dataclass(frozen=True, slots=True)
class WorkloadSnapshot:
    """A workload as it was when it was read.

    Args:
        raw: its whole JSON, as writes are planned from.
        workload: the same, typed.
        revisions: newest first; None: they may not be read.
        revision_objects: the raw ReplicaSets or ControllerRevisions that are its own, by name.
        pods: its own; None: they may not be read.
        events: about it, its current ReplicaSet and its unready pods; None: not asked for, or may not be read.
        unread: what is missing, one clause each, printable.
    """

    raw: Mapping[str, Any]
    workload: Workload
    revisions: tuple[Revision, ...] | None
    revision_objects: Mapping[str, Mapping[str, Any]]
    pods: tuple[Pod, ...] | None
    events: tuple[Event, ...] | None
    missing: tuple[str, ...] = ()

    @property
    def key(self) -> ObjectKey:
        return self.workload.key

    @property
    def template(self) -> Mapping[str, Any]:
        """The pod template it has now, as the server has it."""
        template: Mapping[str, Any] = (self.raw.get("spec") or {}).get("template") or {}
        return template

    def status(self, now: datetime) -> RolloutStatus:
        """Return where its rollout stands."""
        return diagnose_rollout(self.workload, self.revisions or (), self.pods or (), now, events=self.events or ())


async def read_workload(source: ObjectReader, key: ObjectKey, *, events: bool = False) -> WorkloadSnapshot:
    """Read a Deployment, StatefulSet or DaemonSet with its revisions and pods.

    Args:
        events: read also the events that can explain why its rollout does not get on.

    Raises:
        KdashError: it is not there, may not be read, or the server does not answer.
    """
    raw = await source.get(key)
    workload = cast(Workload, _decoded(KINDS[key.kind], raw))
    if workload is None or workload.key != key:
        raise ConnectionFailedError(f"{printable(str(key))} is not shaped as the API says", "is this a Kubernetes API?")
    selector = str(workload.spec.selector or LabelSelector())
    unread: list[str] = []
    is_deployment = isinstance(workload, Deployment)
    kept_in: Kind[Any] = REPLICA_SET if is_deployment else CONTROLLER_REVISION
    raw_owned, raw_pods = await asyncio.gather(
        _list(source, kept_in, key.namespace, selector, unread), _list(source, POD, key.namespace, selector, unread)
    )
    owned, objects = _own_revisions(kept_in, workload, raw_owned, unread)
    pods: tuple[Pod, ...] | None = None
    # Pods of a Deployment belong to its ReplicaSets: without those it cannot be told which are its own.
    if raw_pods is not None and owned is not None:
        owners = {one.uid for one in owned} if is_deployment else {workload.uid}
        pods = tuple(one for one in _typed(POD, raw_pods, unread) if one.owner_uid in owners)
    found = None if owned is None else revisions(workload, owned, pods)
    told = await _events(source, workload, found or (), pods or (), unread) if events else None
    return WorkloadSnapshot(raw, workload, found, objects, pods, told, tuple(unread))


async def worst_other_rollout(source: ObjectReader, key: ObjectKey, now: datetime) -> RolloutStatus | None:
    """Return where the worst rollout in a workload's namespace stands, None when none fails or that is not known.

    Only the workloads are listed; the pods and events of the worst alone are read, for its cause.
    """
    worst: RolloutStatus | None = None
    try:
        for name in WORKLOAD_KINDS:
            kind: Kind[Workload] = cast(Any, KINDS[name])
            for one in _typed(kind, await source.list(name, key.namespace), []):
                status = diagnose_rollout(one, (), (), now)
                is_short = status.serving is not None and status.serving < (status.desired or 0)
                is_worse = worst is None or (status.is_blocked and not worst.is_blocked)
                if one.key != key and is_worse and (status.is_blocked or is_short):
                    worst = status
        return None if worst is None else (await read_workload(source, worst.key, events=True)).status(now)
    except (ForbiddenError, NotFoundError):
        return None


async def _list(
    source: ObjectReader, kind: Kind[Any], namespace: str, selector: str, unread: list[str]
) -> list[dict[str, Any]] | None:
    try:
        return await source.list(kind.name, namespace, label_selector=selector)
    except ForbiddenError as error:
        unread.append(error.message)
        return None


def _own_revisions(
    kind: Kind[Any], workload: Workload, raw: Sequence[dict[str, Any]] | None, unread: list[str]
) -> tuple[list[ReplicaSet | ControllerRevision] | None, dict[str, Mapping[str, Any]]]:
    if raw is None:
        return None, {}
    typed: list[ReplicaSet | ControllerRevision] = _typed(kind, raw, unread)
    own = [one for one in typed if one.owner_uid == workload.uid]
    names = {one.name for one in own}
    objects: dict[str, Mapping[str, Any]] = {
        str(one["metadata"]["name"]): one for one in raw if one.get("metadata", {}).get("name") in names
    }
    return own, objects


def _typed(kind: Kind[T], raw: Sequence[Mapping[str, Any]], unread: list[str]) -> list[T]:
    found: list[T] = []
    for one in raw:
        value = _decoded(kind, one)
        if value is None:
            unread.append(f"a {kind.name} is left out because it cannot be read")
        else:
            found.append(value)
    return found


def _decoded(kind: Kind[T], raw: Mapping[str, Any]) -> T | None:
    try:
        return kind.decode(msgspec.json.encode(raw))
    except msgspec.DecodeError:
        return None


async def _events(
    source: ObjectReader, workload: Workload, found: Sequence[Revision], pods: Sequence[Pod], unread: list[str]
) -> tuple[Event, ...] | None:
    """Return what was said about the workload, its current ReplicaSet, and its newest unready pods."""
    current = current_revision(found)
    unready = sorted(
        (one for one in pods if not one.is_ready),
        key=lambda one: one.metadata.creation_timestamp or _EARLIEST,
        reverse=True,
    )
    uids = [workload.uid, *(one.uid for one in unready[:_TROUBLED_PODS])]
    if current is not None and isinstance(workload, Deployment):
        uids.append(current.uid)
    try:
        told = await asyncio.gather(*(_events_about(source, workload.namespace, uid) for uid in uids))
    except ForbiddenError as error:
        unread.append(error.message)
        return None
    return tuple(event for one in told for event in one)


async def read_revision_events(source: ObjectReader, workload: Workload) -> tuple[Event, ...]:
    """Return what tells of revisions that are gone: events about the workload, and warnings about pods beside it.

    Those of pods that are gone are found by their names alone. None where events may not be read.
    """
    selector = f"involvedObject.kind={POD.name},type=Warning"
    try:
        about, warnings = await asyncio.gather(
            _events_about(source, workload.namespace, workload.uid),
            _events_selected(source, workload.namespace, selector, _WARNINGS),
        )
    except ForbiddenError:
        return ()
    return (*about, *warnings)


async def _events_about(source: ObjectReader, namespace: str, uid: str) -> list[Event]:
    return await _events_selected(source, namespace, f"involvedObject.uid={uid}", _EVENTS_OF_ONE)


async def _events_selected(source: ObjectReader, namespace: str, selector: str, limit: int) -> list[Event]:
    lister = source.lister_watcher(EVENT, namespace, field_selector=selector)
    found: list[Event] = []
    for one in read_page(await lister.list_page(limit=limit)).items or ():
        try:
            found.append(EVENT.decode(one))
        except msgspec.DecodeError:
            continue  # one that cannot be read hides none of the others
    return found
