"""Start browsing the files of a container: find it, then open the screen, in the directory that was shown last.

Invariant: nothing runs in a read-only session, because a listing is a command in the container. A container without the
commands gets the offer of a debug container, from which `/proc/1/root` is its file system.
"""

from __future__ import annotations

from typing import Any

from k9py.api.errors import KdashError
from k9py.api.meta import ObjectRef
from k9py.api.streams import ContainerRef
from k9py.api.text import printable
from k9py.remote.container_down import ContainerDownError
from k9py.remote.containers import find_pod
from k9py.tui.context import AppContext
from k9py.tui.remote.access import connected_for
from k9py.tui.remote.shells import choose, offer_help
from k9py.tui.screens.files import FilesScreen
from k9py.tui.terminal.terminal_app import TerminalApp


async def browse(app: TerminalApp[Any], context: AppContext, target: ObjectRef, container: str, path: str) -> None:
    """Open the files of a container of an object; "": the only one, or one that the person chooses."""
    title = f"files of {printable(target.name)}"
    try:
        connected = connected_for(context, f"listing of the files of {printable(str(target))}")
        pod = await find_pod(connected, target)
        name = await choose(app, pod, container)
        if name is not None:
            ref = ContainerRef(pod.namespace, pod.name, name)
            await app.push_screen(FilesScreen(context, pod.key, pod.metadata.uid, ref, path))
    except ContainerDownError as error:
        await offer_help(app, context, title, error)
    except KdashError as error:
        context.show_error(title, error)
