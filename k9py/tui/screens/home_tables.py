"""The two tables of the home screen: Services and Rollouts, their rows, and the lines they take.

Invariant: an empty table shows why it is empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from textual.app import ComposeResult
from textual.containers import Container
from textual.geometry import Size

from k9py.api.kinds import WORKLOAD_KINDS
from k9py.api.meta import ObjectRef
from k9py.cluster.change_feed import Changes
from k9py.cluster.cluster import Cluster
from k9py.cluster.health import ClusterHealth, ClusterState
from k9py.diagnosis.problem import Problem
from k9py.tui.context import AppContext
from k9py.tui.panes.row_sources import rollout_columns, rollout_source, service_columns, service_source, with_operations
from k9py.tui.panes.table_pane import TablePane
from k9py.tui.problems import ShownProblems
from k9py.views import rollouts as rollout_table
from k9py.views import services as service_table
from k9py.views.values import Tone

FRAME_LINES: Final = 3
"""Lines of a table other than its rows: the frame and the titles."""
MIN_TABLE_LINES: Final = 6
"""Lines a table keeps, its frame included, however few its rows."""
MIN_LINES_BELOW: Final = 17
"""Lines for all else where tables are stacked: the bars, the answer, and logs that are worth their space."""


class HomeTables(Container):
    """Services and Rollouts.

    Args:
        context: Its clock and options.
    """

    def __init__(self, context: AppContext) -> None:
        super().__init__(id="tables", classes="group")
        clock, options, state = context.options.clock, context.line_view_options, context.options.table_state
        self.services = TablePane(
            "Services",
            service_table.COLUMNS,
            clock=clock,
            options=options,
            state=state,
            remember_as="home.services",
            number=1,
            id="services",
        )
        self.rollouts = TablePane(
            "Rollouts",
            rollout_table.COLUMNS,
            clock=clock,
            options=options,
            state=state,
            remember_as="home.rollouts",
            number=2,
            id="rollouts",
        )
        self._changing: Mapping[ObjectRef, str] = {}
        self._problems: ShownProblems = context.problems
        self._roots: Mapping[ObjectRef, Problem] = {}
        self._sized_for: tuple[object, ...] = ()

    def compose(self) -> ComposeResult:
        yield self.services
        yield self.rollouts

    @property
    def counts(self) -> Mapping[Tone, int]:
        """How many services and rollouts there are of each tone; a service and its workload are counted once."""
        return self.rollouts.counts + self.services.counts

    # -- rows ---------------------------------------------------------------------------------------------------------

    def set_cluster(self, cluster: Cluster | None) -> None:
        """Show the services and rollouts of a cluster, or none."""
        if cluster is None:
            self.services.set_source(None)
            self.rollouts.set_source(None)
            return
        one_namespace = len(cluster.scope.namespaces) == 1
        services, rollouts = (
            service_columns(one_namespace=one_namespace),
            rollout_columns(one_namespace=one_namespace),
        )

        def change_behind(service: ObjectRef) -> str:
            return next(filter(None, map(self._change_of, cluster.queries.backends_of(service))), "")

        self.services.set_source(
            with_operations(
                service_source(cluster, services, self._problems.root_text), services.columns, "why", change_behind
            ),
            services.columns,
        )
        self.rollouts.set_source(
            with_operations(
                rollout_source(cluster, rollouts, self._problems.root_text), rollouts.columns, "state", self._change_of
            ),
            rollouts.columns,
        )

    def _change_of(self, key: ObjectRef) -> str:
        return self._changing.get(key, "")

    def show_roots(self, problems: ShownProblems) -> None:
        """Show the root cause, where triage knows it, in the rows of what it explains."""
        before, roots = self._roots, problems.roots
        if roots is before:
            return
        self._roots = roots
        changed = [key for key in {**before, **roots} if before.get(key) != roots.get(key)]
        self.services.update_rows(key for key in changed if key in self.services.rows)
        self.rollouts.update_rows(key for key in changed if key in self.rollouts.rows)

    def show_changes_under_way(self, changing: Mapping[ObjectRef, str], cluster: Cluster) -> None:
        """Mark the rows of objects that are being changed, until they have settled."""
        if changing == self._changing:
            return
        former = self._changing
        self._changing = dict(changing)
        keys = [key for key in {**former, **changing} if former.get(key) != changing.get(key)]
        self.rollouts.update_rows(key for key in keys if key in self.rollouts.rows)
        self.services.update_rows({service for key in keys for service in cluster.queries.services_of(key)})

    def update_rows(self, changes: Changes, *, is_covered: bool = False) -> None:
        """Bring the rows in step with what changed."""
        for pane, keys in ((self.services, changes.services), (self.rollouts, changes.rollouts)):
            if changes.everything or (changes.health and pane.can_complete):
                pane.reload()
            else:
                pane.update_rows(keys, is_covered=is_covered)

    def explain_empty(self, health: ClusterHealth, scope: str) -> None:
        """Show in empty tables why they are empty.

        Args:
            health: Of the cluster.
            scope: What is watched, such as "namespace shop".
        """
        for pane, noun, kinds in (
            (self.services, "services", ("Service",)),
            (self.rollouts, "rollouts", WORKLOAD_KINDS),
        ):
            forbidden = [kind for kind in kinds if kind in health.forbidden]
            if forbidden:
                pane.set_empty_text(f"forbidden: cannot list {', '.join(forbidden)} in {scope}", Tone.WARN)
            elif all(health.has_synced(kind) for kind in kinds):
                pane.set_empty_text(f"no {noun} in {scope}")
            elif health.state is ClusterState.UNREACHABLE and health.error is not None:
                pane.set_empty_text(health.error.message, Tone.FAIL)
            else:
                pane.set_empty_text("loading…", Tone.BUSY)

    # -- size ---------------------------------------------------------------------------------------------------------

    def share_height(self, screen: Size, *, is_small: bool, is_wide: bool) -> bool | None:
        """Give each table the lines its rows need, and no more: the logs have the others.

        On a wide screen the tables are side by side, unless both fit below each other: then nothing is cut.

        Returns:
            Whether they are side by side; None when nothing has changed.
        """
        # Narrowing and filtering change nothing: the panes stay where they are. All heights from the screen's on count
        # as one: rows that come in do not lay it out again and again.
        needs = tuple(
            min(max(MIN_TABLE_LINES, len(pane.rows) + FRAME_LINES), max(MIN_TABLE_LINES, screen.height))
            for pane in (self.services, self.rollouts)
        )
        sized_for = (screen, *needs)
        if sized_for == self._sized_for:
            return None
        self._sized_for = sized_for
        is_beside = is_wide and sum(needs) > screen.height - MIN_LINES_BELOW
        limits: tuple[int | None, ...] = (*needs, sum(needs))
        if is_small or is_beside:
            limits = (None, None, None if is_small else max(needs))
        for widget, lines in zip((self.services, self.rollouts, self), limits, strict=True):
            widget.styles.max_height = lines
        return is_beside
