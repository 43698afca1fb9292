"""A connection to a tiny server, for tests of requests and errors."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from k9py.kube.connect import connect
from k9py.kube.connection import Connection
from k9py.kube.options import ConnectOptions
from tests.unit.kube.kubeconfigs import environ, kubeconfig
from tests.unit.kube.servers import Answer, Recorder, serving


@asynccontextmanager
async def connected(
    tmp_path: Path, answer: Answer, user: dict[str, Any] | None = None, **variables: str
) -> AsyncIterator[tuple[Connection, Recorder]]:
    async with serving(answer) as server:
        path = kubeconfig(tmp_path, cluster={"server": server.url}, user=user, namespace="shop")
        connection = await connect(ConnectOptions(str(path)), environ=environ(tmp_path, **variables))
        try:
            yield connection, server
        finally:
            await connection.aclose()
