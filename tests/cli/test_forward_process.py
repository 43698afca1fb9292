"""`kdash forward` as a process of its own: the address, a request through it, its end, saved forwards."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from k9py.simulator.clock import ManualClock
from k9py.simulator.server import Simulator

FORWARD = [sys.executable, "-m", "k9py", "forward"]
PATIENCE = 60.0
"""Seconds that a process may take on a busy machine; no successful test waits so long."""
SAVED = """\
[forwards.front]
target = "svc/frontend"
ports = [":80"]

[forwards."of staging"]
target = "svc/frontend"
ports = ["80"]
context = "staging-*"

[forwards.broken]
target = "svc/frontend"
ports = 80
"""


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator("shop-quiet", ManualClock()) as running:
        running.advance(60)
        yield running


@pytest.fixture
def options(simulator: Simulator, tmp_path: Path) -> list[str]:
    return ["--kubeconfig", str(simulator.write_kubeconfig(tmp_path / "config", namespace="shop"))]


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    config = tmp_path / "config.toml"
    config.write_text(SAVED)
    return {**os.environ, "HOME": str(tmp_path), "KDASH_CONFIG_FILE": str(config)}


@contextmanager
def started(words: list[str], environ: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    child = subprocess.Popen([*FORWARD, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environ, text=True)
    with child:
        try:
            yield child
        finally:
            child.kill()


def first_line(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    line = child.stdout.readline()
    assert line, child.communicate(timeout=PATIENCE)[1]
    return line.rstrip()


def ran(words: list[str], environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*FORWARD, *words], capture_output=True, env=environ, text=True, timeout=PATIENCE, check=False
    )


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_with_a_summary(
    options: list[str], environ: dict[str, str], number: signal.Signals, code: int
) -> None:
    with started(["svc/frontend", ":80", *options], environ) as child:
        url, _, target = first_line(child).partition(" -> ")
        assert url.startswith("http://127.0.0.1:")
        assert target == "svc/frontend:80"
        with urllib.request.urlopen(url, timeout=PATIENCE) as response:
            assert response.status == 200
            assert response.read()
        child.send_signal(number)
        out, err = child.communicate(timeout=PATIENCE)
    assert (child.returncode, out) == (code, "")
    assert "kdash: ended: 1 connection, " in err
    assert "Traceback" not in err


def test_a_closed_output_ends_it_without_a_traceback(options: list[str], environ: dict[str, str]) -> None:
    line = " ".join([*FORWARD, "svc/frontend", ":80", *options])
    done = subprocess.run(
        ["bash", "-c", f"({line}; echo code $? >&2) | true"],
        capture_output=True,
        env=environ,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert "code 2" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_saved_forward_starts_by_its_name(options: list[str], environ: dict[str, str]) -> None:
    with started(["front", "-o", "json", *options], environ) as child:
        values = json.loads(first_line(child))
        assert values["target"] == "svc/frontend"
        assert values["namespace"] == "shop"
        with urllib.request.urlopen(values["url"], timeout=PATIENCE) as response:
            assert response.status == 200
        child.send_signal(signal.SIGINT)
        assert child.wait(PATIENCE) == 130


@pytest.mark.parametrize("word", ["of staging", "typo"])
def test_a_name_of_nothing_lists_the_saved_forwards_of_this_context(
    options: list[str], environ: dict[str, str], word: str
) -> None:
    done = ran([word, *options], environ)
    assert done.returncode == 2
    assert "saved forwards: front" in done.stderr
    assert "staging," not in done.stderr
    assert done.stdout == ""


def test_a_saved_forward_that_is_not_valid_shows_its_fault_and_line(
    options: list[str], environ: dict[str, str]
) -> None:
    done = ran(["broken", *options], environ)
    assert (done.returncode, done.stdout) == (2, "")
    assert "saved forward broken is not valid: line 12: forwards.broken.ports must be a list" in done.stderr
    assert "config.toml, or name the object: KIND/NAME" in done.stderr
