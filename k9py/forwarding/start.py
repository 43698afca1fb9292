"""Starts a port-forward: reads its target, listens, and opens the first tunnel.

Owns: the order of these steps. Invariant: when it fails, nothing is left: no listener, no watch, no task.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Protocol, cast

from k9py.api.errors import ForbiddenError
from k9py.api.kinds import POD, SERVICE
from k9py.api.meta import ObjectRef
from k9py.api.pods import Pod
from k9py.api.services import Service
from k9py.api.streams import PodPorts
from k9py.api.text import printable
from k9py.cluster.listing import list_all
from k9py.forwarding.forward import Forward
from k9py.forwarding.listeners import LOOPBACK, Listener, bind, exposure_warning, parse_addresses
from k9py.forwarding.ports import PortPair
from k9py.forwarding.read_target import ReadingConnection, read_target
from k9py.forwarding.targets import ForwardTarget
from k9py.forwarding.watched_objects import (
    LeasedObjects,
    ReflectedObjects,
    WatchedObjects,
    WatchingConnection,
)
from k9py.runtime.clock import Clock
from k9py.session import ClusterSession


class ForwardingConnection(ReadingConnection, WatchingConnection, PodPorts, Protocol):
    """The connection as a forward needs it. `kube.connection.Connection` implements it."""


Spawn = Callable[[Coroutine[Any, Any, None], str], object]
"""Runs a task; its owner ends it."""


async def start_forward(
    session: ClusterSession,
    ref: ObjectRef,
    ports: Sequence[PortPair],
    *,
    address: str = LOOPBACK,
    clock: Clock | None = None,
    spawn: Spawn | None = None,
    on_change: Callable[[], None] | None = None,
    connection: ForwardingConnection | None = None,
) -> Forward:
    """Start a forward, and return once it takes connections, or it is known what it waits for.

    Args:
        ports: none: the only port of the target.
        address: IP addresses to listen on, separated by commas; `localhost` is both loopback addresses.
        clock: None: that of the session.
        spawn: runs its task; None: the watched cluster of the session, which ends it too.
        on_change: called when its state or its events have changed: `BackgroundJobs.touch`.
        connection: None: that of the session.

    Raises:
        ReadOnlyError: the session is a replay.
        RefusedError: the target has no pods to forward to, or a local port or address cannot be used.
        MissingPartError: the target has no such port, or several and none is named; the hint lists them.
        ForbiddenError: pods/portforward may not be created, or pods may not be watched.
        KdashError: any other failure.
    """
    session.writer.accesses.refuse(f"port-forward to {printable(str(ref))}", may_change=False)
    addresses = parse_addresses(address)
    clock = clock or session.clock
    connection = connection or cast(ForwardingConnection, session.connection)
    watches = _Watches(session, connection, clock, ref.namespace, uses_cluster=spawn is None)
    target, fallback = await read_target(connection, ref)
    listed = await watches.first_pods(target, fallback)
    pods = target.own(listed)
    pairs = tuple(ports) or target.only_ports(pods)
    for pair in pairs:
        target.check(pair.remote, pods)
    listening = await asyncio.to_thread(_listen, target, pairs, addresses, pods)
    try:
        forward = Forward(
            target,
            pairs,
            address,
            listening,
            watches.pods,
            watches.service if target.service is not None else None,
            connection,
            session.writer.accesses,
            clock,
            known=listed,
            warning=exposure_warning(addresses),
            on_change=on_change,
        )
    except BaseException:
        _close(listening)
        raise
    run = forward.run()
    try:
        if spawn is None:
            session.cluster.spawn(run, f"forward {forward.title}")
        else:
            spawn(run, f"forward {forward.title}")
    except BaseException:
        run.close()
        _close(listening)
        raise
    try:
        await forward.wait_settled()
    except BaseException:
        await forward.stop()
        raise
    if forward.error is not None:
        await forward.wait_ended()
        raise forward.error
    return forward


async def list_pods(connection: WatchingConnection, target: ForwardTarget) -> tuple[Pod, ...]:
    """Return the pods that a target selects, others than its own among them. Raises KdashError."""
    lister = connection.lister_watcher(
        POD, target.ref.namespace, label_selector=target.label_selector, field_selector=target.field_selector
    )
    return tuple((await list_all(lister, POD)).objects)


def _listen(
    target: ForwardTarget, pairs: Sequence[PortPair], addresses: Sequence[str], pods: Sequence[Pod]
) -> dict[Listener, list[socket.socket]]:
    """Listen on all ports, or on none. Runs in a thread: who uses a port is searched in /proc."""
    listening: dict[Listener, list[socket.socket]] = {}
    # Local ports that are named come first, so that none of them is taken as a free one.
    try:
        for pair in sorted(pairs, key=lambda pair: not pair.local):
            number, name = target.described(pair.remote, pods)
            sockets, bound = bind(pair, addresses, number)
            listener = Listener(bound, sockets[0].getsockname()[1], pair.remote, number, name)
            listening[listener] = sockets
    except BaseException:
        _close(listening)
        raise
    order = [pair.remote for pair in pairs]
    return dict(sorted(listening.items(), key=lambda item: order.index(item[0].remote)))


def _close(listening: dict[Listener, list[socket.socket]]) -> None:
    for sockets in listening.values():
        for each in sockets:
            each.close()


class _Watches:
    """Opens the watches of a forward: leases of the cluster, or reflectors of its own."""

    def __init__(
        self,
        session: ClusterSession,
        connection: ForwardingConnection,
        clock: Clock,
        namespace: str,
        *,
        uses_cluster: bool,
    ) -> None:
        self._session = session
        self._connection = connection
        self._clock = clock
        self._namespace = namespace
        self._uses_cluster = uses_cluster
        self._service_name = ""

    def pods(self, target: ForwardTarget, on_change: Callable[[], None]) -> WatchedObjects[Pod]:
        """Watch the pods of a target."""
        watched: WatchedObjects[Pod] = self._watch(POD, target.label_selector, target.field_selector, on_change)
        return watched

    def service(self, on_change: Callable[[], None]) -> WatchedObjects[Service]:
        """Watch the Service."""
        field_selector = f"metadata.name={self._service_name}"
        watched: WatchedObjects[Service] = self._watch(SERVICE, "", field_selector, on_change)
        return watched

    async def first_pods(self, target: ForwardTarget, fallback: tuple[Pod, ...]) -> tuple[Pod, ...]:
        """Return the pods as they are now. Raises KdashError: they may not be read."""
        self._service_name = target.ref.name
        try:
            return await list_pods(self._connection, target)
        except ForbiddenError:
            if not fallback:
                raise
            return fallback

    def _watch(self, kind: Any, label_selector: str, field_selector: str, on_change: Callable[[], None]) -> Any:
        if self._uses_cluster:
            return LeasedObjects(
                self._session.cluster, kind, self._namespace, label_selector, field_selector, on_change
            )
        return ReflectedObjects(
            self._connection, self._clock, kind, self._namespace, label_selector, field_selector, on_change
        )
