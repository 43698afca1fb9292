"""The revision history of a workload with its authors, as a plain table and as JSON.

Invariant: `json_values` keys are snake_case and are only ever added. An author is only named if known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from k9py.api.meta import ObjectRef
from k9py.api.text import printable
from k9py.api.times import age, rfc3339
from k9py.rollouts.authors import Author
from k9py.rollouts.revision_outcome import RevisionOutcome
from k9py.rollouts.revisions import Revision
from k9py.views.overview import PlainTable
from k9py.views.revisions import change_cause_text, pods_text
from k9py.views.values import Cell, Column, Tone

COLUMNS: Final = (
    Column("revision", "REV", align_right=True),
    Column("state", "", priority=1),
    Column("age", "AGE", align_right=True, priority=1),
    Column("pods", "PODS", align_right=True, priority=1),
    Column("images", "IMAGES", grow=True),
    Column("cause", "CHANGE-CAUSE", priority=2),
    Column("by", "CHANGED BY", priority=3),
    Column("at", "CHANGED AT", priority=4),
    Column("name", "NAME", priority=5),
)


def history_table(
    key: ObjectRef,
    revisions: Sequence[Revision],
    authors: Mapping[str, Author],
    now: datetime,
    outcomes: Mapping[str, RevisionOutcome] | None = None,
) -> PlainTable:
    """Return the revisions, newest first, with all details.

    Args:
        authors: by the revision's name.
        outcomes: by the revision's uid.
    """
    known = outcomes or {}
    return PlainTable(
        title=printable(str(key)),
        columns=COLUMNS,
        rows=tuple(
            _cells(revision, authors.get(revision.name), now, known.get(revision.uid)) for revision in revisions
        ),
        tones=tuple(Tone.PLAIN for _ in revisions),
    )


def json_values(
    key: ObjectRef,
    revisions: Sequence[Revision],
    authors: Mapping[str, Author],
    outcomes: Mapping[str, RevisionOutcome] | None = None,
    *,
    context: str = "",
) -> dict[str, Any]:
    """Return the revisions as JSON values, newest first; unknown is null, times are RFC 3339."""
    known = outcomes or {}
    return {
        "context": printable(context),
        "kind": key.kind,
        "namespace": printable(key.namespace),
        "name": printable(key.name),
        "revisions": [
            revision_values(revision, authors.get(revision.name), known.get(revision.uid)) for revision in revisions
        ],
    }


def revision_values(
    revision: Revision, author: Author | None, outcome: RevisionOutcome | None = None
) -> dict[str, Any]:
    """Return one revision as JSON values."""
    outcome = outcome or RevisionOutcome()
    return {
        "revision": revision.number or None,
        "name": printable(revision.name),
        "is_current": revision.is_current,
        "created_at": rfc3339(revision.created_at),
        "images": [printable(image) for image in revision.images],
        "change_cause": printable(revision.change_cause) or None,
        "change_cause_inherited_from": revision.cause_inherited_from,
        "replicas": revision.replicas,
        "ready": revision.ready,
        "was_ready": outcome.was_ready,
        "left_by_undo": outcome.was_rolled_back,
        "left_at": rfc3339(outcome.rolled_back_at),
        "left_because": outcome.reason or None,
        "changed_by": None if author is None else printable(author.manager),
        "changed_how": None if author is None else printable(author.operation),
        "changed_at": None if author is None else rfc3339(author.at),
    }


def revision_lines(revision: Revision, author: Author | None, now: datetime) -> tuple[tuple[str, str], ...]:
    """Return the details of one revision as (label, value) rows."""
    current = ", current" if revision.is_current else ""
    return (
        ("revision", f"{revision.number or '?'}{current}"),
        ("name", printable(revision.name)),
        ("age", age(revision.created_at, now)),
        ("pods", pods_text(revision)),
        ("images", ", ".join(map(printable, revision.images)) or "none"),
        ("change-cause", _full_change_cause(revision) or "none"),
        ("changed by", "–" if author is None else _author_details(author)),
    )


def _cells(
    revision: Revision, author: Author | None, now: datetime, outcome: RevisionOutcome | None = None
) -> tuple[Cell, ...]:
    state = "" if outcome is None or revision.is_current else outcome.text(now)
    return (
        Cell(f"{revision.number or '?'}"),
        Cell("now", Tone.ACCENT) if revision.is_current else Cell(state, Tone.WARN),
        Cell(age(revision.created_at, now)),
        Cell(pods_text(revision)),
        Cell(", ".join(map(printable, revision.images))),
        Cell(change_cause_text(revision) or "–", Tone.PLAIN if revision.own_cause else Tone.MUTED),
        Cell("–" if author is None else printable(author.manager)),
        Cell("–" if author is None else rfc3339(author.at) or "–"),
        Cell(printable(revision.name)),
    )


def _full_change_cause(revision: Revision) -> str:
    """Return the change-cause and the revision it was inherited from, which here has no row of its own."""
    source = "" if revision.cause_inherited_from is None else f" {change_cause_text(revision)}"
    return f"{printable(revision.change_cause)}{source}"


def _author_details(author: Author) -> str:
    at = rfc3339(author.at)
    return f"{printable(author.manager)} ({printable(author.operation)}{f' at {at}' if at else ''})"
