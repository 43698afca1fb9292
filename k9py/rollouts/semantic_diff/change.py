"""What one change by meaning is, and how values are said in it.

Invariant: every text of a `MeaningChange` is printable, and its two sides never read the same: where they would (a
secret, an escape sequence), the new one says that it differs.
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
"""Key of `keyed` for a change of order; no element can have it on the wire's own terms."""
_LENGTH: Final = 240
_LEAD: Final = 40


@dataclass(frozen=True, slots=True)
class SemanticChange:
    """One change between two pod templates, in words.

    Args:
        family: what kind of thing changed.
        subject: whose: `container app`, `init container setup`, `sidecar proxy` or `pod`.
        what: which part of it: `image`, an environment variable's name, `memory limit`, a path.
        before, after: its value in words; None: absent on that side.
    """

    family: Family
    subject: str
    field: str
    before: str | None
    after: str | None


Compare = Callable[[str, str, Any, Any], Iterator[SemanticChange]]
"""Compares one key of a section: (subject, key, old, new), None for absent. One that yields nothing for values that
differ has not understood them; then they are said as `other`."""


def change(family: Family, subject: str, what: str, before: Any, after: Any) -> SemanticChange:
    """Make a change from two values (None: absent), secrets hidden; texts stay texts, the rest is said as JSON."""
    before, after = redact_pair(before, after)
    old, new = _both_cut(whole(before), whole(after))
    if old is not None and old == new:
        new = HIDDEN_OTHER if new == HIDDEN else f"{new} (differs in what is not shown)"
    return SemanticChange(family, printable(subject), printable(what), old, new)


def whole(value: Any) -> str | None:
    """Return a value on one line: text as it is ("" in quotes), the rest as JSON; None for None."""
    if value is None:
        return None
    text = value if isinstance(value, str) else msgspec.json.encode(value, order="sorted").decode()
    return printable(text) if text else '""'


def said(value: Any) -> str | None:
    """Return a value as `whole` does, cut to what a line can hold."""
    return _cut(whole(value))


def _cut(text: str | None) -> str | None:
    if text is None or len(text) <= _LENGTH:
        return text
    return f"{text[:_LENGTH]}… ({len(text)} characters)"


def _both_cut(old: str | None, new: str | None) -> tuple[str | None, str | None]:
    """Cut two texts so that where they begin to differ is still in what is left of them."""
    if old is None or new is None or max(len(old), len(new)) <= _LENGTH:
        return _cut(old), _cut(new)
    same_length = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))
    start = max(0, same_length - _LEAD)
    if start == 0 or old == new:
        return _cut(old), _cut(new)
    return _cut(f"…{old[start:]}"), _cut(f"…{new[start:]}")


def mapping(value: Any) -> Mapping[str, Any]:
    """Return a mapping as it is and anything else as an empty one."""
    return value if isinstance(value, Mapping) else {}


def keyed(
    old: Any,
    new: Any,
    key_of: Callable[[Mapping[str, Any]], str | None],
    words_of: Callable[[Mapping[str, Any]], str],
    make: Callable[[str, str | None, str | None], SemanticChange],
) -> Iterator[SemanticChange]:
    """Compare two lists whose elements are identified by a key; yield nothing where some are not.

    Args:
        key_of: the element's key, None when it has none.
        words_of: the element in words.
        make: makes the change from a key (`ORDER` for a change of order) and the words of both sides.
    """
    before, after = _grouped(old, key_of), _grouped(new, key_of)
    if before is None or after is None:
        return
    found = False
    for key in (*before, *(one for one in after if one not in before)):
        gone, come = before.get(key), after.get(key)
        if not json_equal(gone, come):
            found = True
            yield make(key, _together(gone, words_of), _together(come, words_of))
    kept_old = [one for one in before if one in after]
    kept_new = [one for one in after if one in before]
    if kept_old != kept_new or (not found and not json_equal(old, new) and before):
        yield make(ORDER, ", ".join(kept_old), ", ".join(kept_new))


def _grouped(
    value: Any, key_of: Callable[[Mapping[str, Any]], str | None]
) -> dict[str, list[Mapping[str, Any]]] | None:
    """Return the elements by key, several where a key is there more than once; None when one has no key."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    if value is not None and not isinstance(value, (list, tuple)):
        return None
    for one in value or ():
        key = key_of(one) if isinstance(one, Mapping) else None
        if key is None:
            return None
        found.setdefault(key, []).append(one)
    return found


def _together(elements: Sequence[Mapping[str, Any]] | None, words_of: Callable[[Mapping[str, Any]], str]) -> str | None:
    return None if elements is None else ", then ".join(words_of(one) for one in elements)


def by_name(one: Mapping[str, Any]) -> str | None:
    """Return an element's `name`, None when it has none that is a text."""
    name = one.get("name")
    return name if isinstance(name, str) else None


def unmatched(
    family: Family,
    subject: str,
    what: str,
    old: Any,
    new: Any,
    words_of: Callable[[Mapping[str, Any]], str],
) -> Iterator[SemanticChange]:
    """Compare two lists without keys: elements of one side alone, in pairs; or a change of order."""
    for side in (old, new):
        if side is not None and not (isinstance(side, list) and all(isinstance(one, Mapping) for one in side)):
            return
    gone, come = (
        [one for one in old or () if one not in (new or ())],
        [one for one in new or () if one not in (old or ())],
    )
    for number in range(max(len(gone), len(come))):
        before = words_of(gone[number]) if number < len(gone) else None
        after = words_of(come[number]) if number < len(come) else None
        yield change(family, subject, what, before, after)
    if not gone and not come and old and new:
        yield change(family, subject, f"{what}, order", *(", ".join(words_of(x) for x in side) for side in (old, new)))


def other(subject: str, path: str, old: Any, new: Any, family: Family = "other") -> Iterator[SemanticChange]:
    """Yield whatever differs between two values, each with its path below the subject."""
    if json_equal(old, new):
        return
    old, new = redact_pair(old, new)
    if json_equal(old, new):
        yield change(family, subject, path or "template", HIDDEN, HIDDEN)
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            below = f"{path}.{key_text(key)}" if path else key_text(key)
            yield from other(subject, below, old.get(key), new.get(key), family)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for number, (one, two) in enumerate(zip(old, new, strict=True)):
            if one is None or two is None:
                if not json_equal(one, two):
                    yield change(family, subject, f"{path}[{number}]", _or_null(one), _or_null(two))
            else:
                yield from other(subject, f"{path}[{number}]", one, two, family)
    else:
        yield change(family, subject, path or "template", old, new)


def _or_null(value: Any) -> Any:
    return "null" if value is None else value


def section(subject: str, path: str, old: Any, new: Any, families: Mapping[str, Compare]) -> Iterator[SemanticChange]:
    """Compare two mappings key by key, each by its family; what no family has understood is `other`.

    Invariant: yields something exactly when they differ.
    """
    if json_equal(old, new):
        return
    if not all(one is None or isinstance(one, Mapping) for one in (old, new)):
        yield from other(subject, path, old, new)
        return
    before, after = mapping(old), mapping(new)
    order = {key: number for number, key in enumerate(families)}
    some = False
    for key in sorted({*before, *after}, key=lambda one: (order.get(one, len(order)), one)):
        one, two = before.get(key), after.get(key)
        if json_equal(one, two):
            continue
        some = True
        compare = families.get(key)
        found = tuple(compare(subject, key, one, two)) if compare else ()
        below = f"{path}.{key_text(key)}" if path else key_text(key)
        yield from found or other(subject, below, one, two)
    if not some:
        yield change("other", subject, path or "template", old, new)
