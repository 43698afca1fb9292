"""Masks the variable parts of a line: whatever differs from one event to the next becomes a placeholder such as
`<num>`.

Pure. `skeleton` is the cheap half, run for every line: each sequence of digits becomes one `0`. `mask` is the expensive
half and sees only the skeleton, so a line whose skeleton is cached costs one dictionary lookup. Invariant: lines with
the same skeleton have the same mask. To mask another shape, add an alternative to `_SHAPES`, before those that would
match it; it sees `0` in place of digits.
"""

from __future__ import annotations

import re
from typing import Final

from k9py.api.lazy_pattern import lazy_pattern

MAX_SKELETON: Final = 600
"""Characters of a line that are masked: what follows does not distinguish templates."""

_DIGITS: Final = lazy_pattern("[0-9]+")
_STATUS: Final = lazy_pattern(r'(?:HTTP/[0-9](?:\.[0-9])?"|\[GIN\][^|]*\|) ?([1-5])[0-9]{2}(?![0-9])')
_STATUS_PLACE: Final = lazy_pattern(r'((?:HTTP/0(?:\.0)?"|\[GIN\][^|]*\|) ?)0')
_STAMP: Final = lazy_pattern(r"^(?:<ip> \S+ \S+ )?[\[(]?<time>[\])]?[\s,:|-]*")

_HEX: Final = "[0a-fA-F]"
_POD: Final = "[bcdfghjklmnpqrstvwxz0]"
"""The characters of the random suffix of pod names (`k8s.io/apimachinery/pkg/util/rand`): no vowels."""

_SHAPES: Final = (
    ("klog", r"^[IWEF]0 0:0:0\.0 +0(?= )"),
    ("request", r'(?<!^)"(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) [^"]*"'),
    ("text", r'(?<!^)(?:"(?:[^"\\]|\\.)*"|(?<!\w)\'[^\']*\'(?!\w)|`[^`]*`)'),
    ("query", r"(?<=[?&])[\w.%-]+=[^&\s\"']*"),
    ("email", r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    (
        "time",
        (
            r"(?<![\w-])(?:0-0-0(?:[T ]0:0(?::0)?(?:[.,]0)?(?:Z|(?: ?[+-]0(?::0)?)| UTC)?)?"  # RFC 3339 and its like
            r"|0/(?:0|[A-Z][a-z]{2})/0[: ]0:0:0(?:[.,]0)?(?: [+-]0)?"  # of access logs
            r"|(?:[A-Z][a-z]{2} )?[A-Z][a-z]{2} {1,2}0 0:0:0(?: 0)?"  # of syslog and ctime
            r"|0:0:0(?:[.,]0)?)(?![\w-])"
        ),
    ),
    (
        "id",
        (
            rf"(?<![\w-])(?=[a-fA-F-]*0)(?:{_HEX}+-){{4}}{_HEX}+(?![\w-])"  # UUID
            rf"|(?<!\w)0x{_HEX}+(?!\w)"
            rf"|(?<=-)(?=[a-z-]*0){_POD}{{2,10}}-{_POD}{{3,5}}(?![\w-])"
        ),  # the end of a pod's name
    ),
    ("ip", rf"(?<![\w.])0\.0\.0\.0(?::0)?(?:/0)?(?![\w.]|:0)|(?<![\w:])(?:{_HEX}*:){{3,7}}{_HEX}*(?![\w:])"),
    ("size", r"(?<![\w.])0(?:\.0)? ?(?:[KMGTPkm]i?[Bb]|[KMGTP]i|B|bytes)(?!\w)"),
    ("duration", r"(?<![\w.])(?:0(?:\.0)?(?:ns|us|µs|μs|ms|s|m|h|d))+(?!\w)"),
    ("exponent", r"(?<!\w)0(?:\.0)?[eE][-+]0(?!\w)"),
    (
        "id_word",
        (
            rf"(?<!\w)(?=[a-fA-F]*0)(?=0*[a-fA-F]){_HEX}{{3,}}(?!\w)"  # hexadecimal
            rf"|(?<!\w)0[a-fA-F](?!\w)"
            r"|(?<!\w)(?=(?:[A-Za-z]*0){3})[A-Za-z0]{6,}(?!\w)"  # letters and digits in turn
            r"|(?<![\w+-])(?=[\w+-]*[A-Z])(?=[\w+-]*[a-z])(?=(?:[A-Za-z_+-]*0){2})[\w+-]{20,}={0,2}"
        ),
    ),
    ("num", r"(?:(?<=[\s=:,(\[])[-+])?0(?:[.,]0)*(?:e[-+]?0)?"),
)
_SHAPE: Final = lazy_pattern("|".join(f"(?P<{name}>{pattern})" for name, pattern in _SHAPES))
_WORDS: Final = {"exponent": "<num>", "id_word": "<id>"}


def skeleton(text: str) -> str:
    """Return a line with each sequence of digits as `0`, and an HTTP status as its class, such as `5xx`.

    Args:
        text: printable; only its first `MAX_SKELETON` characters count.
    """
    if len(text) > MAX_SKELETON:
        text = text[:MAX_SKELETON]
    status = _STATUS.search(text) if "HTTP/" in text or "[GIN]" in text else None
    text = _DIGITS.sub("0", text)
    if status is not None:
        return _STATUS_PLACE.sub(rf"\g<1>{status[1]}xx", text, count=1)
    return text


def mask(skeleton: str) -> str:
    """Return a skeleton with placeholders for its variable parts, without a leading time (and client address)."""
    return _STAMP.sub("", _SHAPE.sub(_placeholder, skeleton))


def _placeholder(match: re.Match[str]) -> str:
    shape, text = match.lastgroup or "num", match[0]
    match shape:
        case "request":  # the path distinguishes requests, its numbers do not
            return f'"{mask(text[1:-1])}"'.replace(" HTTP/<num>", " HTTP")
        case "klog":  # its letter is the level
            return f"{text[0]} <num>"
        case "query":
            return f"{text.partition('=')[0]}=<text>"
        case "text":
            return f"{text[0]}<text>{text[-1]}"
    return _WORDS.get(shape, f"<{shape}>")
