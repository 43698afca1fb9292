"""How nodes run pods: status, events, back-off and logs of each behaviour."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from typing import Any

import pytest

from k9py.simulator.clock import parse_timestamp
from k9py.simulator.kubelet.behaviours import ANNOTATION, Exits, NeverReady, NoImage, Works, behaviour_of
from k9py.simulator.log_generators.scripts import RATE_ANNOTATION
from k9py.simulator.registry.resources import CONFIGMAPS, NODES, PODS
from k9py.simulator.state import ContainerLogRun
from tests.unit.simulator.cluster import NAMESPACE, ClusterUnderTest, Object, running_cluster, template
from tests.unit.simulator.recordings import exchanges, recorded_body


@pytest.fixture
async def cluster() -> AsyncIterator[ClusterUnderTest]:
    async with running_cluster() as running:
        yield running


def run(
    cluster: ClusterUnderTest, spec: Object | None = None, behaviour: str = "", name: str = "one", **more: Any
) -> None:
    """Create a pod with one container, or with the given spec."""
    annotations = {ANNOTATION: behaviour} if behaviour else {}
    body = {**template()["spec"], **(spec or {}), **more}
    cluster.create("Pod", name, body, annotations=annotations, labels={"app": "checkout"})


def entry(cluster: ClusterUnderTest, name: str = "app", pod: str = "one") -> Object:
    status = cluster.get(PODS, pod)["status"]
    entries = (*status.get("initContainerStatuses", ()), *status["containerStatuses"])
    return next(dict(entry) for entry in entries if entry["name"] == name)


def logs(
    cluster: ClusterUnderTest, *, previous: bool = False, container: str = "app", pod: str = "one"
) -> ContainerLogRun:
    run_log = cluster.state.log_source.open(cluster.get(PODS, pod), container, previous=previous)
    assert run_log is not None
    return run_log


def ready(cluster: ClusterUnderTest, pod: str = "one") -> str:
    return str(cluster.condition(cluster.get(PODS, pod), "Ready")["status"])


# -- behaviours --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("image", "annotation", "wanted"),
    [
        ("r/checkout:1.0.0", "", Works()),
        ("r/checkout:badimage", "", NoImage()),
        ("registry.example.com/shop/checkout:2.8.0", "", NoImage()),
        ("r/checkout:1.2-crash", "", Exits(1, 3.0)),
        ("r/checkout:oom", "", Exits(137, 4.0, "OOMKilled")),
        ("r/checkout:unready", "", NeverReady()),
        ("r/checkout:slow", "", Works(20.0)),
        ("r/checkout:1", "app=unready,proxy=crash", NeverReady()),
        ("r/checkout:1", "proxy=crash", Works()),
        ("r/checkout:1", "ready:5", Works(5.0)),
        ("r:5000/checkout", "image-missing", NoImage()),
    ],
)
def test_behaviour_follows_image_and_annotation(image: str, annotation: str, wanted: object) -> None:
    pod = {"metadata": {"annotations": {ANNOTATION: annotation}}, "spec": {}}
    assert behaviour_of(pod, {"name": "app", "image": image}, init=False) == wanted


async def test_an_unknown_behaviour_is_reported_and_stops_no_other_pod(cluster: ClusterUnderTest) -> None:
    run(cluster, behaviour="dance")
    run(cluster, name="two")
    await cluster.advance(5)
    assert "dance" in entry(cluster)["state"]["waiting"]["message"]
    assert ready(cluster, "two") == "True"


# -- what the kubelet shows --------------------------------------------------------------------------------------


async def test_a_healthy_pod_goes_through_the_recorded_stages(cluster: ClusterUnderTest) -> None:
    run(cluster)
    await cluster.advance(10)
    phases = [c.obj["status"]["phase"] for c in cluster.changes if c.resource is PODS]
    assert list(dict.fromkeys(phases)) == ["Pending", "Running"]
    pod = cluster.get(PODS, "one")
    recorded = next(
        pod
        for pod in recorded_body("list", "/api/v1/namespaces/shop/pods")["items"]
        if pod["metadata"]["name"].startswith("agent-")
    )
    assert pod["status"].keys() >= recorded["status"].keys()
    assert entry(cluster).keys() == recorded["status"]["containerStatuses"][0].keys()
    assert {c["type"] for c in pod["status"]["conditions"]} >= {c["type"] for c in recorded["status"]["conditions"]}
    assert [reason for reason in ("Scheduled", "Pulled", "Created", "Started") if cluster.events(reason)] == [
        "Scheduled",
        "Pulled",
        "Created",
        "Started",
    ]


async def test_a_readiness_probe_delays_ready_and_not_running(cluster: ClusterUnderTest) -> None:
    container = {**template()["spec"]["containers"][0], "readinessProbe": {"httpGet": {"port": 80}}}
    run(cluster, {"containers": [container]}, behaviour="ready:10")
    await cluster.advance(5)
    assert cluster.get(PODS, "one")["status"]["phase"] == "Running"
    condition = cluster.condition(cluster.get(PODS, "one"), "Ready")
    assert (condition["status"], condition["message"]) == ("False", "containers with unready status: [app]")
    await cluster.advance(10)
    assert ready(cluster) == "True"


async def test_an_image_that_is_not_there_is_named_and_retried_with_back_off(cluster: ClusterUnderTest) -> None:
    image = "registry.example.com/checkout:badimage"
    run(cluster, {"containers": [{"name": "app", "image": image}]})
    await cluster.advance(1.5)
    assert entry(cluster)["state"]["waiting"]["reason"] == "ErrImagePull"
    assert image in entry(cluster)["state"]["waiting"]["message"]
    await cluster.advance(3)
    waiting = entry(cluster)["state"]["waiting"]
    assert waiting["reason"] == "ImagePullBackOff"
    assert waiting["message"].startswith(f'Back-off pulling image "{image}"')
    assert cluster.get(PODS, "one")["status"]["phase"] == "Pending"
    await cluster.advance(200)
    assert 4 <= cluster.events("Pulling")[0]["count"] <= 6
    assert cluster.messages("Pulling") == [f'Pulling image "{image}"']


async def test_a_crash_loop_restarts_once_immediately_then_backs_off_10_20_40(cluster: ClusterUnderTest) -> None:
    run(cluster, behaviour="crash:3")
    starts: list[float] = []
    for _ in range(200):
        await cluster.advance(1)
        state = cluster.get(PODS, "one")["status"].get("containerStatuses", [{}])[0].get("state", {})
        running = state.get("running")
        if running and (not starts or starts[-1] != parse_timestamp(running["startedAt"]).timestamp()):
            starts.append(parse_timestamp(running["startedAt"]).timestamp())
    gaps = [round(b - a) for a, b in itertools.pairwise(starts)]
    assert [gap for gap in gaps[:4] if gap] == pytest.approx([4, 14, 24, 44], abs=2)
    assert entry(cluster)["lastState"]["terminated"]["exitCode"] == 3
    assert entry(cluster)["restartCount"] >= 4
    back_off = cluster.events("BackOff")[0]
    assert back_off["type"] == "Warning"
    assert back_off["message"].startswith("Back-off restarting failed container app in pod one_shop(")


async def test_a_crash_loop_has_a_waiting_message(cluster: ClusterUnderTest) -> None:
    run(cluster, behaviour="crash")
    await cluster.advance(12)
    waiting = entry(cluster)["state"]["waiting"]
    assert waiting["reason"] == "CrashLoopBackOff"
    assert waiting["message"].startswith("back-off 10s restarting failed container=app pod=one_shop(")
    pod = cluster.get(PODS, "one")
    assert (pod["status"]["phase"], ready(cluster)) == ("Running", "False")


async def test_out_of_memory_is_137(cluster: ClusterUnderTest) -> None:
    run(cluster, behaviour="oom")
    await cluster.advance(12)
    ended = entry(cluster)["lastState"]["terminated"]
    assert (ended["reason"], ended["exitCode"]) == ("OOMKilled", 137)


async def test_a_failing_probe_is_reported_repeatedly(cluster: ClusterUnderTest) -> None:
    run(cluster, behaviour="unready")
    await cluster.advance(60)
    (event,) = cluster.events("Unhealthy")
    recorded = recorded_body("events-after", "/api/v1/namespaces/shop/events")["items"]
    assert event["message"] == next(
        recorded_event["message"] for recorded_event in recorded if recorded_event["reason"] == "Unhealthy"
    )
    assert event["count"] >= 5
    assert "running" in entry(cluster)["state"]
    assert ready(cluster) == "False"


async def test_init_containers_run_first_and_a_sidecar_stays(cluster: ClusterUnderTest) -> None:
    init = [
        {"name": "migrate", "image": "r/migrate:1"},
        {"name": "mesh", "image": "r/mesh:1", "restartPolicy": "Always"},
    ]
    run(cluster, {"initContainers": init})
    await cluster.advance(15)
    assert entry(cluster, "migrate")["state"]["terminated"]["reason"] == "Completed"
    assert "running" in entry(cluster, "mesh")["state"]
    assert ready(cluster) == "True"


async def test_a_crashing_sidecar_makes_its_pod_unready_and_not_uninitialized(cluster: ClusterUnderTest) -> None:
    run(cluster, {"initContainers": [{"name": "mesh", "image": "r/mesh:1", "restartPolicy": "Always"}]}, "mesh=crash")
    await cluster.advance(40)
    pod = cluster.get(PODS, "one")
    assert "running" in entry(cluster)["state"]
    assert entry(cluster, "mesh")["restartCount"] > 0
    assert pod["status"]["phase"] == "Running"
    assert cluster.condition(pod, "Initialized")["status"] == "True"
    assert entry(cluster, "mesh")["state"]["waiting"]["reason"] == "CrashLoopBackOff"
    assert cluster.condition(pod, "Ready")["message"] == "containers with unready status: [mesh]"


async def test_a_pod_with_scheduling_gates_waits_for_their_removal(cluster: ClusterUnderTest) -> None:
    run(cluster, {"schedulingGates": [{"name": "quota.example.com/wait"}]})
    await cluster.advance(30)
    pod = cluster.get(PODS, "one")
    assert cluster.condition(pod, "PodScheduled")["reason"] == "SchedulingGated"
    assert cluster.messages("FailedScheduling") == []
    spec = {key: value for key, value in pod["spec"].items() if key != "schedulingGates"}
    cluster.storage.update(PODS, {**pod, "spec": spec})
    await cluster.advance(30)
    assert ready(cluster) == "True"


async def test_a_failing_init_container_keeps_the_others_waiting(cluster: ClusterUnderTest) -> None:
    run(cluster, {"initContainers": [{"name": "migrate", "image": "r/broken:initfail"}]})
    await cluster.advance(30)
    assert entry(cluster, "migrate")["state"].get("waiting", {}).get("reason") == "CrashLoopBackOff"
    assert entry(cluster)["state"] == {"waiting": {"reason": "PodInitializing"}}
    assert cluster.get(PODS, "one")["status"]["phase"] == "Pending"
    assert cluster.condition(cluster.get(PODS, "one"), "Initialized")["status"] == "False"


async def test_a_missing_config_map_holds_the_container_until_it_is_there(cluster: ClusterUnderTest) -> None:
    container = {**template()["spec"]["containers"][0], "envFrom": [{"configMapRef": {"name": "settings"}}]}
    run(cluster, {"containers": [container]})
    await cluster.advance(5)
    waiting = entry(cluster)["state"]["waiting"]
    assert waiting == {"reason": "CreateContainerConfigError", "message": 'configmap "settings" not found'}
    cluster.storage.create(CONFIGMAPS, {"metadata": {"name": "settings", "namespace": NAMESPACE}, "data": {}})
    await cluster.advance(15)
    assert ready(cluster) == "True"


async def test_a_missing_secret_volume_holds_the_pod(cluster: ClusterUnderTest) -> None:
    run(cluster, {"volumes": [{"name": "keys", "secret": {"secretName": "keys"}}]})
    await cluster.advance(5)
    assert entry(cluster)["state"]["waiting"]["reason"] == "ContainerCreating"
    assert cluster.messages("FailedMount") == ['MountVolume.SetUp failed for volume "keys" : secret "keys" not found']


async def test_a_deleted_pod_stops_gracefully(cluster: ClusterUnderTest) -> None:
    run(cluster)
    await cluster.advance(5)
    cluster.storage.delete(PODS, NAMESPACE, "one")
    await cluster.advance(0.1)
    assert cluster.get(PODS, "one")["metadata"]["deletionTimestamp"]
    assert cluster.messages("Killing") == ["Stopping container app"]
    await cluster.advance(5)
    assert not cluster.pods()


async def test_a_forced_deletion_is_immediate(cluster: ClusterUnderTest) -> None:
    run(cluster)
    await cluster.advance(5)
    cluster.storage.delete(PODS, NAMESPACE, "one", grace=0)
    assert not cluster.pods()


async def test_pods_of_a_lost_node_stay_as_they_are(cluster: ClusterUnderTest) -> None:
    run(cluster)
    await cluster.advance(5)
    node = cluster.storage.get(NODES, None, cluster.get(PODS, "one")["spec"]["nodeName"])
    assert node is not None
    conditions = [{**condition, "status": "Unknown"} for condition in node["status"]["conditions"]]
    cluster.storage.update(NODES, {**node, "status": {**node["status"], "conditions": conditions}}, status_only=True)
    cluster.storage.delete(PODS, NAMESPACE, "one")
    await cluster.advance(60)
    assert cluster.get(PODS, "one")["metadata"]["deletionTimestamp"]


# -- scheduling --------------------------------------------------------------------------------------------------


async def test_a_missing_claim_is_reported_with_the_recorded_text_and_scheduled_when_it_exists(
    cluster: ClusterUnderTest,
) -> None:
    claim = {"persistentVolumeClaim": {"claimName": "missing"}, "name": "files"}
    run(cluster, {"volumes": [claim]})
    await cluster.advance(5)
    recorded = exchanges("unschedulable")[-2]["response"]["body"]["items"][0]["status"]["conditions"][0]
    condition = cluster.condition(cluster.get(PODS, "one"), "PodScheduled")
    assert {**condition, "lastTransitionTime": ""} == {
        **recorded,
        "lastTransitionTime": "",
        "message": recorded["message"].replace("0/10", "0/3"),
    }
    assert cluster.messages("FailedScheduling") == [condition["message"]]
    resources = {"requests": {"storage": "1Gi"}}
    cluster.create("PersistentVolumeClaim", "missing", {"accessModes": ["ReadWriteOnce"], "resources": resources})
    await cluster.advance(10)
    assert ready(cluster) == "True"


async def test_a_pod_that_requests_too_much_is_unschedulable(cluster: ClusterUnderTest) -> None:
    resources = {"requests": {"cpu": "100"}}
    run(cluster, {"containers": [{**template()["spec"]["containers"][0], "resources": resources}]})
    await cluster.advance(130)
    (event,) = cluster.events("FailedScheduling")
    assert event["message"] == (
        "0/3 nodes are available: 3 Insufficient cpu. "
        "preemption: 0/3 nodes are available: 3 No preemption victims found for incoming pod."
    )
    assert event["series"]["count"] >= 2


async def test_replicas_are_spread_over_nodes(cluster: ClusterUnderTest) -> None:
    for number in range(6):
        run(cluster, name=f"pod-{number}")
    await cluster.advance(5)
    nodes = [pod["spec"]["nodeName"] for pod in cluster.pods()]
    assert sorted(nodes) == sorted(["node-000", "node-001", "node-002"] * 2)


# -- logs --------------------------------------------------------------------------------------------------------


async def test_lines_are_in_order_the_same_each_time_and_numbered_from_zero(cluster: ClusterUnderTest) -> None:
    run(cluster)
    await cluster.advance(120)
    lines = list(logs(cluster).read())
    assert [line.sequence for line in lines] == list(range(len(lines)))
    assert len(lines) > 20
    moments = [line.timestamp for line in lines]
    assert moments == sorted(moments)
    assert moments[-1] <= cluster.clock.now()
    assert lines == list(logs(cluster).read())
    assert list(logs(cluster).read()[-3:]) == lines[-3:]
    assert list(logs(cluster).read(lines[-3].sequence)) == lines[-2:]


async def test_only_the_newest_lines_of_a_long_log_are_held(cluster: ClusterUnderTest) -> None:
    cluster.create("Pod", "one", template()["spec"], annotations={RATE_ANNOTATION: "100"})
    await cluster.advance(600)
    lines = logs(cluster).read()
    assert len(lines) == 5000
    assert lines[0].sequence > 0


async def test_a_crashed_run_ends_in_a_trace_and_stays_readable_as_previous(cluster: ClusterUnderTest) -> None:
    run(cluster, behaviour="crash")
    await cluster.advance(12)
    text = [line.text for line in logs(cluster, previous=True).read()]
    assert text[-1].startswith("KeyError")
    assert "Traceback (most recent call last):" in text
    assert not await logs(cluster, previous=True).wait_for_more(len(text) - 1)


async def test_a_container_that_never_ran_has_no_log(cluster: ClusterUnderTest) -> None:
    run(cluster, behaviour="image-missing")
    await cluster.advance(10)
    assert cluster.state.log_source.open(cluster.get(PODS, "one"), "app") is None


async def test_a_follower_is_woken_by_the_next_line_and_ends_with_the_pod(cluster: ClusterUnderTest) -> None:
    run(cluster)
    await cluster.advance(10)
    log = logs(cluster)
    last = log.read()[-1].sequence
    waiting = asyncio.create_task(log.wait_for_more(last))
    await cluster.advance(30)
    assert waiting.done()
    assert waiting.result()
    cluster.storage.delete(PODS, NAMESPACE, "one")
    await cluster.advance(10)
    end = asyncio.create_task(log.wait_for_more(log.read()[-1].sequence + 100))
    await cluster.advance(1)
    assert end.done()
    assert not end.result()
