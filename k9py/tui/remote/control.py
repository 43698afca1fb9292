"""Starts everything that reaches into a container: the one implementation of `RemoteActions`.

Invariant: it imports what it starts only then, so that the first frame is sooner. To add a way in: a method here that
starts a function of a module beside this one.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from k9py.api.meta import ObjectRef
from k9py.tui.context import AppContext
from k9py.tui.terminal.terminal_app import TerminalApp
from k9py.tui.workers import start_worker


class RemoteControl:
    """Starts what reaches into containers.

    Args:
        app: owns the workers and the terminal.
        context: the app, as screens see it.
    """

    def __init__(self, app: TerminalApp[Any], context: AppContext) -> None:
        self._app = app
        self._context = context

    def open_shell(self, target: ObjectRef) -> None:
        """Open a shell in a container of a pod or of the newest ready pod of a workload; on a node: a node shell."""
        raise NotImplementedError

    def attach(self, target: ObjectRef) -> None:
        """Attach to the main process of a container."""
        raise NotImplementedError

    def debug(self, target: ObjectRef, image: str = "") -> None:
        """Ask for a debug container, a copy of the pod, or a shell on its node; `image`: of the container."""
        from k9py.tui.remote.debugging import debug_object

        start_worker(self._app, partial(debug_object, self._app, self._context, target, image), group="write")

    def run_in_all(self, target: ObjectRef, command: str) -> None:
        """Run one command in all pods of a workload; "": ask for it."""
        raise NotImplementedError

    def browse_files(self, target: ObjectRef) -> None:
        """Browse the files of a container."""
        raise NotImplementedError

    def forward(self, target: ObjectRef, ports: str) -> None:
        """Forward ports of a pod, a workload or a Service; "": ask for them."""
        raise NotImplementedError

    def show_jobs(self) -> None:
        """List what runs in the background."""
        raise NotImplementedError
