"""kubectl drain, cordon, delete with its options, and jobs from a CronJob, with controllers and nodes at work."""

from collections.abc import Iterator
from typing import Any

import pytest

from k9py.simulator.apiserver.writes import create_object
from k9py.simulator.clock import RealClock
from k9py.simulator.registry.resources import DEPLOYMENTS, PODDISRUPTIONBUDGETS, PODS, REPLICASETS
from k9py.simulator.server import Simulator
from k9py.simulator.state import SimulatorState
from tests.conformance.kubectl import Kubectl
from tests.unit.simulator.objects import add_deployment

NODE = "node-001"


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """Three nodes and a Deployment of six pods, at fifty times the speed."""
    with Simulator("bare", RealClock(speed=50)) as running:
        running.call(add_deployment, replicas=6)
        running.wait_until(lambda state: _ready(state) == 6)
        yield running


def _ready(state: SimulatorState) -> int:
    deployment = state.storage.get(DEPLOYMENTS, "shop", "checkout")
    return 0 if deployment is None else int(deployment["status"].get("readyReplicas", 0))


def _on_node(state: SimulatorState) -> list[str]:
    pods = state.storage.list(PODS, "shop")
    return [pod["metadata"]["name"] for pod in pods if pod["spec"].get("nodeName") == NODE]


def _add_budget(state: SimulatorState, **spec: Any) -> None:
    selector = {"matchLabels": {"app": "checkout"}}
    body = {"metadata": {"name": "checkout", "namespace": "shop"}, "spec": {"selector": selector, **spec}}
    create_object(state, PODDISRUPTIONBUDGETS, body)


async def test_a_cordoned_node_gets_no_pods(kubectl: Kubectl, simulator: Simulator) -> None:
    assert (await kubectl("cordon", NODE)).out == f"node/{NODE} cordoned\n"
    assert [row[1] for row in (await kubectl("get", "node", NODE)).rows()] == ["Ready,SchedulingDisabled"]
    before = simulator.call(_on_node)
    await kubectl("scale", "deploy/checkout", "--replicas=12")
    simulator.wait_until(lambda state: _ready(state) == 12)
    assert simulator.call(_on_node) == before
    assert (await kubectl("uncordon", NODE)).out == f"node/{NODE} uncordoned\n"
    await kubectl("scale", "deploy/checkout", "--replicas=18")
    simulator.wait_until(lambda state: len(_on_node(state)) > len(before))


async def test_drain_evicts_within_the_budget(kubectl: Kubectl, simulator: Simulator) -> None:
    simulator.call(_add_budget, maxUnavailable=1)
    held = simulator.call(_on_node)
    assert len(held) > 1
    drained = await kubectl("drain", NODE)
    for name in held:
        assert f"evicting pod shop/{name}" in drained.out + drained.err
    assert drained.out.endswith(f"node/{NODE} drained\n")
    assert simulator.call(_on_node) == []
    simulator.wait_until(lambda state: _ready(state) == 6)


async def test_drain_is_blocked_by_a_budget_that_allows_nothing(kubectl: Kubectl, simulator: Simulator) -> None:
    simulator.call(_add_budget, minAvailable=6)
    blocked = await kubectl("drain", NODE, "--timeout=1s", code=1)
    assert "Cannot evict pod as it would violate the pod's disruption budget." in blocked.err
    assert simulator.call(_on_node)


async def test_drain_refuses_pods_that_nobody_replaces(kubectl: Kubectl, simulator: Simulator) -> None:
    def add(state: SimulatorState) -> None:
        spec = {"containers": [{"name": "app", "image": "alone:1"}], "nodeName": NODE}
        create_object(state, PODS, {"metadata": {"name": "alone", "namespace": "shop"}, "spec": spec})

    simulator.call(add)
    refused = await kubectl("drain", NODE, code=1)
    assert "shop/alone" in refused.err
    await kubectl("drain", NODE, "--force")
    assert simulator.call(_on_node) == []


@pytest.mark.parametrize("cascade", ["background", "foreground"])
async def test_delete_takes_the_dependents_along(kubectl: Kubectl, simulator: Simulator, cascade: str) -> None:
    deleted = await kubectl("delete", "deploy/checkout", f"--cascade={cascade}")
    assert deleted.out.startswith('deployment.apps "checkout" deleted')
    simulator.wait_until(lambda state: not state.storage.list(PODS, "shop"))
    assert simulator.call(lambda state: state.storage.list(REPLICASETS, "shop")) == []


async def test_delete_leaves_orphans(kubectl: Kubectl, simulator: Simulator) -> None:
    await kubectl("delete", "deploy/checkout", "--cascade=orphan")
    assert simulator.call(lambda state: state.storage.list(DEPLOYMENTS, "shop")) == []
    assert len((await kubectl("get", "pods")).rows()) == 6
    assert len((await kubectl("get", "rs")).rows()) == 1


async def test_a_finalizer_keeps_an_object_until_it_is_removed(kubectl: Kubectl, simulator: Simulator) -> None:
    await kubectl("patch", "deploy/checkout", "--type=merge", "-p", '{"metadata":{"finalizers":["example.com/hold"]}}')
    await kubectl("delete", "deploy/checkout", "--wait=false")
    held = simulator.call(lambda state: state.storage.get(DEPLOYMENTS, "shop", "checkout"))
    assert held is not None
    assert held["metadata"]["deletionTimestamp"]
    await kubectl("patch", "deploy/checkout", "--type=json", "-p", '[{"op":"remove","path":"/metadata/finalizers"}]')
    assert simulator.call(lambda state: state.storage.get(DEPLOYMENTS, "shop", "checkout")) is None


async def test_force_delete_removes_a_pod_at_once(kubectl: Kubectl, simulator: Simulator) -> None:
    name = simulator.call(_on_node)[0]
    forced = await kubectl("delete", "pod", name, "--force", "--grace-period=0")
    assert "Immediate deletion does not wait for confirmation" in forced.err
    assert simulator.call(lambda state: state.storage.get(PODS, "shop", name)) is None


async def test_a_job_from_a_cron_job_and_suspending_it(kubectl: Kubectl, simulator: Simulator) -> None:
    await kubectl("create", "cronjob", "nightly", "--image=nightly:1", "--schedule=0 3 * * *", "--", "run")
    container = (
        '{"name":"nightly","image":"nightly:1","resources":{"requests":{"cpu":"10m"}},'
        '"env":[{"name":"URL","valueFrom":{"secretKeyRef":{"name":"db","key":"url","optional":true}}}],'
        '"volumeMounts":[{"name":"files","mountPath":"/files"}]}'
    )
    volumes = '[{"name":"files","configMap":{"name":"settings","optional":true}}]'
    pod = f'{{"containers":[{container}],"volumes":{volumes}}}'
    patch = f'{{"spec":{{"jobTemplate":{{"spec":{{"template":{{"spec":{pod}}}}}}}}}}}'
    await kubectl("patch", "cronjob", "nightly", "-p", patch)
    assert (await kubectl("create", "job", "by-hand", "--from=cronjob/nightly")).out == "job.batch/by-hand created\n"
    await kubectl("wait", "job/by-hand", "--for=condition=complete", "--timeout=30s")
    shown = (await kubectl("get", "job", "by-hand", "-o", "json")).json()
    assert shown["metadata"]["annotations"]["cronjob.kubernetes.io/instantiate"] == "manual"
    assert shown["metadata"]["ownerReferences"][0]["name"] == "nightly"
    template = (await kubectl("get", "cronjob", "nightly", "-o", "json")).json()["spec"]["jobTemplate"]["spec"][
        "template"
    ]
    assert shown["spec"]["template"]["spec"] == template["spec"]
    await kubectl("patch", "cronjob", "nightly", "-p", '{"spec":{"suspend":true}}')
    assert (await kubectl("get", "cronjob", "nightly", "-o", "jsonpath={.spec.suspend}")).out == "true"


async def test_label_and_annotate_objects_of_other_kinds(kubectl: Kubectl) -> None:
    await kubectl("label", "node", NODE, "disk=ssd")
    assert [row[0] for row in (await kubectl("get", "nodes", "-l", "disk=ssd")).rows()] == [NODE]
    await kubectl("annotate", "ns", "shop", "team=pay")
    assert (await kubectl("get", "ns", "shop", "-o", "jsonpath={.metadata.annotations.team}")).out == "pay"
