"""Ask before quitting: the key that leaves a screen is no exit on the home screen, and Enter alone stays.

It also says what is lost: whoever quits by another key is asked by the same dialog, but only if something is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textual.app import App

from k9py.tui.dialogs.losses import LossesDialog
from k9py.views.background_jobs import JobLoss


class QuitDialog(LossesDialog):
    """Returns True to quit.

    Args:
        losses: what is lost with the jobs that run.
    """

    DEFAULT_CSS = "QuitDialog > .box { width: 52; } QuitDialog.-losses > .box { width: 64; }"

    def __init__(self, losses: Sequence[JobLoss] = ()) -> None:
        note = "They end with kdash. {app.quit} quits immediately." if losses else "{app.quit} or :q quits immediately."
        super().__init__("Quit kdash?", losses, verb="Quit", note=note)
        self.set_class(bool(losses), "-losses")


def ask_to_quit(app: App[Any], losses: Sequence[JobLoss]) -> None:
    """Ask whether to quit, and quit when the answer is yes."""

    def quit_if(is_sure: bool | None) -> None:
        if is_sure:
            app.exit(0)

    app.push_screen(QuitDialog(losses), quit_if)
