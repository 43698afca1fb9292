"""Log lines made to act on a terminal, through the real `kdash`: nothing of them is in the bytes the driver writes.

What kdash itself may write is a short list: colours, cursor addressing, scrolling, modes of its own, questions it asks.
Every escape sequence in the stream must be of that list; whatever else a terminal would act on came from a container.
"""

from __future__ import annotations

import base64
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from k9py.simulator.nodes.hostile import KINDS
from k9py.simulator.nodes.log_lines import RATE_ANNOTATION, VOICE_ANNOTATION
from k9py.simulator.resources import PODS
from k9py.simulator.server import Simulator
from k9py.simulator.state import ClusterState
from tests.pty.terminal import Terminal

COMMAND = shutil.which("kdash", path=str(Path(sys.executable).parent)) or ""

OWN = re.compile(
    rb"\x1b\[[0-9;]*m"  # colours
    rb"|\x1b\[[0-9;]*H"  # the cursor
    rb"|\x1b\[[0-9]*;?[0-9]*r|\x1b\[[0-9]*[ST]"  # a moved block of lines
    rb"|\x1b\[\?(?:7|25|1004|1049|2004|2026|2048)[hl]"  # modes: wrapping, cursor, focus, screen, paste, frames, resize
    rb"|\x1b\[\?(?:2026|2048)\$p"  # are those known?
    rb"|\x1b\[[<>]?[0-9]*u"  # how keys are reported
)
COPY = re.compile(rb"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07")
ACTS = re.compile(rb"[\x00-\x07\x0b\x0c\x0e-\x1f\x7f]|\xc2[\x80-\x9f]")
INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\u061c\U000e0000-\U000e007f]")
PAYLOAD = (b"aG9zdGlsZQ", b"hostile title", b"hostile note", b"hostile;note")

BARE = ("json", "logfmt", "timestamp", "deep-json", "empty", "one-megabyte", "one-megabyte-wide")
NAMES = [name for name, _ in KINDS if name not in BARE]


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """A shop in which one pod of cart writes hostile lines."""
    with Simulator(scenario="shop-quiet") as running:

        def make_hostile(state: ClusterState) -> None:
            pod = next(one for one in state.storage.list(PODS, "shop") if one["metadata"]["name"].startswith("cart-"))
            said = {VOICE_ANNOTATION: "hostile", RATE_ANNOTATION: "20"}
            annotations = {**(pod["metadata"].get("annotations") or {}), **said}
            state.storage.update(PODS, {**pod, "metadata": {**pod["metadata"], "annotations": annotations}})

        running.call(make_hostile)
        yield running


def acting(raw: bytes) -> list[bytes]:
    """Return what a terminal would act on and kdash does not write of itself."""
    return [found.group() for found in ACTS.finditer(OWN.sub(b"", raw))]


def test_no_hostile_line_reaches_the_terminal_as_anything_but_text(simulator: Simulator, tmp_path: Path) -> None:
    config = simulator.write_kubeconfig(tmp_path / "config")
    argv = [COMMAND, "--kubeconfig", str(config), "-n", "shop"]
    with Terminal(argv, columns=160, rows=45, home=tmp_path) as terminal:
        terminal.wait_for("live")
        terminal.press("2", "/", "cart", "\r")
        terminal.wait_for("1 of 16")
        terminal.press("l")
        terminal.wait_for("deployment cart")
        terminal.wait_for(lambda text: "one ones" in text or "title" in text or "cursor" in text, "hostile lines")
        terminal.press(" ", "g")
        seen: set[str] = set()
        terminal.wait_for("paused")
        for key in ("", "w", "J", "C", "t"):  # wrapped, raw, without colours, with times
            terminal.press(key, "g")
            for _ in range(12):
                terminal.press("\x1b[6~")
                text = terminal.wait_for("paused")
                seen |= {name for name in NAMES if name in text}
        assert len(seen) > len(NAMES) // 2, seen
        raw = bytes(terminal.raw)
        assert acting(raw) == []
        assert not [payload for payload in PAYLOAD if b"\x1b]" + payload in raw]
        assert not INVISIBLE.search(raw.decode("utf-8", "replace"))

        terminal.press("g", "c")
        terminal.wait_for(lambda text: "sent 1 line" in text or "copied 1 line" in text, "what became of the copy")
        copies = COPY.findall(bytes(terminal.raw))
        assert len(copies) == 1
        assert base64.b64decode(copies[0]).decode().isprintable()
        assert acting(COPY.sub(b"", bytes(terminal.raw))) == []

        terminal.press(":q\r")
        assert terminal.wait_for_exit() == 0
