"""The second line of an answer: old → new, when, by whom, and the change-cause."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from k9py.api.images import image_parts
from k9py.api.managed import ManagedFields
from k9py.api.text import printable
from k9py.api.times import age
from k9py.api.workloads import RESTARTED_AT
from k9py.cluster.views import RolloutView, short_image_tag
from k9py.rollouts.revisions import Revision
from k9py.rollouts.semantic_diff import SemanticChange
from k9py.rollouts.status import RolloutState
from k9py.views.answer.facts import RolloutFacts
from k9py.views.semantic_diff import StyledLine
from k9py.views.values import Tone

MAX_CHANGES: Final = 4
"""Changes named; the difference screen has all of them."""
_VALUE_CELLS: Final = 48
_ARROW: Final = (" → ", Tone.MUTED)
_DOT: Final = (" · ", Tone.MUTED)


def changed_line(view: RolloutView, facts: RolloutFacts, now: datetime) -> StyledLine:
    """Return what the current revision changed; () when nothing is known of it."""
    if view.status.state is RolloutState.SCALED_TO_ZERO:
        return _scaled(view, facts, now)
    if facts.scaling is not None:
        before, after = f"{facts.scaling.before}", f"{facts.scaling.after}"
        pieces = [("replicas ", Tone.MUTED), (before, Tone.PLAIN), _ARROW, (after, Tone.ACCENT)]
        return (*pieces, *_told(facts.scaled_at or facts.scaling.at, facts.scaled_by, now))
    current = facts.current
    if current is None:
        return (("not known: its revisions have not been read", Tone.MUTED),) if not facts.revisions else ()
    pieces = list(_what(current, facts))
    pieces += _told(view.changed_at, view.changed_by, now)
    cause = printable(current.own_cause)
    if cause:
        pieces += [_DOT, (f'"{cause}"', Tone.PLAIN)]
    return tuple(pieces)


def _scaled(view: RolloutView, facts: RolloutFacts, now: datetime) -> StyledLine:
    """Return from how many pods it was scaled to zero, when, and by whom, as far as anything tells."""
    former = facts.previous_replicas
    pieces: list[tuple[str, Tone]] = [("scaled to ", Tone.MUTED), ("0", Tone.ACCENT)]
    if former is not None:
        pieces = [("replicas ", Tone.MUTED), (f"{former}", Tone.PLAIN), _ARROW, ("0", Tone.ACCENT)]
    at = facts.scaled_at or (view.worst_finding.since if view.worst_finding is not None else None)
    return (*pieces, *_told(at, facts.scaled_by, now))


def _told(at: datetime | None, by: str, now: datetime) -> StyledLine:
    """Say when something was changed and by whom, as far as it is known."""
    told = f"{age(at, now)} ago" if at is not None else ""
    if by:
        told = f"{told} by {printable(by)}".strip()
    return (_DOT, (told, Tone.PLAIN)) if told else ()


def written_line(writer: ManagedFields | None, now: datetime) -> StyledLine:
    """Return when a Service was last written, and by whom; () when nothing tells."""
    if writer is None or not writer.manager:
        return ()
    ago = f"{age(writer.time, now)} ago " if writer.time is not None else ""
    return (("the Service was last written ", Tone.MUTED), (f"{ago}by {printable(writer.manager)}", Tone.PLAIN))


def image_change(before: str, after: str) -> StyledLine:
    """Return `2.7.1 → 2.8.0`; the names too where they are not the same."""
    if _name(before) == _name(after) and short_image_tag(before) != short_image_tag(after):
        before, after = short_image_tag(before), short_image_tag(after)
    return ((before, Tone.PLAIN), _ARROW, (after, Tone.ACCENT))


def _name(image: str) -> tuple[str, str]:
    place, name = image_parts(image)
    return place, name.partition("@")[0].partition(":")[0]


def _what(current: Revision, facts: RolloutFacts) -> Iterator[tuple[str, Tone]]:
    base = facts.base
    if base is None:
        others = len(facts.revisions) > 1
        words = "the revision before is no longer kept" if not others and current.number > 1 else "first revision"
        yield (f"revision {current.number}" if others else words, Tone.PLAIN)
        return
    if _skips(current, base, facts):
        yield (f"since revision {base.number}: ", Tone.MUTED)
    named = list(_changes(facts.changes)) if facts.changes is not None else list(_images(base, current))
    if not named:
        words = "the same pod template" if facts.changes is not None else f"revision {base.number}"
        yield (words, Tone.PLAIN)
        if facts.changes is None:
            yield from (_ARROW, (f"{current.number}", Tone.ACCENT))
        return
    for at, line in enumerate(named[:MAX_CHANGES]):
        if at:
            yield (", ", Tone.MUTED)
        yield from line
    more = len(named) - MAX_CHANGES
    if more > 0:
        yield (f" and {more} more", Tone.MUTED)


def _skips(current: Revision, base: Revision, facts: RolloutFacts) -> bool:
    """Tell whether there were others between the two."""
    return any(base.number < one.number < current.number for one in facts.revisions)


def _images(before: Revision, after: Revision) -> Iterator[StyledLine]:
    if len(before.images) != len(after.images):
        return
    for one, two in zip(before.images, after.images, strict=True):
        if one != two:
            yield (("image ", Tone.MUTED), *image_change(printable(one), printable(two)))


def _changes(changes: Sequence[SemanticChange]) -> Iterator[StyledLine]:
    several = len({one.subject for one in changes if one.family == "image"}) > 1
    for one in sorted(changes, key=lambda one: (one.family != "image", one.family in ("labels", "annotations"))):
        yield _change(one, with_subject=several)


def _change(one: SemanticChange, *, with_subject: bool) -> StyledLine:
    if one.family == "restart" or RESTARTED_AT in one.field:
        return (("restarted" if one.after is not None else "restart mark removed", Tone.PLAIN),)
    subject = f"{one.subject.rpartition(' ')[2]} " if with_subject and one.subject != "pod" else ""
    if one.family == "container" and one.field == "container" and (one.before is None) != (one.after is None):
        image = one.after if one.before is None else one.before
        said = ("added", Tone.ACCENT) if one.before is None else ("removed", Tone.PLAIN)
        return ((f"{_cut(one.subject)} ", Tone.MUTED), said, (f" ({_cut(image_parts(image or '')[1])})", Tone.PLAIN))
    if one.field.endswith(" from") and (one.before is None) != (one.after is None):
        verb = "added" if one.before is None else "removed"
        return ((f"{verb} {subject}{one.field} ", Tone.MUTED), (_cut(one.after or one.before or ""), Tone.ACCENT))
    word = {"env": "env ", "labels": "label ", "annotations": "annotation "}.get(one.family, "")
    word = "" if one.field.startswith(("order", "env")) else word
    label = (f"{subject}{word}{_cut(one.field)} ", Tone.MUTED)
    if one.before is None:
        return (label, ("added", Tone.PLAIN), *(((f" {_cut(one.after)}", Tone.ACCENT),) if one.after else ()))
    if one.after is None:
        return (label, ("removed", Tone.PLAIN))
    if one.family == "image" and one.field == "image":
        return (label, *image_change(one.before, one.after))
    return (label, (_cut(one.before), Tone.PLAIN), _ARROW, (_cut(one.after), Tone.ACCENT))


def _cut(text: str) -> str:
    return text if len(text) <= _VALUE_CELLS else f"{text[: _VALUE_CELLS - 1]}…"
