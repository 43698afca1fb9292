"""One cluster, as screens and commands are given it: the connection, the writer, and the cluster while it is watched.

Screens and commands receive a `ClusterSession` in their constructor; nobody looks one up. Several clusters are several
sessions. Invariant: `open_session` closes the connection it was given, and `ClusterSession.watch` ends the watches it
began. Importing this module imports neither kubernetes_asyncio nor the packages that watch and write: the dashboard
paints its first frame before that.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from k9py.api.meta import ObjectRef
from k9py.runtime.clock import Clock

if TYPE_CHECKING:
    from k9py.api.discovery import Discovered
    from k9py.api.resource_types import ResourceTypes
    from k9py.cluster.change_history import HistoryEntry
    from k9py.cluster.cluster import Cluster
    from k9py.cluster.permissions import Permissions
    from k9py.cluster.scope import Scope
    from k9py.kube.connection import Connection
    from k9py.operations.write import Writer

HELD_SECONDS: Final = 10.0
"""How long the end of a session waits for those who hold its connection."""


class NamedObject(Protocol):
    """An object as a person names it, without a namespace."""

    @property
    def kind(self) -> str: ...

    @property
    def name(self) -> str: ...


class ClusterSession:
    """A connected cluster.

    Args:
        namespace: the default one: named on the command line, else the context's.
        history: what was watched to change before, newest first: of a replayed capsule.

    Attributes:
        connection: reads, and opens streams.
        writer: the only way to change the cluster.
    """

    def __init__(
        self,
        connection: Connection,
        writer: Writer,
        clock: Clock,
        *,
        namespace: str,
        history: tuple[HistoryEntry, ...] = (),
    ) -> None:
        self.connection = connection
        self.writer = writer
        self.clock = clock
        self.namespace = namespace
        self._history = history
        self._cluster: Cluster | None = None
        self._permissions: Permissions | None = None
        self._held: set[asyncio.Future[None]] = set()

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Keep the connection open while entered, also while the session is ending: something has to be put back."""
        released: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._held.add(released)
        try:
            yield
        finally:
            self._held.discard(released)
            if not released.done():
                released.set_result(None)

    async def wait_until_released(self) -> None:
        """Wait until nobody holds the connection any more, for a few seconds at most."""
        if self._held:
            await asyncio.wait(self._held, timeout=HELD_SECONDS)

    @property
    def context(self) -> str:
        """The name of the kubeconfig's context."""
        return self.connection.info.context

    @property
    def permissions(self) -> Permissions:
        """What the user may do, as far as it is known."""
        from k9py.cluster.permissions import Permissions

        if self._permissions is None:
            self._permissions = Permissions(self.connection.rules, self.clock.monotonic)
        return self._permissions

    @property
    def cluster(self) -> Cluster:
        """The cluster that `watch` keeps current; after it has ended, as it was last.

        Raises:
            RuntimeError: the cluster was never watched in this session.
        """
        if self._cluster is None:
            raise RuntimeError("the cluster of this session is not watched")
        return self._cluster

    @property
    def resource_types(self) -> ResourceTypes:
        """The resource types that are known; all of the server's after `discover`."""
        return self.connection.resource_types

    async def discover(self) -> Discovered:
        """Read which resource types the server has; parts of the API that fail are in its `errors`.

        Raises:
            KdashError: the server gave no answer at all.
        """
        return await self.connection.discover()

    @asynccontextmanager
    async def watch(self, scope: Scope, *, notice: str = "") -> AsyncIterator[Cluster]:
        """Watch the cluster while entered.

        Args:
            scope: the namespaces to watch; see `choose_scope`.
            notice: what a person has to know about the scope.
        """
        from k9py.cluster.cluster import Cluster

        async with Cluster(self.connection, scope, self.clock, notice=notice) as cluster:
            cluster.history.restore(self._history)
            self._cluster = cluster
            yield cluster

    def key(self, named: NamedObject) -> ObjectRef:
        """Return the key of an object in the default namespace."""
        return ObjectRef(named.kind, self.namespace, named.name)


@asynccontextmanager
async def open_session(
    connection: Connection,
    clock: Clock,
    *,
    namespace: str = "",
    read_only: bool,
    is_replay: bool = False,
    audit_path: Path | None,
    history: tuple[HistoryEntry, ...] = (),
) -> AsyncIterator[ClusterSession]:
    """Open a session on a connection, and close the connection at the end.

    Args:
        namespace: the default one; "" takes the context's.
        read_only: every write is refused, below the front ends.
        is_replay: of a recording: read-only whatever is asked for, and refused with that reason.
        audit_path: file of the audit records; None writes none.
        history: what was watched to change before, of a replayed capsule.
    """
    from k9py.operations.audit import AuditLog, Identity, os_user
    from k9py.operations.write import Writer

    try:
        info = connection.info
        writer = Writer(
            connection,
            connection,
            read_only=read_only or is_replay,
            is_replay=is_replay,
            now=clock.now,
            audit=AuditLog(audit_path),
            identity=Identity(info.context, info.user, info.server, os_user()),
        )
        session = ClusterSession(connection, writer, clock, namespace=namespace or info.namespace, history=history)
        try:
            yield session
        finally:
            await session.wait_until_released()
    finally:
        await connection.aclose()
