"""Which object the answer is about, and the answer kept in step with it.

Invariants: the keys named act on the object the answer is about, or none are named; an answer is made anew at most
once a second while nothing has changed, and from values that are at hand: reading is `facts`' business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from k9py.api.meta import ObjectKey
from k9py.api.severity import Severity
from k9py.cluster.health import ClusterState
from k9py.cluster.queries import Queries
from k9py.cluster.views import RolloutView, ServiceView
from k9py.logs.templates.compare import PatternComparison
from k9py.tui.answer.facts import FactsReader, selector_writer
from k9py.tui.answer.panel import AnswerPanel
from k9py.tui.panes.table_pane import TablePane
from k9py.tui.session import Connected
from k9py.tui.widgets.filter_bar import FilterBar
from k9py.views.answer import Answer, RolloutFacts, everything_healthy, rollout_answer, service_answer, stale
from k9py.views.values import StyledLine, Tone

if TYPE_CHECKING:
    from k9py.tui.app import KdashApp
    from k9py.tui.screens.home import HomeScreen

THREE: Final = 3
"""Lines of an answer: what is wrong, what changed, what to do."""
REDRAW_SECONDS: Final = 0.3
"""Least seconds between two answers about one row: a rollout of thousands of pods changes all the time."""
LEAST_ROWS: Final = 6
"""Lines a table keeps where there is room for one pane only, if it has as many."""
SMALL_FRAME: Final = 4
FRAME: Final = 17
"""Lines of everything else, with room for one pane and for all of them."""
QUIET: Final = frozenset({Severity.HEALTHY, Severity.INFO, Severity.IDLE})
"""Of these nothing needs to be done."""
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)
_LOUD: Final = (Tone.FAIL, Tone.DEGRADED, Tone.STUCK, Tone.UNKNOWN, Tone.WARN, Tone.BUSY)
"""Tones of rows that are not merely healthy."""


class AnswerUpdater:
    """Keeps the panel of the home screen in step with the selected row.

    Args:
        home: whose tables and keys it follows.
    """

    def __init__(self, home: HomeScreen, app: KdashApp, panel: AnswerPanel) -> None:
        self._home, self._panel = home, panel
        self._facts = FactsReader(app, home, self.invalidate)
        self._keys: Mapping[str, str] = {}
        self._is_stale = True
        self._shown: tuple[object, ...] = ()
        self._view: RolloutView | ServiceView | None = None
        self._made_at = float("-inf")
        self._said: PatternComparison | None = None

    def clear(self) -> None:
        """Begin anew: there is another cluster, or none."""
        self._facts.clear()
        self.invalidate()

    def invalidate(self) -> None:
        """Make the answer anew at the next `follow`."""
        self._is_stale = True

    def keys_changed(self) -> None:
        """Take the keys that are possible now; while a bar is typed into all keys are text, and the last ones stay."""
        home = self._home
        if home.focused is not None and isinstance(home.focused.parent, FilterBar):
            return
        keys: dict[str, str] = {}
        for active in home.active_bindings.values():
            binding = active.binding
            if active.enabled:
                key = binding.key_display or home.app.get_key_display(binding)
                keys.setdefault(binding.action.rpartition(".")[2], key)
        if keys != self._keys:
            self._keys = keys
            self.invalidate()

    def update(self) -> None:
        """Bring the panel in step; called on each tick."""
        home = self._home
        connected = home.kdash.connected
        second = int(home.kdash.options.clock.now().timestamp())
        if connected is None or not (home.services.is_complete and home.rollouts.is_complete):
            self._panel.show(None, width=0, least=0, most=0)
            return
        subject = self._subject()
        view = self._view_of(connected.cluster.queries, subject)
        shown = (subject, second, home.size, connected.cluster.health.state)
        said = home.new_errors.comparison
        if shown == self._shown and not self._is_stale:
            soon = home.kdash.options.clock.monotonic() - self._made_at < REDRAW_SECONDS
            if soon or (view is self._view and said is self._said):
                return
        self._made_at = home.kdash.options.clock.monotonic()
        self._shown, self._view, self._said, self._is_stale = shown, view, said, False
        answer = self._answer(connected, subject)
        width, height = home.size
        self._panel.show(answer, width=width, least=self._least(), most=self._most(height))

    # -- which object -------------------------------------------------------------------------------------------------

    def _subject(self) -> ObjectKey | None:
        """Return the selected object; while the person has chosen none, the worst: a rollout before a service."""
        home = self._home
        if self._is_chosen or home.active_pane is not home.rollouts:
            return home.target()
        row, service = home.rollouts.table.cursor_row, home.services.table.cursor_row
        if row is None or (service is not None and service.rank < row.rank):
            return service.key if service is not None else None
        return row.key

    @property
    def _is_chosen(self) -> bool:
        """Whether the person has chosen a row."""
        return any(pane.table.is_cursor_pinned for pane in (self._home.services, self._home.rollouts))

    def _view_of(self, queries: Queries, subject: ObjectKey | None) -> RolloutView | ServiceView | None:
        now = self._home.kdash.options.clock.now()
        if subject is None:
            return None
        if subject.kind == "Service":
            return queries.service_view(subject, now)
        return queries.rollout_view(subject, now)

    def _is_all_quiet(self) -> bool:
        """Say whether nothing is wrong anywhere, unknown or on its way: the first rows are the worst."""
        home = self._home
        return not any(home.services.counts.get(tone) or home.rollouts.counts.get(tone) for tone in _LOUD)

    # -- the answer ---------------------------------------------------------------------------------------------------

    def _answer(self, connected: Connected, subject: ObjectKey | None) -> Answer | None:
        health, now = connected.cluster.health, self._home.kdash.options.clock.now()
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
        if health.state is ClusterState.STALE and not health.is_polled:
            answer = stale(answer, health.since, now)
        return answer

    def _everything(self) -> Answer | None:
        home = self._home
        rows = home.rollouts.rows
        if not rows and not home.services.rows:
            return None  # the tables say that there is nothing
        latest = max(
            ((row.since, row.key) for row in rows.values() if row.since is not None),
            default=None,
            key=lambda pair: pair[0],
        )
        return everything_healthy(
            len(rows),
            len(home.services.rows),
            None if latest is None else (latest[1], latest[0]),
            home.kdash.options.clock.now(),
        )

    def _of(self, connected: Connected, subject: ObjectKey) -> Answer | None:
        queries, now = connected.cluster.queries, self._home.kdash.options.clock.now()
        refusal = "read-only" if self._home.kdash.options.read_only else ""
        if subject.kind != "Service":
            view = queries.rollout_view(subject, now)
            if view is None:
                return None
            facts = self._facts_of(connected, view)
            return rollout_answer(view, facts, self._keys, now, refusal=refusal)
        service = queries.service_view(subject, now)
        if service is None:
            return None
        views = [found for key in service.workloads if (found := queries.rollout_view(key, now)) is not None]
        # Of those that are equally well the one that changed last: a change is what the person looks for.
        views.sort(key=lambda one: one.changed_at or _LONG_AGO, reverse=True)
        worst = min(views, key=lambda one: one.severity, default=None)
        if worst is None:
            writer, missed = selector_writer(queries.object(subject)), queries.selector_mismatch_of(subject)
            return service_answer(service, None, self._keys, now, refusal=refusal, writer=writer, likely_target=missed)
        facts = self._facts_of(connected, worst)
        return service_answer(service, (worst, facts), self._keys, now, refusal=refusal)

    def _facts_of(self, connected: Connected, view: RolloutView) -> RolloutFacts:
        facts = self._facts.facts(connected, view, is_problem=view.severity.is_problem)
        return replace(facts, new_errors=self._home.new_errors.errors_of(view.key))

    def _elsewhere(self, answer: Answer, subject: ObjectKey) -> Answer:
        """Say how to get to the object: the keys would act on another one."""
        pane = self._home.services if subject.kind == "Service" else self._home.rollouts
        key = self._keys.get(f"show_pane({pane.number})")
        step: StyledLine = () if key is None else ((key, Tone.ACCENT), (f" selects it in {pane.heading}", Tone.PLAIN))
        return replace(answer, next_steps=(step,) if step else ())

    def _worse(self) -> tuple[StyledLine, ...]:
        """Name what does fail, for a row that does not."""
        home = self._home
        rows = [*home.rollouts.rows.values(), *home.services.rows.values()]
        worst = min(rows, key=lambda row: row.rank, default=None)
        if worst is None:
            return ()
        name = f"{worst.key.kind} {worst.key.namespace}/{worst.key.name}"
        return ((("nothing here; the worst is ", Tone.MUTED), (f"{worst.tone.symbol} {name}", worst.tone)),)

    # -- how many lines -----------------------------------------------------------------------------------------------

    def _least(self) -> int:
        """Return the lines it keeps whatever row is selected, so that the tables do not jump."""
        return 1 if self._is_all_quiet() else THREE

    def _most(self, height: int) -> int:
        """Return the lines it may take: the tables keep a few."""
        home = self._home
        if home.is_small:
            shown = home.active_pane
            rows = shown.table.row_count + 1 if isinstance(shown, TablePane) else LEAST_ROWS
            return max(THREE, height - SMALL_FRAME - min(rows, LEAST_ROWS))
        return max(THREE, height - FRAME)
