"""The tree of an object: its owners, what it owns, what refers to it, each with its state; kept current.

Invariant: the tree is shown as far as it has been read, and its title shows how far that is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from textual.binding import BindingType

from k9py.actions.action import Action, ActionScope
from k9py.api.meta import ObjectRef
from k9py.api.plural import count_noun
from k9py.api.text import printable
from k9py.cluster.change_feed import Changes
from k9py.resources.tree import TreeLine, tree_lines
from k9py.tui.bindings import bindings
from k9py.tui.browse.tree_reader import TreeReader
from k9py.tui.context import AppContext
from k9py.tui.panes.table_pane import TablePane
from k9py.tui.screens.paned_screen import SinglePaneScreen
from k9py.tui.screens.targets import OBJECT_KEYS, applies_to, pod_of
from k9py.tui.widgets.live_table.table import LiveTable
from k9py.tui.workers import start_worker
from k9py.views.tones import live_age
from k9py.views.values import Cell, Column, Row, Tone

COLUMNS: Final = (
    Column("object", "OBJECT", min_width=24, max_width=120, grow=True, sort_key="B"),
    Column("state", "STATE", min_width=8, max_width=50, sort_key="U"),
    Column(
        "age",
        "AGE",
        align_right=True,
        min_width=4,
        max_width=6,
        live=lambda row, now: live_age(row, now) if row.since else "",
        sort_key="A",
    ),
)
BUILD_SECONDS: Final = 0.5
"""Minimum seconds between two builds of a tree."""

RELATION_SECONDS: Final = 3.0
"""Minimum seconds between two reads of the relations."""
NAMED: Final = 3
"""Types that are not readable and named in the title; the tree ends with all of them."""


def _listing(names: Sequence[str]) -> str:
    more = len(names) - NAMED
    shown = printable(", ".join(names[:NAMED]))
    return f"{shown} and {count_noun(more, 'more type')}" if more > 0 else shown


class TreeScreen(SinglePaneScreen[TablePane]):
    """Owners and dependents of one object."""

    footer_begins_with = OBJECT_KEYS
    BINDINGS: ClassVar[list[BindingType]] = bindings(ActionScope.TREE)

    def __init__(self, context: AppContext, subject: ObjectRef) -> None:
        super().__init__(context)
        self.subject = subject
        self.pane = TablePane(
            "Tree", COLUMNS, clock=context.options.clock, options=context.line_view_options, number=1, id="tree"
        )
        self.pane.set_empty_text("loading…", Tone.BUSY)
        self._reader: TreeReader | None = None
        self._toggled: set[ObjectRef] = set()
        self._uids: dict[ObjectRef, str] = {}
        """Of the objects that are shown, where they are known."""
        self._is_outdated = True
        self._built_at = self._related_at = float("-inf")
        self._is_selected = False

    @property
    def crumbs(self) -> tuple[str, ...]:
        return (f"tree of {self.subject.name}",)

    # -- data ---------------------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Read the tree."""
        self.show_pane(self.pane)
        self.pane.set_place("", f"{self.subject.qualified_kind} {self.subject.name}")
        self.session_changed()

    def on_unmount(self) -> None:
        """End the leases."""
        if self._reader is not None:
            self._reader.close()

    def session_changed(self) -> None:
        self.on_unmount()
        self._reader = None
        session = self.app_context.connected
        if session is None:
            return
        options = self.app_context.options
        self._reader = TreeReader(session, self.subject, options.resources(), options.clock, self._outdate)
        start_worker(self, self._reader.read, group="tree", exclusive=True)

    def _outdate(self) -> None:
        self._is_outdated = True

    def tick(self, changes: Changes) -> None:
        now = self.app_context.options.clock.monotonic()
        if self._is_outdated and now - self._built_at >= BUILD_SECONDS:
            self._is_outdated, self._built_at = False, now
            self._build()
        if self._reader is not None and self._reader.needs_relations and now - self._related_at >= RELATION_SECONDS:
            self._related_at = now
            start_worker(self, self._reader.read_relations, group="relations", exclusive=True)
        if not self._is_selected:
            table = self.pane.table
            self._is_selected = table.is_cursor_pinned or table.select_key(self.subject)

    def _build(self) -> None:
        reader = self._reader
        if reader is None:
            return
        lines = [*tree_lines(reader.root(), reader.dependents, is_folded=self._is_folded)]
        self._uids = {line.item.ref: line.item.uid for line in lines if line.item is not None}
        self.pane.set_rows([self._row(line, at) for at, line in enumerate(lines)])
        progress = "" if reader.is_done else f"reading {reader.read_count} of {count_noun(reader.type_count, 'type')}"
        unread = f"not readable: {_listing(list(reader.unreadable))}" if reader.unreadable else ""
        self.pane.set_subtitle(" · ".join(part for part in (progress, unread) if part))

    def _is_folded(self, ref: ObjectRef) -> bool:
        """Return whether the dependents of an object are hidden; those of a group are at first."""
        return (ref in self._toggled) is bool(ref.kind)

    def _row(self, line: TreeLine, at: int) -> Row:
        item = line.item
        if item is None:
            text = f"… and at least {line.hidden:,} more"
            return Row(ObjectRef("", "", text), (Cell(text, Tone.MUTED), Cell(""), Cell("")), Tone.MUTED, at)
        ref = item.ref
        fold = "▸ " if line.is_folded else ""
        relation = f"{line.relation} " if line.relation else ""
        hidden = f"  ({line.hidden} more)" if line.is_folded and ref.kind else ""
        named = f"{printable(ref.qualified_kind)}/{printable(ref.name)}" if ref.kind else printable(ref.name)
        name = f"{line.prefix}{fold}{relation}{named}{hidden}"
        tone = Tone.ACCENT if ref == self.subject else Tone.PLAIN
        cells = (Cell(name, tone, at), Cell(printable(item.state), item.tone), Cell(""))
        return Row(ref, cells, item.tone, at, item.since)

    # -- targets and keys ---------------------------------------------------------------------------------------------

    def target(self) -> ObjectRef | None:
        key = self.pane.table.cursor_key
        return key if self.is_connected and key is not None and key.kind else None

    def applies(self, action: Action) -> bool:
        return applies_to(action, self.target() or self.subject)

    def pod_target(self) -> ObjectRef | None:
        return pod_of(self.target())

    def uid_of(self, ref: ObjectRef) -> str:
        return self._uids.get(ref) or super().uid_of(ref)

    def on_live_table_highlighted(self, event: LiveTable.Highlighted) -> None:
        """Update the keys: what is possible depends on the object."""
        self.refresh_bindings()

    def on_live_table_selected(self, event: LiveTable.Selected) -> None:
        """Go deeper."""
        if event.key.kind:
            self.app_context.navigator.open_object(event.key)

    def show_tree(self) -> None:
        """Show the tree of the object under the cursor."""
        target = self.acting_target
        if target is None or target == self.subject:
            self.app_context.show_message("this is its tree", failed=True)
        else:
            super().show_tree()

    def action_fold(self) -> None:
        """Fold or unfold what belongs to the object under the cursor."""
        key = self.pane.table.cursor_key
        if key is not None:
            self.pane.table.pin_cursor()
            self._toggled ^= {key}
            self._build()

    def step_back(self) -> None:
        """Clear the filter, then go back."""
        if not self.clear_filter():
            super().step_back()
