"""Compare two pod templates line by line, like a unified diff.

YAML-like, keys sorted, containers (and every other named list) matched by name, so that an added sidecar is one block
and does not shift the rest. Invariant: templates that differ only in hash labels have no lines, others have some; every
line is printable. To match another list by identity, add its key to `_IDENTITY`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, AnyStr, Final, Literal

import msgspec

from k9py.api.redaction import redact_pair
from k9py.api.workloads import CONTROLLER_REVISION_HASH, POD_TEMPLATE_HASH
from k9py.rollouts.yaml_lines import item_lines, key_text, lines_of, scalar_text

Sign = Literal[" ", "+", "-", "@"]

_IDENTITY: Final = {
    "ports": ("containerPort",),
    "volumeMounts": ("mountPath",),
    "volumeDevices": ("devicePath",),
    "hostAliases": ("ip",),
    "topologySpreadConstraints": ("topologyKey",),
    "items": ("key",),
}
"""Keys that identify an element of these lists; for every other list it is `name`."""


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line: context ' ', added '+', removed '-', or '@' a heading: the path of the next lines."""

    sign: Sign
    text: str


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the merged tree: its parent's path, its depth, and its text."""

    sign: Literal[" ", "+", "-"]
    depth: int
    text: str
    path: str


def template_diff(
    old: Mapping[str, Any], new: Mapping[str, Any], *, context: int = 2, shows_secrets: bool = False
) -> tuple[DiffLine, ...]:
    """Return the lines that lead from `old` to `new`, with context lines around each change.

    Args:
        old, new: pod templates as the server has them (`spec.template`, with `metadata` and `spec`).
        shows_secrets: show values that look like secrets; otherwise they are redacted, and changed ones marked.
    """
    before, after = normalized_template(old), normalized_template(new)
    if json_equal(before, after):
        return ()
    if not shows_secrets:
        before, after = redact_pair(before, after)
        if json_equal(before, after):  # such as two values that were swapped
            return (DiffLine("@", "only hidden values differ"),)
    lines: list[_Line] = []
    _walk_mapping(before, after, 0, "", lines)
    return tuple(_hunks(lines, context))


def normalized_template(template: Mapping[str, Any]) -> dict[str, Any]:
    """Return the template without the hash labels that controllers add, and without nulls."""
    fields = {key: value for key, value in template.items() if key != "$patch"}
    metadata = fields.get("metadata")
    if isinstance(metadata, Mapping):
        kept = dict(metadata)
        labels = kept.get("labels")
        if isinstance(labels, Mapping):
            ours = {k: v for k, v in labels.items() if k not in (POD_TEMPLATE_HASH, CONTROLLER_REVISION_HASH)}
            kept["labels"] = ours or None
        fields["metadata"] = kept
    return {str(key): _without_nulls(value) for key, value in fields.items() if value is not None}


def _without_nulls(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _without_nulls(v) for k, v in value.items() if v is not None}
    if isinstance(value, (list, tuple)):
        return [_without_nulls(element) for element in value]
    return value


def json_equal(value: Any, other: Any) -> bool:
    """Return whether two JSON values have the same encoding."""
    # In Python 1 == True; in JSON they differ.
    return msgspec.json.encode(value, order="sorted") == msgspec.json.encode(other, order="sorted")


def _add(lines: list[_Line], sign: Literal[" ", "+", "-"], depth: int, path: str, texts: Sequence[str]) -> None:
    lines += [_Line(sign, depth, text, path) for text in texts]


def _walk_mapping(old: Mapping[str, Any], new: Mapping[str, Any], depth: int, path: str, lines: list[_Line]) -> None:
    for key in sorted({*old, *new}):
        if key not in new:
            _add(lines, "-", depth, path, lines_of(key, old[key]))
        elif key not in old:
            _add(lines, "+", depth, path, lines_of(key, new[key]))
        else:
            _walk(key, old[key], new[key], depth, path, lines)


def _walk(key: str, old: Any, new: Any, depth: int, path: str, lines: list[_Line]) -> None:
    below = f"{path}.{key_text(key)}" if path else key_text(key)
    if json_equal(old, new):
        _add(lines, " ", depth, path, lines_of(key, new))
        return
    if isinstance(old, dict) and isinstance(new, dict) and old and new:
        _add(lines, " ", depth, path, (f"{key_text(key)}:",))
        _walk_mapping(old, new, depth + 1, below, lines)
        return
    if isinstance(old, list) and isinstance(new, list) and old and new:
        _add(lines, " ", depth, path, (f"{key_text(key)}:",))
        identity = _identity(key, old, new)
        if identity:
            _walk_named(identity, old, new, depth + 1, below, lines)
        else:
            _walk_items(old, new, depth + 1, below, lines)
        return
    if isinstance(old, str) and isinstance(new, str) and "\n" in old and "\n" in new:
        _add(lines, " ", depth, path, (f"{key_text(key)}: |",))
        _walk_texts(lines_of("", old)[1:], lines_of("", new)[1:], depth, below, lines)
        return
    _add(lines, "-", depth, path, lines_of(key, old))
    _add(lines, "+", depth, path, lines_of(key, new))


def _identity(key: str, old: Sequence[Any], new: Sequence[Any]) -> tuple[str, ...]:
    """Return the keys that identify the elements, () if they do not (then position decides)."""
    keys = _IDENTITY.get(key, ("name",))
    for elements in (old, new):
        names = [
            tuple(str(element.get(part)) for part in keys) if isinstance(element, dict) and keys[0] in element else None
            for element in elements
        ]
        if None in names or len(set(names)) != len(names):
            return ()
    return keys


def _walk_named(
    keys: tuple[str, ...],
    old: Sequence[dict[str, Any]],
    new: Sequence[dict[str, Any]],
    depth: int,
    path: str,
    lines: list[_Line],
) -> None:
    def name(element: Mapping[str, Any]) -> str:
        return " ".join(str(element.get(part)) for part in keys)

    before, after = {name(element): element for element in old}, {name(element): element for element in new}
    kept_old = [element for element in before if element in after]
    kept_new = [element for element in after if element in before]
    if kept_old != kept_new:
        _add(lines, "-", depth, path, (scalar_line("order", ", ".join(kept_old)),))
        _add(lines, "+", depth, path, (scalar_line("order", ", ".join(kept_new)),))
    for element in old:
        if name(element) not in after:
            _add(lines, "-", depth, path, item_lines(element, keys))
    for element in new:
        earlier = before.get(name(element))
        if earlier is None:
            _add(lines, "+", depth, path, item_lines(element, keys))
        elif json_equal(earlier, element):
            _add(lines, " ", depth, path, item_lines(element, keys))
        else:
            _add(lines, " ", depth, path, (f"- {keys[0]}: {scalar_text(element[keys[0]])}",))
            rest_old = {k: v for k, v in earlier.items() if k != keys[0]}
            rest_new = {k: v for k, v in element.items() if k != keys[0]}
            _walk_mapping(rest_old, rest_new, depth + 1, f"{path}[{scalar_text(element[keys[0]])}]", lines)


def scalar_line(key: str, text: str) -> str:
    """Return a note about a list as a line: `(order: a, b)`."""
    return f"({key}: {scalar_text(text)})"


def _steps(old: Sequence[AnyStr], new: Sequence[AnyStr]) -> Iterator[tuple[bool, int, int, int, int]]:
    """Yield the steps from old to new: (is equal, old start, end, new start, end); the same in both directions.

    SequenceMatcher finds other blocks if its sides are swapped, so it is always called in the same order.
    """
    if list(old) <= list(new):
        for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            yield tag == "equal", i1, i2, j1, j2
    else:
        for tag, j1, j2, i1, i2 in SequenceMatcher(None, new, old, autojunk=False).get_opcodes():
            yield tag == "equal", i1, i2, j1, j2


def _walk_items(old: Sequence[Any], new: Sequence[Any], depth: int, path: str, lines: list[_Line]) -> None:
    before = [msgspec.json.encode(element, order="sorted") for element in old]
    after = [msgspec.json.encode(element, order="sorted") for element in new]
    for is_same, i1, i2, j1, j2 in _steps(before, after):
        if is_same:
            for element in new[j1:j2]:
                _add(lines, " ", depth, path, item_lines(element))
            continue
        for element in old[i1:i2]:
            _add(lines, "-", depth, path, item_lines(element))
        for element in new[j1:j2]:
            _add(lines, "+", depth, path, item_lines(element))


def _walk_texts(old: Sequence[str], new: Sequence[str], depth: int, path: str, lines: list[_Line]) -> None:
    if list(old) == list(new):  # they differ only in unprintable characters
        _add(lines, "-", depth, path, old)
        _add(lines, "+", depth, path, new)
        return
    for is_same, i1, i2, j1, j2 in _steps(old, new):
        if is_same:
            _add(lines, " ", depth, path, new[j1:j2])
        else:
            _add(lines, "-", depth, path, old[i1:i2])
            _add(lines, "+", depth, path, new[j1:j2])


def _without_roots(part: Sequence[_Line]) -> Sequence[_Line]:
    """Cut the context that would place a hunk at the root although all its changes are further down.

    The lines before the first change and after the last one are kept from where they are as deep as the changes.
    """
    changed = [number for number, line in enumerate(part) if line.sign != " "]
    depth = min(part[number].depth for number in changed)
    if not depth or min(line.depth for line in part):
        return part
    first, last = changed[0], changed[-1]
    start = max((number + 1 for number in range(first) if part[number].depth < depth), default=0)
    end = next((number for number in range(last + 1, len(part)) if part[number].depth < depth), len(part))
    return part[start:end]


def _hunks(lines: Sequence[_Line], context: int) -> list[DiffLine]:
    """Keep the changes and their context; each hunk begins with a heading, its path."""
    changed = [number for number, line in enumerate(lines) if line.sign != " "]
    spans: list[tuple[int, int]] = []
    for number in changed:
        start, end = max(0, number - context), min(len(lines), number + context + 1)
        if spans and start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    diff_lines: list[DiffLine] = []
    for start, end in spans:
        part = _without_roots(lines[start:end])
        margin = min(line.depth for line in part)
        diff_lines.append(DiffLine("@", min(part, key=lambda line: line.depth).path or "template"))
        diff_lines += [DiffLine(line.sign, "  " * (line.depth - margin) + line.text) for line in part]
    return diff_lines
