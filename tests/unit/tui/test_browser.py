"""A browser is opened where it needs no terminal, and nowhere else."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from k9py.tui.remote.browser import missing_browser, open_in_browser


@pytest.mark.parametrize(
    ("environ", "platform", "missing"),
    [
        ({}, "linux", "no graphical session here"),
        ({"BROWSER": "w3m"}, "linux", "no graphical session here"),
        ({"DISPLAY": ":0"}, "linux", ""),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", ""),
        ({}, "darwin", ""),
        ({"SSH_CONNECTION": "x"}, "darwin", "no browser over SSH"),
    ],
)
def test_a_browser_needs_a_graphical_session(environ: Mapping[str, str], platform: str, missing: str) -> None:
    assert missing_browser(environ, platform) == missing


async def test_the_browser_gets_the_url_and_no_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out"
    browser = tmp_path / "browser"
    browser.write_text(
        f"#!{sys.executable}\nimport os, sys\n"
        f"open({str(out)!r}, 'w').write(f'{{sys.argv[1]}} {{os.isatty(0) or os.isatty(1)}}')\n"
    )
    browser.chmod(0o700)
    monkeypatch.setenv("BROWSER", f"{browser} %s")
    assert await open_in_browser("http://127.0.0.1:8080") == ""
    assert out.read_text() == "http://127.0.0.1:8080 False"


async def test_a_browser_that_cannot_be_started_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    assert "no browser could be started" in await open_in_browser("http://127.0.0.1:8080")
