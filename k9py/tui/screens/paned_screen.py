"""A screen of panes: all of them where they fit, else one at a time with a strip of tabs.

Invariant: exactly one pane is active, the one with the focus; on a small screen it is the one that is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Generic, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType

from k9py.actions.action import ActionScope
from k9py.api.meta import ObjectRef
from k9py.tui.bindings import bindings
from k9py.tui.panes.log_pane import LogPane
from k9py.tui.panes.pane import Pane
from k9py.tui.panes.table_pane import TablePane
from k9py.tui.screens.cluster_screen import ClusterScreen
from k9py.tui.widgets.filter_bar import FilterBar
from k9py.tui.widgets.tab_strip import Tab, TabStrip

PaneT = TypeVar("PaneT", bound=Pane)


class PanedScreen(ClusterScreen):
    """Base of home and the detail screens."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(ActionScope.PANES)

    DEFAULT_CSS = """
    PanedScreen #tabs { dock: top; height: 1; width: 1fr; padding: 0 1; display: none; margin: 1 0 0 0; }
    PanedScreen.-narrow #tabs, PanedScreen.-short #tabs { display: block; }
    PanedScreen.-narrow Pane, PanedScreen.-short Pane { display: none; border: none; }
    PanedScreen.-narrow Pane.-active, PanedScreen.-short Pane.-active { display: block; }
    PanedScreen.-narrow .group, PanedScreen.-short .group { display: none; }
    PanedScreen.-narrow .group.-active, PanedScreen.-short .group.-active { display: block; }
    """

    def panes(self) -> Sequence[Pane]:
        """Return the panes in use, in the order of their numbers."""
        raise NotImplementedError

    def compose_body(self) -> ComposeResult:
        yield TabStrip(id="tabs")
        yield from self.compose_panes()

    def compose_panes(self) -> ComposeResult:
        """Yield the panes, in containers of the class `group` where they are grouped."""
        raise NotImplementedError

    @property
    def active_pane(self) -> Pane:
        """The pane with the focus."""
        panes = self.panes()
        return next((pane for pane in panes if pane.has_class("-active")), panes[0])

    @property
    def is_small(self) -> bool:
        """Whether only one pane fits."""
        return self.has_class("-narrow") or self.has_class("-short")

    def show_pane(self, pane: Pane) -> None:
        """Make a pane the active one and give it the focus."""
        self._activate(pane)
        pane.main.focus()

    def _activate(self, pane: Pane) -> None:
        for other in self.panes():
            other.set_class(other is pane, "-active")
        for group in self.query(".group"):
            group.set_class(pane in group.children, "-active")
        self.draw_tabs()
        self.refresh_bindings()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Follow the focus, whoever moved it, and leave it where it is: it may be in the pane's bar."""
        for pane in self.panes():
            if pane in event.widget.ancestors and not pane.has_class("-active"):
                self._activate(pane)

    def draw_tabs(self) -> None:
        """Draw the strip of tabs of a small screen."""
        tabs = [Tab(self._tab_label(pane), pane.has_class("-active")) for pane in self.panes()]
        active_pane = self.active_pane
        self.query_one(TabStrip).show(tabs, (active_pane.tab_note, active_pane.subtitle))

    @staticmethod
    def _tab_label(pane: Pane) -> str:
        """Return the key and heading of a pane; of the active one also its count: `2 Rollouts (16)`."""
        label = f"{pane.title_key} {pane.heading}" if pane.title_key else pane.heading
        return f"{label} ({pane.count})" if pane.count and (pane.has_class("-active") or pane.counts_in_tab) else label

    def on_tab_strip_chosen(self, event: TabStrip.Chosen) -> None:
        """Go to the pane whose tab was clicked."""
        event.stop()
        self.show_pane(self.panes()[event.index])

    def on_pane_retitled(self, event: Pane.Retitled) -> None:
        """Show the new title in the strip of tabs too."""
        event.stop()
        if self.is_small:
            self.draw_tabs()

    def on_resize(self) -> None:
        """Draw the strip of tabs, which may have appeared."""
        self.call_after_refresh(self.draw_tabs)

    def lost_target_message(self) -> str:
        pane = self.active_pane
        if not isinstance(pane, TablePane) or (lost := pane.table.lost_key) is None:
            return ""
        pane.table.pin_cursor()
        present = None if pane.table.cursor_key is None else pane.object_of(pane.table.cursor_key)
        there = (
            f"the cursor is on {present.qualified_kind} {present.name} now, press again to act on it" if present else ""
        )
        # A row that the filter or the narrowing hides still exists.
        what = "is not shown here any more" if lost in pane.rows else "is gone"
        lost = pane.object_of(lost)
        return f"{lost.qualified_kind} {lost.name} {what}: {there or 'nothing is selected'}"

    def keep_cursor(self, acted_on: ObjectRef | None) -> None:
        pane = self.active_pane
        if acted_on is not None and isinstance(pane, TablePane):
            pane.keep_cursor(acted_on)

    # -- keys ---------------------------------------------------------------------------------------------------------

    def action_next_pane(self) -> None:
        """Go to the next pane."""
        self._step(1)

    def action_previous_pane(self) -> None:
        """Go to the previous pane."""
        self._step(-1)

    def _step(self, by: int) -> None:
        panes = list(self.panes())
        self.show_pane(panes[(panes.index(self.active_pane) + by) % len(panes)])

    def action_show_pane(self, number: int) -> None:
        """Go to a pane by its number."""
        pane = next((pane for pane in self.panes() if pane.number == number), None)
        if pane is not None:
            self.show_pane(pane)
        else:
            self.app_context.show_message(f"no pane {number} here", failed=True)

    def _filter_bar(self) -> FilterBar | None:
        pane = self.active_pane
        return pane.filter_bar if isinstance(pane, TablePane | LogPane) else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disable the filter while there is no cluster to show."""
        if action == "filter" and not self.is_connected:
            return None
        return super().check_action(action, parameters)

    def action_filter(self) -> None:
        """Filter the active pane."""
        bar = self._filter_bar()
        if bar is not None:
            bar.open()

    def clear_filter(self) -> bool:
        """End the search or filter of the active pane, of a log whatever else can be undone; False when nothing can."""
        if isinstance(self.active_pane, LogPane):
            return self.active_pane.step_back()
        bar = self._filter_bar()
        if bar is None or not bar.text:
            return False
        bar.clear()
        return True


class SinglePaneScreen(PanedScreen, Generic[PaneT]):
    """Base of the screens whose only pane is `pane`; what is above or below it is added in `compose_panes`."""

    pane: PaneT

    def panes(self) -> Sequence[Pane]:
        return (self.pane,)

    def compose_panes(self) -> ComposeResult:
        yield self.pane
