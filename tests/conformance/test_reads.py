"""kubectl reads: it prints the same as for a real server."""

import pytest

from k9py.simulator.registry.resources import EVENTS, PODS
from k9py.simulator.server import Simulator
from k9py.simulator.state import SimulatorState
from tests.conformance.kubectl import Kubectl
from tests.unit.simulator.objects import Object, add_deployment, add_namespace, add_pod


@pytest.fixture(autouse=True)
def shop(simulator: Simulator) -> None:
    """A namespace with a deployment and three pods, one of them in another namespace."""

    def fill(state: SimulatorState) -> None:
        add_namespace(state)
        add_namespace(state, "office")
        add_deployment(state)
        add_pod(state, "checkout-a", containers=("app", "proxy"))
        add_pod(state, "checkout-b", running=False)
        add_pod(state, "desk", namespace="office", labels={"app": "desk"})

    simulator.call(fill)


async def test_get_prints_the_servers_table(kubectl: Kubectl) -> None:
    shown = await kubectl("get", "pods")
    assert shown.out.splitlines()[0].split() == ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]
    assert [row[:4] for row in shown.rows()] == [
        ["checkout-a", "2/2", "Running", "0"],
        ["checkout-b", "0/1", "Pending", "0"],
    ]


async def test_get_wide_adds_address_and_node(kubectl: Kubectl) -> None:
    shown = await kubectl("get", "pods", "-o", "wide")
    assert shown.rows()[0][5:] == ["10.0.0.7", "node-1", "<none>", "<none>"]


async def test_get_in_all_namespaces_names_them(kubectl: Kubectl) -> None:
    shown = await kubectl("get", "pods", "-A")
    assert [row[:2] for row in shown.rows()] == [["office", "desk"], ["shop", "checkout-a"], ["shop", "checkout-b"]]


async def test_get_by_short_name_and_kind(kubectl: Kubectl) -> None:
    shown = await kubectl("get", "deploy/checkout")
    assert shown.rows()[0][:4] == ["checkout", "0/4", "0", "0"]


async def test_get_all_goes_through_the_category(kubectl: Kubectl) -> None:
    shown = await kubectl("get", "all")
    assert "pod/checkout-a" in shown.out
    assert "deployment.apps/checkout" in shown.out


async def test_get_json_is_the_whole_object(kubectl: Kubectl) -> None:
    shown = (await kubectl("get", "deploy", "checkout", "-o", "json")).json()
    assert shown["apiVersion"] == "apps/v1"
    assert shown["spec"]["strategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"},
    }


@pytest.mark.parametrize(
    ("selection", "names"),
    [
        (("-l", "app=checkout"), ["checkout-a", "checkout-b"]),
        (("-l", "app in (desk,other)", "-A"), ["desk"]),
        (("-l", "app!=checkout", "-A"), ["desk"]),
        (("-l", "!app"), []),
        (("--field-selector", "status.phase=Running"), ["checkout-a"]),
        (("--field-selector", "status.phase!=Running"), ["checkout-b"]),
        (("--field-selector", "metadata.name=checkout-b"), ["checkout-b"]),
    ],
)
async def test_get_selects(kubectl: Kubectl, selection: tuple[str, ...], names: list[str]) -> None:
    shown = (await kubectl("get", "pods", *selection, "-o", "json")).json()
    assert [item["metadata"]["name"] for item in shown["items"]] == names


async def test_get_refuses_a_field_that_cannot_be_selected_by(kubectl: Kubectl) -> None:
    shown = await kubectl("get", "pods", "--field-selector", "spec.nope=1", code=1)
    assert "field label not supported: spec.nope" in shown.err


async def test_get_of_a_missing_object(kubectl: Kubectl) -> None:
    shown = await kubectl("get", "pods", "nope", code=1)
    assert shown.err == 'Error from server (NotFound): pods "nope" not found\n'


async def test_watch_prints_changes_as_they_come(kubectl: Kubectl, simulator: Simulator) -> None:
    async with kubectl.running("get", "pods", "-w") as watch:
        await watch.line_with("checkout-b")

        def start(state: SimulatorState) -> Object:
            pod = state.storage.get(PODS, "shop", "checkout-b")
            assert pod is not None
            status = {**pod["status"], "reason": "Evicted", "phase": "Failed"}
            return state.storage.update(PODS, {**pod, "status": status}, status_only=True)

        simulator.call(start)
        assert (await watch.line_with("Evicted")).split()[:3] == ["checkout-b", "0/1", "Evicted"]


async def test_describe_deployment(kubectl: Kubectl) -> None:
    shown = await kubectl("describe", "deployment", "checkout")
    lines = [" ".join(line.split()) for line in shown.out.splitlines()]
    assert "Selector: app=checkout" in lines
    assert "Replicas: 4 desired | 0 updated | 0 total | 0 available | 0 unavailable" in lines
    assert "RollingUpdateStrategy: 25% max unavailable, 25% max surge" in lines
    assert "Image: registry.example.com/checkout:1.0.0" in lines


async def test_describe_pod_shows_its_events(kubectl: Kubectl, simulator: Simulator) -> None:
    def say(state: SimulatorState) -> None:
        about = state.storage.get(PODS, "shop", "checkout-a")
        assert about is not None
        state.storage.create(
            EVENTS,
            {
                "metadata": {"name": "checkout-a.1", "namespace": "shop"},
                "involvedObject": {
                    "kind": "Pod",
                    "name": "checkout-a",
                    "namespace": "shop",
                    "uid": about["metadata"]["uid"],
                },
                "reason": "BackOff",
                "message": "Back-off restarting failed container app",
                "type": "Warning",
                "count": 3,
                "source": {"component": "kubelet", "host": "node-1"},
                "firstTimestamp": "2026-01-15T11:00:00Z",
                "lastTimestamp": "2026-01-15T11:30:00Z",
            },
        )

    simulator.call(say)
    shown = await kubectl("describe", "pod", "checkout-a")
    lines = [" ".join(line.split()) for line in shown.out.splitlines()]
    assert "Node: node-1/" in lines
    assert "QoS Class: BestEffort" in lines
    assert any(line.endswith("kubelet Back-off restarting failed container app") for line in lines)
    listed = await kubectl("get", "events")
    assert listed.rows()[0][1:4] == ["Warning", "BackOff", "pod/checkout-a"]


async def test_api_resources_lists_the_kinds(kubectl: Kubectl) -> None:
    shown = await kubectl("api-resources")
    rows = {row[0]: row[1:] for row in shown.rows()}
    assert rows["deployments"] == ["deploy", "apps/v1", "true", "Deployment"]
    assert rows["nodes"] == ["no", "v1", "false", "Node"]
    assert rows["endpointslices"] == ["discovery.k8s.io/v1", "true", "EndpointSlice"]


async def test_version_is_the_recorded_servers(kubectl: Kubectl) -> None:
    assert "Server Version: v1.36.2" in (await kubectl("version")).out
