"""The order of a description, what is unknown, what is hidden, and objects of types that kdash knows nothing about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from k9py.api.meta import ObjectRef
from k9py.api.standard_types import standard_type
from k9py.resources.describe.describer import (
    EVENTS,
    PODS,
    DescribeContext,
    Describer,
    Description,
    RelatedRequest,
    Unread,
)
from k9py.resources.describe.description import built_in_describers, describe, requests_of
from k9py.resources.describe.nodes import pod_amounts
from k9py.views.describe import DescribeLine, Section, line, plain_text_lines, section
from k9py.views.values import Tone

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


def at(seconds_ago: float) -> str:
    return (NOW - timedelta(seconds=seconds_ago)).strftime("%Y-%m-%dT%H:%M:%SZ")


def body(kind: str, spec: dict[str, Any] | None = None, status: dict[str, Any] | None = None, **more: Any) -> Any:
    metadata = {"name": "a", "namespace": "shop", "uid": "u1", "creationTimestamp": at(300)}
    return {"kind": kind, "metadata": metadata, "spec": spec or {}, "status": status or {}, **more}


def described(value: Any, context: DescribeContext | None = None, own: Describer | None = None) -> tuple[Section, ...]:
    ref = ObjectRef(value["kind"], "shop", "a", "" if own is None else own.group)
    return describe(ref, value, context or DescribeContext(NOW), own)


def texts(sections: tuple[Section, ...]) -> str:
    return "\n".join(plain_text_lines(sections))


def lines_of(title: str, sections: tuple[Section, ...]) -> tuple[DescribeLine, ...]:
    return next(part.lines for part in sections if part.title == title)


def event(name: str, message: str, seconds_ago: float, kind: str = "Pod", count: int = 1) -> Any:
    return {
        "metadata": {"name": f"{name}.{seconds_ago}", "uid": f"{name}{seconds_ago}"},
        "involvedObject": {"kind": kind, "name": name},
        "type": "Warning",
        "reason": "BackOff",
        "message": message,
        "count": count,
        "firstTimestamp": at(600),
        "lastTimestamp": at(seconds_ago),
    }


CRASHING = body(
    "Pod",
    {"containers": [{"name": "good", "image": "x:1"}, {"name": "bad", "image": "x:2"}]},
    {
        "phase": "Running",
        "conditions": [{"type": "Ready", "status": "False", "reason": "ContainersNotReady"}],
        "containerStatuses": [
            {"name": "good", "ready": True, "state": {"running": {"startedAt": at(60)}}},
            {
                "name": "bad",
                "ready": False,
                "restartCount": 4,
                "state": {"waiting": {"reason": "CrashLoopBackOff"}},
                "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled", "finishedAt": at(30)}},
            },
        ],
    },
)


def test_what_an_incident_asks_first_comes_first() -> None:
    context = DescribeContext(NOW, {EVENTS: (event("a", "Back-off restarting", 5),)})
    titles = [section.title for section in described(CRASHING, context)]
    assert titles[:3] == ["Pod shop/a", "Findings", "Container bad"]
    order = ["Container bad", "Container good", "Conditions", "Events", "Metadata"]
    assert [title for title in titles if title in order] == order


def test_a_finding_says_how_often_its_container_was_restarted_and_when_last() -> None:
    (finding,) = lines_of("Findings", described(CRASHING))
    assert finding.text.startswith("container bad was OOMKilled")
    assert finding.text.endswith(", 4 restarts, last 30s ago")


def test_an_exit_code_is_explained() -> None:
    assert "Terminated: OOMKilled, exit code 137 (SIGKILL)" in texts(described(CRASHING))


def test_the_findings_of_the_diagnosis_stand_for_those_of_the_object_alone() -> None:
    assert [finding.label for finding in lines_of("Findings", described(CRASHING))] == ["OOMKilled"]
    context = DescribeContext(NOW, findings=(DescribeLine("NodeLost", "node-1 is lost", Tone.FAIL),))
    assert [finding.label for finding in lines_of("Findings", described(CRASHING, context))] == ["NodeLost"]


def test_the_findings_of_a_pod_use_its_events() -> None:
    waiting = {"name": "bad", "ready": False, "state": {"waiting": {"reason": "ContainerCreating"}}}
    status = {"phase": "Pending", "containerStatuses": [waiting]}
    pod = body("Pod", {"containers": [{"name": "bad"}]}, status)
    failed = event("a", 'MountVolume.SetUp failed for volume "config" : configmap "flags" not found', 5)
    failed |= {
        "reason": "FailedMount",
        "involvedObject": {"kind": "Pod", "name": "a", "namespace": "shop", "uid": "u1"},
    }
    findings = lines_of("Findings", described(pod, DescribeContext(NOW, {EVENTS: (failed,)})))
    assert "flags" in findings[0].text


def test_what_could_not_be_read_is_unknown_with_the_reason_and_never_none() -> None:
    node = body("Node", {}, {"capacity": {"cpu": "4"}, "allocatable": {"cpu": "4"}})
    context = DescribeContext(NOW, {PODS: Unread("may not list pods"), EVENTS: Unread("may not list events")})
    text = texts(described(node, context))
    assert text.count("unknown: may not list pods") == 2
    assert "unknown: may not list events" in text
    assert "requests 0" not in text


@pytest.mark.parametrize("kind", sorted(kind for _, kind in built_in_describers()))
def test_nothing_read_yet_and_an_empty_object_are_described_without_a_guess(kind: str) -> None:
    value = body(kind)
    assert described(value)[0].title == f"{kind} shop/a"
    for request in requests_of(ObjectRef(kind, "shop", "a"), value):
        assert request.name
    malformed = body(kind, spec=[1], status="x")  # type: ignore[arg-type]
    assert described({**malformed, "data": 3, "metadata": {"labels": None, "annotations": []}})


def test_events_of_the_pods_are_merged_newest_first_and_name_their_pod() -> None:
    deployment = body("Deployment", {"selector": {"matchLabels": {"app": "a"}}})
    pods = (body("Pod") | {"metadata": {"name": "a-1"}},)
    context = DescribeContext(
        NOW,
        {
            PODS: pods,
            EVENTS: (event("a", "Scaled up", 100, "Deployment", count=3),),
            "events of pods": (event("a-1", "Back-off", 5), event("other", "not ours", 1)),
        },
    )
    lines = next(section for section in described(deployment, context) if section.title == "Events").lines
    assert [shown.text for shown in lines] == [
        "Warning BackOff: Back-off (pod/a-1)",
        "Warning BackOff ×3 over 10m: Scaled up",
    ]
    assert [shown.label for shown in lines] == ["5s ago", "100s ago"]


def test_the_requests_of_a_workload_select_its_pods_and_their_events() -> None:
    selector = {
        "matchLabels": {"app": "a"},
        "matchExpressions": [{"key": "tier", "operator": "In", "values": ["x", "y"]}],
    }
    requests = requests_of(ObjectRef("StatefulSet", "shop", "a"), body("StatefulSet", {"selector": selector}))
    assert [(request.name, request.label_selector, request.field_selector) for request in requests] == [
        ("events", "", "involvedObject.kind=StatefulSet,involvedObject.name=a,involvedObject.uid=u1"),
        ("pods", "app=a,tier in (x,y)", ""),
        ("events of pods", "", "involvedObject.kind=Pod"),
    ]


# -- secrets ----------------------------------------------------------------------------------------------------------

WITH_SECRET = body(
    "Pod",
    {"containers": [{"name": "app", "env": [{"name": "DB_PASSWORD", "value": "hunter2"}], "args": ["--token=abc"]}]},
)


def test_values_that_look_like_secrets_are_hidden_unless_asked_for() -> None:
    hidden = texts(described(WITH_SECRET))
    assert "DB_PASSWORD" in hidden
    assert "hunter2" not in hidden
    assert "abc" not in hidden
    assert "hunter2" in texts(described(WITH_SECRET, DescribeContext(NOW, shows_secrets=True)))


def test_what_a_message_repeats_is_hidden_too() -> None:
    context = DescribeContext(
        NOW,
        {EVENTS: (event("a", "cannot open amqp://u:hunter2@mq", 5),)},
        findings=(DescribeLine("x", "cannot open amqp://u:hunter2@mq"),),
    )
    text = texts(described(CRASHING, context))
    assert "cannot open amqp://u:••••••@mq" in text
    assert "hunter2" not in text


@pytest.mark.parametrize("shows_secrets", [False, True])
def test_a_secret_shows_keys_and_sizes_and_never_a_value(shows_secrets: bool) -> None:
    annotations = {"kubectl.kubernetes.io/last-applied-configuration": '{"data":{"password":"aHVudGVyMg=="}}'}
    secret = body("Secret") | {"data": {"password": "aHVudGVyMg==", "odd": "***"}, "type": "Opaque"}
    secret["metadata"]["annotations"] = annotations
    text = texts(described(secret, DescribeContext(NOW, shows_secrets=shows_secrets)))
    assert "password  7 bytes" in text
    assert "not base64" in text
    assert "hunter2" not in text
    assert "aHVudGVyMg" not in text


# -- any other type ---------------------------------------------------------------------------------------------------

CERTIFICATE = body(
    "Certificate",
    {"dnsNames": ["a.example", "b.example"], "issuerRef": {"name": "ca"}, "empty": {}, "none": None},
    {
        "observedGeneration": 3,
        "conditions": [{"type": "Ready", "status": "False", "message": "no issuer", "lastTransitionTime": at(60)}],
        "acme": {"uri": "x"},
    },
)


def test_an_object_of_any_type_shows_conditions_status_spec_owners_and_finalizers() -> None:
    certificate = {**CERTIFICATE, "metadata": {**CERTIFICATE["metadata"], "finalizers": ["cert/guard"]}}
    certificate["metadata"]["ownerReferences"] = [{"kind": "Ingress", "name": "web", "controller": True}]
    sections = describe(ObjectRef("Certificate", "shop", "a", "cert-manager.io"), certificate, DescribeContext(NOW))
    assert [part.title for part in sections] == [
        *("Certificate.cert-manager.io shop/a", "Findings", "Status", "Conditions", "Events", "Spec", "Metadata"),
    ]
    text = texts(sections)
    for shown in ("observed generation  3", "controlled by        Ingress/web", "no issuer", "cert/guard", "uri: x"):
        assert shown in text
    spec = next(part for part in sections if part.title == "Spec")
    assert [shown.text for shown in spec.lines] == [
        *("dnsNames:", "  - a.example", "  - b.example", "issuerRef:", "  name: ca", "empty: {}", "none: null"),
    ]


def test_nothing_of_an_object_reaches_the_terminal_as_a_command() -> None:
    odd = body("Thing", {"text": "a\x1b[2Jb\nc"}, {"phase": "\x1b]0;x\x07bad"})
    assert "\x1b" not in texts(described(odd))


def test_deep_nesting_is_described() -> None:
    deep: Any = "end"
    for _ in range(60):
        deep = [{"next": deep}]
    assert texts(described(body("Thing", {"deep": deep})))


def test_a_new_kind_brings_its_describer_and_what_is_read_for_it() -> None:
    related = RelatedRequest("rooms", standard_type("", "ConfigMap"), "shop")

    def description(value: Any, context: DescribeContext) -> Description:
        return Description((line("colour", value["spec"]["colour"]),), urgent=(section("Rooms", [line("", "1")]),))

    own = Describer("House", description, lambda _: (related,), group="example.com")
    house = body("House", {"colour": "red"})
    ref = ObjectRef("House", "shop", "a", "example.com")
    assert related in requests_of(ref, house, own)
    assert [part.title for part in described(house, own=own)][:2] == ["House.example.com shop/a", "Rooms"]


# -- rules ------------------------------------------------------------------------------------------------------------


def resources(cpu: str) -> dict[str, Any]:
    return {"resources": {"requests": {"cpu": cpu}}}


@pytest.mark.parametrize(
    ("spec", "cpu"),
    [
        ({"containers": [resources("100m"), resources("200m")]}, "0.3"),
        ({"containers": [resources("100m")], "initContainers": [resources("1")]}, "1"),
        ({"containers": [resources("1")], "initContainers": [{**resources("1"), "restartPolicy": "Always"}]}, "2"),
        (
            {
                "containers": [resources("100m")],
                "initContainers": [{**resources("300m"), "restartPolicy": "Always"}, resources("500m")],
            },
            "0.8",
        ),
        ({"containers": [resources("100m")], "overhead": {"cpu": "50m"}}, "0.15"),
        ({"containers": [resources("100m")], **resources("2")}, "2"),
    ],
)
def test_a_pod_requests_what_the_scheduler_counts(spec: dict[str, Any], cpu: str) -> None:
    assert float(pod_amounts({"spec": spec}).requests["cpu"]) == float(cpu)


def test_plain_text_aligns_labels_and_wraps_with_a_hanging_indent() -> None:
    sections = (
        Section("Head", (line("a", "one two three four five six seven"), line("long label", "x", Tone.FAIL))),
        Section("Part", (line("", "inside"),), depth=1),
    )
    assert list(plain_text_lines(sections, 36)) == [
        "Head",
        "  a           one two three four",
        "              five six seven",
        "✗ long label  x",
        "  Part",
        "    inside",
    ]


def test_of_very_many_pods_those_that_are_not_healthy_are_listed() -> None:
    def pod(name: str, phase: str) -> Any:
        owners = [{"uid": "u1", "controller": True, "kind": "ReplicaSet", "name": "a"}]
        return {"metadata": {"name": name, "ownerReferences": owners}, "spec": {}, "status": {"phase": phase}}

    pods = (*(pod(f"a-{number:03}", "Running") for number in range(250)), pod("z", "Pending"))
    text = texts(described(body("ReplicaSet", {"selector": {}}), DescribeContext(NOW, {PODS: pods})))
    lines = text.split("\nPods\n")[1].split("\n\n")[0].splitlines()
    assert lines[0].split() == ["z", "Pending", "·", "0/0", "ready"]
    assert lines[-1].strip() == "… 51 more pods"
    assert "250 Running / 1 Waiting" in text


# -- findings of any type ---------------------------------------------------------------------------------------------


def test_a_bad_condition_of_any_type_is_a_finding() -> None:
    findings = lines_of("Findings", described(CERTIFICATE))
    assert [(finding.label, finding.text) for finding in findings] == [
        ("Ready", "Ready is False: no issuer, for 60s"),
    ]


def test_the_findings_of_a_check_are_not_repeated_by_conditions() -> None:
    findings = lines_of("Findings", described(CRASHING))
    assert all("Ready is False" not in finding.text for finding in findings)


def test_a_long_text_is_cut_at_a_line_and_says_so() -> None:
    text = "line of a file\n" * 5_000
    lines = lines_of("f", described(body("ConfigMap") | {"data": {"f": text, "g": "x" * 20_000}}))
    assert {shown.text for shown in lines} == {"line of a file", "… 567 more lines in the YAML"}
    assert lines_of("g", described(body("ConfigMap") | {"data": {"g": "x" * 20_000}}))[0].text.endswith("all of it")


def test_a_cron_job_lists_what_became_of_its_runs_newest_first() -> None:
    def job(name: str, seconds_ago: float, **status: Any) -> Any:
        owners = [{"uid": "u1" if name != "other" else "u2", "kind": "CronJob", "name": "a", "controller": True}]
        metadata = {"name": name, "creationTimestamp": at(seconds_ago), "ownerReferences": owners}
        return {"metadata": metadata, "status": {"startTime": at(seconds_ago), **status}}

    failed = {"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "message": "too many failures"}
    jobs = (
        job("a-1", 600, conditions=[{"type": "Complete", "status": "True"}]),
        job("a-3", 30, active=1),
        job("other", 10),
        job("a-2", 300, conditions=[failed]),
    )
    lines = lines_of(
        "Jobs", described(body("CronJob", {"schedule": "* * * * *"}), DescribeContext(NOW, {"jobs": jobs}))
    )
    assert [(shown.label, shown.text.partition(", started")[0], shown.tone) for shown in lines] == [
        ("a-3", "1 active", Tone.BUSY),
        ("a-2", "Failed: BackoffLimitExceeded: too many failures", Tone.FAIL),
        ("a-1", "Complete", Tone.PLAIN),
    ]
    unknown = lines_of("Jobs", described(body("CronJob"), DescribeContext(NOW, {"jobs": Unread("may not list jobs")})))
    assert unknown[0].text == "unknown: may not list jobs"


BACKOFF = {"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "message": "too many failures"}


def failed_job(name: str, seconds_ago: float, uid: str = "u1", *, owner: str = "u0", **status: Any) -> Any:
    metadata = {
        "name": name,
        "uid": uid,
        "creationTimestamp": at(seconds_ago),
        "ownerReferences": [{"uid": owner, "kind": "CronJob", "name": "a", "controller": True}],
    }
    conditions = [
        {**BACKOFF, "type": type_, "lastTransitionTime": at(seconds_ago - 60)} for type_ in ("FailureTarget", "Failed")
    ]
    return {"metadata": metadata, "status": {"startTime": at(seconds_ago), "conditions": conditions, **status}}


def failed_pod(name: str, seconds_ago: float, exit_code: int, owner: str = "u1") -> Any:
    metadata = {
        "name": name,
        "creationTimestamp": at(seconds_ago),
        "ownerReferences": [{"uid": owner, "kind": "Job", "name": "x", "controller": True}],
    }
    ended = {"name": "app", "state": {"terminated": {"exitCode": exit_code, "reason": "Error"}}}
    return {"metadata": metadata, "spec": {}, "status": {"phase": "Failed", "containerStatuses": [ended]}}


def test_a_failed_job_is_explained_once_with_the_exit_code_of_its_last_pod_and_has_ended() -> None:
    job = {"kind": "Job", "spec": {}, **failed_job("a", 300)}
    pods = (failed_pod("a-1", 280, 1), failed_pod("a-2", 260, 137), failed_pod("other", 1, 2, owner="u9"))
    sections = described(job, DescribeContext(NOW, {"pods": pods}))
    findings = [(shown.label, shown.text, shown.tone) for shown in lines_of("Findings", sections)]
    assert findings == [
        ("BackoffLimitExceeded", "too many failures", Tone.FAIL),
        ("a-2", "Error · container app: exit code 137", Tone.FAIL),
    ]
    head = [(shown.label, shown.text) for shown in sections[0].lines if shown]
    assert [label for label, _ in head].count("failed") == 1
    assert ("duration", "60s") in head
    assert any("exit code 1 " in f"{shown.text} " for shown in lines_of("Pods", sections))


def test_a_cron_job_says_why_its_last_run_failed() -> None:
    jobs = (failed_job("a-1", 600, owner="u1"), failed_job("a-2", 300, "j2", owner="u1"))
    pods = (failed_pod("a-2-x", 290, 3, owner="j2"),)

    def findings(*more: Any) -> list[tuple[str, str]]:
        context = DescribeContext(NOW, {"jobs": (*jobs, *more), "pods": pods})
        sections = described(body("CronJob", {"schedule": "* * * * *"}), context)
        lines = next((part.lines for part in sections if part.title == "Findings"), ())
        return [(shown.label, shown.text.partition(", started")[0]) for shown in lines if shown]

    assert findings() == [
        ("last run", "Job a-2 failed: BackoffLimitExceeded: too many failures"),
        ("a-2-x", "Error · container app: exit code 3"),
    ]
    complete = failed_job("a-3", 10, "j3", owner="u1", conditions=[{"type": "Complete", "status": "True"}])
    assert findings(complete) == []
    running = failed_job("a-3", 10, "j3", owner="u1", conditions=[])
    assert len(findings(running)) == 2
