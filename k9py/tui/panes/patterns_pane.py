"""What the new revision's logs say and the old ones' do not: patterns that are new, stopped, or changed their rate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from textual.message import Message

from k9py.informer.clock import Clock
from k9py.logs.line import LogLine
from k9py.tables.values import Column
from k9py.tui.panes.table_pane import TablePane
from k9py.tui.widgets.line_view import LineViewOptions

_COLUMNS = (
    Column("change", "CHANGE"),
    Column("lines", "LINES", align_right=True),
    Column("pattern", "PATTERN", grow=True),
)


class PatternsPane(TablePane):
    """A table of patterns, compared between revisions; Enter jumps to an example."""

    @dataclass
    class Jump(Message):
        """Enter was pressed on a pattern: `number` is that of its example line, `text` what it says."""

        pane: PatternsPane
        number: int
        text: str

        @property
        def control(self) -> PatternsPane:
            return self.pane

    def __init__(
        self,
        *,
        clock: Clock,
        options: LineViewOptions,
        number: int = 0,
        id: str | None = "patterns",  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__("Patterns", _COLUMNS, clock=clock, options=options, number=number, id=id, classes=classes)

    def clear(self) -> None:
        """Forget everything: another subject's lines will come."""

    def set_revisions(self, new: str, old: tuple[str, ...], names: Mapping[str, str]) -> None:
        """Compare these revisions; cheap when nothing differs.

        Args:
            new, old: as `LogTarget.revision`; without old ones the patterns of all lines are shown.
            names: of those, such as "revision 8".
        """

    def take(self, first_number: int, lines: Sequence[LogLine]) -> None:
        """Count these lines, numbered from `first_number` on as in the log beside; returns at once."""

    def set_started(self, started: Mapping[str, datetime]) -> None:
        """Say since when containers run, by container id: what they print at their start is told apart."""

    def add_baseline(self, revision: str, lines: Sequence[LogLine]) -> None:
        """Say how a container of an old revision begins its log: such lines are not new when the new one starts."""

    def forget_before(self, number: int) -> None:
        """Lines below that number are no longer kept: no jump leads there."""
