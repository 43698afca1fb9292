"""Port-forwards of the config file, which start with one key:

    [forwards.web]
    target = "svc/web"               # KIND/NAME
    ports = ["8080:80"]              # [LOCAL:]PORT, as kubectl port-forward takes them
    namespace = "shop"               # without it, the only one shown (-n), else that of the context
    context = "prod-*"               # a pattern; without it, every context
    key = "f5"                       # a function key, f2 to f12

Invariant: what is not valid is left out and reported; the others are used. Which ports an object has, and whether there
is such a kind, shows when it starts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Final

import msgspec

KEYS: Final = tuple(f"f{number}" for number in range(2, 13))
"""Keys that a forward may have: no action of kdash uses them. Terminals keep F1 for themselves."""
LAST_PORT: Final = 65535
PORTS_SAMPLE: Final = '["8080:80"]'
_TARGET: Final = re.compile(r"[A-Za-z][A-Za-z0-9.-]*/[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?")
_PORT: Final = re.compile(r"(?:\d{0,5}:)?[A-Za-z0-9](?:[-A-Za-z0-9]{0,62})")


class ForwardSettings(msgspec.Struct, frozen=True):
    """A table `[forwards.NAME]`.

    Args:
        target: KIND/NAME.
        ports: `[LOCAL:]PORT` each.
        namespace: "" takes the only one that is shown, or -n of a command, else that of the context.
        context: a pattern with `*` and `?` for the names of contexts.
        key: a function key that starts it from any screen, "" for none.
        address: it listens on.
    """

    target: str
    ports: tuple[str, ...]
    namespace: str = ""
    context: str = "*"
    key: str = ""
    address: str = "127.0.0.1"

    def is_for(self, context: str) -> bool:
        """Return whether it is for a context."""
        return fnmatchcase(context, self.context)


def fault_of(forward: ForwardSettings) -> tuple[str, str]:
    """Return which setting is not valid and why, two empty texts when all are."""
    if not _TARGET.fullmatch(forward.target):
        return "target", f'must be KIND/NAME, such as "svc/web", not "{forward.target}"'
    if not forward.ports:
        return "ports", f"must name a port, such as {PORTS_SAMPLE}"
    for port in forward.ports:
        if not _PORT.fullmatch(port):
            return "ports", f'"{port}" is no port: use "80", "8080:80" or the name of a port'
        local, _, remote = port.rpartition(":")
        if int(local or 0) > LAST_PORT or (remote.isdigit() and not 0 < int(remote) <= LAST_PORT):
            return "ports", f'"{port}" has a port that is not between 1 and {LAST_PORT}'
    if forward.key and forward.key.lower() not in KEYS:
        return "key", f'"{forward.key}" is no function key from {KEYS[0]} to {KEYS[-1]}'
    return "", ""


def keys_used_twice(forwards: Mapping[str, ForwardSettings]) -> Iterable[tuple[str, str, str]]:
    """Yield a forward, its key, and the earlier one for a same context that has the key too."""
    seen: dict[str, list[str]] = {}
    for name, forward in forwards.items():
        key = forward.key.lower()
        if not key:
            continue
        for earlier in seen.setdefault(key, []):
            if forwards[earlier].context == forward.context:
                yield name, key, earlier
                break
        else:
            seen[key].append(name)


def as_toml(name: str, forward: ForwardSettings) -> str:
    """Return the lines of a forward for the config file."""
    lines = [f"[forwards.{name if re.fullmatch(r'[A-Za-z0-9_-]+', name) else _quoted(name)}]"]
    defaults = {field.name: field.default for field in msgspec.structs.fields(ForwardSettings)}
    for setting in ("context", "namespace", "target", "ports", "address", "key"):
        value = getattr(forward, setting)
        if value != defaults[setting]:
            written = f"[{', '.join(map(_quoted, value))}]" if isinstance(value, tuple) else _quoted(value)
            lines.append(f"{setting} = {written}")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """Return a basic string of TOML: that of JSON, with DEL escaped too."""
    return msgspec.json.encode(text).decode().replace("\x7f", "\\u007f")
