"""`kdash logs` as a process of its own: readers that close, slow readers, Ctrl+C, a terminal."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from k9py.cli.logs.output import OutputWriter
from k9py.simulator.clock import ManualClock
from k9py.simulator.registry.resources import PODS
from k9py.simulator.server import Simulator
from k9py.simulator.state import SimulatorState
from tests.cli.log_shell import Written, write_logs

LOGS = [sys.executable, "-m", "k9py", "logs", "deploy/email"]


@pytest.fixture
def written() -> Written:
    """What every container has written."""
    return Written(*(f"INFO line {number}" for number in range(5_000)), "\x1b]0;title\x07\x1b[2Jend")


@pytest.fixture
def simulator(written: Written) -> Iterator[Simulator]:
    with Simulator("shop-quiet", ManualClock()) as simulator:
        write_logs(simulator, written)
        yield simulator


@pytest.fixture
def command(simulator: Simulator, tmp_path: Path) -> list[str]:
    config = simulator.write_kubeconfig(tmp_path / "config", namespace="shop")
    return [*LOGS, "--kubeconfig", str(config)]


def shell(line: str, command: list[str]) -> subprocess.CompletedProcess[bytes]:
    text = line.replace("LOGS", " ".join(command))
    return subprocess.run(["bash", "-c", text], capture_output=True, timeout=60, check=False)


@pytest.mark.parametrize("more", ["", "-f", "-f --tail 1", "-o json -f"])
def test_a_reader_that_leaves_ends_it_well_and_silently(command: list[str], more: str) -> None:
    ran = shell(f"(LOGS {more}; echo code $? >&2) | head -1", command)
    assert ran.stdout.count(b"\n") == 1
    assert ran.stderr.strip() == b"code 0"


def test_a_closed_reader_of_a_demo_gets_no_server_messages() -> None:
    ran = shell("(LOGS --demo; echo code $? >&2) | head -1", LOGS)
    assert ran.stderr.strip() == b"code 0"


def test_a_closed_reader_of_both_streams_ends_it_with_success(command: list[str]) -> None:
    ran = shell("{ (LOGS -f 2>&1; echo code $? >&3) | head -1; } 3>&2", command)
    assert ran.stderr.strip() == b"code 0"


@pytest.mark.parametrize(
    ("more", "last"), [("", b"end"), ("--raw", b"\x1b]0;title\x07\x1b[2Jend")], ids=["harmless", "raw"]
)
def test_into_a_pipe_it_is_all_there(command: list[str], more: str, last: bytes) -> None:
    ran = shell(f"LOGS {more} | cat", command)
    assert ran.stderr == b""
    lines = ran.stdout.split(b"\n")
    assert (lines[0], lines[-2], lines[-1]) == (b"INFO line 0", last, b"")
    assert len(lines) == 5_002


def test_ctrl_c_is_130_without_a_traceback(command: list[str]) -> None:
    with subprocess.Popen([*command, "-f", "--tail", "1"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        child.send_signal(signal.SIGINT)
        _, err = child.communicate(timeout=30)
    assert (child.returncode, err.strip()) == (130, b"")


def test_ctrl_c_works_while_the_reader_blocks(command: list[str]) -> None:
    """5,000 lines fill a pipe that nobody reads."""
    with subprocess.Popen([*command, "-o", "json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        child.send_signal(signal.SIGINT)
        assert child.wait(timeout=30) == 130


def test_a_slow_reader_is_waited_for_and_misses_nothing(
    simulator: Simulator, written: Written, command: list[str]
) -> None:
    """More is written at once than may be buffered between two drains, and a pipe holds little of it."""
    count = 70_000

    def write(state: SimulatorState) -> None:
        pods = state.storage.list(PODS, "shop")
        pod = next(entry["metadata"]["name"] for entry in pods if entry["metadata"]["labels"].get("app") == "email")
        for number in range(count):
            written.run(pod).write(f"n={number:06}")

    with subprocess.Popen(
        [*command, "-f", "--tail", "1", "--no-prefix"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        simulator.call(write)
        numbers = [child.stdout.readline() for _ in range(count)]
        child.send_signal(signal.SIGINT)
        _, err = child.communicate(timeout=30)
    assert numbers == [b"n=%06d\n" % number for number in range(count)]
    assert err.strip() == b""


@pytest.mark.parametrize("more", [[], ["-o", "raw"]])
def test_a_terminal_gets_no_escape_sequences_of_containers(command: list[str], more: list[str]) -> None:
    arguments = [*command[1:], "--tail", "3", *more]
    child = pexpect.spawn(command[0], arguments, env={**os.environ, "TERM": "dumb"}, timeout=30, dimensions=(40, 120))
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    assert child.before.split() == b"INFO line 4998 INFO line 4999 end".split()


@pytest.mark.parametrize(("more", "is_harmless"), [("", True), ("-o raw", True), ("--raw", False)])
def test_what_a_filter_behind_a_pipe_prints_is_harmless_unless_raw_is_asked_for(
    command: list[str], more: str, is_harmless: bool
) -> None:
    ran = shell(f"LOGS --tail 1 --no-prefix {more} | grep end", command)
    assert ran.stdout == (b"end\n" if is_harmless else b"\x1b]0;title\x07\x1b[2Jend\n")


async def test_an_output_writer_waits_for_its_reader_without_blocking_the_loop() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as reader, os.fdopen(writing, "w", encoding="utf-8") as stream:
        outlet, text = OutputWriter(stream), "x" * (1 << 20)
        writes = asyncio.ensure_future(outlet.write(text))
        got = b""
        while len(got) < len(text):
            await asyncio.sleep(0)
            assert not (writes.done() and len(got) < len(text) - (1 << 17))
            got += os.read(reader.fileno(), 8192)
        await writes
        assert got.decode() == text
        assert not outlet.is_closed_by_reader


async def test_an_output_writer_for_raw_lines_reencodes_nothing() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as reader, os.fdopen(writing, "w", encoding="ascii", errors="replace") as writer:
        await OutputWriter(writer, as_written=True).write("caf\udce9 caf\u00e9\n")
        assert os.read(reader.fileno(), 100) == b"caf\xe9 caf\xc3\xa9\n"


async def test_an_outlet_sees_that_its_reader_has_left() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w", encoding="utf-8") as stream:
        outlet = OutputWriter(stream)
        assert outlet.is_closed_by_reader
        with pytest.raises(BrokenPipeError):
            await outlet.write("x")
