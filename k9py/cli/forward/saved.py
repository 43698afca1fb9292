"""Which object a command line means: one that it names, or that of a forward of the config file.

Invariant: a bare word without a port is a saved forward where the config file has one of that name for the context, and
an error where that one is not valid; otherwise it is the name of an object, and where there is none, the saved names
are listed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from k9py.api.errors import ConfigError, NotFoundError
from k9py.api.meta import ObjectRef
from k9py.api.text import printable
from k9py.cli.resolve import resolve_argument
from k9py.cli.targets import ObjectArgument
from k9py.config.forward_settings import ForwardSettings
from k9py.config.saved_forwards import SavedForwards, saved_forwards
from k9py.config.settings import read_settings
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
    """What is forwarded.

    Args:
        address: to listen on, "" for the default.
        fault: what is wrong with the saved forward besides, "" when nothing is.
        hint: what else may be wrong when it is not found, "" for nothing.
    """

    ref: ObjectRef
    ports: Sequence[PortPair]
    address: str = ""
    fault: str = ""
    hint: str = ""


async def choose(session: ClusterSession, arguments: ForwardArguments, config_path: Path | None) -> ChosenForward:
    """Return what is forwarded.

    Raises:
        ConfigError: the saved forward of that name is not valid.
        NotFoundError: there is neither such a forward nor such an object; the hint lists the saved forwards.
        KdashError: the name is that of several objects, or the server cannot be asked.
    """
    saved, word = SavedForwards(), arguments.word
    if word:
        saved = saved_forwards(await asyncio.to_thread(read_settings, config_path), session.context)
    if (forward := saved.usable.get(word)) is not None:
        return await _saved(session, forward, arguments, saved.faults.get(word, ""))
    if (fault := saved.broken.get(word)) is not None:
        where = "the config file" if config_path is None else printable(str(config_path))
        hint = f"correct {where}, or name the object: KIND/NAME"
        raise ConfigError(f"saved forward {printable(word)} is not valid: {fault}", hint)
    try:
        if arguments.named is None:
            raise NotFoundError(saved.why_unknown(word), "")
        named = await resolve_argument(session, arguments.named, by_tier=True)
    except NotFoundError as error:
        message, hints = error.message, [error.hint, saved.listed()] if word else [error.hint]
        if word in saved.patterns:
            message, hints = saved.why_unknown(word), [message, saved.listed()]
        raise NotFoundError(message, "; ".join(filter(None, hints)), code=error.code) from error
    return ChosenForward(session.key(named), arguments.ports, arguments.address)


async def _saved(
    session: ClusterSession, forward: ForwardSettings, arguments: ForwardArguments, fault: str
) -> ChosenForward:
    kind, _, name = forward.target.partition("/")
    found = await session.connection.find_type(kind)
    ref = found.ref(arguments.namespace or forward.namespace or session.namespace, name)
    hint = "" if arguments.namespace or forward.namespace else "the saved forward has no namespace: -n gives it one"
    return ChosenForward(ref, parse_ports(forward.ports), arguments.address or forward.address, fault, hint)
