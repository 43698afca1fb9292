"""Capsule files: written once and completely, read back as they were, refused when they are anything else."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from k9py.api.errors import ConfigError
from k9py.api.meta import ObjectRef
from k9py.capsule.capsule import Capsule, CapsuleType
from k9py.capsule.file import capsule_text, read_capsule, write_capsule
from k9py.cluster.change_history import FactChange, HistoryAction, HistoryEntry

_WEB = ObjectRef("Deployment", "shop", "web")
_AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
_CAPSULE = Capsule(
    at="2026-03-01T12:00:00Z",
    kdash="1",
    context="prod",
    namespaces=("shop",),
    subject=_WEB,
    triage={"problems": []},
    types=(CapsuleType("apps", "v1", "Deployment", "deployments", True),),
    objects=({"kind": "Deployment", "metadata": {"name": "web"}}, {"kind": "Pod", "metadata": {"name": "web-1"}}),
    logs={"shop/web-1/app/previous": ("```json", "## Data", "line\u2028separator")},
    history=(
        HistoryEntry(_AT, _AT, _WEB, "uid", "", HistoryAction.CHANGED, (FactChange("replicas", "1", "2"),), False),
    ),
)


def _written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "incident.md"

    write_capsule(path, capsule_text(_CAPSULE, ["# Incident", "", "```", "## Data", "```"]))

    assert read_capsule(path) == _CAPSULE
    assert path.stat().st_mode & 0o777 == 0o600


def test_another_file_is_never_overwritten(tmp_path: Path) -> None:
    path = _written(tmp_path / "notes.md", "mine")

    with pytest.raises(ConfigError, match="exists already"):
        write_capsule(path, "capsule")

    assert path.read_text() == "mine"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda text: "# Notes\n", "no incident capsule"),
        (lambda text: text[: len(text) // 2], "only a part of one"),
        (lambda text: text.replace("kdash.capsule/v1", "kdash.capsule/v9"), "another version: kdash.capsule/v9"),
        (lambda text: text.replace('"namespaces": [', '"namespaces": 3, "x": ['), "damaged"),
    ],
    ids=["other text", "cut", "later version", "damaged"],
)
def test_anything_else_is_refused_with_the_reason(tmp_path: Path, change: object, why: str) -> None:
    assert callable(change)
    path = _written(tmp_path / "x.md", change(capsule_text(_CAPSULE, ["# Incident"])))

    with pytest.raises(ConfigError, match=why):
        read_capsule(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot read .*No such file"):
        read_capsule(tmp_path / "missing.md")
