"""Attach to the main process of a container: what its spec offers, and its output in a terminal that only looks.

Invariant: nothing is typed to a process without a terminal, and leaving never ends it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from k9py.api.kinds import POD
from k9py.api.streams import CommandEnd, ContainerRef, ContainerStream
from k9py.remote.leave_keys import LEAVE_KEYS
from k9py.remote.terminal import LocalTerminal, first_end
from k9py.session import ClusterSession

DETACHED: Final = CommandEnd(None, "Detached", "detached; the process runs on")
"""The end of a stream that the person has left."""
_LEAVE: Final = re.compile(rb"[\x03\x04q]|\x1b\[(?:99|100);5u")
"""Ctrl+C, Ctrl+D, q."""


@dataclass(frozen=True, slots=True)
class MainProcess:
    """The main process of a container.

    Args:
        has_stdin: `stdin` of its spec: it can be typed to.
        has_tty: `tty` of its spec: it has a terminal.
    """

    has_stdin: bool = False
    has_tty: bool = False

    @property
    def is_interactive(self) -> bool:
        """Whether a terminal can be handed over to it."""
        return self.has_stdin and self.has_tty


def how_to_detach(process: MainProcess) -> str:
    """Return which keys leave a process that keeps running, and whether it takes input; no keymap changes them."""
    if process.is_interactive:
        return f"Ctrl+C goes to it, {LEAVE_KEYS} detaches"
    if process.has_stdin:
        return "Ctrl+C detaches · kdash attach -i types to it"
    return "it takes no input · Ctrl+C detaches"


def no_input_note(process: MainProcess) -> str:
    """Return why nothing can be typed to a process from a terminal, "" when it can."""
    if process.is_interactive:
        return ""
    if process.has_stdin:
        return "its spec sets no tty: kdash attach -i types to it"
    return "it takes no input: its spec does not set stdin"


async def main_process_of(session: ClusterSession, container: ContainerRef) -> MainProcess:
    """Read what the main process of a container offers. Raises KdashError."""
    body = await session.connection.get(POD.key(container.namespace, container.pod))
    return main_process(body, container.container)


def main_process(body: dict[str, Any], name: str) -> MainProcess:
    """Return what the main process of a container offers, from the JSON of its pod."""
    spec = body.get("spec") or {}
    for field in ("containers", "initContainers", "ephemeralContainers"):
        for container in spec.get(field) or ():
            if container.get("name") == name:
                return MainProcess(container.get("stdin") is True, container.get("tty") is True)
    return MainProcess()


async def follow_output(stream: ContainerStream, terminal: LocalTerminal) -> CommandEnd:
    """Draw what a process writes until it ends, or the person leaves it with Ctrl+C, Ctrl+D or q.

    Returns:
        `DETACHED` when the person has left it.

    Raises:
        ConnectionFailedError: the stream was lost.
        TerminalClosedError: the terminal was closed.
    """

    async def draw() -> CommandEnd:
        async for _, data in stream.output():
            # The terminal is raw: it does not return the carriage at a line feed.
            await terminal.write(data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
        return await stream.end()

    async def wait_for_key() -> CommandEnd:
        while not _LEAVE.search(await terminal.read()):
            pass
        return DETACHED

    return await first_end(draw(), wait_for_key())
