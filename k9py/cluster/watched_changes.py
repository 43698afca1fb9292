"""The change history of a session as entries of the timeline.

Invariants: what changes at every moment without meaning anything by itself (counts of ready pods between none and all,
allowed disruptions) is left out. An entry that was found after a gap is approximate.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from k9py.api.kinds import is_workload
from k9py.api.meta import ObjectRef
from k9py.api.text import bounded, printable
from k9py.cluster.change_history import ChangeHistory, FactChange, HistoryAction, HistoryEntry
from k9py.cluster.observed_facts import WRITTEN_BY, is_fact_of_status
from k9py.diagnosis.timeline import EntryKind, Knowledge, TimelineEntry
from k9py.diagnosis.timelines.merging import SAME_CHANGE

_KINDS: Final = {"Pod": EntryKind.POD, "Node": EntryKind.NODE, "Job": EntryKind.JOB, "CronJob": EntryKind.JOB}
_VALUE: Final = 80
_SOURCE: Final = "watched"


def watched_entries(history: ChangeHistory, since: datetime, *, only_written: bool = False) -> Iterator[TimelineEntry]:
    """Yield the watched changes since a time, newest first.

    Args:
        only_written: leave out what shows how objects fare: of that nothing is the cause of anything.
    """
    last_of: dict[tuple[ObjectRef, HistoryAction], datetime] = {}
    for entry in history.entries():
        if entry.last_at < since:
            return
        if entry.action is not HistoryAction.CHANGED:
            later = last_of.get((entry.ref, entry.action))
            if later is not None and later - entry.at <= SAME_CHANGE:
                continue  # the same, watched in another form
            last_of[entry.ref, entry.action] = entry.at
        yield from _entries(entry, only_written=only_written)


def _entries(entry: HistoryEntry, *, only_written: bool) -> Iterator[TimelineEntry]:
    ref = entry.ref
    kind = _KINDS.get(ref.kind, EntryKind.CHANGE)
    noun = "pod " if ref.kind == "Pod" and not ref.group else ""
    match entry.action:
        case HistoryAction.ADDED:
            yield _entry(entry, kind, f"{noun}created")
        case HistoryAction.DELETED:
            yield _entry(entry, kind, f"{noun}deleted", knowledge=Knowledge.STATED)
        case HistoryAction.CHANGED:
            writers = tuple(change.fact.removeprefix(WRITTEN_BY) for change in entry.changes if _is_write(change))
            facts = [change for change in entry.changes if not _is_write(change) and _is_telling(entry, change)]
            if only_written:
                facts = [change for change in facts if not is_fact_of_status(change.fact)]
            if facts:
                is_scaling = is_workload(ref) and all(change.fact == "replicas" for change in facts)
                kind = EntryKind.SCALING if is_scaling else kind
                by = printable(writers[0]) if len(writers) == 1 else ""
                yield _entry(entry, kind, ", ".join(_text(change) for change in facts), by)
            else:
                for writer in writers:
                    yield _entry(entry, kind, "changed", printable(writer))


def _entry(
    entry: HistoryEntry, kind: EntryKind, what: str, by: str = "", knowledge: Knowledge = Knowledge.SEEN
) -> TimelineEntry:
    return TimelineEntry(
        entry.at,
        entry.ref,
        kind,
        what,
        by=by,
        source=f"{_SOURCE}, found after a gap" if entry.is_after_gap else _SOURCE,
        is_approximate=entry.is_after_gap,
        knowledge=knowledge,
    )


def _is_write(change: FactChange) -> bool:
    return change.fact.startswith(WRITTEN_BY)


def _is_telling(entry: HistoryEntry, change: FactChange) -> bool:
    """Return whether a changed fact is worth an entry."""
    if change.fact.startswith("column ") or change.fact == "allowed disruptions":
        return False
    if change.fact == "ready endpoints" or (change.fact == "ready" and is_workload(entry.ref)):
        return _count(change.old) == 0 or _count(change.new) == 0
    return not (entry.ref.kind == "Pod" and change.fact in ("phase", "node"))


def _count(fraction: str) -> int | None:
    """Return the first number of `2/3`; it is a fact of ours, no text of the cluster."""
    number = fraction.partition("/")[0]
    return int(number) if number.isdigit() else None


def _text(change: FactChange) -> str:
    fact, old, new = (bounded(text, _VALUE) for text in (change.fact, change.old, change.new))
    if not old or not new:
        return f"{fact} {new or 'no longer ' + old}" if fact != new else fact
    return f"{fact}: {old} → {new}"
