"""Which local ports are free, while a person chooses one; whoever listens takes it, or fails to, by itself."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable, Collection
from typing import Final

LAST_PORT: Final = 65535
_TRIES: Final = 200


def port_problem(port: int, address: str = "127.0.0.1") -> str:
    """Return why a port cannot be listened on now, "" when it can.

    Args:
        port: 0 always can: the system chooses one.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            match error.errno:
                case errno.EADDRINUSE:
                    return "in use"
                case errno.EACCES:
                    return "not allowed without privileges"
            return error.strerror or str(error)
    return ""


def next_free(port: int, taken: Collection[int] = (), problem: Callable[[int], str] = port_problem) -> int:
    """Return the first port from a number on that is free, 0 (any) when there is none near.

    Args:
        taken: ports that are wanted for others.
        problem: returns why a port cannot be used.
    """
    for candidate in range(max(port, 1), min(port + _TRIES, LAST_PORT) + 1):
        if candidate not in taken and not problem(candidate):
            return candidate
    return 0
