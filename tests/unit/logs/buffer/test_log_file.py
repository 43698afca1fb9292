"""Log lines saved to a file of the user."""

from __future__ import annotations

import asyncio
import os
import stat
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k9py.api.errors import ConfigError
from k9py.api.text import printable
from k9py.logs.buffer.log_file import SLICE_SECONDS, file_name, save_lines
from k9py.logs.line import LogLine
from k9py.logs.source import LogTarget

AT = datetime(2026, 3, 1, 12, 0, 5, 250_000, UTC)
TARGET = LogTarget("shop", "cart-1", "app")


def lines(count: int) -> list[LogLine]:
    return [LogLine(TARGET, AT + timedelta(seconds=number), f"line {number}") for number in range(count)]


async def test_lines_markers_and_hostile_text_are_written_harmless(tmp_path: Path) -> None:
    written = [
        LogLine(TARGET, AT, "first"),
        LogLine(TARGET, AT, "3 lines dropped", "gap"),
        LogLine(TARGET, None, "\x1b]52;c;aGk=\x07\x1b[2Jend"),
        LogLine(TARGET, AT, "after", late=True),
    ]
    saved = await save_lines(written, tmp_path / "logs", "a.log", printable)
    assert saved.lines == 3
    assert saved.path.read_text() == (
        "2026-03-01T12:00:05.250Z cart-1/app first\n"
        "2026-03-01T12:00:05.250Z cart-1/app --- 3 lines dropped ---\n"
        "- cart-1/app end\n"
        "2026-03-01T12:00:05.250Z cart-1/app (late) after\n"
    )


async def test_the_file_is_private_and_no_file_is_overwritten(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    paths = [(await save_lines(lines(3), folder, "a.log", printable)).path for _ in range(3)]
    assert [path.name for path in paths] == ["a.log", "a-2.log", "a-3.log"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


async def test_a_link_put_in_the_way_is_not_followed(tmp_path: Path) -> None:
    foreign = tmp_path / "foreign"
    (tmp_path / "a.log").symlink_to(foreign)
    saved = await save_lines(lines(1), tmp_path, "a.log", printable)
    assert saved.path.name == "a-2.log"
    assert not foreign.exists()


async def test_many_lines_are_all_there_in_order(tmp_path: Path) -> None:
    saved = await save_lines(lines(20_000), tmp_path, "a.log", printable)
    texts = [line.rsplit(" ", 1)[1] for line in saved.path.read_text().splitlines()]
    assert texts == [str(number) for number in range(20_000)]


async def test_a_directory_that_takes_nothing_is_an_error_with_a_reason(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(ConfigError, match="cannot write in"):
        await save_lines(lines(1), blocked, "a.log", printable)


async def test_an_incomplete_file_is_removed(tmp_path: Path) -> None:
    def broken(_: str) -> str:
        raise OSError(28, "No space left on device")

    with pytest.raises(ConfigError, match="No space left"):
        await save_lines(lines(1), tmp_path, "a.log", broken)
    assert os.listdir(tmp_path) == []


def test_the_name_says_context_namespace_object_and_time() -> None:
    at = datetime(2026, 3, 1, 13, 0, 5, tzinfo=timezone(timedelta(hours=1)))
    assert file_name("prod/eu", "shop", "Deployment", "cart", at) == "prod-eu_shop_deployment-cart_20260301T120005Z.log"


@given(st.text(), st.text(), st.text(), st.text(max_size=400))
def test_a_name_is_safe_whatever_it_is_made_of(context: str, namespace: str, kind: str, name: str) -> None:
    made = file_name(context, namespace, kind, name, AT)
    assert made.isascii()
    assert made.endswith("_20260301T120005Z.log")
    assert not set(made) - set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.@-_")
    assert not made.startswith((".", "-"))
    assert len(made) <= 255


async def test_a_sanitized_header_precedes_the_lines_and_is_not_counted(tmp_path: Path) -> None:
    saved = await save_lines(lines(1), tmp_path, "a.log", printable, ["context demo", "only lines that match: \x1b[2J"])
    assert saved.lines == 1
    assert saved.path.read_text().splitlines() == [
        "# context demo",
        "# only lines that match: ",
        "2026-03-01T12:00:05.250Z cart-1/app line 0",
    ]


async def test_the_clock_is_looked_at_after_few_characters(tmp_path: Path) -> None:
    made = 0
    turns: list[int] = []

    def slow(text: str) -> str:
        nonlocal made
        made += 1
        until = perf_counter() + SLICE_SECONDS
        while perf_counter() < until:
            pass
        return text

    async def others() -> None:
        while made < 8:
            await asyncio.sleep(0)
            if not turns or turns[-1] != made:
                turns.append(made)

    hostile = [LogLine(TARGET, AT, "\x01" * 60_000)] * 8
    await asyncio.gather(others(), save_lines(hostile, tmp_path, "a.log", slow))
    assert {1, 2, 3, 4, 5, 6, 7} <= set(turns)


@pytest.mark.parametrize("at", [datetime.min, datetime.max])  # noqa: DTZ901
@pytest.mark.parametrize("hours", [-12, 14])
async def test_a_line_of_any_year_is_written(at: datetime, hours: int, tmp_path: Path) -> None:
    line = LogLine(TARGET, at.replace(tzinfo=timezone(timedelta(hours=hours))), "early")
    assert (await save_lines([line], tmp_path, "a.log", printable)).path.read_text().endswith("cart-1/app early\n")
