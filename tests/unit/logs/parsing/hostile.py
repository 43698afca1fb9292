"""Text that must not reach a terminal unchanged, and the check that a text is harmless."""

from __future__ import annotations

import unicodedata

from hypothesis import strategies as st

_BIDI = set(range(0x202A, 0x202F)) | set(range(0x2066, 0x206A)) | {0x200E, 0x200F, 0x061C}
_SEQUENCES = st.sampled_from(
    [
        *("\x1b[31m", "\x1b[0m", "\x1b[38;5;9m", "\x1b[38:2::1:2:3m", "\x1b[", "\x1b[2J", "\x1b[1;1H", "\x1b[?1049h"),
        *(
            "\x1b]52;c;cm0gLXJm\x07",
            "\x1b]0;title\x1b\\",
            "\x1b]8;;http://x\x07",
            "\x1b]0;open",
            "\x1bP1$r\x1b\\",
            "\x1b_x\x1b\\",
        ),
        *(
            "\x1bc",
            "\x1b7",
            "\x1b(0",
            "\x9b31m",
            "\x9d0;t\x9c",
            "\x90x\x9c",
            "\x1b",
            "\x07",
            "\x08",
            "\x7f",
            "\r",
            "\n",
            "\t",
        ),
        *(
            "\u202e",
            "\u2066",
            "\u200f",
            "\u200b",
            "\ufeff",
            "\u2028",
            "\U000e0041",
            "\ud800",
            "\udfff",
            "\ue000",
            "a\u0301" * 3,
        ),
        *(
            "[bold]",
            "漢字",
            "👩‍🚀",
            '"',
            "\\",
            "{",
            "}",
            "=",
            " ",
            "level=",
            '"level":',
            "error",
            "2024-01-01T00:00:00Z",
            '"',
            ":",
            ",",
        ),
    ]
)
hostile_text = st.lists(_SEQUENCES | st.text(max_size=4), max_size=24).map("".join)
"""Pieces of sequences, controls, markup, JSON and logfmt in any order."""


def is_harmless(text: str) -> bool:
    """Return whether a text is one line that a terminal only displays."""
    text.encode()  # raises where there is a lone surrogate
    return not any(unicodedata.category(entry) in ("Cc", "Cs", "Zl", "Zp") or ord(entry) in _BIDI for entry in text)
