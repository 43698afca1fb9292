"""Make a capsule of a watched cluster: read everything that its views and checks are based on once more, as JSON.

Invariants: it reads what is leased at the moment and nothing else, so that a replay sees what the checks saw; what
cannot be read is noted. What takes long is done in a thread, one object at a time. Metadata that was requested without
content stays without it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

import msgspec

from k9py import __version__
from k9py.api.errors import KdashError
from k9py.api.kinds import EVENT, DynamicKind, MetadataKind
from k9py.api.meta import ObjectRef
from k9py.api.pods import Pod
from k9py.api.redaction import redact, redact_text
from k9py.api.resource_type import ResourceType
from k9py.api.text import printable
from k9py.api.times import rfc3339
from k9py.capsule.capsule import Capsule, CapsuleRead, CapsuleType
from k9py.capsule.removal import lines_without_secrets, texts_without_secrets, without_secrets
from k9py.cluster.change_history import HistoryEntry
from k9py.cluster.cluster import Cluster
from k9py.cluster.lease import WatchLease
from k9py.cluster.listing import list_bodies
from k9py.diagnosis.problem import TriageReport
from k9py.diagnosis.timeline import TimelineEntry
from k9py.informer.decoder import read_page
from k9py.runtime.time_slice import TimeSlice
from k9py.session import ClusterSession
from k9py.views.timeline import entry_values
from k9py.views.triage_json import report_values

MAX_EVENTS: Final = 5_000
"""Events kept, the newest."""
_AT_ONCE: Final = 6
"""Lists that are read at the same time."""
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Request:
    """One list to read."""

    type: ResourceType
    namespace: str
    label_selector: str = ""
    field_selector: str = ""
    is_metadata: bool = False

    @property
    def kind(self) -> DynamicKind | MetadataKind:
        return MetadataKind(self.type) if self.is_metadata else DynamicKind(self.type)


async def capture(
    session: ClusterSession,
    cluster: Cluster,
    report: TriageReport,
    timeline: Sequence[TimelineEntry],
    logs: Iterable[tuple[Pod, str, bool, tuple[str, ...]]],
    *,
    subject: ObjectRef | None = None,
    actions: Iterable[Mapping[str, Any]] = (),
    on_progress: Callable[[int, int], None] = lambda read, of: None,
) -> Capsule:
    """Return a capsule. Nothing is raised for what cannot be read: the capsule notes it.

    Args:
        report: what the checks found.
        logs: the lines that the checks have read: pod, container, whether they are of the run before, lines.
        subject: the object it is about, None for everything that is watched.
        actions: lines of the audit file.
        on_progress: called with how many lists have been read, of how many.
    """
    requests = list(dict.fromkeys(request for lease in cluster.leases for request in _requests(cluster, lease)))
    # Whole objects replace those of which only the metadata was read.
    requests.sort(key=lambda each: not each.is_metadata)
    limit, notes = asyncio.Semaphore(_AT_ONCE), [cluster.scope_notice] if cluster.scope_notice else []
    done = 0

    async def read(request: _Request) -> list[bytes] | None:
        nonlocal done
        async with limit:
            bodies = await _read(session, request, notes)
        done += 1
        on_progress(done, len(requests))
        return bodies

    lists = await asyncio.gather(*(read(each) for each in requests))
    excerpts = [each async for each in _in_slices(logs)]
    history = cluster.history.entries()
    context, namespaces = printable(session.context), cluster.scope.namespaces

    def made() -> Capsule:
        kept = _objects(requests, lists, notes)
        different, same = _logs(excerpts)
        return Capsule(
            at=rfc3339(report.at) or "",
            kdash=__version__,
            context=context,
            namespaces=namespaces,
            subject=subject,
            triage=texts_without_secrets(report_values(report)),
            timeline=tuple(texts_without_secrets(entry_values(entry)) for entry in timeline),
            actions=tuple(texts_without_secrets(redact(line)) for line in actions),
            notes=lines_without_secrets(dict.fromkeys(notes)),
            types=tuple(sorted((_type(each.type) for each in requests), key=lambda each: (each.group, each.kind))),
            reads=tuple(_recorded(each) for each, bodies in zip(requests, lists, strict=True) if bodies is not None),
            objects=tuple(without_secrets(kept[ref]) for ref in sorted(kept)),
            logs={name: lines_without_secrets(lines) for name, lines in different.items()},
            same_logs=same,
            history=tuple(_without_secrets(entry) for entry in history),
        )

    return await asyncio.to_thread(made)


def _requests(cluster: Cluster, lease: WatchLease[Any]) -> Iterable[_Request]:
    kind, request = lease.kind, lease.request
    if lease.error is not None and not lease.has_synced:
        return
    namespaces = cluster.scope.namespaces if request.namespaces is None else request.namespaces
    fields = ("",) if kind.name == EVENT.name and len(request.field_selectors) > 1 else request.field_selectors
    for namespace in (namespaces or ("",)) if kind.namespaced else ("",):
        for field_selector in fields:
            yield _Request(
                kind.resource_type, namespace, request.label_selector, field_selector, isinstance(kind, MetadataKind)
            )


async def _in_slices(values: Iterable[_T]) -> AsyncIterator[_T]:
    """Yield values, with the event loop between them where they take long."""
    time_slice = TimeSlice()
    for value in values:
        yield value
        await time_slice.yield_if_over()


async def _read(session: ClusterSession, request: _Request, notes: list[str]) -> list[bytes] | None:
    """Return the pages of a list, None when it cannot be read."""
    lister = session.connection.lister_watcher(
        request.kind, request.namespace, label_selector=request.label_selector, field_selector=request.field_selector
    )
    try:
        return await list_bodies(lister)
    except KdashError as error:
        notes.append(f"could not read {request.type.plural}: {printable(error.message)}")
        return None


def _objects(
    requests: Sequence[_Request], lists: Sequence[list[bytes] | None], notes: list[str]
) -> dict[ObjectRef, dict[str, Any]]:
    """Return the objects of lists, of events the newest; one object at a time is decoded."""
    found: dict[ObjectRef, dict[str, Any]] = {}
    for request, bodies in zip(requests, lists, strict=True):
        named = {"apiVersion": request.type.api_version, "kind": request.type.kind}
        skipped = 0
        for element in (element for body in bodies or () for element in read_page(body).elements):
            try:
                body = {**named, **request.kind.decode(element).body, **named}
                metadata = body["metadata"]
                ref = request.type.ref(metadata.get("namespace", ""), metadata["name"])
            except (msgspec.DecodeError, KeyError):
                skipped += 1
            else:
                found[ref] = body
        if skipped:
            notes.append(f"{skipped} of {request.type.plural} cannot be decoded and were left out")
    kept, dropped = _newest_events(found)
    if dropped:
        notes.append(f"{dropped} older events were left out")
    return kept


def _recorded(request: _Request) -> CapsuleRead:
    return CapsuleRead(
        request.type.group,
        request.type.plural,
        request.namespace,
        request.label_selector,
        request.field_selector,
        request.is_metadata,
    )


def _newest_events(bodies: Mapping[ObjectRef, dict[str, Any]]) -> tuple[dict[ObjectRef, dict[str, Any]], int]:
    """Return the objects with at most MAX_EVENTS events, and how many were left out."""
    events = sorted(
        (ref for ref in bodies if ref.kind == EVENT.name and not ref.group), key=lambda ref: _seen(bodies[ref])
    )
    old = frozenset(events[:-MAX_EVENTS])
    return {ref: body for ref, body in bodies.items() if ref not in old}, len(old)


def _seen(event: Mapping[str, Any]) -> str:
    return str(event.get("lastTimestamp") or event.get("eventTime") or event["metadata"].get("creationTimestamp") or "")


def _type(resource_type: ResourceType) -> CapsuleType:
    return CapsuleType(
        resource_type.group,
        resource_type.version,
        resource_type.kind,
        resource_type.plural,
        resource_type.namespaced,
    )


def _logs(
    logs: Iterable[tuple[Pod, str, bool, tuple[str, ...]]],
) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
    """Return the different logs by name, and the names of those with the same lines."""
    different: dict[str, tuple[str, ...]] = {}
    same: dict[str, str] = {}
    first: dict[int, str] = {}
    for pod, container, previous, lines in logs:
        name = f"{pod.namespace}/{pod.name}/{container}{'/previous' if previous else ''}"
        if id(lines) in first:
            same[name] = first[id(lines)]
        else:
            first[id(lines)] = name
            different[name] = lines
    return different, same


def _without_secrets(entry: HistoryEntry) -> HistoryEntry:
    changes = (replace(each, old=redact_text(each.old), new=redact_text(each.new)) for each in entry.changes)
    return replace(entry, changes=tuple(changes))
