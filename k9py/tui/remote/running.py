"""Run a command in all pods of an object from the dashboard: ask with the pods, then show the results.

Invariant: nothing is run before the person has seen the command and the pods, and nothing in a read-only session.
"""

from __future__ import annotations

from typing import Any

from k9py.api.errors import KdashError
from k9py.api.kinds import is_pod
from k9py.api.meta import ObjectRef
from k9py.api.text import printable
from k9py.remote.run_everywhere import find_run_pods
from k9py.tui.context import AppContext
from k9py.tui.dialogs.dialog import place_text
from k9py.tui.dialogs.run_command import RunCommandDialog
from k9py.tui.remote.access import connected_for
from k9py.tui.screens.pod_runs import PodRunsScreen
from k9py.tui.terminal.terminal_app import TerminalApp


async def run_in_all(app: TerminalApp[Any], context: AppContext, target: ObjectRef, line: str) -> None:
    """Run a command in all pods of an object; `line` as it was typed, "" to ask for it."""
    title = f"command in {'pod' if is_pod(target) else 'the pods of'} {printable(target.name)}"
    try:
        refused = f"command in {'' if is_pod(target) else 'the pods of '}{printable(str(target))}"
        connected = connected_for(context, refused)
        pods = await find_run_pods(connected, target)
        what = f"{printable(target.kind)} {printable(target.name)}"
        heading = f"Run in {what}" if is_pod(target) else f"Run in the pods of {what}"
        dialog = RunCommandDialog(heading, place_text(target.namespace, connected.context), pods, line)
        choice = await app.push_screen_wait(dialog)
        if choice is not None:
            await app.push_screen(PodRunsScreen(context, connected, target, choice.targets, choice.command))
    except KdashError as error:
        context.show_error(title, error)
