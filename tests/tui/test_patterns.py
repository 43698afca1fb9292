"""The patterns pane: what it shows, when, and where its keys lead."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from textual import on
from textual.app import ComposeResult
from textual.pilot import Pilot

from k9py.logs.line import LogLine
from k9py.runtime.clock import SystemClock
from k9py.tui.logs import pattern_counter
from k9py.tui.panes import patterns_pane
from k9py.tui.panes.patterns_pane import PatternsPane
from k9py.tui.theme import ThemedApp
from k9py.tui.widgets.line_view import LineViewOptions
from tests.tui.widgets.hosts import screen_text
from tests.unit.logs.templates.lines import NEW, OLD, at, line, steady

NAMES = {"new": "revision 8", "old": "revision 7"}
BOTH = [*steady(OLD, "INFO handled {}", every=1, minutes=10), *steady(NEW, "INFO handled {}", every=1, minutes=10)]
LOST = steady(NEW, "ERROR lost {}", every=30, minutes=10)
SYNCED = steady(OLD, "INFO synced {}", every=6, minutes=10)


class Host(ThemedApp[None]):
    """An app with one pane."""

    def __init__(self, *, hidden: bool = False) -> None:
        super().__init__()
        self.pane = PatternsPane(clock=SystemClock(), options=LineViewOptions(redraws_per_second=1000))
        self.pane.display = not hidden
        self.jumps: list[tuple[int, str]] = []

    def compose(self) -> ComposeResult:
        yield self.pane

    def on_mount(self) -> None:
        self.pane.main.focus()

    @on(PatternsPane.Jump)
    def keep(self, event: PatternsPane.Jump) -> None:
        self.jumps.append((event.number, event.text))

    def shown(self) -> list[str]:
        """Return the lines of the table."""
        self.pane.table.flush()
        return [text for text in screen_text(self.pane.table) if text]


@pytest.fixture(autouse=True)
def _redraw_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns_pane, "REDRAW_SECONDS", 0.0)


async def settled(pilot: Pilot[None], pane: PatternsPane, lines: int) -> None:
    """Wait until so many lines are counted and shown."""
    while True:
        await pilot.pause()
        comparison = pane.comparison
        if pane.is_settled and comparison is not None and comparison.new_lines + comparison.old_lines == lines:
            break
    await pilot.pause()


def given(pane: PatternsPane, *, established: bool = True) -> None:
    """Compare revision 8 with 7."""
    if established:
        pane.set_started({NEW.container_id: at(-3600), OLD.container_id: at(-3600)})
    pane.set_revisions("new", ("old",), NAMES)


async def test_new_stopped_and_changed_patterns_are_shown_and_counted_in_the_title() -> None:
    app = Host()
    async with app.run_test(size=(120, 12)) as pilot:
        given(app.pane)
        lines = [*BOTH, *LOST, *SYNCED]
        app.pane.take(0, lines)
        await settled(pilot, app.pane, len(lines))
        header, first, second = app.shown()
        assert header.split() == ["↑", "CHANGE", "LINES", "r8/min", "r7/min", "PATTERN"]
        assert first.split() == ["▌✗", "new", "20", "2.0", "0", "ERROR", "lost", "<num>"]
        assert second.split() == ["gone", "100", "0", "10", "INFO", "synced", "<num>"]
        assert "1 new, 1 gone, 0 changed · revision 8 against 7" in app.pane.note


async def test_enter_jumps_to_an_example_with_the_number_it_has_in_the_log() -> None:
    app = Host()
    async with app.run_test(size=(120, 12)) as pilot:
        given(app.pane)
        app.pane.take(5000, BOTH)
        app.pane.take(9000, [*LOST, *SYNCED])
        await settled(pilot, app.pane, len(BOTH) + len(LOST) + len(SYNCED))
        assert "ERROR lost 0" in app.pane.subtitle
        await pilot.press("enter", "down", "enter")
        assert app.jumps == [(9000, "ERROR lost 0"), (9000 + len(LOST), "INFO synced 0")]
        assert "INFO synced 0" in app.pane.subtitle
        app.pane.forget_before(9001)
        app.pane.take(9500, [line(NEW, 601, "INFO handled 1")])
        await settled(pilot, app.pane, len(BOTH) + len(LOST) + len(SYNCED) + 1)
        await pilot.press("up", "enter")
        assert app.jumps[-1][0] == 9000 + len(LOST) - 1, "the first is no longer kept, the last is"


async def test_the_cursor_stays_on_its_pattern_when_another_comes_in_above() -> None:
    app = Host()
    async with app.run_test(size=(120, 12)) as pilot:
        given(app.pane)
        app.pane.take(0, [*BOTH, *LOST, *SYNCED])
        await settled(pilot, app.pane, len(BOTH) + len(LOST) + len(SYNCED))
        await pilot.press("down")
        worse = steady(NEW, "FATAL it ends {}", every=30, minutes=10)
        app.pane.take(5000, worse)
        await settled(pilot, app.pane, len(BOTH) + len(LOST) + len(SYNCED) + len(worse))
        assert "FATAL" in app.shown()[1]
        await pilot.press("enter")
        assert app.jumps[-1][1] == "INFO synced 0"


async def test_one_revision_alone_shows_its_patterns_errors_first_and_says_so() -> None:
    app = Host()
    async with app.run_test(size=(120, 12)) as pilot:
        app.pane.set_revisions("new", (), NAMES)
        await pilot.pause()
        assert app.shown()[-1].strip() == "only one revision is running: nothing to compare yet"
        app.pane.take(0, [*BOTH, *LOST])
        await settled(pilot, app.pane, len(BOTH) + len(LOST))
        assert [text.split()[-3:] for text in app.shown()[1:]] == [
            ["ERROR", "lost", "<num>"],
            ["INFO", "handled", "<num>"],
        ]
        assert "only one revision" in app.pane.note


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "no lines yet"),
        (BOTH[:600], "revision 8 has no logs yet"),
        (BOTH[600:], "no logs of revision 7 read: nothing to compare with"),
        (BOTH, "revision 8 logs the same as revision 7: observed 10 container-minutes of the new"),
    ],
)
async def test_an_empty_pane_says_why(lines: Sequence[LogLine], message: str) -> None:
    app = Host()
    async with app.run_test(size=(120, 12)) as pilot:
        given(app.pane)
        app.pane.take(0, lines)
        await settled(pilot, app.pane, len(lines))
        assert message in " ".join(text.strip() for text in app.shown())


async def test_nothing_is_concluded_while_lines_wait_to_be_counted() -> None:
    app = Host()
    async with app.run_test(size=(120, 12)) as pilot:
        given(app.pane)
        app.pane.take(0, BOTH[:600])
        await settled(pilot, app.pane, 600)
        assert "revision 8 has no logs yet" in app.shown()[-1]
        app.pane.take(600, BOTH[600:])
        assert app.pane.comparison is not None
        app.pane._show(app.pane.comparison)
        assert "counting 600 lines…" in app.shown()[-1]
        await settled(pilot, app.pane, len(BOTH))
        assert any("revision 8 logs the same as revision 7" in text for text in app.shown())


async def test_how_an_old_container_starts_tells_what_is_new_at_the_start() -> None:
    app = Host()
    young = [line(NEW, 1, "listening on :8080"), line(NEW, 2, "ERROR no cache")]
    async with app.run_test(size=(120, 12)) as pilot:
        given(app.pane, established=False)
        app.pane.take(0, [*BOTH[:600], *young])
        await settled(pilot, app.pane, 602)
        assert [text[2:16].strip() for text in app.shown()[1:]] == ["new, start"] * 2
        app.pane.add_baseline("old", [line(OLD, 0, "listening on :9090")])
        while len(app.shown()) != 2:
            await pilot.pause()
        assert app.shown()[1].split()[:3] == ["▌✗", "new,", "once"]


async def test_lines_given_before_it_is_shown_are_counted_and_compared_once_it_is() -> None:
    app = Host(hidden=True)
    async with app.run_test(size=(120, 12)) as pilot:
        given(app.pane)
        app.pane.take(0, [*BOTH, *LOST])
        while app.pane.uncounted:
            await pilot.pause()
        assert app.pane.comparison is None
        app.pane.display = True
        await settled(pilot, app.pane, len(BOTH) + len(LOST))
        assert "ERROR lost <num>" in app.shown()[1]


@pytest.mark.parametrize(("bound", "most"), [("MAX_WAITING", 1000), ("MAX_WAITING_CHARACTERS", 12_000)])
async def test_when_too_much_waits_the_oldest_is_not_counted_and_that_is_said(
    bound: str, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pattern_counter, bound, most)
    app = Host()
    async with app.run_test(size=(120, 12)) as pilot:
        given(app.pane)
        app.pane.take(0, BOTH[:600])
        app.pane.take(600, BOTH[600:])
        assert (app.pane.uncounted, app.pane.skipped) == (600, 600)
        await settled(pilot, app.pane, 600)
        assert "600 not counted: too many at once" in app.pane.note


async def test_another_subject_begins_with_nothing() -> None:
    app = Host()
    async with app.run_test(size=(120, 12)) as pilot:
        given(app.pane)
        app.pane.take(0, [*BOTH, *LOST])
        await settled(pilot, app.pane, len(BOTH) + len(LOST))
        app.pane.clear()
        await settled(pilot, app.pane, 0)
        assert app.shown()[-1].strip() == "no lines yet"
        assert app.pane.subtitle == ""


async def test_typing_narrows_the_patterns() -> None:
    app = Host()
    async with app.run_test(size=(120, 12)) as pilot:
        given(app.pane)
        app.pane.take(0, [*BOTH, *LOST, *SYNCED])
        await settled(pilot, app.pane, len(BOTH) + len(LOST) + len(SYNCED))
        app.pane.apply_input(app.pane.filter_bar, "synced")
        await pilot.pause()
        assert [text.split()[1] for text in app.shown()[1:]] == ["gone"]
        assert "1 of 2 shown" in app.pane.note


async def test_it_fits_a_pane_of_eight_rows_on_a_small_screen() -> None:
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        app.pane.styles.height = 8
        given(app.pane)
        app.pane.take(0, [*BOTH, *LOST, *SYNCED])
        await settled(pilot, app.pane, len(BOTH) + len(LOST) + len(SYNCED))
        header, first, second = app.shown()
        assert header.split()[-1] == "PATTERN"
        assert first.endswith("ERROR lost <num>")
        assert second.endswith("INFO synced <num>")


async def test_saying_the_same_revisions_again_moves_nothing() -> None:
    app = Host()
    async with app.run_test(size=(120, 12)) as pilot:
        given(app.pane)
        app.pane.set_revisions("new", ("old", "older"), NAMES)
        app.pane.take(0, [*BOTH, *LOST, *SYNCED])
        await settled(pilot, app.pane, len(BOTH) + len(LOST) + len(SYNCED))
        await pilot.press("down")
        chosen = app.pane.table.cursor_key
        app.pane.set_revisions("new", ("older", "old"), {**NAMES, "older": "revision 6"})
        await pilot.pause()
        assert chosen is not None
        assert app.pane.table.cursor_key == chosen
        assert "against 2 older revisions" in app.pane.note
