"""The problems of the cluster on a whole screen: all of them, and everything about the selected one below.

Every key acts on the subject of the selected problem, or on the object that the step with that key names. Invariant:
the details show the whole cause, wrapped; the chain follows as far as there is room.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from textual.app import ComposeResult

from k9py.api.meta import ObjectRef
from k9py.cluster.change_feed import Changes
from k9py.tui.answer.keys import possible_keys
from k9py.tui.answer.panel import AnswerPanel
from k9py.tui.context import AppContext
from k9py.tui.panes.pane import Pane
from k9py.tui.panes.problems_pane import ProblemsPane
from k9py.tui.screens.chain_rows import folded_chain
from k9py.tui.screens.problem_targets import PROBLEM_KEYS, ProblemTargetScreen
from k9py.tui.screens.targets import pod_of
from k9py.tui.widgets.live_table.table import LiveTable
from k9py.tui.widgets.toned_lines import TonedLines
from k9py.views.answer import Keys, problem_answer

if TYPE_CHECKING:
    from k9py.diagnosis.problem import Problem

FRAME: Final = 6
"""Lines of everything else: header, footer, the frame and titles of the table, a blank line."""
MIN_ROWS: Final = 3
MAX_ANSWER: Final = 12


class ProblemsScreen(ProblemTargetScreen):
    """Problems."""

    follows_scope = True
    footer_begins_with = PROBLEM_KEYS
    DEFAULT_CSS = """
    ProblemsScreen #chain { background: $background; padding: 1 2 0 2; max-height: 60%; }
    ProblemsScreen.-short #chain { padding: 0 1; }
    """

    def __init__(self, context: AppContext) -> None:
        super().__init__(context)
        self.pane = ProblemsPane(context, is_whole=True, id="problems")
        self.answer = AnswerPanel()
        self.chain = TonedLines(id="chain")
        self._keys: Keys = {}
        self._shown_for: tuple[object, ...] = ()

    def compose_panes(self) -> ComposeResult:
        yield self.pane
        yield self.chain
        yield self.answer

    def panes(self) -> Sequence[Pane]:
        return (self.pane,)

    @property
    def crumbs(self) -> tuple[str, ...]:
        return ("problems",)

    # -- data ---------------------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Show the problems."""
        self.show_pane(self.pane)
        self.bindings_updated_signal.subscribe(self, self._keys_changed)
        self.session_changed()

    def session_changed(self) -> None:
        connected = self.app_context.connected
        self.pane.session_changed(one_namespace=connected is not None and len(connected.cluster.scope.namespaces) == 1)
        self.tick(Changes())

    def tick(self, changes: Changes) -> None:
        self.pane.pull()
        self._show_details()

    def tick_hidden(self, changes: Changes) -> None:
        self.pane.pull(is_covered=True)

    def _keys_changed(self, _screen: object) -> None:
        """Read which keys work now: that takes long, and the details name them."""
        if self.focused is self.pane.table:  # while the filter is typed, every key is text
            self._keys = possible_keys(self.active_bindings, self)
            self._show_details()

    def _show_details(self) -> None:
        problem, (width, height) = self.selected_problem, self.size
        second = int(self.app_context.options.clock.monotonic())
        answer_lines = self.answer.size.height
        shown_for = (id(problem), self.app_context.problems.version, width, height, second, self._keys, answer_lines)
        if shown_for == self._shown_for:
            return
        self._shown_for = shown_for
        if problem is None:
            self.answer.show(None, width=0, least=0, most=0)
            self.chain.show(())
            return
        now = self.app_context.options.clock.now()
        refusal = "read-only" if self.app_context.options.read_only else ""
        answer = problem_answer(problem, self._keys, now, refusal=refusal)
        room = height - FRAME - min(MIN_ROWS, self.pane.table.row_count)
        self.answer.show(answer, width=width, least=3, most=max(3, min(MAX_ANSWER, room)))
        room = height - FRAME - self.pane.table.row_count - answer_lines
        lines = [line.pieces for line in folded_chain(problem, now, width - 6)] if room > 2 else []
        self.chain.show(lines[:room] if len(lines) > 1 else ())

    # -- targets and keys ---------------------------------------------------------------------------------------------

    @property
    def selected_problem(self) -> Problem | None:
        return self.pane.selected

    def target(self) -> ObjectRef | None:
        problem = self.selected_problem
        return problem.subject if problem is not None and self.is_connected else None

    def pod_target(self) -> ObjectRef | None:
        return pod_of(self.target())

    def on_live_table_highlighted(self, event: LiveTable.Highlighted) -> None:
        """Show the details of the problem, and the keys that help."""
        self.refresh_bindings()
        self._show_details()

    def on_live_table_selected(self, event: LiveTable.Selected) -> None:
        """Show the chain."""
        problem = self.selected_problem
        if problem is not None:
            self.app_context.navigator.open_chain(problem)

    def show_problems(self) -> None:
        """Return to the screen below: the key that opened this one closes it."""
        self.dismiss(None)

    def step_back(self) -> None:
        """Clear the filter, then go back."""
        if not self.clear_filter():
            super().step_back()
