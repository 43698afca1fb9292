"""Open a shell in a container, or attach to its main process, with the terminal of the dashboard.

Invariants: nothing is opened in a read-only session; the pod and the container are named before the terminal is handed
over; a container without a shell gets an offer of a debug container. Errors are shown in the dashboard.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from k9py.actions.host import RemoteActions
from k9py.api.errors import KdashError
from k9py.api.meta import ObjectRef
from k9py.api.pods import Pod
from k9py.api.streams import CommandEnd, ContainerRef
from k9py.api.text import printable
from k9py.remote.attaching import follow_output, how_to_detach, main_process_of, no_input_note
from k9py.remote.container_down import ContainerDownError, check_started
from k9py.remote.containers import PodContainer, choose_container, containers_of, find_pod
from k9py.remote.shell import NoShellError, open_shell, runs_windows, shell_command
from k9py.remote.terminal import run_interactively
from k9py.tui.context import AppContext
from k9py.tui.dialogs.choose import ChooseDialog
from k9py.tui.dialogs.filtered_list import ChoiceItem
from k9py.tui.dialogs.message import MessageDialog
from k9py.tui.remote.access import connected_for
from k9py.tui.remote.handed_over import run_in_terminal
from k9py.tui.session import Connected
from k9py.tui.terminal.terminal_app import TerminalApp

_Open = Callable[[TerminalApp[Any], AppContext, Connected, Pod, str], Coroutine[Any, Any, None]]


async def shell_in(app: TerminalApp[Any], context: AppContext, target: ObjectRef, container: str) -> None:
    """Open a shell in a container of an object; "": the only one, or one that the person chooses."""
    await _open(app, context, target, container, "shell in", _run_shell)


async def attach_to(app: TerminalApp[Any], context: AppContext, target: ObjectRef, container: str) -> None:
    """Attach to a container of an object; "": the only one, or one that the person chooses."""
    await _open(app, context, target, container, "attach to", _run_attached)


async def _open(
    app: TerminalApp[Any], context: AppContext, target: ObjectRef, container: str, verb: str, open_: _Open
) -> None:
    title = f"{verb} {printable(target.name)}"
    try:
        connected = connected_for(context, f"{verb} {printable(str(target))}")
        pod = await find_pod(connected, target)
        chosen = await choose(app, pod, container)
        if chosen is not None:
            context.show_message(f"{verb} {printable(pod.name)}: connecting…")
            await open_(app, context, connected, pod, chosen)
    except NoShellError as error:
        app.clear_notifications()
        offer = (context.key_names("object.debug"), "Debug container")
        dialog = MessageDialog(title, error.message, error.hint, offer=offer)
        if await app.push_screen_wait(dialog):
            remote: RemoteActions = context.remote
            remote.debug(pod.key)
    except ContainerDownError as error:
        app.clear_notifications()
        await offer_help(app, context, title, error)
    except KdashError as error:
        app.clear_notifications()
        context.show_error(title, error)


async def offer_help(app: TerminalApp[Any], context: AppContext, title: str, error: ContainerDownError) -> None:
    """Show why a container does not run, with the keys that help, and offer to debug a copy of its pod."""
    helping = []
    if error.has_node:
        helping.append("{object.debug} debugs a copy of the pod")
    if error.has_logs:
        helping.append(("{object.previous_logs}" if error.previous else "{object.logs}") + " shows its last log")
    else:
        helping.append("{object.describe} shows its events")
    names = context.key_names
    offer = (names("object.debug"), "Debug") if error.has_node else None
    dialog = MessageDialog(title, error.message, names.fill(" · ".join(helping)), offer=offer)
    if await app.push_screen_wait(dialog):
        remote: RemoteActions = context.remote
        remote.debug(error.pod.key)


async def choose(app: TerminalApp[Any], pod: Pod, name: str) -> str | None:
    """Return the name of a container that runs; None when the person chose none.

    Args:
        name: "": ask where several run.

    Raises:
        RefusedError: there is no such container, or it does not run.
    """
    check_started(pod)
    containers = containers_of(pod)
    possible = [container for container in containers if container.is_running is not False]
    if not name and len(containers) > 1 and not (len(possible) == 1 and possible[0].is_default):
        title = f"Which container of {printable(pod.name)}?"
        items = sorted(containers, key=lambda container: container.is_running is False)
        current = next((container.name for container in items if container.is_default), None)
        dialog = ChooseDialog(title, [_item(container) for container in items], current=current)
        answer = await app.push_screen_wait(dialog)
        if answer is None:
            return None
        name = answer
    return choose_container(pod, name).name


def _item(container: PodContainer) -> ChoiceItem:
    notes = (container.role, container.state, printable(container.image))
    return ChoiceItem(container.name, printable(container.name), " · ".join(note for note in notes if note))


async def _run_shell(app: TerminalApp[Any], context: AppContext, connected: Connected, pod: Pod, name: str) -> None:
    container = ContainerRef(pod.namespace, pod.name, name)
    title = _title("shell in", container)
    command = shell_command(context.options.environ, is_windows=runs_windows(pod))
    async with connected.writer.accesses.recorded(
        "shell", pod.key, title, uid=pod.metadata.uid, container=name, command=command
    ) as record:
        size = app.size.width, app.size.height
        end = await run_in_terminal(app, partial(open_shell, connected.connection, container, command, size), title)
        record.exit_code = end.exit_code
    _show_end(app, context, title, end, record.problem)


async def _run_attached(app: TerminalApp[Any], context: AppContext, connected: Connected, pod: Pod, name: str) -> None:
    container = ContainerRef(pod.namespace, pod.name, name)
    title = _title("attached to", container)
    process = await main_process_of(connected, container)
    is_typed = process.is_interactive
    leave = how_to_detach(process)
    async with connected.writer.accesses.recorded(
        "attach", pod.key, title, uid=pod.metadata.uid, container=name
    ) as record:
        end = await run_in_terminal(
            app,
            partial(connected.connection.open_attach, container, stdin=is_typed, tty=process.has_tty),
            title,
            leave=leave,
            run=run_interactively if is_typed else follow_output,
        )
        record.exit_code = end.exit_code
    _show_end(app, context, title, end, record.problem, note=no_input_note(process))


def _title(verb: str, container: ContainerRef) -> str:
    return f"{verb} {printable(container.pod)} ({printable(container.container)})"


def _show_end(
    app: TerminalApp[Any], context: AppContext, title: str, end: CommandEnd, audit_problem: str, *, note: str = ""
) -> None:
    app.clear_notifications()
    how = "ended" if end.exit_code is not None else printable(end.message)
    if end.exit_code:
        how = f"ended with exit code {end.exit_code}"
    if note:
        how += f"; {note}"
    if audit_problem:
        how += f"; the audit record is incomplete: {printable(audit_problem)}"
    context.show_message(f"{title}: {how}", failed=bool(audit_problem))
