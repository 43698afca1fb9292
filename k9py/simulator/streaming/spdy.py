"""The server's end of SPDY/3.1 inside a WebSocket: frames, their headers, and a record of them for tests.

Invariant: it behaves as moby/spdystream does for a kubelet: frames of one stream are handled in order, flow control
does not exist, WINDOW_UPDATE and SETTINGS are ignored. The record has a bound: the oldest frames are dropped.
"""

import itertools
import struct
import zlib
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

KEPT_FRAMES = 20_000
SYN_STREAM, SYN_REPLY, RST_STREAM, PING, GOAWAY, DATA = 1, 2, 3, 6, 7, 0
PROTOCOL_ERROR, CANCEL = 1, 5
FIN = 1
_NAMES = {1: "SYN_STREAM", 2: "SYN_REPLY", 3: "RST_STREAM", 4: "SETTINGS", 6: "PING", 7: "GOAWAY", 8: "HEADERS"}
_HEADER_NAMES = (
    "options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age "
    "allow authorization cache-control connection content-base content-encoding content-language content-length "
    "content-location content-md5 content-range content-type date etag expect expires from host if-match "
    "if-modified-since if-none-match if-range if-unmodified-since last-modified location max-forwards pragma "
    "proxy-authenticate proxy-authorization range referer retry-after server te trailer transfer-encoding upgrade "
    "user-agent vary via warning www-authenticate method get status"
)
_CONTROL = 1 << 31
_MAX_HEADERS = 64 * 1024


@dataclass(frozen=True, slots=True)
class TunnelFrame:
    """One frame of a tunnel.

    Args:
        tunnel: number of the tunnel, from 1.
        direction: as the server sees it.
        kind: as the protocol names it: `SYN_STREAM`, `DATA`.
        stream: id of the stream; of a PING its number; 0 for frames of the whole tunnel.
        is_last: its sender ends the stream with it.
        headers: of a new stream.
        length: bytes of a DATA frame.
        status: of a RST_STREAM.
    """

    tunnel: int
    direction: Literal["received", "sent"]
    kind: str
    stream: int
    is_last: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    length: int = 0
    status: int = 0


class TunnelRecord:
    """The latest frames of all tunnels of a server, oldest first."""

    def __init__(self) -> None:
        self.frames: deque[TunnelFrame] = deque(maxlen=KEPT_FRAMES)
        self._numbers = itertools.count(1)

    def next_number(self) -> int:
        """Return the number of a new tunnel."""
        return next(self._numbers)

    def add(self, frame: TunnelFrame) -> None:
        """Append a frame."""
        self.frames.append(frame)


@dataclass(frozen=True, slots=True)
class Frame:
    """A received frame: its kind, the id of its stream (PING: its number), flags, and what it carries."""

    kind: int
    stream: int
    flags: int = 0
    data: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int = 0

    @property
    def is_last(self) -> bool:
        return bool(self.flags & FIN)

    def recorded(self, tunnel: int, direction: Literal["received", "sent"]) -> TunnelFrame:
        """Return it as the record keeps it."""
        name = "DATA" if self.kind == DATA else _NAMES.get(self.kind, str(self.kind))
        return TunnelFrame(
            tunnel, direction, name, self.stream, self.is_last, self.headers, len(self.data), self.status
        )


class FrameDecoder:
    """Collects messages and returns the frames that are complete."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._decompressor = zlib.decompressobj(zdict=header_dictionary())

    def feed(self, message: bytes) -> Iterator[Frame]:
        """Yield the frames that a message completes.

        Raises:
            ValueError: the client does not speak SPDY/3.
        """
        self._held += message
        while len(self._held) >= 8:
            first, second = struct.unpack_from(">II", self._held)
            length = second & 0xFFFFFF
            if len(self._held) < 8 + length:
                return
            payload = bytes(self._held[8 : 8 + length])
            del self._held[: 8 + length]
            yield self._frame(first, second >> 24, payload)

    def _frame(self, first: int, flags: int, payload: bytes) -> Frame:
        if not first & _CONTROL:
            return Frame(DATA, first, flags, payload)
        if first >> 16 & 0x7FFF != 3:
            raise ValueError(f"SPDY version {first >> 16 & 0x7FFF}")
        kind = first & 0xFFFF
        stream = struct.unpack_from(">I", payload)[0] if len(payload) >= 4 else 0
        match kind:
            case 1:
                return Frame(kind, stream, flags, headers=self._headers(payload[10:]))
            case 3:
                return Frame(kind, stream, flags, status=struct.unpack_from(">I", payload, 4)[0])
            case _:
                return Frame(kind, stream, flags)

    def _headers(self, block: bytes) -> dict[str, str]:
        data = self._decompressor.decompress(block, _MAX_HEADERS)
        count, at = struct.unpack_from(">I", data)[0], 4
        texts = []
        for _ in range(2 * count):
            (length,) = struct.unpack_from(">I", data, at)
            texts.append(data[at + 4 : at + 4 + length].decode())
            at += 4 + length
        return dict(zip(texts[::2], texts[1::2], strict=True))


class FrameEncoder:
    """Encodes the frames that a server sends."""

    def __init__(self) -> None:
        self._compressor = zlib.compressobj(9, zdict=header_dictionary())

    def encode(self, frame: Frame) -> bytes:
        """Return a frame's bytes; replies have no headers. Encode in the order of sending."""
        match frame.kind:
            case 0:
                return struct.pack(">II", frame.stream, frame.flags << 24 | len(frame.data)) + frame.data
            case 2:
                block = self._compressor.compress(struct.pack(">I", 0)) + self._compressor.flush(zlib.Z_SYNC_FLUSH)
                return _control(2, frame.flags, struct.pack(">I", frame.stream) + block)
            case 6:
                return _control(6, 0, struct.pack(">I", frame.stream))
            case kind:
                return _control(kind, frame.flags, struct.pack(">II", frame.stream, frame.status))


def _control(kind: int, flags: int, payload: bytes) -> bytes:
    return struct.pack(">II", _CONTROL | 3 << 16 | kind, flags << 24 | len(payload)) + payload


def header_dictionary() -> bytes:
    """Return the dictionary with which both compressors of headers begin (SPDY protocol draft 3, 2.6.10.1)."""
    values = ["200 OK", "version", "HTTP/1.1", "url", "public", "set-cookie", "keep-alive", "origin"]
    codes = (
        "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505"
        "203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized"
        "403 Forbidden404 Not Found500 Internal Server Error501 Not Implemented503 Service Unavailable"
    )
    dates = "Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMT"
    types = (
        "chunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,"
        "text/javascript,publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0."
    )
    words = b"".join(struct.pack(">I", len(word)) + word.encode() for word in (*_HEADER_NAMES.split(), *values))
    return words + (codes + dates + types).encode()
