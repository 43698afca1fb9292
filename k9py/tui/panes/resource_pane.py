"""A pane with a live table of the objects of any type.

Owns the lease on what it shows: it begins with `open` and ends with `close`. Invariants: while the list loads, its rows
come in slices; from then on rows are rebuilt only for objects that changed. What changed while nobody looks costs a set
of references. An empty table shows why, and rows that are not current are marked as such.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from k9py.api.meta import KubeObject, ObjectRef
from k9py.cluster.cluster import Cluster
from k9py.cluster.lease import LeaseChange, WatchLease
from k9py.config.table_state import TableState
from k9py.resources.resource import MetricsOf, Resource
from k9py.runtime.clock import Clock
from k9py.tui.browse.request import ResourceRequest
from k9py.tui.browse.resource_rows import ResourceRows, kind_of
from k9py.tui.browse.row_context import ClusterRowContext
from k9py.tui.browse.state_text import empty_text, state_text
from k9py.tui.keys import key_names
from k9py.tui.panes.table_pane import TablePane
from k9py.tui.widgets.line_view import LineViewOptions
from k9py.views.values import Tone

MANY_CHANGES: Final = 2000
"""From this many changed objects on, all rows are built in slices instead."""


class ResourcePane(TablePane):
    """The objects of a request.

    Args:
        heading: first words of the title.
        resource: the descriptor of the type, None where the server prints the rows.
        taken: keys that the screen uses: no column is sorted by them.
    """

    def __init__(
        self,
        heading: str,
        request: ResourceRequest,
        resource: Resource | None,
        *,
        taken: Collection[str],
        clock: Clock,
        options: LineViewOptions,
        state: TableState | None = None,
        number: int = 0,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(
            heading,
            () if resource is None else resource.columns,
            clock=clock,
            options=options,
            state=state,
            remember_as=request.resource_type.qualified_name,
            number=number,
            id=id,
        )
        self.request = request
        self.lease: WatchLease[Any] | None = None
        self._resource = resource
        self._taken = frozenset(taken)
        self._cluster: Cluster | None = None
        self._row_context: ClusterRowContext | None = None
        self._refs: set[ObjectRef] = set()
        self._change = LeaseChange()
        self._loaded = 0
        self._second = self._minute = -1
        self.state = ""
        """Why the rows are not current, "" when they are."""

    # -- the lease ----------------------------------------------------------------------------------------------------

    def open(self, cluster: Cluster) -> None:
        """Show the objects of a cluster; cheap when they are shown already."""
        if cluster is not self._cluster:
            self.close()
            self._cluster = cluster
            request = self.request
            self.lease = cluster.lease(
                kind_of(request.resource_type, self._resource),
                namespaces=request.namespaces,
                label_selector=request.label_selector,
                field_selector=request.field_selector,
            )
            self.lease.subscribe(self._on_change)
        self._show_columns()

    def close(self) -> None:
        """End the lease; the rows stay."""
        self.hide()
        if self.lease is not None:
            self.lease.close()
        self.lease = self._cluster = None

    def hide(self) -> None:
        """Read nothing that only a visible table needs."""
        if self._row_context is not None:
            self._row_context.release()

    def on_unmount(self) -> None:
        """End the lease with the pane."""
        self.close()

    def object(self, key: ObjectRef) -> KubeObject | None:
        """Return an object of the table, None when it is gone; typed, or a row of the server's Table."""
        return None if self.lease is None else self.lease.store.get(key)

    def _on_change(self, change: LeaseChange) -> None:
        self._refs |= change.refs
        before = self._change
        self._change = LeaseChange(
            everything=before.everything or change.everything,
            health=before.health or change.health,
            columns=before.columns or change.columns,
        )
        if not self.rows and not self.is_loading and self.is_mounted and self.screen.is_current:
            self.call_later(self.tick)  # the first rows do not wait for the tick

    # -- what is shown ------------------------------------------------------------------------------------------------

    @property
    def _scope(self) -> tuple[str, ...]:
        return () if self._cluster is None else self._cluster.scope.namespaces

    @property
    def place(self) -> str:
        """Where its objects are, such as "namespace shop"."""
        return self.request.place(self._scope)

    def _show_columns(self) -> None:
        lease, request, cluster = self.lease, self.request, self._cluster
        if lease is None or cluster is None:
            return
        self.hide()
        metrics = MetricsOf.NOTHING if self._resource is None else self._resource.metrics
        self._row_context = ClusterRowContext(
            cluster,
            self._clock,
            metrics,
            request.namespaces_in(self._scope),
            counts_pods=self._resource is not None and self._resource.needs_pods,
        )
        is_namespaced = request.resource_type.namespaced
        rows = ResourceRows(
            lease,
            self._resource,
            self._row_context,
            shows_namespace=is_namespaced and len(request.namespaces_in(self._scope)) != 1,
            taken=self._taken,
            owner_uid=request.owner_uid,
        )
        self._loaded = 0
        self.set_source(rows.source, rows.columns)
        self._explain()

    def tick(self) -> None:
        """Bring rows and texts up to date."""
        lease, context = self.lease, self._row_context
        if lease is None or context is None:
            return
        context.hold()
        refs, self._refs = self._refs, set()
        change, self._change = self._change, LeaseChange()
        if change.columns:
            self._show_columns()
        elif not lease.has_synced:
            self._load_more(lease)
        elif change.everything or self.can_complete or len(refs) > MANY_CHANGES:
            self.reload()
        else:
            self.update_rows(self.rows if context.take_changed() or self._is_next_minute() else refs)
        second = int(self._clock.monotonic())
        if change.health or change.everything or second != self._second:
            self._second = second
            self._explain()

    def _is_next_minute(self) -> bool:
        """Return whether a minute has passed: what takes too long is marked by time alone."""
        minute = int(self._clock.monotonic() // 60)
        changed, self._minute = minute != self._minute, minute
        return changed

    def _load_more(self, lease: WatchLease[Any]) -> None:
        """Build the rows read so far, again when there are half as many more."""
        count = len(lease.store)
        if count and not self.is_loading and (not self._loaded or count > 1.5 * self._loaded):
            self._loaded = count
            self.reload()

    def _explain(self) -> None:
        if self.lease is None:
            return
        health, names, resource_type = self.lease.health, key_names(self), self.request.resource_type
        namespaces: list[str] = []
        if self.request.object_name and self._cluster is not None:
            namespaces = [ref.name for ref in tuple(self._cluster.stores.namespaces.keys())]
        text, tone = empty_text(self.request, health, scope=self._scope, keys=names, namespaces=namespaces)
        if not self.is_complete and health.has_synced and tone is Tone.MUTED:
            text, tone = "loading…", Tone.BUSY  # read, and not built yet
        self.set_empty_text(text, tone)
        note = "" if self._row_context is None else self._row_context.note
        self.table.leave_out_measured(self._row_context is not None and self._row_context.lacks_metrics)
        self.set_place(" · ".join(part for part in (self.place, note) if part), self.request.narrowing)
        self.state = state_text(resource_type, health, self._clock.now(), names)
        if self.state != self.subtitle:
            self.set_subtitle(self.state)
