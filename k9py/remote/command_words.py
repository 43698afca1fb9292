"""A command as a person types it on one line: its words, or a shell where it uses what only a shell understands. Pure.

Source: POSIX, Shell Command Language, 2.2 (quoting) and 2.10 (operators).
"""

from __future__ import annotations

import re
import shlex
from typing import Final

from k9py.api.errors import RefusedError

_SHELL_ONLY: Final = re.compile(r"[|&;<>()$`*?\[\]#~{}\n]|^\w+=")
_QUOTED: Final = re.compile(r"""'[^']*'|"[^"$`\\]*"|\\.""")
"""What a shell leaves as it is."""


def command_words(line: str) -> tuple[str, ...]:
    """Return the words of a command; `sh -c LINE` where it has operators, variables or patterns outside of quotes.

    Raises:
        RefusedError: a quote is not closed, or there is no word.
    """
    line = line.strip()
    if _SHELL_ONLY.search(_QUOTED.sub("", line)):
        return ("sh", "-c", line)
    try:
        words = tuple(shlex.split(line))
    except ValueError as error:
        raise RefusedError(f"the command cannot be read: {str(error).lower()}", "close the quotation") from error
    if not words:
        raise RefusedError("no command is named", "type a command, such as: cat /etc/resolv.conf")
    return words
