"""Which object a command line means: one that it names, or that of a forward of the config file.

Invariant: a bare word without a port is a saved forward where the config file has one of that name for the context;
otherwise it is the name of an object, and where there is none, the saved names are listed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from k9py.api.errors import NotFoundError
from k9py.api.meta import ObjectRef
from k9py.api.text import printable
from k9py.cli.resolve import resolve_argument
from k9py.cli.targets import ObjectArgument
from k9py.config.forward_settings import ForwardSettings
from k9py.config.settings import SettingsFile, read_settings
from k9py.forwarding.ports import PortPair, parse_ports
from k9py.session import ClusterSession


@dataclass(frozen=True, slots=True)
class ForwardArguments:
    """What the command line asks for.

    Args:
        named: the object; None when the word cannot be the name of one.
        ports: none: the only port of the object.
        address: "": that of the saved forward, else 127.0.0.1.
        namespace: "": that of the saved forward, else the context's.
        word: a bare word without a port, which may be a saved forward; "" for none.
    """

    named: ObjectArgument | None
    ports: Sequence[PortPair]
    address: str = ""
    namespace: str = ""
    word: str = ""


@dataclass(frozen=True, slots=True)
class ChosenForward:
    """What is forwarded: an object in its namespace, its ports, and the address to listen on, "" for the default."""

    ref: ObjectRef
    ports: Sequence[PortPair]
    address: str = ""


async def choose(session: ClusterSession, arguments: ForwardArguments, config_path: Path | None) -> ChosenForward:
    """Return what is forwarded.

    Raises:
        NotFoundError: there is neither such a forward nor such an object; the hint lists the saved forwards.
        KdashError: the name is that of several objects, or the server cannot be asked.
    """
    file = await asyncio.to_thread(read_settings, config_path) if arguments.word else SettingsFile()
    saved = {name: each for name, each in file.settings.forwards.items() if each.is_for(session.context)}
    if (forward := saved.get(arguments.word)) is not None:
        return await _saved(session, forward, arguments)
    try:
        if arguments.named is None:
            raise NotFoundError(f"no saved forward {printable(arguments.word)}", "")
        named = await resolve_argument(session, arguments.named, by_tier=True)
    except NotFoundError as error:
        hints = [error.hint, _listed(list(saved), file)] if arguments.word else [error.hint]
        raise NotFoundError(error.message, "; ".join(filter(None, hints)), code=error.code) from error
    return ChosenForward(session.key(named), arguments.ports, arguments.address)


async def _saved(session: ClusterSession, forward: ForwardSettings, arguments: ForwardArguments) -> ChosenForward:
    kind, _, name = forward.target.partition("/")
    found = await session.connection.find_type(kind)
    ref = found.ref(arguments.namespace or forward.namespace or session.namespace, name)
    return ChosenForward(ref, parse_ports(forward.ports), arguments.address or forward.address)


def _listed(names: Sequence[str], file: SettingsFile) -> str:
    """Return the names of the saved forwards, and what is wrong with the others."""
    faults = [str(fault) for fault in file.faults]
    listed = f"saved forwards: {', '.join(names)}" if names else "the config file has no forward for this context"
    return printable("; ".join([listed, *(f"config file, {fault}" for fault in faults[:1])]))
