"""Open a URL in a browser of this machine, where there is one that needs no terminal.

Invariants: only a graphical session has one: a text browser would take the terminal. The browser is started by a
process of its own in a session of its own, without our terminal: it neither reads our keys nor writes to our screen,
and the event loop does not wait for it longer than `WAIT_SECONDS`.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from typing import Final

WAIT_SECONDS: Final = 10.0
"""A starter that has not ended by then has started a browser that runs in the foreground."""


def missing_browser(environ: Mapping[str, str], platform: str = sys.platform) -> str:
    """Return why no browser can be opened here, "" when one can.

    Args:
        environ: the environment variables.
        platform: as `sys.platform`.
    """
    if platform == "darwin":
        return "no browser over SSH" if environ.get("SSH_CONNECTION") else ""
    if environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"):
        return ""
    return "no graphical session here"


async def open_in_browser(url: str) -> str:
    """Open a URL; return what went wrong, "" when nothing did."""
    try:
        starter = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "webbrowser",
            url,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        return f"no browser could be started ({error.strerror or error})"
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            return "" if await starter.wait() == 0 else "no browser could be started"
    except TimeoutError:
        return ""
