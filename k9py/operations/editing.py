"""Edit an object once in an editor: open the text, and find out what the person did with it.

A front end brings the editor: a function that edits the draft's file. Invariant: the draft is discarded only when it
holds nothing of the person's own.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from k9py.operations.drafts import Draft, new_draft
from k9py.operations.edit import EditInputs, edit_text, without_comments
from k9py.operations.preconditions import ref_of

Editor = Callable[[Draft], Awaitable[bool]]
"""Edit the file of a draft; False: the person gave up. Raises KdashError."""


async def edit_once(
    obj: Mapping[str, Any], inputs: EditInputs, directory: Path, editor: Editor, note: Callable[[str], None]
) -> EditInputs | None:
    """Open the editor and return what was saved, None when nothing was, or it was not changed.

    Args:
        directory: where the draft is kept.
        note: reports why there is nothing to store.

    Raises:
        KdashError: the editor cannot be run; what was typed is kept in the draft.
    """
    ref = ref_of(obj)
    name = "-".join(part for part in (ref.kind.lower(), ref.namespace, ref.name) if part)
    draft = inputs.draft or new_draft(directory, name)
    opened = edit_text(obj, inputs.problem, text=inputs.text)
    draft.write(opened)
    if not await editor(draft):
        is_typed = without_comments(draft.read()) != without_comments(edit_text(obj))
        if not is_typed:
            draft.discard()
        is_noted = inputs.draft is not None  # where it is kept is reported at the end of the operation
        note(f"edit cancelled; your text is kept in {draft.path}" if is_typed and not is_noted else "edit cancelled")
        return None
    saved = draft.read()
    text = without_comments(saved)
    if not text.strip() or text == without_comments(edit_text(obj)):
        draft.discard()
        note("edit cancelled: nothing was changed")
        return None
    if inputs.problem and saved == opened:
        note("edit cancelled: it was saved as it was refused")
        return None
    return replace(inputs, text=text, problem=(), draft=draft)
