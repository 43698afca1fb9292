"""kubectl apply, diff and edit, on the server's side and on the client's."""

import pytest

from k9py.simulator.registry.resources import CONFIGMAPS, DEPLOYMENTS
from k9py.simulator.server import Simulator
from tests.conformance.kubectl import Kubectl
from tests.unit.simulator.objects import Object, add_namespace

_DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web, labels: {{app: web}}}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec:
      containers:
      - {{name: app, image: "web:{tag}", ports: [{{containerPort: 8080}}]}}
"""


@pytest.fixture(autouse=True)
def shop(simulator: Simulator) -> None:
    simulator.call(add_namespace)


def _manifest(tag: str = "1", replicas: int = 2) -> str:
    return _DEPLOYMENT.format(tag=tag, replicas=replicas)


def _managers(simulator: Simulator) -> dict[str, str]:
    obj: Object | None = simulator.call(lambda state: state.storage.get(DEPLOYMENTS, "shop", "web"))
    assert obj is not None
    return {entry["manager"]: entry["operation"] for entry in obj["metadata"]["managedFields"]}


async def test_apply_creates_and_changes(kubectl: Kubectl, simulator: Simulator) -> None:
    applied = await kubectl("apply", "--server-side", "-f", "-", stdin=_manifest())
    assert applied.out == "deployment.apps/web serverside-applied\n"
    await kubectl("apply", "--server-side", "-f", "-", stdin=_manifest("2"))
    shown = await kubectl("get", "deploy", "web", "-o", "jsonpath={.spec.template.spec.containers[*].image}")
    assert shown.out == "web:2"
    assert _managers(simulator) == {"kubectl": "Apply"}


async def test_a_conflict_names_manager_and_field_and_force_takes_it(kubectl: Kubectl, simulator: Simulator) -> None:
    await kubectl("apply", "--server-side", "--field-manager=pipeline", "-f", "-", stdin=_manifest())
    await kubectl("set", "image", "deploy/web", "app=web:9")
    refused = await kubectl(
        "apply", "--server-side", "--field-manager=pipeline", "-f", "-", stdin=_manifest("2"), code=1
    )
    assert 'conflict with "kubectl-set" using apps/v1: .spec.template.spec.containers[name="app"].image' in refused.err
    await kubectl(
        "apply", "--server-side", "--force-conflicts", "--field-manager=pipeline", "-f", "-", stdin=_manifest("2")
    )
    assert _managers(simulator) == {"pipeline": "Apply"}


async def test_diff_on_the_server_shows_the_change_and_stores_nothing(kubectl: Kubectl, simulator: Simulator) -> None:
    await kubectl("apply", "--server-side", "-f", "-", stdin=_manifest())
    before = simulator.call(lambda state: state.storage.revision)
    shown = await kubectl("diff", "--server-side", "-f", "-", stdin=_manifest("2"), code=1)
    assert "-      - image: web:1" in shown.out
    assert "+      - image: web:2" in shown.out
    assert simulator.call(lambda state: state.storage.revision) == before
    assert (await kubectl("diff", "--server-side", "-f", "-", stdin=_manifest())).out == ""


async def test_a_client_side_apply_migrates_to_the_server_side(kubectl: Kubectl, simulator: Simulator) -> None:
    await kubectl("apply", "-f", "-", stdin=_manifest())
    assert _managers(simulator) == {"kubectl-client-side-apply": "Update"}
    await kubectl("apply", "--server-side", "-f", "-", stdin=_manifest("2", replicas=3))
    # The second owns the annotation of the client-side apply, as with a real server.
    assert _managers(simulator) == {"kubectl": "Apply", "kubectl-last-applied": "Apply"}
    shown = await kubectl("get", "deploy", "web", "-o", "jsonpath={.spec.replicas}")
    assert shown.out == "3"


async def test_a_field_that_is_no_longer_applied_is_removed(kubectl: Kubectl, simulator: Simulator) -> None:
    def manifest(data: str) -> str:
        return f"{{apiVersion: v1, kind: ConfigMap, metadata: {{name: settings}}, data: {data}}}"

    await kubectl("apply", "--server-side", "-f", "-", stdin=manifest("{a: '1', b: '2'}"))
    await kubectl("apply", "--server-side", "-f", "-", stdin=manifest("{b: '2'}"))
    held = simulator.call(lambda state: state.storage.get(CONFIGMAPS, "shop", "settings"))
    assert held is not None
    assert held["data"] == {"b": "2"}


async def test_unknown_fields_and_wrong_types_are_refused(kubectl: Kubectl) -> None:
    manifest = _manifest().replace("replicas: 2", "replicsa: 2")
    refused = await kubectl("apply", "--server-side", "-f", "-", stdin=manifest, code=1)
    assert ".spec.replicsa: field not declared in schema" in refused.err
    manifest = _manifest().replace("replicas: 2", "replicas: two")
    refused = await kubectl("apply", "--server-side", "-f", "-", stdin=manifest, code=1)
    assert ".spec.replicas: expected numeric (int or float), got string" in refused.err


async def test_edit_replaces_what_was_changed(kubectl: Kubectl) -> None:
    await kubectl("apply", "--server-side", "-f", "-", stdin=_manifest())
    edited = await kubectl("edit", "deploy/web", environment={"KUBE_EDITOR": "sed -i s/web:1/web:7/"})
    assert edited.out == "deployment.apps/web edited\n"
    shown = await kubectl("get", "deploy", "web", "-o", "jsonpath={.spec.template.spec.containers[*].image}")
    assert shown.out == "web:7"
