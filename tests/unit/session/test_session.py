"""A session closes its connection, has the default namespace, and has a cluster once it is watched."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, cast

import pytest

from k9py.api.meta import ObjectRef
from k9py.cluster.scope import Scope
from k9py.kube.connection import Connection
from k9py.session import ClusterSession, open_session
from tests import factories as make
from tests.unit.cluster.server import FakeServer, HeldClock, until


@dataclass(frozen=True)
class _Info:
    context: str = "staging"
    user: str = "ada"
    server: str = "https://127.0.0.1"
    namespace: str = "shop"


@dataclass(frozen=True)
class _Named:
    kind: str
    name: str


class _Server(FakeServer):
    def __init__(self, *objects: Any) -> None:
        super().__init__(*objects)
        self.info = cast(Any, _Info())
        self.is_closed = False

    async def aclose(self) -> None:
        self.is_closed = True


def _open(server: _Server, namespace: str = "") -> AbstractAsyncContextManager[ClusterSession]:
    connection = cast(Connection, server)
    return open_session(connection, HeldClock(), namespace=namespace, read_only=True, audit_path=None)


async def test_the_connection_is_closed_at_the_end() -> None:
    server = _Server()
    async with _open(server):
        assert not server.is_closed
    assert server.is_closed


async def test_the_connection_is_closed_after_an_error() -> None:
    server = _Server()
    with pytest.raises(ValueError, match="no"):
        async with _open(server):
            raise ValueError("no")
    assert server.is_closed


@pytest.mark.parametrize(("named", "namespace"), [("", "shop"), ("billing", "billing")])
async def test_the_default_namespace_is_the_named_one_else_the_contexts(named: str, namespace: str) -> None:
    async with _open(_Server(), named) as session:
        assert session.context == "staging"
        assert session.key(_Named("Deployment", "checkout")) == ObjectRef("Deployment", namespace, "checkout")


async def test_it_has_a_cluster_once_that_is_watched() -> None:
    async with _open(_Server(make.service("checkout"))) as session:
        with pytest.raises(RuntimeError):
            _ = session.cluster
        async with session.watch(Scope(("shop",)), notice="only shop") as cluster:
            assert session.cluster is cluster
            assert cluster.scope_notice == "only shop"
            await until(lambda: cluster.has_synced("Service"))
        # Screens that are still drawn while the session ends show the last known state.
        assert [key.name for key in session.cluster.queries.service_keys()] == ["checkout"]
