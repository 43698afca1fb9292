"""Whatever ends kdash while a forward has an open connection: the terminal is restored, and nothing listens."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.pty.terminal import PATIENCE, Terminal

COMMAND = shutil.which("kdash", path=str(Path(sys.executable).parent)) or ""
REQUEST = b"GET / HTTP/1.1\r\nHost: pod\r\n\r\n"
CTRL_C, ESC = "\x03", "\x1b"
QUESTION = "1 connection is open"
PAGE = re.compile(rb"HTTP/1.1 200 OK\r\n.*\r\n\r\n.+\n", re.DOTALL)
LISTENS = re.compile(r"http://127\.0\.0\.1:(\d+) →")


class Forwarded(NamedTuple):
    """A running kdash, its client that stays connected, its port, and the modes of the line before it started."""

    terminal: Terminal
    client: socket.socket
    port: int
    before: list[Any]

    def get_page(self) -> None:
        """Get a page over the open connection."""
        self.client.sendall(REQUEST)
        answer = b""
        while not PAGE.fullmatch(answer):
            received = self.client.recv(4096)
            assert received, f"the connection has ended after {answer!r}"
            answer += received

    def assert_ended(self, code: int) -> None:
        """Assert that kdash has ended with a code, the terminal is restored and nothing of the forward is left."""
        self.terminal.wait_for_restored(self.before)
        assert self.terminal.wait_for_exit() == code
        assert self.terminal.modes_left_on == set()
        with suppress(ConnectionResetError):
            assert self.client.recv(4096) == b""
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)


@contextmanager
def forwarded(home: Path) -> Iterator[Forwarded]:
    """Start kdash and a forward to `cart`, and connect to it."""
    with Terminal([COMMAND, "--demo"], columns=120, rows=30, home=home) as terminal:
        before = terminal.attributes
        terminal.wait_for(lambda text: "live" in text and "cart" in text, "the workloads")
        terminal.press("2", "/", "cart\r", ":", "forward :8080\r")
        text = terminal.wait_for(lambda text: LISTENS.search(text) is not None, "the URL of the forward")
        [port] = map(int, LISTENS.findall(text))
        terminal.press(ESC)  # ends the filter, which q would end instead of asking
        terminal.wait_for(lambda text: "ads  " in text, "all rollouts")
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
            running = Forwarded(terminal, client, port, before)
            running.get_page()
            yield running


def test_q_and_ctrl_c_ask_first_and_the_command_that_does_not_ask_ends_it(tmp_path: Path) -> None:
    with forwarded(tmp_path) as running:
        for key in ("q", CTRL_C):
            running.terminal.press(key)
            running.terminal.wait_for(QUESTION)
            running.terminal.press("\r")
            running.terminal.wait_for(lambda text: QUESTION not in text, "the question is closed: Enter stays")
        running.get_page()
        running.terminal.press(":", "q!\r")
        running.assert_ended(0)


def test_ctrl_c_ends_it_while_it_asks(tmp_path: Path) -> None:
    with forwarded(tmp_path) as running:
        running.terminal.press(CTRL_C)
        running.terminal.wait_for(QUESTION)
        running.terminal.press(CTRL_C)
        running.assert_ended(0)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_without_a_question(number: signal.Signals, tmp_path: Path) -> None:
    with forwarded(tmp_path) as running:
        running.terminal.child.kill(number)
        running.assert_ended(128 + number)
