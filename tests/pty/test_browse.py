"""Pods listed, sorted, filtered and marked in a real terminal."""

import shutil
import sys
from pathlib import Path

from tests.pty.terminal import Terminal

COMMAND = shutil.which("kdash", path=str(Path(sys.executable).parent)) or ""


def test_pods_are_typed_sorted_filtered_and_marked(tmp_path: Path) -> None:
    assert COMMAND, "kdash is not installed beside this Python"
    environ = {"KDASH_AUDIT_FILE": str(tmp_path / "audit.jsonl")}
    with Terminal([COMMAND, "--demo=bad-release"], columns=120, rows=30, home=tmp_path, environ=environ) as terminal:
        terminal.wait_for("stuck: image")
        terminal.press(":")
        terminal.wait_for("Command")
        terminal.press("po\r")
        terminal.wait_for(lambda text: "pods · 4" in text and "ImagePullBackOff" in text, "all pods, failing first")
        terminal.press("N")
        terminal.wait_for("NAME ↑")
        terminal.press("/", "~crt\r")
        terminal.wait_for(lambda text: " of 4" in text and "cart-" in text and "gateway-" not in text, "only cart")
        terminal.press("g", " ", " ")
        terminal.wait_for(lambda text: "2 selected" in text and text.count("◆") == 2, "two marked")
        terminal.press("w")
        terminal.wait_for("%CPU/R")
        terminal.press("\x1b", "\x1b")
        terminal.wait_for(lambda text: "selected" not in text and "ads-" in text, "all again")
        terminal.press(":q\r")
        assert terminal.wait_for_exit() == 0
    assert '"wide": true' in (tmp_path / "tables.json").read_text(encoding="utf-8")
