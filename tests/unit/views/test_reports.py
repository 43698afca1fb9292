"""The header, the describe screen, and the overview without a screen."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from msgspec import structs

from k9py.api.errors import (
    ConnectionFailedError,
    ForbiddenError,
    NotFoundError,
    UnavailableError,
    WatchCrashedError,
)
from k9py.api.severity import Severity
from k9py.cluster.health import ClusterHealth, ClusterState, KindHealth
from k9py.cluster.scope import Scope
from k9py.cluster.views import RolloutView, ServiceView
from k9py.rollouts.status import RolloutState
from k9py.views.diagnosed_status import DiagnosedStatus, diagnosed_status
from k9py.views.exit_codes import ExitCode
from k9py.views.header import discovery_segments, health_segment, place_segments, server_segments, unread_segments
from k9py.views.overview import (
    json_values,
    overview_exit_code,
    plain_tables,
    summary_text,
)
from k9py.views.values import Tone
from tests import factories as make
from tests.factories import NOW, before
from tests.unit.cluster.world import World, checkout
from tests.unit.views.test_rows import ROLLOUT, SERVICE, STATUS, finding

LIVE = ClusterHealth(ClusterState.LIVE, since=before(60))
REFUSED = ConnectionFailedError("connection refused")
STALE = ClusterHealth(ClusterState.STALE, since=before(90), retry_at=NOW + timedelta(seconds=4), error=REFUSED)
CRASHED = WatchCrashedError("Reading pods failed inside kdash")


def kind(name: str, state: ClusterState = ClusterState.LIVE) -> KindHealth:
    return KindHealth(name, state, True, 7)


@pytest.mark.parametrize(
    ("health", "texts", "tone"),
    [
        (LIVE, ["live"], Tone.OK),
        (ClusterHealth(ClusterState.LOADING, object_count=12_345), ["loading (12,345 objects)"], Tone.BUSY),
        (STALE, ["stale for 90s, reconnecting in 4s"], Tone.FAIL),
        (replace(STALE, retry_at=None), ["stale for 90s, reconnecting now"], Tone.FAIL),
        (
            ClusterHealth(ClusterState.UNREACHABLE, error=REFUSED, retry_at=NOW + timedelta(seconds=2)),
            ["no connection: connection refused, reconnecting in 2s"],
            Tone.FAIL,
        ),
        (ClusterHealth(ClusterState.FORBIDDEN, forbidden=("Pod",)), ["no permission to read anything here"], Tone.FAIL),
        (
            replace(LIVE, forbidden=("EndpointSlice", "Node")),
            ["live", "no permission to read EndpointSlice, Node"],
            Tone.OK,
        ),
        (
            replace(LIVE, forbidden=("EndpointSlice", "Event", "Node")),
            ["live", "no permission to read EndpointSlice, 2 more kinds"],
            Tone.OK,
        ),
        (
            replace(
                LIVE,
                kinds={
                    name: KindHealth(name, ClusterState.UNREACHABLE, False, 0, NotFoundError("no such API", code=404))
                    for name in ("HorizontalPodAutoscaler", "PodDisruptionBudget")
                },
            ),
            [
                "live",
                "this server has no autoscaling/v2, policy/v1: HorizontalPodAutoscaler, PodDisruptionBudget unknown",
            ],
            Tone.OK,
        ),
        (
            replace(LIVE, kinds={"Pod": KindHealth("Pod", ClusterState.LIVE, True, 7, decode_error="Pod: odd")}),
            ["live", "skipped, cannot be decoded: some Pod"],
            Tone.OK,
        ),
        (
            replace(
                STALE,
                since=before(12),
                kinds={"Pod": KindHealth("Pod", ClusterState.STALE, True, 7, ForbiddenError("may not watch"))},
            ),
            ["read 12s ago: watch forbidden, polling"],
            Tone.WARN,
        ),
        (
            ClusterHealth(ClusterState.PARTIAL, forbidden=("EndpointSlice",)),
            ["partly live", "no permission to read EndpointSlice"],
            Tone.WARN,
        ),
        (
            replace(STALE, kinds={"Pod": kind("Pod", ClusterState.STALE), "Service": kind("Service")}),
            ["Pod stale for 90s, reconnecting in 4s"],
            Tone.FAIL,
        ),
        (
            ClusterHealth(
                ClusterState.UNREACHABLE,
                error=CRASHED,
                kinds={"Pod": kind("Pod", ClusterState.UNREACHABLE), "Service": kind("Service")},
            ),
            ["Pod not read: Reading pods failed inside kdash, reconnecting now"],
            Tone.FAIL,
        ),
        (
            replace(LIVE, kinds={"Event": kind("Event", ClusterState.STALE), "Pod": kind("Pod")}),
            ["live", "stale: Event"],
            Tone.OK,
        ),
    ],
)
def test_the_state_of_the_watches_as_text(health: ClusterHealth, texts: list[str], tone: Tone) -> None:
    segments = (health_segment(health, NOW), *unread_segments(health))
    assert [segment.text for segment in segments] == texts
    assert segments[0].tone is tone


@pytest.mark.parametrize(
    ("health", "texts"),
    [
        (LIVE, []),
        (
            replace(LIVE, restored_at=before(60)),
            ["the server went back in time 60s ago (restored from a backup?): everything was relisted"],
        ),
        (
            replace(STALE, restored_at=before(1)),
            ["the server went back in time 1s ago (restored from a backup?): relisting everything"],
        ),
        (replace(LIVE, restored_at=before(601)), []),
    ],
)
def test_a_server_that_went_back_in_time_is_reported_for_a_while(health: ClusterHealth, texts: list[str]) -> None:
    assert [segment.text for segment in server_segments(health, NOW)] == texts


def test_the_place_includes_the_notice() -> None:
    segments = place_segments("prod", Scope(("shop",)), "no permission to list pods in all namespaces")
    assert [(segment.label, segment.text) for segment in segments] == [
        ("context", "prod"),
        ("namespace", "shop"),
        ("", "no permission to list pods in all namespaces"),
    ]
    assert place_segments("prod", Scope(), "")[1].text == "all"


UNKNOWN = structs.replace(
    SERVICE, ready=None, total=None, serving=None, desired=None, severity=Severity.UNKNOWN, findings=()
)
BROKEN = structs.replace(ROLLOUT, findings=(finding(Severity.DOWN),), severity=Severity.DOWN)
MOVING = structs.replace(ROLLOUT, severity=Severity.ROLLING_OUT)
UNSEEN = structs.replace(ROLLOUT, status=structs.replace(STATUS, state=RolloutState.UNKNOWN), severity=Severity.UNKNOWN)


def rated(severity: Severity) -> RolloutView:
    return structs.replace(ROLLOUT, severity=severity)


@pytest.mark.parametrize(
    ("health", "services", "rollouts", "code"),
    [
        (LIVE, [SERVICE], [ROLLOUT], ExitCode.DONE),
        (LIVE, [], [], ExitCode.DONE),
        (LIVE, [SERVICE], [MOVING], ExitCode.DONE),
        (LIVE, [SERVICE], [BROKEN], ExitCode.FAILING),
        (LIVE, [SERVICE], [rated(Severity.DEGRADED)], ExitCode.FAILING),
        (LIVE, [structs.replace(SERVICE, severity=Severity.STUCK)], [ROLLOUT], ExitCode.FAILING),
        (LIVE, [SERVICE], [rated(Severity.WARNING), rated(Severity.IDLE)], ExitCode.DONE),
        (LIVE, [UNKNOWN], [ROLLOUT], ExitCode.UNKNOWN),
        (LIVE, [SERVICE], [UNSEEN], ExitCode.UNKNOWN),
        (LIVE, [UNKNOWN], [BROKEN], ExitCode.FAILING),
        (STALE, [SERVICE], [ROLLOUT], ExitCode.UNKNOWN),
        (replace(LIVE, forbidden=("Pod",)), [SERVICE], [ROLLOUT], ExitCode.UNKNOWN),
        (replace(LIVE, forbidden=("Node",)), [SERVICE], [ROLLOUT], ExitCode.DONE),
        (ClusterHealth(ClusterState.LOADING), [], [], ExitCode.UNKNOWN),
    ],
)
def test_the_exit_code_never_calls_the_unknown_healthy(
    health: ClusterHealth, services: list[ServiceView], rollouts: list[RolloutView], code: int
) -> None:
    assert overview_exit_code(health, services, rollouts) == code


def test_plain_tables_are_worst_first_with_ages_as_text() -> None:
    well = structs.replace(ROLLOUT, key=make.key("Deployment", "a-well"))
    services, rollouts = plain_tables([SERVICE], [well, BROKEN], NOW)
    assert [row[2].text for row in rollouts.rows] == ["checkout", "a-well"]
    assert rollouts.tones == (Tone.FAIL, Tone.OK)
    assert services.rows[0][-1].text == "60m"
    assert [cell.text for cell in rollouts.rows[0][-2:]] == ["60s", "kubectl-set"]


def test_json_has_stable_names_and_null_for_the_unknown() -> None:
    values = json.loads(json.dumps(json_values(STALE, [UNKNOWN], [BROKEN], context="prod", notice="only shop")))
    assert values["health"] == {
        "state": "stale",
        "since": "2026-11-22T11:58:30Z",
        "forbidden_kinds": [],
        "behind_kinds": [],
        "missing_kinds": [],
        "error": "connection refused",
    }
    assert values["services"][0]["ready_endpoints"] is None
    assert (values["services"][0]["verdict"], values["services"][0]["severity"]) == ("unknown", "unknown")
    assert values["services"][0]["workloads"] == [{"kind": "Deployment", "name": "checkout"}]
    rollout = values["rollouts"][0]
    assert (rollout["state"], rollout["desired"], rollout["revision"]) == ("complete", 3, 4)
    assert (rollout["verdict"], rollout["severity"]) == ("failing", "down")
    assert (rollout["changed_at"], rollout["changed_by"]) == ("2026-11-22T11:59:00Z", "kubectl-set")
    assert (rollout["serving"], rollout["wanted"]) == (3, 3)
    assert values["summary"]["rollouts"]["down"] == 1
    assert values["summary"]["services"] == {
        "down": 0,
        "degraded": 0,
        "stuck": 0,
        "unknown": 1,
        "warning": 0,
        "rolling out": 0,
        "healthy": 0,
        "idle": 0,
    }
    assert rollout["findings"][0]["message"] == "image x:9 cannot be pulled"
    assert values["exit_code"] == ExitCode.FAILING
    assert set(values) == {"context", "notice", "health", "summary", "services", "rollouts", "other_pods", "exit_code"}


def test_a_summary_counts_each_severity_and_a_service_with_its_workload_once() -> None:
    explained = structs.replace(SERVICE, severity=Severity.STUCK, is_explained_by_workload=True)
    rollouts = [
        rated(severity) for severity in (Severity.STUCK, Severity.WARNING, Severity.WARNING, Severity.ROLLING_OUT)
    ]
    summary = summary_text([SERVICE, explained, structs.replace(SERVICE, severity=Severity.DOWN)], rollouts)
    assert summary == "1 down · 1 stuck · 2 warnings · 1 rolling out · 1 healthy"


DEPLOYMENT, REPLICA_SET, PODS = checkout()
BAD_POD = make.pod(
    "checkout-aaa-9",
    owner=REPLICA_SET,
    ready=False,
    statuses=[
        make.container_status(
            ready=False, state=make.waiting("ImagePullBackOff", "Back-off"), last=make.terminated(137, "OOMKilled")
        )
    ],
    labels={"app": "checkout"},
)
BEHIND = make.service("checkout")
WORLD = World(
    DEPLOYMENT,
    REPLICA_SET,
    BEHIND,
    BAD_POD,
    *PODS,
    make.endpoint_slice(BEHIND, [*PODS, BAD_POD]),
    make.autoscaler(DEPLOYMENT),
    make.budget("checkout"),
    make.event(BAD_POD, "BackOff", "Back-off pulling image"),
)


def texts(status: DiagnosedStatus) -> dict[str, str]:
    return {line.label: line.text for line in status.lines}


def test_what_could_not_be_read_is_unknown_and_not_left_out() -> None:
    unknown = ["HorizontalPodAutoscaler", "PodDisruptionBudget"]
    status = diagnosed_status(World(DEPLOYMENT, REPLICA_SET, unknown=unknown).queries, DEPLOYMENT.key, NOW)
    assert texts(status)["HPA"] == "unknown: cannot read horizontalpodautoscalers"
    assert texts(status)["PDB"] == "unknown: cannot read poddisruptionbudgets"


def test_the_description_of_a_workload_has_its_state_its_budget_and_its_pods_by_revision() -> None:
    status = diagnosed_status(WORLD.queries, make.key("Deployment", "checkout"), NOW)
    assert texts(status)["HPA"].endswith("2 to 6 replicas")
    assert texts(status)["PDB"].endswith("0 disruptions allowed")
    assert texts(status)["images"] == make.IMAGE
    assert [section.title for section in status.sections] == ["Pods by revision"]
    assert [line.label for line in status.findings]


def test_the_description_of_a_service_has_its_target_and_its_ready_endpoints() -> None:
    status = diagnosed_status(WORLD.queries, make.key("Service", "checkout"), NOW)
    assert texts(status)["endpoints"] == "2 of 3 ready"
    assert "deploy/checkout" in texts(status)["target"]


def test_the_description_of_a_pod_has_its_findings() -> None:
    status = diagnosed_status(WORLD.queries, make.key("Pod", "checkout-aaa-9"), NOW)
    assert "ImagePullBackOff" in [line.label for line in status.findings]


@pytest.mark.parametrize("kind", ["Pod", "Service", "Deployment", "ConfigMap"])
def test_diagnosis_adds_nothing_to_what_it_does_not_know(kind: str) -> None:
    assert diagnosed_status(WORLD.queries, make.key(kind, "gone"), NOW) == DiagnosedStatus()


def test_the_header_names_the_apis_that_cannot_be_discovered() -> None:
    error = UnavailableError("no")
    assert discovery_segments({}) == ()
    (segment,) = discovery_segments({"metrics.k8s.io/v1beta1": error, "\x1bexample.com/v1": error})
    assert segment.text.startswith("not available: ")
    assert "metrics.k8s.io/v1beta1" in segment.text
    assert "\x1b" not in segment.text
    assert segment.tone is Tone.MUTED
    (counted,) = discovery_segments({f"{name}.example.com/v1": error for name in "abc"})
    assert counted.text == "not available: 3 APIs"
