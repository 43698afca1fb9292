"""The pane of problems: roots, ranked; on request also the acknowledged and muted ones and notes, last.

Invariants: the count is that of the header: of what nobody has hidden and needs an action. A row's key stands for the
problem, not for an object of the cluster: `selected` is the problem under the cursor, and every action is for that
problem's subject or for what one of its steps names.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import BindingType

from k9py.actions.action import ActionScope
from k9py.api.meta import ObjectRef
from k9py.tui.bindings import bindings
from k9py.tui.keys import key_names
from k9py.tui.panes.row_sources import ColumnSet
from k9py.tui.panes.table_pane import RowSource, TablePane
from k9py.tui.problems import ShownProblems
from k9py.views.problems import coverage_text, empty_text, hidden_text, object_text
from k9py.views.problems.table import COLUMNS, row, row_key
from k9py.views.values import Row, Tone

if TYPE_CHECKING:
    from k9py.diagnosis.problem import Problem
    from k9py.tui.context import AppContext

Known = tuple["Problem", int, str]
"""A problem, its place, and the mark of its row."""
AGES_SECONDS: Final = 1.0
"""How often the ages in visible rows are brought up to date."""


class ProblemsPane(TablePane):
    """Problems.

    Args:
        is_whole: it has the screen to itself: it shows what could not be read, and needs no key that leads to it.
    """

    counts_in_tab = True
    BINDINGS: ClassVar[list[BindingType]] = bindings(ActionScope.PROBLEMS)

    def __init__(self, context: AppContext, *, is_whole: bool = False, id: str | None = None) -> None:  # noqa: A002
        super().__init__(
            "Problems",
            COLUMNS,
            clock=context.options.clock,
            options=context.line_view_options,
            state=context.options.table_state,
            remember_as="problems",
            number=1 if is_whole else 0,
            id=id,
        )
        self._app_context, self._is_whole = context, is_whole
        self._columns = ColumnSet.of(COLUMNS)
        self._known: dict[ObjectRef, Known] = {}
        self._subjects: dict[ObjectRef, ObjectRef] = {}
        self._shown_version = -1
        self._shows_hidden = False
        self._aged_at = float("-inf")

    @property
    def problems(self) -> ShownProblems:
        """The problems of the cluster."""
        return self._app_context.problems

    @property
    def selected(self) -> Problem | None:
        """The problem under the cursor."""
        key = self.table.cursor_key
        known = None if key is None else self._known.get(key)
        return None if known is None else known[0]

    def object_of(self, key: ObjectRef) -> ObjectRef:
        return self._subjects.get(key, key)

    def keep_cursor(self, acted_on: ObjectRef) -> None:
        self.table.pin_cursor()

    # -- rows ---------------------------------------------------------------------------------------------------------

    def session_changed(self, *, one_namespace: bool) -> None:
        """Start over: there is another cluster, or none."""
        self._known, self._subjects, self._shown_version = {}, {}, -1
        self._columns = ColumnSet.of(COLUMNS, without=frozenset({"namespace"}) if one_namespace else frozenset())
        self.set_source(RowSource(lambda: list(self._known), self._row), self._columns.columns)

    def _row(self, key: ObjectRef, now: datetime) -> Row | None:
        known = self._known.get(key)
        if known is None:
            return None
        problem, rank, mark = known
        return self._columns.select(row(problem, rank, now, mark=mark))

    def pull(self, *, is_covered: bool = False) -> None:
        """Bring the rows in step with the problems; called on each tick."""
        problems, now = self.problems, self._clock.monotonic()
        changed: set[ObjectRef] = set()
        if problems.version != self._shown_version:
            self._shown_version = problems.version
            before, self._known = self._known, self._wanted()
            changed = {key for key in {**before, **self._known} if not _is_same(before.get(key), self._known.get(key))}
            self._subjects = {key: known[0].subject for key, known in {**before, **self._known}.items()}
            self._describe()
        if now - self._aged_at >= AGES_SECONDS and not is_covered:
            self._aged_at = now
            changed.update(self.table.visible_keys())
        self.update_rows(changed, is_covered=is_covered)

    def _wanted(self) -> dict[ObjectRef, Known]:
        problems = self.problems
        wanted: dict[ObjectRef, Known] = {row_key(each): (each, rank, "") for rank, each in enumerate(problems.shown)}
        if self._shows_hidden:
            for problem in (*problems.acknowledged, *problems.muted, *(problems.notes if self._is_whole else ())):
                wanted.setdefault(row_key(problem), (problem, len(wanted), self._mark(problem)))
        return wanted

    def _mark(self, problem: Problem) -> str:
        if self.problems.is_muted(problem):
            return f"muted by {problem.root.check}"
        return "acknowledged" if self.problems.is_acknowledged(problem) else "note"

    def uncounted_rows(self) -> int:
        return sum(bool(mark) for _, _, mark in self._known.values())

    def _describe(self) -> None:
        """Show what is hidden, what was looked at, and why the table is empty."""
        problems = self.problems
        notes = len(problems.notes) if self._is_whole else 0
        hidden = hidden_text(acknowledged=len(problems.acknowledged), muted=len(problems.muted), notes=notes)
        can = "hides" if self._shows_hidden else "shows"
        shows = key_names(self).fill(f"{{problem.show_hidden}} {can} them") if hidden else ""
        self.set_place("", " · ".join(part for part in (hidden, shows) if part))
        is_known = problems.report is not None and problems.report.is_complete
        self.set_empty_text(empty_text(problems.report, hidden=hidden), Tone.MUTED if is_known else Tone.BUSY)
        notes_below = list(problems.faults)
        if self._is_whole and problems.report is not None and self._known:
            notes_below.append(coverage_text(problems.report, names_unread=True))
        self.set_subtitle(" · ".join(notes_below))

    @property
    def title_key(self) -> str:
        return "" if self._is_whole else key_names(self)("cluster.problems")

    # -- keys ---------------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disable what has nothing to act on."""
        if action == "acknowledge":
            return None if self.selected is None or self.problems.is_muted(self.selected) else True
        if action == "show_hidden":
            notes = self.problems.notes if self._is_whole else ()
            hidden = self.problems.acknowledged or self.problems.muted or notes
            return True if hidden or self._shows_hidden else None
        return super().check_action(action, parameters)

    def action_acknowledge(self) -> None:
        """Acknowledge the problem under the cursor, and go to the next one; or end that."""
        problem, table = self.selected, self.table
        if problem is None:
            return
        is_last = table.cursor_row is not None and table.row_count > 1 and table.shown_rows[-1] is table.cursor_row
        table.action_move(-1 if is_last else 1)
        is_acknowledged = self.problems.acknowledge(problem)
        self.pull()
        name = object_text(problem.subject)
        if is_acknowledged:
            keys = key_names(self).fill("{problem.show_hidden} shows it again")
            self._app_context.show_message(f"{name}: acknowledged until its severity changes · {keys}")
        else:
            self._app_context.show_message(f"{name}: shown again")
        self._app_context.refresh_header()
        self.screen.refresh_bindings()

    def action_show_hidden(self) -> None:
        """Show what is acknowledged, or only worth knowing, after the others; or hide it."""
        self._shows_hidden = not self._shows_hidden
        self._shown_version = -1
        self.pull()
        self.screen.refresh_bindings()


def _is_same(before: Known | None, after: Known | None) -> bool:
    if before is None or after is None:
        return before is after
    return before[0] is after[0] and before[1:] == after[1:]
