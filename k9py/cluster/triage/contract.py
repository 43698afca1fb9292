"""What triage needs of a cluster, and what whoever looks at it holds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Protocol

from k9py.api.resource_types import ResourceTypes
from k9py.cluster.change_history import ChangeHistory
from k9py.cluster.health import KindHealth
from k9py.cluster.queries import Queries
from k9py.cluster.reads import Token
from k9py.cluster.scope import Scope
from k9py.cluster.stores import Stores
from k9py.runtime.clock import Clock


class TriageCluster(Protocol):
    """What triage needs of a cluster."""

    clock: Clock
    stores: Stores
    queries: Queries
    history: ChangeHistory

    @property
    def scope(self) -> Scope: ...
    @property
    def resource_types(self) -> ResourceTypes: ...
    def has_synced(self, kind: str) -> bool: ...
    def kind_health(self, kind: str) -> KindHealth | None: ...
    def mark_changed(self, tokens: Iterable[Token]) -> None: ...
    def keep(self, count: int) -> None: ...
    def recheck(self) -> None: ...
    def spawn(self, coroutine: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]: ...


class TriageLease:
    """Keeps triage running until it is closed."""

    def __init__(self, on_close: Callable[[TriageLease], None]) -> None:
        self._on_close = on_close

    def close(self) -> None:
        """End it; a second call does nothing."""
        self._on_close(self)
