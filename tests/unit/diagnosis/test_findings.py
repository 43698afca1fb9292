"""Findings of pods, workloads and services, and their order."""

from __future__ import annotations

import msgspec
import pytest

from k9py.api.causes import CauseKind
from k9py.api.services import Endpoint, EndpointConditions, EndpointSlice, Service, ServicePort
from k9py.api.severity import Severity
from k9py.api.workloads import Strategy
from k9py.diagnosis.finding import Finding, worst, worst_first
from k9py.diagnosis.pods import pod_findings
from k9py.diagnosis.services import service_findings
from k9py.diagnosis.workloads import workload_findings
from tests import factories as make

CRASHED = make.container_status(
    ready=False, state=make.waiting("CrashLoopBackOff"), last=make.terminated(1), restarts=3
)
STARTING = make.container_status(ready=False, state=make.running(5))

QUOTA = "exceeded quota: tight, requested: pods=1, used: pods=3, limited: pods=3"


def summarized(findings: tuple[Finding, ...]) -> list[tuple[Severity, str, str]]:
    return [(finding.severity, finding.reason, finding.message) for finding in findings]


# --- pods ----------------------------------------------------------------------------------------------------------


def test_a_ready_pod_has_no_finding() -> None:
    assert pod_findings(make.pod(), make.NOW) == ()


def test_a_crashing_pod_fails_and_a_starting_one_is_information() -> None:
    [crash] = pod_findings(make.pod(ready=False, statuses=[CRASHED]), make.NOW)
    [start] = pod_findings(make.pod(ready=False, statuses=[STARTING]), make.NOW)
    assert (crash.severity, crash.kind) == (Severity.DOWN, CauseKind.CRASH)
    assert start.severity is Severity.INFO


def test_a_ready_pod_that_was_killed_not_long_ago_warns() -> None:
    status = make.container_status(last=make.terminated(137, "OOMKilled", since=120), restarts=2)
    assert summarized(pod_findings(make.pod(statuses=[status]), make.NOW)) == [
        (Severity.WARNING, "OOMKilled", "container app was restarted 2 times, last 2m ago (OOMKilled)")
    ]


def test_a_restart_of_yesterday_is_forgotten() -> None:
    status = make.container_status(last=make.terminated(1, since=90000), restarts=2)
    assert pod_findings(make.pod(statuses=[status]), make.NOW) == ()


def test_an_evicted_pod_warns_and_a_failed_one_fails() -> None:
    evicted = make.pod(ready=False, phase="Failed", reason="Evicted", message="The node was low on resource: memory.")
    assert summarized(pod_findings(evicted, make.NOW)) == [
        (Severity.WARNING, "Evicted", "pod was evicted from its node: The node was low on resource: memory")
    ]
    failed = make.pod(
        ready=False, phase="Failed", statuses=[make.container_status(ready=False, state=make.terminated(3))]
    )
    assert summarized(pod_findings(failed, make.NOW)) == [(Severity.DOWN, "Error", "container app failed (exit 3)")]


@pytest.mark.parametrize(
    ("reason", "message", "says"),
    [
        (
            "NodeShutdown",
            "Pod was rejected as the node is shutting down.",
            "pod was terminated by the shutdown of node node-1",
        ),
        (
            "Terminated",
            "Pod was terminated in response to imminent node shutdown.",
            "pod was terminated by the shutdown of node",
        ),
        ("NodeAffinity", "Predicate NodeAffinity failed", "node node-1 no longer matches the pod's node affinity"),
        ("UnexpectedAdmissionError", "Allocate failed due to no gpu", "node node-1 rejected the pod: Allocate failed"),
        ("OutOfcpu", "Node didn't have enough resource: cpu", "node node-1 has no cpu left for the pod: Node didn't"),
        ("OutOfmemory", "", "node node-1 has no memory left for the pod"),
        ("Preempting", "Preempted in order to admit critical pod", "pod was preempted: Preempted in order to admit"),
        ("Moonstruck", "never seen before", "pod failed: Moonstruck: never seen before"),
    ],
)
def test_why_a_node_ended_a_pod_is_named_before_how_its_containers_terminated(
    reason: str, message: str, says: str
) -> None:
    killed = make.container_status(ready=False, state=make.terminated(137))
    pod = make.pod(
        owner=make.replica_set(), ready=False, phase="Failed", reason=reason, message=message, statuses=[killed]
    )
    [finding] = pod_findings(pod, make.NOW)
    assert (finding.severity, finding.reason) == (Severity.WARNING, reason)
    assert finding.message.startswith(says)


def test_a_pod_taken_away_without_a_reason_is_explained_by_its_disruption() -> None:
    taken = make.condition(
        "DisruptionTarget", "True", "DeletionByTaintManager", "Taint manager: deleting due to NoExecute"
    )
    pod = make.pod(ready=False, phase="Failed", statuses=[], conditions=[taken])
    assert pod_findings(pod, make.NOW)[0].message == "pod was disrupted: Taint manager: deleting due to NoExecute"


def test_a_workload_names_the_leftovers_it_is_marked_for() -> None:
    shut = [
        make.pod(name, owner=make.replica_set(), ready=False, phase="Failed", reason="NodeShutdown", statuses=[])
        for name in "ab"
    ]
    [finding] = workload_findings(make.deployment(), [], shut, [], make.NOW)
    assert (finding.severity, finding.message) == (
        Severity.WARNING,
        "pod was terminated by the shutdown of node node-1 (2 pods)",
    )


def test_a_pod_past_its_grace_period_is_stuck() -> None:
    [ending] = pod_findings(make.pod(deleted=make.before(-20)), make.NOW)
    [stuck] = pod_findings(make.pod(deleted=make.before(90)), make.NOW)
    assert (ending.severity, ending.reason) == (Severity.INFO, "Terminating")
    assert summarized((stuck,)) == [
        (Severity.WARNING, "StuckTerminating", "pod is stuck terminating: node unreachable, termination unconfirmed")
    ]


def test_a_terminating_pod_is_stuck_since_the_end_of_its_grace_period_and_on_a_lost_node_since_the_loss() -> None:
    lost = make.condition("Ready", "False", since=120)
    for pod, since in (
        (make.pod(deleted=make.before(-20)), None),
        (make.pod(deleted=make.before(10)), make.before(10)),
        (make.pod(deleted=make.before(-20), conditions=[lost]), make.before(120)),
        (make.pod(deleted=make.before(90), conditions=[lost]), make.before(120)),
    ):
        [finding] = pod_findings(pod, make.NOW)
        assert finding.since == since


def test_a_pod_whose_containers_do_not_start_for_long_warns() -> None:
    creating = make.container_status(ready=False, state=make.waiting("ContainerCreating"))
    findings = pod_findings(make.pod(ready=False, phase="Pending", statuses=[creating], created=400), make.NOW)
    assert summarized(findings) == [
        (Severity.WARNING, "ContainerCreating", "no container has started on node node-1 for 6m")
    ]


# --- workloads -----------------------------------------------------------------------------------------------------


def test_a_healthy_or_merely_updating_workload_has_no_finding() -> None:
    workload = make.deployment(updated=2, total=4)
    pods = [make.pod("a"), make.pod("b"), make.pod("c", ready=False, statuses=[STARTING])]
    assert workload_findings(workload, [], pods, [], make.NOW) == ()


def test_pods_with_one_cause_are_one_finding_with_a_count() -> None:
    pods = [make.pod(name, ready=False, statuses=[CRASHED]) for name in "abc"]
    findings = workload_findings(make.deployment(ready=1), [], pods, [], make.NOW)
    assert [finding.message for finding in findings] == ["container app is crash-looping (exit 1) (3 pods)"]


def test_the_deadline_the_quota_and_that_nothing_serves_are_reported() -> None:
    conditions = [
        make.condition("Progressing", "False", "ProgressDeadlineExceeded"),
        make.condition("ReplicaFailure", "True", "FailedCreate", f'pods "x" is forbidden: {QUOTA}'),
    ]
    workload = make.deployment(ready=0, available=0, updated=0, conditions=conditions)
    findings = workload_findings(workload, [], [], [], make.NOW)
    assert {finding.reason for finding in findings} == {"ProgressDeadlineExceeded", "FailedCreate", "NoReadyPods"}
    assert {finding.severity for finding in findings} == {Severity.DOWN, Severity.STUCK}


def test_a_workload_scaled_to_zero_is_not_failing() -> None:
    assert workload_findings(make.deployment(replicas=0), [], [], [], make.NOW) == ()


def test_paused_rollouts_and_pods_on_wrong_nodes_are_worth_knowing() -> None:
    assert [finding.reason for finding in workload_findings(make.deployment(paused=True), [], [], [], make.NOW)] == [
        "Paused"
    ]
    daemon = make.daemon_set(strategy=Strategy(type="OnDelete"))
    assert [finding.reason for finding in workload_findings(daemon, [], [], [], make.NOW)] == ["OnDelete"]


def test_a_rejected_pod_of_a_stateful_set_is_reported_from_its_event() -> None:
    workload = make.stateful_set(replicas=3, total=2)
    event = make.event(
        workload, "FailedCreate", 'error looking up service account shop/r: serviceaccount "r" not found'
    )
    [finding] = workload_findings(workload, [], [], [event], make.NOW)
    assert (finding.kind, finding.message) == (CauseKind.ADMISSION, "ServiceAccount r not found")


DENIED = 'create Pod r-1 in StatefulSet r failed error: admission webhook "policy" denied the request: no'
FULL = f'create Pod r-1 in StatefulSet r failed error: pods "r-1" is forbidden: {QUOTA}'


@pytest.mark.parametrize(
    ("seen", "made", "since"),
    [
        ([(DENIED, 240, 6)], 9000, 240),
        ([(DENIED, 240, 100), (DENIED, 6, 6)], 9000, 240),
        ([(FULL, 500, 300), (DENIED, 240, 6)], 9000, 240),
        ([(DENIED, 500, 400), (DENIED, 240, 6)], 300, 240),
        ([(DENIED, 500, 6)], 300, 300),
    ],
    ids=["counted", "the controller was restarted", "another cause before", "a pod was made since", "and made again"],
)
def test_pods_are_rejected_since_the_first_time_not_the_last(
    seen: list[tuple[str, float, float]], made: float, since: float
) -> None:
    workload = make.stateful_set(replicas=3, total=2)
    events = [
        msgspec.structs.replace(
            make.event(workload, "FailedCreate", text, since=last), first_timestamp=make.before(first)
        )
        for text, first, last in seen
    ]
    pods = [make.pod("r-0", owner=workload, created=made)]
    [finding] = workload_findings(workload, [], pods, events, make.NOW)
    assert (finding.kind, finding.since) == (CauseKind.ADMISSION, make.before(since))


@pytest.mark.parametrize(
    ("restarts", "events", "since"),
    [
        (0, [], 30),
        (4, [], None),
        (4, [("Back-off restarting failed container app in pod x", 900, 20)], 900),
        (4, [("Back-off pulling image", 900, 20)], None),
    ],
    ids=["once", "not known", "said by its kubelet", "of another thing"],
)
def test_a_container_crashes_since_the_first_time_not_the_last(
    restarts: int, events: list[tuple[str, float, float]], since: float | None
) -> None:
    status = make.container_status(
        ready=False, state=make.waiting("CrashLoopBackOff"), last=make.terminated(1, since=30), restarts=restarts
    )
    pod = make.pod(ready=False, statuses=[status])
    told_by = [
        msgspec.structs.replace(make.event(pod, "BackOff", text, since=last), first_timestamp=make.before(first))
        for text, first, last in events
    ]
    [finding] = pod_findings(pod, make.NOW, events=told_by)
    assert (finding.kind, finding.since) == (CauseKind.CRASH, None if since is None else make.before(since))


def test_a_volume_is_not_mounted_since_the_first_time_whichever_form_its_event_has() -> None:
    creating = make.container_status(ready=False, state=make.waiting("ContainerCreating"))
    pod = make.pod(ready=False, phase="Pending", statuses=[creating], created=300)
    event = msgspec.structs.replace(
        make.event(pod, "FailedMount", 'secret "db" not found', since=5),
        first_timestamp=None,
        event_time=make.before(200),
    )
    [finding] = pod_findings(pod, make.NOW, events=[event])
    assert (finding.kind, finding.since) == (CauseKind.MOUNT, make.before(200))


# --- services ------------------------------------------------------------------------------------------------------


def test_a_service_with_ready_pods_has_no_finding() -> None:
    service, pods = make.service(), [make.pod("a"), make.pod("b")]
    assert service_findings(service, [make.endpoint_slice(service, pods)], pods, make.NOW) == ()


def test_a_selector_that_matches_nothing_fails_and_is_quoted() -> None:
    service = make.service(selector={"app": "chekout", "tier": "web"})
    assert summarized(service_findings(service, [make.endpoint_slice(service)], [], make.NOW)) == [
        (Severity.DOWN, "NoPods", "no pod matches its selector app=chekout,tier=web")
    ]


@pytest.mark.parametrize(
    "service", [make.service(selector={}), make.service(type_="ExternalName")], ids=["no selector", "external name"]
)
def test_a_service_kubernetes_does_not_fill_is_left_alone(service: Service) -> None:
    assert service_findings(service, [], [], make.NOW) == ()


def test_a_service_without_a_ready_pod_names_the_cause() -> None:
    service, pods = make.service(), [make.pod(name, ready=False, statuses=[CRASHED]) for name in "ab"]
    [finding] = service_findings(service, [make.endpoint_slice(service, pods)], pods, make.NOW)
    assert (finding.severity, finding.kind) == (Severity.DOWN, CauseKind.CRASH)
    assert finding.message == "none of 2 pods is ready: container app is crash-looping (exit 1)"


@pytest.mark.parametrize("ending", ["", "a", "ab"], ids=["none", "one", "both"])
def test_pods_of_a_lost_node_are_reported_alike_before_and_after_they_are_to_end(ending: str) -> None:
    service, lost = make.service(), make.condition("Ready", "False", since=60)
    pods = [
        make.pod(name, node="node-7", conditions=[lost], deleted=make.before(-20) if name in ending else None)
        for name in "ab"
    ]
    [finding] = service_findings(service, [make.endpoint_slice(service, pods)], pods, make.NOW)
    assert (finding.severity, finding.kind, finding.since) == (Severity.DOWN, CauseKind.NODE, make.before(60))
    assert finding.message == "none of 2 pods is ready: node node-7 is NotReady"


def test_a_service_some_of_whose_pods_crash_is_degraded_and_one_whose_pods_start_is_not() -> None:
    service = make.service()
    crashing = [make.pod("a"), make.pod("b", ready=False, statuses=[CRASHED])]
    starting = [make.pod("a"), make.pod("b", ready=False, statuses=[STARTING])]
    [finding] = service_findings(service, [make.endpoint_slice(service, crashing)], crashing, make.NOW)
    assert (finding.severity, finding.message) == (
        Severity.DEGRADED,
        "1 of 2 pods not ready: container app is crash-looping (exit 1)",
    )
    assert service_findings(service, [make.endpoint_slice(service, starting)], starting, make.NOW) == ()


def test_a_named_target_port_that_no_container_has_fails() -> None:
    service = make.service(ports=[ServicePort(port=80, target_port="web")])
    pods = [make.pod("a")]
    [finding] = service_findings(service, [make.endpoint_slice(service, pods)], pods, make.NOW)
    assert (finding.reason, finding.message) == ("NoSuchPort", "no selected pod has the target port web")


def test_endpoints_that_terminate_and_still_serve_are_a_note_and_a_warning_where_no_others_serve() -> None:
    service = make.service()
    ending = [make.pod(name, deleted=make.before(-20)) for name in "ab"]
    staying = make.pod("c")
    for pods, severity, message in (
        ([*ending, staying], Severity.INFO, "2 of 3 endpoints are terminating"),
        (ending, Severity.WARNING, "2 of 2 endpoints are terminating"),
        (ending[:1], Severity.WARNING, "1 of 1 endpoint is terminating"),
    ):
        [finding] = service_findings(service, [make.endpoint_slice(service, pods)], pods, make.NOW)
        assert (finding.severity, finding.message) == (severity, message)


def test_endpoints_managed_manually_of_which_none_is_ready_serve_nobody() -> None:
    service = make.service(selector={})
    down = EndpointSlice(
        metadata=make.endpoint_slice(service).metadata,
        endpoints=(Endpoint(addresses=("10.0.0.1",), conditions=EndpointConditions(ready=False)),),
    )
    [finding] = service_findings(service, [down], [], make.NOW)
    assert (finding.severity, finding.message) == (Severity.DOWN, "its endpoint is not ready")


def test_endpoints_managed_manually_that_name_a_pod_that_is_gone_are_reported() -> None:
    by_hand, selecting = make.service(selector={}), make.service()
    here, gone = make.pod("a"), make.pod("b")
    for service, left, messages in (
        (by_hand, [here], ["1 of 2 endpoints refers to a deleted pod: b"]),
        (by_hand, [here, gone], []),
        (by_hand, [], ["2 of 2 endpoints refer to a deleted pod: a"]),
        (selecting, [here], []),
        (make.service(namespace="other", selector={}), [], []),  # pods of a namespace that may not be read
    ):
        findings = service_findings(service, [make.endpoint_slice(service, [here, gone])], left, make.NOW)
        assert [finding.message for finding in findings] == messages
        # Where no pod is left, nothing answers at all.
        assert all(finding.severity is (Severity.WARNING if left else Severity.DOWN) for finding in findings)


def test_unknown_readiness_of_an_endpoint_counts_as_ready() -> None:
    service, pods = make.service(), [make.pod("a", ready=False, statuses=[STARTING])]
    unknown = EndpointSlice(
        metadata=make.endpoint_slice(service).metadata,
        endpoints=(Endpoint(addresses=("10.0.0.1",), conditions=EndpointConditions(ready=None)),),
    )
    assert service_findings(service, [unknown], pods, make.NOW) == ()


def test_ready_pods_that_are_not_published_serve_nobody() -> None:
    service, pods = make.service(), [make.pod("a")]
    [finding] = service_findings(service, [], pods, make.NOW)
    assert (finding.severity, finding.message) == (
        Severity.DOWN,
        "1 of 1 pod ready, but none is published as an endpoint",
    )


# --- ranking -------------------------------------------------------------------------------------------------------


def test_the_worst_finding_is_the_most_severe_then_the_oldest_and_repeats_are_dropped() -> None:
    about = make.pod().key
    late = Finding(Severity.DOWN, "B", "late", about, make.before(10))
    early = Finding(Severity.DOWN, "A", "early", about, make.before(99))
    warn = Finding(Severity.WARNING, "C", "warn", about, make.before(999))
    assert worst_first([warn, late, early, late]) == (early, late, warn)
    assert worst([warn, late, early]) == early
    assert worst([]) is None


def test_a_finding_that_names_a_cause_comes_before_one_that_states_an_effect() -> None:
    about = make.pod().key
    follows = Finding(Severity.DOWN, "NoReadyPods", "none is ready", about, make.before(999))
    cause = Finding(Severity.DOWN, "ErrImagePull", "image x cannot be pulled", about, None, CauseKind.IMAGE)
    assert worst([follows, cause]) == cause


def test_past_the_deadline_what_might_have_needed_time_is_the_cause() -> None:
    late = make.deployment(conditions=[make.condition("Progressing", "False", "ProgressDeadlineExceeded")])
    slow = make.pod(ready=False, owner=late)
    findings = workload_findings(late, (), (slow,), (), make.NOW)
    assert findings[0].kind is CauseKind.PROBE
    assert findings[0].severity is Severity.DOWN
    in_time = workload_findings(make.deployment(), (), (slow,), (), make.NOW)
    assert all(finding.severity is not Severity.DOWN or finding.kind is None for finding in in_time)


@pytest.mark.parametrize(("running", "severity"), [(60, Severity.INFO), (290, Severity.INFO), (400, Severity.WARNING)])
def test_a_probe_that_fails_while_its_container_starts_is_a_warning_once_it_takes_long(
    running: float, severity: Severity
) -> None:
    starting = make.container_status(ready=False, state=make.running(running))
    pod = make.pod(ready=False, statuses=[starting], created=running)
    event = make.event(pod, "Unhealthy", "Readiness probe failed: connection refused", since=5)
    [finding] = pod_findings(pod, make.NOW, events=[event])
    assert (finding.severity, finding.reason) == (severity, "Unhealthy")
