"""Saving a log from its screen: ask what of it, write it, say where it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Final

from k9py.api.errors import KdashError
from k9py.api.meta import ObjectKey
from k9py.logs.buffer.log_file import file_name, format_timestamp, save_lines
from k9py.logs.line import LogLine
from k9py.logs.parsing.sgr import plain_text
from k9py.tui.dialogs.message import MessageDialog
from k9py.tui.dialogs.save_log import SaveLogDialog
from k9py.tui.logs.copying import MESSAGE_SECONDS
from k9py.tui.widgets.log_view.view import LogView

_MOST_NAMES: Final = 20
_MOST_LOOKED: Final = 1_000


async def ask_to_save(
    view: LogView, subject: ObjectKey, *, context: str, directory: Path | None, now: datetime
) -> None:
    """Ask what to save of a subject's log, save it, and show the outcome."""
    app = view.app
    if directory is None:
        app.notify("no directory to save logs in", severity="error", markup=False, timeout=MESSAGE_SECONDS)
        return
    name = file_name(context, subject.namespace, subject.kind, subject.name, now)
    state = view.state
    extent = await app.push_screen_wait(SaveLogDialog(state.shown, state.lines, str(directory / name)))
    if extent is None:
        return
    lines = view.shown_lines() if extent == "shown" else _kept_lines(view)
    header = file_header(context, subject, view, is_shown=extent == "shown")
    try:
        saved = await save_lines(lines, directory, name, plain_text, header)
    except KdashError as error:
        app.push_screen(MessageDialog.of_error("Save log", error))
        return
    message = f"saved {saved.lines:,} line{'' if saved.lines == 1 else 's'} to {saved.path}"
    app.notify(message, markup=False, timeout=MESSAGE_SECONDS)


def _kept_lines(view: LogView) -> Iterator[LogLine]:
    buffer = view.buffer
    return (line for _, line in buffer.lines_between(buffer.first, buffer.end))


def file_header(context: str, subject: ObjectKey, view: LogView, *, is_shown: bool) -> list[str]:
    """Return what a saved file says of itself: whose lines, of what time, and what is not among them.

    Args:
        is_shown: what is shown is saved, and not all that is kept.
    """
    buffer, state, hidden = view.buffer, view.state, view.hidden
    words = [f"context {context}, {subject}"]
    newest = (buffer.line(number) for number in range(buffer.end - 1, buffer.first - 1, -1))
    ends = [_first_stamp(line for _, line in buffer.lines_between(buffer.first, buffer.end)), _first_stamp(newest)]
    words.append(f"what {'is shown' if is_shown else 'was kept'} of {' to '.join(map(format_timestamp, ends))}")
    if is_shown and state.filter_text:
        around = f", with {state.context} line{'' if state.context == 1 else 's'} of context" if state.context else ""
        words.append(f"only lines that match: {state.filter_text}{around}")
        words += [state.filter_problem] if state.filter_problem else []
        words += ["the filter had not been through all lines yet"] if state.scanning else []
    if is_shown and hidden.containers:
        names = sorted(f"{pod}/{container}" for _, pod, container, _ in hidden.containers)
        more = f" and {len(names) - _MOST_NAMES:,} more" if len(names) > _MOST_NAMES else ""
        words.append(f"without the lines of {', '.join(names[:_MOST_NAMES])}{more}")
    if is_shown and hidden.levels:
        levels = ", ".join("no level" if not level else level.name.lower() for level in sorted(hidden.levels))
        words.append(f"without lines of level: {levels}")
    if is_shown and state.cleared:
        words.append(f"without {state.cleared:,} lines from before the view was cleared")
    if buffer.dropped_before_first:
        lines = f"{buffer.dropped_before_first:,} older line{' is' if buffer.dropped_before_first == 1 else 's are'}"
        words.append(f"{lines} not here: there was no room to keep more")
    return words


def _first_stamp(lines: Iterable[LogLine | None]) -> datetime | None:
    """Return the first time told by lines, not far into them."""
    return next(
        (line.timestamp for line in islice(lines, _MOST_LOOKED) if line is not None and line.timestamp is not None),
        None,
    )
