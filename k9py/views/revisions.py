"""The Revisions table of a workload, newest first, for the undo dialog and the rollout's own screen."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from k9py.api.text import printable
from k9py.api.times import age
from k9py.cluster.views import short_image_tag
from k9py.rollouts.authors import Author
from k9py.rollouts.revisions import Revision
from k9py.views.tones import live_age
from k9py.views.values import Cell, Column, Row, Tone

COLUMNS: Final = (
    Column("revision", "REV", align_right=True, min_width=3, max_width=5),
    Column("image", "IMAGE", min_width=8, max_width=48),
    Column("pods", "PODS", align_right=True, min_width=4, max_width=9, priority=1),
    Column("age", "AGE", align_right=True, min_width=4, max_width=5, priority=1, live=live_age),
    Column("cause", "CHANGE-CAUSE", min_width=8, max_width=80, priority=2, grow=True),
    Column("by", "CHANGED BY", min_width=8, max_width=40, priority=3),
    Column("name", "NAME", min_width=10, max_width=60, priority=4),
)


def row(revision: Revision, now: datetime, *, author: Author | None = None, is_read: bool = True) -> Row:
    """Return a revision's row.

    Args:
        author: who created it, None if unknown.
        is_read: the authors have been read; until then the column shows `…`.
    """
    tone = Tone.ACCENT if revision.is_current else Tone.PLAIN
    images = ", ".join(image_text(image) for image in revision.images)
    return Row(
        key=revision.key,
        cells=(
            Cell(f"{revision.number or '?'}", tone, sort=revision.number),
            Cell(printable(images), tone),
            Cell(pods_text(revision), Tone.MUTED if not revision.replicas else Tone.PLAIN, sort=revision.replicas or 0),
            Cell(""),
            Cell(change_cause_text(revision) or "–", Tone.PLAIN if revision.own_cause else Tone.MUTED),
            Cell(author_text(author, now) or ("–" if is_read else "…"), Tone.MUTED if author is None else Tone.PLAIN),
            Cell(printable(revision.name), Tone.MUTED),
        ),
        tone=tone,
        rank=-revision.number,
        since=revision.created_at,
    )


def image_text(image: str) -> str:
    """Return an image as name and short tag, without its registry: `checkout:2.8.0`."""
    return f"{image.partition('@')[0].rpartition('/')[2].partition(':')[0]}:{short_image_tag(image)}"


def pods_text(revision: Revision) -> str:
    """Return ready of all pods of a revision: `2/3`; "?" for what is unknown."""
    if revision.replicas is None:
        return "?"
    return f"{'?' if revision.ready is None else revision.ready}/{revision.replicas}"


def change_cause_text(revision: Revision) -> str:
    """Return the change-cause, or the revision it was inherited from; "" if there is none."""
    if revision.cause_inherited_from is None:
        return printable(revision.change_cause)
    return f"(from revision {revision.cause_inherited_from})" if revision.cause_inherited_from else "(inherited)"


def author_text(author: Author | None, now: datetime) -> str:
    """Return who changed something and how long ago, "" if unknown."""
    if author is None:
        return ""
    ago = f", {age(author.at, now)} ago" if author.at is not None else ""
    return printable(f"{author.manager}{ago}")


def revision_text(revision: Revision, now: datetime) -> str:
    """Return a revision with its age and change-cause: `revision 5 (2h ago, release 2.8)`."""
    details = [f"{age(revision.created_at, now)} ago"] if revision.created_at is not None else []
    if revision.own_cause:
        details.append(printable(revision.own_cause))
    return f"revision {revision.number or '?'}" + (f" ({', '.join(details)})" if details else "")
