"""Starts everything that reaches into a container: the one implementation of `RemoteActions`.

Invariant: it imports what it starts only then, so that the first frame is sooner. To add a way in: a method here that
starts a function of a module beside this one.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final

from textual.worker import WorkerError

from k9py.api.meta import ObjectRef
from k9py.tui.context import AppContext
from k9py.tui.terminal.terminal_app import TerminalApp
from k9py.tui.workers import start_worker

TERMINAL_GROUP: Final = "handed-over terminal"
"""Group of the workers that take the terminal: a new one ends what still connects."""
DEBUG_GROUP: Final = "debugging"
"""Group of the debugging sessions: nothing ends one that may have a pod to remove."""


class RemoteControl:
    """Starts what reaches into containers.

    Args:
        app: owns the workers and the terminal.
        context: the app, as screens see it.
    """

    def __init__(self, app: TerminalApp[Any], context: AppContext) -> None:
        self._app = app
        self._context = context

    def open_shell(self, target: ObjectRef, container: str = "") -> None:
        """Open a shell in a container of a pod or of the newest ready pod of a workload; on a node: a node shell."""
        if target.kind == "Node" and not target.group:
            self.debug(target)
            return

        async def work() -> None:
            from k9py.tui.remote.shells import shell_in

            await shell_in(self._app, self._context, target, container)

        start_worker(self._app, work, group=TERMINAL_GROUP, exclusive=True)

    def attach(self, target: ObjectRef, container: str = "") -> None:
        """Attach to the main process of a container."""

        async def work() -> None:
            from k9py.tui.remote.shells import attach_to

            await attach_to(self._app, self._context, target, container)

        start_worker(self._app, work, group=TERMINAL_GROUP, exclusive=True)

    def debug(self, target: ObjectRef, image: str = "", container: str = "") -> None:
        """Ask for a debug container, a copy of the pod, or a shell on its node."""

        async def work() -> None:
            from k9py.tui.remote.debugging import debug_object

            await debug_object(self._app, self._context, target, image=image, container=container)

        start_worker(self._app, work, group=DEBUG_GROUP)

    async def close(self) -> None:
        """Wait until what debugging sessions have created is removed; they are cancelled already, or are now."""
        for worker in [worker for worker in self._app.workers if worker.group == DEBUG_GROUP]:
            worker.cancel()
            with suppress(WorkerError):
                await worker.wait()

    def run_in_all(self, target: ObjectRef, command: str) -> None:
        """Run one command in all pods of a workload; "": ask for it."""

        async def work() -> None:
            from k9py.tui.remote.running import run_in_all

            await run_in_all(self._app, self._context, target, command)

        start_worker(self._app, work, group="run in pods", exclusive=True)

    def browse_files(self, target: ObjectRef, container: str = "", path: str = "") -> None:
        """Browse the files of a container; `container` as for `open_shell`.

        Args:
            path: a directory; "": the one that was shown last, else the working directory.
        """

        async def work() -> None:
            from k9py.tui.remote.files import browse

            await browse(self._app, self._context, target, container, path)

        start_worker(self._app, work, group="files", exclusive=True)

    def forward(self, target: ObjectRef, ports: str) -> None:
        """Forward ports of a pod, a workload or a Service; "": ask for them."""
        self._context.forwards.begin(target, ports)

    async def start_saved_forward(self, name: str) -> bool:
        """Start a forward of the config file, or show why it cannot; False when it has none of that name."""
        return await self._context.forwards.start_saved(name)

    def explain_no_forward(self, argument: str) -> None:
        """Show why nothing is forwarded: no object is selected, and the argument is no saved forward."""
        self._context.forwards.explain_nothing_selected(argument)

    def show_jobs(self) -> None:
        """List what runs in the background."""
        self._context.navigator.open_jobs()
