"""The home screen: Services, Rollouts and Logs side by side, each narrowing the next.

Space in Rollouts marks: what is done then is done to all that is marked, each by the uid it was marked with.
Narrowing: moving the cursor in Services (or Space) shows only the rollouts behind that service and their logs; moving
it in Rollouts shows that rollout's logs. Esc takes the last narrowing back. Invariant: what is narrowed is said in the
title of the pane that is narrowed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.widgets import ContentSwitcher

from k9py.api.kinds import WORKLOAD_KINDS
from k9py.api.meta import ObjectKey
from k9py.cluster.change_feed import Changes
from k9py.cluster.health import ClusterHealth, ClusterState
from k9py.tui import keymap
from k9py.tui.answer.new_errors import NewErrors
from k9py.tui.answer.panel import AnswerPanel
from k9py.tui.answer.updater import AnswerUpdater
from k9py.tui.dialogs.quit import QuitDialog
from k9py.tui.logs.targets import update_log_targets
from k9py.tui.panes.connection_pane import ConnectionPane
from k9py.tui.panes.log_pane import LogPane
from k9py.tui.panes.pane import Pane
from k9py.tui.panes.row_sources import (
    rollout_columns,
    rollout_source,
    service_columns,
    service_source,
    with_operations,
)
from k9py.tui.panes.table_pane import TablePane
from k9py.tui.screens.cluster_screen import ClusterScreen
from k9py.tui.screens.disabled_reasons import no_workload_message
from k9py.tui.screens.paned_screen import PanedScreen
from k9py.tui.session import Connected, Connecting, Unreachable
from k9py.tui.widgets.live_table.cursor import HighlightCause
from k9py.tui.widgets.live_table.table import LiveTable
from k9py.views import rollouts as rollout_table
from k9py.views import services as service_table
from k9py.views.values import Tone

if TYPE_CHECKING:
    from k9py.tui.app import KdashApp


FRAME: Final = 3
"""Lines of a table beside its rows: the frame and the titles."""
LEAST_TABLE: Final = 6
"""Lines a table keeps, its frame included, however few its rows."""
LEAST_BELOW: Final = 17
"""Lines for all else where tables stand below each other: the bars, the answer, and logs that are worth their room."""


class HomeScreen(PanedScreen):
    """Services, Rollouts, Logs."""

    BINDINGS: ClassVar[list[BindingType]] = [*keymap.HOME]

    DEFAULT_CSS = """
    HomeScreen #home { width: 1fr; height: 1fr; }
    HomeScreen #panes { layout: vertical; width: 1fr; height: 1fr; }
    HomeScreen #tables { layout: vertical; width: 1fr; height: 28fr; }
    HomeScreen #services { height: 12fr; }
    HomeScreen #rollouts { height: 16fr; }
    HomeScreen #logs { height: 15fr; }
    HomeScreen.-beside #tables { layout: horizontal; height: 1fr; }
    HomeScreen.-beside #services { height: 1fr; width: 2fr; }
    HomeScreen.-beside #rollouts { height: 1fr; width: 3fr; }
    HomeScreen.-beside #logs { height: 1fr; }
    HomeScreen.-wide #tables { height: 3fr; }
    HomeScreen.-wide #logs { height: 1fr; }
    HomeScreen.-beside #tables { height: 1fr; }
    HomeScreen.-short #tables, HomeScreen.-narrow #tables { height: 1fr; width: 1fr; }
    HomeScreen.-short AnswerPanel, HomeScreen.-narrow AnswerPanel { dock: bottom; }
    HomeScreen.-short Pane, HomeScreen.-narrow Pane { height: 1fr; width: 1fr; }
    """

    def __init__(self, app: KdashApp) -> None:
        super().__init__()
        clock, options = app.options.clock, app.line_view_options
        self.services = TablePane(
            "Services", service_table.COLUMNS, clock=clock, options=options, number=1, id="services"
        )
        self.rollouts = TablePane(
            "Rollouts", rollout_table.COLUMNS, clock=clock, options=options, number=2, id="rollouts"
        )
        self.logs = LogPane(app.options, options=options, number=3, id="logs")
        self.connection = ConnectionPane(id="connection")
        self.new_errors = NewErrors(self, self.logs, clock=clock)
        self.answer = AnswerPanel()
        self._answering = AnswerUpdater(self, self.answer, app.options, lambda: app.connected)
        self._marks: dict[ObjectKey, str] = {}
        self._tables = Container(id="tables", classes="group")
        self._acting: dict[ObjectKey, str] = {}
        self._shared: tuple[object, ...] = ()
        self.service: ObjectKey | None = None
        """The service the rollouts are narrowed to."""
        self.rollout: ObjectKey | None = None
        """The rollout the person chose for the logs."""

    def compose_panes(self) -> ComposeResult:
        with ContentSwitcher(id="home", initial="connection"):
            yield self.connection
            with Container(id="panes"):
                with self._tables:
                    yield self.services
                    yield self.rollouts
                yield self.answer
                yield self.logs

    def panes(self) -> Sequence[Pane]:
        return (self.services, self.rollouts, self.logs)

    def on_mount(self) -> None:
        """Begin in Rollouts, failing first."""
        self.rollouts.add_class("-active")
        self.bindings_updated_signal.subscribe(self, lambda _: self._answering.keys_changed())
        self.session_changed()

    @property
    def counts(self) -> Mapping[Tone, int]:
        """How many services and rollouts there are of each tone; a service and its workload are counted once."""
        return self.rollouts.counts + self.services.counts

    def target(self) -> ObjectKey | None:
        connected = self.kdash.connected
        if connected is None:
            return None
        pane = self.active_pane
        return pane.table.cursor_key if isinstance(pane, TablePane) else self.logs.subject

    # -- data ---------------------------------------------------------------------------------------------------------

    def session_changed(self) -> None:
        if not self.is_mounted:
            return
        self.service = self.rollout = None
        self._answering.clear()
        self.clear_marks()
        match self.kdash.session.state:
            case Connected(connection=log_source, cluster=cluster):
                self.query_one(ContentSwitcher).current = "panes"
                one = len(cluster.scope.namespaces) == 1
                services, rollouts = service_columns(one_namespace=one), rollout_columns(one_namespace=one)
                queries = cluster.queries
                self.services.set_source(
                    with_operations(
                        service_source(cluster, services),
                        services.columns,
                        "why",
                        lambda key: next(filter(None, map(self._acted, queries.backends_of(key))), ""),
                    ),
                    services.columns,
                )
                self.rollouts.set_source(
                    with_operations(rollout_source(cluster, rollouts), rollouts.columns, "state", self._acted),
                    rollouts.columns,
                )
                self.logs.set_source(log_source, self.kdash.context)
                self.show_pane(self.active_pane)
                self._say_health(cluster.health)
                return
        self.show_connection()
        self.query_one(ContentSwitcher).current = "connection"
        self.services.set_source(None)
        self.rollouts.set_source(None)
        self.logs.set_source(None)

    def _acted(self, key: ObjectKey) -> str:
        return self._acting.get(key, "")

    def show_changes_under_way(self, acting: Mapping[ObjectKey, str]) -> None:
        """Mark the rows of what the person is changing, until it has settled."""
        connected = self.kdash.connected
        if acting == self._acting or connected is None:
            return
        changed = [key for key in {**self._acting, **acting} if self._acting.get(key) != acting.get(key)]
        self._acting = dict(acting)
        self.rollouts.update_rows(key for key in changed if key in self.rollouts.rows)
        services = {one for key in changed for one in connected.cluster.queries.services_of(key)}
        self.services.update_rows(services)

    def show_connection(self) -> None:
        """Say in place of the panes how it stands with the connection that is being made, or was not."""
        state = self.kdash.session.state
        if not self.is_mounted:
            return
        sign_in = self.kdash.session.sign_in
        if isinstance(state, Connecting) or sign_in is not None:
            self.connection.show_connecting(self.kdash.context, sign_in)
        elif isinstance(state, Unreachable):
            again = ""
            if state.retry_at is not None:
                left = (state.retry_at - self.kdash.options.clock.now()).total_seconds()
                again = f"trying again in {max(0, round(left))} s"
            self.connection.show_error(state.error, again=again)

    def tick(self, changes: Changes) -> None:
        connected = self.kdash.connected
        if connected is None:
            self.show_connection()
            return
        self._renew(changes)
        if changes.health or changes.everything:
            self._say_health(connected.cluster.health)
        if self.service is not None and (changes.services or changes.rollouts or changes.everything):
            self._narrow_rollouts()
        self._want_logs()
        if self.logs.needs_targets or changes.pods or changes.everything:
            update_log_targets(self.logs, connected.cluster.queries)
        self.new_errors.update(connected)
        self.logs.pull()
        self._share_room()
        self._answering.update()

    def _share_room(self) -> None:
        """Let the tables take no more lines than their rows need: the logs have the rest.

        On a wide screen they stand beside each other, unless both fit below each other: then no sentence is cut.
        """
        # What a table is narrowed to or filters changes nothing: the panes stay where they are.
        # More lines than the screen has are all the same: rows that come in do not lay it out again and again.
        height = self.size.height
        needs = tuple(
            min(max(LEAST_TABLE, len(one.rows) + FRAME), max(LEAST_TABLE, height))
            for one in (self.services, self.rollouts)
        )
        told = (self.size, *needs)
        if told == self._shared:
            return
        self._shared = told
        is_beside = self.has_class("-wide") and sum(needs) > self.size.height - LEAST_BELOW
        self.set_class(is_beside, "-beside")
        limits: tuple[int | None, ...] = (*needs, sum(needs))
        if self.is_small or is_beside:
            limits = (None, None, None if self.is_small else max(needs))
        for part, lines in zip((self.services, self.rollouts, self._tables), limits, strict=True):
            part.styles.max_height = lines

    def tick_hidden(self, changes: Changes) -> None:
        """Keep counting: every screen's header says how many fail. Lines are taken: what waits too long is dropped.

        Under a screen that follows logs itself none are: they would be read, and kept, twice.
        """
        if self.kdash.connected is not None:
            self._renew(changes)
            if any(isinstance(one, ClusterScreen) and one.follows_logs for one in self.app.screen_stack):
                self.logs.unfollow()
            self.logs.pull()

    def _renew(self, changes: Changes) -> None:
        for pane, keys in ((self.services, changes.services), (self.rollouts, changes.rollouts)):
            if changes.everything or (changes.health and pane.can_complete):
                pane.reload()
            else:
                pane.update_rows(keys)

    def _say_health(self, health: ClusterHealth) -> None:
        """Say in empty tables why they are empty."""
        connected = self.kdash.connected
        place = str(connected.cluster.scope) if connected is not None else ""
        for pane, noun, kinds in (
            (self.services, "services", ("Service",)),
            (self.rollouts, "rollouts", WORKLOAD_KINDS),
        ):
            known = all(health.has_synced(kind) for kind in kinds)
            forbidden = [kind for kind in kinds if kind in health.forbidden]
            if forbidden:
                pane.set_empty_text(f"forbidden: may not list {', '.join(forbidden)} in {place}", Tone.WARN)
            elif known:
                pane.set_empty_text(f"no {noun} in {place}")
            elif health.state is ClusterState.UNREACHABLE and health.error is not None:
                pane.set_empty_text(health.error.message, Tone.FAIL)
            else:
                pane.set_empty_text("loading…", Tone.BUSY)

    # -- narrowing ----------------------------------------------------------------------------------------------------

    def on_live_table_highlighted(self, event: LiveTable.Highlighted) -> None:
        """Narrow the other panes to what the person moved to."""
        self.refresh_bindings()
        moved = event.cause is HighlightCause.MOVED
        if event.table is self.services.table:
            if moved:
                self.narrow_to_service(event.key)
            elif self.service is not None and event.cause is HighlightCause.VANISHED and event.previous == self.service:
                self.narrow_to_service(None)
        elif moved:
            self.rollout = event.key
        elif event.previous == self.rollout:
            self.rollout = None
        self._want_logs()
        self._answering.update()

    def narrow_to_service(self, service: ObjectKey | None) -> None:
        """Show only the rollouts behind a service, and the logs of all of them; None: all."""
        self.service, self.rollout = service, None
        self._narrow_rollouts()

    def _narrow_rollouts(self) -> None:
        connected = self.kdash.connected
        if self.service is None or connected is None:
            self.rollouts.narrow(None)
        else:
            behind = connected.cluster.queries.backends_of(self.service)
            name = self.service.name
            self.rollouts.narrow(
                behind, f"behind service {name}, Esc shows all", empty_text=no_workload_message(self.service)
            )

    def _want_logs(self) -> None:
        self.logs.follow(self.rollout or self.service or self.rollouts.table.cursor_key)

    # -- keys ---------------------------------------------------------------------------------------------------------

    def on_live_table_selected(self, event: LiveTable.Selected) -> None:
        """Open the object."""
        self.kdash.open_object(event.key)

    def on_key(self, event: events.Key) -> None:
        """Enter without a cluster tries again."""
        if event.key == "enter" and isinstance(self.kdash.session.state, Unreachable):
            self.kdash.session.retry()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Space narrows in Services and marks in Rollouts."""
        if action in ("narrow", "mark"):
            return self.active_pane is (self.services if action == "narrow" else self.rollouts)
        return super().check_action(action, parameters)

    def action_narrow(self) -> None:
        """Narrow the other panes to the service under the cursor."""
        key = self.services.table.cursor_key
        if key is not None:
            self.services.table.pin_cursor()
            self.narrow_to_service(key)
            self._want_logs()

    def action_full_screen(self) -> None:
        """Show the logs alone on the whole screen."""
        self.kdash.open_logs(self.logs.subject, previous=False, full=True)

    def action_mark(self) -> None:
        """Mark the rollout under the cursor, as the object it is now; or take its mark away."""
        key, connected = self.rollouts.table.cursor_key, self.kdash.connected
        if key is None or connected is None:
            return
        self.rollouts.table.pin_cursor()
        if self._marks.pop(key, None) is None:
            workload = connected.cluster.queries.workload(key)
            if workload is None:
                return
            self._marks[key] = workload.uid
        self.rollouts.set_marks(self._marks)
        self.refresh_bindings()

    def marked(self) -> Mapping[ObjectKey, str]:
        return dict(self._marks) if self.active_pane is self.rollouts else {}

    def clear_marks(self) -> bool:
        """Mark nothing any more; False when nothing was."""
        had = bool(self._marks)
        self._marks.clear()
        if had:
            self.rollouts.set_marks(())
            self.refresh_bindings()
        return had

    def step_back(self) -> None:
        """Take back the marks, the filter, then the narrowing; at last ask whether to quit.

        While the cluster is being connected to it cancels the credential plugin that waits for the person.
        """
        if self.kdash.connected is None and self.kdash.session.sign_in is not None:
            self.kdash.session.sign_in.cancel()
            return
        if self.clear_marks() or self.clear_filter():
            return
        if self.rollout is not None and self.service is not None:
            self.rollout = None  # the logs are the whole service's again
        elif self.service is not None:
            self.narrow_to_service(None)
        else:
            self.ask_to_quit()

    def ask_to_quit(self) -> None:
        """Ask whether to quit: q is back, never an instant exit."""

        def leave(sure: bool | None) -> None:
            if sure:
                self.app.exit(0)

        self.app.push_screen(QuitDialog(), leave)
