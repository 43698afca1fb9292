"""Which characters the terminal can show, as the locale says.

Python alone does not tell: in the C locale it writes UTF-8 all the same (PEP 538, PEP 540), and overwrites LC_CTYPE.
Rules, first that applies: KDASH_ASCII; PYTHONIOENCODING; the locale's own character set, of the first of LC_ALL,
LC_CTYPE, LANG that is set; C and POSIX are ASCII. No locale at all (most containers, many SSH sessions) is no
statement: the terminal is taken for one of UTF-8.
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from typing import Final

from k9py.api.errors import ConfigError

ASCII_VARIABLE: Final = "KDASH_ASCII"

_YES_OR_NO: Final = {
    "1": True,
    "true": True,
    "yes": True,
    "on": True,
    "0": False,
    "false": False,
    "no": False,
    "off": False,
}


def output_encoding(environ: Mapping[str, str], stream_encoding: str, *, coerced: bool) -> str:
    """Return the encoding for what is shown to a person.

    Args:
        stream_encoding: what Python chose for the stream.
        coerced: Python found the C locale at its start, and may have set LC_CTYPE itself (`sys.flags.utf8_mode`).

    Raises:
        ConfigError: KDASH_ASCII is neither yes nor no.
    """
    chosen = environ.get(ASCII_VARIABLE, "").strip().lower()
    if chosen:
        if chosen not in _YES_OR_NO:
            raise ConfigError(f"{ASCII_VARIABLE} is {chosen!r}", "1 for ASCII alone, 0 for all of Unicode")
        return "ascii" if _YES_OR_NO[chosen] else "utf-8"
    if environ.get("PYTHONIOENCODING", "").partition(":")[0]:
        return stream_encoding
    locale = _locale(environ, coerced=coerced)
    if locale.upper() in ("C", "POSIX"):
        return "ascii"
    charset = locale.partition(".")[2].partition("@")[0] or (locale if locale.upper() in ("UTF-8", "UTF8") else "")
    if not charset:
        return stream_encoding
    try:
        codec = codecs.lookup(charset)
    except LookupError:
        return "ascii"
    # A character set that holds no ASCII, or is no text, cannot carry escape sequences.
    return codec.name if getattr(codec, "_is_text_encoding", True) and _holds_ascii(codec.name) else "ascii"


def _locale(environ: Mapping[str, str], *, coerced: bool) -> str:
    """Return the locale that decides on characters, "" when none is set."""
    for name in ("LC_ALL", "LC_CTYPE", "LANG"):
        value = environ.get(name, "")
        if value and not (coerced and name == "LC_CTYPE" and value in ("C.UTF-8", "C.utf8", "UTF-8")):
            return value
    return ""


def _holds_ascii(encoding: str) -> bool:
    try:
        return "\x1b[0m ~".encode(encoding) == b"\x1b[0m ~"
    except (LookupError, UnicodeError):
        return False
