"""The home screen: Services, Rollouts and Logs side by side, each narrowing the next; above them Problems, if any.

Space marks rollouts: an action then applies to all marked ones, each by the uid it had when it was marked. Moving the
cursor in Services (or Space) narrows the rollouts to those of that service, and the logs to theirs; moving it in
Rollouts shows that rollout's logs. Esc undoes the last narrowing, and then does nothing; q asks whether to quit.
Invariants: the title of a narrowed pane shows it; until a person moves the focus or a cursor, the focus is in Problems
while something is down or degraded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import ContentSwitcher, Input

from k9py.actions.action import Action, ActionScope
from k9py.api.meta import ObjectRef
from k9py.cluster.change_feed import Changes
from k9py.diagnosis.problem import Problem
from k9py.tui.answer.new_errors import NewErrors
from k9py.tui.answer.updater import AnswerUpdater
from k9py.tui.bindings import bindings
from k9py.tui.context import AppContext
from k9py.tui.dialogs.quit import ask_to_quit
from k9py.tui.logs.targets import update_log_targets
from k9py.tui.panes.connection_pane import ConnectionPane
from k9py.tui.panes.pane import Pane
from k9py.tui.panes.row_marks import RowMarks
from k9py.tui.panes.table_pane import TablePane
from k9py.tui.problems import is_urgent, workload_of
from k9py.tui.screens.cluster_screen import ClusterScreen
from k9py.tui.screens.home_panes import HomePanes
from k9py.tui.screens.problem_targets import PROBLEM_KEYS, ProblemTargetScreen
from k9py.tui.screens.targets import no_workload_message, pod_of
from k9py.tui.session import Connected, Unreachable
from k9py.tui.widgets.live_table.cursor import HighlightCause
from k9py.tui.widgets.live_table.table import LiveTable
from k9py.views.background_jobs import losses
from k9py.views.values import Tone

ACKNOWLEDGE: Final = "problem.acknowledge"
_FOOTER: Final = (
    "app.retry",
    "object.logs",
    "object.describe",
    "workload.scale",
    "workload.restart",
    "workload.undo",
    "cluster.problems",
    "object.timeline",
)
_PROBLEM_FOOTER: Final = (
    "app.retry",
    "table.select",
    ACKNOWLEDGE,
    "cluster.problems",
    "object.timeline",
    "workload.undo",
    "object.edit",
    "workload.scale",
    "object.logs",
    "object.describe",
)


class HomeScreen(ProblemTargetScreen):
    """Problems, Services, Rollouts, Logs."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(ActionScope.DIFF, ActionScope.HOME, ACKNOWLEDGE)

    DEFAULT_CSS = "HomeScreen #home { width: 1fr; height: 1fr; }"

    def __init__(self, context: AppContext) -> None:
        super().__init__(context)
        self.body = HomePanes(context)
        self.problems, self.tables = self.body.problems, self.body.tables
        self.answer, self.logs = self.body.answer, self.body.logs
        self.services, self.rollouts = self.tables.services, self.tables.rollouts
        self._is_placing = self._has_moved_focus = False
        self.connection = ConnectionPane(id="connection")
        self.new_errors = NewErrors(self, self.logs, clock=context.options.clock)
        self._answer_updater = AnswerUpdater(
            self, self.answer, context.options, lambda: context.connected, context.problems
        )
        self._followed: tuple[Problem | None, ObjectRef | None] = (None, None)
        """The selected problem, and the workload whose logs tell more of it."""
        self._marks = RowMarks(self.rollouts)
        self.service: ObjectRef | None = None
        """The service the rollouts are narrowed to."""
        self.rollout: ObjectRef | None = None
        """The rollout the user selected for the logs."""

    def compose_panes(self) -> ComposeResult:
        with ContentSwitcher(id="home", initial="connection"):
            yield self.connection
            yield self.body

    def panes(self) -> Sequence[Pane]:
        panes = (self.services, self.rollouts, self.logs)
        return (self.problems, *panes) if self.problem_lines else panes

    @property
    def problem_lines(self) -> int:
        """Lines that the pane of problems takes, 0 while there is none."""
        return self.body.problem_height.lines

    @property
    def selected_problem(self) -> Problem | None:
        return self.problems.selected if self.active_pane is self.problems else None

    def first_in_footer(self) -> tuple[str, ...]:
        return _FOOTER if self.selected_problem is None else tuple(dict.fromkeys((*_PROBLEM_FOOTER, *PROBLEM_KEYS)))

    def applies(self, action: Action) -> bool:
        return super().applies(action) and (action.id != ACKNOWLEDGE or self.active_pane is self.problems)

    def on_mount(self) -> None:
        """Begin in Rollouts, failing first."""
        self.rollouts.add_class("-active")
        self.bindings_updated_signal.subscribe(self, lambda _: self._answer_updater.keys_changed())
        self.session_changed()

    @property
    def counts(self) -> Mapping[Tone, int]:
        """How many services and rollouts there are of each tone; a service and its workload are counted once."""
        return self.tables.counts

    def target(self) -> ObjectRef | None:
        if not self.is_connected:
            return None
        pane = self.active_pane
        if not isinstance(pane, TablePane):
            return self.logs.subject
        key = pane.table.cursor_key
        return None if key is None else pane.object_of(key)

    def pod_target(self) -> ObjectRef | None:
        problem = self.selected_problem
        return None if problem is None else pod_of(problem.subject)

    # -- data ---------------------------------------------------------------------------------------------------------

    def session_changed(self) -> None:
        if not self.is_mounted:
            return
        self.service = self.rollout = None
        self._answer_updater.clear()
        self.clear_marks()
        connected = self.app_context.connected
        namespaces = () if connected is None else connected.cluster.scope.namespaces
        self.problems.session_changed(one_namespace=len(namespaces) == 1)
        self.body.problem_height.clear()
        self._size_problems()
        match self.app_context.session.state:
            case Connected(connection=connection, cluster=cluster):
                self.query_one(ContentSwitcher).current = "panes"
                self.tables.set_cluster(cluster)
                self.logs.set_source(connection, self.app_context.context_name)
                self.show_pane(self.active_pane)
                self.tables.explain_empty(cluster.health, str(cluster.scope))
                return
        self.show_connection()
        self.query_one(ContentSwitcher).current = "connection"
        self.tables.set_cluster(None)
        self.logs.set_source(None)

    def show_changes_under_way(self, changing: Mapping[ObjectRef, str]) -> None:
        """Mark the rows of objects that are being changed, until they have settled."""
        connected = self.app_context.connected
        if connected is not None:
            self.tables.show_changes_under_way(changing, connected.cluster)

    def _activate(self, pane: Pane) -> None:
        self._has_moved_focus |= not self._is_placing and pane is not self.active_pane
        super()._activate(pane)

    def action_show_pane(self, number: int) -> None:
        """Go to a pane by its number; also who is there already stays."""
        self._has_moved_focus = True
        super().action_show_pane(number)

    def _place_focus(self, pane: Pane) -> None:
        """Move the focus on nobody's request."""
        self._is_placing = True
        self.show_pane(pane)
        self._is_placing = False

    def _begin_in_problems(self) -> None:
        """Give Problems the focus while they are urgent; what a person has begun elsewhere stays."""
        is_theirs = (
            self._has_moved_focus
            or self.rollouts.table.is_cursor_pinned
            or self.service is not None
            or bool(self._marks.uids)
            or isinstance(self.focused, Input)
        )
        if is_theirs or not self.problem_lines or not self.is_current or self.active_pane is not self.rollouts:
            return
        if self.is_small or is_urgent(self.app_context.problems.shown):
            self._place_focus(self.problems)

    def show_connection(self) -> None:
        """Show the state of the connection in place of the panes."""
        if self.is_mounted:
            context = self.app_context
            self.connection.show_session(context.session, context.context_name, context.options.clock.now())

    def tick(self, changes: Changes) -> None:
        connected = self.app_context.connected
        if connected is None:
            self.show_connection()
            return
        cluster = connected.cluster
        self.problems.pull()
        self._size_problems()
        self._begin_in_problems()
        self.tables.show_roots(self.app_context.problems)
        self.tables.update_rows(changes)
        if changes.health or changes.everything:
            self.tables.explain_empty(cluster.health, str(cluster.scope))
        if self.service is not None and (changes.services or changes.rollouts or changes.everything):
            self._narrow_rollouts()
        self._follow_logs()
        if self.logs.needs_targets or changes.pods or changes.everything:
            update_log_targets(self.logs, cluster.queries)
        self.new_errors.update(connected)
        self.logs.pull()
        self.body.share_height(self.size, is_small=self.is_small, is_wide=self.has_class("-wide"))
        self._answer_updater.update()

    def tick_hidden(self, changes: Changes) -> None:
        """Keep counting: every screen's header shows how many fail. Lines are taken: those that wait long are dropped.

        Under a screen that follows logs itself none are taken: they would be read, and kept, twice.
        """
        if self.is_connected:
            self.tables.update_rows(changes, is_covered=True)
            if any(isinstance(screen, ClusterScreen) and screen.follows_logs for screen in self.app.screen_stack):
                self.logs.unfollow()
            self.logs.pull()

    def _size_problems(self) -> None:
        """Give the problems the lines they need; when the last one is over, go from there to Rollouts."""
        is_urgent_now = is_urgent(self.app_context.problems.shown)
        if not self.body.size_problems(self.size, is_urgent=is_urgent_now, is_small=self.is_small):
            return
        if not self.problem_lines and self.problems.has_class("-active"):
            self._place_focus(self.rollouts)
        self.draw_tabs()

    # -- narrowing ----------------------------------------------------------------------------------------------------

    def on_live_table_highlighted(self, event: LiveTable.Highlighted) -> None:
        """Narrow the other panes to what the user moved to."""
        self.refresh_bindings()
        has_moved = event.cause is HighlightCause.MOVED
        if event.table is self.problems.table:
            problem = self.problems.selected
            workload = workload_of(problem) if problem is not None and has_moved else None
            if workload is not None:
                self.rollout = workload
        elif event.table is self.services.table:
            if has_moved:
                self.narrow_to_service(event.key)
            elif self.service is not None and event.cause is HighlightCause.VANISHED and event.previous == self.service:
                self.narrow_to_service(None)
        elif has_moved:
            self.rollout = event.key
        elif event.previous == self.rollout:
            self.rollout = None
        self._follow_logs()
        self._answer_updater.update()

    def narrow_to_service(self, service: ObjectRef | None) -> None:
        """Show only the rollouts a service selects, and the logs of all of them; None: all."""
        self.service, self.rollout = service, None
        self._narrow_rollouts()

    def _narrow_rollouts(self) -> None:
        connected = self.app_context.connected
        if self.service is None or connected is None:
            self.rollouts.narrow(None)
            return
        keys = self.app_context.key_names.fill("{app.back}: show all")
        self.rollouts.narrow(
            connected.cluster.queries.backends_of(self.service),
            f"service {self.service.name} · {keys}",
            empty_text=no_workload_message(self.service),
        )

    def _follow_logs(self) -> None:
        problem = self.selected_problem
        if problem is not self._followed[0]:
            self._followed = (problem, None if problem is None else workload_of(problem))
        self.logs.follow(self.rollout or self.service or self._followed[1] or self.rollouts.table.cursor_key)

    # -- keys ---------------------------------------------------------------------------------------------------------

    def on_live_table_selected(self, event: LiveTable.Selected) -> None:
        """Open the object, or the chain of the problem."""
        if event.table is self.problems.table:
            problem = self.problems.selected
            if problem is not None:
                self.app_context.navigator.open_chain(problem)
            return
        self.app_context.navigator.open_object(event.key)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Bind Space to narrow in Services and to mark in Rollouts; Enter to retry while there is no cluster."""
        match action:
            case "narrow":
                return self.active_pane is self.services
            case "mark":
                return self.active_pane is self.rollouts
            case "retry_connection":
                return isinstance(self.app_context.session.state, Unreachable)
        return super().check_action(action, parameters)

    def action_acknowledge(self) -> None:
        """Say what can be acknowledged, outside of Problems."""
        where = "select it in Problems first" if self.problem_lines else "there is none"
        self.app_context.show_message(f"only a problem is acknowledged: {where}", failed=True)

    def action_retry_connection(self) -> None:
        """Connect again now."""
        self.app_context.session.retry()

    def action_narrow(self) -> None:
        """Narrow the other panes to the service under the cursor."""
        key = self.services.table.cursor_key
        if key is not None:
            self.services.table.pin_cursor()
            self.narrow_to_service(key)
            self._follow_logs()

    def action_full_screen(self) -> None:
        """Show the logs alone on the whole screen."""
        self.app_context.navigator.open_logs(self.logs.subject, previous=False, full=True)

    def action_mark(self) -> None:
        """Mark the rollout under the cursor, as the object it is now; or unmark it."""
        key, connected = self.rollouts.table.cursor_key, self.app_context.connected
        if key is None or connected is None:
            return
        self.rollouts.table.pin_cursor()
        workload = connected.cluster.queries.workload(key)
        if workload is not None:
            self._marks.toggle(key, workload.uid)
        else:
            self._marks.clear((key,))
        self.refresh_bindings()

    def marked(self) -> Mapping[ObjectRef, str]:
        return self._marks.uids if self.active_pane is self.rollouts else {}

    def clear_marks(self, keys: Sequence[ObjectRef] | None = None) -> bool:
        """Unmark these, without any everything; False when none of them was marked."""
        is_cleared = self._marks.clear(keys)
        if is_cleared:
            self.refresh_bindings()
        return is_cleared

    def go_back(self, *, dismiss: bool) -> None:
        """Go one step back; only the key that leaves asks whether to quit when there is none.

        Whoever presses the key for back until everything is undone must not type the next keys into a dialog.
        """
        if dismiss:
            super().go_back(dismiss=True)
        elif not self._undo_step():
            ask_to_quit(self.app, losses(self.app_context.jobs.running))

    def step_back(self) -> None:
        """Undo the last step; nothing is below this screen."""
        self._undo_step()

    def _undo_step(self) -> bool:
        """Clear the marks, the filter, then the narrowing; return whether there was something to undo.

        While the cluster is being connected to it cancels the credential plugin that waits for the user.
        """
        sign_in = self.app_context.session.sign_in
        if not self.is_connected and sign_in is not None:
            sign_in.cancel()
            return True
        if self.clear_marks() or self.clear_filter():
            return True
        if self.service is None:
            return False
        if self.rollout is not None:
            self.rollout = None  # the logs are the whole service's again
        else:
            self.narrow_to_service(None)
        return True
