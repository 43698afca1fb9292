"""`kdash logs` prints logs whole, however long they and their lines are; where it does not, it fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from k9py.cli.targets import ObjectArgument
from k9py.logs import marker_text
from k9py.logs.follow.stream import LogStream
from k9py.logs.line import WHOLE_STREAM, LogLine
from k9py.simulator.clock import ManualClock
from k9py.simulator.server import Simulator
from tests.cli.log_shell import LogShell, Written, write_logs

EMAIL = ObjectArgument("Deployment", "email")


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator("shop-quiet", ManualClock()) as simulator:
        yield simulator


async def test_a_long_log_is_printed_whole(simulator: Simulator, tmp_path: Path) -> None:
    texts = [f"n={number:06}" for number in range(20_000)]
    write_logs(simulator, Written(*texts))
    code, run = await LogShell(simulator, tmp_path).ran(EMAIL)
    assert (code, run.err.getvalue()) == (0, "")
    assert run.lines == texts


async def test_long_lines_of_many_pods_are_printed_whole(simulator: Simulator, tmp_path: Path) -> None:
    texts = [f"n={number:04} {'x' * 60_000}" for number in range(150)]
    write_logs(simulator, Written(*texts))
    code, run = await LogShell(simulator, tmp_path).ran(selector="app in (cart,email)", prefix=False)
    assert (code, run.err.getvalue()) == (0, "")
    assert sorted(run.lines) == sorted(texts * 4)


@pytest.mark.parametrize(("option", "printed"), [("include", ["INFO one aaa"]), ("exclude", [f"{'a' * 3_000}!"])])
async def test_a_query_that_times_out_on_a_line_is_reported_as_a_failure(
    simulator: Simulator, tmp_path: Path, option: str, printed: list[str]
) -> None:
    write_logs(simulator, Written("INFO one aaa", f"{'a' * 3_000}!"))
    code, run = await LogShell(simulator, tmp_path).ran(EMAIL, **{option: ("(a+)+$",)})
    assert (code, run.lines) == (2, printed)
    assert run.err.getvalue() == f"kdash: --{option} (a+)+$: timed out on 1 line, counted as no match\n"


async def test_lines_that_were_dropped_are_a_failure(
    simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It drops none by itself; if that ever fails, the exit code shows it."""
    write_logs(simulator, Written("INFO one"))
    drain = LogStream.drain
    gap = LogLine(WHOLE_STREAM, None, marker_text.dropped(3, None, None), "gap")

    def with_a_gap(stream: LogStream) -> list[LogLine]:
        lines = drain(stream)
        return [gap, *lines] if lines else lines

    monkeypatch.setattr(LogStream, "drain", with_a_gap)
    code, run = await LogShell(simulator, tmp_path).ran(EMAIL)
    assert (code, run.lines) == (2, ["INFO one"])
    assert "3 lines dropped" in run.err.getvalue()
