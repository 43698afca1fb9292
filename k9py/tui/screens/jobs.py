"""What runs in the background, on a whole screen: the jobs, and everything about the selected one below.

Every job is listed, whichever screen has started it. Invariants: nothing is read while another screen covers this one;
the keys of objects do nothing here, because a row is no object; messages are shown on the first line, where they cover
neither rows nor details. To add a job: see `runtime/background_jobs.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from textual.app import ComposeResult

from k9py.actions.action import Action, ActionScope
from k9py.api.meta import ObjectRef
from k9py.cluster.change_feed import Changes
from k9py.tui.context import AppContext
from k9py.tui.panes.jobs_pane import JobsPane
from k9py.tui.panes.pane import Pane
from k9py.tui.screens.paned_screen import PanedScreen
from k9py.tui.widgets.live_table.table import LiveTable
from k9py.tui.widgets.toned_lines import TonedLines
from k9py.views.background_jobs import detail_lines, saved_lines
from k9py.views.values import StyledLine, Tone

_ROOM_LINES: Final = 18
"""Lines beside the rows from which on the details are shown without being asked."""
_OF_OBJECTS: Final = (ActionScope.WORKLOAD, ActionScope.POD, ActionScope.OBJECT, ActionScope.KIND)


class JobsScreen(PanedScreen):
    """Background jobs.

    Args:
        context: the app, as screens see it.
    """

    follows_scope = True
    footer_begins_with = (
        "table.select",
        "background.stop",
        "background.start",
        "background.copy_url",
        "background.open_url",
        "background.as_config",
        "background.clear",
        "pane.filter",
    )
    DEFAULT_CSS = """
    JobsScreen #details { background: $surface; padding: 1 2; max-height: 50%; }
    JobsScreen.-short #details { padding: 0 1; }
    JobsScreen #start { padding: 0 5 1 5; color: $text-muted; }
    JobsScreen ToastRack { dock: top; align: right top; margin: 0; }
    JobsScreen ToastHolder { margin: 0; }
    JobsScreen Toast { padding: 0 1; margin: 0; width: auto; max-width: 100%; }
    """

    def __init__(self, context: AppContext) -> None:
        super().__init__(context)
        self.pane = JobsPane(context, id="jobs")
        self.details = TonedLines(id="details", wraps=True)
        self._wants_details: bool | None = None

    def compose_panes(self) -> ComposeResult:
        yield self.pane
        yield self.details

    def panes(self) -> Sequence[Pane]:
        return (self.pane,)

    @property
    def crumbs(self) -> tuple[str, ...]:
        return ("jobs",)

    # -- data ---------------------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Show the jobs, and read which forwards the config file has."""
        self.app.clear_notifications()  # here they would cover the details of what they are about
        self.show_pane(self.pane)
        self.app_context.forwards.read_saved()
        self.pane.begin()
        self.tick(Changes())

    def tick(self, changes: Changes) -> None:
        if self.pane.pull():
            self.app_context.jobs.mark_seen()
            self._show_details()

    @property
    def _shows_details(self) -> bool:
        if self._wants_details is not None:
            return self._wants_details
        return self.size.height - len(self.pane.rows) >= _ROOM_LINES

    def _show_details(self) -> None:
        job, saved = self.pane.selected, self.pane.selected_saved
        if not self.pane.rows and not self.app_context.jobs.jobs:
            self.details.show(self._how_to_start())
        elif saved is not None and self._shows_details:
            self.details.show(saved_lines(saved))
        elif job is None or not self._shows_details:
            self.details.show(())
        else:
            self.details.show(detail_lines(job, self.app_context.options.clock.now()))

    def _how_to_start(self) -> list[StyledLine]:
        """Return what could be here, and which keys start it."""
        names = self.app_context.key_names
        rows = (
            ("{object.forward}", "forwards ports of a pod, workload or Service"),
            ("[forwards.NAME]", "in the config file is listed here, starts with one key"),
            ("{row.mark}", "marks rows of a table: an operation on all of them"),
            ("{node.drain}", "drains a Node; rollouts that you start are listed too"),
        )
        filled = [(names.fill(key), text) for key, text in rows]
        width = max(len(key) for key, _ in filled)
        return [((f"{key:<{width}}  ", Tone.ACCENT), (text, Tone.MUTED)) for key, text in filled]

    def on_resize(self) -> None:
        """Show the details where there is room now."""
        super().on_resize()
        self.call_after_refresh(self._show_details)

    # -- targets and keys ---------------------------------------------------------------------------------------------

    def applies(self, action: Action) -> bool:
        return action.scope not in _OF_OBJECTS

    def lost_target_message(self) -> str:
        return ""

    def keep_cursor(self, acted_on: ObjectRef | None) -> None:
        self.pane.table.pin_cursor()

    def title_of(self, action: Action) -> str:
        if action.id != "table.select":
            return super().title_of(action)
        saved = self.pane.selected_saved
        return "Start" if saved is not None and saved.is_usable else "Details"

    def on_live_table_highlighted(self, event: LiveTable.Highlighted) -> None:
        """Show the details of the job, and its keys."""
        self.refresh_bindings()
        self._show_details()

    def on_live_table_selected(self, event: LiveTable.Selected) -> None:
        """Show or hide the details; start a saved forward."""
        if self.pane.selected_saved is not None:
            self.pane.action_start()
            return
        self._wants_details = not self._shows_details
        self._show_details()

    def step_back(self) -> None:
        """Clear the filter, hide the details, then go back."""
        if self.clear_filter():
            return
        if self._wants_details:
            self._wants_details = None
            self._show_details()
        else:
            super().step_back()
