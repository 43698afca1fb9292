"""Run a command in all pods of an object from the dashboard: ask with the pods, then show the results.

Invariant: nothing is run before the person has seen the command and the pods, and nothing in a read-only session.
"""

from __future__ import annotations

from typing import Any

from k9py.api.errors import KdashError, RefusedError
from k9py.api.meta import ObjectRef
from k9py.api.text import printable
from k9py.remote.run_everywhere import find_targets
from k9py.tui.context import AppContext
from k9py.tui.dialogs.run_command import RunCommandDialog
from k9py.tui.screens.pod_runs import PodRunsScreen
from k9py.tui.terminal.terminal_app import TerminalApp


async def run_in_all(app: TerminalApp[Any], context: AppContext, target: ObjectRef, line: str) -> None:
    """Run a command in all pods of an object; `line` as it was typed, "" to ask for it."""
    title = f"command in the pods of {printable(target.name)}"
    try:
        connected = context.connected
        if connected is None:
            raise RefusedError("there is no cluster")
        connected.writer.accesses.refuse(f"command in the pods of {printable(str(target))}")
        targets = await find_targets(connected, target)
        what = f"{printable(target.kind)} {printable(target.name)}"
        place = f"{printable(target.namespace)} · {printable(connected.context)}"
        dialog = RunCommandDialog(f"Run in the pods of {what}", place, targets, line)
        command = await app.push_screen_wait(dialog)
        if command is not None:
            await app.push_screen(PodRunsScreen(context, connected, target, targets, command))
    except KdashError as error:
        context.show_error(title, error)
