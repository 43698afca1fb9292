"""Rows of the tables: texts, tones and order."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from k9py.api.meta import ObjectRef
from k9py.api.services import ServicePort
from k9py.api.severity import Severity
from k9py.cluster.views import RolloutView, ServiceMode, ServiceView
from k9py.diagnosis.finding import Finding
from k9py.rollouts.cohorts import cohorts
from k9py.rollouts.revisions import revisions
from k9py.rollouts.status import RolloutState, RolloutStatus
from k9py.views import events, pods, rollouts, services
from k9py.views import revisions as revision_table
from k9py.views.tones import rank_of
from k9py.views.values import Column, Row, Tone
from tests import factories as make
from tests.factories import NOW, before, key

SERVICE = ServiceView(
    key=key("Service", "checkout"),
    uid="u",
    mode=ServiceMode.SELECTOR,
    type="ClusterIP",
    ports=(ServicePort(port=80),),
    ready=3,
    total=3,
    workloads=(key("Deployment", "checkout"),),
    findings=(),
    external_name="",
    created_at=before(3600),
    severity=Severity.HEALTHY,
    serving=3,
    desired=3,
)
STATUS = RolloutStatus(
    key=key("Deployment", "checkout"),
    uid="u",
    state=RolloutState.COMPLETE,
    summary="healthy",
    cause_message="",
    cause_kind=None,
    note="",
    desired=3,
    ready=3,
    updated=3,
    available=3,
    revision=4,
    images=("registry.example.com/checkout:1.4.2",),
    changed_at=before(60),
    paused=False,
    changed_by="kubectl-set",
)
ROLLOUT = RolloutView(
    key=STATUS.key,
    uid="u",
    status=STATUS,
    findings=(),
    created_at=before(3600),
    generation=4,
    has_synced_pods=True,
    severity=Severity.HEALTHY,
)


def finding(severity: Severity, message: str = "image x:9 cannot be pulled") -> Finding:
    return Finding(severity, "ImagePullBackOff", message, key("Pod", "checkout-1"))


def texts(columns: tuple[Column, ...], row: Row) -> dict[str, str]:
    assert len(columns) == len(row.cells)
    return {column.id: cell.text for column, cell in zip(columns, row.cells, strict=True)}


def test_a_service_row() -> None:
    row = services.row(SERVICE, NOW)
    assert texts(services.COLUMNS, row) == {
        "namespace": "shop",
        "name": "checkout",
        "endpoints": "3/3",
        "ports": "80",
        "workloads": "deploy/checkout",
        "why": "",
        "age": "",
    }
    assert row.tone is Tone.OK
    assert services.COLUMNS[-1].live is not None
    assert services.COLUMNS[-1].live(row, NOW) == "60m"


@pytest.mark.parametrize(
    ("severity", "tone"),
    [
        (Severity.DOWN, Tone.FAIL),
        (Severity.DEGRADED, Tone.DEGRADED),
        (Severity.STUCK, Tone.STUCK),
        (Severity.UNKNOWN, Tone.UNKNOWN),
        (Severity.WARNING, Tone.WARN),
        (Severity.ROLLING_OUT, Tone.BUSY),
        (Severity.HEALTHY, Tone.OK),
        (Severity.IDLE, Tone.MUTED),
    ],
)
def test_a_row_has_the_tone_of_its_severity_and_stands_in_its_place(severity: Severity, tone: Tone) -> None:
    for row in (
        services.row(replace(SERVICE, severity=severity), NOW),
        rollouts.row(replace(ROLLOUT, severity=severity), NOW),
    ):
        assert row.tone is tone
        assert row.rank == rank_of(tone)


@pytest.mark.parametrize(
    ("view", "endpoints"),
    [
        (SERVICE, "3/3"),
        (replace(SERVICE, serving=1), "1/3"),
        (replace(SERVICE, ready=3, total=4), "3/3"),  # a pod of a release that does not come up is not wanted
        (replace(SERVICE, serving=0, desired=0), "0/0"),
        (replace(SERVICE, serving=None, desired=None), "?/?"),
        (replace(SERVICE, mode=ServiceMode.EXTERNAL_NAME, external_name="db.example.com"), "–"),
    ],
)
def test_a_service_shows_how_many_of_the_wanted_serve(view: ServiceView, endpoints: str) -> None:
    assert texts(services.COLUMNS, services.row(view, NOW))["endpoints"] == endpoints


def test_the_worst_comes_first_and_what_is_unknown_before_what_is_healthy() -> None:
    unranked = (Tone.PLAIN, Tone.ACCENT, Tone.STRING, Tone.NUMBER)
    order = sorted((tone for tone in Tone if tone not in unranked), key=rank_of)
    worst = [Tone.FAIL, Tone.DEGRADED, Tone.STUCK, Tone.UNKNOWN, Tone.WARN]
    assert order == [*worst, Tone.BUSY, Tone.OK, Tone.MUTED]


def test_a_service_as_bad_as_its_workload_is_not_counted_again() -> None:
    assert services.row(SERVICE, NOW).counted
    assert not services.row(replace(SERVICE, is_explained_by_workload=True), NOW).counted


def test_a_rollout_row() -> None:
    row = rollouts.row(ROLLOUT, NOW)
    assert texts(rollouts.COLUMNS, row) == {
        "namespace": "shop",
        "kind": "deploy",
        "name": "checkout",
        "ready": "3/3",
        "updated": "3",
        "available": "3",
        "revision": "4",
        "image": "1.4.2",
        "state": "",
        "changed": "",
        "changed_by": "kubectl-set",
    }
    assert row.since == STATUS.changed_at


@pytest.mark.parametrize(
    ("status", "severity", "findings", "message"),
    [
        (STATUS, Severity.HEALTHY, (), ""),
        (
            replace(
                STATUS, state=RolloutState.PROGRESSING, summary="rolling out 1/3", note="still served by 2 old pods"
            ),
            Severity.ROLLING_OUT,
            (),
            "rolling out 1/3 — still served by 2 old pods",
        ),
        (
            replace(
                STATUS,
                state=RolloutState.STALLED,
                summary="stuck: image x:9 cannot be pulled",
                cause_message="image x",
            ),
            Severity.STUCK,
            (finding(Severity.STUCK, "another thing"),),
            "stuck: image x:9 cannot be pulled",
        ),
        (STATUS, Severity.DEGRADED, (finding(Severity.DEGRADED),), "image x:9 cannot be pulled"),
        (STATUS, Severity.WARNING, (finding(Severity.WARNING),), "image x:9 cannot be pulled"),
        (STATUS, Severity.HEALTHY, (finding(Severity.INFO),), ""),
        (
            replace(STATUS, state=RolloutState.SCALED_TO_ZERO, summary="scaled to 0"),
            Severity.DOWN,
            (Finding(Severity.DOWN, "ScaledToZero", "scaled to 0, was 3", STATUS.key),),
            "scaled to 0, was 3",
        ),
        (
            replace(STATUS, state=RolloutState.SCALED_TO_ZERO, summary="no matching nodes"),
            Severity.IDLE,
            (),
            "no matching nodes",
        ),
    ],
)
def test_the_state_of_a_rollout_names_the_reason_of_its_mark(
    status: RolloutStatus, severity: Severity, findings: tuple[Finding, ...], message: str
) -> None:
    row = rollouts.row(replace(ROLLOUT, status=status, findings=findings, severity=severity), NOW)
    assert texts(rollouts.COLUMNS, row)["state"] == message


@pytest.mark.parametrize(("ready", "shown"), [(3, "3/3"), (5, "3/3"), (1, "1/3")])
def test_pods_beyond_the_wanted_ones_do_not_count_as_ready(ready: int, shown: str) -> None:
    row = rollouts.row(replace(ROLLOUT, status=replace(STATUS, ready=ready)), NOW)
    assert texts(rollouts.COLUMNS, row)["ready"] == shown


def test_unknown_rollout_counts_are_question_marks() -> None:
    row = rollouts.row(replace(ROLLOUT, status=replace(STATUS, desired=None, revision=None)), NOW)
    cells = texts(rollouts.COLUMNS, row)
    assert cells["ready"] == "3/?"
    assert cells["revision"] == "?"


def test_hostile_names_and_messages_are_neutralised() -> None:
    evil = "\x1b]0;owned\x07x\x1b[31m"
    view = replace(
        ROLLOUT,
        key=ObjectRef("Deployment", evil, evil),
        status=replace(STATUS, summary=evil, images=(f"a:{evil}",)),
        findings=(finding(Severity.DOWN, evil),),
    )
    service = replace(SERVICE, key=ObjectRef("Service", evil, evil), findings=view.findings)
    rows = (rollouts.row(view, NOW), services.row(service, NOW), events.row(make.event(make.pod(), evil, evil), NOW))
    assert all(cell.text.isprintable() for row in rows for cell in row.cells)


def test_pods_stand_by_revision_the_new_first_and_failing_first_within() -> None:
    deployment = make.deployment(revision=2)
    new = make.replica_set(deployment, "bbb", revision=2)
    old = make.replica_set(deployment, "aaa", revision=1)
    broken = make.pod(
        "b-2", owner=new, statuses=[make.container_status(ready=False, state=make.waiting("ErrImagePull"))]
    )
    all_pods = [make.pod("a-1", owner=old), make.pod("b-1", owner=new), broken]
    rows = sorted(
        pods.cohort_rows(cohorts(revisions(deployment, [new, old]), all_pods), NOW), key=lambda row: (row.rank, row.key)
    )
    shown = [texts(pods.COLUMNS, row) for row in rows]
    assert [(row["name"], row["revision"], row["hash"], row["status"]) for row in shown] == [
        ("b-2", "2", "bbb", "ErrImagePull"),
        ("b-1", "2", "bbb", "Running"),
        ("a-1", "1", "aaa", "Running"),
    ]


def test_the_last_report_of_a_lost_node_does_not_count_as_ready() -> None:
    lost = make.condition("Ready", "False", since=60)
    for pod in (make.pod(conditions=[lost]), make.pod(conditions=[lost], deleted=before(-20))):
        assert texts(pods.COLUMNS, pods.row(pod, NOW))["ready"] == "0/1"


def test_a_pod_on_no_node_and_of_no_known_revision() -> None:
    shown = texts(pods.COLUMNS, pods.row(make.pod(node=""), NOW))
    assert (shown["revision"], shown["node"]) == ("?", "–")


def test_authors_are_not_shown_before_they_are_read() -> None:
    [revision] = revisions(make.deployment(), [make.replica_set(make.deployment(), "aaa")])
    for is_read, text in ((True, "–"), (False, "…")):
        assert texts(revision_table.COLUMNS, revision_table.row(revision, NOW, is_read=is_read))["by"] == text


def test_revisions_are_newest_first_with_image_and_cause() -> None:
    deployment = make.deployment(revision=2)
    owned = [
        make.replica_set(deployment, "aaa", revision=1, replicas=0, change_cause="first"),
        make.replica_set(deployment, "bbb", revision=2, image="registry.example.com/team/checkout:2"),
    ]
    rows = [revision_table.row(revision, NOW) for revision in revisions(deployment, owned)]
    shown = [texts(revision_table.COLUMNS, row) for row in sorted(rows, key=lambda row: row.rank)]
    assert [(row["revision"], row["image"], row["pods"], row["cause"]) for row in shown] == [
        ("2", "checkout:2", "3/3", "–"),
        ("1", "checkout:1.0.0", "0/0", "first"),
    ]


def test_events_are_newest_first() -> None:
    pod = make.pod("p")
    rows = [events.row(make.event(pod, reason, since=since), NOW) for reason, since in (("Old", 90), ("New", 5))]
    rows.sort(key=lambda row: row.rank)
    assert [texts(events.COLUMNS, row)["reason"] for row in rows] == ["New", "Old"]
    assert texts(events.COLUMNS, rows[0])["object"] == "pod/p"
    assert events.row(make.event(pod, count=7), NOW).cells[3].text == "×7"
