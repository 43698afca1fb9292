"""What every screen on the cluster has: header, notices, footer, progress of operations.

To add a screen: subclass, `compose_body`, `target`, and `tick` if it shows live data.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingsMap, BindingType

from k9py.actions.action import ActionScope
from k9py.api.meta import ObjectRef
from k9py.cluster.change_feed import Changes
from k9py.tui.bindings import added_bindings, bindings
from k9py.tui.context import AppContext
from k9py.tui.key_bar import KeyBar
from k9py.tui.progress import ProgressStrip
from k9py.tui.screens.acting_screen import ActingScreen
from k9py.tui.sign_in_bar import SignInBar
from k9py.tui.widgets.header_bar import HeaderBar, NoticeBar

_SCOPES: Final = (
    ActionScope.WORKLOAD,
    ActionScope.POD,
    ActionScope.OPERATION,
    ActionScope.OBJECT,
    ActionScope.CLUSTER,
    ActionScope.SCREEN,
)
"""Whose keys every screen binds."""


class ClusterScreen(ActingScreen):
    """Base of home, details, logs and texts."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(*_SCOPES)
    AUTO_FOCUS = ""
    is_log_screen: ClassVar[bool] = False
    """It is about logs: their keys come first in its help."""
    follows_scope: ClassVar[bool] = False
    """It stays open when another scope is chosen."""
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-roomy"), (200, "-wide")]  # noqa: RUF012 (as Screen declares it)
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]  # noqa: RUF012

    DEFAULT_CSS = """
    ClusterScreen { background: $background; }
    """

    def __init__(self, context: AppContext) -> None:
        super().__init__(context)
        added = BindingsMap(added_bindings(context.options.actions, *_SCOPES))
        self._bindings = BindingsMap.merge((self._bindings, added))
        self.header = HeaderBar(id="header")
        self.notice = NoticeBar(id="notice")
        self.sign_in = SignInBar(id="sign-in")
        self.progress = ProgressStrip(id="progress")

    @property
    def crumbs(self) -> tuple[str, ...]:
        """What led here and what it shows, for the titles of screens that are opened from it."""
        return ()

    @property
    def follows_logs(self) -> bool:
        """Whether it follows logs itself: home's need not be followed meanwhile."""
        return self.is_log_screen

    @property
    def stop_key(self) -> str:
        """What stops several operations that run one after the other: the key, or the command where it has none."""
        key_names = self.app_context.key_names
        is_bound = any(active.binding.id == "operation.stop" for active in self.active_bindings.values())
        return key_names("operation.stop") if is_bound else f":{key_names.commands['operation.stop']}"

    def compose(self) -> ComposeResult:
        yield self.header
        yield KeyBar(read_only=self.app_context.options.read_only, id="keys")
        yield self.notice
        yield self.sign_in
        yield from self.compose_body()
        yield self.progress

    def compose_body(self) -> ComposeResult:
        """Yield what is between the bars."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """Show in the header what the other screens' headers show."""
        self.call_later(self.app_context.refresh_header)

    def on_screen_suspend(self) -> None:
        """Show no keys under a dialog: they do nothing there."""
        for bar in self.query(KeyBar):
            bar.set_covered(True)

    def on_screen_resume(self) -> None:
        """Show the keys again."""
        for bar in self.query(KeyBar):
            bar.set_covered(False)

    def clear_marks(self, keys: Sequence[ObjectRef] | None = None) -> bool:
        """Unmark these rows, without any all of them; return whether one of them was marked."""
        return False

    def tick(self, changes: Changes) -> None:
        """Take in what changed; called at most ten times a second, and only while the screen can be seen."""

    def tick_hidden(self, changes: Changes) -> None:
        """Take in only what others show of this screen, while another covers it; `tick` gets the same changes later."""

    def session_changed(self) -> None:
        """Start over: there is another cluster, another scope, or none."""
