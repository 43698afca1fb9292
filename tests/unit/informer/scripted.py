"""A server that follows a script, a clock that never waits, and JSON for a server to send.

`ScriptedServer` answers each request with the next answer of its script, records the requests, and raises `ScriptOver`
at the end of the script: whatever reads it ends there, so no test waits for anything.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from k9py.api.errors import KdashError

START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class ScriptOver(BaseException):
    """The script has no more responses."""


class SteppingClock:
    """A clock that advances only by waiting, and waits that take no real time. `waits` are the requested seconds."""

    def __init__(self, *, tick: float = 0.0) -> None:
        self.waits: list[float] = []
        self.seconds = 0.0
        self._tick = tick

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        self.seconds += self._tick
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.seconds += seconds
        await asyncio.sleep(0)


@dataclass(frozen=True)
class Listed:
    """Answer to a list: one page."""

    body: bytes


@dataclass(frozen=True)
class Stream:
    """Answer to a watch: batches of lines, after `seconds` the end. `then` is how it ends: "closed" in order, with an
    error, or not at all ("open": it hangs until it is cancelled). Each batch takes `between` seconds."""

    lines: Sequence[Sequence[bytes]] = ()
    then: Literal["closed", "open"] | KdashError = "closed"
    seconds: float = 60.0
    between: float = 0.0


@dataclass(frozen=True)
class Asked:
    """A received request. For a list `at` is the continue token, for a watch the resourceVersion."""

    verb: Literal["list", "watch", "watch-list"]
    at: str = ""


Answer = Listed | Stream | KdashError


class ScriptedServer:
    """A `ListerWatcher` that answers from a script.

    Args:
        probes: the versions that probes are answered with, or what they fail with. None, and after the last of them:
            with one that cannot be compared.
        takes: seconds until a list is answered.
    """

    def __init__(
        self, clock: SteppingClock, *script: Answer, probes: Sequence[int | KdashError | None] = (), takes: float = 0
    ) -> None:
        self.asked: list[Asked] = []
        self.probed = 0
        self.timeouts: list[int] = []
        self.idle_timeouts: list[float] = []
        self._idle_timeout: Callable[[], float] | None = None
        self._takes = takes
        self._probes: list[int | KdashError | None] = [*probes]
        self.limits: list[int] = []
        self.open_streams = 0
        self.hangs = asyncio.Event()
        self._clock = clock
        self._script = list(script)

    def answer_with(self, *script: Answer) -> None:
        """Continue with these answers."""
        self._script += script

    def _next(self) -> Answer:
        if not self._script:
            raise ScriptOver
        answer = self._script.pop(0)
        if isinstance(answer, KdashError):
            raise answer
        return answer

    async def list_page(self, *, limit: int, continue_token: str = "", resource_version: str | None = None) -> bytes:
        assert resource_version is None, "a limit is ignored by the server together with a resourceVersion"
        self.asked.append(Asked("list", continue_token))
        self.limits.append(limit)
        self._clock.seconds += self._takes
        answer = self._next()
        assert isinstance(answer, Listed), f"the script expected a watch, got {self.asked[-1]}"
        return answer.body

    async def probe(self) -> bytes:
        self.probed += 1
        answer = self._probes.pop(0) if self._probes else None
        if isinstance(answer, KdashError):
            raise answer
        version = "" if answer is None else str(answer)
        return json.dumps({"metadata": {"resourceVersion": version}, "items": []}).encode()

    def watch(
        self,
        *,
        resource_version: str,
        send_initial_events: bool,
        timeout_seconds: int,
        idle_timeout: Callable[[], float] | None = None,
    ) -> AbstractAsyncContextManager[AsyncIterator[list[bytes]]]:
        assert 10 <= timeout_seconds <= 60
        self.timeouts.append(timeout_seconds)
        self._idle_timeout = idle_timeout
        self.asked.append(Asked("watch-list" if send_initial_events else "watch", resource_version))
        return self._opened()

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[AsyncIterator[list[bytes]]]:
        answer = self._next()
        assert isinstance(answer, Stream), f"the script expected a list, got {self.asked[-1]}"
        self.open_streams += 1
        try:
            yield self._lines(answer)
        finally:
            self.open_streams -= 1

    async def _lines(self, stream: Stream) -> AsyncIterator[list[bytes]]:
        idle_timeout = self._idle_timeout
        for lines in stream.lines:
            self.idle_timeouts.append(idle_timeout() if idle_timeout else 0.0)
            self._clock.seconds += stream.between
            yield list(lines)
        self.idle_timeouts.append(idle_timeout() if idle_timeout else 0.0)
        self._clock.seconds += stream.seconds
        if isinstance(stream.then, KdashError):
            raise stream.then
        if stream.then == "open":
            self.hangs.set()
            await asyncio.Event().wait()


def pod(name: str, version: int | str, *, uid: str = "", **labels: str) -> dict[str, Any]:
    """Return a pod in namespace `shop`, as a JSON dict."""
    metadata = {"name": name, "namespace": "shop", "uid": uid or f"uid-{name}", "resourceVersion": str(version)}
    return {"metadata": {**metadata, "labels": labels}, "spec": {}, "status": {}}


def page(version: int | str, *pods: dict[str, Any], token: str = "") -> Listed:
    """Return a list page; a token means that there is a next page."""
    body = {"kind": "PodList", "metadata": {"resourceVersion": str(version), "continue": token}, "items": pods}
    return Listed(json.dumps(body).encode())


def added(obj: dict[str, Any]) -> bytes:
    return event("ADDED", obj)


def modified(obj: dict[str, Any]) -> bytes:
    return event("MODIFIED", obj)


def deleted(obj: dict[str, Any]) -> bytes:
    return event("DELETED", obj)


def bookmark(version: int | str, *, ends_list: bool = False) -> bytes:
    """Return a bookmark; optionally the one that ends an initial list."""
    annotations = {"k8s.io/initial-events-end": "true"} if ends_list else {}
    metadata = {"resourceVersion": str(version), "annotations": annotations}
    return event("BOOKMARK", {"kind": "Pod", "metadata": metadata, "spec": {"containers": None}, "status": {}})


def error(code: int, reason: str = "", **details: Any) -> bytes:
    """Return an ERROR event: its object is a Status, whose `status` is a string."""
    status = {"kind": "Status", "status": "Failure", "message": "refused on purpose", "reason": reason, "code": code}
    return event("ERROR", {**status, "details": details} if details else status)


def event(kind: str, obj: dict[str, Any]) -> bytes:
    return json.dumps({"type": kind, "object": obj}, separators=(",", ":")).encode()
