"""The panes of the home screen, the space that each takes, and the answer between them.

Invariant: Problems takes no line while there is none; it grows at once, and shrinks as `PaneHeight` does.
"""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Container
from textual.geometry import Size

from k9py.tui.answer.panel import AnswerPanel
from k9py.tui.context import AppContext
from k9py.tui.panes.log_pane import LogPane
from k9py.tui.panes.problems_pane import ProblemsPane
from k9py.tui.screens.home_tables import HomeTables
from k9py.tui.screens.pane_height import PaneHeight


class HomePanes(Container):
    """Problems, Services and Rollouts, the answer, Logs."""

    SCOPED_CSS = False
    DEFAULT_CSS = """
    HomePanes { layout: vertical; width: 1fr; height: 1fr; }
    HomePanes #problems { height: 5; }
    HomePanes #problems.-absent { display: none; }
    HomePanes #tables { layout: vertical; width: 1fr; height: 28fr; }
    HomePanes #services { height: 12fr; min-height: 6; }
    HomePanes #rollouts { height: 16fr; min-height: 6; }
    HomePanes #tables { min-height: 12; }
    HomePanes #logs { height: 15fr; min-height: 5; }
    HomePanes.-urgent #tables { min-height: 10; }
    HomePanes.-urgent #services { min-height: 5; }
    HomePanes.-urgent #rollouts { min-height: 5; }
    HomePanes.-urgent #logs { min-height: 4; }
    HomePanes.-beside #tables { layout: horizontal; height: 1fr; }
    HomePanes.-beside #services { height: 1fr; width: 2fr; }
    HomePanes.-beside #rollouts { height: 1fr; width: 3fr; }
    HomePanes.-beside #logs { height: 1fr; }
    HomePanes.-beside #tables { min-height: 6; }
    .-short HomePanes #tables, .-narrow HomePanes #tables { min-height: 1; }
    .-short HomePanes #tables Pane, .-narrow HomePanes #tables Pane { min-height: 1; }
    .-wide HomePanes #tables { height: 3fr; }
    .-wide HomePanes #logs { height: 1fr; }
    HomePanes.-beside #tables { height: 1fr; }
    .-short HomePanes #tables, .-narrow HomePanes #tables { height: 1fr; width: 1fr; }
    .-short HomePanes AnswerPanel, .-narrow HomePanes AnswerPanel { dock: bottom; }
    .-short HomePanes Pane, .-narrow HomePanes Pane { height: 1fr; width: 1fr; }
    """

    def __init__(self, context: AppContext) -> None:
        super().__init__(id="panes")
        self.problems = ProblemsPane(context, id="problems")
        self.problems.add_class("-absent")
        self.tables = HomeTables(context)
        self.answer = AnswerPanel()
        self.logs = LogPane(context.options, options=context.line_view_options, number=3, id="logs")
        self.problem_height = PaneHeight(context.options.clock.monotonic)
        self._is_sized_small: bool | None = None

    def compose(self) -> ComposeResult:
        yield self.problems
        yield self.tables
        yield self.answer
        yield self.logs

    def size_problems(self, screen: Size, *, is_urgent: bool, is_small: bool) -> bool:
        """Give the problems the lines they need, up to a share of the screen; without problems, none.

        Args:
            is_urgent: something is down or degraded.
            is_small: only one pane fits.

        Returns:
            Whether that has changed.
        """
        before = self.problem_height.lines
        is_ready = self.tables.services.is_complete and self.tables.rollouts.is_complete
        rows = len(self.problems.rows) if is_ready else 0
        self.problem_height.update(rows, screen.height, is_urgent=is_urgent)
        self.set_class(is_urgent, "-urgent")
        lines = self.problem_height.lines
        if lines == before and self._is_sized_small is is_small:
            return False
        self._is_sized_small = is_small
        self.problems.set_class(not lines, "-absent")
        self.problems.styles.height = None if is_small else lines
        return True

    def share_height(self, screen: Size, *, is_small: bool, is_wide: bool) -> None:
        """Give the tables the lines their rows need, beside each other where both do not fit below each other."""
        room = Size(screen.width, screen.height - self.problem_height.lines)
        is_beside = self.tables.share_height(room, is_small=is_small, is_wide=is_wide)
        if is_beside is not None:
            self.set_class(is_beside, "-beside")
