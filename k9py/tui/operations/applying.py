"""Apply manifests from the dashboard: read a path or ask for a text, find the types, and start the operation."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Final

from textual.app import App

from k9py.api.errors import KdashError, RefusedError
from k9py.operations.apply import find_manifests
from k9py.operations.drafts import Draft, new_draft
from k9py.operations.manifest import Document, ManifestError, read_shown
from k9py.operations.manifest_files import read_path
from k9py.operations.target import TargetSnapshot
from k9py.tui.context import AppContext
from k9py.tui.dialogs.editor import EditorDialog
from k9py.tui.operations.editing import require_directory

_FIRST_TEXT: Final = "# Type or paste manifests; several are separated by a line ---\n"


async def apply_manifests(app: App[Any], context: AppContext, path: str) -> None:
    """Apply the manifests of a path; "" asks for a text. A failure is shown in a dialog, or above the text."""
    try:
        if path:
            documents = await asyncio.to_thread(_read, path)
            await _start(context, documents, None)
        else:
            await _apply_typed(app, context)
    except KdashError as error:
        context.show_error(f"Apply {path}".rstrip(), error)


def _read(path: str) -> tuple[Document, ...]:
    return read_path(Path(path).expanduser(), recursive=True)


async def _apply_typed(app: App[Any], context: AppContext) -> None:
    draft = new_draft(require_directory(context.options), "apply")
    text, line = _FIRST_TEXT, 0
    while True:
        dialog = EditorDialog("Apply", text, line=line)
        saved = await app.push_screen(dialog, wait_for_dismiss=True)
        draft.write(dialog.text)
        if saved is None or not _typed(saved):
            if _typed(dialog.text):
                context.show_message(f"your text is kept in {draft.path}", stays=True)
            else:
                draft.discard()
            return
        try:
            await _start(context, await asyncio.to_thread(read_shown, _typed(saved), 1), draft)
        except ManifestError as error:  # shown in a single line of comment, so that lines are counted as they are shown
            text, line = f"# {error.message}\n{_typed(saved)}", error.line
        else:
            return


def _typed(text: str) -> str:
    """Return a text without the comments at its top."""
    lines = text.splitlines(keepends=True)
    while lines and (lines[0].startswith("#") or not lines[0].strip()):
        lines.pop(0)
    return "".join(lines)


async def _start(context: AppContext, documents: tuple[Document, ...], draft: Draft | None) -> None:
    connected = context.connected
    if connected is None:
        raise RefusedError("there is no cluster to change", "wait until it is connected")
    if not documents:
        raise ManifestError("there is no object in it", "")
    scope = connected.cluster.scope
    namespace = scope.namespaces[0] if len(scope.namespaces) == 1 else connected.namespace
    manifests = await find_manifests(documents, connected.connection.find_type, namespace or "default")
    targets = [TargetSnapshot(ref, may_be_absent=True) for ref in manifests]
    context.operations.start("apply", targets, manifests=manifests, draft=draft)
