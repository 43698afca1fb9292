"""The chain of one problem: its root on top with the evidence, and all that it explains beneath.

Enter opens the object of a line, Space lists the objects that have the same finding. Invariants: it stays current while
the problem is there, and keeps its last state afterwards; keys act on the object of the line under the cursor, on the
root also on what a step names.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType

from k9py.actions.action import Action, ActionScope
from k9py.api.meta import ObjectRef
from k9py.cluster.change_feed import Changes
from k9py.tui.answer.keys import possible_keys
from k9py.tui.bindings import bindings
from k9py.tui.context import AppContext
from k9py.tui.panes.pane import Pane
from k9py.tui.panes.table_pane import TablePane
from k9py.tui.screens.chain_rows import ChainRow, folded_chain
from k9py.tui.screens.problem_targets import ProblemTargetScreen
from k9py.tui.screens.targets import OBJECT_KEYS, pod_of
from k9py.tui.widgets.live_table.table import LiveTable
from k9py.tui.widgets.toned_lines import TonedLines
from k9py.views.answer import Keys
from k9py.views.problems import ChainPart, object_text, step_line
from k9py.views.tones import live_age, severity_tone
from k9py.views.values import Cell, Column, Row, Tone

if TYPE_CHECKING:
    from k9py.diagnosis.problem import Problem

COLUMNS: Final = (
    Column("chain", "CHAIN", min_width=24, max_width=400, grow=True),
    Column(
        "since",
        "SINCE",
        align_right=True,
        min_width=5,
        max_width=6,
        live=lambda row, now: live_age(row, now) if row.since else "",
    ),
)
OTHER_CELLS: Final = 14
"""Cells of a row beside the chain: frame, gutter, the column of ages, the scroll mark."""


class ProblemChainScreen(ProblemTargetScreen):
    """One problem."""

    footer_begins_with = ("table.select", "chain.fold", *OBJECT_KEYS)
    BINDINGS: ClassVar[list[BindingType]] = bindings(ActionScope.CHAIN)
    DEFAULT_CSS = """
    ProblemChainScreen #steps { background: $surface; padding: 0 2; max-height: 5; }
    """

    def __init__(self, context: AppContext, problem: Problem) -> None:
        super().__init__(context)
        self.problem = problem
        self.pane = TablePane(
            "Chain", COLUMNS, clock=context.options.clock, options=context.line_view_options, number=1, id="chain"
        )
        self.pane.counts_rows = False
        self.steps = TonedLines(id="steps", wraps=True)
        self._keys: Keys = {}
        self._open: set[str] = set()
        self._rows: dict[ObjectRef, ChainRow] = {}
        self._built_for: tuple[object, ...] = ()
        self._is_over = False

    def compose_panes(self) -> ComposeResult:
        yield self.pane
        yield self.steps

    def panes(self) -> Sequence[Pane]:
        return (self.pane,)

    @property
    def crumbs(self) -> tuple[str, ...]:
        return (f"chain of {self.problem.subject.name}",)

    # -- data ---------------------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Show the chain."""
        self.show_pane(self.pane)
        self.bindings_updated_signal.subscribe(self, self._keys_changed)
        self.tick(Changes())

    def _keys_changed(self, _screen: object) -> None:
        """Read which keys work now: that takes long, and the steps name them."""
        if self.focused is self.pane.table:
            self._keys = possible_keys(self.active_bindings, self)
            self._show_steps()

    def session_changed(self) -> None:
        self.tick(Changes())

    def tick(self, changes: Changes) -> None:
        problems, now = self.app_context.problems, self.app_context.options.clock.now()
        if problems.report is not None:
            current = next((each for each in problems.report.problems if each.id == self.problem.id), None)
            self._is_over = current is None
            self.problem = current or self.problem
        built_for = (self.problem, self.size.width, int(now.timestamp()), frozenset(self._open), self._is_over)
        if built_for != self._built_for:
            self._built_for = built_for
            self._build()

    def on_resize(self) -> None:
        """Fold to the new width."""
        super().on_resize()
        self.call_after_refresh(self.tick, Changes())

    def _build(self) -> None:
        problem, now = self.problem, self.app_context.options.clock.now()
        width = self.size.width - OTHER_CELLS
        rows = folded_chain(problem, now, width, is_open=self._open.__contains__, has_symbols=False)
        # Not objects of the cluster: several lines are about one.
        self._rows = {ObjectRef("", "", f"{row.line.path} {row.at}"): row for row in rows}
        self.pane.set_rows([_row(key, row, at) for at, (key, row) in enumerate(self._rows.items())])
        place = f"{problem.severity.label} · {object_text(problem.subject)}"
        self.pane.set_place(f"{place} in {problem.subject.namespace}" if problem.subject.namespace else place)
        self.pane.set_subtitle("resolved: this is its last state" if self._is_over else "")
        self._show_steps()

    def _show_steps(self) -> None:
        steps = [step_line(step, self.problem, self._keys) for step in self.steps_of(self.problem)]
        line: list[tuple[str, Tone]] = []
        for step in filter(None, steps):
            line += [(" · ", Tone.MUTED), *step] if line else [("do  ", severity_tone(self.problem.severity)), *step]
        self.steps.show([tuple(line)] if line else ())

    # -- targets and keys ---------------------------------------------------------------------------------------------

    @property
    def _selected(self) -> ChainRow | None:
        key = self.pane.table.cursor_key
        return None if key is None else self._rows.get(key)

    @property
    def selected_problem(self) -> Problem | None:
        row = self._selected
        is_root = row is None or row.line.path == "0" or row.line.part is ChainPart.SUSPECT
        return self.problem if is_root and not self._is_over else None

    def target(self) -> ObjectRef | None:
        row = self._selected
        return row.line.ref if row is not None and self.is_connected else None

    def pod_target(self) -> ObjectRef | None:
        return pod_of(self.target())

    def applies(self, action: Action) -> bool:
        target = self.target()
        return target is None or self.is_for(action, target)

    def first_in_footer(self) -> tuple[str, ...]:
        return self.footer_begins_with

    def title_of(self, action: Action) -> str:
        return action.title if action.id == "table.select" else super().title_of(action)

    def keep_cursor(self, acted_on: ObjectRef | None) -> None:
        self.pane.table.pin_cursor()

    def lost_target_message(self) -> str:
        table, target = self.pane.table, self.target()
        if table.lost_key is None:
            return ""
        table.pin_cursor()
        there = "nothing is selected" if target is None else f"the cursor is on {object_text(target)} now, press again"
        return f"the selected line is gone: {there}"

    def on_live_table_highlighted(self, event: LiveTable.Highlighted) -> None:
        """Update the keys: what is possible depends on the object."""
        self.refresh_bindings()

    def on_live_table_selected(self, event: LiveTable.Selected) -> None:
        """Open the object of the line."""
        target = self.target()
        if target is not None:
            self.app_context.navigator.open_object(target)

    def action_fold(self) -> None:
        """List the objects of the finding under the cursor, or fold them."""
        row = self._selected
        if row is None:
            return
        path = row.line.path if row.line.part is not ChainPart.OBJECT else row.line.path.partition("/Pod ")[0]
        self.pane.table.pin_cursor()
        self._open ^= {path}
        self.tick(Changes())

    def step_back(self) -> None:
        """Clear the filter, then go back."""
        if not self.clear_filter():
            super().step_back()


def _row(key: ObjectRef, row: ChainRow, at: int) -> Row:
    is_finding = row.line.part in (ChainPart.ROOT, ChainPart.EFFECT)
    tone = Tone.PLAIN if is_finding else Tone.ACCENT if row.line.part is ChainPart.SUSPECT else Tone.MUTED
    since = row.line.since if row.at == 0 else None
    shown = row.line.tone if is_finding and row.at == 0 else Tone.PLAIN
    return Row(key, (Cell(row.text, tone, at), Cell("")), shown, at, since)
