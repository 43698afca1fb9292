"""Opens a connection from options. Importing this is cheap: `connect` imports the client library when it is awaited.

Owns: the order of the steps at the start. Threads read the kubeconfig and import the library, so that the screen, which
is already drawn, stays responsive.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from k9py.kube.authentication import credentials_for
from k9py.kube.client_library import load_client
from k9py.kube.kubeconfig import KubeconfigEntry
from k9py.kube.kubeconfig_schema import KubeconfigUser
from k9py.kube.options import ConnectOptions
from k9py.kube.target import IN_CLUSTER, ConnectionTarget, resolve_target
from k9py.runtime.clock import Clock, SystemClock

if TYPE_CHECKING:
    from k9py.kube.connection import Connection


async def connect(
    options: ConnectOptions, *, environ: Mapping[str, str] | None = None, clock: Clock | None = None
) -> Connection:
    """Return a connection to the cluster of a context; it has its credentials, but has sent no request yet.

    Args:
        options: which kubeconfig and context.
        environ: the environment, for tests; this process's when None.
        clock: decides when credentials are renewed and streams are pinged; this machine's when None.

    Raises:
        ConfigError: there is no kubeconfig or no such context, or a plugin or certificate cannot be used.
    """
    environ = dict(os.environ) if environ is None else environ
    target = await asyncio.to_thread(resolve_target, options, environ)
    reload = partial(_reload_user, options, environ, target)
    clock = clock or SystemClock()
    credentials = credentials_for(target, environ, clock, reload=reload, sign_in=options.sign_in)
    library_task = asyncio.create_task(load_client())
    try:
        await credentials.current()  # a plugin runs while the library is imported
    finally:
        library = await library_task
    from k9py.kube.connection import Connection
    from k9py.kube.transport import Transport

    transport = Transport(library, target.endpoint, credentials, clock)
    try:
        await transport.prepare()
    except BaseException:
        await transport.aclose()
        raise
    return Connection(target.info, transport)


def _reload_user(
    options: ConnectOptions, environ: Mapping[str, str], target: ConnectionTarget
) -> KubeconfigEntry[KubeconfigUser]:
    """Read the user again; keep the known one when the context now has another server, which is another cluster."""
    if target.info.context != IN_CLUSTER:
        options = ConnectOptions(options.kubeconfig, target.info.context)
    reloaded = resolve_target(options, environ)
    return reloaded.user if reloaded.info.server == target.info.server else target.user
