"""What the dashboard tells of a write that was refused, lost, forged, or stored otherwise than it was previewed."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable

import pytest

from k9py.api.errors import RETRY_NOTE
from k9py.simulator.admission import Webhook
from k9py.simulator.faults import Fault, Replace, RequestMatch
from k9py.simulator.registry.cache import Object
from k9py.tui.dialogs.message import MessageDialog
from tests.tui.dashboard import CART, Dashboard
from tests.tui.test_writing import audited, converged, stored
from tests.tui.test_writing_keys import CATALOG

SCALED = RequestMatch("patch", "deployments", "cart/scale?fieldManager")
"""The scale itself and not its dry run."""


def full_after(lines: int) -> Callable[[int, bytes], int]:
    """Return a `write` for which the disk is full after so many audit lines."""
    real, left = os.write, [lines]

    def write(descriptor: int, line: bytes) -> int:
        if line.startswith(b'{"time"'):
            if not left[0]:
                raise OSError(errno.ENOSPC, "No space left on device")
            left[0] -= 1
        return real(descriptor, line)

    return write


async def scale_to_5(kdash: Dashboard) -> None:
    await kdash.select(CART)
    await kdash.press("colon", *"scale 5", "enter")
    await kdash.confirm()
    await kdash.press("tab", "enter")


async def test_a_rule_that_refuses_is_named(kdash: Dashboard) -> None:
    kdash.simulator.register_webhook(
        Webhook("validate.kyverno.svc-fail", denies=(400, "require-team: label team is required"))
    )
    await kdash.select(CART)
    await kdash.press("colon", *"scale 5", "enter")
    message = await kdash.until_screen(MessageDialog)
    assert "require-team: label team is required" in message.message
    assert "validate.kyverno.svc-fail" in message.hint


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (Replace(), "The server's response does not prove that the change was made: it is not an object"),
        (Replace(200, b"<html>", "text/html"), "answered with an HTML page"),
        (Replace(307, location="https://elsewhere.example.com/"), "redirects the write"),
        (Replace(502, b"<html>", "text/html"), "answered with an HTML page (502"),
    ],
)
async def test_what_was_not_made_is_told_and_not_followed(kdash: Dashboard, fault: Fault, why: str) -> None:
    kdash.simulator.inject(fault, SCALED)
    await scale_to_5(kdash)
    message = await kdash.until_screen(MessageDialog)
    assert why in message.message
    assert "read back: " in message.hint
    assert RETRY_NOTE not in message.hint
    assert stored(kdash, CART)["spec"]["replicas"] == 3
    assert kdash.app.operations.status_of(CART) is None
    assert [line["looked"] for line in audited(kdash)] == ["not-made"]


async def test_a_write_whose_answer_was_lost_is_found_told_and_followed(kdash: Dashboard) -> None:
    kdash.simulator.inject(Replace(504, b"", "text/plain", after_handling=True), SCALED)
    await scale_to_5(kdash)
    message = await kdash.until_screen(MessageDialog)
    assert "answered 504" in message.message
    assert "read back: it was made" in message.message
    await kdash.press("enter")
    await converged(kdash, CART)
    assert [(line["outcome"], line.get("looked")) for line in audited(kdash)] == [("done", "made"), ("converged", None)]


async def test_what_was_stored_otherwise_than_previewed_is_told(kdash: Dashboard) -> None:
    def other(obj: Object, call: int) -> Object:
        return {**obj, "spec": {**obj["spec"], "replicas": 5 + call - 1}}

    kdash.simulator.register_webhook(
        Webhook("more.example.com", RequestMatch("patch", "deployments", "cart/scale"), mutates=other)
    )
    await scale_to_5(kdash)
    message = await kdash.until_screen(MessageDialog)
    assert "what was stored is not what was previewed: spec.replicas: previewed 5, stored 6" in message.message
    assert stored(kdash, CART)["spec"]["replicas"] == 6


async def test_a_full_disk_stops_the_write_and_says_so(kdash: Dashboard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "write", full_after(0))
    await scale_to_5(kdash)
    message = await kdash.until_screen(MessageDialog)
    assert "the audit record cannot be written: No space left on device" in message.message
    assert "nothing was changed" in message.hint
    assert stored(kdash, CART)["spec"]["replicas"] == 3
    assert kdash.app.operations.is_audited


async def test_a_disk_that_fills_up_meanwhile_is_told_and_remembered(
    kdash: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "write", full_after(1))
    await scale_to_5(kdash)
    message = await kdash.until_screen(MessageDialog)
    assert message.message == "the audit record was not stored: No space left on device"
    assert stored(kdash, CART)["spec"]["replicas"] == 5
    assert not kdash.app.operations.is_audited


async def test_several_stop_at_a_missing_audit_line_and_say_so(
    kdash: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in (CART, CATALOG):
        await kdash.select(key)
        await kdash.press("space")
    await kdash.press("r")
    await kdash.confirm()
    monkeypatch.setattr(os, "write", full_after(1))
    await kdash.press("tab", "enter")
    await kdash.until(lambda: kdash.app.operations.running_bulk, "under way")
    await kdash.advance_until(lambda: not kdash.app.operations.running_bulk, "the end")
    status = kdash.app.operations.status_of(CART)
    assert status is not None
    assert "the audit record was not stored: No space left on device, stopped at 1 of 2" in status.status_text
    assert "restartedAt" not in str(stored(kdash, CATALOG))
