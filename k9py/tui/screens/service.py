"""A service on its own screen: what is wrong, its pods, the workloads it selects, its events."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container

from k9py.actions.action import ActionScope
from k9py.api.meta import ObjectRef
from k9py.cluster.cluster import Cluster
from k9py.cluster.queries import Queries
from k9py.cluster.views import ServiceView
from k9py.tui.bindings import bindings
from k9py.tui.context import AppContext
from k9py.tui.panes.pane import Pane
from k9py.tui.panes.row_sources import ColumnSet
from k9py.tui.panes.summary_lines import service_summary
from k9py.tui.panes.table_pane import TablePane
from k9py.tui.screens.detail_screen import DetailScreen
from k9py.tui.widgets.live_table.table import LiveTable
from k9py.views import events as event_table
from k9py.views import pods as pod_table
from k9py.views import rollouts as rollout_table

_PODS = ColumnSet.of(pod_table.COLUMNS, without=frozenset({"revision"}))


class ServiceScreen(DetailScreen[ServiceView]):
    """One Service."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(ActionScope.DIFF)

    DEFAULT_CSS = """
    ServiceScreen #below { layout: vertical; height: 1fr; }
    ServiceScreen #pods { max-height: 45%; }
    ServiceScreen #rollouts { max-height: 30%; }
    ServiceScreen.-narrow Pane, ServiceScreen.-short Pane { height: 1fr; max-height: 100%; }
    """

    def __init__(self, context: AppContext, subject: ObjectRef) -> None:
        super().__init__(context, subject)
        clock, options = context.options.clock, context.line_view_options
        self.pods = TablePane("Pods", _PODS.columns, clock=clock, options=options, number=1, id="pods")
        self.rollouts = TablePane(
            "Workloads", rollout_table.COLUMNS, clock=clock, options=options, number=2, id="rollouts"
        )
        self.events = TablePane("Events", event_table.COLUMNS, clock=clock, options=options, number=3, id="events")

    def compose_panes(self) -> ComposeResult:
        yield self.summary
        with Container(id="below", classes="group"):
            yield self.pods
            yield self.rollouts
            yield self.events

    def panes(self) -> Sequence[Pane]:
        return (self.pods, self.rollouts, self.events)

    def target(self) -> ObjectRef | None:
        """Return the pod or rollout under the cursor, the service itself elsewhere."""
        pane = self.active_pane
        if pane in (self.pods, self.rollouts) and isinstance(pane, TablePane) and pane.table.cursor_key is not None:
            return pane.table.cursor_key
        return self.subject

    def markable_panes(self) -> Sequence[TablePane]:
        return (self.pods, self.rollouts)

    def pod_target(self) -> ObjectRef | None:
        """Return the pod under the cursor in the pod pane, None elsewhere."""
        return self.pods.table.cursor_key if self.active_pane is self.pods else None

    def view_of(self, queries: Queries, now: datetime) -> ServiceView | None:
        return queries.service_view(self.subject, now)

    def show_view(self, cluster: Cluster, view: ServiceView, now: datetime) -> None:
        queries = cluster.queries
        self.summary.show(service_summary(view, now, root=self.app_context.problems.root_text(view.key, view.severity)))
        self.pods.set_rows([_PODS.select(pod_table.row(pod, now)) for pod in queries.pods_of(self.subject)])
        self.pods.set_empty_text("no pod matches the selector")
        views = (queries.rollout_view(key, now) for key in view.workloads)
        self.rollouts.set_rows([rollout_table.row(view, now) for view in views if view is not None])
        self.rollouts.set_empty_text("no Deployment, StatefulSet or DaemonSet makes pods with these labels")
        events = queries.events_about(self.subject)
        self.events.set_rows([event_table.row(event, now) for event in events])
        self.events.set_empty_text("no events in the last hour")

    def share_height(self) -> None:
        """Give pods and rollouts the lines they need, and events the remaining ones."""
        for pane in (self.pods, self.rollouts):
            if self.is_small:
                pane.styles.clear_rule("height")
            else:
                pane.styles.height = max(6, 3 + len(pane.rows))

    def on_live_table_highlighted(self, event: LiveTable.Highlighted) -> None:
        """Update the keys: what is possible depends on the kind under the cursor."""
        self.refresh_bindings()

    def on_live_table_selected(self, event: LiveTable.Selected) -> None:
        """Open the object."""
        if event.key.kind != "Event":
            self.app_context.navigator.open_object(event.key)
        else:
            self.app_context.show_message(
                self.app_context.key_names.fill("an event has no screen: {object.describe} describes its object")
            )

    def step_back(self) -> None:
        """Clear the filter, then go back."""
        if not (self.clear_marks() or self.clear_filter()):
            super().step_back()
