"""kubectl rollout, scale and set image, with controllers and nodes at work: everything ends as on a real cluster."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from k9py.simulator.apiserver.writes import create_object
from k9py.simulator.clock import RealClock
from k9py.simulator.registry.resources import DEPLOYMENTS, by_kind
from k9py.simulator.server import Simulator
from k9py.simulator.state import SimulatorState
from tests.conformance.kubectl import Kubectl
from tests.unit.simulator.cluster import workload
from tests.unit.simulator.recordings import exchanges

Object = dict[str, Any]
IMAGE = "registry.example.com/checkout"


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """The quiet shop, at fifty times the speed."""
    with Simulator("shop-quiet", RealClock(speed=50)) as running:
        yield running


@pytest.fixture
async def rollout(simulator: Simulator, kubectl: Kubectl) -> Kubectl:
    """A kubectl in an empty namespace `here`, with a Deployment, a StatefulSet and a DaemonSet that are complete."""

    def fill(state: SimulatorState) -> None:
        create_object(state, by_kind("Namespace"), {"metadata": {"name": "here"}})
        for kind, name, spec in (
            ("Deployment", "checkout", {"replicas": 3, "progressDeadlineSeconds": 30}),
            ("StatefulSet", "db", {"replicas": 2, "serviceName": "db"}),
            ("DaemonSet", "agent", {}),
        ):
            body = {"metadata": {"name": name, "namespace": "here"}, "spec": workload(f"{IMAGE}:1.0.0", **spec)}
            create_object(state, by_kind(kind), body)

    simulator.call(fill)
    for target in ("deployment/checkout", "statefulset/db", "daemonset/agent"):
        await kubectl("rollout", "status", target, namespace="here")
    return kubectl


async def image_of(kubectl: Kubectl, target: str) -> str:
    path = "jsonpath={.spec.template.spec.containers[0].image}"
    return (await kubectl("get", target, "-o", path, namespace="here")).out


async def pod_images(kubectl: Kubectl, owner: str) -> set[str]:
    """Return the images of an owner's pods (by the prefix of their names), without terminating ones."""
    pods = (await kubectl("get", "pods", "-o", "json", namespace="here")).json()["items"]
    return {
        pod["spec"]["containers"][0]["image"]
        for pod in pods
        if pod["metadata"]["name"].startswith(owner) and "deletionTimestamp" not in pod["metadata"]
    }


TARGETS = ("deployment/checkout", "statefulset/db", "daemonset/agent")
SAYS_DONE = {
    "deployment/checkout": 'deployment "checkout" successfully rolled out',
    "statefulset/db": "partitioned roll out complete: 2 new pods have been updated",
    "daemonset/agent": 'daemon set "agent" successfully rolled out',
}


@pytest.mark.parametrize("target", TARGETS)
async def test_set_image_rolls_out_and_status_follows_it_to_the_end(rollout: Kubectl, target: str) -> None:
    out = (await rollout("set", "image", target, f"app={IMAGE}:1.1.0", namespace="here")).out
    assert "image updated" in out
    followed = (await rollout("rollout", "status", target, namespace="here")).out
    assert SAYS_DONE[target] in followed
    assert await pod_images(rollout, target.partition("/")[2]) == {f"{IMAGE}:1.1.0"}


@pytest.mark.parametrize("target", TARGETS)
async def test_history_numbers_revisions_and_shows_one(rollout: Kubectl, target: str) -> None:
    for tag in ("1.1.0", "1.2.0"):
        await rollout("set", "image", target, f"app={IMAGE}:{tag}", namespace="here")
        await rollout("annotate", "--overwrite", target, f"kubernetes.io/change-cause=to {tag}", namespace="here")
        await rollout("rollout", "status", target, namespace="here")
    listed = (await rollout("rollout", "history", target, namespace="here")).out
    assert re.findall(r"^(\d+) ", listed, re.MULTILINE) == ["1", "2", "3"]
    revision_text = (await rollout("rollout", "history", target, "--revision=2", namespace="here")).out
    assert "with revision #2" in revision_text
    assert f"{IMAGE}:1.1.0" in revision_text
    if target.startswith("deployment"):
        assert "to 1.2.0" in listed


@pytest.mark.parametrize("target", TARGETS)
async def test_undo_goes_to_the_revision_before_or_the_one_named(rollout: Kubectl, target: str) -> None:
    for tag in ("1.1.0", "1.2.0"):
        await rollout("set", "image", target, f"app={IMAGE}:{tag}", namespace="here")
        await rollout("rollout", "status", target, namespace="here")
    assert "rolled back" in (await rollout("rollout", "undo", target, namespace="here")).out
    await rollout("rollout", "status", target, namespace="here")
    assert await image_of(rollout, target) == f"{IMAGE}:1.1.0"
    await rollout("rollout", "undo", target, "--to-revision=1", namespace="here")
    await rollout("rollout", "status", target, namespace="here")
    assert await pod_images(rollout, target.partition("/")[2]) == {f"{IMAGE}:1.0.0"}
    listed = (await rollout("rollout", "history", target, namespace="here")).out
    assert re.findall(r"^(\d+) ", listed, re.MULTILINE) == ["3", "4", "5"]


@pytest.mark.parametrize("target", TARGETS)
async def test_undo_as_a_dry_run_changes_nothing(rollout: Kubectl, target: str) -> None:
    await rollout("set", "image", target, f"app={IMAGE}:1.1.0", namespace="here")
    await rollout("rollout", "status", target, namespace="here")
    await rollout("rollout", "undo", target, "--dry-run=server", namespace="here")
    assert await image_of(rollout, target) == f"{IMAGE}:1.1.0"


@pytest.mark.parametrize("target", TARGETS)
async def test_restart_replaces_every_pod(rollout: Kubectl, target: str) -> None:
    assert "restarted" in (await rollout("rollout", "restart", target, namespace="here")).out
    await rollout("rollout", "status", target, namespace="here")
    pods = (await rollout("get", "pods", "-o", "json", namespace="here")).json()["items"]
    own = [
        pod
        for pod in pods
        if pod["metadata"]["name"].startswith(target.partition("/")[2]) and "deletionTimestamp" not in pod["metadata"]
    ]
    assert own
    assert all("kubectl.kubernetes.io/restartedAt" in pod["metadata"]["annotations"] for pod in own)


async def test_a_bad_release_ends_status_with_an_error_and_undo_mends_it(rollout: Kubectl) -> None:
    await rollout("set", "image", "deployment/checkout", f"app={IMAGE}:badimage", namespace="here")
    failed = await rollout("rollout", "status", "deployment/checkout", namespace="here", code=1)
    assert 'error: deployment "checkout" exceeded its progress deadline' in failed.err
    status = (await rollout("get", "deployment", "checkout", "-o", "json", namespace="here")).json()["status"]
    recorded = exchanges("bad-release")[2]["response"]["body"]["status"]
    counts = {key: value for key, value in recorded.items() if isinstance(value, int) and key != "observedGeneration"}
    assert {key: status.get(key) for key in counts} == counts
    assert [c["reason"] for c in status["conditions"]] == [c["reason"] for c in recorded["conditions"]]
    await rollout("rollout", "undo", "deployment/checkout", namespace="here")
    await rollout("rollout", "status", "deployment/checkout", namespace="here")
    after = (await rollout("get", "deployment", "checkout", "-o", "json", namespace="here")).json()
    assert after["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "3"
    assert await pod_images(rollout, "checkout") == {f"{IMAGE}:1.0.0"}


async def test_pause_holds_a_change_until_resume_and_forbids_undo(rollout: Kubectl) -> None:
    await rollout("rollout", "restart", "deployment/checkout", namespace="here")
    await rollout("rollout", "status", "deployment/checkout", namespace="here")
    await rollout("rollout", "pause", "deployment/checkout", namespace="here")
    await rollout("set", "image", "deployment/checkout", f"app={IMAGE}:1.1.0", namespace="here")
    refused = await rollout("rollout", "undo", "deployment/checkout", namespace="here", code=1)
    assert "paused" in refused.err
    assert await pod_images(rollout, "checkout") == {f"{IMAGE}:1.0.0"}
    await rollout("rollout", "resume", "deployment/checkout", namespace="here")
    await rollout("rollout", "status", "deployment/checkout", namespace="here")
    assert await pod_images(rollout, "checkout") == {f"{IMAGE}:1.1.0"}


@pytest.mark.parametrize("target", TARGETS[:2])
async def test_scale_up_and_down_converges(rollout: Kubectl, simulator: Simulator, target: str) -> None:
    name = target.partition("/")[2]
    for wanted in (5, 1):
        await rollout("scale", target, f"--replicas={wanted}", namespace="here")
        await rollout("rollout", "status", target, namespace="here")
        ready = f"jsonpath={{.status.readyReplicas}}={wanted}"
        await rollout("wait", target, f"--for={ready}", "--timeout=30s", namespace="here")

        def settled(state: SimulatorState, wanted: int = wanted) -> bool:
            pods = state.storage.list(by_kind("Pod"), "here")
            return len([pod for pod in pods if pod["metadata"]["name"].startswith(f"{name}-")]) == wanted

        simulator.wait_until(settled)


async def test_describe_tells_the_story_of_a_rollout(rollout: Kubectl) -> None:
    await rollout("set", "image", "deployment/checkout", f"app={IMAGE}:1.1.0", namespace="here")
    await rollout("rollout", "status", "deployment/checkout", namespace="here")
    description = (await rollout("describe", "deployment", "checkout", namespace="here")).out
    assert "ScalingReplicaSet" in description
    assert "NewReplicaSetAvailable" in description
    assert re.search(r"NewReplicaSet:\s+checkout-\w+ \(3/3 replicas created\)", description)
    pod = (await rollout("get", "pods", "-o", "name", namespace="here")).out.splitlines()[0]
    assert "Successfully assigned here/" in (await rollout("describe", pod, namespace="here")).out


async def test_logs_of_a_deployment_and_a_selector(rollout: Kubectl) -> None:
    tail = (await rollout("logs", "deployment/gateway", "--tail=5", "--timestamps")).out.splitlines()
    assert len([line for line in tail if re.match(r"\d{4}-\d\d-\d\dT", line)]) == 5
    chosen = (await rollout("logs", "-l", "app=gateway", "--tail=2", "--prefix")).out.splitlines()
    assert len(chosen) == 6


async def test_the_shops_history_carries_its_change_causes(rollout: Kubectl, simulator: Simulator) -> None:
    listed = (await rollout("rollout", "history", "deployment/checkout")).out
    assert "gift cards" in listed
    assert len(re.findall(r"^\d+ ", listed, re.MULTILINE)) == 5
    deployment = simulator.call(lambda state: state.storage.get(DEPLOYMENTS, "shop", "checkout"))
    assert deployment is not None
    assert (await rollout("rollout", "status", "deployment/checkout")).out.startswith("deployment")
