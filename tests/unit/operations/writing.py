"""Helpers for the tests of the write function."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from k9py.operations.audit import AuditLog, Identity
from k9py.operations.plan import WritePlan
from k9py.operations.scale import plan_scale
from k9py.operations.write import Writer
from tests import factories as make
from tests.unit.operations.fake_server import FakeServer, patched
from tests.unit.operations.raw import raw_pod

NEWER = "registry.example.com/checkout:1.1.0"
Raw = dict[str, Any]
IDENTITY = Identity(context="prod", user="ann", server="https://cluster.example.com", os_user="ann")


def writer(server: FakeServer, path: Path | None = None, *, read_only: bool = False) -> Writer:
    return Writer(
        server,
        server,
        read_only=read_only,
        audit=AuditLog(path),
        identity=IDENTITY,
        now=lambda: make.NOW,
        new_id=lambda: "write-1",
        sleep=no_sleep,
    )


async def no_sleep(seconds: float) -> None:
    """Wait for nothing."""


def change(obj: dict[str, Any]) -> WritePlan:
    return plan_scale(obj, 5)


def lines(path: Path) -> list[dict[str, Any]]:
    """Return the audit lines of outcomes, without those of beginnings."""
    return [record for record in all_lines(path) if record["event"] != "begin"]


def all_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def stored(obj: Raw, change: WritePlan, **metadata: Any) -> Raw:
    """Return the object as the server stores it after a change."""
    after = patched(obj, change.request)
    after["metadata"] |= {"resourceVersion": "101", "generation": obj["metadata"].get("generation", 0) + 1, **metadata}
    return after


POD = raw_pod()
GOING = {**POD, "metadata": {**POD["metadata"], "deletionTimestamp": "2026-11-22T12:00:00Z"}}
