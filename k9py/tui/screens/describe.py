"""The description of an object of any type, kept current: sections that are folded and jumped to.

The sections come from `resources/describe/`, findings and states of Services and workloads from the watched cluster.
Invariant: a folded section stays folded, and the section under the cursor stays current, whatever changes above it.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any, ClassVar

from textual.binding import BindingType

from k9py.actions.action import ActionScope
from k9py.api.meta import ObjectRef
from k9py.resources.describe.describer import DescribeContext, Describer
from k9py.resources.describe.description import describe, requests_of
from k9py.resources.registry import built_in_resources
from k9py.tui.bindings import bindings
from k9py.tui.context import AppContext
from k9py.tui.live_object import LiveObject
from k9py.tui.screens.live_text_screen import LiveTextScreen
from k9py.tui.screens.section_lines import SectionFolds, folded_section_lines
from k9py.tui.widgets.toned_text import TextLine
from k9py.views.describe import Section
from k9py.views.diagnosed_status import NOTHING, diagnosed_status


class DescribeScreen(LiveTextScreen):
    """One object, described."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(ActionScope.DESCRIPTION)

    def __init__(self, context: AppContext, subject: ObjectRef) -> None:
        super().__init__(context, subject, "Describe")
        self.sections: tuple[Section, ...] = ()
        self.folds = SectionFolds()
        self._headings: list[int] = []
        """Line of each visible heading."""
        self._drawn_headings: dict[str, int] = {}
        """The same by section, of the text on the screen."""
        self._current: str | None = None
        """Title of the section that keys act on."""

    def _describer(self) -> Describer | None:
        """Return the describer that the descriptor of its kind brings."""
        resource_type = self._resource_type()
        resource = built_in_resources().of(resource_type) if resource_type else None
        return resource.describe if resource else None

    async def draw(self, live: LiveObject, body: dict[str, Any]) -> list[TextLine]:
        own = self._describer()
        live.lease_related(requests_of(self.subject, body, own))
        now = self.app_context.options.clock.now()
        connected = self.app_context.connected
        triage = self.app_context.problems.triage
        status = diagnosed_status(connected.cluster.queries, self.subject, now, triage) if connected else NOTHING
        context = DescribeContext(
            now,
            await live.related(),
            status.lines,
            status.findings,
            status.sections,
            shows_secrets=self.shows_secrets,
        )
        self.sections = await asyncio.to_thread(partial(describe, self.subject, body, context, own))
        return await asyncio.to_thread(self._lines)

    def _lines(self) -> list[TextLine]:
        width = self.pane.text.text_width
        lines, self._headings = folded_section_lines(self.sections, self.folds, width, self._current)
        return lines

    def show_description(self) -> None:
        """Bring it up to date now."""
        self.show()

    def set_body(self, live: LiveObject, lines: list[TextLine]) -> None:
        """Show the description; the section at the top of the screen stays there, whatever changes above it."""
        text = self.pane.text
        place = self._place_of_top() if text.top else None
        super().set_body(live, lines)
        self._drawn_headings = dict(zip(self.folds.visible_paths(self.sections), self._headings, strict=False))
        if place is not None and (heading := self._drawn_headings.get(place[0])) is not None:
            text.scroll_to_line(heading + place[1] + self.notice_lines)

    def _place_of_top(self) -> tuple[str, int] | None:
        """Return the section that the first line on the screen belongs to, and its line in it, as they were drawn."""
        before = [(path, heading) for path, heading in self._drawn_headings.items() if heading <= self._top]
        return (before[-1][0], self._top - before[-1][1]) if before else None

    # -- sections -----------------------------------------------------------------------------------------------------

    def action_fold(self) -> None:
        """Fold or unfold the current section."""
        self._current = self._section_in_view()
        if self._current is not None:
            self.folds.toggle(self._current)
            self._draw_sections()

    def action_fold_all(self) -> None:
        """Fold all sections to their titles, or unfold them."""
        self.folds.toggle_all(self.sections)
        self._draw_sections()

    def action_section(self, step: int) -> None:
        """Go to the next or previous section."""
        paths = self.folds.visible_paths(self.sections)
        if not paths:
            return
        here = self._section_in_view()
        at = paths.index(here) if here in paths else 0
        self._current = paths[max(0, min(at + step, len(paths) - 1))]
        self._draw_sections()
        line = self._headings[paths.index(self._current)]
        if not self._top <= line < self._top + self.pane.text.page_lines - 1:
            self.pane.text.scroll_to_line(line + self.notice_lines)

    @property
    def _top(self) -> int:
        """The first line of the description on the screen."""
        return self.pane.text.top - self.notice_lines

    def _section_in_view(self) -> str | None:
        """Return the current section while its title can be seen, else the one that the first line belongs to."""
        paths = self.folds.visible_paths(self.sections)
        headings = dict(zip(paths, self._headings, strict=False))
        line = None if self._current is None else headings.get(self._current)
        if line is not None and self._top <= line < self._top + self.pane.text.page_lines:
            return self._current
        before = [path for path, heading in headings.items() if heading <= max(0, self._top)]
        return before[-1] if before else None

    def _draw_sections(self) -> None:
        if self.live is not None and self.sections:
            self.set_body(self.live, self._lines())
