"""Choose the object that home's answer is about, and keep the answer up to date.

Invariants: the keys in the answer act on the object it is about, or no key is named; an answer is computed at most once
a second while nothing has changed, and only from values in memory: `facts` reads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final, Protocol

from textual.binding import ActiveBinding
from textual.geometry import Size
from textual.widget import Widget

from k9py.api.kinds import is_workload
from k9py.api.meta import ObjectRef
from k9py.api.severity import Severity
from k9py.api.text import printable
from k9py.cluster.health import ClusterHealth, ClusterState
from k9py.cluster.queries import Queries
from k9py.cluster.views import RolloutView, ServiceView
from k9py.diagnosis.problem import Problem
from k9py.logs.templates.compare import PatternComparison
from k9py.tui.answer.facts import FactsReader, FactsSettings, selector_writer
from k9py.tui.answer.keys import possible_keys
from k9py.tui.answer.new_errors import NewErrors
from k9py.tui.answer.panel import AnswerPanel
from k9py.tui.panes.pane import Pane
from k9py.tui.panes.table_pane import TablePane
from k9py.tui.problems import ShownProblems
from k9py.tui.session import Connected
from k9py.tui.widgets.filter_bar import FilterBar
from k9py.views.answer import (
    Answer,
    RolloutFacts,
    everything_healthy,
    problem_answer,
    rollout_answer,
    service_answer,
    stale,
)
from k9py.views.answer.changed import changed_line
from k9py.views.problems import coverage_text
from k9py.views.rollouts import KIND_SHORT_NAMES
from k9py.views.values import StyledLine, Tone

ANSWER_LINES: Final = 3
"""Lines of a full answer: what is wrong, what changed, what to do."""
UPDATE_SECONDS: Final = 0.3
"""Minimum seconds between two answers about one row: a rollout of thousands of pods changes all the time."""
MIN_ROWS: Final = 6
"""Lines a table keeps where only one pane fits, if it has as many rows."""
SMALL_FRAME: Final = 4
"""Lines of everything else on a screen where only one pane fits."""
FRAME: Final = 17
"""Lines of everything else on a screen where all panes fit."""
QUIET: Final = frozenset({Severity.HEALTHY, Severity.INFO, Severity.IDLE})
"""Severities that need no action."""
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)
_LOUD: Final = (Tone.FAIL, Tone.DEGRADED, Tone.STUCK, Tone.UNKNOWN, Tone.WARN, Tone.BUSY)
"""Tones of rows that are not healthy."""


class AnswerSettings(FactsSettings, Protocol):
    """What the updater takes from the options of the app."""

    @property
    def read_only(self) -> bool: ...


class AnswerHost(Protocol):
    """The screen whose tables and keys the answer follows."""

    services: TablePane
    rollouts: TablePane
    new_errors: NewErrors

    @property
    def active_pane(self) -> Pane: ...
    @property
    def is_small(self) -> bool: ...
    @property
    def size(self) -> Size: ...
    @property
    def selected_problem(self) -> Problem | None:
        """The problem under the cursor, None in the other panes."""

    @property
    def problem_lines(self) -> int:
        """Lines that the pane of problems takes."""

    @property
    def focused(self) -> Widget | None: ...
    @property
    def active_bindings(self) -> Mapping[str, ActiveBinding]: ...
    def target(self) -> ObjectRef | None:
        """Return the selected object."""


class AnswerUpdater:
    """Keeps the answer panel up to date with the selected row.

    Args:
        connected: returns the cluster that is shown, None while there is none.
        problems: the problems of that cluster.
    """

    def __init__(
        self,
        home: AnswerHost,
        panel: AnswerPanel,
        settings: AnswerSettings,
        connected: Callable[[], Connected | None],
        problems: ShownProblems,
    ) -> None:
        self._problems = problems
        self._home, self._panel, self._settings, self._connected = home, panel, settings, connected
        self._facts = FactsReader(settings, panel, self.invalidate)
        self._keys: Mapping[str, str] = {}
        self._is_stale = True
        self._shown: tuple[object, ...] = ()
        self._view: RolloutView | ServiceView | None = None
        self._version = -1
        self._updated_at = float("-inf")
        self._comparison: PatternComparison | None = None

    def clear(self) -> None:
        """Start over: there is another cluster, or none."""
        self._facts.clear()
        self.invalidate()

    def invalidate(self) -> None:
        """Compute the answer again at the next `update`."""
        self._is_stale = True

    def keys_changed(self) -> None:
        """Read which keys work now; while a bar is typed into, every key is text and the last ones stay."""
        home = self._home
        if home.focused is not None and isinstance(home.focused.parent, FilterBar):
            return
        keys = possible_keys(home.active_bindings, self._panel)
        if keys != self._keys:
            self._keys = keys
            self.invalidate()

    def update(self) -> None:
        """Bring the panel up to date; called on each tick."""
        home, clock = self._home, self._settings.clock
        connected = self._connected()
        second = int(clock.now().timestamp())
        if connected is None or not (home.services.is_complete and home.rollouts.is_complete):
            self._panel.show(None, width=0, least=0, most=0)
            return
        subject = self._subject()
        view = self._view_of(connected.cluster.queries, subject)
        shown = (home.selected_problem, subject, second, home.size, connected.cluster.health.state)
        comparison = home.new_errors.comparison
        version = self._problems.version
        if shown == self._shown and not self._is_stale:
            is_recent = clock.monotonic() - self._updated_at < UPDATE_SECONDS
            if is_recent or (view is self._view and version == self._version and comparison is self._comparison):
                return
        self._updated_at = clock.monotonic()
        self._shown, self._view, self._version, self._is_stale = shown, view, version, False
        self._comparison = comparison
        answer = self._answer(connected, subject)
        width, height = home.size
        height -= 0 if home.is_small else home.problem_lines
        self._panel.show(answer, width=width, least=self._least(), most=self._most(height))

    # -- which object -------------------------------------------------------------------------------------------------

    def _subject(self) -> ObjectRef | None:
        """Return the selected object; before the user moved a cursor, the worst one."""
        home = self._home
        if self._is_chosen or home.active_pane is not home.rollouts:
            return home.target()
        row, service = home.rollouts.table.cursor_row, home.services.table.cursor_row
        if row is None or (service is not None and service.rank < row.rank):
            return service.key if service is not None else None
        return row.key

    @property
    def _is_chosen(self) -> bool:
        """True once the user moved the cursor of a table."""
        return any(pane.table.is_cursor_pinned for pane in (self._home.services, self._home.rollouts))

    def _view_of(self, queries: Queries, subject: ObjectRef | None) -> RolloutView | ServiceView | None:
        now = self._settings.clock.now()
        if subject is None:
            return None
        if subject.kind == "Service":
            return queries.service_view(subject, now)
        return queries.rollout_view(subject, now)

    def _is_all_quiet(self) -> bool:
        """Return True when nothing anywhere is wrong, unknown or rolling out."""
        home = self._home
        return not any(home.services.counts.get(tone) or home.rollouts.counts.get(tone) for tone in _LOUD)

    # -- the answer ---------------------------------------------------------------------------------------------------

    def _answer(self, connected: Connected, subject: ObjectRef | None) -> Answer | None:
        health, now = connected.cluster.health, self._settings.clock.now()
        if (problem := self._home.selected_problem) is not None:
            about = self._of_problem(connected, problem)
            return stale(about, health.since, now) if _is_stale(health) else about
        if not self._is_chosen and self._is_all_quiet() and health.is_complete:
            return self._everything()
        if subject is None:
            return None
        answer = self._of(connected, subject)
        if answer is None:
            return None
        if subject != self._home.target():
            answer = self._elsewhere(answer, subject)
        if answer.severity in QUIET and not self._is_all_quiet():
            answer = replace(answer, next_steps=self._worse())
        return stale(answer, health.since, now) if _is_stale(health) else answer

    def _of_problem(self, connected: Connected, problem: Problem) -> Answer:
        queries, now = connected.cluster.queries, self._settings.clock.now()
        refusal = "read-only" if self._settings.read_only else ""
        view = queries.rollout_view(problem.subject, now) if is_workload(problem.subject) else None
        last_change = () if view is None else changed_line(view, self._facts_of(connected, view), now)
        return problem_answer(problem, self._keys, now, refusal=refusal, last_change=last_change)

    def _everything(self) -> Answer | None:
        home, report = self._home, self._problems.report
        if self._problems.shown:  # of what no table here shows
            answer = problem_answer(self._problems.shown[0], {}, self._settings.clock.now())
            lists = ((self._keys.get("problems", ":problems"), Tone.ACCENT), (" lists the problems", Tone.PLAIN))
            return replace(answer, next_steps=(lists,))
        rows = home.rollouts.rows
        if not rows and not home.services.rows:
            return None  # the tables say why they are empty
        latest = max(
            ((row.since, row.key) for row in rows.values() if row.since is not None),
            default=None,
            key=lambda pair: pair[0],
        )
        return everything_healthy(
            len(rows),
            len(home.services.rows),
            None if latest is None else (latest[1], latest[0]),
            self._settings.clock.now(),
            looked_at=coverage_text(report) if report is not None and report.is_complete else "",
        )

    def _of(self, connected: Connected, subject: ObjectRef) -> Answer | None:
        queries, now = connected.cluster.queries, self._settings.clock.now()
        refusal = "read-only" if self._settings.read_only else ""
        if subject.kind != "Service":
            view = queries.rollout_view(subject, now)
            if view is None:
                return None
            facts = self._facts_of(connected, view)
            root = self._problems.root_text(subject, view.severity)
            return rollout_answer(view, facts, self._keys, now, refusal=refusal, root=root)
        service = queries.service_view(subject, now)
        if service is None:
            return None
        root = self._problems.root_text(subject, service.severity)
        views = [view for key in service.workloads if (view := queries.rollout_view(key, now)) is not None]
        # Of equally severe ones, take the one that changed last: a change is what the user looks for.
        views.sort(key=lambda view: view.changed_at or _LONG_AGO, reverse=True)
        worst = min(views, key=lambda view: view.severity, default=None)
        if worst is None:
            writer, missed = selector_writer(queries.object(subject)), queries.selector_mismatch_of(subject)
            return service_answer(
                service, None, self._keys, now, refusal=refusal, writer=writer, likely_target=missed, root=root
            )
        facts = self._facts_of(connected, worst)
        return service_answer(service, (worst, facts), self._keys, now, refusal=refusal, root=root)

    def _facts_of(self, connected: Connected, view: RolloutView) -> RolloutFacts:
        facts = self._facts.facts(connected, view, is_problem=view.severity.is_problem)
        return replace(facts, new_errors=self._home.new_errors.errors_of(view.key))

    def _elsewhere(self, answer: Answer, subject: ObjectRef) -> Answer:
        """Replace the steps by how to select the object: the keys would act on another one."""
        pane = self._home.services if subject.kind == "Service" else self._home.rollouts
        key = self._keys.get(f"show_{pane.number}")
        step: StyledLine = () if key is None else ((key, Tone.ACCENT), (f" go to it in {pane.heading}", Tone.PLAIN))
        return replace(answer, next_steps=(step,) if step else ())

    def _worse(self) -> tuple[StyledLine, ...]:
        """Name the worst object, for a row that is fine."""
        home = self._home
        rows = [*home.rollouts.rows.values(), *home.services.rows.values()]
        worst = min(rows, key=lambda row: row.rank, default=None)
        if worst is None:
            return ()
        name = f"{KIND_SHORT_NAMES.get(worst.key.kind, 'svc')}/{worst.key.name} in {worst.key.namespace}"
        return ((("– · most urgent: ", Tone.MUTED), (printable(f"{worst.tone.symbol} {name}"), worst.tone)),)

    # -- how many lines -----------------------------------------------------------------------------------------------

    def _least(self) -> int:
        """Return the lines the panel keeps whatever row is selected, so that the tables do not jump."""
        return 1 if self._is_all_quiet() else ANSWER_LINES

    def _most(self, height: int) -> int:
        """Return the lines the panel may use: the tables keep a few."""
        home = self._home
        if home.is_small:
            shown = home.active_pane
            rows = shown.table.row_count + 1 if isinstance(shown, TablePane) else MIN_ROWS
            return max(ANSWER_LINES, height - SMALL_FRAME - min(rows, MIN_ROWS))
        return max(ANSWER_LINES, height - FRAME)


def _is_stale(health: ClusterHealth) -> bool:
    return health.state is ClusterState.STALE and not health.is_polled
