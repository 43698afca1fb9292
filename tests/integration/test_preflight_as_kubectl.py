"""Where kubectl warns about what `kubectl apply` will revert, kdash does too; where the file differs, it warns more."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from k9py.api.meta import ObjectRef
from k9py.kube.connect import connect
from k9py.kube.options import ConnectOptions
from k9py.operations.restart import plan_restart
from k9py.operations.scale import plan_scale
from k9py.operations.set_image import plan_set_image
from k9py.operations.undo import plan_undo
from k9py.simulator.server import Simulator
from tests.conformance.kubectl import Kubectl
from tests.integration.test_writes_over_http import revision

WEB = ObjectRef("Deployment", "shop", "web")


def manifest(tag: str) -> str:
    template = {
        "metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [{"name": "app", "image": f"registry.example.com/web:{tag}"}]},
    }
    spec = {"replicas": 2, "selector": {"matchLabels": {"app": "web"}}, "template": template}
    metadata = {"name": "web", "namespace": "shop"}
    return json.dumps({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec})


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(scenario="shop") as running:
        yield running


async def test_an_undo_of_what_was_applied_warns_as_kubectl_does(simulator: Simulator, tmp_path: Path) -> None:
    kubectl = Kubectl(simulator, tmp_path)
    for tag in ("1", "2"):
        await kubectl("apply", "--validate=false", "-f", "-", stdin=manifest(tag))
    await kubectl("rollout", "status", "deploy/web")
    path = simulator.write_kubeconfig(tmp_path / "config")
    connection = await connect(ConnectOptions(kubeconfig=str(path)), environ={"HOME": str(tmp_path)})
    try:
        obj: dict[str, Any] = await connection.get(WEB)
        undo = plan_undo(obj, await revision(connection, obj, 1))
    finally:
        await connection.aclose()
    theirs = await kubectl("rollout", "undo", "deploy/web", "--dry-run=server")
    assert "was previously managed with 'kubectl apply'" in theirs.err
    assert [warning.code for warning in undo.warnings] == ["applied"]
    # kubectl does not warn about these, but its next apply reverts them to the file: an image and a number, no restart.
    for args in (
        ("scale", "deploy/web", "--replicas=3"),
        ("set", "image", "deploy/web", "app=registry.example.com/w:3"),
    ):
        assert (await kubectl(*args, "--dry-run=server")).err == ""
    for change in (plan_scale(obj, 3), plan_set_image(obj, {"app": "registry.example.com/w:3"})):
        assert [warning.code for warning in change.warnings] == ["applied"]
    assert plan_restart(obj, simulator.clock.now()).warnings == ()
