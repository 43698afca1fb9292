"""Read the whole timeline of a graph of objects, as `cluster.timeline` does."""

from __future__ import annotations

from datetime import datetime, timedelta

from k9py.cluster.graph import ClusterGraph
from k9py.diagnosis.graph import Unread
from k9py.diagnosis.timeline import TimelineEntry
from k9py.diagnosis.timelines.merging import merged
from k9py.diagnosis.timelines.source import built_in_sources
from tests.factories.meta import NOW

HOUR = timedelta(hours=1)


def entries_of(graph: ClusterGraph, since: datetime = NOW - HOUR, *ids: str) -> list[TimelineEntry]:
    """Return what the sources (those with these ids, or all) yield, unmerged."""
    entries: list[TimelineEntry] = []
    for source in built_in_sources():
        if ids and source.id not in ids:
            continue
        for kind in source.kinds:
            objects = graph.list(kind)
            for obj in () if isinstance(objects, Unread) else objects:
                entries += source.function(obj, graph, since)
        for resource_type in source.types:
            found = graph.metadata_of(resource_type, None)
            for metadata in () if isinstance(found, Unread) else found:
                entries += source.function(metadata, graph, since)
    return entries


def timeline_of(graph: ClusterGraph, since: datetime = NOW - HOUR) -> tuple[TimelineEntry, ...]:
    """Return the merged timeline."""
    return merged(entries_of(graph, since), since).entries


def lines(entries: list[TimelineEntry] | tuple[TimelineEntry, ...]) -> list[str]:
    """Return entries as `SECONDS KIND/NAME what [by]`, newest first."""
    ordered = sorted(entries, key=lambda entry: (entry.at, entry.what), reverse=True)
    return [
        f"{(NOW - entry.at).total_seconds():.0f} {entry.about.kind}/{entry.about.name} {entry.what}"
        + (f" [{entry.by}]" if entry.by else "")
        for entry in ordered
    ]
