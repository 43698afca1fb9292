"""What is masked in a line, and what stays."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k9py.logs.templates.mask import MAX_SKELETON, mask, skeleton


def masked(text: str) -> str:
    return mask(skeleton(text))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("retry 3 of 10, 90% done", "retry <num> of <num>, <num>% done"),
        ("offset -12 is 1,204.5 or 1e-05", "offset <num> is <num> or <num>"),
        ("user 123e4567-e89b-12d3-a456-426614174000 is in", "user <id> is in"),
        ("trace=3f2a99bc8d1e4f00 at 0x7ffe12", "trace=<id> at <id>"),
        ("commit a1b2c3d by 01HZX3V5Q8K9J7M6N5P4R3S2T1", "commit <id> by <id>"),
        ("pod checkout-7d9f8b6c5-x2x9z is gone", "pod checkout-<id> is gone"),
        ("from 10.0.0.1:443 and [2001:db8::1]:8080", "from <ip> and [<ip>]:<num>"),
        ("took 12.5ms, then 1m30s", "took <duration>, then <duration>"),
        ("heap at 61 MiB of 128Mi", "heap at <size> of <size>"),
        ("2026-01-01T12:00:00.123Z INFO up", "INFO up"),
        ("2026-01-01 12:00:00,123 INFO since 2026-01-01", "INFO since <time>"),
        ("[12:00:01] up since 12:00:00", "up since <time>"),
        ("Jan  2 15:04:05 host sshd[123]: bye", "host sshd[<num>]: bye"),
        ('E0102 15:04:05.123456       1 r.go:12] lost "x"', 'E <num> r.go:<num>] lost "<text>"'),
        ("can't read 'a b' or `c`, won't \"try\"", "can't read '<text>' or `<text>`, won't \"<text>\""),
        ('"all of it is quoted"', '"all of it is quoted"'),
        ("mail to jo.doe@example.com failed", "mail to <email> failed"),
        ("GET /q?x=tea&page=2 for /orders/77", "GET /q?x=<text>&page=<text> for /orders/<num>"),
        ("nothing to mask in here", "nothing to mask in here"),
    ],
)
def test_values_become_placeholders_and_words_stay(text: str, message: str) -> None:
    assert masked(text) == message


def test_requests_keep_their_path_and_the_class_of_their_answer() -> None:
    line = '10.2.3.4 - - [01/Jan/2026:12:00:00 +0000] "GET /orders/{} HTTP/1.1" {} 310 "-" "curl/8.1" 0.01'
    message = '"GET /orders/<num> HTTP" {} <num> "<text>" "<text>" <num>'
    assert masked(line.format(1, 200)) == masked(line.format(22, 204)) == message.format("2xx")
    assert masked(line.format(3, 503)) == message.format("5xx")
    gin = "[GIN] 2026/01/01 - 12:00:00 | {} |    1.2ms | 10.0.0.9 | GET /x"
    assert masked(gin.format(200)) != masked(gin.format(500))


@given(st.text(st.sampled_from("ab 0.:-/\"'=x"), max_size=60), st.integers(1, 9), st.integers(10, 99999))
def test_which_digits_a_number_has_changes_nothing(text: str, entry: int, other: int) -> None:
    assert masked(text.replace("x", str(entry))) == masked(text.replace("x", str(other)))


@given(st.text(max_size=300))
def test_any_text_is_masked_and_printable_text_stays_printable(text: str) -> None:
    result = masked(text)
    assert not re.search("[0-9]", re.sub("[1-5]xx", "", result))
    assert result.isprintable() or not text.isprintable()


def test_only_the_beginning_of_a_long_line_counts() -> None:
    assert masked("word " * 1000 + "one") == masked("word " * 1000 + "two")
    assert len(skeleton("x" * 10_000)) == MAX_SKELETON
