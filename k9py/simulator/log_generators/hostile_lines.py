"""Log lines that attack a terminal.

Pure. Each starts with the name of its kind, so that a test sees that it arrived. Bytes that are not UTF-8 are surrogate
escapes. To add a kind, add a row to `KINDS`. Lines with escape sequences come first, and each ends in visible text, so
that a sequence that passes through is noticed.
"""

from collections.abc import Callable
from typing import Final

_MEGABYTE: Final = 1 << 20


def _bytes(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


KINDS: Final[tuple[tuple[str, Callable[[], str]], ...]] = (
    ("clipboard", lambda: "\x1b]52;c;aG9zdGlsZQ==\x07 was it copied?"),
    ("clipboard-st", lambda: "\x1b]52;p;aG9zdGlsZQ==\x1b\\ was it copied?"),
    ("title", lambda: "\x1b]0;hostile title\x07\x1b]2;hostile title\x1b\\ is the title another?"),
    ("link", lambda: "\x1b]8;;https://hostile.example.com/\x1b\\press here\x1b]8;;\x1b\\ and here"),
    ("palette", lambda: "\x1b]4;1;rgb:00/00/00\x07\x1b]10;#000000\x07\x1b]11;#ffffff\x07 who sees this?"),
    ("notify", lambda: "\x1b]9;hostile note\x07\x1b]777;notify;hostile;note\x07 was there a note?"),
    ("cursor", lambda: "\x1b[1;1H\x1b[5A\x1b[3D\x1b7\x1b8\x1b[s\x1b[u written at the top left"),
    ("erase", lambda: "\x1b[2J\x1b[3J\x1b[K\x1b[5M\x1b[L is the screen empty?"),
    ("scroll", lambda: "\x1b[3;5r\x1b[8S\x1bM\x1bD\x1bE scrolled"),
    ("reset", lambda: "\x1bc\x1b[!p was it reset?"),
    ("modes", lambda: "\x1b[?1049l\x1b[?25h\x1b[?1003h\x1b[?2004h\x1b[?2026h\x1b[4h\x1b[>4;2m modes set"),
    ("questions", lambda: "\x1b[6n\x1b[c\x1b[>q\x1b[?2026$p\x1bP$qm\x1b\\\x1b[14t\x05 does it answer?"),
    ("programs", lambda: "\x1bP0;0;0q#0;2;0;0;0~-\x1b\\\x1b_Ga=T;AAAA\x1b\\\x1b^private\x1b\\\x1bXstring\x1b\\ drawn"),
    ("charset", lambda: "\x1b(0lqqqk\x0e lines? \x0f\x1b(B"),
    ("cut-off", lambda: "no end: \x1b]52;c;aG9zdGlsZQ=="),
    ("cut-csi", lambda: "no end: \x1b["),
    ("eight-bit", lambda: "\x9b2J\x9d52;c;aG9zdGlsZQ==\x9c\x90q\x9c\x85 as one character each"),
    ("eight-bit-raw", lambda: _bytes(b"\x9b2J\x9d52;c;aG9zdGlsZQ==\x9c\x90q\x9c\x85 as one byte each")),
    ("controls", lambda: "a\x00b\x07c\x08\x08\x08d\x0be\x0cf\x7fg\x1ah all there?"),
    ("overwrite", lambda: "all is well\rERROR nothing is well"),
    ("tabs", lambda: "one\ttwo\t\tthree\tfour"),
    ("markup", lambda: "[bold red]red?[/] [@click=app.quit]quit[/] [link=https://hostile.example.com]x[/link] [/b] [["),
    ("direction", lambda: "user \u202etxt.exe\u202c \u2066a\u2067b\u2069 \u200f\u061c reads backwards"),
    ("invisible", lambda: "pass\u200bword\u200d\u2060\ufeff\u00ad \U000e0041\U000e0042 tags"),
    ("not-utf8", lambda: _bytes(b"\xff\xfe\xc0\xaf\xed\xa0\x80\xf5\x80\x80\x80\xe2\x82 broken bytes")),
    ("surrogate", lambda: _bytes(b"\xed\xb0\x80\xed\xa0\xbd\xed\xb8\x80 halves of pairs")),
    ("wide", lambda: "日本語のログ 한국어 ｆｕｌｌ 👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽 wide ones"),
    ("combining", lambda: "Z" + "\u0300\u0316\u035c" * 40 + "algo e\u0301 \u0301alone"),
    ("separators", lambda: "one\u2028two\u2029three\u0085four\x1c\x1d\x1e\x1ffive"),
    ("json", lambda: '{"level":"info","msg":"\\u001b]52;c;aG9z\\u0007\\u001b[2J","k\\u001b[31m":"\\ud800\\u202e"}'),
    ("logfmt", lambda: 'level=error msg="\x1b]0;hostile title\x07 said" \x1b[2Jkey=value'),
    ("timestamp", lambda: "2026-01-15T12:00:00.000000000Z 2026-01-15T12:00:00Z not when it was written"),
    ("colour", lambda: "\x1b[31;1;5;7m red \x1b[38;5;300m \x1b[38;2;1;2m \x1b[8mhidden\x1b[28m \x1b[999;;;m\x1b[0"),
    ("deep", lambda: "[" * 3000 + "]" * 3000),
    ("deep-json", lambda: '{"a":' * 3000 + "1" + "}" * 3000),
    ("empty", lambda: ""),
    ("blank", lambda: "\u3000\u00a0   \t "),
    ("one-megabyte", lambda: "x" * (_MEGABYTE // 2) + "\x1b[2J" + "y" * (_MEGABYTE // 2) + "\x1b]52;c;aG9z\x07"),
    ("one-megabyte-wide", lambda: "界" * (_MEGABYTE // 3)),
)  # fmt: skip

_BARE: Final = frozenset({"json", "logfmt", "timestamp", "deep-json"})
"""Kinds that a prefix would change."""


def hostile_line(number: int) -> str:
    """Return line n; the kinds repeat in order."""
    name, make = KINDS[number % len(KINDS)]
    return make() if name in _BARE else f"{name} {make()}"
