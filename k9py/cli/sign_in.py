"""What a credential plugin says, on standard error: a device code, the address of a page to open.

Invariants: standard output stays the answer's. A plugin that floods is cut off, and said to be; a standard error that
nobody reads does not end the sign-in.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Final

from k9py.kube.sign_in import SignIn

MAX_LINES: Final = 200
"""Lines of one run that are printed."""


class SignInPrinter:
    """Prints what plugins say, line by line, as they say it.

    Args:
        say: prints a line on standard error.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._speaking: SignIn | None = None
        self._printed = 0

    def on_output(self, sign_in: SignIn, line: str) -> None:
        """Print the line; before the first one, who says it."""
        with suppress(OSError):
            self._print(sign_in, line)

    def on_end(self, sign_in: SignIn) -> None:
        """Begin anew with the next run."""
        self._speaking = None

    def _print(self, sign_in: SignIn, line: str) -> None:
        if sign_in is not self._speaking:
            self._speaking, self._printed = sign_in, 0
            self._say(f"kdash: the credential plugin {sign_in.plugin} says (Ctrl+C cancels it):")
        self._printed += 1
        if self._printed <= MAX_LINES:
            self._say(f"  {line}")
        elif self._printed == MAX_LINES + 1:
            self._say("  … it says more, which is left out")
