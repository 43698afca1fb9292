"""Cost of many logs: `python -m tests.bench.log_intake [SECONDS] [LINES_A_SECOND] [stream|dashboard|search]`.

Without a third argument all three, one after the other:
- stream: 50 pods of a cluster in a separate process write at increasing rates into a `LogStream` here, drained ten
  times per second. Printed per rate: lines per second written and taken, dropped lines, lag of the newest line, CPU
  per line, and the longest event loop block.
- dashboard: 50 pods write LINES_A_SECOND in total (5,000) for SECONDS (60) into the real dashboard in a
  pseudo-terminal. Printed ten times: memory, CPU, bytes per second to the terminal; then key latency and event loop
  blocks.
- search: a buffer filled to its 64 MB limit, searched and filtered in slices as the view does.
Compare ratios and limits, not figures: the simulated cluster shares the machine.
"""

from __future__ import annotations

import asyncio
import gc
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from k9py.api.pods import Pod
from k9py.cluster.log_targets import log_targets
from k9py.kube.connect import connect
from k9py.kube.connection import Connection
from k9py.kube.options import ConnectOptions
from k9py.logs.buffer.buffer import LogBuffer
from k9py.logs.buffer.query import parse_query
from k9py.logs.buffer.scan import LineScan
from k9py.logs.follow.stream import LogStream
from k9py.logs.line import LogLine
from k9py.logs.source import LogTarget
from k9py.runtime.clock import SystemClock
from tests.bench.cluster_process import ClusterProcess, usage
from tests.bench.dashboard import figures_text, holds, last_hold, print_holds
from tests.bench.screen import Screen, percentile

PODS: Final = 50
RATES: Final = (1_000, 5_000, 10_000, 20_000, 40_000)
KEYS: Final = 60
TICK: Final = 0.1
BEAT: Final = 0.002
_FOUND: Final = re.compile(r"/o-4242: .*(\d found|match \d)")


# -- stream ------------------------------------------------------------------------------------------------------------


async def _targets(connection: Connection, name: str) -> list[LogTarget]:
    pods = await connection.list("Pod", "shop", label_selector=f"app={name}")
    return [target for pod in pods for target in log_targets(msgspec.convert(pod, Pod))]


async def _beat(held: list[float]) -> None:
    """Record how late each beat of two milliseconds is: the time the loop was blocked (or the machine was busy)."""
    while True:
        began = time.monotonic()
        await asyncio.sleep(BEAT)
        held.append(time.monotonic() - began - BEAT)


async def _measure_stream(kubeconfig: Path, cluster: ClusterProcess, rate: int, seconds: float) -> None:
    name = f"writers-{rate}"
    cluster.ask("writers", name, PODS, rate / PODS, "json")
    connection = await connect(ConnectOptions(str(kubeconfig)), environ={"HOME": str(kubeconfig.parent)})
    stream = LogStream(connection, SystemClock())
    stream.set_targets(await _targets(connection, name))
    running = asyncio.create_task(stream.run())
    try:
        until = time.monotonic() + 5.0
        while time.monotonic() < until:  # existing lines and the first new ones
            stream.drain()
            await asyncio.sleep(TICK / 4)
        gc.collect()
        held, lines, lag, gaps = [0.0], 0, [0.0], [""]
        beating = asyncio.create_task(_beat(held))
        spent, theirs, began = time.process_time(), cluster.ask("usage")["cpu"], time.monotonic()
        drains = [0.0]
        while (now := time.monotonic()) < began + seconds:
            got = stream.drain()
            drains.append(time.monotonic() - now)
            lines += sum(not line.marker for line in got)
            gaps += [line.text for line in got if line.marker == "gap"]
            newest = next((line.timestamp for line in reversed(got) if line.timestamp is not None), None)
            if newest is not None:
                lag.append((datetime.now(UTC) - newest).total_seconds())
            await asyncio.sleep(TICK)
        took = time.monotonic() - began
        beating.cancel()
        cpu, theirs = time.process_time() - spent, cluster.ask("usage")["cpu"] - theirs
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await connection.aclose()
    print(
        f"  {rate:6,} lines/s wanted: {lines / took:8,.0f} taken, newest {percentile(lag, 0.5):.1f} s behind "
        f"(p99 {percentile(lag, 0.99):.1f}), CPU here {cpu / took:5.1%} ({cpu / max(1, lines) * 1e6:.1f} µs a line)"
    )
    print(
        f"         cluster's CPU {theirs / took:5.1%}; holds of the loop: longest {max(held) * 1e3:.1f} ms, "
        f"{sum(obj > 0.015 for obj in held)} over 15 ms; longest drain {max(drains) * 1e3:.1f} ms"
    )
    for gap in gaps[1:4]:
        print(f"         gap: {gap}")
    if len(gaps) > 4:
        print(f"         and {len(gaps) - 4} gaps more")


def measure_stream(seconds: float) -> None:
    """Raise the rate until 50 pods write more than can be read."""
    print(f"stream: {PODS} pods, JSON lines of about 200 characters")
    for rate in RATES:
        with ClusterProcess("bare") as cluster:
            asyncio.run(_measure_stream(cluster.kubeconfig, cluster, rate, seconds))


# -- dashboard ---------------------------------------------------------------------------------------------------------


def measure_dashboard(seconds: float, rate: int) -> None:
    """Measure the real dashboard at `rate` lines per second for `seconds`."""
    print(f"dashboard: {PODS} pods, {rate:,} lines/s in all, {seconds:.0f} s, buffer {_buffer()}")
    with ClusterProcess("bare") as cluster, tempfile.TemporaryDirectory() as directory:
        cluster.ask("writers", "writers", PODS, rate / PODS, "json")
        report = Path(directory) / "holds"
        with Screen("--kubeconfig", str(cluster.kubeconfig), "-n", "shop", report=report) as screen:
            screen.wait_for(lambda text: "● live" in text and "writers" in text)
            pressed = time.monotonic()
            screen.press("l")
            screen.wait_for(lambda text: "deploy/writers" in text and "trace_id" in text)
            print(f"  lines on the screen {time.monotonic() - pressed:.1f} s after the key")
            screen.idle(3.0, keep=True)
            print("\n".join(f"    | {line.rstrip()}" for line in screen.text.splitlines()[:4]))
            begun = last_hold(report)
            _watch_memory(screen, seconds)
            _search(screen, report)
            keys = _latencies(screen)
            print(f"  key to screen: p50 {percentile(keys, 0.5):.1f} p99 {percentile(keys, 0.99):.1f} ms")
            print_holds("under logs", holds(report, begun, 1e9))
            print(f"  client {figures_text(screen.usage())}; cluster {figures_text(cluster.ask('usage'))}")


def _buffer() -> str:
    return os.environ.get("KDASH_LOG_BUFFER", "of 64 MB")


def _watch_memory(screen: Screen, seconds: float) -> None:
    sizes: list[float] = []
    for part in range(10):
        before = screen.usage()["cpu"]
        written: float = screen.idle(seconds / 10)
        now = screen.usage()
        sizes.append(now["rss"])
        at, cpu, written = (part + 1) * seconds / 10, (now["cpu"] - before) * 10 / seconds, written * 10 / seconds
        print(f"  {at:6.0f} s: {now['rss']:7.1f} MB, CPU {cpu:6.1%}, {written:9,.0f} bytes/s to the terminal")
    half = sizes[len(sizes) // 2 :]
    print(f"  memory in the second half: {min(half):.1f} to {max(half):.1f} MB")


def _search(screen: Screen, report: Path) -> None:
    """Search the buffer while it grows."""
    screen.redraw()
    begun = last_hold(report)
    screen.press("/")
    screen.idle(1.0)
    screen.press("o-4242")
    pressed = time.monotonic()
    screen.press("\r")
    screen.wait_for(lambda text: _FOUND.search(text) is not None, patience=time.monotonic() - screen.began + 30)
    own_cpu = [record["cpu"] for record in holds(report, begun, 1e9)]
    print(
        f"  search of the whole buffer while it grows: {time.monotonic() - pressed:.1f} s, "
        f"longest hold by its own CPU {max(own_cpu, default=0.0):.1f} ms"
    )
    screen.press("\x1b")
    screen.idle(1.0)


def _latencies(screen: Screen) -> list[float]:
    """Scroll in the held view: while it follows, any frame would count as the response to a key."""
    screen.press("s")
    screen.idle(1.0)
    return screen.key_latencies(["k", "j"] * (KEYS // 2), 0.047, bool)


# -- search ------------------------------------------------------------------------------------------------------------


def _lines(count: int) -> Iterator[LogLine]:
    at = datetime(2026, 1, 15, 12, tzinfo=UTC)
    targets = [LogTarget("shop", f"checkout-7d4d99794d-{number:05d}", "app", str(number)) for number in range(PODS)]
    for number in range(count):
        text = (
            f'{{"time":"2026-01-15T12:00:00.{number % 1000:03d}Z","level":"{"warn" if number % 25 == 0 else "info"}",'
            f'"msg":"order placed","order":"o-{number:06d}","amount":{number % 997}.50,"currency":"EUR",'
            f'"duration_ms":{number % 300},"trace_id":"{number * 2654435761 % (1 << 64):016x}"}}'
        )
        yield LogLine(targets[number % PODS], at + timedelta(milliseconds=number), text)


def measure_search() -> None:
    """Fill a buffer to its limit and search all of it."""
    buffer = LogBuffer()
    began = time.perf_counter()
    batch: list[LogLine] = []
    for line in _lines(1_000_000):
        batch.append(line)
        if len(batch) == 2_000:
            buffer.extend(batch)
            batch = []
            if buffer.dropped:
                break
    kept = buffer.end - buffer.first
    filled = time.perf_counter() - began
    print(f"search: {kept:,} lines in {buffer.bytes / (1 << 20):.1f} MB, filled in {filled:.1f} s")
    for text in ("o-0420", "ORDER", r"o-\d+7\b.*EUR", "level>=warn", ".duration_ms>=290", "level=error"):
        query = parse_query(text)
        assert query is not None
        scan = LineScan(query)
        spent, longest, slices = _in_slices(scan, buffer)
        print(
            f"  {text:20} {len(scan.matches):8,} found in {spent:6.2f} s of {slices:5} slices "
            f"({spent / kept * 1e6:.2f} µs a line), longest slice {longest * 1e3:.1f} ms"
        )


SLICE: Final = 0.005


def _in_slices(scan: LineScan, buffer: LogBuffer) -> tuple[float, float, int]:
    spent, longest, slices, done = 0.0, 0.0, 0, False
    while not done:
        began = time.perf_counter()
        done = scan.advance(buffer, lambda end=began + SLICE: time.perf_counter() >= end)  # type: ignore[misc]
        took = time.perf_counter() - began
        spent, longest, slices = spent + took, max(longest, took), slices + 1
    return spent, longest, slices


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    rate = int(sys.argv[2]) if len(sys.argv) > 2 else 5_000
    which = sys.argv[3] if len(sys.argv) > 3 else "stream dashboard search"
    if "stream" in which:
        measure_stream(min(10.0, seconds))
    if "dashboard" in which:
        measure_dashboard(seconds, rate)
    if "search" in which:
        measure_search()
    print(f"this process: {figures_text(usage(os.getpid()))}")


if __name__ == "__main__":
    main()
