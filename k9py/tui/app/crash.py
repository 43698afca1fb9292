"""A bug in kdash ends the program with a report, not with a screen full of our variables.

Textual prints the traceback with every local variable, which may hold what came from the cluster. Here the traceback
alone is kept as text; the caller writes it to a file and prints where.
"""

from __future__ import annotations

import traceback
from typing import Generic, TypeVar

from textual.app import App

ResultT = TypeVar("ResultT")


class CrashReport(App[ResultT], Generic[ResultT]):
    """An app that keeps its first unhandled exception as text in `crash`, "" while there is none."""

    crash: str = ""

    def _fatal_error(self) -> None:
        # Called by Textual (8.2) for an unhandled exception, before the app closes.
        error = self._exception
        if error is not None and not self.crash:
            self.crash = "".join(traceback.format_exception(error))
        self._close_messages_no_wait()
