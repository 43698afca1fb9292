"""Edit an object from the dashboard: in the person's editor with the terminal handed over, or in the built-in one."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

from textual.app import App

from k9py.api.errors import ConfigError, RefusedError
from k9py.operations.drafts import Draft, kept_texts
from k9py.operations.edit import EditInputs
from k9py.operations.editing import edit_once
from k9py.operations.external_editor import editor_command, run_editor
from k9py.operations.front_end import InputRequest
from k9py.tui.dialogs.editor import EditorDialog
from k9py.tui.operations.asker import Asker
from k9py.tui.options import AppOptions


async def choose_edit(asker: Asker, app: App[Any], options: AppOptions, request: InputRequest) -> EditInputs | None:
    """Open the editor on the only target; None when nothing is to be stored. Raises KdashError."""
    [target] = request.targets
    key = target.key
    title = f"Edit {key.qualified_kind} {f'{key.namespace}/' if key.namespace else ''}{key.name}"

    async def edit(draft: Draft) -> bool:
        return await edit_draft(asker, app, options, draft, title, line=request.inputs.line)

    return await edit_once(target.raw, request.inputs, require_directory(options), edit, asker.note)


def require_directory(options: AppOptions) -> Path:
    """Return where drafts are kept. Raises RefusedError when there is no place."""
    if options.draft_directory is None:
        raise RefusedError("there is no directory for edited texts", "set KDASH_AUDIT_FILE")
    return options.draft_directory


async def edit_draft(
    asker: Asker, app: App[Any], options: AppOptions, draft: Draft, title: str, *, line: int = 0
) -> bool:
    """Edit a draft's file; False when the built-in editor was closed without saving.

    Args:
        line: where the built-in editor begins, from 1; 0: below the comments.
    """
    command: tuple[str, ...] = ()
    notices = [f"an earlier text is kept in {path}" for path in kept_texts(draft)[:1]]
    try:
        command = editor_command(options.environ)
    except ConfigError as error:
        notices.append(f"{error.message}: using the built-in editor")
    if command:
        asker.release_keys()
        can_suspend = app._driver is not None and app._driver.can_suspend
        with app.suspend() if can_suspend else nullcontext():
            await run_editor(command, draft.path)
        return True
    dialog = EditorDialog(title, draft.read(), line=line, notice=" · ".join(notices))
    saved = await asker.ask(dialog)
    draft.write(dialog.text if saved is None else saved)
    return saved is not None
