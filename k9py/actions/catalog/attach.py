"""Attach to the main process of a container."""

from __future__ import annotations

from typing import Final

from k9py.actions.action import Action, ActionScope, CliVerb, Permission, TypedCommand
from k9py.actions.catalog.shell import has_containers
from k9py.actions.host import ActionHost


def _attach(host: ActionHost, argument: str | None) -> None:
    if (target := host.acting_on_target()) is not None:
        host.remote.attach(target, argument or host.container_under_cursor)


ATTACH: Final = Action(
    "container.attach",
    "Attach",
    "Attach to the main process of the container",
    keys=("a",),
    scope=ActionScope.CONTAINER,
    run=_attach,
    command=TypedCommand("attach", argument="container"),
    cli=CliVerb(
        "attach",
        "Attach to the main process of a container.",
        "Attach to the main process of a container of a pod, or of the newest ready pod of a workload or Service: its"
        " output, with -i its standard input, with -it its terminal. Ctrl+C then goes to the process; Ctrl+] three"
        " times leaves it running.",
        has_own_function=True,
    ),
    permission=Permission("create", "pods", "attach"),
    writes=True,
    allowed=has_containers,
    footer=94,
)
ACTIONS: Final = (ATTACH,)
