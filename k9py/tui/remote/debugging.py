"""Debug an object from the dashboard: ask how, create what is needed, hand the terminal over, remove what has to go.

Invariants: nothing is created that was not confirmed; a pod on a node is removed whatever ends the session, also when
the dashboard ends. Errors are shown in the dashboard.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import datetime
from functools import partial
from typing import Any, Final

from k9py.api.errors import KdashError
from k9py.api.meta import ObjectRef
from k9py.api.plural import count_noun
from k9py.api.pods import Pod
from k9py.api.streams import CommandEnd
from k9py.api.text import printable
from k9py.api.times import age
from k9py.config.debug_settings import DebugSettings
from k9py.config.settings import read_settings
from k9py.operations.debugging.pods import Copy, DebugContainer, copy_name
from k9py.operations.debugging.profiles import DebugStyle, Level
from k9py.operations.debugging.removing import leftovers
from k9py.operations.debugging.warnings import enforced_level
from k9py.operations.operation import name_of
from k9py.operations.result import OperationResult
from k9py.operations.target import TargetSnapshot
from k9py.remote.containers import containers_of
from k9py.remote.debug_candidates import debug_candidates, state_of
from k9py.remote.debugging import DebugPod, debug_pod_of, how_it_ended, open_debug, removed_afterwards
from k9py.remote.leave_keys import LEAVE_KEYS
from k9py.remote.terminal import LEFT
from k9py.tui.context import AppContext
from k9py.tui.dialogs.choose import ChooseDialog
from k9py.tui.dialogs.debug import DebugChoice, DebugDefaults, DebugDialog, DebugSubject
from k9py.tui.dialogs.dialog import place_text
from k9py.tui.dialogs.filtered_list import ChoiceItem
from k9py.tui.dialogs.message import MessageDialog
from k9py.tui.remote.access import connected_for
from k9py.tui.remote.handed_over import run_in_terminal
from k9py.tui.session import Connected
from k9py.tui.terminal.terminal_app import TerminalApp
from k9py.views.values import Tone

_OPERATIONS: Final = {
    DebugStyle.EPHEMERAL: "debug-container",
    DebugStyle.COPY: "debug-copy",
    DebugStyle.NODE: "node-shell",
}


async def debug_object(
    app: TerminalApp[Any], context: AppContext, target: ObjectRef, *, image: str = "", container: str = ""
) -> None:
    """Debug a pod, one of the pods of an object that the person chooses, or a Node.

    Args:
        image: of the debug container; "": that of the settings.
        container: the one under the cursor, "" when there is none.
    """
    title = f"Debug {printable(name_of(target))}"
    try:
        connected = connected_for(context, f"debugging of {printable(str(target))}")
        is_node = target.kind == "Node" and not target.group
        pod = None if is_node else await _choose_pod(app, connected, target)
        if pod is None and not is_node:
            return
        dialog = await _dialog(context, connected, target, pod, image, container)
        choice = await app.push_screen_wait(dialog)
        if choice is not None:
            await _Session(app, context, connected, title).run(target, pod, choice)
    except KdashError as error:
        context.show_error(title, error)


async def _choose_pod(app: TerminalApp[Any], connected: Connected, target: ObjectRef) -> Pod | None:
    """Return the pod to debug: of several the one that the person chooses, None for none. Raises KdashError."""
    candidates = await debug_candidates(connected, target)
    if candidates.is_pod or len(candidates.pods) == 1:
        return candidates.pods[0]
    now = connected.clock.now()
    items = [ChoiceItem(pod.name, printable(pod.name), _about(pod, now)) for pod in candidates.pods]
    title = f"Debug which pod of {printable(name_of(target))}?"
    name = await app.push_screen_wait(ChooseDialog(title, items, current=items[0].value))
    return next((pod for pod in candidates.pods if pod.name == name), None)


def _about(pod: Pod, now: datetime) -> str:
    created = pod.metadata.creation_timestamp
    return state_of(pod) if created is None else f"{state_of(pod)} · {age(created, now)}"


async def _dialog(
    context: AppContext, connected: Connected, target: ObjectRef, pod: Pod | None, image: str, container: str
) -> DebugDialog:
    """Return the dialog, filled in from the settings and from what the namespace admits."""
    settings = read_settings(context.options.config_path).settings.debug
    node = target.name if pod is None else pod.spec.node_name
    watched = connected.cluster.scope.namespaces
    namespace = settings.node_namespace or (watched[0] if len(watched) == 1 else connected.namespace)
    subject = DebugSubject(
        f"Node {node}" if pod is None else f"Pod {pod.name}",
        f"context {printable(context.context_name)}"
        if pod is None
        else place_text(pod.namespace, context.context_name),
        () if pod is None else tuple(each.name for each in pod.spec.containers or ()),
        node,
        "" if pod is None else copy_name(pod.name),
        namespace,
        await _notes(connected),
    )
    defaults: dict[DebugStyle, DebugDefaults] = {}
    if pod is not None:
        own = DebugDefaults(image or settings.image, settings.profile, await _level(connected, pod.namespace))
        runs = any(each.is_running for each in containers_of(pod) if each.name == container or not container)
        styles = (DebugStyle.EPHEMERAL, DebugStyle.COPY) if runs else (DebugStyle.COPY, DebugStyle.EPHEMERAL)
        is_over = pod.status.phase in ("Succeeded", "Failed")
        defaults |= {style: own for style in styles if style is DebugStyle.COPY or not is_over}
    if node:
        defaults[DebugStyle.NODE] = _node_defaults(settings, image)
    if pod is not None and not container:
        container = next((each.name for each in containers_of(pod) if each.is_default and each.is_running), "")
    return DebugDialog(subject, defaults, target=container)


def _node_defaults(settings: DebugSettings, image: str) -> DebugDefaults:
    return DebugDefaults(image or settings.image_on_node, settings.profile_on_node)


async def _level(connected: Connected, namespace: str) -> Level | None:
    try:
        return enforced_level(await connected.connection.get(ObjectRef("Namespace", "", namespace)))
    except KdashError:
        return None


async def _notes(connected: Connected) -> tuple[str, ...]:
    """Return what was left over by earlier sessions; () when that cannot be read."""
    try:
        found = await leftovers(connected.connection)
    except KdashError:
        return ()
    if not found:
        return ()
    names = ", ".join(printable(f"{each.ref.namespace}/{each.ref.name}") for each in found[:2])
    more = f" and {len(found) - 2} more" if len(found) > 2 else ""
    return (f"{count_noun(len(found), 'pod')} for debugging exist already: {names}{more}",)


def _inputs(choice: DebugChoice) -> Mapping[str, Any]:
    """Return the inputs of the operation."""
    container = DebugContainer(choice.image, choice.container, choice.profile, choice.command)
    match choice.style:
        case DebugStyle.EPHEMERAL:
            return {"container": container, "target": choice.target}
        case DebugStyle.COPY:
            return {"container": container, "how": Copy(choice.copy_name, is_offered=True)}
    return {"container": container, "namespace": choice.namespace}


class _Session:
    """One debugging session, from the confirmation to the removal."""

    def __init__(self, app: TerminalApp[Any], context: AppContext, connected: Connected, title: str) -> None:
        self._app = app
        self._context = context
        self._connected = connected
        self._title = title

    async def run(self, target: ObjectRef, pod: Pod | None, choice: DebugChoice) -> None:
        """Run it. Raises KdashError."""
        style = choice.style
        if style is DebugStyle.NODE:
            snapshot = TargetSnapshot(ObjectRef("Node", "", target.name if pod is None else pod.spec.node_name))
        else:
            assert pod is not None
            snapshot = TargetSnapshot(pod.key, pod.uid)
        running = self._context.operations.begin(_OPERATIONS[style], [snapshot], **_inputs(choice))
        if running is None:
            return
        async with AsyncExitStack() as stack:
            try:
                await running.wait()
            finally:
                where = debug_pod_of(running.results[-1]) if running.results else None
                if where is not None and style is DebugStyle.NODE:
                    await stack.enter_async_context(removed_afterwards(self._connected, where, self._removed))
            if where is not None and self._runs(running.results[-1]):
                end = await self._attach(where, is_removed=style is DebugStyle.NODE)
                afterwards = [] if end is None else [self._report(where, end)]
                if style is DebugStyle.COPY:
                    afterwards.append(self._offer_removal(where))
                await asyncio.gather(*afterwards)

    def _runs(self, result: OperationResult) -> bool:
        """Return whether the container runs, or has run; otherwise show why it does not."""
        end = result.end
        if end is not None and end.is_expected:
            return True
        if end is not None and not end.is_interrupted:
            self._app.push_screen(MessageDialog(self._title, end.text))
        return False

    async def _attach(self, where: DebugPod, *, is_removed: bool) -> CommandEnd | None:
        """Hand the terminal over to the container; return how that ended, None where it was not.

        Args:
            is_removed: its pod is afterwards, so that nobody could read its log.
        """
        name = printable(where.container.container)
        ended = await how_it_ended(self._connected, where, waits=False)
        if ended is not None and is_removed:
            text = f"{name} has ended at once, with exit code {ended.exit_code}"
            self._app.push_screen(MessageDialog(self._title, text, "choose an image that starts a shell"))
            return None
        if ended is not None:
            text = f"{name} has ended already, with exit code {ended.exit_code}: this is its log"
            self._context.show_message(text, failed=ended.exit_code != 0)
            self._context.navigator.open_logs(where.ref, previous=False, container=where.container.container)
            return None
        end = await run_in_terminal(
            self._app,
            partial(open_debug, self._connected, where),
            where.title,
            leave="\r\n".join(filter(None, (f"{LEAVE_KEYS} leaves it", where.hint))),
        )
        self._context.operations.dismiss()
        return end

    async def _report(self, where: DebugPod, end: CommandEnd) -> None:
        """Show how the session ended, once the kubelet has reported it."""
        self._context.show_message(f"{where.title}: {await self._how(where, end)}")

    async def _how(self, where: DebugPod, end: CommandEnd) -> str:
        if end is LEFT:
            return "left; it runs on"
        ended = await how_it_ended(self._connected, where)
        return "the session has ended" if ended is None else f"ended with exit code {ended.exit_code}"

    async def _offer_removal(self, where: DebugPod) -> None:
        """Ask whether the copy is removed."""
        name = printable(where.ref.name)
        dialog = MessageDialog(
            f"Pod {name}", "The copy of the pod still exists.", "", tone=Tone.PLAIN, offer=("", "Delete the copy")
        )
        if await self._app.push_screen_wait(dialog):
            async with removed_afterwards(self._connected, where, self._removed):
                pass

    def _removed(self, text: str, is_left_over: bool) -> None:
        """Show what became of the pod."""
        if not self._app.is_running:
            return
        if is_left_over:
            self._app.push_screen(MessageDialog(self._title, "A pod was left over.", text))
        else:
            self._context.show_message(text, stays=True)
