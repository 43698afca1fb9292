"""kubectl writes that need no controllers: labels, patches, scale, apply, delete, wait."""

import asyncio

import pytest

from k9py.simulator.faults import RequestMatch
from k9py.simulator.registry.resources import DEPLOYMENTS, PODS
from k9py.simulator.server import Simulator
from k9py.simulator.state import SimulatorState
from tests.conformance.kubectl import Kubectl
from tests.unit.simulator.objects import Object, add_deployment, add_namespace, add_pod

_CONFIG_MAP = """
apiVersion: v1
kind: ConfigMap
metadata: {{name: settings}}
data: {{colour: {colour}}}
"""


@pytest.fixture(autouse=True)
def shop(simulator: Simulator) -> None:
    def fill(state: SimulatorState) -> None:
        add_namespace(state)
        add_deployment(state)
        add_pod(state, "checkout-a")

    simulator.call(fill)


def _stored(simulator: Simulator, name: str = "checkout") -> Object:
    obj: Object | None = simulator.call(lambda state: state.storage.get(DEPLOYMENTS, "shop", name))
    assert obj is not None
    return obj


async def test_add_and_remove_a_label(kubectl: Kubectl, simulator: Simulator) -> None:
    assert (await kubectl("label", "deploy", "checkout", "team=pay")).out == "deployment.apps/checkout labeled\n"
    assert _stored(simulator)["metadata"]["labels"] == {"app": "checkout", "team": "pay"}
    assert (await kubectl("label", "deploy", "checkout", "team-")).out == "deployment.apps/checkout unlabeled\n"
    assert _stored(simulator)["metadata"]["labels"] == {"app": "checkout"}


async def test_annotate_counts_as_a_new_generation_of_a_deployment(kubectl: Kubectl, simulator: Simulator) -> None:
    await kubectl("annotate", "deploy", "checkout", "kubernetes.io/change-cause=release 1.1")
    assert _stored(simulator)["metadata"]["annotations"] == {"kubernetes.io/change-cause": "release 1.1"}
    assert _stored(simulator)["metadata"]["generation"] == 2


async def test_scale(kubectl: Kubectl, simulator: Simulator) -> None:
    assert (await kubectl("scale", "deploy/checkout", "--replicas=7")).out == "deployment.apps/checkout scaled\n"
    assert _stored(simulator)["spec"]["replicas"] == 7


async def test_scale_only_from_the_current_count(kubectl: Kubectl, simulator: Simulator) -> None:
    await kubectl("scale", "deploy/checkout", "--current-replicas=4", "--replicas=5")
    shown = await kubectl("scale", "deploy/checkout", "--current-replicas=4", "--replicas=6", code=1)
    assert "Expected replicas to be 4, was 5" in shown.err
    assert _stored(simulator)["spec"]["replicas"] == 5


async def test_set_image_merges_by_container_name(kubectl: Kubectl, simulator: Simulator) -> None:
    await kubectl("set", "image", "deploy/checkout", "app=registry.example.com/checkout:1.1.0")
    containers = _stored(simulator)["spec"]["template"]["spec"]["containers"]
    assert [container["image"] for container in containers] == ["registry.example.com/checkout:1.1.0", "proxy:2.3"]


async def test_a_dry_run_on_the_server_stores_nothing(kubectl: Kubectl, simulator: Simulator) -> None:
    before = simulator.call(lambda state: state.storage.revision)
    shown = await kubectl("set", "image", "deploy/checkout", "app=new:1", "--dry-run=server", "-o", "json")
    assert shown.json()["spec"]["template"]["spec"]["containers"][0]["image"] == "new:1"
    assert simulator.call(lambda state: state.storage.revision) == before


@pytest.mark.parametrize(
    ("kind", "patch"),
    [
        ("merge", '{"spec":{"replicas":2}}'),
        ("strategic", '{"spec":{"replicas":2}}'),
        ("json", '[{"op":"replace","path":"/spec/replicas","value":2}]'),
    ],
)
async def test_patch(kubectl: Kubectl, simulator: Simulator, kind: str, patch: str) -> None:
    await kubectl("patch", "deploy", "checkout", "--type", kind, "-p", patch)
    assert _stored(simulator)["spec"]["replicas"] == 2


async def test_an_invalid_patch_is_refused_with_its_cause(kubectl: Kubectl) -> None:
    shown = await kubectl("patch", "deploy", "checkout", "-p", '{"spec":{"replicas":-1}}', code=1)
    assert shown.err == (
        'The Deployment "checkout" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0\n'
    )


async def test_create_and_apply(kubectl: Kubectl) -> None:
    created = await kubectl("apply", "-f", "-", stdin=_CONFIG_MAP.format(colour="red"))
    changed = await kubectl("apply", "-f", "-", stdin=_CONFIG_MAP.format(colour="blue"))
    same = await kubectl("apply", "-f", "-", stdin=_CONFIG_MAP.format(colour="blue"))
    assert [created.out, changed.out, same.out] == [
        "configmap/settings created\n",
        "configmap/settings configured\n",
        "configmap/settings unchanged\n",
    ]
    again = await kubectl("create", "-f", "-", stdin=_CONFIG_MAP.format(colour="red"), code=1)
    assert 'configmaps "settings" already exists' in again.err


async def test_create_deployment_is_sent_as_protobuf(kubectl: Kubectl, simulator: Simulator) -> None:
    await kubectl("create", "deployment", "web", "--image=nginx", "--replicas=2", "--port=80")
    web = _stored(simulator, "web")
    assert web["spec"]["replicas"] == 2
    assert web["spec"]["selector"] == {"matchLabels": {"app": "web"}}
    made = web["spec"]["template"]["spec"]["containers"][0]
    assert (made["image"], made["imagePullPolicy"]) == ("nginx", "Always")
    assert made["ports"] == [{"containerPort": 80, "protocol": "TCP"}]


async def test_delete_waits_until_the_pod_is_gone(kubectl: Kubectl, simulator: Simulator) -> None:
    deleting = asyncio.ensure_future(kubectl("delete", "pod", "checkout-a"))

    def is_terminating(state: SimulatorState) -> bool:
        obj = state.storage.get(PODS, "shop", "checkout-a")
        return obj is not None and "deletionTimestamp" in obj["metadata"]

    await asyncio.to_thread(simulator.wait_until, is_terminating)
    assert (await kubectl("get", "pod", "checkout-a")).rows()[0][2] == "Terminating"
    simulator.call(lambda state: state.storage.remove(PODS, "shop", "checkout-a"))
    assert (await deleting).out.startswith('pod "checkout-a" deleted')


async def test_delete_by_label(kubectl: Kubectl, simulator: Simulator) -> None:
    await kubectl("delete", "deploy", "-l", "app=checkout")
    assert simulator.call(lambda state: state.storage.list(DEPLOYMENTS)) == []


async def test_wait_ends_when_the_condition_holds(kubectl: Kubectl, simulator: Simulator) -> None:
    waiting = asyncio.ensure_future(kubectl("wait", "--for=condition=Available", "deploy/checkout", "--timeout=50s"))

    await asyncio.to_thread(simulator.wait_for_request, RequestMatch("watch", "deployments"))
    condition = {"type": "Available", "status": "True"}
    simulator.call(
        lambda state: state.storage.update(
            DEPLOYMENTS, {**_held(state), "status": {"conditions": [condition]}}, status_only=True
        )
    )
    assert (await waiting).out == "deployment.apps/checkout condition met\n"


def _held(state: SimulatorState) -> Object:
    obj = state.storage.get(DEPLOYMENTS, "shop", "checkout")
    assert obj is not None
    return obj
