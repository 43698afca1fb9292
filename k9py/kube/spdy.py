"""The frames of SPDY/3.1 that a port-forward exchanges: bytes in, frames out, and the other way round.

Owns: the wire format (SPDY protocol draft 3, "Framing layer"), as far as kubelets and container runtimes use it. They
serve streams with moby/spdystream, which sends and understands SYN_STREAM, SYN_REPLY, RST_STREAM, PING, GOAWAY and
DATA; it ignores WINDOW_UPDATE and SETTINGS, so SPDY's flow control does not exist here.

Invariant: nothing here does I/O, and nothing that arrives makes it allocate more than `MAX_CONTROL_FRAME`; payloads of
DATA frames are passed on as they come, never collected. Header blocks that arrive are skipped: no header of a reply has
a meaning in port-forward.
To add a frame: its number in `_Kind`, a NamedTuple, and a `case` in `_control_frame`.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping
from enum import IntEnum
from typing import Final, NamedTuple

MAX_CONTROL_FRAME: Final = 64 << 10
"""Bytes of a control frame that is accepted; those of a port-forward have less than 200."""
MAX_STREAM_ID: Final = 0x7FFF_FFFF
CANCEL: Final = 5
"""Status of RST_STREAM: the stream is no longer needed."""
REFUSED_STREAM: Final = 3
_HEADER: Final = struct.Struct(">II")
_CONTROL_BIT: Final = 0x8000_0000
_VERSION: Final = 3
_LENGTH_MASK: Final = 0xFF_FFFF
_FIN: Final = 1

# The dictionary of SPDY/3's header compression: names and values with their lengths, then what else is frequent.
_DICTIONARY_WORDS: Final = (
    "options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age allow "
    "authorization cache-control connection content-base content-encoding content-language content-length "
    "content-location content-md5 content-range content-type date etag expect expires from host if-match "
    "if-modified-since if-none-match if-range if-unmodified-since last-modified location max-forwards pragma "
    "proxy-authenticate proxy-authorization range referer retry-after server te trailer transfer-encoding upgrade "
    "user-agent vary via warning www-authenticate method get status 200_OK version HTTP/1.1 url public set-cookie "
    "keep-alive origin"
)
_DICTIONARY_TAIL: Final = (
    b"100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505203 Non-Authoritative "
    b"Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden404 Not Found500 "
    b"Internal Server Error501 Not Implemented503 Service UnavailableJan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec "
    b"00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMTchunked,text/html,image/png,image/jpg,image/gif,application/xml,"
    b"application/xhtml+xml,text/plain,text/javascript,publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset="
    b"iso-8859-1,utf-,*,enq=0."
)


class _Kind(IntEnum):
    SYN_STREAM = 1
    SYN_REPLY = 2
    RST_STREAM = 3
    PING = 6
    GOAWAY = 7


class SpdyError(Exception):
    """What arrived is no SPDY/3 frame: the stream of frames cannot be read any further."""


class DataFrame(NamedTuple):
    """A part of a DATA frame's payload; `is_last`: the sender ends the stream after it."""

    stream_id: int
    data: bytes
    is_last: bool


class ReplyFrame(NamedTuple):
    """SYN_REPLY: the stream was accepted; `is_last`: and nothing will be sent on it."""

    stream_id: int
    is_last: bool


class ResetFrame(NamedTuple):
    """RST_STREAM: the stream is over in both directions."""

    stream_id: int
    status: int


class NewStreamFrame(NamedTuple):
    """SYN_STREAM: the other side opens a stream."""

    stream_id: int


class PingFrame(NamedTuple):
    """PING: odd numbers are the client's, even ones the server's; an answer has the number of its question."""

    number: int


class GoAwayFrame(NamedTuple):
    """GOAWAY: no new stream is accepted."""

    last_stream_id: int


Frame = DataFrame | ReplyFrame | ResetFrame | NewStreamFrame | PingFrame | GoAwayFrame


class FrameReader:
    """Splits the bytes that arrive into frames, wherever they were cut."""

    def __init__(self) -> None:
        self._pending = bytearray()  # the beginning of a header or of a control frame
        self._needed = _HEADER.size  # bytes of `_pending` that make it complete
        self._stream_id = 0
        self._remaining = 0  # bytes of the current DATA frame that have not arrived
        self._is_last = False

    def feed(self, chunk: bytes) -> Iterator[Frame]:
        """Yield the frames, and the parts of DATA frames, that bytes complete.

        Raises:
            SpdyError: at the first byte that cannot be one of a frame.
        """
        position, size = 0, len(chunk)
        while position < size:
            if self._remaining:
                end = min(position + self._remaining, size)
                data = chunk if end - position == size else chunk[position:end]
                self._remaining -= end - position
                position = end
                yield DataFrame(self._stream_id, data, self._is_last and not self._remaining)
                continue
            end = position + self._needed - len(self._pending)
            self._pending += chunk[position:end]
            position = min(end, size)
            if len(self._pending) == self._needed:
                frame = self._completed()
                if frame is not None:
                    yield frame

    def _completed(self) -> Frame | None:
        """Handle a complete header, or a complete control frame."""
        first, second = _HEADER.unpack_from(self._pending)
        length = second & _LENGTH_MASK
        if not first & _CONTROL_BIT:
            self._restart()
            if not first:
                raise SpdyError("a DATA frame has no stream")
            is_last = bool(second >> 24 & _FIN)
            if not length:
                return DataFrame(first, b"", is_last) if is_last else None
            self._stream_id, self._remaining, self._is_last = first, length, is_last
            return None
        if first >> 16 & 0x7FFF != _VERSION:
            raise SpdyError(f"a frame has version {first >> 16 & 0x7FFF}")
        if length > MAX_CONTROL_FRAME:
            raise SpdyError(f"a control frame has {length} bytes")
        if len(self._pending) < _HEADER.size + length:
            self._needed = _HEADER.size + length
            return None
        payload = bytes(self._pending[_HEADER.size :])
        self._restart()
        return _control_frame(first & 0xFFFF, second >> 24, payload)

    def _restart(self) -> None:
        self._pending.clear()
        self._needed = _HEADER.size


def _control_frame(kind: int, flags: int, payload: bytes) -> Frame | None:
    """Return a control frame, None for those that are ignored (SETTINGS, HEADERS, WINDOW_UPDATE and unknown ones)."""
    number = int.from_bytes(payload[:4])
    match kind:
        case _Kind.SYN_STREAM:
            frame: Frame = NewStreamFrame(number & MAX_STREAM_ID)
        case _Kind.SYN_REPLY:
            frame = ReplyFrame(number & MAX_STREAM_ID, bool(flags & _FIN))
        case _Kind.RST_STREAM:
            frame = ResetFrame(number & MAX_STREAM_ID, int.from_bytes(payload[4:8]))
        case _Kind.PING:
            frame = PingFrame(number)
        case _Kind.GOAWAY:
            frame = GoAwayFrame(number & MAX_STREAM_ID)
        case _:
            return None
    if len(payload) < 4:
        raise SpdyError(f"a control frame of type {kind} has {len(payload)} bytes")
    return frame


class FrameWriter:
    """Encodes frames. Those with headers must be sent in the order they were encoded: they share a compressor."""

    def __init__(self) -> None:
        self._compressor = zlib.compressobj(zlib.Z_BEST_COMPRESSION, zdict=header_dictionary())

    def new_stream(self, stream_id: int, headers: Mapping[str, str]) -> bytes:
        """Return a SYN_STREAM frame of the highest priority. Header names are lower-case."""
        block = [struct.pack(">I", len(headers))]
        for name, value in headers.items():
            for text in (name.encode(), value.encode()):
                block += (struct.pack(">I", len(text)), text)
        compressed = self._compressor.compress(b"".join(block)) + self._compressor.flush(zlib.Z_SYNC_FLUSH)
        return _control(_Kind.SYN_STREAM, struct.pack(">IIBB", stream_id, 0, 0, 0) + compressed)


def data_frame(stream_id: int, data: bytes | memoryview, *, is_last: bool = False) -> bytes:
    """Return a DATA frame; at most 16 MB fit into one."""
    return b"".join((_HEADER.pack(stream_id, is_last << 24 | len(data)), data))


def reset_frame(stream_id: int, status: int) -> bytes:
    """Return a RST_STREAM frame."""
    return _control(_Kind.RST_STREAM, _HEADER.pack(stream_id, status))


def ping_frame(number: int) -> bytes:
    """Return a PING frame."""
    return _control(_Kind.PING, struct.pack(">I", number))


def go_away_frame() -> bytes:
    """Return a GOAWAY frame: the sender accepted no stream, and ends without an error."""
    return _control(_Kind.GOAWAY, _HEADER.pack(0, 0))


def _control(kind: _Kind, payload: bytes) -> bytes:
    return _HEADER.pack(_CONTROL_BIT | _VERSION << 16 | kind, len(payload)) + payload


def header_dictionary() -> bytes:
    """Return what both sides' compressors of headers begin with."""
    words = [word.replace("_", " ").encode() for word in _DICTIONARY_WORDS.split()]
    return b"".join(struct.pack(">I", len(word)) + word for word in words) + _DICTIONARY_TAIL
