"""Copy objects to the terminal's clipboard: the menu, and what is sent (OSC 52).

Invariants: what is too long for a terminal, or cannot be sent to this one, is not sent, and the reason is said; YAML is
copied with secrets hidden, unless the screen shows them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from textual.screen import Screen

from k9py.api.errors import KdashError
from k9py.api.meta import ObjectRef
from k9py.api.plural import count_noun
from k9py.api.redaction import redact
from k9py.api.resource_types import STANDARD
from k9py.config.terminal import MAX_COPY_BASE64, Clipboard
from k9py.resources.copy_texts import COMMAND, NAME, NAMESPACED_NAME, YAML, kubectl_commands, names, namespaced_names
from k9py.resources.secret_values import is_secret, masked_secret
from k9py.session import ClusterSession
from k9py.tui.context import AppContext
from k9py.tui.dialogs.copy import CopyDialog
from k9py.tui.dialogs.filtered_list import ChoiceItem
from k9py.tui.logs.copying import ClipboardCopy
from k9py.tui.workers import start_worker
from k9py.tui.yaml_text import yaml_text

MAX_PREVIEW: Final = 300
"""Characters shown of a text in the menu or in a message."""
MAX_YAML_OBJECTS: Final = 50
"""Objects whose YAML is read for one copy."""

_COPIED: Final = {NAME: "name", NAMESPACED_NAME: "name", COMMAND: "command", YAML: "object"}


def open_copy_menu(
    screen: Screen[Any], context: AppContext, refs: Sequence[ObjectRef], shown_yaml: Callable[[], str] = str
) -> None:
    """Ask what to copy of objects, and copy it.

    Args:
        refs: The objects, in the order of the lines.
        shown_yaml: Returns the YAML as the screen shows it, "" when it shows none.
    """
    connected = context.connected
    types = STANDARD if connected is None else connected.resource_types
    texts = {
        NAME: names(refs),
        NAMESPACED_NAME: namespaced_names(refs),
        COMMAND: kubectl_commands(refs, types, context.context_name),
    }
    choices = [ChoiceItem(id_, id_, _preview(text)) for id_, text in texts.items()]
    # Before the command, which has the word in it: typing `yaml` chooses this one.
    choices.insert(2, ChoiceItem(YAML, "YAML", "as shown" if shown_yaml() else "secrets hidden"))
    title = f"Copy {refs[0].kind} {refs[0].name}" if len(refs) == 1 else f"Copy of {count_noun(len(refs), 'object')}"

    def copy(chosen: str | None) -> None:
        if chosen is None:
            return
        if chosen in texts:
            _send(screen, context, texts[chosen], count_noun(len(refs), _COPIED[chosen]))
        elif text := shown_yaml():
            _send(screen, context, text, "the YAML")
        elif connected is not None:
            work = partial(_copy_yaml, screen, context, connected, tuple(refs))
            start_worker(screen, work, group="copy", exclusive=True)

    screen.app.push_screen(CopyDialog(title, choices), copy)


def _preview(text: str) -> str:
    first, *others = text.split("\n")
    shown = first if len(first) <= MAX_PREVIEW else f"{first[: MAX_PREVIEW - 1]}…"
    return f"{shown}, {len(others):,} more" if others else shown


async def _copy_yaml(
    screen: Screen[Any], context: AppContext, session: ClusterSession, refs: tuple[ObjectRef, ...]
) -> None:
    if len(refs) > MAX_YAML_OBJECTS:
        context.show_message(f"too many objects to copy as YAML: {len(refs):,}", failed=True)
        return
    documents = []
    try:
        for ref in refs:
            body = await session.connection.get(ref)
            hidden = masked_secret(body) if is_secret(ref) else redact(body)
            documents.append(await asyncio.to_thread(yaml_text, hidden))
    except KdashError as error:
        context.show_error("Copy", error)
        return
    _send(screen, context, "---\n".join(documents), f"{count_noun(len(refs), 'object')} as YAML")


def _send(screen: Screen[Any], context: AppContext, text: str, what: str) -> None:
    copy = clipboard_text(text, what, context.options.clipboard)
    if not copy.is_refused:
        screen.app.copy_to_clipboard(copy.text)
    context.show_message(copy.message, failed=copy.is_refused)


def clipboard_text(text: str, what: str, clipboard: Clipboard) -> ClipboardCopy:
    """Return what to send to the terminal for a text.

    Args:
        what: What the text is, for the message: `2 names`.
        clipboard: Whether the terminal takes copies.
    """
    if not text:
        return ClipboardCopy("", "nothing to copy")
    if clipboard.support == "unsupported":
        return ClipboardCopy("", f"no clipboard here ({clipboard.reason}): {_preview(text)}")
    size = (len(text.encode("utf-8", "replace")) + 2) // 3 * 4
    if size > MAX_COPY_BASE64:
        return ClipboardCopy("", f"too much for a terminal's clipboard: {what}, {size // 1000} kB in base64")
    if clipboard.support == "supported":
        return ClipboardCopy(text, f"copied {what}")
    reason = f" · {clipboard.reason}" if clipboard.reason else ""
    return ClipboardCopy(text, f"sent {what} to the clipboard (OSC 52){reason}")
