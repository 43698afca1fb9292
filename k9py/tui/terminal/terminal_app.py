"""An app with `TerminalDriver`: its size is the terminal's, and it can be suspended and resumed like any program.

With a minor version of Textual that was not tested, Textual's own driver stays.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, Generic, TypeVar

import textual
from textual import constants
from textual.app import App
from textual.binding import Binding
from textual.driver import Driver

from k9py.api.errors import RefusedError
from k9py.tui.terminal.sizing import lay_out_for_the_present_size

TESTED_WITH: Final = ("8.2.",)
IS_TESTED: Final = textual.__version__.startswith(TESTED_WITH)

_KEY_NAMES: Final = {"↑": "up", "↓": "down", "←": "left", "→": "right", "⌫": "backspace", "⏎": "enter"}

ResultT = TypeVar("ResultT")

if IS_TESTED:
    lay_out_for_the_present_size()


class TerminalApp(App[ResultT], Generic[ResultT]):
    """Base of `DiffingApp`."""

    _restore_handed_over: Callable[[], None] | None = None
    """Restores the terminal while something else has it, None while the app has it."""

    def get_driver_class(self) -> type[Driver]:
        if not IS_TESTED or os.name != "posix" or constants.DRIVER is not None:
            return super().get_driver_class()
        from k9py.tui.terminal.driver import TerminalDriver

        return TerminalDriver

    def on_mount(self) -> None:
        """Redraw when the app is resumed."""
        self.app_resume_signal.subscribe(self, self._resumed)

    def _resumed(self, _: App[Any]) -> None:
        self.forget_screen()
        self.refresh(layout=True)

    def forget_screen(self) -> None:
        """Write every cell in the next frames: something else wrote to the terminal."""

    def get_key_display(self, binding: Binding) -> str:
        """Return the name of a key; where there are no arrows it is a word, because < and > are keys too."""
        shown = super().get_key_display(binding)
        if getattr(self._driver, "takes_unicode", True):
            return shown
        return "".join(_KEY_NAMES.get(character, character) for character in shown)

    @contextmanager
    def handed_over(self, restore: Callable[[], None]) -> Iterator[int]:
        """Give the terminal to something else in this process; yield its file descriptor.

        The event loop and all watches go on. At the end, after an exception too, the whole screen is drawn again,
        unless the app is ending.

        Args:
            restore: restores the terminal immediately if the process has to end meanwhile; called in any thread.

        Raises:
            RefusedError: this terminal cannot be handed over, or already is.
        """
        driver = self._driver
        descriptor = getattr(driver, "fileno", None)
        if driver is None or not driver.can_suspend or not isinstance(descriptor, int) or self._restore_handed_over:
            raise RefusedError("this terminal cannot be handed over to another program")
        failure: BaseException | None = None
        self._restore_handed_over = restore
        try:
            with self.suspend():
                try:
                    yield descriptor
                except BaseException as error:
                    if self._exit:
                        raise
                    failure = error
        finally:
            self._restore_handed_over = None
        if failure is not None:
            raise failure

    @property
    def is_handed_over(self) -> bool:
        """Whether something else has the terminal."""
        return self._restore_handed_over is not None

    def restore_terminal(self) -> None:
        """Restore the terminal immediately, without the event loop; called in any thread."""
        if (restore_handed_over := self._restore_handed_over) is not None:
            restore_handed_over()
        restore = getattr(self._driver, "restore_now", None)
        if restore is not None:
            restore()

    @property
    def stop_notice(self) -> str:
        """A line for the shell while the process is stopped, "" for none."""
        return ""

    def action_suspend_process(self) -> None:
        """Stop, like any program on Ctrl+Z; `fg` in the shell resumes it."""
        suspend = getattr(self._driver, "suspend", None)
        if suspend is None:
            super().action_suspend_process()
        elif self._driver is not None and not getattr(self._driver, "can_be_resumed", False):
            self.notify("Cannot suspend: no shell with job control started kdash", markup=False, timeout=4)
        else:
            suspend(group=True)
