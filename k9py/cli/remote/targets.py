"""Which container a command names: a pod, or what has pods, and the name of the container.

Invariant: importing this imports only click. A bare name is a pod, as with kubectl; only where there is no such pod,
another object of that name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import click

from k9py.cli.targets import LOG_KINDS, ObjectArgument, parse_named

if TYPE_CHECKING:  # not for a command's help
    from k9py.api.meta import ObjectRef
    from k9py.session import ClusterSession

_KINDS: Final = (*LOG_KINDS, "ReplicationController")
_USAGE: Final = "POD, deploy/NAME, sts/NAME, ds/NAME, rs/NAME, job/NAME, cronjob/NAME or svc/NAME"


@dataclass(frozen=True, slots=True)
class ContainerOptions:
    """How a container is reached.

    Args:
        container: its name, "" for the default one.
        stdin: pass standard input on.
        tty: with a terminal.
    """

    container: str = ""
    stdin: bool = False
    tty: bool = False


def parse_container_target(arguments: Sequence[str]) -> ObjectArgument:
    """Return the only object of the arguments. Raises click.UsageError."""
    objects = parse_named(arguments, _KINDS, what="pod, service or workload", usage=_USAGE)
    if not objects:
        raise click.UsageError(f"Name a pod or what has pods: {_USAGE}.")
    if len(objects) > 1:
        raise click.UsageError(
            f"Only one object is allowed, not also {objects[1]}; the command is named after two dashes: -- COMMAND."
        )
    return objects[0]


def described(session: ClusterSession, named: ObjectArgument) -> str:
    """Return an object as a refusal names it, before the cluster is asked what a bare name means. Printable."""
    from k9py.api.text import printable

    return printable(str(session.key(named)) if named.kind else f"{session.namespace}/{named.name}")


async def resolve_container_target(session: ClusterSession, named: ObjectArgument) -> ObjectRef:
    """Return the object. Raises KdashError: a bare name is that of no object, or of several."""
    from k9py.api.errors import NotFoundError
    from k9py.cli.resolve import resolve_argument

    if named.kind:
        return session.key(named)
    pod = ObjectArgument("Pod", named.name)
    try:
        await session.connection.get(session.key(pod))
    except NotFoundError:
        return session.key(await resolve_argument(session, named, by_tier=True))
    return session.key(pod)
