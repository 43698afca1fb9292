"""Which program listens on a local port, as far as Linux shows it to this user.

Invariant: it never fails; "" means unknown. It reads /proc, so it belongs into the message of an error alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from k9py.api.text import bounded

_PROC: Final = Path("/proc")
_LISTEN: Final = "0A"
"""The state of a listening socket in /proc/net/tcp."""


def port_owner(port: int, proc: Path = _PROC) -> str:
    """Return `nginx (pid 812)`, or "this kdash"; "" when it is not known."""
    try:
        inodes = {f"socket:[{inode}]" for inode in _listening_inodes(port, proc)}
        if not inodes:
            return ""
        for directory in proc.iterdir():
            if directory.name.isdigit() and _holds(directory, inodes):
                if int(directory.name) == os.getpid():
                    return "this kdash"
                name = (directory / "comm").read_text(errors="replace").strip()
                return f"{bounded(name, 40)} (pid {directory.name})"
    except (OSError, ValueError):
        pass
    return ""


def _listening_inodes(port: int, proc: Path) -> Iterator[str]:
    for table in ("tcp", "tcp6"):
        try:
            lines = (proc / "net" / table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if len(fields) > 9 and fields[3] == _LISTEN and int(fields[1].rpartition(":")[2], 16) == port:
                yield fields[9]


def _holds(directory: Path, inodes: set[str]) -> bool:
    try:
        return any(os.readlink(entry) in inodes for entry in os.scandir(directory / "fd"))
    except OSError:  # of another user, or gone
        return False
