"""The Problems screen shows the verdict of the corpus."""

from __future__ import annotations

from pathlib import Path

import pytest

from k9py.api.severity import Severity
from k9py.simulator.scenarios.recorded import Recording
from k9py.simulator.server import Simulator
from k9py.tui.screens.problems import ProblemsScreen
from k9py.tui.widgets.live_table.table import LiveTable
from k9py.views.problems import cause_text
from tests.corpus.cases import Case, cases
from tests.corpus.clusters import problems_of
from tests.tui.dashboard import dashboard

_NAMES = ("hops/four", "pods/oom-limit", "services/selector-near-miss", "workloads/quota-pods", "healthy/canary")
_CASES = [case for case in (*cases("faults"), *cases("healthy")) if case.name in _NAMES]


@pytest.mark.parametrize("case", _CASES, ids=lambda case: case.name)
async def test_the_screen_shows_what_the_corpus_says(case: Case, tmp_path: Path) -> None:
    shown = [problem for problem in problems_of(case) if problem.severity <= Severity.WARNING]
    with Simulator(recording=Recording(case.objects, case.at, case.logs)) as simulator:
        async with dashboard(simulator, tmp_path, live=False) as kdash:
            app = kdash.app
            await kdash.until(lambda: app.problems.report is not None and app.problems.report.is_complete, "the report")
            await kdash.press("exclamation_mark")
            screen = await kdash.until_screen(ProblemsScreen)
            await kdash.until(
                lambda: (
                    [(each.subject, cause_text(each)) for each in app.problems.shown]
                    == [(each.subject, cause_text(each)) for each in shown]
                ),
                "the problems of the corpus, in their order",
            )
            table = screen.query_one(LiveTable)
            await kdash.until(lambda: len(table.shown_rows) == len(shown), "their rows")
            for row, problem in zip(table.shown_rows, shown, strict=True):
                assert cause_text(problem) in [cell.text for cell in row.cells]
