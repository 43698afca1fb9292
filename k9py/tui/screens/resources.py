"""The objects of one type, as a live table: any type that the server has.

Space marks rows, Enter goes deeper (see `ScreenNavigator.open_object`), and every action on an object works on a row.
Invariants: the lease on what is shown ends with the screen; another scope of the dashboard applies to it, unless its
namespaces were named. The footer lists the actions that apply to the type.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual.binding import BindingsMap, BindingType

from k9py.actions.action import Action, ActionScope
from k9py.api.kinds import is_workload
from k9py.api.meta import ObjectRef
from k9py.cluster.change_feed import Changes
from k9py.cluster.health import ClusterState
from k9py.tui.bindings import bindings, kind_actions, with_kind_bindings
from k9py.tui.browse.request import ResourceRequest, title_of
from k9py.tui.context import AppContext
from k9py.tui.panes.resource_pane import ResourcePane
from k9py.tui.panes.row_marks import RowMarks
from k9py.tui.screens.paned_screen import SinglePaneScreen
from k9py.tui.screens.targets import OBJECT_KEYS, applies_to, pod_of
from k9py.tui.widgets.live_table.table import LiveTable

_SCREEN_SCOPES = (
    ActionScope.WORKLOAD,
    ActionScope.POD,
    ActionScope.OPERATION,
    ActionScope.OBJECT,
    ActionScope.CLUSTER,
    ActionScope.SCREEN,
    ActionScope.PANES,
    ActionScope.ROWS,
    ActionScope.APP,
    ActionScope.TABLE,
)


class ResourceScreen(SinglePaneScreen[ResourcePane]):
    """The objects of a request.

    Args:
        trail: What led here: the titles of the screens below, for the title.
        select: The object under the cursor at first; without a namespace, the first of that name.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(ActionScope.ROWS)
    follows_scope = True
    footer_begins_with = OBJECT_KEYS
    heading: ClassVar[str] = ""
    """The title, "" for the name of the type."""

    def __init__(
        self,
        context: AppContext,
        request: ResourceRequest,
        *,
        trail: Sequence[str] = (),
        select: ObjectRef | None = None,
    ) -> None:
        super().__init__(context)
        self.request = request
        self.trail = tuple(trail)
        self._select = select
        self._members: frozenset[ObjectRef] | None = None
        self._could_retry = False
        scopes: tuple[ActionScope, ...] = _SCREEN_SCOPES
        if is_workload(request.resource_type.ref("", "")):
            self._bindings = BindingsMap.merge((self._bindings, BindingsMap(bindings(ActionScope.DIFF))))
            scopes = (*scopes, ActionScope.DIFF)
        options = context.options
        names = context.key_names
        of_kind = request.resource_type.ref("", "")
        self._bindings = with_kind_bindings(
            self._bindings, options.actions, of_kind, lambda action: applies_to(action, of_kind)
        )
        self.pane = ResourcePane(
            title_of((*self.trail, self.heading or request.resource_type.shown_name)),
            request,
            options.resources().of(request.resource_type),
            taken={
                key
                for action in (*options.actions.in_scope(*scopes), *kind_actions(options.actions, of_kind))
                for key in names.keys(action.id)
            },
            clock=options.clock,
            options=context.line_view_options,
            state=options.table_state,
            number=1,
            id="resources",
        )
        self.marks = RowMarks(self.pane)

    @property
    def crumbs(self) -> tuple[str, ...]:
        return (*self.trail, self.request.resource_type.shown_name)

    # -- data ---------------------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Show the objects."""
        self.show_pane(self.pane)
        self.session_changed()

    def session_changed(self) -> None:
        connected = self.app_context.connected
        if connected is None:
            self.pane.close()
            self.pane.set_subtitle("not connected")
        else:
            self.pane.open(connected.cluster)
            self.tick(Changes())

    def tick(self, changes: Changes) -> None:
        self.pane.tick()
        self._select_wanted()
        if self.can_retry is not self._could_retry:
            self._could_retry = self.can_retry
            self.refresh_bindings()
        if self.marks.uids:
            self.marks.keep(self.pane.rows)

    def tick_hidden(self, changes: Changes) -> None:
        self.pane.hide()

    def select(self, key: ObjectRef | None) -> None:
        """Put the cursor on an object as soon as it is there."""
        self._select = key
        self._select_wanted()

    def _select_wanted(self) -> None:
        wanted, lease = self._select, self.pane.lease
        if wanted is None or lease is None:
            return
        table = self.pane.table
        if wanted.namespace or not self.request.resource_type.namespaced:
            found = wanted
        else:
            found = next((key for key in self.pane.rows if key.name == wanted.name), wanted)
        if table.select_key(found):
            self._select = None
        elif (
            self.pane.is_complete and not self.pane.is_loading and not table.is_building and found not in self.pane.rows
        ):
            self._select = None
            where = f" in {self.pane.place}" if self.pane.place else ""
            self.app_context.show_message(
                f"{wanted.qualified_kind} {wanted.name} not found{where}", failed=True, stays=True
            )

    # -- targets ------------------------------------------------------------------------------------------------------

    def target(self) -> ObjectRef | None:
        return self.pane.table.cursor_key if self.is_connected else None

    def pod_target(self) -> ObjectRef | None:
        return pod_of(self.target())

    def uid_of(self, ref: ObjectRef) -> str:
        held = self.pane.object(ref)
        return super().uid_of(ref) if held is None else held.uid

    def marked(self) -> Mapping[ObjectRef, str]:
        return self.marks.uids

    def clear_marks(self, keys: Sequence[ObjectRef] | None = None) -> bool:
        cleared = self.marks.clear(keys)
        if cleared:
            self.refresh_bindings()
        return cleared

    def applies(self, action: Action) -> bool:
        return applies_to(action, self.shown_object())

    def shown_object(self) -> ObjectRef:
        return self.target() or self.request.resource_type.ref("", "")

    # -- keys ---------------------------------------------------------------------------------------------------------

    def on_live_table_highlighted(self, event: LiveTable.Highlighted) -> None:
        """Update the keys: what is possible depends on the object."""
        self.refresh_bindings()

    def on_live_table_selected(self, event: LiveTable.Selected) -> None:
        """Go deeper."""
        self.app_context.navigator.open_object(event.key)

    def action_mark_row(self) -> None:
        """Mark the row under the cursor, or unmark it, and go to the next one."""
        table = self.pane.table
        key = table.cursor_key
        known = None if key is None else self.pane.object(key)
        if key is None or known is None:
            return
        table.pin_cursor()
        self.marks.toggle(key, known.uid)
        table.action_move(1)
        self.refresh_bindings()

    def step_back(self) -> None:
        """Clear the marks, the filter, then go back."""
        if not (self.clear_marks() or self.clear_filter()):
            super().step_back()

    @property
    def can_retry(self) -> bool:
        lease = self.pane.lease
        is_live = lease is None or lease.state in (ClusterState.LIVE, ClusterState.LOADING)
        return super().can_retry or not is_live

    def retry_connection(self) -> None:
        if self.pane.lease is not None:
            self.pane.lease.retry_now()
        super().retry_connection()
