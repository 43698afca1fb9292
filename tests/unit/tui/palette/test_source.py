"""What the palette lists for a line, and in which order."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from k9py.actions.commands import COMMANDS
from k9py.tui.palette.entry import EntryKind, PaletteEntry
from k9py.tui.palette.history import PaletteHistory
from k9py.tui.palette.source import PaletteSource, merged


def source(*contexts: str, history: PaletteHistory | None = None) -> PaletteSource:
    return PaletteSource(
        COMMANDS,
        history or PaletteHistory(),
        lambda: None,
        lambda: contexts,
        lambda action_id: "r" if action_id == "workload.restart" else "",
        lambda line: line == "10m",
    )


def texts(entries: list[PaletteEntry], kind: EntryKind) -> list[str]:
    return [entry.text for entry in entries if entry.kind is kind]


@pytest.mark.parametrize(
    ("line", "first"),
    [
        ("po", "pods"),
        ("dp", "deployments"),
        (":sec", "secrets"),
        ("restart", "restart"),
        ("logs", "logs"),
        ("ns", "ns [name]"),
        ("cronj", "cronjobs"),
        ("Ingress", "ingresses"),
        ("rollback", "undo [revision]"),
        ("ingresses.netw", "ingresses.networking.k8s.io"),
    ],
)
def test_the_best_match_comes_first(line: str, first: str) -> None:
    assert source().entries(line)[0].text == first


def test_a_command_has_its_key_and_what_it_does() -> None:
    restart = source().entries("rest")[0]
    assert (restart.text, restart.key) == ("restart", "r")
    assert restart.detail
    assert restart.positions == (0, 1, 2, 3)


def test_what_was_used_often_comes_before_its_equals() -> None:
    history = PaletteHistory()
    before = texts(source().entries("re"), EntryKind.COMMAND)
    for _ in range(9):
        history.add("redraw")
    assert before[0] != "redraw"
    assert texts(source(history=history).entries("re"), EntryKind.COMMAND)[0] == "redraw"


def test_nothing_typed_lists_what_was_run_last_and_then_every_command() -> None:
    history = PaletteHistory()
    history.add("pods shop")
    entries = source(history=history).entries("")
    assert (entries[0].kind, entries[0].line) == (EntryKind.RECENT, "pods shop")
    assert len(texts(entries, EntryKind.COMMAND)) == len(COMMANDS)


async def test_contexts_are_listed_once_they_are_read() -> None:
    palette = source("production", "staging")
    assert not texts(palette.entries("stag"), EntryKind.CONTEXT)
    assert await palette.prepare()
    [entry] = [entry for entry in palette.entries("stag") if entry.kind is EntryKind.CONTEXT]
    assert entry.line == "ctx staging"
    assert [entry.line for entry in palette.entries("ctx pr")] == ["ctx production"]


@pytest.mark.parametrize(
    ("line", "lines"),
    [
        ("pods -", ["pods -n", "pods -A", "pods -l", "pods --field-selector"]),
        ("pods -l x=y --f", ["pods -l x=y --field-selector"]),
        ("theme light", ["theme light", "theme colour-blind-light"]),
        ("scale ", ["scale"]),
        ("nonsense ", []),
    ],
)
def test_the_next_word_is_completed(line: str, lines: list[str]) -> None:
    assert [entry.line for entry in source().entries(line)] == lines


def test_a_screen_may_understand_a_line_by_itself() -> None:
    assert source().meaning("10m") is None


def test_objects_follow_what_begins_with_the_word() -> None:
    begins = PaletteEntry(EntryKind.TYPE, "pods", "pods", positions=(0, 1))
    scattered = PaletteEntry(EntryKind.TYPE, "endpoints", "endpoints", positions=(3, 4))
    found = PaletteEntry(EntryKind.OBJECT, "podinfo", "deployments shop/podinfo")
    assert merged([begins, scattered], [found]) == [begins, found, scattered]


def test_commands_for_the_kind_under_the_cursor_come_first() -> None:
    on_a_cronjob = replace(source(), of_kind=frozenset({"cronjob.trigger", "job.suspend"}))
    assert [entry.text for entry in on_a_cronjob.entries("")[:2]] == ["trigger", "suspend"]
    assert on_a_cronjob.entries("s")[0].text == "suspend"
    assert source().entries("s")[0].text != "suspend"


async def test_a_path_of_apply_is_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "manifests" / "my app").mkdir(parents=True)
    for name in ("manifests/app.yaml", "manifests/notes.txt", "manifests/.hidden.yaml", "main.json"):
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)

    async def lines(line: str) -> list[str]:
        return [entry.line for entry in await source().objects(line)]

    assert await lines("apply ") == ["apply main.json", "apply manifests/"]
    assert await lines("apply manifests/") == ["apply manifests/app.yaml", "apply manifests/my app/"]
    assert await lines("apply manifests/my a") == ["apply manifests/my app/"]
    assert await lines(f"apply {tmp_path}/mai") == [f"apply {tmp_path}/main.json"]
    assert await lines("apply nowhere/") == []
