"""The frames of SPDY/3.1: what is sent is what client-go sends, and what arrives is read wherever it was cut."""

from __future__ import annotations

import struct
import zlib

import pytest

from k9py.kube.spdy import (
    MAX_CONTROL_FRAME,
    DataFrame,
    Frame,
    FrameReader,
    FrameWriter,
    GoAwayFrame,
    NewStreamFrame,
    PingFrame,
    ReplyFrame,
    ResetFrame,
    SpdyError,
    data_frame,
    go_away_frame,
    header_dictionary,
    ping_frame,
    reset_frame,
)

DICTIONARY_ADLER32 = 0xE3C6A7C2
"""Of the dictionary that SPDY/3 prescribes: zlib names it so in the first header block."""


def frames(*chunks: bytes) -> list[Frame]:
    reader = FrameReader()
    return [frame for chunk in chunks for frame in reader.feed(chunk)]


def control(kind: int, payload: bytes, *, flags: int = 0, version: int = 3) -> bytes:
    return struct.pack(">HHI", 0x8000 | version, kind, flags << 24 | len(payload)) + payload


def test_the_headers_of_a_new_stream_are_compressed_with_the_dictionary_of_spdy_3() -> None:
    writer = FrameWriter()
    first = writer.new_stream(1, {"streamtype": "error", "port": "80", "requestid": "0"})
    second = writer.new_stream(3, {"streamtype": "data", "port": "80", "requestid": "0"})

    assert first[:8] == struct.pack(">HHI", 0x8003, 1, len(first) - 8)
    assert first[8:18] == struct.pack(">IIBB", 1, 0, 0, 0)
    assert int.from_bytes(first[20:24]) == DICTIONARY_ADLER32
    assert len(second) < len(first)
    decompressor = zlib.decompressobj(zdict=header_dictionary())
    assert decompressor.decompress(first[18:]) == block(streamtype="error", port="80", requestid="0")
    assert decompressor.decompress(second[18:]) == block(streamtype="data", port="80", requestid="0")


def block(**headers: str) -> bytes:
    parts = [struct.pack(">I", len(headers))]
    for name, value in headers.items():
        parts += [struct.pack(">I", len(text)) + text.encode() for text in (name, value)]
    return b"".join(parts)


@pytest.mark.parametrize(
    ("sent", "frame"),
    [
        (data_frame(3, b"abc"), DataFrame(3, b"abc", False)),
        (data_frame(3, b"abc", is_last=True), DataFrame(3, b"abc", True)),
        (data_frame(3, b"", is_last=True), DataFrame(3, b"", True)),
        (reset_frame(5, 3), ResetFrame(5, 3)),
        (ping_frame(2), PingFrame(2)),
        (go_away_frame(), GoAwayFrame(0)),
        (control(2, struct.pack(">I", 7) + b"compressed"), ReplyFrame(7, False)),
        (control(2, struct.pack(">I", 7), flags=1), ReplyFrame(7, True)),
        (control(1, struct.pack(">IIBB", 2, 0, 0, 0)), NewStreamFrame(2)),
    ],
)
def test_a_frame_is_read_in_one_piece_and_byte_by_byte(sent: bytes, frame: Frame) -> None:
    assert frames(sent) == [frame]
    pieces = frames(*(sent[i : i + 1] for i in range(len(sent))))
    if isinstance(frame, DataFrame):
        assert b"".join(piece.data for piece in pieces if isinstance(piece, DataFrame)) == frame.data
        assert [isinstance(piece, DataFrame) and piece.is_last for piece in pieces][-1] == frame.is_last
        assert sum(isinstance(piece, DataFrame) and piece.is_last for piece in pieces) == frame.is_last
    else:
        assert pieces == [frame]


def test_frames_in_one_chunk_are_all_read() -> None:
    sent = ping_frame(2) + data_frame(3, b"ab") + data_frame(7, b"cd") + reset_frame(3, 5)
    assert frames(sent) == [PingFrame(2), DataFrame(3, b"ab", False), DataFrame(7, b"cd", False), ResetFrame(3, 5)]


def test_frames_that_have_no_meaning_here_are_ignored() -> None:
    settings, headers, window_update, unknown = (control(kind, b"\0" * 8) for kind in (4, 8, 9, 77))
    assert frames(settings + headers + window_update + unknown + data_frame(3, b"") + ping_frame(4)) == [PingFrame(4)]


@pytest.mark.parametrize(
    "sent",
    [
        control(6, b"\0\0\0\1", version=2),
        control(6, b"\0"),
        struct.pack(">HHI", 0x8003, 6, MAX_CONTROL_FRAME + 1),
        struct.pack(">II", 0, 4) + b"abcd",
    ],
)
def test_what_is_no_frame_is_an_error_before_it_is_collected(sent: bytes) -> None:
    with pytest.raises(SpdyError):
        frames(sent)


def test_a_large_payload_is_passed_on_as_it_comes() -> None:
    reader = FrameReader()
    header = struct.pack(">II", 3, 0x01 << 24 | 1 << 20)
    assert list(reader.feed(header)) == []
    chunk = b"x" * (1 << 19)
    (first,) = reader.feed(chunk)
    assert isinstance(first, DataFrame)
    assert first.data is chunk
    assert list(reader.feed(chunk)) == [DataFrame(3, chunk, True)]
