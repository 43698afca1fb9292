"""Write an incident capsule from the dashboard, beside the logs that are saved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from k9py.api.errors import KdashError
from k9py.api.text import printable

if TYPE_CHECKING:
    from k9py.api.meta import ObjectRef
    from k9py.tui.context import AppContext

PROGRESS_SECONDS: Final = 3.0
"""Seconds between two messages about what is being done."""


async def write_capsule(context: AppContext, subject: ObjectRef | None) -> None:
    """Write a capsule, and tell the person where it is or why there is none.

    Args:
        subject: the object it is about, None for everything that is watched.
    """
    from k9py.capsule.make import capsule_name, make_capsule
    from k9py.operations.audit import make_private_directory

    connected, directory = context.connected, context.options.log_directory
    if connected is None or directory is None:
        context.show_message("not connected" if connected is None else "no directory to write to", failed=True)
        return
    path = directory / capsule_name(subject, context.options.clock.now())
    clock = context.options.clock
    shown_at = clock.monotonic()

    def show_progress(doing: str) -> None:
        nonlocal shown_at
        if clock.monotonic() - shown_at >= PROGRESS_SECONDS:
            shown_at = clock.monotonic()
            context.show_message(f"writing a capsule: {doing}…")

    context.show_message("writing a capsule…")
    try:
        make_private_directory(directory)
        await make_capsule(
            connected,
            connected.cluster,
            path,
            subject,
            on_progress=show_progress,
        )
    except KdashError as error:
        context.show_message(printable(error.message), failed=True, stays=True)
    except OSError as error:
        context.show_message(f"cannot write {printable(str(directory))}: {error.strerror}", failed=True, stays=True)
    else:
        context.show_message(f"wrote {printable(str(path))}; kdash --replay opens it", stays=True)
