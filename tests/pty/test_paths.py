"""Two users' paths through the demo by keys alone: the bad release undone, a service scaled to zero noticed."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.pty.terminal import Terminal
from tests.pty.test_demo import COMMAND


def test_the_bad_release_is_undone_from_the_first_screen_without_moving_the_cursor(tmp_path: Path) -> None:
    assert COMMAND, "kdash is not installed beside this Python"
    audit = tmp_path / "audit.jsonl"
    with Terminal(
        [COMMAND, "--demo"], columns=120, rows=30, home=tmp_path, environ={"KDASH_AUDIT_FILE": str(audit)}
    ) as terminal:
        terminal.wait_for("16 healthy")
        terminal.wait_for("image checkout:2.8.0 cannot be pulled")
        terminal.press("u")
        terminal.wait_for(lambda text: "Roll back Deployment checkout" in text and "suggested" in text, "its revisions")
        terminal.press("\r")
        terminal.wait_for(lambda text: "Roll back Deployment checkout?" in text and "6 → 5" in text, "the question")
        terminal.press("\t")
        terminal.press("\r")
        terminal.wait_for(lambda text: re.search(r"revision \d+ +done", text) is not None, "the outcome")
        terminal.wait_for("16 healthy")
        terminal.press("\x1b")
        terminal.wait_for(lambda text: re.search(r"revision \d+ +done", text) is None, "the outcome dismissed")
        terminal.press(":q\r")
        assert terminal.wait_for_exit() == 0
    lines = [json.loads(line) for line in audit.read_text().splitlines()]
    done = [line for line in lines if line.get("outcome") == "done"]
    assert [(line["action"], line["name"]) for line in done] == [("undo", "checkout")]
    [planned] = {line["cause"] for line in lines if line.get("cause")}
    assert planned.startswith("image checkout:2.8.0 cannot be pulled")


def test_a_service_scaled_to_zero_is_shown_as_down_immediately(tmp_path: Path) -> None:
    assert COMMAND, "kdash is not installed beside this Python"
    with Terminal([COMMAND, "--demo=bad-release"], columns=120, rows=30, home=tmp_path) as terminal:
        terminal.wait_for(lambda text: "live" in text and "15 healthy" in text, "everything read")
        terminal.press("2", "/", "cart", "\r")
        terminal.wait_for("1 of 16")
        terminal.press("Z")
        terminal.wait_for("did you mean deploy/checkout?")
        terminal.wait_for("replicas  3 → 0")
        terminal.press("\t")
        terminal.press("\r")
        terminal.wait_for("1 down")
        terminal.wait_for(
            lambda text: any("cart" in line and "scaled to 0" in line for line in text.splitlines()), "the service"
        )
        terminal.press("\x03")
        assert terminal.wait_for_exit() == 0
