"""Saving a log from its screen: ask what of it, write it, say where it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from k9py.logs.keeping.saving import file_name, save
from k9py.logs.line import LogLine
from k9py.logs.records.sgr import plain
from k9py.objects.errors import KdashError
from k9py.objects.meta import ObjectKey
from k9py.tui.dialogs.save_log import SaveLogDialog
from k9py.tui.widgets.log_view.view import LogView

if TYPE_CHECKING:
    from k9py.tui.app import KdashApp


async def ask_to_save(app: KdashApp, view: LogView, subject: ObjectKey) -> None:
    """Ask what to save of a subject's log and save it; whatever comes of it is said."""
    directory = app.options.log_directory
    if directory is None:
        app.say("there is no directory to save logs in", failed=True)
        return
    name = file_name(app.context, subject.namespace, subject.kind, subject.name, app.options.clock.now())
    state = view.state
    extent = await app.push_screen_wait(SaveLogDialog(state.shown, state.lines, str(directory / name)))
    if extent is None:
        return
    lines = view.shown_lines() if extent == "shown" else _kept_lines(view)
    try:
        saved = await save(lines, directory, name, plain)
    except KdashError as error:
        app.show_error("Save the log", error)
        return
    app.say(f"saved {saved.lines:,} line{'' if saved.lines == 1 else 's'} to {saved.path}")


def _kept_lines(view: LogView) -> Iterator[LogLine]:
    buffer = view.buffer
    for _, line in buffer.lines_between(buffer.first, buffer.end):
        yield line
