"""The second line of an answer: old → new, when, by whom, and the change-cause."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from k9py.api.meta import ManagedFields
from k9py.api.pods import image_parts
from k9py.api.text import printable
from k9py.api.times import age
from k9py.api.workloads import RESTARTED_AT
from k9py.cluster.views import RolloutView, short_image_tag
from k9py.rollouts.revisions import Revision
from k9py.rollouts.semantic_diff import SemanticChange
from k9py.rollouts.status import RolloutState
from k9py.views.answer.facts import RolloutFacts
from k9py.views.semantic_diff import field_text
from k9py.views.values import StyledLine, Tone

MAX_CHANGES: Final = 4
"""Changes shown; the diff screen has all of them."""
_MAX_VALUE_CELLS: Final = 48
_ARROW: Final = (" → ", Tone.MUTED)
_DOT: Final = (" · ", Tone.MUTED)


def changed_line(view: RolloutView, facts: RolloutFacts, now: datetime) -> StyledLine:
    """Return what the current revision changed; () if nothing is known about it."""
    if view.status.state is RolloutState.SCALED_TO_ZERO:
        return _scale_down_line(view, facts, now)
    if facts.scaling is not None:
        before, after = f"{facts.scaling.before}", f"{facts.scaling.after}"
        pieces = [("replicas ", Tone.MUTED), (before, Tone.PLAIN), _ARROW, (after, Tone.ACCENT)]
        return (*pieces, *_when_and_who(facts.scaled_at or facts.scaling.at, facts.scaled_by, now))
    current = facts.current
    if current is None:
        return (("unknown: revisions not read", Tone.MUTED),) if not facts.revisions else ()
    pieces = list(_changes_of(current, facts))
    pieces += _when_and_who(view.changed_at, view.changed_by, now)
    cause = printable(current.own_cause)
    if cause:
        pieces += [_DOT, (f'"{cause}"', Tone.PLAIN)]
    return tuple(pieces)


def edited_line(writer: ManagedFields | None, now: datetime) -> StyledLine:
    """Return when a service was last edited, and by whom; () if unknown."""
    if writer is None or not writer.manager:
        return ()
    ago = f"{age(writer.time, now)} ago " if writer.time is not None else ""
    return (("Service edited ", Tone.MUTED), (f"{ago}by {printable(writer.manager)}", Tone.PLAIN))


def image_change(before: str, after: str) -> StyledLine:
    """Return `2.7.1 → 2.8.0`; the whole images if their names differ."""
    if _image_name(before) == _image_name(after) and short_image_tag(before) != short_image_tag(after):
        before, after = short_image_tag(before), short_image_tag(after)
    return ((before, Tone.PLAIN), _ARROW, (after, Tone.ACCENT))


def _scale_down_line(view: RolloutView, facts: RolloutFacts, now: datetime) -> StyledLine:
    """Return the number of pods before the scaling to zero, when, and by whom, as far as known."""
    previous = facts.previous_replicas
    pieces: list[tuple[str, Tone]] = [("scaled to ", Tone.MUTED), ("0", Tone.ACCENT)]
    if previous is not None:
        pieces = [("replicas ", Tone.MUTED), (f"{previous}", Tone.PLAIN), _ARROW, ("0", Tone.ACCENT)]
    at = facts.scaled_at or (view.worst_finding.since if view.worst_finding is not None else None)
    return (*pieces, *_when_and_who(at, facts.scaled_by, now))


def _when_and_who(at: datetime | None, by: str, now: datetime) -> StyledLine:
    text = f"{age(at, now)} ago" if at is not None else ""
    if by:
        text = f"{text} by {printable(by)}".strip()
    return (_DOT, (text, Tone.PLAIN)) if text else ()


def _image_name(image: str) -> tuple[str, str]:
    registry, name = image_parts(image)
    return registry, name.partition("@")[0].partition(":")[0]


def _changes_of(current: Revision, facts: RolloutFacts) -> Iterator[tuple[str, Tone]]:
    base = facts.base
    if base is None:
        has_others = len(facts.revisions) > 1
        alone = "previous revision no longer exists" if current.number > 1 else "first revision"
        yield (f"revision {current.number}" if has_others else alone, Tone.PLAIN)
        return
    if _has_between(base, current, facts):
        yield (f"since revision {base.number}: ", Tone.MUTED)
    is_diff_known = facts.changes is not None
    lines = list(_image_lines(base, current) if facts.changes is None else _change_lines(facts.changes))
    if not lines:
        yield ("same pod template" if is_diff_known else f"revision {base.number}", Tone.PLAIN)
        if not is_diff_known:
            yield from (_ARROW, (f"{current.number}", Tone.ACCENT))
        return
    for position, line in enumerate(lines[:MAX_CHANGES]):
        if position:
            yield (", ", Tone.MUTED)
        yield from line
    more = len(lines) - MAX_CHANGES
    if more > 0:
        yield (f" and {more} more", Tone.MUTED)


def _has_between(base: Revision, current: Revision, facts: RolloutFacts) -> bool:
    return any(base.number < revision.number < current.number for revision in facts.revisions)


def _image_lines(base: Revision, current: Revision) -> Iterator[StyledLine]:
    if len(base.images) != len(current.images):
        return
    for before, after in zip(base.images, current.images, strict=True):
        if before != after:
            yield (("image ", Tone.MUTED), *image_change(printable(before), printable(after)))


def _change_lines(changes: Sequence[SemanticChange]) -> Iterator[StyledLine]:
    """Yield the changes, images first, labels and annotations last."""
    has_subjects = len({change.subject for change in changes if change.family == "image"}) > 1
    last = ("labels", "annotations")
    for change in sorted(changes, key=lambda change: (change.family != "image", change.family in last)):
        yield _change_line(change, with_subject=has_subjects)


def _change_line(change: SemanticChange, *, with_subject: bool) -> StyledLine:
    before, after = change.before, change.after
    if change.family == "restart" or RESTARTED_AT in change.field:
        return (("restarted" if after is not None else "restart annotation removed", Tone.PLAIN),)
    subject = f"{change.subject.rpartition(' ')[2]} " if with_subject and change.subject != "pod" else ""
    is_one_sided = (before is None) != (after is None)
    if change.family == "container" and change.field == "container" and is_one_sided:
        image = after if before is None else before
        verb = ("added", Tone.ACCENT) if before is None else ("removed", Tone.PLAIN)
        return ((f"{_cut(change.subject)} ", Tone.MUTED), verb, (f" ({_cut(image_parts(image or '')[1])})", Tone.PLAIN))
    if change.field.endswith(" from") and is_one_sided:
        added_or_removed = "added" if before is None else "removed"
        value = _cut(after or before or "")
        return ((f"{added_or_removed} {subject}{change.field} ", Tone.MUTED), (value, Tone.ACCENT))
    prefix = field_text(change).removesuffix(change.field)
    label = (f"{subject}{prefix}{_cut(change.field)} ", Tone.MUTED)
    if before is None:
        return (label, ("added", Tone.PLAIN), *(((f" {_cut(after)}", Tone.ACCENT),) if after else ()))
    if after is None:
        return (label, ("removed", Tone.PLAIN))
    if change.family == "image" and change.field == "image":
        return (label, *image_change(before, after))
    return (label, (_cut(before), Tone.PLAIN), _ARROW, (_cut(after), Tone.ACCENT))


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_VALUE_CELLS else f"{text[: _MAX_VALUE_CELLS - 1]}…"
