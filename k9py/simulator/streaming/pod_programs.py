"""The programs that listen on the ports of simulated containers: small HTTP servers, and TCP echo.

Invariant: a container's port has a program while the container runs; a port that no container has, or that is not TCP,
has none. A port named `echo`, or with the number 7, echoes; every other one speaks HTTP/1.1.
To add a program: a coroutine over `PortStream`, and its condition in `program_at`.
"""

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, NamedTuple, Protocol
from urllib.parse import parse_qs, urlsplit

from k9py.simulator.clock import SimulationClock

Object = Mapping[str, Any]
ECHO_PORT = 7
SLOW_SECONDS = 2.0
_MAX_HEAD = 64 * 1024
_PIECE = bytes(64 * 1024)
_LENGTH = re.compile(rb"^content-length:\s*(\d+)\s*$", re.IGNORECASE | re.MULTILINE)
_CLOSE = re.compile(rb"^connection:\s*close\s*$", re.IGNORECASE | re.MULTILINE)


class PortStream(Protocol):
    """A TCP connection as the program in the pod has it."""

    async def read(self) -> bytes:
        """Return the next bytes; b"" at the end."""
        ...

    async def write(self, data: bytes) -> None:
        """Send bytes; waits while the connection is full."""
        ...


Program = Callable[[PortStream], Awaitable[None]]


class Listener(NamedTuple):
    """A program that listens in a pod: its container, the id of its run, and what it does."""

    container: str
    run: str
    program: Program


def program_at(pod: Object, port: int, clock: SimulationClock) -> Listener | None:
    """Return what listens on a port of a stored pod; None: nothing does."""
    for container, run in running_containers(pod):
        for declared in container.get("ports") or ():
            if declared.get("containerPort") == port and declared.get("protocol", "TCP") == "TCP":
                if port == ECHO_PORT or declared.get("name") == "echo":
                    return Listener(container["name"], run, _echo)
                return Listener(container["name"], run, _HttpServer(pod["metadata"]["name"], clock).serve)
    return None


def running_containers(pod: Object) -> Iterator[tuple[Object, str]]:
    """Yield the spec of every running container with the id of its run."""
    runs = {
        status["name"]: status.get("containerID") or str(status.get("restartCount", 0))
        for field in ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses")
        for status in (pod.get("status") or {}).get(field) or ()
        if "running" in (status.get("state") or {})
    }
    for field in ("initContainers", "containers", "ephemeralContainers"):
        for container in pod["spec"].get(field) or ():
            if container["name"] in runs:
                yield container, runs[container["name"]]


async def _echo(stream: PortStream) -> None:
    while data := await stream.read():
        await stream.write(data)


class _HttpServer:
    """Answers requests of one connection: `/` with the pod's name, `/slow`, `/big?bytes=N`; a POST with its body."""

    def __init__(self, pod: str, clock: SimulationClock) -> None:
        self._pod = pod
        self._clock = clock
        self._held = bytearray()

    async def serve(self, stream: PortStream) -> None:
        while (head := await self._read_head(stream)) is not None:
            line, _, headers = head.partition(b"\r\n")
            method, _, target = line.decode("latin-1").partition(" ")
            length = _LENGTH.search(headers.replace(b"\r", b""))
            body = await self._read_body(stream, int(length[1])) if length is not None else b""
            is_last = _CLOSE.search(headers.replace(b"\r", b"")) is not None
            await self._answer(stream, method, target.partition(" ")[0], body, is_last=is_last)
            if is_last:
                return

    async def _answer(self, stream: PortStream, method: str, target: str, body: bytes, *, is_last: bool) -> None:
        parts = urlsplit(target)
        connection = "close" if is_last else "keep-alive"
        code, content = "200 OK", f"{self._pod}\n".encode()
        length: int | None = None
        if method == "POST":
            content = body
        elif parts.path == "/slow":
            await self._clock.sleep(SLOW_SECONDS)
        elif parts.path == "/big":
            length = int((parse_qs(parts.query).get("bytes") or ["0"])[0])
        elif parts.path != "/":
            code, content = "404 Not Found", b"not found\n"
        size = len(content) if length is None else length
        head = (
            f"HTTP/1.1 {code}\r\nContent-Type: text/plain\r\nContent-Length: {size}\r\nConnection: {connection}\r\n\r\n"
        )
        if method == "HEAD":
            await stream.write(head.encode())
        elif length is None:
            await stream.write(head.encode() + content)
        else:
            await stream.write(head.encode())
            for at in range(0, length, len(_PIECE)):
                await stream.write(_PIECE[: length - at])

    async def _read_head(self, stream: PortStream) -> bytes | None:
        while b"\r\n\r\n" not in self._held:
            data = await stream.read()
            if not data or len(self._held) > _MAX_HEAD:
                return None
            self._held += data
        end = self._held.index(b"\r\n\r\n")
        head = bytes(self._held[:end])
        del self._held[: end + 4]
        return head

    async def _read_body(self, stream: PortStream, length: int) -> bytes:
        while len(self._held) < length:
            data = await stream.read()
            if not data:
                break
            self._held += data
        body = bytes(self._held[:length])
        del self._held[:length]
        return body
