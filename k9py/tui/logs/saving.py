"""Save a log: ask which lines, write the file, show where it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Final

from k9py.api.errors import KdashError
from k9py.api.meta import ObjectRef
from k9py.api.plural import count_noun
from k9py.logs.buffer.log_file import file_name, format_timestamp, save_lines
from k9py.logs.line import LogLine
from k9py.logs.parsing.sgr import plain_text
from k9py.tui.dialogs.message import MessageDialog
from k9py.tui.dialogs.save_log import SaveLogDialog
from k9py.tui.widgets.log_view.jumps import MESSAGE_SECONDS
from k9py.tui.widgets.log_view.view import LogView

_MOST_NAMES: Final = 20
_MOST_LOOKED: Final = 1_000


async def ask_to_save(
    view: LogView, subject: ObjectRef, *, context: str, directory: Path | None, now: datetime
) -> None:
    """Ask which lines of an object's log to save, save them, and show the outcome."""
    app = view.app
    if directory is None:
        app.notify("no directory to save logs in", severity="error", markup=False, timeout=MESSAGE_SECONDS)
        return
    name = file_name(context, subject.namespace, subject.kind, subject.name, now)
    state = view.state
    extent = await app.push_screen_wait(SaveLogDialog(state.shown, state.lines, str(directory / name)))
    if extent is None:
        return
    lines = view.shown_lines() if extent == "shown" else _buffered_lines(view)
    header = file_header(context, subject, view, is_shown=extent == "shown")
    try:
        saved = await save_lines(lines, directory, name, plain_text, header)
    except KdashError as error:
        app.push_screen(MessageDialog.of_error("Save log", error))
        return
    message = f"saved {count_noun(saved.lines, 'line')} to {saved.path}"
    app.notify(message, markup=False, timeout=MESSAGE_SECONDS)


def _buffered_lines(view: LogView) -> Iterator[LogLine]:
    buffer = view.buffer
    return (line for _, line in buffer.lines_between(buffer.first, buffer.end))


def file_header(context: str, subject: ObjectRef, view: LogView, *, is_shown: bool) -> list[str]:
    """Return the header of a saved file: which object and time its lines are of, and what is missing.

    Args:
        is_shown: the shown lines are saved, and not all buffered ones.
    """
    buffer, state, hidden = view.buffer, view.state, view.hidden
    header = [f"context {context}, {subject}"]
    newest = (buffer.line(number) for number in range(buffer.end - 1, buffer.first - 1, -1))
    ends = [_first_stamp(line for _, line in buffer.lines_between(buffer.first, buffer.end)), _first_stamp(newest)]
    header.append(f"{'shown' if is_shown else 'buffered'} lines of {' to '.join(map(format_timestamp, ends))}")
    if is_shown and state.filter_text:
        around = f", with {count_noun(state.context, 'line')} of context" if state.context else ""
        header.append(f"only lines that match: {state.filter_text}{around}")
        header += [state.filter_problem] if state.filter_problem else []
        header += ["the filter had not checked all lines yet"] if state.scanning else []
    if is_shown and hidden.containers:
        names = sorted(f"{pod}/{container}" for _, pod, container, _ in hidden.containers)
        more = f" and {len(names) - _MOST_NAMES:,} more" if len(names) > _MOST_NAMES else ""
        header.append(f"without the lines of {', '.join(names[:_MOST_NAMES])}{more}")
    if is_shown and hidden.levels:
        levels = ", ".join("no level" if not level else level.name.lower() for level in sorted(hidden.levels))
        header.append(f"without lines of level: {levels}")
    if is_shown and state.cleared:
        header.append(f"without {count_noun(state.cleared, 'line')} from before the view was cleared")
    if buffer.dropped_before_first:
        lines = f"{buffer.dropped_before_first:,} older line{' is' if buffer.dropped_before_first == 1 else 's are'}"
        header.append(f"{lines} not here: there was no room to keep more")
    return header


def _first_stamp(lines: Iterable[LogLine | None]) -> datetime | None:
    """Return the first time that is among the first lines; None when there is none."""
    return next(
        (line.timestamp for line in islice(lines, _MOST_LOOKED) if line is not None and line.timestamp is not None),
        None,
    )
