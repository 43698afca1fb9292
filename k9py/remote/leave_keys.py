"""The keys that leave a stream whose program or server does not answer: Ctrl+] three times in a row.

Chosen because nothing is delayed or taken away from the program (Ctrl+P Ctrl+Q would delay every Ctrl+P), and because
`~.` after Enter would end the SSH connection over which kdash runs. `machinectl shell` has the same keys.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

LEAVE_KEYS: Final = "Ctrl+] three times quickly"
"""How a person presses them."""

_PRESSES: Final = 3
_WITHIN: Final = 2.0
"""Seconds from one press to the next: slower ones are meant for the program (vim follows a tag)."""
_PRESS: Final = re.compile(
    rb"\x1d"
    rb"|\x1b\[93(?::[0-9]*)*;5(?::[12])?(?:;[0-9]*)?u"  # the keyboard protocol of kitty
    rb"|\x1b\[27;5;93~"  # modifyOtherKeys of xterm
)
_IGNORED: Final = re.compile(rb"\x1b\[(?:93(?::[0-9]*)*|5744[0-9])(?:;[0-9]*:3|;[0-9]*)?u")
"""Releases of the key, and presses of Ctrl itself, which the protocol of kitty may report."""


class LeaveKeys:
    """Recognizes the keys in what is typed.

    Args:
        monotonic: returns seconds.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._presses = 0
        self._last_at = 0.0

    def pressed(self, typed: bytes) -> bool:
        """Look at what was typed next; return True when the keys are complete."""
        if len(typed) > 256:  # pasted
            self._presses = 0
            return False
        presses = len(_PRESS.findall(typed))
        if _IGNORED.sub(b"", _PRESS.sub(b"", typed)):
            self._presses = 0
            return False
        if not presses:
            return False
        now = self._monotonic()
        if now - self._last_at > _WITHIN:
            self._presses = 0
        self._presses, self._last_at = self._presses + presses, now
        return self._presses >= _PRESSES
