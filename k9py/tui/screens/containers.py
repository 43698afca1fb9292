"""The containers of a pod: state, restarts and last exit, what the one under the cursor is made of, the pod's events.

Owns a `LiveObject` and, while it can be seen, a lease on the metrics of the pod's namespace. Invariant: when the pod is
deleted the screen reports it and keeps what it showed last. On a small screen the panes are stacked, as low as their
rows; only a very low one has tabs. `l` and Enter show the log of the container alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, Final

import msgspec
from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container

from k9py.actions.action import Action, ActionScope
from k9py.api.events import Event
from k9py.api.meta import ObjectRef
from k9py.api.pods import Pod
from k9py.api.redaction import redact
from k9py.api.standard_types import standard_type
from k9py.api.text import printable
from k9py.cluster.change_feed import Changes
from k9py.cluster.metrics import MetricsLease
from k9py.resources.containers import COLUMNS, container_rows
from k9py.resources.describe.containers import containers as container_sections
from k9py.resources.describe.describer import EVENTS, DescribeContext, Unread, event_request
from k9py.resources.describe.json_fields import text_at
from k9py.resources.usage_trend import usage_line
from k9py.tui.bindings import bindings
from k9py.tui.browse.state_text import metrics_text
from k9py.tui.context import AppContext
from k9py.tui.live_object import LiveObject
from k9py.tui.panes.pane import Pane
from k9py.tui.panes.row_sources import ColumnSet
from k9py.tui.panes.table_pane import TablePane
from k9py.tui.panes.text_pane import TextPane
from k9py.tui.screens.paned_screen import PanedScreen
from k9py.tui.screens.section_lines import section_lines
from k9py.tui.screens.targets import OBJECT_KEYS, applies_to
from k9py.tui.widgets.filter_bar import FilterBar
from k9py.tui.widgets.live_table.table import LiveTable
from k9py.tui.widgets.toned_lines import TonedLines
from k9py.tui.workers import start_worker
from k9py.views import events as event_table
from k9py.views.pod_status import pod_status, pod_tone
from k9py.views.values import StyledLine, Tone

REDRAW_SECONDS: Final = 0.25
AGES_SECONDS: Final = 1.0
STACKED_LINES: Final = 18
"""Lines of a small screen from which on all panes fit, stacked."""
STACKED_EVENTS: Final = 4
"""Events that are shown there at once."""
MARGIN_CELLS: Final = 4
"""Cells around the lines about the pod."""
_FRAME: Final = 2
"""Lines of a stacked pane without rows: its title, and the titles of the columns."""
_EVENTS: Final = ColumnSet.of(event_table.COLUMNS, without=frozenset({"object"}))
_MESSAGE: Final = [column.id for column in _EVENTS.columns].index("message")
_SHELL: Final = OBJECT_KEYS.index("object.shell")
_FIELDS: Final = ("initContainers", "containers", "ephemeralContainers")


class ContainersScreen(PanedScreen):
    """One pod."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(ActionScope.CONTAINER)
    footer_begins_with = (*OBJECT_KEYS[: _SHELL + 1], "container.attach", "object.debug", *OBJECT_KEYS[_SHELL + 1 :])

    DEFAULT_CSS = """
    ContainersScreen #pod { margin: 0; }
    ContainersScreen #below { layout: horizontal; height: 1fr; }
    ContainersScreen.-roomy #below { layout: vertical; }
    ContainersScreen #detail { height: 2fr; }
    ContainersScreen #events { height: 1fr; }
    ContainersScreen.-narrow #containers, ContainersScreen.-short #containers { height: 1fr; }
    ContainersScreen.-stacked #tabs { display: none; }
    ContainersScreen.-stacked #below { display: block; layout: vertical; height: 1fr; }
    ContainersScreen.-stacked #containers, ContainersScreen.-stacked #detail, ContainersScreen.-stacked #events {
        display: block; border: none; border-top: solid $border-blurred;
    }
    ContainersScreen.-stacked #containers:focus-within, ContainersScreen.-stacked #detail:focus-within,
    ContainersScreen.-stacked #events:focus-within { border: none; border-top: solid $border; }
    ContainersScreen.-stacked #detail { height: 1fr; }
    """

    def __init__(self, context: AppContext, subject: ObjectRef) -> None:
        super().__init__(context)
        self.subject = subject
        clock, options = context.options.clock, context.line_view_options
        self.summary = TonedLines(id="pod")
        self.containers = TablePane(
            "Containers",
            COLUMNS,
            clock=clock,
            options=options,
            state=context.options.table_state,
            remember_as="pod.containers",
            number=1,
            id="containers",
        )
        self.detail = TextPane("Container", options=options, number=2, id="detail")
        self.events = TablePane("Events", _EVENTS.columns, clock=clock, options=options, number=3, id="events")
        self._below = Container(self.detail, self.events, id="below", classes="group")
        self.live: LiveObject | None = None
        self._metrics: MetricsLease | None = None
        self._body: dict[str, Any] | None = None
        self._pod: Pod | None = None
        self._used: StyledLine = ()
        self._is_stale, self._is_drawing = True, False
        self._drawn_at = float("-inf")
        self._drawn: object = None

    def compose_panes(self) -> ComposeResult:
        yield self.summary
        yield self.containers
        yield self._below

    def panes(self) -> Sequence[Pane]:
        return (self.containers, self.detail, self.events)

    @property
    def crumbs(self) -> tuple[str, ...]:
        return (self.subject.name,)

    # -- data ---------------------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Show the pod."""
        self.show_pane(self.containers)
        self.session_changed()

    def on_unmount(self) -> None:
        """End the leases."""
        if self.live is not None:
            self.live.close()
        self.live = None
        self.tick_hidden(Changes())

    def session_changed(self) -> None:
        self.on_unmount()
        session = self.app_context.connected
        if session is not None:
            self.live = LiveObject(session, self.subject, standard_type("", "Pod"), self._on_change)
            subject = self.subject
            self.live.lease_related((event_request("Pod", subject.namespace, subject.name),))
        self._is_stale = True

    def _on_change(self) -> None:
        self._is_stale = True

    def tick_hidden(self, changes: Changes) -> None:
        """Read no metrics while nobody can see them."""
        if self._metrics is not None:
            self._metrics.close()
        self._metrics = None

    def tick(self, changes: Changes) -> None:
        session = self.app_context.connected
        if session is None:
            return
        if self._metrics is None:
            self._metrics = session.cluster.metrics.lease_pods((self.subject.namespace,))
        now = self.app_context.options.clock.monotonic()
        if now - self._drawn_at >= (REDRAW_SECONDS if self._is_stale else AGES_SECONDS) and not self._is_drawing:
            self._is_stale, self._drawn_at, self._is_drawing = False, now, True
            start_worker(self, self._draw, group="draw")

    async def _draw(self) -> None:
        try:
            live, session = self.live, self.app_context.connected
            if live is None or session is None:
                return
            body = live.body()
            if body is None:
                self._show_absent(live)
                return
            related = await live.related()
            self._body = body
            now = self.app_context.options.clock.now()
            metrics = session.cluster.metrics
            usage = metrics.container_usage(self.subject)
            try:
                pod = msgspec.convert(body, Pod)
            except msgspec.ValidationError as error:
                self.summary.show([((f"the pod cannot be decoded: {printable(str(error))}", Tone.FAIL),)])
                return
            note = metrics_text(metrics.health("Pod"), now)
            used = usage_line(pod, metrics.usage(self.subject), metrics.history(self.subject), note)
            self._pod, self._used = pod, used
            self._show(pod, live, used)
            self.containers.set_rows(container_rows(pod, usage.get, now))
            self._show_detail()
            events = related.get(EVENTS, ())
            self._show_events(events, now)
            self.share_height()
        finally:
            self._is_drawing = False

    def _show_absent(self, live: LiveObject) -> None:
        error = live.error
        if error is not None:
            self.containers.set_empty_text(f"{error.message} {error.hint}".strip(), Tone.WARN)
        elif live.is_deleted:
            self.containers.set_empty_text(f"{self.subject} does not exist", Tone.WARN)
        else:
            self.containers.set_empty_text("loading…", Tone.BUSY)

    def _show(self, pod: Pod, live: LiveObject, used: StyledLine) -> None:
        status = pod_status(pod)
        tone = pod_tone(pod, status)
        owner = pod.metadata.controller
        facts = (
            f"{status.ready}/{status.containers} ready",
            f"on {pod.spec.node_name}" if pod.spec.node_name else "not scheduled",
            pod.status.pod_ip,
            pod.status.qos_class,
            f"of {owner.kind} {owner.name}" if owner is not None else "of no controller",
        )
        name = f"Pod {self.subject.namespace}/{self.subject.name}"
        first: StyledLine = (
            (f"{tone.symbol} ", tone),
            (printable(name), Tone.PLAIN),
            (f"  {printable(status.text)}", tone),
        )
        second: StyledLine = ((f"  {printable(' · '.join(fact for fact in facts if fact))}", Tone.MUTED),)
        # On a wide screen they are one line.
        is_one_line = sum(cell_len(text) for text, _ in (*first, *second)) <= self.size.width - MARGIN_CELLS
        lines = [(*first, *second)] if is_one_line else [first, second]
        if used:
            lines.append(used)
        if live.is_deleted:
            lines.append((("it was deleted: this is its last state", Tone.WARN),))
        elif live.error is not None:
            lines.append(((f"not live: {printable(live.error.message)}", Tone.WARN),))
        self.summary.show(lines)

    @property
    def container(self) -> str:
        """Name of the container under the cursor, "" when there is none."""
        key = self.containers.table.cursor_key
        return "" if key is None else key.name.rpartition("/")[2]

    @property
    def container_under_cursor(self) -> str:
        return self.container

    def _show_detail(self) -> None:
        body, name, width = self._body, self.container, self.detail.text.size.width
        if body is None or not name:
            return
        now = self.app_context.options.clock.now()
        spec = body.get("spec") or {}
        alone = {
            field: [container for container in spec.get(field) or () if container.get("name") == name]
            for field in _FIELDS
        }
        shown = redact({**body, "spec": {**spec, **alone}})
        lines = section_lines(tuple(container_sections(shown, DescribeContext(now), has_status=True)), width)
        if lines != self._drawn:
            self._drawn = lines
            self.detail.text.set_lines(lines)
        self.detail.set_note(printable(name))

    def _show_events(self, bodies: tuple[dict[str, Any], ...] | Unread, now: datetime) -> None:
        if isinstance(bodies, Unread):
            self.events.set_empty_text(bodies.reason, Tone.MUTED)
            return
        events = [msgspec.convert(body, Event) for body in bodies]
        self.events.set_rows([_EVENTS.select(event_table.row(event, now)) for event in events])
        self.events.set_empty_text("no events")

    def share_height(self) -> None:
        """Give the containers the lines they need, and what is left to their details."""
        is_stacked = self.is_small and self.size.height >= STACKED_LINES
        self.set_class(is_stacked, "-stacked")
        self.events.styles.clear_rule("height")
        if is_stacked:
            room = self.size.height // 3
            self.containers.styles.height = _FRAME + min(max(1, len(self.containers.rows)), room - _FRAME)
            self.events.styles.height = _FRAME + min(max(1, len(self.events.rows)), STACKED_EVENTS)
        elif self.is_small:
            self.containers.styles.clear_rule("height")
        else:
            self.containers.styles.height = min(max(5, 3 + len(self.containers.rows)), max(5, self.size.height // 3))

    def on_resize(self) -> None:
        """Fold long texts for the new width."""
        self.call_after_refresh(self._fit)

    def _fit(self) -> None:
        self.share_height()
        if self._pod is not None and self.live is not None:
            self._show(self._pod, self.live, self._used)
        self._show_detail()

    # -- targets and keys ---------------------------------------------------------------------------------------------

    def target(self) -> ObjectRef | None:
        return self.subject if self.is_connected else None

    def applies(self, action: Action) -> bool:
        return applies_to(action, self.target() or self.subject)

    def pod_target(self) -> ObjectRef | None:
        return self.target()

    def uid_of(self, ref: ObjectRef) -> str:
        shown = text_at(self._body, "metadata", "uid") if ref == self.subject else ""
        return shown or super().uid_of(ref)

    def keep_cursor(self, acted_on: ObjectRef | None) -> None:
        """Keep the cursor on the container: actions are on the pod."""

    def lost_target_message(self) -> str:
        return ""

    def show_logs(self, *, previous: bool) -> None:
        """Show the log of the container under the cursor."""
        self.app_context.navigator.open_logs(self.subject, previous=previous, container=self.container)

    def on_live_table_highlighted(self, event: LiveTable.Highlighted) -> None:
        """Show what the container under the cursor is made of."""
        if event.table is self.containers.table:
            self._show_detail()

    def on_live_table_selected(self, event: LiveTable.Selected) -> None:
        """Show the log of a container, the whole message of an event."""
        if event.table is self.containers.table:
            self.show_logs(previous=False)
        else:
            self.app_context.show_message(event.row.cells[_MESSAGE].text)

    def _filter_bar(self) -> FilterBar | None:
        pane = self.active_pane
        return pane.search_bar if isinstance(pane, TextPane) else super()._filter_bar()

    def step_back(self) -> None:
        """Clear the filter, then go back."""
        if not self.clear_filter():
            super().step_back()
