"""What was done with kdash, read from the audit file for the timeline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from k9py.api.meta import ObjectRef
from k9py.operations.audit import AuditLog
from k9py.operations.audited_actions import action_entries
from tests.factories.meta import before

SERVER = "https://here"


def line(event: str, seconds: float, id_: str = "1", **more: Any) -> dict[str, Any]:
    return {
        "time": before(seconds).isoformat().replace("+00:00", "Z"),
        "event": event,
        "id": id_,
        "server": SERVER,
        "os_user": "ann",
        "action": "scale",
        "group": "apps",
        "kind": "Deployment",
        "namespace": "shop",
        "name": "web",
        "summary": "scale Deployment shop/web from 3 to 5",
        **more,
    }


def texts(*lines: dict[str, Any]) -> list[str]:
    return [each.what for each in action_entries(lines, SERVER, before(3600))]


def test_a_write_is_one_entry_about_the_object() -> None:
    lines = (line("begin", 61), line("write", 60, outcome="done"), line("followed", 30))
    [entry] = action_entries(lines, SERVER, before(3600))

    assert (entry.at, entry.about) == (before(60), ObjectRef("Deployment", "shop", "web"))
    assert (entry.what, entry.by, entry.source) == ("scale Deployment shop/web from 3 to 5", "kdash", "audit file")
    assert entry.details == ("by the user ann of this machine",)


def test_a_write_that_failed_or_has_no_outcome_says_so() -> None:
    assert texts(line("begin", 61), line("write", 60, outcome="failed", error="conflict")) == [
        "scale Deployment shop/web from 3 to 5: failed, conflict"
    ]
    assert texts(line("begin", 61)) == ["scale Deployment shop/web from 3 to 5: unknown"]


def test_other_servers_older_writes_and_revealed_values_do_not_count() -> None:
    assert texts(line("write", 60, server="https://there"), line("write", 4000), line("reveal", 10)) == []


def test_a_custom_kind_keeps_its_group_and_an_odd_line_is_skipped() -> None:
    custom = line("write", 60, group="example.com", kind="Widget", outcome="done")
    [entry] = action_entries(({"time": 5, "event": "write"}, custom), SERVER, before(3600))

    assert entry.about == ObjectRef("Widget", "shop", "web", "example.com")


def test_the_lines_of_all_objects_are_read(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    path.write_bytes(b"".join(msgspec.json.encode(line("write", 60, uid=uid)) + b"\n" for uid in "ab") + b"broken\n")

    assert [each["uid"] for each in AuditLog(path).recent()] == ["a", "b"]
    assert AuditLog(tmp_path / "none").recent() == ()
    assert AuditLog(None).recent() == ()


def test_what_was_opened_in_a_container_is_an_entry_when_it_was_opened() -> None:
    pod = {"kind": "Pod", "group": "", "name": "web-1", "container": "app", "summary": ""}
    opened = line("open", 60, action="shell", command=["sh", "-c", "\x1b[31mls"], **pod)
    closed = line("close", 30, action="shell", outcome="done", exit_code=3, **pod)
    [entry] = action_entries((opened, closed), SERVER, before(3600))
    assert (entry.at, entry.about) == (before(60), ObjectRef("Pod", "shop", "web-1"))
    assert entry.what == "shell in web-1 (app)"
    assert entry.details == ("by the user ann of this machine", "command: sh -c ls")
    assert texts(line("open", 60, action="attach", **pod)) == ["attach to web-1 (app)"]
