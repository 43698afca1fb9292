"""A bare HTTP client for the simulator's tests: it adds a token and nothing else."""

import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp

Object = dict[str, Any]
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
METADATA = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"
METADATA_LIST = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"


@dataclass(frozen=True, slots=True)
class RawResponse:
    """A response: status, headers, and the body as JSON (or as text if it is not JSON)."""

    status: int
    headers: dict[str, str]
    body: Any


class LineStream:
    """A stream of lines: a watch or a followed log."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self._held = b""

    async def text(self) -> str:
        """Return the next whole line; "" at the end."""
        while b"\n" not in self._held:
            piece = await self._response.content.readany()
            if not piece:
                rest, self._held = self._held, b""
                return rest.decode()
            self._held += piece
        line, _, self._held = self._held.partition(b"\n")
        return line.decode()

    async def raw(self, count: int | None = None) -> bytes:
        """Return `count` bytes, or (None) everything until the end."""
        while count is None or len(self._held) < count:
            piece = await self._response.content.readany()
            if not piece:
                break
            self._held += piece
        read, self._held = self._held[:count], self._held[count:] if count is not None else b""
        return read

    def is_idle(self) -> bool:
        """Return whether the stream is open and has no unread data."""
        content = self._response.content
        return not self._held and not content.is_eof() and content.total_bytes > 0 and not content.read_nowait()

    async def event(self) -> Object:
        """Return the next event of a watch."""
        event: Object = json.loads(await self.text())
        return event

    async def remaining(self) -> list[str]:
        """Return all lines until the end."""
        lines = []
        while line := await self.text():
            lines.append(line)
        return lines


class RawClient:
    """Sends requests as one user."""

    def __init__(self, session: aiohttp.ClientSession, url: str, token: str) -> None:
        self._session = session
        self._url = url
        self._token = token

    def as_user(self, token: str) -> "RawClient":
        return RawClient(self._session, self._url, token)

    async def send(
        self, method: str, path: str, body: Any = None, *, content_type: str = "", accept: str = "*/*"
    ) -> RawResponse:
        """Send a request; a body that is not bytes is sent as JSON."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        headers = self._headers(accept)
        if data is not None:
            headers["Content-Type"] = content_type or "application/json"
        async with self._session.request(method, self._url + path, data=data, headers=headers) as response:
            raw = await response.read()
            with contextlib.suppress(ValueError):
                return RawResponse(response.status, dict(response.headers), json.loads(raw))
            return RawResponse(response.status, dict(response.headers), raw.decode())

    async def get(self, path: str, *, accept: str = "*/*") -> RawResponse:
        return await self.send("GET", path, accept=accept)

    async def patch(self, path: str, body: Any, *, kind: str = "merge") -> RawResponse:
        """Send a patch; `kind` is `merge`, `strategic-merge` or `json`."""
        return await self.send("PATCH", path, body, content_type=f"application/{kind}-patch+json")

    @contextlib.asynccontextmanager
    async def stream(self, path: str, *, accept: str = "*/*") -> AsyncIterator[LineStream]:
        """Open a watch or a log."""
        async with self._session.get(self._url + path, headers=self._headers(accept)) as response:
            assert response.status == 200, await response.text()
            yield LineStream(response)

    def _headers(self, accept: str) -> dict[str, str]:
        headers = {"Accept": accept}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        return headers
