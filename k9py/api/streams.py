"""Streams into a container: a command that runs there, its main process, and the ports of its pod.

Owns: the values and Protocols between what opens streams (`kube/`) and what uses them (`remote/`, `forwarding/`).
Invariant: what comes out of a stream is bytes that nobody has checked: whoever draws them uses `printable`, and whoever
passes them to a terminal has handed that terminal over completely.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple, Protocol

from k9py.api.errors import KdashError


class ContainerRef(NamedTuple):
    """A container of a pod; "" as the container is the one that the server chooses."""

    namespace: str
    pod: str
    container: str = ""


class OutputChannel(Enum):
    """Where a command wrote. With a terminal everything is STDOUT."""

    STDOUT = "stdout"
    STDERR = "stderr"


@dataclass(frozen=True, slots=True)
class CommandEnd:
    """How a command ended, as the server reports it on the status channel.

    Args:
        exit_code: of the command; None when it was not run, or the server does not know.
        reason: `Status.reason`, such as "NonZeroExitCode" or "InternalError"; "" on success.
        message: the server's message, not checked; "" on success.
    """

    exit_code: int | None
    reason: str = ""
    message: str = ""


class ContainerStream(Protocol):
    """A command that runs in a container, or its main process when attached. Closing the context ends it."""

    def output(self) -> AsyncIterator[tuple[OutputChannel, bytes]]:
        """Yield what it writes, as it comes, until it ends.

        Raises:
            ConnectionFailedError: the stream was lost: nobody knows whether the command still runs.
        """
        ...

    async def send(self, data: bytes) -> None:
        """Write to its standard input; waits while the connection is full. Ignored after it has ended."""
        ...

    async def close_stdin(self) -> None:
        """End its standard input. Raises RefusedError: the protocol of this server (v4) cannot."""
        ...

    async def resize(self, columns: int, rows: int) -> None:
        """Set the size of its terminal."""
        ...

    async def end(self) -> CommandEnd:
        """Wait for its end, which comes after all output. Raises ConnectionFailedError: the stream was lost."""
        ...


class ContainerCommands(Protocol):
    """Opens streams into containers. `kube.connection.Connection` implements it."""

    def open_exec(
        self, container: ContainerRef, command: Sequence[str], *, stdin: bool = False, tty: bool = False
    ) -> AbstractAsyncContextManager[ContainerStream]:
        """Run a command.

        Raises:
            ForbiddenError: the user may not create pods/exec.
            NotFoundError: there is no such pod.
            BadRequestError: there is no such container, or it does not run.
            StreamsUnsupportedError: the server or something before it speaks no WebSocket.
            KdashError: any other failure; the message is for a person.
        """
        ...

    def open_attach(
        self, container: ContainerRef, *, stdin: bool = False, tty: bool = False
    ) -> AbstractAsyncContextManager[ContainerStream]:
        """Attach to the main process of a container. `stdin` and `tty` only where its spec has them. Raises as exec."""
        ...


class StreamsUnsupportedError(KdashError):
    """The server, or a proxy before it, does not upgrade a request to a WebSocket: it may be older than 1.30."""


class PortClosedError(KdashError):
    """A pod's port did not accept a connection, or the connection broke: the message is the node's, for a person.

    Attributes:
        was_refused: nothing listened there, or the node did not get to connect: nothing that was sent has been read.
    """

    was_refused = False


class PortConnection(Protocol):
    """One TCP connection to a port of a pod."""

    async def read(self) -> bytes:
        """Return the next bytes; b"" at the end.

        Raises:
            PortClosedError: the node reports that the port refused it, or that it broke.
            ConnectionFailedError: the tunnel was lost.
        """
        ...

    async def write(self, data: bytes) -> None:
        """Send bytes; waits while the tunnel is full. Ignored once the pod has ended the connection.

        Raises:
            PortClosedError, ConnectionFailedError: as `read`.
        """
        ...

    async def write_eof(self) -> None:
        """End what is sent; reading goes on. Where the protocol cannot (v4), nothing happens.

        Container runtimes end the connection about a second later, even if the pod's program still sends.
        """
        ...

    async def close(self) -> None:
        """End it in both directions and release it; more calls do nothing."""
        ...


class PortTunnel(Protocol):
    """A way to all ports of one pod; it carries any number of connections."""

    async def connect(self, port: int) -> PortConnection:
        """Open a connection. That the port refuses it may show only when it is read. Raises ConnectionFailedError."""
        ...

    async def wait_closed(self) -> None:
        """Return when no new connection is possible: the tunnel is lost, or its node does not accept connections.

        Connections that are open may still work in the second case.
        """
        ...


class PodPorts(Protocol):
    """Opens tunnels to pods. `kube.connection.Connection` implements it."""

    def open_ports(self, namespace: str, pod: str) -> AbstractAsyncContextManager[PortTunnel]:
        """Open a tunnel to a pod. Leaving the context ends all its connections.

        Raises:
            ForbiddenError: the user may not create pods/portforward.
            NotFoundError: there is no such pod.
            StreamsUnsupportedError: the server or something before it speaks no WebSocket.
            KdashError: any other failure.
        """
        ...
