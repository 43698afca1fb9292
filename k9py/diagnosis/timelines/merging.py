"""Entries of all sources as one timeline: each change once, newest first, bounded.

Events of one topic (`topics`) are one entry. Two entries about one object within `SAME_CHANGE` are one change when one
of them says more (`Knowledge`) and their authors do not differ: the one that says more is kept, with the author that
only the other one knows. Equal entries of several pods of one owner are one. Invariant: what is dropped is said by an
entry that is kept.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from heapq import nlargest
from typing import Final

from k9py.api.meta import ObjectRef
from k9py.api.plural import count_noun
from k9py.api.text import printable
from k9py.diagnosis.timeline import EntryKind, Knowledge, TimelineEntry
from k9py.diagnosis.timelines.topics import joins

MAX_ENTRIES: Final = 500
SAME_CHANGE: Final = timedelta(seconds=5)
SAME_MOMENT: Final = timedelta(seconds=30)
"""Equal things that happen to pods of one owner within this time are one entry."""
SAME_EPISODE: Final = timedelta(minutes=15)
"""Events of one topic with a longer time between them are two entries; a kubelet reports a failure every 5 minutes."""
_TEXTS: Final = 5
"""Other texts of one topic that are in the details."""
_AT_A_TIME: Final = 50
"""Entries or groups between two steps."""
_CREATED: Final = "created"
"""A creation is known from the object and from its first revision, both at the same time."""
_NAMED: Final = 20
"""Objects that the details of a joined entry name."""


@dataclass(frozen=True, slots=True)
class MergedTimeline:
    """Entries, newest first.

    Args:
        left_out: older entries that the limit left out.
    """

    entries: tuple[TimelineEntry, ...]
    left_out: int = 0


def merged(entries: Iterable[TimelineEntry], since: datetime, limit: int = MAX_ENTRIES) -> MergedTimeline:
    """Return the entries since a time as one timeline."""
    merging = merge_in_steps(entries, since, limit)
    while True:
        try:
            next(merging)
        except StopIteration as end:
            result: MergedTimeline = end.value
            return result


def merge_in_steps(
    entries: Iterable[TimelineEntry], since: datetime, limit: int = MAX_ENTRIES
) -> Generator[None, None, MergedTimeline]:
    """Return what `merged` does, and yield after every few entries: there may be tens of thousands."""
    by_object: dict[ObjectRef, set[TimelineEntry]] = {}
    for number, entry in enumerate(entries):
        if entry.at >= since:
            by_object.setdefault(entry.about, set()).add(entry)
        if number % _AT_A_TIME == 0:
            yield
    alone: list[TimelineEntry] = []
    groups: dict[tuple[ObjectRef, str], list[TimelineEntry]] = {}
    for number, group in enumerate(by_object.values()):
        for entry in _without_repetitions(_events_joined(group)):
            if entry.owner is None or entry.kind not in (EntryKind.POD, EntryKind.EVENT):
                alone.append(entry)
            else:
                groups.setdefault((entry.owner, entry.topic or entry.what), []).append(entry)
        if number % _AT_A_TIME == 0:
            yield
    for number, ((owner, _), siblings) in enumerate(groups.items()):
        runs = _runs(sorted(siblings, key=_order))
        alone += [run[0] if len(run) == 1 else _as_one(owner, run) for run in runs]
        if number % _AT_A_TIME == 0:
            yield
    newest = nlargest(limit, alone, key=_order)
    return MergedTimeline(tuple(newest), len(alone) - len(newest))


def _order(entry: TimelineEntry) -> tuple[datetime, ObjectRef, str]:
    return entry.at, entry.about, entry.what


def _events_joined(entries: Iterable[TimelineEntry]) -> list[TimelineEntry]:
    """Return the entries about one object; events that report the same are one."""
    others: list[TimelineEntry] = []
    topics: dict[tuple[EntryKind, str], list[TimelineEntry]] = {}
    for entry in entries:
        if entry.topic:
            topics.setdefault((entry.kind, entry.topic), []).append(entry)
        else:
            others.append(entry)
    joined = [_as_one_topic(run) for events in topics.values() for run in _episodes(events)]
    for entry in sorted(joined, key=_order):
        about = [each for each in joined if joins(entry.topic, each.topic) and _are_one_episode(each, entry)]
        if about:
            nearest = min(about, key=lambda each: abs(each.at - entry.at))
            joined.remove(entry)
            joined[joined.index(nearest)] = _as_one_topic([nearest, entry])
    return [*others, *joined]


def _episodes(events: Iterable[TimelineEntry]) -> Iterator[list[TimelineEntry]]:
    """Yield the events of one topic, those with a long time between them apart."""
    episode: list[TimelineEntry] = []
    end = None
    for entry in sorted(events, key=lambda each: each.first or each.at):
        if end is not None and (entry.first or entry.at) - end > SAME_EPISODE:
            yield episode
            episode = []
        episode.append(entry)
        end = entry.at if end is None else max(end, entry.at)
    yield episode


def _are_one_episode(entry: TimelineEntry, other: TimelineEntry) -> bool:
    begins, ends = max(entry.first or entry.at, other.first or other.at), min(entry.at, other.at)
    return begins - ends <= SAME_EPISODE


def _as_one_topic(events: Sequence[TimelineEntry]) -> TimelineEntry:
    """Return events that report the same as one, with the text that says most; of several, the last."""
    if len(events) == 1:
        return events[0]
    best = max(events, key=lambda each: (each.telling, each.at, each.what))
    texts = (each.what for each in sorted(events, key=_order, reverse=True) if each.what != best.what)
    also = [f"also {printable(text)}" for text in dict.fromkeys(texts)]
    return replace(
        best,
        at=max(each.at for each in events),
        first=min(each.first or each.at for each in events),
        count=sum(each.count for each in events),
        details=tuple([*best.details, *also][:_TEXTS]),
        is_warning=any(each.is_warning for each in events),
    )


def _without_repetitions(entries: Sequence[TimelineEntry]) -> list[TimelineEntry]:
    """Return the entries about one object, without those that say less of the same change."""
    kept: list[TimelineEntry] = []
    for entry in sorted(entries, key=lambda each: (-each.knowledge, each.at, each.what)):
        better = [at for at, other in enumerate(kept) if _says_more(other, entry)]
        if not better:
            kept.append(entry)
            continue
        nearest = min(better, key=lambda at: abs(kept[at].at - entry.at))
        other = kept[nearest]
        if not other.by and entry.by:
            kept[nearest] = replace(other, by=entry.by)
    return kept


def _says_more(other: TimelineEntry, entry: TimelineEntry) -> bool:
    if abs(other.at - entry.at) > SAME_CHANGE or other.kind is EntryKind.FINDING:
        return False  # that a problem began is no change, and has no author
    if other.knowledge <= entry.knowledge:
        return entry.what == other.what == _CREATED and (not entry.by or not other.by)
    if entry.knowledge is Knowledge.WRITTEN and other.kind is EntryKind.EVENT:
        return False  # a controller's report is no write
    return not entry.by or not other.by or entry.by == other.by


def _runs(entries: Sequence[TimelineEntry]) -> list[list[TimelineEntry]]:
    runs: list[list[TimelineEntry]] = []
    for entry in entries:
        if runs and entry.at - runs[-1][-1].at <= SAME_MOMENT:
            runs[-1].append(entry)
        else:
            runs.append([entry])
    return runs


def _as_one(owner: ObjectRef, entries: Sequence[TimelineEntry]) -> TimelineEntry:
    last = entries[-1]
    names = sorted({entry.about.name for entry in entries})
    count = sum(entry.count for entry in entries)
    first = min(entry.first or entry.at for entry in entries) if count > len(names) else None
    if len(names) == 1:
        return replace(last, count=count, first=first)
    more = len(names) - _NAMED
    lines = [f"Pod {printable(name)}" for name in names[:_NAMED]]
    return replace(
        last,
        about=owner if owner.kind else last.about,
        count=1 if count == len(names) else count,
        first=first,
        what=f"{count_noun(len(names), 'pod')}: {last.what.removeprefix('pod ')}",
        details=(*lines, f"and {more} more") if more > 0 else tuple(lines),
    )
