"""The logs of everything behind an object, on the whole screen; p switches to the containers that ran before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult

from k9py.cluster.feed import Changes
from k9py.objects.meta import ObjectKey
from k9py.tui.panes.log_pane import LogPane
from k9py.tui.panes.pane import Pane
from k9py.tui.screens.paned_screen import PanedScreen

if TYPE_CHECKING:
    from k9py.tui.app import KdashApp


class LogScreen(PanedScreen):
    """One log pane.

    Args:
        subject: whose logs.
        previous: those of the containers that ran before.
    """

    def __init__(self, app: KdashApp, subject: ObjectKey, *, previous: bool) -> None:
        super().__init__()
        self.subject = subject
        self.previous = previous
        self.logs = LogPane(clock=app.options.clock, options=app.line_view_options, id="logs")

    def compose_panes(self) -> ComposeResult:
        yield self.logs

    def panes(self) -> Sequence[Pane]:
        return (self.logs,)

    def target(self) -> ObjectKey | None:
        return self.subject

    def on_mount(self) -> None:
        """Follow at once."""
        self.show_pane(self.logs)
        self.session_changed()

    def session_changed(self) -> None:
        connected = self.kdash.connected
        self.logs.set_source(connected.connection if connected else None)
        self._follow()

    def _follow(self) -> None:
        self.logs.want(self.subject, previous=self.previous, at_once=True)
        self._set_targets()

    def _set_targets(self) -> None:
        connected = self.kdash.connected
        if connected is not None:
            self.logs.set_targets(connected.cluster.queries.log_targets(self.subject))

    def tick(self, changes: Changes) -> None:
        if changes.pods or changes.everything:
            self._set_targets()
        self.logs.pull()

    # -- keys ---------------------------------------------------------------------------------------------------------

    def action_logs(self) -> None:
        """Show what the containers write now."""
        self.previous = False
        self._follow()

    def action_previous_logs(self) -> None:
        """Show what the containers wrote before they were last restarted, or what they write now."""
        self.previous = not self.previous
        self._follow()

    def action_back(self) -> None:
        """Drop the filter, then go back."""
        if not self.drop_filter():
            super().action_back()
