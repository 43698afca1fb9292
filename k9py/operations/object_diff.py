"""The difference of a whole object that a write makes, as lines; secrets are hidden.

A new object is shown whole, in the order of a manifest. Of a changed one, every hunk says where in the object it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from k9py.api.text import printable
from k9py.operations.concurrent_change import content_of
from k9py.rollouts.template_diff import DiffLine, template_diff

_ROOT: Final = DiffLine("@", "template")
"""What `template_diff` calls the root."""
_FIRST: Final = ("apiVersion:", "kind:", "metadata:")


def object_diff(before: Mapping[str, Any], after: Mapping[str, Any] | None) -> tuple[DiffLine, ...]:
    """Return the lines; () when nothing differs, or the result is not known.

    Args:
        before: the object as it was read, empty for a new one.
        after: as the dry run returned it; None without a dry run.
    """
    if after is None or after.get("kind") == "Scale":
        return ()
    if not before:
        return _new(after)
    root = DiffLine("@", printable(f"{after.get('kind', '')} {(after.get('metadata') or {}).get('name', '')}"))
    return tuple(root if line == _ROOT else line for line in template_diff(content_of(before), content_of(after)))


def _new(after: Mapping[str, Any]) -> tuple[DiffLine, ...]:
    """Return all lines of a new object with its name, without a heading."""
    content, metadata = content_of(after), after.get("metadata") or {}
    named = {part: metadata[part] for part in ("name", "namespace") if metadata.get(part)}
    content["metadata"] = {**named, **{part: value for part, value in content["metadata"].items() if value}}
    parts: list[list[DiffLine]] = []
    for line in template_diff({}, content):
        if line.sign == "@":
            continue
        if parts and line.text.startswith((" ", "-")):
            parts[-1].append(line)
        else:
            parts.append([line])
    return tuple(line for part in sorted(parts, key=_place) for line in part)


def _place(part: Sequence[DiffLine]) -> int:
    """Return the place of a field of the object: apiVersion, kind and metadata are first, as people write them."""
    name = part[0].text.partition(" ")[0]
    return _FIRST.index(name) if name in _FIRST else len(_FIRST)
