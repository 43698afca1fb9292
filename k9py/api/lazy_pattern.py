"""Regular expressions that are compiled when they are first used: start-up pays for none that it does not need.

For modules that hold many of them and are imported before the first frame. Invariant: after the first use a lookup
costs what it costs on a compiled pattern.
"""

from __future__ import annotations

import re
from typing import Any, cast


class _LazyPattern:
    """Stands for a pattern; takes over its methods as they are asked for."""

    def __init__(self, pattern: str, flags: int) -> None:
        self._source = (pattern, flags)
        self._compiled: re.Pattern[str] | None = None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if self._compiled is None:
            self._compiled = re.compile(*self._source)
        found = getattr(self._compiled, name)
        setattr(self, name, found)  # from now on it is found without coming here
        return found


def lazy_pattern(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """Return a pattern that is compiled at its first use. Its methods work; `re.sub(pattern, ...)` does not take it."""
    return cast("re.Pattern[str]", _LazyPattern(pattern, flags))
