"""The difference of a whole object that a write makes, as lines; secrets are hidden."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from k9py.operations.concurrent_change import content_of
from k9py.rollouts.template_diff import DiffLine, template_diff

_ROOT: Final = DiffLine("@", "template")
"""What `template_diff` calls the root."""


def object_diff(before: Mapping[str, Any], after: Mapping[str, Any] | None) -> tuple[DiffLine, ...]:
    """Return the lines; () when nothing differs, or the result is not known.

    Args:
        before: the object as it was read, empty for a new one.
        after: as the dry run returned it; None without a dry run.
    """
    if after is None or after.get("kind") == "Scale":
        return ()
    lines = template_diff(_content(before), _content(after))
    return tuple(DiffLine("@", "object") if line == _ROOT else line for line in lines)


def _content(obj: Mapping[str, Any]) -> dict[str, Any]:
    return content_of(obj) if obj else {}
