"""Which namespaces are watched: all of them where the rights allow it, else what can be had, and said so.

Invariant: a scope is never silently smaller than what was asked for; `ScopeChoice.notice` names what is missing.
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
            case (one,):
                return f"namespace {one}"
        return f"namespaces {', '.join(self.namespaces)}"


@dataclass(frozen=True, slots=True)
class ScopeChoice:
    """A scope, and what a person must know about it ("" when it is what they asked for)."""

    scope: Scope
    notice: str = ""


class ScopeConnection(Protocol):
    """Tells what may be read. `kube.connection.Connection` fulfils it."""

    async def can_i(
        self, verb: str, kind: str, namespace: str, *, name: str = "", subresource: str = ""
    ) -> bool | None: ...

    def lister_watcher(
        self, kind: Kind[Any], namespace: str = "", *, label_selector: str = "", field_selector: str = ""
    ) -> ListerWatcher: ...


async def choose_scope(
    connection: ScopeConnection, wanted: Sequence[str] = (), *, context_namespace: str = "default"
) -> ScopeChoice:
    """Choose what to watch.

    Args:
        wanted: namespaces the person named with -n; none asks for the whole cluster.
        context_namespace: of the kubeconfig's context, the fallback.

    A server that cannot be asked is no reason to show less: then what was asked for is tried, and `Cluster` chooses
    again when it turns out to be forbidden.
    """
    if wanted:
        return await _named(connection, tuple(dict.fromkeys(wanted)))
    if await _may_list(connection, POD, "") is not False:
        return ScopeChoice(Scope())
    own = context_namespace or "default"
    scope = Scope((own,))
    if await _may_list(connection, POD, own) is False:
        if await _may_list(connection, DEPLOYMENT, "") is True:
            return ScopeChoice(Scope(), "no right to list pods: what only pods can tell is not known")
        return ScopeChoice(
            scope,
            f"no right to list pods in all namespaces, nor in namespace {own}: name a namespace with -n",
        )
    return ScopeChoice(scope, f"no right to list pods in all namespaces: showing {scope} only")


async def _named(connection: ScopeConnection, names: tuple[str, ...]) -> ScopeChoice:
    refused = [name for name in names if await _may_list(connection, POD, name) is False]
    allowed = tuple(name for name in names if name not in refused)
    if not refused:
        return ScopeChoice(Scope(names))
    missing = str(Scope(tuple(refused)))
    if not allowed:
        return ScopeChoice(Scope(names), f"no right to list pods in {missing}")
    return ScopeChoice(Scope(allowed), f"no right to list pods in {missing}: showing {Scope(allowed)} only")


async def _may_list(connection: ScopeConnection, kind: Kind[Any], namespace: str) -> bool | None:
    """Ask for the right, and where the server will not say, try it. None: could not be asked."""
    try:
        answer = await connection.can_i("list", kind.name, namespace)
        if answer is not None:
            return answer
        await connection.lister_watcher(kind, namespace).list_page(limit=1)
    except ForbiddenError:
        return False
    except KdashError:
        return None
    return True
