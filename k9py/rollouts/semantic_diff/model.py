"""Define one semantic change, and compare values, lists and mappings in general.

Invariant: every text of a `SemanticChange` is printable, and its two sides never read the same: where they would (a
secret, an escape sequence), the new side is marked as different.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, Final, Literal

import msgspec

from k9py.api.redaction import HIDDEN, HIDDEN_OTHER, redact_pair
from k9py.api.text import printable
from k9py.rollouts.template_diff import json_equal
from k9py.rollouts.yaml_lines import key_text

Family = Literal[
    "image",
    "env",
    "command",
    "probe",
    "resources",
    "ports",
    "volumes",
    "mounts",
    "references",
    "service-account",
    "labels",
    "annotations",
    "scheduling",
    "restart",
    "container",
    "other",
]

ORDER: Final = "\norder"
"""Key that `diff_by_key` uses for a change of order; a line break keeps it apart from every key of an element."""
_MAX_LENGTH: Final = 240
_LEAD: Final = 40


@dataclass(frozen=True, slots=True)
class SemanticChange:
    """One change between two pod templates.

    Args:
        family: the kind of field that changed.
        subject: whose field: `container app`, `init container setup`, `sidecar proxy` or `pod`.
        field: which one: `image`, an environment variable's name, `memory limit`, a path.
        before, after: its value as text; None: absent on that side.
    """

    family: Family
    subject: str
    field: str
    before: str | None
    after: str | None


Compare = Callable[[str, str, Any, Any], Iterator[SemanticChange]]
"""Compares the values of one key of a section: (subject, key, old, new), None for absent. If it yields nothing for
values that differ, it has not understood them, and they are reported in the family `other`."""


def change(family: Family, subject: str, field: str, before: Any, after: Any) -> SemanticChange:
    """Build a change from two values (None: absent), redacted; strings are kept, other values become JSON."""
    before, after = redact_pair(before, after)
    old, new = _truncate_pair(full_text(before), full_text(after))
    if old is not None and old == new:
        new = HIDDEN_OTHER if new == HIDDEN else f"{new} (differs in a hidden part)"
    return SemanticChange(family, printable(subject), printable(field), old, new)


def full_text(value: Any) -> str | None:
    """Return a value on one line: a string as it is ("" in quotes), other values as JSON; None for None."""
    if value is None:
        return None
    text = value if isinstance(value, str) else msgspec.json.encode(value, order="sorted").decode()
    return printable(text) if text else '""'


def short_text(value: Any) -> str | None:
    """Return a value like `full_text`, truncated to what fits on a line."""
    return _truncate(full_text(value))


def _truncate(text: str | None) -> str | None:
    if text is None or len(text) <= _MAX_LENGTH:
        return text
    return f"{text[:_MAX_LENGTH]}… ({len(text)} characters)"


def _truncate_pair(old: str | None, new: str | None) -> tuple[str | None, str | None]:
    """Truncate two texts so that the first difference between them stays visible."""
    if old is None or new is None or max(len(old), len(new)) <= _MAX_LENGTH:
        return _truncate(old), _truncate(new)
    common = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))
    start = max(0, common - _LEAD)
    if start == 0 or old == new:
        return _truncate(old), _truncate(new)
    return _truncate(f"…{old[start:]}"), _truncate(f"…{new[start:]}")


def mapping(value: Any) -> Mapping[str, Any]:
    """Return a mapping unchanged and anything else as an empty one."""
    return value if isinstance(value, Mapping) else {}


def name_of(element: Mapping[str, Any]) -> str | None:
    """Return an element's `name`, None if it has none that is a string."""
    name = element.get("name")
    return name if isinstance(name, str) else None


def diff_by_key(
    old: Any,
    new: Any,
    key_of: Callable[[Mapping[str, Any]], str | None],
    text_of: Callable[[Mapping[str, Any]], str],
    make: Callable[[str, str | None, str | None], SemanticChange],
) -> Iterator[SemanticChange]:
    """Compare two lists whose elements are identified by a key; yield nothing if some have no key.

    Args:
        key_of: returns an element's key, None if it has none.
        text_of: returns an element as text.
        make: builds the change from a key (`ORDER` for a change of order) and the texts of both sides.
    """
    before, after = _group_by_key(old, key_of), _group_by_key(new, key_of)
    if before is None or after is None:
        return
    has_changes = False
    for key in (*before, *(key for key in after if key not in before)):
        removed, added = before.get(key), after.get(key)
        if not json_equal(removed, added):
            has_changes = True
            yield make(key, _joined(removed, text_of), _joined(added, text_of))
    kept_old = [key for key in before if key in after]
    kept_new = [key for key in after if key in before]
    if kept_old != kept_new or (not has_changes and not json_equal(old, new) and before):
        yield make(ORDER, ", ".join(kept_old), ", ".join(kept_new))


def _group_by_key(
    value: Any, key_of: Callable[[Mapping[str, Any]], str | None]
) -> dict[str, list[Mapping[str, Any]]] | None:
    """Return the elements by key, several if a key occurs more than once; None if an element has no key."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    if value is not None and not isinstance(value, (list, tuple)):
        return None
    for element in value or ():
        key = key_of(element) if isinstance(element, Mapping) else None
        if key is None:
            return None
        groups.setdefault(key, []).append(element)
    return groups


def _joined(elements: Sequence[Mapping[str, Any]] | None, text_of: Callable[[Mapping[str, Any]], str]) -> str | None:
    return None if elements is None else ", then ".join(text_of(element) for element in elements)


def diff_unkeyed(
    family: Family,
    subject: str,
    field: str,
    old: Any,
    new: Any,
    text_of: Callable[[Mapping[str, Any]], str],
) -> Iterator[SemanticChange]:
    """Compare two lists whose elements have no key: pair what only one side has, or report a change of order."""
    for side in (old, new):
        if side is not None and not (isinstance(side, list) and all(isinstance(item, Mapping) for item in side)):
            return
    removed = [item for item in old or () if item not in (new or ())]
    added = [item for item in new or () if item not in (old or ())]
    for number in range(max(len(removed), len(added))):
        before = text_of(removed[number]) if number < len(removed) else None
        after = text_of(added[number]) if number < len(added) else None
        yield change(family, subject, field, before, after)
    if not removed and not added and old and new:
        sides = (", ".join(text_of(item) for item in side) for side in (old, new))
        yield change(family, subject, f"{field}, order", *sides)


def diff_other(subject: str, path: str, old: Any, new: Any, family: Family = "other") -> Iterator[SemanticChange]:
    """Yield every difference between two values, each with its path below the subject."""
    if json_equal(old, new):
        return
    old, new = redact_pair(old, new)
    if json_equal(old, new):
        yield change(family, subject, path or "template", HIDDEN, HIDDEN)
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            below = f"{path}.{key_text(key)}" if path else key_text(key)
            yield from diff_other(subject, below, old.get(key), new.get(key), family)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for number, (before, after) in enumerate(zip(old, new, strict=True)):
            if before is None or after is None:
                if not json_equal(before, after):
                    yield change(family, subject, f"{path}[{number}]", _or_null(before), _or_null(after))
            else:
                yield from diff_other(subject, f"{path}[{number}]", before, after, family)
    else:
        yield change(family, subject, path or "template", old, new)


def _or_null(value: Any) -> Any:
    return "null" if value is None else value


def diff_section(
    subject: str, path: str, old: Any, new: Any, families: Mapping[str, Compare]
) -> Iterator[SemanticChange]:
    """Compare two mappings key by key, each key by its family; what no family understands is `other`.

    Invariant: yields something exactly if they differ.
    """
    if json_equal(old, new):
        return
    if not all(side is None or isinstance(side, Mapping) for side in (old, new)):
        yield from diff_other(subject, path, old, new)
        return
    before, after = mapping(old), mapping(new)
    order = {key: number for number, key in enumerate(families)}
    has_changes = False
    for key in sorted({*before, *after}, key=lambda key: (order.get(key, len(order)), key)):
        old_value, new_value = before.get(key), after.get(key)
        if json_equal(old_value, new_value):
            continue
        has_changes = True
        compare = families.get(key)
        changes = tuple(compare(subject, key, old_value, new_value)) if compare else ()
        below = f"{path}.{key_text(key)}" if path else key_text(key)
        yield from changes or diff_other(subject, below, old_value, new_value)
    if not has_changes:
        yield change("other", subject, path or "template", old, new)
