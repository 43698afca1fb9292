"""The dashboard while ports are forwarded: `python -m tests.bench.forward_dashboard [SECONDS]`.

A simulated cluster serves in a separate process, and so do the clients. The dashboard runs in a pseudo-terminal with a
forward of the config file. Printed: latency of keys, CPU and memory at rest; with a download through the forward; with
500 connections that are open at the same time; with new connections as fast as they are served; then at rest again,
and the longest blocks of the event loop in each part. Compare the parts of one run.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from tests.bench.cluster_process import ClusterProcess
from tests.bench.dashboard import holds, last_hold, measure, print_holds
from tests.bench.screen import Screen

AT_ONCE: Final = 500
SHORT: Final = b"GET / HTTP/1.1\r\nHost: pod\r\nConnection: close\r\n\r\n"
LOADS: Final = ("download", "held", "short")
RATE: Final = 100e6
"""Bytes a second of the download."""


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 8.0
    port = _free_port()
    with ClusterProcess("shop") as cluster, tempfile.TemporaryDirectory() as directory:
        config = Path(directory) / "config.toml"
        config.write_text(
            f'[forwards.bench]\ntarget = "deploy/checkout"\nports = ["{port}:8080"]\nnamespace = "shop"\nkey = "f5"\n'
        )
        os.environ["KDASH_CONFIG_FILE"] = str(config)
        report = Path(directory) / "holds"
        with Screen("--kubeconfig", str(cluster.kubeconfig), report=report) as screen:
            screen.wait_for(lambda text: "● live" in text)
            screen.press("\x1b[15~")  # F5
            _wait_for_port(screen, port)
            measure(screen, "at rest", seconds)
            print_holds("until now", holds(report, 0.0, 1e9), 3)
            for load in LOADS:
                begun = last_hold(report)
                with _load(load, port) as clients:
                    measure(screen, load, seconds)
                    clients.terminate()
                    print(f"  {load}: {clients.communicate()[0].strip()}")
                print_holds(f"with {load}", holds(report, begun, 1e9), 4)
                print(f"  {screen.usage()['rss']:.0f} MB, {_descriptors(screen.pid)} file descriptors")
            screen.idle(3.0)
            measure(screen, "at rest again", seconds)
            print(f"  {screen.usage()['rss']:.0f} MB, {_descriptors(screen.pid)} file descriptors")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for_port(screen: Screen, port: int) -> None:
    for _ in range(100):
        screen.idle(0.2, keep=True)
        with socket.socket() as probe:
            if not probe.connect_ex(("127.0.0.1", port)):
                return
    raise SystemExit(f"nothing listens on port {port}:\n{screen.text}")


def _descriptors(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


# -- the clients, in a process of their own ------------------------------------------------------------------------


def _load(name: str, port: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.bench.forward_dashboard", "--load", name, str(port)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


async def _run_load(name: str, port: int) -> None:
    """Load the forward until the process is terminated; print what was reached."""
    loop, stopped, count, begun = asyncio.get_running_loop(), asyncio.Event(), [0], time.monotonic()
    loop.add_signal_handler(15, stopped.set)
    work = {"download": _download, "held": _hold, "short": _ask_shortly}[name]
    tasks = [loop.create_task(work(port, count)) for _ in range({"download": 1, "held": AT_ONCE, "short": 16}[name])]
    await stopped.wait()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    per_second = count[0] / (time.monotonic() - begun)
    print(f"{per_second / 1e6:.0f} MB/s" if name == "download" else f"{per_second:.0f} requests/s")


async def _download(port: int, count: list[int]) -> None:
    """Read no faster than `RATE`."""
    begun = time.monotonic()
    while True:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
        writer.write(b"GET /big?bytes=4000000000 HTTP/1.1\r\nHost: pod\r\nConnection: close\r\n\r\n")
        while data := await reader.read(1 << 18):
            count[0] += len(data)
            if (early := begun + count[0] / RATE - time.monotonic()) > 0:
                await asyncio.sleep(early)
        writer.close()


async def _hold(port: int, count: list[int]) -> None:
    """Keep a connection open and ask once a second."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while True:
        writer.write(b"GET / HTTP/1.1\r\nHost: pod\r\n\r\n")
        if not await reader.read(1 << 16):
            raise SystemExit("a connection was ended")
        count[0] += 1
        await asyncio.sleep(1.0)


async def _ask_shortly(port: int, count: list[int]) -> None:
    """Open a connection for each request."""
    while True:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(SHORT)
        while await reader.read(1 << 16):
            pass
        writer.close()
        count[0] += 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["--load"]:
        asyncio.run(_run_load(sys.argv[2], int(sys.argv[3])))
    else:
        main()
