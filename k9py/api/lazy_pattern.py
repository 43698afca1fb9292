"""Regular expressions that are compiled at their first use, so that start-up compiles none that it does not need.

For modules with many patterns that are imported before the first frame. Invariant: after the first use, a method call
costs the same as on a compiled pattern.
"""

from __future__ import annotations

import re
from typing import Any, cast


class _LazyPattern:
    """Delegates to a pattern; copies each of its methods at the first access."""

    def __init__(self, pattern: str, flags: int) -> None:
        self._source = (pattern, flags)
        self._compiled: re.Pattern[str] | None = None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if self._compiled is None:
            self._compiled = re.compile(*self._source)
        attribute = getattr(self._compiled, name)
        setattr(self, name, attribute)  # the next access does not come here
        return attribute


def lazy_pattern(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """Return a pattern that is compiled at its first use. Only its methods work, not `re.sub(pattern, ...)`."""
    return cast("re.Pattern[str]", _LazyPattern(pattern, flags))
