"""From options to a connection. Importing this is cheap: the client is imported when `connect` is awaited.

Owns: the order of things at the start. The kubeconfig is read and the client imported in a thread, so that the screen,
which is already drawn, stays alive.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from k9py.kube.client_library import load_client
from k9py.kube.credential import Times
from k9py.kube.credentials import credentials_for
from k9py.kube.kubeconfig import Entry, User
from k9py.kube.options import ConnectOptions
from k9py.kube.target import IN_CLUSTER, ConnectionTarget, resolve_target

if TYPE_CHECKING:
    from k9py.kube.connection import Connection


async def connect(
    options: ConnectOptions, *, environ: Mapping[str, str] | None = None, times: Times | None = None
) -> Connection:
    """Return a connection for a context; no request is sent yet, but credentials have been obtained.

    Args:
        options: which kubeconfig and context.
        environ: the environment, for tests; default this process's.
        times: the clocks, for tests.

    Raises:
        ConfigError: no kubeconfig, no such context, a plugin or certificate that cannot be used.
    """
    environ = dict(os.environ) if environ is None else environ
    target = await asyncio.to_thread(resolve_target, options, environ)
    again = partial(_user_again, options, environ, target)
    credentials = credentials_for(target, environ, times, reload=again, sign_in=options.sign_in)
    loading = asyncio.create_task(load_client())
    try:
        await credentials.current()  # a plugin takes its second while the client is imported
    finally:
        client = await loading
    from k9py.kube.connection import Connection
    from k9py.kube.transport import Transport

    transport = Transport(client, target.endpoint, credentials)
    try:
        await transport.prepare()
    except BaseException:
        await transport.aclose()
        raise
    return Connection(target.info, transport)


def _user_again(options: ConnectOptions, environ: Mapping[str, str], before: ConnectionTarget) -> Entry[User]:
    """Read the user anew. A context that now leads to another server is another cluster: its secrets stay there."""
    chosen = options if before.info.context == IN_CLUSTER else ConnectOptions(options.kubeconfig, before.info.context)
    target = resolve_target(chosen, environ)
    return target.user if target.info.server == before.info.server else before.user
