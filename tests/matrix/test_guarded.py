"""The demo's workloads that others manage: a restart or a scale gives a warning before it is confirmed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from k9py.api.meta import ObjectRef
from k9py.kube.connect import connect
from k9py.kube.connection import Connection
from k9py.kube.options import ConnectOptions
from k9py.operations.preflight import preflight
from k9py.operations.restart import plan_restart
from k9py.operations.scale import plan_scale
from k9py.simulator.clock import ManualClock
from k9py.simulator.server import Simulator

NOW = ManualClock().now()


@pytest.fixture
async def connection(tmp_path: Path) -> AsyncIterator[Connection]:
    with Simulator("failures", ManualClock()) as simulator:
        path = simulator.write_kubeconfig(tmp_path / "kubeconfig")
        connection = await connect(ConnectOptions(str(path)), environ={"HOME": str(tmp_path)})
        try:
            yield connection
        finally:
            await connection.aclose()


@pytest.mark.parametrize(
    ("place", "restarted", "scaled"),
    [
        (("Deployment", "shop", "autoscaled"), set(), {"autoscaler"}),
        (("Deployment", "shop", "argo-managed"), {"gitops"}, {"gitops"}),
        (("StatefulSet", "shop", "helm-managed"), {"helm"}, {"helm"}),
        (("Deployment", "shop", "budget-full"), {"budget"}, set()),
        (("Deployment", "shop", "single"), {"downtime"}, set()),
        (("Deployment", "tight", "quota-full"), {"no-room"}, {"quota"}),
        (("Deployment", "shop", "image-missing"), {"fails-alike"}, {"fails-alike"}),
    ],
    ids=lambda value: value[2] if isinstance(value, tuple) else "",
)
async def test_each_managed_workload_gets_its_own_warning_and_no_other(
    connection: Connection, place: tuple[str, str, str], restarted: set[str], scaled: set[str]
) -> None:
    obj = await connection.get(ObjectRef(*place))
    for change, wanted in ((plan_restart(obj, NOW), restarted), (plan_scale(obj, 5), scaled)):
        warnings = await preflight(connection, obj, change)
        assert {warning.code for warning in (*change.warnings, *warnings)} == wanted
