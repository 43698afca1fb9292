"""Terminal capabilities, as far as the environment shows them: colour, redraw rate, notifications, encoding, clipboard.

Pure: the environment is an argument. Every front end and widget asks here; nobody else reads NO_COLOR, TERM,
SSH_CONNECTION or the locale. To add a terminal that takes copies (OSC 52): the variable it sets about itself, and a
line in `_SUPPORTING_...`, `_NEEDS_SETTING` or `_UNSUPPORTING_...`.
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from k9py.api.errors import ConfigError

NOTIFY_VARIABLE: Final = "KDASH_NOTIFY"
ASCII_VARIABLE: Final = "KDASH_ASCII"

LOCAL_REDRAWS_PER_SECOND: Final = 10.0
SSH_REDRAWS_PER_SECOND: Final = 4.0

MAX_COPY_BASE64: Final = 74_000
"""Characters of base64 in one copy: several terminals and multiplexers silently drop more."""

ClipboardSupport = Literal["supported", "unknown", "unsupported"]


def is_dumb(environ: Mapping[str, str]) -> bool:
    """Return whether the terminal understands no escape sequences."""
    return environ.get("TERM") == "dumb"


def wants_color(environ: Mapping[str, str], *, no_color: bool = False) -> bool:
    """Return whether to use colour: not with --no-color, not with a non-empty NO_COLOR, not on a dumb terminal.

    Args:
        no_color: the flag.

    Source: https://no-color.org
    """
    return not no_color and not environ.get("NO_COLOR") and not is_dumb(environ)


def redraws_per_second(environ: Mapping[str, str]) -> float:
    """Return the highest redraw rate of live content: lower over SSH, where a redraw is bytes on a slow link."""
    is_remote = environ.get("SSH_CONNECTION") or environ.get("SSH_TTY")
    return SSH_REDRAWS_PER_SECOND if is_remote else LOCAL_REDRAWS_PER_SECOND


@dataclass(frozen=True, slots=True)
class NotificationMode:
    """How the terminal notifies the person that an operation has ended.

    Args:
        bell: with BEL, which every terminal supports.
        osc9: with OSC 9 and a text, which some terminals show as a desktop notification.
    """

    bell: bool = True
    osc9: bool = False


_NOTIFICATION_MODES: Final = {
    "none": NotificationMode(bell=False),
    "bell": NotificationMode(),
    "osc9": NotificationMode(bell=False, osc9=True),
    "both": NotificationMode(osc9=True),
}


def notification_mode(environ: Mapping[str, str]) -> NotificationMode:
    """Return the mode that `KDASH_NOTIFY` names: none, bell (the default), osc9 or both.

    Raises:
        ConfigError: it names another mode.
    """
    value = environ.get(NOTIFY_VARIABLE) or "bell"
    mode = _NOTIFICATION_MODES.get(value.strip().lower())
    if mode is None:
        raise ConfigError(f"{NOTIFY_VARIABLE} is {value!r}", f"Set it to one of: {', '.join(_NOTIFICATION_MODES)}.")
    return mode


# -- encoding ----------------------------------------------------------------------------------------------------------

_BOOLEANS: Final = {
    **dict.fromkeys(("1", "true", "yes", "on"), True),
    **dict.fromkeys(("0", "false", "no", "off"), False),
}


def output_encoding(environ: Mapping[str, str], stream_encoding: str, *, coerced: bool) -> str:
    """Return the encoding of output for a person.

    Python's own choice is not enough: in the C locale it writes UTF-8 nevertheless (PEP 538, PEP 540), and overwrites
    LC_CTYPE. The first rule that applies: KDASH_ASCII; PYTHONIOENCODING; the character set of the locale, from the
    first of LC_ALL, LC_CTYPE, LANG that is set; C and POSIX are ASCII. Without any locale (most containers, many SSH
    sessions) the terminal is assumed to use UTF-8.

    Args:
        stream_encoding: what Python chose for the stream.
        coerced: Python found the C locale at its start, and may have set LC_CTYPE itself (`sys.flags.utf8_mode`).

    Raises:
        ConfigError: KDASH_ASCII is not a boolean.
    """
    value = environ.get(ASCII_VARIABLE, "").strip().lower()
    if value:
        if value not in _BOOLEANS:
            raise ConfigError(f"{ASCII_VARIABLE} is {value!r}", "Set it to 1 for ASCII only, or to 0 for Unicode.")
        return "ascii" if _BOOLEANS[value] else "utf-8"
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
    # Escape sequences need a text encoding that contains ASCII.
    return codec.name if getattr(codec, "_is_text_encoding", True) and _contains_ascii(codec.name) else "ascii"


def _locale(environ: Mapping[str, str], *, coerced: bool) -> str:
    """Return the locale of characters, "" when none is set."""
    for name in ("LC_ALL", "LC_CTYPE", "LANG"):
        value = environ.get(name, "")
        if value and not (coerced and name == "LC_CTYPE" and value in ("C.UTF-8", "C.utf8", "UTF-8")):
            return value
    return ""


def _contains_ascii(encoding: str) -> bool:
    try:
        return "\x1b[0m ~".encode(encoding) == b"\x1b[0m ~"
    except (LookupError, UnicodeError):
        return False


# -- clipboard ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Clipboard:
    """Whether the terminal takes copies (OSC 52).

    No terminal confirms a copy, so the environment decides: `supported` where a terminal does so by default,
    `unsupported` where it cannot, `unknown` everywhere else, as over SSH, where the terminal's variables do not arrive.

    Args:
        reason: what decides it, as text; "" when nothing is known.
    """

    support: ClipboardSupport = "unknown"
    reason: str = ""


_SUPPORTING_PROGRAMS: Final = {
    "WezTerm": "WezTerm",
    "ghostty": "Ghostty",
    "vscode": "VS Code",
    "WarpTerminal": "Warp",
}
_SUPPORTING_TERMS: Final = {"kitty": "kitty", "ghostty": "Ghostty", "alacritty": "Alacritty", "foot": "foot"}
_SUPPORTING_VARIABLES: Final = {
    "KITTY_WINDOW_ID": "kitty",
    "WT_SESSION": "Windows Terminal",
    "ALACRITTY_WINDOW_ID": "Alacritty",
}
_NEEDS_SETTING: Final = {"iTerm.app": "iTerm2 needs: Settings, General, Selection, access to the clipboard"}
_UNSUPPORTING_PROGRAMS: Final = {"Apple_Terminal": "Apple Terminal"}
_UNSUPPORTING_TERMS: Final = {"linux": "the Linux console", "dumb": "a dumb terminal"}


def detect_clipboard(environ: Mapping[str, str]) -> Clipboard:
    """Return whether the terminal takes copies."""
    # Inside a multiplexer, the terminal's own variables are those of where the multiplexer was started.
    if environ.get("TMUX"):
        return Clipboard("unknown", "tmux needs: set -g set-clipboard on")
    if environ.get("STY"):
        return Clipboard("unsupported", "GNU screen")
    if environ.get("ZELLIJ"):
        return Clipboard("unknown", "Zellij needs a terminal that takes copies")
    term, program = environ.get("TERM", ""), environ.get("TERM_PROGRAM", "")
    unsupporting = _UNSUPPORTING_TERMS.get(term) or _UNSUPPORTING_PROGRAMS.get(program)
    if unsupporting:
        return Clipboard("unsupported", unsupporting)
    if program in _NEEDS_SETTING:
        return Clipboard("unknown", _NEEDS_SETTING[program])
    supporting = (
        _SUPPORTING_PROGRAMS.get(program)
        or next((name for part, name in _SUPPORTING_TERMS.items() if part in term), "")
        or next((name for variable, name in _SUPPORTING_VARIABLES.items() if environ.get(variable)), "")
    )
    return Clipboard("supported", supporting) if supporting else Clipboard()
