"""The forwards of the config file as one context sees them: which can be started, and why the others cannot.

Invariant: a forward that the file names is never unknown: one with a fault is known by its fault and line, one for
another context by its pattern. Texts are printable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count

from k9py.api.text import printable
from k9py.config.forward_settings import ForwardSettings
from k9py.config.settings import SettingsFile


@dataclass(frozen=True, slots=True)
class SavedForwards:
    """The forwards of a file for a context; made by `saved_forwards`.

    Args:
        usable: by name, in the order of the file.
        patterns: of the contexts that others are for, by name.
        faults: what is wrong with a forward, and its line, by name; it may be usable all the same.
        file_fault: why the file cannot be read at all, "" when it can.
    """

    usable: Mapping[str, ForwardSettings] = field(default_factory=dict)
    patterns: Mapping[str, str] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)
    file_fault: str = ""

    @property
    def broken(self) -> Mapping[str, str]:
        """The faults of those that cannot be started, by name."""
        return {
            name: fault for name, fault in self.faults.items() if name not in self.usable and name not in self.patterns
        }

    def has(self, name: str) -> bool:
        """Return whether the file names such a forward, for whichever context."""
        return name in self.usable or name in self.patterns or name in self.faults

    def free_name(self, name: str) -> str:
        """Return a name that the file does not have: "web", "web-2". TOML refuses a file that has a table twice."""
        candidates = (name if number == 1 else f"{name}-{number}" for number in count(1))
        return next(candidate for candidate in candidates if not self.has(candidate))

    def why_unknown(self, name: str) -> str:
        """Return that there is no such forward: "no saved forward web", or which contexts it is for."""
        pattern = self.patterns.get(name)
        if pattern is not None:
            return printable(f"saved forward {name} is for contexts {pattern}")
        return printable(f"no saved forward {name}")

    def listed(self) -> str:
        """Return which there are: "saved forwards: web, db (not valid)"."""
        if self.file_fault:
            return f"config file, {self.file_fault}"
        names = [*self.usable, *(f"{name} (not valid)" for name in self.broken)]
        if not names:
            return "the config file has no forward for this context"
        return printable(f"saved forwards: {', '.join(names)}")


def saved_forwards(file: SettingsFile, context: str) -> SavedForwards:
    """Return the forwards of a file for a context."""
    forwards = file.settings.forwards
    faults: dict[str, str] = {}
    for fault in file.faults:
        if fault.forward:
            faults.setdefault(fault.forward, printable(str(fault)))
    unread = [fault for fault in file.faults if not fault.forward] if not file.is_read else []
    return SavedForwards(
        {name: forward for name, forward in forwards.items() if forward.is_for(context)},
        {name: forward.context for name, forward in forwards.items() if not forward.is_for(context)},
        faults,
        printable(str(unread[0])) if unread else "",
    )
