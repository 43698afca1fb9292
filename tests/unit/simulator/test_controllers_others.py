"""Endpoints, jobs, budgets, autoscalers and events."""

from collections.abc import AsyncIterator

import pytest

from k9py.simulator.controllers.events import EventRecorder
from k9py.simulator.controllers.horizontal_pod_autoscaler import LOAD_ANNOTATION
from k9py.simulator.registry.resources import (
    CRONJOBS,
    DEPLOYMENTS,
    ENDPOINTS,
    ENDPOINTSLICES,
    EVENTS,
    HORIZONTALPODAUTOSCALERS,
    JOBS,
    PODDISRUPTIONBUDGETS,
    PODS,
    SERVICES,
)
from tests.unit.simulator.cluster import (
    NAMESPACE,
    ClusterUnderTest,
    Object,
    running_cluster,
    template,
    with_fields,
    workload,
)
from tests.unit.simulator.recordings import recorded_body


@pytest.fixture
async def cluster() -> AsyncIterator[ClusterUnderTest]:
    async with running_cluster() as running:
        yield running


def service(cluster: ClusterUnderTest, target: int | str = "http") -> None:
    ports = [{"name": "http", "port": 80, "targetPort": target}]
    cluster.create("Service", "checkout", {"selector": {"app": "checkout"}, "ports": ports})


def with_port(name: str = "http") -> Object:
    pod = template()
    pod["spec"]["containers"][0]["ports"] = [{"name": name, "containerPort": 8080}]
    return pod


def slice_of(cluster: ClusterUnderTest, name: str = "checkout") -> Object:
    """Return the only EndpointSlice of a Service."""
    slices = cluster.storage.list(ENDPOINTSLICES, NAMESPACE)
    (only,) = [
        endpoint_slice
        for endpoint_slice in slices
        if endpoint_slice["metadata"]["labels"]["kubernetes.io/service-name"] == name
    ]
    return only


# -- endpoints ---------------------------------------------------------------------------------------------------


async def test_a_slice_has_the_shape_of_a_recorded_one(cluster: ClusterUnderTest) -> None:
    service(cluster)
    cluster.create("Deployment", "checkout", workload(replicas=2, template=with_port()))
    await cluster.advance(10)
    recorded = recorded_body("list", "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices")["items"][0]
    endpoint_slice = slice_of(cluster)
    assert {*endpoint_slice, "kind", "apiVersion"} == {*recorded, "kind", "apiVersion"}
    assert endpoint_slice["ports"] == recorded["ports"]
    assert endpoint_slice["endpoints"][0].keys() == recorded["endpoints"][0].keys()
    assert endpoint_slice["endpoints"][0]["conditions"] == recorded["endpoints"][0]["conditions"]
    assert endpoint_slice["metadata"]["labels"] == recorded["metadata"]["labels"]
    addresses = [endpoint["addresses"][0] for endpoint in endpoint_slice["endpoints"]]
    subset = cluster.get(ENDPOINTS, "checkout")["subsets"][0]
    assert [address["ip"] for address in subset["addresses"]] == addresses


async def test_a_service_that_selects_nothing_has_one_empty_slice(cluster: ClusterUnderTest) -> None:
    service(cluster)
    await cluster.advance(1)
    assert (slice_of(cluster)["endpoints"], slice_of(cluster)["ports"]) == (None, None)


async def test_a_port_name_that_no_container_has_leaves_no_port(cluster: ClusterUnderTest) -> None:
    service(cluster, target="htpp")
    cluster.create("Deployment", "checkout", workload(replicas=1, template=with_port()))
    await cluster.advance(10)
    assert slice_of(cluster)["ports"] == []


async def test_an_endpoint_that_terminates_serves_but_is_not_ready(cluster: ClusterUnderTest) -> None:
    service(cluster)
    cluster.create("Deployment", "checkout", workload(replicas=1, template=with_port()))
    await cluster.advance(10)
    cluster.change(DEPLOYMENTS, "checkout", with_fields(replicas=0))
    await cluster.advance(0.5)
    assert slice_of(cluster)["endpoints"][0]["conditions"] == {"ready": False, "serving": True, "terminating": True}
    await cluster.advance(5)
    assert slice_of(cluster)["endpoints"] is None


async def test_correcting_a_selector_brings_the_endpoints_back(cluster: ClusterUnderTest) -> None:
    service(cluster)
    cluster.create("Deployment", "checkout", workload(replicas=2, template=with_port()))
    cluster.change(SERVICES, "checkout", with_fields(selector={"app": "chekcout"}))
    await cluster.advance(10)
    assert slice_of(cluster)["endpoints"] is None
    cluster.change(SERVICES, "checkout", with_fields(selector={"app": "checkout"}))
    await cluster.advance(1)
    assert len(slice_of(cluster)["endpoints"]) == 2


async def test_more_than_a_hundred_endpoints_take_several_slices(cluster: ClusterUnderTest) -> None:
    service(cluster)
    cluster.create("Deployment", "checkout", workload(replicas=120, template=with_port()))
    await cluster.advance(20)
    sizes = [len(endpoint_slice["endpoints"]) for endpoint_slice in cluster.storage.list(ENDPOINTSLICES, NAMESPACE)]
    assert sorted(sizes) == [20, 100]


async def test_a_deleted_service_takes_its_slices(cluster: ClusterUnderTest) -> None:
    service(cluster)
    await cluster.advance(1)
    cluster.storage.delete(SERVICES, NAMESPACE, "checkout")
    await cluster.advance(1)
    assert not cluster.storage.list(ENDPOINTSLICES)
    assert not cluster.storage.list(ENDPOINTS)


# -- jobs --------------------------------------------------------------------------------------------------------


def job_template(**annotations: str) -> Object:
    pod = template("registry.example.com/migrate:1", **annotations)
    return {**pod, "spec": {**pod["spec"], "restartPolicy": "Never"}}


async def test_a_job_completes_with_the_recorded_text(cluster: ClusterUnderTest) -> None:
    cluster.create("Job", "migrate", {"template": job_template()})
    await cluster.advance(30)
    recorded = recorded_body("list", "/apis/batch/v1/namespaces/shop/jobs")["items"][0]["status"]
    status = cluster.get(JOBS, "migrate")["status"]
    assert status.keys() == recorded.keys()
    assert [c["type"] for c in status["conditions"]] == [c["type"] for c in recorded["conditions"]]
    assert [c["message"] for c in status["conditions"]] == [c["message"] for c in recorded["conditions"]]
    assert status["succeeded"] == 1
    assert cluster.pod()["status"]["phase"] == "Succeeded"
    assert cluster.messages("Completed") == ["Job completed"]


async def test_a_job_that_fails_too_often_gives_up(cluster: ClusterUnderTest) -> None:
    pod = job_template(**{"sim.k9py.dev/behaviour": "crash:2"})
    cluster.create("Job", "migrate", {"template": pod, "backoffLimit": 1})
    await cluster.advance(60)
    job = cluster.get(JOBS, "migrate")
    assert cluster.condition(job, "Failed")["reason"] == "BackoffLimitExceeded"
    assert job["status"]["failed"] == 2
    assert cluster.messages("BackoffLimitExceeded") == ["Job has reached the specified backoff limit"]


async def test_a_suspended_job_has_no_pods_and_starts_when_it_is_resumed(cluster: ClusterUnderTest) -> None:
    job = cluster.create("Job", "migrate", {"template": job_template(), "suspend": True})
    await cluster.advance(10)
    status = cluster.get(JOBS, "migrate")["status"]
    assert "startTime" not in status
    assert [(c["type"], c["status"], c["reason"]) for c in status["conditions"]] == [
        ("Suspended", "True", "JobSuspended")
    ]
    assert cluster.pods() == []
    cluster.change(JOBS, "migrate", with_fields(suspend=False))
    await cluster.advance(4)
    assert len(cluster.pods()) == 1
    cluster.change(JOBS, "migrate", with_fields(suspend=True))
    await cluster.advance(10)
    assert cluster.pods() == []
    cluster.change(JOBS, "migrate", with_fields(suspend=False))
    await cluster.advance(30)
    assert cluster.condition(cluster.get(JOBS, "migrate"), "Complete")["status"] == "True"
    assert set(cluster.messages("Suspended") + cluster.messages("Resumed")) == {"Job suspended", "Job resumed"}
    assert job["spec"]["suspend"] is True


@pytest.mark.parametrize(
    ("zone", "last"),
    [("", "2026-01-15T15:00:00Z"), ("Europe/Berlin", "2026-01-15T14:00:00Z"), ("Asia/Kolkata", None)],
)
async def test_a_schedule_is_in_its_time_zone(cluster: ClusterUnderTest, zone: str, last: str | None) -> None:
    spec = {"schedule": "0 15 * * *", "jobTemplate": {"spec": {"template": job_template()}}}
    cluster.create("CronJob", "nightly", {**spec, **({"timeZone": zone} if zone else {})})
    await cluster.advance(3 * 3600 + 60)
    assert cluster.get(CRONJOBS, "nightly")["status"].get("lastScheduleTime") == last


async def test_an_unknown_time_zone_is_reported(cluster: ClusterUnderTest) -> None:
    spec = {"schedule": "0 15 * * *", "timeZone": "Mars/Olympus", "jobTemplate": {"spec": {"template": job_template()}}}
    cluster.create("CronJob", "nightly", spec)
    await cluster.advance(5)
    assert cluster.messages("UnknownTimeZone") == ['invalid timeZone: "Mars/Olympus"']


async def test_a_cronjob_makes_jobs_and_keeps_three(cluster: ClusterUnderTest) -> None:
    spec = {"schedule": "*/5 * * * *", "jobTemplate": {"spec": {"template": job_template()}}}
    cluster.create("CronJob", "nightly", spec)
    await cluster.advance(5 * 60 * 5 + 30)
    status = cluster.get(CRONJOBS, "nightly")["status"]
    assert status["lastScheduleTime"] == "2026-01-15T12:25:00Z"
    assert len(cluster.storage.list(JOBS)) == 3
    assert cluster.messages("SuccessfulCreate")


@pytest.mark.parametrize(("deadline", "last"), [(None, "2026-01-15T03:00:00Z"), (3600, "2026-01-14T03:00:00Z")])
async def test_a_missed_start_is_made_up_for_within_the_deadline(
    cluster: ClusterUnderTest, deadline: int | None, last: str
) -> None:
    spec = {
        "schedule": "0 3 * * *",
        "startingDeadlineSeconds": deadline,
        "suspend": True,
        "jobTemplate": {"spec": {"template": job_template()}},
    }
    cron = cluster.create("CronJob", "nightly", spec)
    missed = {**cron, "spec": {**spec, "suspend": False}, "status": {"lastScheduleTime": "2026-01-14T03:00:00Z"}}
    cluster.storage.update(CRONJOBS, missed)
    await cluster.advance(5)
    assert cluster.get(CRONJOBS, "nightly")["status"]["lastScheduleTime"] == last
    assert len(cluster.storage.list(JOBS)) == (deadline is None)


async def test_an_invalid_schedule_is_reported(cluster: ClusterUnderTest) -> None:
    spec = {"schedule": "x * * * *", "jobTemplate": {"spec": {"template": job_template()}}}
    cluster.create("CronJob", "nightly", spec)
    await cluster.advance(5)
    assert cluster.messages("UnparseableSchedule") == ['unparseable schedule: "x * * * *"']


async def test_an_object_that_is_malformed_does_not_stop_the_others(
    cluster: ClusterUnderTest, caplog: pytest.LogCaptureFixture
) -> None:
    odd = cluster.create("Deployment", "odd", workload(replicas=2))
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "some", "maxUnavailable": 0}}
    cluster.storage.update(DEPLOYMENTS, {**odd, "spec": {**odd["spec"], "strategy": rolling}})
    cluster.create("Deployment", "even", workload(replicas=1))
    await cluster.advance(10)
    assert cluster.deployment("even")["status"]["availableReplicas"] == 1
    assert "could not reconcile shop/odd" in caplog.text
    cluster.expected_errors = True


# -- budgets and autoscalers -------------------------------------------------------------------------------------


async def test_a_budget_counts_with_the_recorded_text(cluster: ClusterUnderTest) -> None:
    cluster.create("Deployment", "checkout", workload(replicas=4))
    budget = {"minAvailable": 4, "selector": {"matchLabels": {"app": "checkout"}}}
    cluster.create("PodDisruptionBudget", "checkout", budget)
    await cluster.advance(10)
    recorded = recorded_body("list", "/apis/policy/v1/namespaces/shop/poddisruptionbudgets")["items"][0]["status"]
    status = cluster.get(PODDISRUPTIONBUDGETS, "checkout")["status"]
    assert {**status, "conditions": []} == {**recorded, "conditions": []}
    assert status["conditions"][0]["reason"] == recorded["conditions"][0]["reason"]
    cluster.change(
        PODDISRUPTIONBUDGETS, "checkout", lambda spec: {"selector": spec["selector"], "maxUnavailable": "50%"}
    )
    await cluster.advance(1)
    status = cluster.get(PODDISRUPTIONBUDGETS, "checkout")["status"]
    assert (status["disruptionsAllowed"], status["desiredHealthy"], status["expectedPods"]) == (2, 2, 4)


def autoscaled(cluster: ClusterUnderTest, replicas: int, **annotations: str) -> None:
    pod = template()
    pod["spec"]["containers"][0]["resources"] = {"requests": {"cpu": "100m"}}
    cluster.create("Deployment", "checkout", workload(replicas=replicas, template=pod))
    resource = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}
    cluster.create(
        "HorizontalPodAutoscaler",
        "checkout",
        {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "checkout"},
            "minReplicas": 2,
            "maxReplicas": 6,
            "metrics": [{"type": "Resource", "resource": resource}],
        },
        annotations=annotations,
    )


async def test_an_autoscaler_at_rest_scales_nothing_and_shows_its_metric(cluster: ClusterUnderTest) -> None:
    autoscaled(cluster, 4, **{LOAD_ANNOTATION: "4"})
    await cluster.advance(3600)
    status = cluster.get(HORIZONTALPODAUTOSCALERS, "checkout")["status"]
    assert (status["currentReplicas"], status["desiredReplicas"]) == (4, 4)
    assert 60 <= status["currentMetrics"][0]["resource"]["current"]["averageUtilization"] <= 80
    assert not cluster.messages("SuccessfulRescale")


async def test_an_autoscaler_brings_a_hand_scaled_target_back_within_its_bounds(cluster: ClusterUnderTest) -> None:
    autoscaled(cluster, 4, **{LOAD_ANNOTATION: "4"})
    await cluster.advance(60)
    cluster.change(DEPLOYMENTS, "checkout", with_fields(replicas=9))
    await cluster.advance(30)
    assert cluster.deployment()["spec"]["replicas"] <= 6
    cluster.change(DEPLOYMENTS, "checkout", with_fields(replicas=1))
    await cluster.advance(60)
    assert cluster.deployment()["spec"]["replicas"] >= 4
    assert cluster.messages("SuccessfulRescale")[0].startswith("New size: ")
    [wrote] = cluster.deployment()["metadata"]["managedFields"]
    assert (wrote["manager"], wrote["subresource"]) == ("kube-controller-manager", "scale")
    assert wrote["fieldsV1"] == {"f:spec": {"f:replicas": {}}}


# -- events ------------------------------------------------------------------------------------------------------


async def test_the_same_message_is_counted_and_many_different_ones_combined(cluster: ClusterUnderTest) -> None:
    created = cluster.create("Deployment", "checkout", workload(replicas=0))
    recorder = EventRecorder(cluster.state, "test")
    for _ in range(3):
        recorder.record(created, "Normal", "Same", "the same")
        await cluster.advance(1)
    (same,) = cluster.events("Same")
    assert same["count"] == 3
    assert same["firstTimestamp"] < same["lastTimestamp"]
    for number in range(13):
        recorder.record(created, "Warning", "Many", f"message {number}")
    assert len(cluster.events("Many")) == 11
    (combined,) = [event for event in cluster.events("Many") if event["message"].startswith("(combined")]
    assert combined["count"] == 3


async def test_one_source_may_record_25_events_about_an_object(cluster: ClusterUnderTest) -> None:
    created = cluster.create("Deployment", "checkout", workload(replicas=0))
    recorder = EventRecorder(cluster.state, "test")
    for _ in range(40):
        recorder.record(created, "Normal", "Same", "the same")
    assert cluster.events("Same")[0]["count"] == 25


async def test_events_are_forgotten_after_an_hour(cluster: ClusterUnderTest) -> None:
    created = cluster.create("Deployment", "checkout", workload(replicas=0))
    recorder = EventRecorder(cluster.state, "test")
    recorder.record(created, "Normal", "Old", "old")
    await cluster.advance(3700)
    recorder.record(created, "Normal", "New", "new")
    assert not cluster.events("Old")
    assert cluster.events("New")


async def test_an_event_has_the_fields_of_a_recorded_one(cluster: ClusterUnderTest) -> None:
    cluster.create("Deployment", "checkout", workload(replicas=1))
    await cluster.advance(10)
    recorded = recorded_body("events-after", "/api/v1/namespaces/shop/events")["items"]
    for reason in ("ScalingReplicaSet", "Scheduled"):
        wanted = next(event for event in recorded if event["reason"] == reason)
        event = cluster.events(reason)[0]
        assert event.keys() - {"kind", "apiVersion"} == wanted.keys()
        assert event["involvedObject"].keys() == wanted["involvedObject"].keys()
    assert len(cluster.storage.list(PODS)) == 1
    assert cluster.storage.list(EVENTS)
