"""Which namespaces are watched: all where permissions allow it, else those that are readable, with a notice.

Invariant: a scope is never silently smaller than what was requested; `ScopeChoice.notice` names the missing namespaces.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from k9py.api.errors import ForbiddenError, KdashError
from k9py.api.kinds import DEPLOYMENT, POD, Kind
from k9py.informer.lister_watcher import ListerWatcher


@dataclass(frozen=True, slots=True)
class Scope:
    """Namespaces to watch; none means the whole cluster."""

    namespaces: tuple[str, ...] = ()

    @property
    def is_cluster(self) -> bool:
        return not self.namespaces

    def __str__(self) -> str:
        match self.namespaces:
            case ():
                return "all namespaces"
            case (namespace,):
                return f"namespace {namespace}"
        return f"namespaces {', '.join(self.namespaces)}"


@dataclass(frozen=True, slots=True)
class ScopeChoice:
    """A scope, and a notice about it ("" when it is the requested one)."""

    scope: Scope
    notice: str = ""


class ScopeConnection(Protocol):
    """The part of a connection that is needed to choose a scope. `kube.connection.Connection` implements it."""

    async def can_i(
        self, verb: str, kind: str, namespace: str, *, name: str = "", subresource: str = ""
    ) -> bool | None: ...

    def lister_watcher(
        self, kind: Kind[Any], namespace: str = "", *, label_selector: str = "", field_selector: str = ""
    ) -> ListerWatcher: ...


async def choose_scope(
    connection: ScopeConnection, requested: Sequence[str] = (), *, context_namespace: str = "default"
) -> ScopeChoice:
    """Choose what to watch.

    Args:
        requested: namespaces named with -n; none requests the whole cluster.
        context_namespace: of the kubeconfig's context, the fallback.

    If the server does not answer, the requested scope is tried, and `Cluster` chooses again if it turns out to be
    forbidden.
    """
    if requested:
        return await _choose_named(connection, tuple(dict.fromkeys(requested)))
    if await _may_list(connection, POD, "") is not False:
        return ScopeChoice(Scope())
    own = context_namespace or "default"
    scope = Scope((own,))
    if await _may_list(connection, POD, own) is False:
        if await _may_list(connection, DEPLOYMENT, "") is True:
            return ScopeChoice(Scope(), "no permission to list pods: their status is unknown")
        return ScopeChoice(
            scope,
            f"no permission to list pods in all namespaces or in namespace {own}: choose one with -n",
        )
    return ScopeChoice(scope, f"no permission to list pods in all namespaces: showing {scope} only")


async def _choose_named(connection: ScopeConnection, names: tuple[str, ...]) -> ScopeChoice:
    refused = [name for name in names if await _may_list(connection, POD, name) is False]
    allowed = tuple(name for name in names if name not in refused)
    if not refused:
        return ScopeChoice(Scope(names))
    missing = str(Scope(tuple(refused)))
    if not allowed:
        return ScopeChoice(Scope(names), f"no permission to list pods in {missing}")
    return ScopeChoice(Scope(allowed), f"no permission to list pods in {missing}: showing {Scope(allowed)} only")


async def _may_list(connection: ScopeConnection, kind: Kind[Any], namespace: str) -> bool | None:
    """Return whether pods or workloads may be listed, None when that is not known.

    A server that does not answer access reviews is asked for a list of one object instead.
    """
    try:
        is_allowed = await connection.can_i("list", kind.name, namespace)
        if is_allowed is not None:
            return is_allowed
        await connection.lister_watcher(kind, namespace).list_page(limit=1)
    except ForbiddenError:
        return False
    except KdashError:
        return None
    return True
