"""`F` forwards to the simulated cluster: a page comes through, and what is open is asked for before it is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from k9py.forwarding.forward import Forward
from k9py.runtime.background_jobs import JobState
from k9py.tui.dialogs.forward import ForwardDialog
from k9py.tui.dialogs.losses import LossesDialog
from k9py.tui.screens.home import HomeScreen
from tests.tui.dashboard import CHECKOUT, PATIENCE, Dashboard

REQUEST = b"GET / HTTP/1.1\r\nHost: checkout\r\n\r\n"


@asynccontextmanager
async def connected_to(forward: Forward) -> AsyncIterator[tuple[bytes, asyncio.StreamReader]]:
    """Request a page and keep the connection open; yields the head of the answer and what comes after the page."""
    async with asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection("127.0.0.1", forward.listeners[0].port)
        try:
            writer.write(REQUEST)
            head = await reader.readuntil(b"\r\n\r\n")
            [length] = [line for line in head.splitlines() if line.lower().startswith(b"content-length:")]
            body = await reader.readexactly(int(length.partition(b":")[2]))
            yield head + body, reader
        finally:
            writer.close()


async def started(kdash: Dashboard) -> Forward:
    """Press `F` on checkout and accept what the dialog proposes."""
    await kdash.select(CHECKOUT)
    await kdash.press("F")
    dialog = await kdash.until_screen(ForwardDialog)
    assert [row.port.number for row in dialog.rows if row.is_checked] == [8080]
    await kdash.press("enter")
    await kdash.until(lambda: kdash.app.jobs.jobs, "a forward is listed")
    [job] = kdash.app.jobs.jobs
    assert isinstance(job, Forward)
    return job


async def test_f_forwards_a_page_and_another_context_is_asked_for_while_a_connection_is_open(kdash: Dashboard) -> None:
    forward = await started(kdash)
    async with connected_to(forward) as (page, rest):
        assert page.startswith(b"HTTP/1.1 200 OK")
        assert b"checkout-" in page
        assert forward.figures.open == 1
        await kdash.press("colon", *"context", "space", *kdash.app.context_name, "enter")
        dialog = await kdash.until_screen(LossesDialog)
        assert [loss.loss for loss in dialog.losses] == ["1 connection is open"]
        await kdash.press("escape")
        await kdash.until_screen(HomeScreen)
        assert forward.state is JobState.RUNNING
        await kdash.press("colon", *"context", "space", *kdash.app.context_name, "enter")
        await kdash.until_screen(LossesDialog)
        await kdash.press("tab", "enter")
        await kdash.until(lambda: forward.state is JobState.STOPPED, "stopped with its cluster")
        with pytest.raises(ConnectionResetError):  # cut, not ended: a client must not take it for a whole answer
            await rest.read()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", forward.listeners[0].port)
    assert not kdash.app.jobs.jobs
