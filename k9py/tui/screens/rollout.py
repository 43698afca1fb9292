"""A rollout on its own screen: what is wrong at the top, then new pods beside old ones, revisions, events.

Invariant: everything shown is of one object, by uid: when it is gone the screen says so and keeps what it showed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Container

from k9py.cluster.cluster import Cluster
from k9py.cluster.queries import Queries
from k9py.cluster.views import RolloutView, short_tag
from k9py.objects.meta import ObjectKey
from k9py.rollouts.cohorts import Cohort
from k9py.tables import events as event_table
from k9py.tables import pods as pod_table
from k9py.tables import revisions as revision_table
from k9py.tui.panes.pane import Pane
from k9py.tui.panes.sources import Shape
from k9py.tui.panes.summary import rollout_summary
from k9py.tui.panes.table_pane import TablePane
from k9py.tui.screens.detail_screen import DetailScreen
from k9py.tui.widgets.live_table.messages import Selected

if TYPE_CHECKING:
    from k9py.tui.app import KdashApp


class RolloutScreen(DetailScreen[RolloutView]):
    """One Deployment, StatefulSet or DaemonSet."""

    DEFAULT_CSS = """
    RolloutScreen #pods { layout: horizontal; height: 12; max-height: 45%; }
    RolloutScreen #below { layout: vertical; height: 1fr; }
    RolloutScreen #revisions { height: 9; max-height: 50%; }
    RolloutScreen.-wide #below { layout: horizontal; }
    RolloutScreen.-wide #revisions { height: 1fr; max-height: 100%; width: 2fr; }
    RolloutScreen.-wide #events { width: 3fr; }
    RolloutScreen #old { display: none; }
    RolloutScreen.-mixed #old { display: block; }
    RolloutScreen.-narrow .group, RolloutScreen.-short .group { height: 1fr; max-height: 100%; }
    RolloutScreen.-narrow Pane, RolloutScreen.-short Pane { width: 1fr; height: 1fr; max-height: 100%; }
    RolloutScreen.-narrow #old, RolloutScreen.-short #old { display: none; }
    RolloutScreen.-narrow.-mixed #old.-active, RolloutScreen.-short.-mixed #old.-active { display: block; }
    """

    def __init__(self, app: KdashApp, subject: ObjectKey) -> None:
        super().__init__(subject)
        clock, options = app.options.clock, app.line_view_options
        shape = self._pods = Shape.of(pod_table.COLUMNS, without=frozenset({"hash"}))
        self._events = Shape.of(event_table.COLUMNS, without=frozenset({"from"}))
        self.new = TablePane("Pods", shape.columns, clock=clock, options=options, number=1, id="new")
        self.old = TablePane("Old pods", shape.columns, clock=clock, options=options, number=2, id="old")
        self.revisions = TablePane(
            "Revisions", revision_table.COLUMNS, clock=clock, options=options, number=3, id="revisions"
        )
        self.events = TablePane("Events", self._events.columns, clock=clock, options=options, number=4, id="events")

    def compose_panes(self) -> ComposeResult:
        yield self.summary
        with Container(id="pods", classes="group"):
            yield self.new
            yield self.old
        with Container(id="below", classes="group"):
            yield self.revisions
            yield self.events

    def panes(self) -> Sequence[Pane]:
        if self.has_class("-mixed"):
            return (self.new, self.old, self.revisions, self.events)
        return (self.new, self.revisions, self.events)

    def target(self) -> ObjectKey | None:
        return self.subject

    def log_subject(self) -> ObjectKey | None:
        """Return the pod under the cursor in the pod panes, the rollout elsewhere."""
        pane = self.active_pane
        if pane in (self.new, self.old) and isinstance(pane, TablePane) and pane.table.cursor_key is not None:
            return pane.table.cursor_key
        return self.subject

    # -- data ---------------------------------------------------------------------------------------------------------

    def view_of(self, queries: Queries, now: datetime) -> RolloutView | None:
        return queries.rollout_view(self.subject, now)

    def show_view(self, cluster: Cluster, view: RolloutView, now: datetime) -> None:
        self.summary.show(rollout_summary(cluster.queries, view, now))
        cohorts = cluster.queries.cohorts_of(self.subject)
        current = [one for one in cohorts if one.is_current]
        old = [one for one in cohorts if not one.is_current]
        was_mixed = self.has_class("-mixed")
        self.set_class(bool(old), "-mixed")
        self.new.heading = "New pods" if old else "Pods"
        for table, shown in ((self.new, current), (self.old, old)):
            table.set_rows(map(self._pods.cut, pod_table.cohort_rows(shown, now)), _cohort_words(shown))
        for number, pane in enumerate(self.panes(), start=1):
            pane.number = number
        revisions = cluster.queries.revisions_of(self.subject)
        self.revisions.set_rows([revision_table.row(one, now) for one in revisions])
        events = cluster.queries.events_about(self.subject)
        self.events.set_rows([self._events.cut(event_table.row(one, now)) for one in events], stay_on_top=True)
        self.events.set_empty("no events in the last hour")
        if was_mixed != bool(old):
            self.show_pane(self.active_pane if self.active_pane is not self.old else self.new)

    def share_room(self) -> None:
        """Give pods and revisions the lines they need, and events the rest."""
        pods, revisions = self.query_one("#pods"), self.revisions
        if self.is_small:
            for one in (pods, revisions):
                one.styles.clear_rule("height")
            return
        pods.styles.height = max(6, 3 + max(len(self.new.rows), len(self.old.rows)))
        if self.has_class("-wide"):
            revisions.styles.clear_rule("height")
        else:
            revisions.styles.height = max(5, 3 + len(revisions.rows))

    # -- keys ---------------------------------------------------------------------------------------------------------

    def on_live_table_selected(self, event: Selected) -> None:
        """Describe the pod; a revision leads to undo."""
        if event.table is self.revisions.table:
            number = event.row.cells[0].sort
            self.begin_undo(int(number) if number else None)
        elif event.key.kind == "Pod":
            self.kdash.open_describe(event.key)

    def action_logs(self) -> None:
        """Show the logs of the pod under the cursor, or of the rollout."""
        self.kdash.open_logs(self.log_subject(), previous=False)

    def action_previous_logs(self) -> None:
        """Show the logs of the containers that ran before, of the pod under the cursor or of the rollout."""
        self.kdash.open_logs(self.log_subject(), previous=True)

    def action_describe(self) -> None:
        """Describe the pod under the cursor, or the rollout."""
        self.kdash.open_describe(self.log_subject())

    def action_yaml(self) -> None:
        """Show the YAML of the pod under the cursor, or of the rollout."""
        self.kdash.open_yaml(self.log_subject())

    def action_back(self) -> None:
        """Send the outcome away, drop the filter, then go back."""
        if not (self.kdash.writing.dismiss_done() or self.drop_filter()):
            super().action_back()


def _cohort_words(cohorts: Sequence[Cohort]) -> str:
    """Say of which revisions these pods are, and how many are ready."""
    if not cohorts:
        return ""
    pods = sum(len(one.pods) for one in cohorts)
    ready = sum(one.ready for one in cohorts)
    numbers = [str(one.revision.number or "?") if one.revision is not None else "?" for one in cohorts]
    images = cohorts[0].revision.images if len(cohorts) == 1 and cohorts[0].revision is not None else ()
    image = f" · {short_tag(images[0])}" if images else ""
    return f"revision {', '.join(numbers)}{image} · {ready} of {pods} ready"
