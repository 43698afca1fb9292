"""A shell in a container: bash where there is one, else sh.

Invariant: a container without a shell is recognized before a terminal is handed over. `sh` itself looks for bash, so
that one request is enough; images with bash and without sh are not known.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

from k9py.api.errors import RefusedError
from k9py.api.pods import Pod
from k9py.api.streams import ContainerCommands, ContainerRef
from k9py.api.text import printable
from k9py.remote.command_end import failure_text, is_program_missing
from k9py.remote.started_stream import StartedStream, start

_FIND_SHELL: Final = "command -v bash >/dev/null 2>&1 && exec bash; exec sh"
_COMMON_TERMS: Final = frozenset(
    {"xterm", "xterm-256color", "screen", "screen-256color", "linux", "vt100", "vt220", "dumb"}
)
"""Types of terminals that nearly every image with programs for terminals knows."""
_DEFAULT_TERM: Final = "xterm-256color"


class NoShellError(RefusedError):
    """The container has no shell."""


def shell_command(environ: Mapping[str, str], *, is_windows: bool = False) -> tuple[str, ...]:
    """Return the command that runs a shell.

    Args:
        environ: the person's; a command in a container gets none of it, not even TERM, without which programs draw
            nothing.
        is_windows: the container runs Windows.
    """
    if is_windows:
        return ("powershell",)
    own = environ.get("TERM", "")
    term = own if own in _COMMON_TERMS else _DEFAULT_TERM
    return ("sh", "-c", f"TERM={term}; export TERM; {_FIND_SHELL}")


def runs_windows(pod: Pod) -> bool:
    """Return whether a pod selects nodes with Windows."""
    return (pod.spec.node_selector or {}).get("kubernetes.io/os") == "windows"


@asynccontextmanager
async def open_shell(
    commands: ContainerCommands, container: ContainerRef, command: tuple[str, ...], size: tuple[int, int]
) -> AsyncIterator[StartedStream]:
    """Run a shell with a terminal, and wait until it has started.

    Args:
        command: of `shell_command`.
        size: columns and rows of the terminal.

    Raises:
        NoShellError: the container has none.
        RefusedError: it could not be started.
        KdashError: as `ContainerCommands.open_exec`.
    """
    async with commands.open_exec(container, command, stdin=True, tty=True) as stream:
        await stream.resize(*size)
        async with start(stream) as started:
            where = f"container {printable(container.container)} of pod {printable(container.pod)}"
            if started.has_ended or b"exec failed" in started.first:
                end = await started.end()
                if is_program_missing(end, started.first):
                    raise NoShellError(
                        f"{where} has no shell", "its image has neither bash nor sh; a debug container has its own"
                    )
                if end.exit_code is None:
                    raise RefusedError(f"no shell in {where}: {failure_text(end)}")
            yield started
