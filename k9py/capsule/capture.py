"""Make a capsule of a watched cluster: read everything that its views and checks are based on once more, as JSON.

Invariants: it reads what is leased at the moment and nothing else, so that a replay sees what the checks saw; what
cannot be read is noted. Metadata that was requested without content stays without it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from k9py import __version__
from k9py.api.errors import KdashError
from k9py.api.kinds import EVENT, DynamicKind, MetadataKind
from k9py.api.meta import ObjectRef
from k9py.api.pods import Pod
from k9py.api.redaction import redact, redact_text
from k9py.api.resource_type import ResourceType
from k9py.api.text import printable
from k9py.api.times import rfc3339
from k9py.capsule.capsule import Capsule, CapsuleType
from k9py.capsule.removal import lines_without_secrets, texts_without_secrets, without_secrets
from k9py.cluster.change_history import HistoryEntry
from k9py.cluster.cluster import Cluster
from k9py.cluster.lease import WatchLease
from k9py.cluster.listing import list_all
from k9py.diagnosis.problem import TriageReport
from k9py.diagnosis.timeline import TimelineEntry
from k9py.session import ClusterSession
from k9py.views.timeline import entry_values
from k9py.views.triage_json import report_values

MAX_EVENTS: Final = 5_000
"""Events kept, the newest."""
_AT_ONCE: Final = 6
"""Lists that are read at the same time."""


@dataclass(frozen=True, slots=True)
class _Request:
    """One list to read."""

    type: ResourceType
    namespace: str
    label_selector: str = ""
    field_selector: str = ""
    is_metadata: bool = False


async def capture(
    session: ClusterSession,
    cluster: Cluster,
    report: TriageReport,
    timeline: Sequence[TimelineEntry],
    logs: Iterable[tuple[Pod, str, bool, tuple[str, ...]]],
    *,
    subject: ObjectRef | None = None,
    actions: Iterable[Mapping[str, Any]] = (),
) -> Capsule:
    """Return a capsule. Nothing is raised for what cannot be read: the capsule notes it.

    Args:
        report: what the checks found.
        logs: the lines that the checks have read: pod, container, whether they are of the run before, lines.
        subject: the object it is about, None for everything that is watched.
        actions: lines of the audit file.
    """
    requests = list(dict.fromkeys(request for lease in cluster.leases for request in _requests(cluster, lease)))
    limit, notes = asyncio.Semaphore(_AT_ONCE), [cluster.scope_notice] if cluster.scope_notice else []

    async def read(request: _Request) -> list[dict[str, Any]]:
        async with limit:
            return await _read(session, request, notes)

    bodies: dict[ObjectRef, dict[str, Any]] = {}
    # Whole objects replace those of which only the metadata was read.
    lists = await asyncio.gather(*(read(each) for each in sorted(requests, key=lambda each: not each.is_metadata)))
    for request, objects in zip(sorted(requests, key=lambda each: not each.is_metadata), lists, strict=True):
        for body in objects:
            metadata = body["metadata"]
            bodies[request.type.ref(metadata.get("namespace", ""), metadata["name"])] = body
    kept, dropped = _newest_events(bodies)
    if dropped:
        notes.append(f"{dropped} older events were left out")
    different, same = _logs(logs)
    types = {request.type for request in requests}
    return Capsule(
        at=rfc3339(report.at) or "",
        kdash=__version__,
        context=printable(session.context),
        namespaces=cluster.scope.namespaces,
        subject=subject,
        triage=texts_without_secrets(report_values(report)),
        timeline=tuple(texts_without_secrets(entry_values(entry)) for entry in timeline),
        actions=tuple(texts_without_secrets(redact(line)) for line in actions),
        notes=lines_without_secrets(dict.fromkeys(notes)),
        types=tuple(sorted((_type(each) for each in types), key=lambda each: (each.group, each.kind))),
        objects=tuple(without_secrets(kept[ref]) for ref in sorted(kept)),
        logs={name: lines_without_secrets(lines) for name, lines in different.items()},
        same_logs=same,
        history=tuple(_without_secrets(entry) for entry in cluster.history.entries()),
    )


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


async def _read(session: ClusterSession, request: _Request, notes: list[str]) -> list[dict[str, Any]]:
    kind = (MetadataKind if request.is_metadata else DynamicKind)(request.type)
    lister = session.connection.lister_watcher(
        kind, request.namespace, label_selector=request.label_selector, field_selector=request.field_selector
    )
    try:
        listing = await list_all(lister, kind)
    except KdashError as error:
        notes.append(f"could not read {request.type.plural}: {printable(error.message)}")
        return []
    named = {"apiVersion": request.type.api_version, "kind": request.type.kind}
    return [{**named, **each.body, **named} for each in listing.objects]


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
