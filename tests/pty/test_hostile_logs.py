"""Hostile log lines through the real `kdash`: none of their sequences is in the bytes the driver writes.

What kdash itself may write is a short list: colours, cursor addressing, scrolling, modes of its own, questions it asks.
Every escape sequence in the stream must be of that list; whatever else a terminal would act on came from a container.
"""

from __future__ import annotations

import base64
import re
import shutil
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from k9py.simulator.log_generators.hostile_lines import KINDS
from k9py.simulator.log_generators.scripts import GENERATOR_ANNOTATION, RATE_ANNOTATION
from k9py.simulator.registry.resources import PODS
from k9py.simulator.server import Simulator
from k9py.simulator.state import SimulatorState
from tests.pty.terminal import Terminal

COMMAND = shutil.which("kdash", path=str(Path(sys.executable).parent)) or ""

OWN = re.compile(
    rb"\x1b\[[0-9;]*m"  # colours
    rb"|\x1b\[[0-9;]*H"  # the cursor
    rb"|\x1b\[[0-9]*;?[0-9]*r(?:\x1b\[[0-9]+;1H(?:(?:\x1bD)+|(?:\x1bM)+))?"  # a moved block of lines
    rb"|\x1b\[\?(?:7|25|1004|1049|2004|2026|2048)[hl]"  # modes: wrapping, cursor, focus, screen, paste, frames, resize
    rb"|\x1b\[\?(?:2026|2048)\$p"  # are those known?
    rb"|\x1b\[[<>]?[0-9]*u"  # how keys are reported
    rb"|\x1b\]22;[a-z-]*\x07"  # the form of the mouse pointer, which Textual puts back
)
UNFINISHED = re.compile(rb"\x1b(?:\[[0-9;?<>]*)?\Z")
"""Where a read ended within a sequence; the rest comes with the next."""
COPY = re.compile(rb"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07")
ACTS = re.compile(rb"[\x00-\x07\x0b\x0c\x0e-\x1f\x7f]|\xc2[\x80-\x9f]")
INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\u061c\U000e0000-\U000e007f]")
PAYLOAD = (b"aG9zdGlsZQ", b"hostile title", b"hostile note", b"hostile;note")

BARE = ("json", "logfmt", "timestamp", "deep-json", "empty", "one-megabyte", "one-megabyte-wide")
NAMES = [name for name, _ in KINDS if name not in BARE]


@pytest.fixture
def shop() -> Iterator[tuple[Simulator, str]]:
    """A shop in which one pod of cart writes hostile lines, and the pod's name."""
    with Simulator(scenario="shop-quiet") as running:

        def make_hostile(state: SimulatorState) -> str:
            pod = next(pod for pod in state.storage.list(PODS, "shop") if pod["metadata"]["name"].startswith("cart-"))
            extra = {GENERATOR_ANNOTATION: "hostile", RATE_ANNOTATION: "20"}
            annotations = {**(pod["metadata"].get("annotations") or {}), **extra}
            state.storage.update(PODS, {**pod, "metadata": {**pod["metadata"], "annotations": annotations}})
            return str(pod["metadata"]["name"])

        yield running, running.call(make_hostile)


def acting(raw: bytes) -> list[bytes]:
    """Return the sequences that a terminal would act on and kdash does not write itself, each with its surroundings."""
    rest = UNFINISHED.sub(b"", OWN.sub(b"", raw))
    return [rest[max(0, match.start() - 20) : match.end() + 20] for match in ACTS.finditer(rest)]


def leaf_through(terminal: Terminal, pages: int) -> str:
    """Go to the oldest line and then page by page; return everything that was on the screen."""
    terminal.press("g")
    seen = [terminal.wait_for("holding")]
    for _ in range(pages):
        before = seen[-1]
        terminal.press("\x1b[6~")
        seen.append(terminal.wait_for(lambda text, before=before: text != before, "another page"))  # type: ignore[misc]
    return "\n".join(seen)


@pytest.mark.parametrize("by_cells", ["1", "0"], ids=["our drawing", "Textual's drawing"])
def test_no_hostile_line_reaches_the_terminal_as_anything_but_text(
    by_cells: str, shop: tuple[Simulator, str], tmp_path: Path
) -> None:
    simulator, pod = shop
    config = simulator.write_kubeconfig(tmp_path / "config")
    argv = [COMMAND, "--no-mouse", "--kubeconfig", str(config), "-n", "shop"]  # so that no mouse report is our own
    with Terminal(argv, columns=160, rows=45, home=tmp_path, environ={"KDASH_CELL_DIFF": by_cells}) as terminal:
        terminal.wait_for("live")
        terminal.press("2", "/", "cart", "\r")
        terminal.wait_for("1 of 12")
        terminal.press("l")
        terminal.wait_for(lambda text: "lines · deploy/cart" in text and "Hide" in text, "the log screen")
        terminal.press("&", f"pod={pod}", "\r")
        terminal.wait_for(lambda text: sum(name in text for name in NAMES) > 10, "hostile lines alone")

        seen = leaf_through(terminal, 5)
        assert not [name for name in NAMES if name not in seen]
        for keys in ("R", "C", "tz"):  # raw, without colours, with times and without sources
            terminal.press(*keys)
            leaf_through(terminal, 5)
        terminal.press("w", "\x1b[6~", "G")  # wrapped: one line of megabytes is many pages that look the same
        terminal.wait_for(lambda text: "holding" not in text, "followed")
        terminal.press(" ")
        terminal.wait_for("holding")
        raw = bytes(terminal.raw)
        assert acting(raw) == []
        assert not [payload for payload in PAYLOAD if b"\x1b]" + payload in raw]
        assert not INVISIBLE.search(raw.decode("utf-8", "replace"))

        terminal.press("/", "clipboard-st", "\r")
        terminal.wait_for(lambda text: re.search(r"match \d+/\d+", text) is not None, "the match")
        terminal.press("c")
        terminal.wait_for(lambda text: "sent 1 line" in text or "copied 1 line" in text, "what became of the copy")
        copies = COPY.findall(bytes(terminal.raw))
        assert len(copies) == 1
        assert base64.b64decode(copies[0]).decode().isprintable()
        assert acting(COPY.sub(b"", bytes(terminal.raw))) == []

        terminal.press("\x13")
        terminal.wait_for("Shown lines")
        terminal.press("\r")
        terminal.wait_for("saved ")
        (saved,) = tmp_path.rglob("*_shop_deployment-cart_*.log")
        assert stat.S_IMODE(saved.stat().st_mode) == 0o600
        written = saved.read_bytes()
        assert not ACTS.search(written)
        assert not INVISIBLE.search(written.decode())
        assert b"one-megabyte" in written

        terminal.press(":q\r")
        assert terminal.wait_for_exit() == 0
