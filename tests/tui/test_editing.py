"""Edit an object from the dashboard with a scripted editor: stored, refused, in conflict, and in the built-in one."""

from __future__ import annotations

import stat
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from k9py.operations.target import TargetSnapshot
from k9py.simulator.clock import ManualClock
from k9py.simulator.server import Simulator
from k9py.tui.dialogs.confirm import ConfirmDialog
from k9py.tui.dialogs.editor import EditorDialog
from k9py.tui.dialogs.message import MessageDialog
from k9py.tui.dialogs.refused import RefusedDialog
from tests.cli.shell import edit
from tests.tui.dashboard import CART, Dashboard, dashboard
from tests.tui.test_writing import audited, stored


class ScriptedEditor:
    """A program that edits its file by one step of a script each time, and keeps what it was given."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.path = folder / "editor"
        self.path.write_text(
            f"#!{sys.executable}\n"
            "import pathlib, sys\n"
            f"folder = pathlib.Path({str(folder)!r})\n"
            "file = pathlib.Path(sys.argv[-1])\n"
            "number = len(list(folder.glob('opened-*')))\n"
            "text = file.read_text()\n"
            "(folder / f'opened-{number}').write_text(text)\n"
            "old, new = (folder / f'step-{number}').read_text().split('=>')\n"
            "file.write_text(text.replace(old, new))\n"
        )
        self.path.chmod(0o700)

    def script(self, *steps: tuple[str, str]) -> None:
        for number, (old, new) in enumerate(steps):
            (self._folder / f"step-{number}").write_text(f"{old}=>{new}")

    def opened(self, number: int) -> str:
        return (self._folder / f"opened-{number}").read_text()


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator("shop-quiet", ManualClock()) as running:
        yield running


@pytest.fixture
def editor(tmp_path: Path) -> ScriptedEditor:
    folder = tmp_path / "an editor"
    folder.mkdir()
    return ScriptedEditor(folder)


@pytest.fixture
async def kdash(simulator: Simulator, tmp_path: Path, editor: ScriptedEditor) -> AsyncIterator[Dashboard]:
    environ = {"KUBE_EDITOR": f"'{editor.path}' --wait", "EDITOR": "false"}
    async with dashboard(simulator, tmp_path, environ=environ) as running:
        yield running


def drafts(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "drafts").iterdir())


async def test_an_edit_is_shown_confirmed_and_stored(kdash: Dashboard, editor: ScriptedEditor, tmp_path: Path) -> None:
    editor.script(("progressDeadlineSeconds: 600", "progressDeadlineSeconds: 900"))
    await kdash.select(CART)
    await kdash.press("e")
    question = (await kdash.confirm()).question
    assert "managedFields" not in editor.opened(0)
    assert ("spec.progressDeadlineSeconds", "600", "900") in question.before_after
    assert {line.text.strip() for line in question.diff if line.sign == "+"} == {"progressDeadlineSeconds: 900"}
    await kdash.press("tab", "enter")
    await kdash.advance_until(lambda: len(audited(kdash)) == 2, "stored and followed")
    assert stored(kdash, CART)["spec"]["progressDeadlineSeconds"] == 900
    assert drafts(tmp_path) == []


async def test_what_is_no_yaml_or_is_invalid_is_opened_again_with_the_reason(
    kdash: Dashboard, editor: ScriptedEditor
) -> None:
    editor.script(
        ("  replicas: 3", "  replicas: : 3"),
        ("  replicas: : 3", "  replicas: -3"),
        ("  replicas: -3", "  replicas: 4"),
    )
    await kdash.select(CART)
    await kdash.press("e")
    question = (await kdash.confirm()).question
    assert ("spec.replicas", "3", "4") in question.before_after
    number = editor.opened(1).splitlines().index("  replicas: : 3") + 1
    assert editor.opened(1).startswith(f"# It was not stored:\n# line {number}: ")
    assert "  replicas: : 3" in editor.opened(1)
    assert editor.opened(2).startswith("# It was not stored:\n# ")
    assert "replicas" in editor.opened(2).split("#\n")[0]


async def test_a_conflict_opens_both_versions(
    kdash: Dashboard, editor: ScriptedEditor, simulator: Simulator, tmp_path: Path
) -> None:
    editor.script(("  replicas: 3", "  replicas: 4"), ("# ", "# seen: "))
    await kdash.select(CART)
    await kdash.press("e")
    await kdash.confirm()
    edit(simulator, lambda spec: spec.update(replicas=6, minReadySeconds=7), ("Deployment", "shop", "cart"))
    await kdash.press("tab", "enter")
    await kdash.until(lambda: len(list(editor.path.parent.glob("opened-*"))) == 2, "opened again")
    comments = editor.opened(1).split("#\n")[0]
    assert "was changed since you confirmed" in comments
    assert "minReadySeconds" in comments
    assert "CONFLICT: you set spec.replicas to 4" in comments
    assert "  replicas: 4\n" in editor.opened(1)
    assert "  minReadySeconds: 7\n" in editor.opened(1)
    question = (await kdash.confirm()).question
    assert question.before_after == (("spec.replicas", "6", "4"),)


async def test_what_others_changed_during_a_confirmation_is_shown_and_confirmed_again(
    kdash: Dashboard, simulator: Simulator
) -> None:
    kdash.app.operations.start("scale", [TargetSnapshot(CART)], replicas=5)
    await kdash.confirm()
    edit(simulator, lambda spec: spec.update(replicas=6), ("Deployment", "shop", "cart"))
    await kdash.press("tab", "enter")
    message = await kdash.until_screen(MessageDialog)
    assert "spec.replicas: 3 → 6" in message.message
    await kdash.press("tab", "enter")
    assert (await kdash.confirm()).question.before_after == (("replicas", "6", "5"),)
    assert stored(kdash, CART)["spec"]["replicas"] == 6


async def test_what_is_refused_for_good_is_kept_in_a_private_file(
    kdash: Dashboard, editor: ScriptedEditor, tmp_path: Path
) -> None:
    editor.script(("  replicas: 3", "  replicas: 4"))
    await kdash.select(CART)
    await kdash.press("e")
    await kdash.confirm()
    await kdash.press("enter")
    [draft] = drafts(tmp_path)
    await kdash.until_said(f"your text is kept in {draft}")
    assert "replicas: 4" in draft.read_text()
    assert stat.S_IMODE(draft.stat().st_mode) == 0o600
    assert not isinstance(kdash.app.screen, ConfirmDialog)


async def test_a_changed_text_is_closed_by_the_second_press_and_kept(simulator: Simulator, tmp_path: Path) -> None:
    async with dashboard(simulator, tmp_path, size=(80, 24)) as kdash:
        kdash.app.show_message("of the key before", stays=True)
        await kdash.select(CART)
        await kdash.press("e")
        dialog = await kdash.until_screen(EditorDialog)
        assert dialog.heading == "Edit Deployment shop/cart"
        await kdash.until(lambda: "of the key before" not in kdash.text, "nothing covers the dialog")
        await kdash.press("ctrl+end", *"# mine", "ctrl+home")
        assert dialog.area.cursor_location == (0, 0)
        assert dialog.text.endswith("# mine")
        await kdash.press("escape")
        await kdash.until_text("not saved", "Esc again closes")
        await kdash.press("a", "escape")
        assert kdash.app.screen is dialog
        await kdash.press("escape")
        await kdash.until(lambda: kdash.app.screen is kdash.home, "closed")


async def test_an_editor_that_is_missing_is_replaced_by_the_built_in_one(simulator: Simulator, tmp_path: Path) -> None:
    environ = {"EDITOR": "no-such-editor"}
    async with dashboard(simulator, tmp_path, environ=environ) as kdash:
        await kdash.select(CART)
        await kdash.press("e")
        dialog = await kdash.until_screen(EditorDialog)
        dialog.area.text = dialog.text.replace("  replicas: 3", "  replicas: : 3")
        await kdash.press("ctrl+s")
        await kdash.until(lambda: kdash.app.screen is not dialog, "opened again")
        dialog = await kdash.until_screen(EditorDialog)
        row = dialog.area.cursor_location[0]
        assert dialog.text.splitlines()[row] == "  replicas: : 3"
        assert f"# line {row + 1}: " in dialog.text
        dialog.area.text = dialog.text.replace("  replicas: : 3", "  replicas: 5")
        await kdash.press("ctrl+s")
        assert ("spec.replicas", "3", "5") in (await kdash.confirm()).question.before_after
        assert not isinstance(kdash.app.screen, MessageDialog)


async def test_manifests_that_are_refused_are_shown_with_their_place_and_nothing_is_written(
    kdash: Dashboard, tmp_path: Path
) -> None:
    file = tmp_path / "app.yaml"
    file.write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: new-one, namespace: shop}\ndata: {a: b}\n---\n"
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: cart, namespace: shop}\nspec: {replicas: 5}\n"
    )
    await kdash.press("colon", *f"apply {file}", "enter")
    dialog = await kdash.until_screen(RefusedDialog)
    refused, passed = dialog.question.items
    assert refused.name == "Deployment shop/cart"
    assert refused.before_after == (("from", "", f"{file}:6"),)
    assert ".spec.replicas" in refused.warnings[0].message
    assert any(line.text.strip() == "a: b" for line in passed.diff)
    await kdash.until_text("1 of 2 objects was refused; nothing was written")
    await kdash.press("tab", "enter")
    question = (await kdash.confirm()).question
    assert [item.name for item in question.items] == ["ConfigMap shop/new-one", "Deployment shop/cart"]
    assert stored(kdash, CART)["spec"]["replicas"] == 3
