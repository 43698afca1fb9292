"""Whether the terminal takes what a program copies (OSC 52), as far as its environment tells.

No terminal answers whether it took a copy, so what is said of one must not be more than is known: "taken" where the
terminal does so as it comes, "refused" where it cannot, "unknown" everywhere else, such as over SSH, where nothing of
the terminal's environment arrives.

To add a terminal: the variable it sets about itself and one line in `_TAKING`, `_ASKING` or `_REFUSING`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

ClipboardSupport = Literal["taken", "unknown", "refused"]

MAX_BASE64: Final = 74_000
"""Characters of base64 one copy may have: several terminals and multiplexers drop more without a word."""


@dataclass(frozen=True, slots=True)
class Clipboard:
    """Whether copies arrive.

    Args:
        answer: as far as it is known.
        why: what decides it, in words; "" when nothing is known.
    """

    support: ClipboardSupport = "unknown"
    why: str = ""


_TAKING: Final = {"WezTerm": "WezTerm", "ghostty": "Ghostty", "vscode": "VS Code", "WarpTerminal": "Warp"}
_TAKING_TERMS: Final = {"kitty": "kitty", "ghostty": "Ghostty", "alacritty": "Alacritty", "foot": "foot"}
_TAKING_VARIABLES: Final = {
    "KITTY_WINDOW_ID": "kitty",
    "WT_SESSION": "Windows Terminal",
    "ALACRITTY_WINDOW_ID": "Alacritty",
}
_ASKING: Final = {"iTerm.app": "iTerm2 needs: Settings, General, Selection, access to the clipboard"}
_REFUSING: Final = {"Apple_Terminal": "Apple Terminal"}
_REFUSING_TERMS: Final = {"linux": "the Linux console", "dumb": "a dumb terminal"}


def detect_clipboard(environ: Mapping[str, str]) -> Clipboard:
    """Return whether the terminal takes copies."""
    # A multiplexer stands between: the terminal's own variables are those of where it was started.
    if environ.get("TMUX"):
        return Clipboard("unknown", "tmux needs: set -g set-clipboard on")
    if environ.get("STY"):
        return Clipboard("refused", "GNU screen")
    if environ.get("ZELLIJ"):
        return Clipboard("unknown", "Zellij needs a terminal that takes copies")
    term, program = environ.get("TERM", ""), environ.get("TERM_PROGRAM", "")
    refusing = _REFUSING_TERMS.get(term) or _REFUSING.get(program)
    if refusing:
        return Clipboard("refused", refusing)
    if program in _ASKING:
        return Clipboard("unknown", _ASKING[program])
    taking = _TAKING.get(program) or next((name for known, name in _TAKING_TERMS.items() if known in term), "")
    taking = taking or next((name for variable, name in _TAKING_VARIABLES.items() if environ.get(variable)), "")
    return Clipboard("taken", taking) if taking else Clipboard()
