"""The three lines of an answer: for each kind of cause what is wrong, what changed and what to do."""

from __future__ import annotations

import dataclasses
from datetime import datetime

import pytest
from msgspec.structs import replace

from k9py.api.causes import CauseKind
from k9py.api.severity import Severity
from k9py.api.workloads import RESTARTED_AT
from k9py.cluster.views import RolloutView, ServiceMode, ServiceView
from k9py.diagnosis.finding import Finding
from k9py.rollouts.revisions import mark_inherited_causes
from k9py.rollouts.semantic_diff import SemanticChange
from k9py.rollouts.status import RolloutState
from k9py.rollouts.undo_target import UndoTarget
from k9py.views.answer import (
    RolloutFacts,
    everything_healthy,
    rollout_answer,
    service_answer,
    stale,
)
from tests.factories import NOW, before, key
from tests.unit.views.rollout_facts import (
    CRASHED,
    HEALTHY,
    IMAGE,
    KEYS,
    REASON,
    REVISIONS,
    SERVICE,
    STATUS,
    VIEW,
    change,
    facts,
    revision,
    steps,
    text,
)


@pytest.mark.parametrize(
    ("view", "severity", "wrong"),
    [
        (VIEW, Severity.STUCK, f"{REASON}; still served by 3 old pods"),
        (HEALTHY, Severity.HEALTHY, "3 of 3 ready"),
        (
            replace(HEALTHY, status=replace(HEALTHY.status, note="partition keeps 2 pods on the old revision")),
            Severity.HEALTHY,
            "3 of 3 ready; partition keeps 2 pods on the old revision",
        ),
        (
            CRASHED,
            Severity.DEGRADED,
            "rolling out 2/3: container app is crash-looping (exit 1) · for 4m",
        ),
        (
            replace(CRASHED, status=replace(HEALTHY.status, ready=2)),
            Severity.DEGRADED,
            "container app is crash-looping (exit 1); 2 of 3 ready · for 4m",
        ),
        (
            replace(
                VIEW,
                status=replace(
                    STATUS,
                    state=RolloutState.PROGRESSING,
                    summary="rolling out 1/3",
                    cause_message="",
                    cause_kind=None,
                    note="",
                ),
            ),
            Severity.ROLLING_OUT,
            "rolling out 1/3",
        ),
        (
            replace(
                VIEW,
                status=replace(
                    STATUS, state=RolloutState.PAUSED, summary="paused at 1/3", cause_message="", note="", paused=True
                ),
            ),
            Severity.WARNING,
            "paused at 1/3; 3 of 3 ready",
        ),
        (
            replace(
                VIEW,
                status=replace(
                    STATUS, state=RolloutState.UNKNOWN, summary="waiting for the controller", cause_message="", note=""
                ),
            ),
            Severity.UNKNOWN,
            "waiting for the controller",
        ),
    ],
)
def test_the_error_is_the_complete_message(view: RolloutView, severity: Severity, wrong: str) -> None:
    assert text(rollout_answer(replace(view, severity=severity), facts(), KEYS, NOW).problem) == wrong


@pytest.mark.parametrize(("since", "ending"), [(before(240), " · for 4m"), (before(3), ""), (None, "")])
@pytest.mark.parametrize("kind", [CauseKind.PROBE, CauseKind.CRASH, CauseKind.OOM, None])
def test_for_how_long_is_shown_where_the_beginning_is_known(
    kind: CauseKind | None, since: datetime | None, ending: str
) -> None:
    finding = Finding(Severity.DEGRADED, "Reason", "it is not ready", key("Pod", "x"), since, kind)
    view = replace(HEALTHY, severity=Severity.DEGRADED, findings=(finding,))
    assert text(rollout_answer(view, facts(), KEYS, NOW).problem) == f"it is not ready{ending}"


def test_restarts_are_shown_where_they_are_what_is_wrong() -> None:
    crashed = replace(
        VIEW, severity=Severity.STUCK, status=replace(STATUS, cause_kind=CauseKind.CRASH, cause_message="it crashes")
    )
    assert text(rollout_answer(crashed, facts(restarts=7), KEYS, NOW).problem) == (
        "it crashes; 7 restarts; still served by 3 old pods"
    )


def test_a_message_of_the_cluster_is_made_printable() -> None:
    forged = replace(VIEW, status=replace(STATUS, cause_message="image \x1b[31mred cannot be pulled"))
    answer = rollout_answer(replace(forged, severity=Severity.STUCK), facts(), KEYS, NOW)
    assert "\x1b" not in text(answer.problem)


@pytest.mark.parametrize(
    ("known", "changed"),
    [
        pytest.param(
            facts(), 'image 2.7.1 → 2.8.0 · 11m ago by kubectl-set · "release 2.8"', id="by image, when, whom and why"
        ),
        pytest.param(
            facts(changes=None),
            'image 2.7.1 → 2.8.0 · 11m ago by kubectl-set · "release 2.8"',
            id="the images are known before the templates are read",
        ),
        pytest.param(
            facts(
                changes=(
                    change("labels", "version", "1", "2", "pod"),
                    change("env", "CART_TTL", "30m", "45m"),
                    change("env", "DEBUG", None, "1"),
                    change("env", "OLD", "x", None),
                    change("resources", "memory limit", "128Mi", "512Mi"),
                    IMAGE,
                )
            ),
            "image 2.7.1 → 2.8.0, env CART_TTL 30m → 45m, env DEBUG added 1, env OLD removed and 2 more"
            ' · 11m ago by kubectl-set · "release 2.8"',
            id="the image first, labels last, what is too much is counted",
        ),
        pytest.param(
            facts(
                changes=(
                    change("image", "image", "a/app:1", "b/app:1"),
                    change("image", "image", "proxy:1", "proxy:2", "sidecar proxy"),
                )
            ),
            'app image a/app:1 → b/app:1, proxy image 1 → 2 · 11m ago by kubectl-set · "release 2.8"',
            id="another registry is named, and the container where several changed",
        ),
        pytest.param(
            facts(changes=(change("annotations", f"annotations {RESTARTED_AT}", None, "2026"),)),
            'restarted · 11m ago by kubectl-set · "release 2.8"',
            id="a restart",
        ),
        pytest.param(
            facts(changes=()), 'same pod template · 11m ago by kubectl-set · "release 2.8"', id="nothing differs"
        ),
        pytest.param(
            facts((revision(6, is_current=True), revision(5), revision(4, "2.7.1", ready=3))),
            "since revision 4: image 2.7.1 → 2.8.0 · 11m ago by kubectl-set",
            id="several bad releases are one change",
        ),
        pytest.param(
            facts(
                mark_inherited_causes(
                    (
                        revision(6, is_current=True, change_cause="release 2.7"),
                        revision(5, "2.7.1", change_cause="release 2.7"),
                    )
                )
            ),
            "image 2.7.1 → 2.8.0 · 11m ago by kubectl-set",
            id="an inherited change-cause is not this release's",
        ),
        pytest.param(facts((revision(1, is_current=True),)), "first revision · 11m ago by kubectl-set", id="the first"),
        pytest.param(
            facts((revision(9, is_current=True),)),
            "previous revision no longer exists · 11m ago by kubectl-set",
            id="history that is not kept",
        ),
        pytest.param(facts(()), "unknown: revisions not read", id="nothing read"),
    ],
)
def test_what_changed(known: RolloutFacts, changed: str) -> None:
    assert text(rollout_answer(replace(VIEW, severity=Severity.STUCK), known, KEYS, NOW).last_change) == changed


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            change("container", "container", None, "registry.example.com/migrate:1", "init container migrate"),
            "init container migrate added (migrate:1)",
        ),
        (change("container", "container", "a/proxy:1", None, "sidecar proxy"), "sidecar proxy removed (proxy:1)"),
        (change("references", "environment from", None, "ConfigMap a"), "added environment from ConfigMap a"),
        (change("references", "environment from", "Secret b", None), "removed environment from Secret b"),
        (change("references", "environment from", "secret c", "secret d"), "environment from secret c → secret d"),
        (change("restart", "restarted at", None, "2026-11-22T12:00:00Z"), "restarted"),
        (change("restart", "restarted at", "2026-11-22T12:00:00Z", None), "restart annotation removed"),
    ],
)
def test_one_change_becomes_a_sentence(change: SemanticChange, sentence: str) -> None:
    answer = rollout_answer(replace(VIEW, severity=Severity.STUCK), facts(changes=(change,)), KEYS, NOW)
    assert text(answer.last_change).partition(" · ")[0] == sentence


def test_a_healthy_rollout_is_compared_with_the_revision_before() -> None:
    revisions = (revision(6, is_current=True, ready=3), revision(5, "2.7.1"), revision(4, "2.7.0", ready=1))
    known = facts(revisions, None, is_problem=False)
    answer = rollout_answer(replace(HEALTHY, severity=Severity.HEALTHY), known, KEYS, NOW)
    assert text(answer.last_change) == "image 2.7.1 → 2.8.0 · 11m ago by kubectl-set"
    assert answer.next_steps == (), "nothing suggests to undo what is healthy"


def caused(kind: CauseKind | None, **status: object) -> RolloutView:
    return replace(VIEW, status=replace(STATUS, cause_kind=kind, **status))


ZERO = replace(HEALTHY, status=replace(HEALTHY.status, state=RolloutState.SCALED_TO_ZERO, summary="scaled to 0"))


@pytest.mark.parametrize(
    ("view", "severity", "known", "first"),
    [
        (VIEW, Severity.STUCK, facts(), "u roll back to revision 5 (2.7.1)"),
        (caused(CauseKind.QUOTA), Severity.STUCK, facts(), "u roll back to revision 5 (2.7.1)"),
        (caused(CauseKind.NODE), Severity.STUCK, facts(), "d describe"),
        (
            VIEW,
            Severity.STUCK,
            facts((revision(6, is_current=True), revision(5, "2.8.0", ready=3))),
            "u roll back to revision 5 (same image)",
        ),
        (VIEW, Severity.STUCK, facts((revision(1, is_current=True),)), "i set another image"),
        (
            caused(CauseKind.CRASH),
            Severity.STUCK,
            facts((revision(1, is_current=True),)),
            "p previous logs",
        ),
        (caused(CauseKind.PROBE), Severity.STUCK, facts((revision(1, is_current=True),)), "l logs"),
        (CRASHED, Severity.DEGRADED, facts(), "u roll back to revision 5 (2.7.1)"),
        (
            replace(CRASHED, status=replace(CRASHED.status, changed_at=before(15 * 86400))),
            Severity.DEGRADED,
            facts(),
            "p previous logs",
        ),
        (
            caused(None, state=RolloutState.PAUSED, summary="paused", cause_message="", paused=True),
            Severity.WARNING,
            facts(),
            "P resume the rollout",
        ),
        (ZERO, Severity.DOWN, facts(previous_replicas=3), "Z scale back to 3 (as before)"),
        (ZERO, Severity.DOWN, facts(), "Z scale back: asks how many pods"),
        (
            caused(None, state=RolloutState.PROGRESSING, summary="rolling out 1/3", cause_message="", note=""),
            Severity.ROLLING_OUT,
            facts(),
            "Enter follow it",
        ),
        (
            caused(None, state=RolloutState.PROGRESSING, summary="rolling out 1/3", cause_message="", note=""),
            Severity.ROLLING_OUT,
            facts(new_errors=("payment refused",)),
            "u roll back to revision 5 (2.7.1)",
        ),
        (
            caused(None, state=RolloutState.UNKNOWN, summary="waiting for the controller", cause_message=""),
            Severity.UNKNOWN,
            facts(),
            "d describe",
        ),
    ],
)
def test_the_first_step_is_chosen_by_the_cause(
    view: RolloutView, severity: Severity, known: RolloutFacts, first: str
) -> None:
    assert steps(rollout_answer(replace(view, severity=severity), known, KEYS, NOW).next_steps)[0] == first


@pytest.mark.parametrize("kind", [CauseKind.CONFIG, CauseKind.QUOTA, CauseKind.ADMISSION, CauseKind.NODE])
def test_the_remedy_is_shown_first_and_the_undo_where_the_release_is_the_cause(kind: CauseKind) -> None:
    cause = Finding(Severity.STUCK, "R", REASON, key("Pod", "x"), None, kind, "create ConfigMap settings")
    other = Finding(Severity.STUCK, "R", "other", key("Pod", "y"), None, CauseKind.MOUNT, "create Secret db")
    view = replace(caused(kind), severity=Severity.STUCK, findings=(other, cause))
    next_steps = steps(rollout_answer(view, facts(), KEYS, NOW).next_steps)
    undo = [] if kind is CauseKind.NODE else ["u roll back to revision 5 (2.7.1)"]
    assert next_steps[:2] == ["create ConfigMap settings", *undo, "d describe"][:2]


def test_the_undo_of_a_stateful_set_names_the_pod_that_stays_stuck() -> None:
    view = replace(caused(CauseKind.CRASH), severity=Severity.STUCK)
    next_steps = steps(rollout_answer(view, facts(stuck_pod="db-1"), KEYS, NOW).next_steps)
    assert next_steps[0] == "u roll back to revision 5 (2.7.1), then delete pod db-1"


def test_a_selector_that_is_nearly_right_is_to_be_fixed() -> None:
    reason = Finding(Severity.DOWN, "NoPods", "no pod matches its selector app=crat", SERVICE.key)
    missed = (key("Deployment", "cart"), "app=cart")
    view = replace(SERVICE, severity=Severity.DOWN, findings=(reason,), workloads=())
    next_steps = steps(service_answer(view, None, KEYS, NOW, likely_target=missed).next_steps)
    assert next_steps == ["fix its selector or the pods' labels", "d describe"]
    others = replace(view, findings=(dataclasses.replace(reason, reason="NoReadyEndpoints"),))
    assert len(service_answer(others, None, KEYS, NOW, likely_target=missed).next_steps) == 1


def test_only_keys_that_are_possible_now_are_named_and_as_they_are_bound() -> None:
    answer = rollout_answer(replace(VIEW, severity=Severity.STUCK), facts(), {"undo": "F9"}, NOW)
    assert steps(answer.next_steps) == ["F9 roll back to revision 5 (2.7.1)"]
    assert rollout_answer(replace(VIEW, severity=Severity.STUCK), facts(), {}, NOW).next_steps == ()


def test_a_read_only_session_names_the_undo_and_why_it_is_not_possible() -> None:
    answer = rollout_answer(
        replace(VIEW, severity=Severity.STUCK), facts(), {"describe": "d"}, NOW, refusal="read-only"
    )
    assert steps(answer.next_steps) == ["roll back to revision 5 (2.7.1) (read-only)"]


def test_the_undo_is_to_the_target_that_is_given() -> None:
    known = RolloutFacts(REVISIONS, UndoTarget(REVISIONS[2], "chosen"), REVISIONS[2])
    assert (
        steps(rollout_answer(replace(VIEW, severity=Severity.STUCK), known, KEYS, NOW).next_steps)[0]
        == "u roll back to revision 4 (2.7.0)"
    )


def test_nothing_is_suggested_where_zero_is_what_somebody_wants() -> None:
    assert rollout_answer(replace(ZERO, severity=Severity.IDLE), facts(previous_replicas=3), KEYS, NOW).next_steps == ()


def test_scaled_to_zero_shows_the_previous_count_and_who_did_it() -> None:
    known = facts(previous_replicas=3, scaled_by="kubectl", scaled_at=before(240))
    assert (
        text(rollout_answer(replace(ZERO, severity=Severity.IDLE), known, KEYS, NOW).last_change)
        == "replicas 3 → 0 · 4m ago by kubectl"
    )
    since = replace(ZERO, findings=(Finding(Severity.DOWN, "ScaledToZero", "scaled to 0", ZERO.key, before(90)),))
    assert text(rollout_answer(since, facts(), KEYS, NOW).last_change) == "scaled to 0 · 90s ago", "what the view knows"
    timeless = facts(scaled_by="kubectl")
    assert (
        text(rollout_answer(replace(ZERO, severity=Severity.IDLE), timeless, KEYS, NOW).last_change)
        == "scaled to 0 · by kubectl"
    )


def test_new_errors_of_the_log_stand_in_the_first_line() -> None:
    answer = rollout_answer(
        replace(VIEW, severity=Severity.STUCK), facts(new_errors=("voucher \x07lost", "b", "c")), KEYS, NOW
    )
    assert text(answer.problem).endswith("; new in the log: voucher \ufffdlost and 2 more")


@pytest.mark.parametrize(
    ("service", "severity", "wrong"),
    [
        (SERVICE, Severity.HEALTHY, "3 of 3 endpoints ready"),
        (replace(SERVICE, ready=0, total=0), Severity.IDLE, "no endpoints"),
        (replace(SERVICE, ready=None, total=None), Severity.UNKNOWN, "endpoints unknown"),
        (
            replace(SERVICE, mode=ServiceMode.EXTERNAL_NAME, external_name="db.example.com", ready=None, total=None),
            Severity.IDLE,
            "alias of db.example.com",
        ),
        (
            replace(
                SERVICE,
                ready=0,
                findings=(
                    Finding(Severity.DEGRADED, "NoPods", "no pod matches its selector", SERVICE.key, before(60)),
                ),
            ),
            Severity.DOWN,
            "no pod matches its selector · for 60s",
        ),
    ],
)
def test_what_is_wrong_with_a_service(service: ServiceView, severity: Severity, wrong: str) -> None:
    assert text(service_answer(replace(service, severity=severity), None, KEYS, NOW).problem) == wrong


def test_the_steps_of_a_service_name_the_workload_they_change() -> None:
    answer = service_answer(
        replace(SERVICE, severity=Severity.STUCK), (replace(VIEW, severity=Severity.STUCK), facts()), KEYS, NOW
    )
    assert answer.name == "svc/checkout"
    assert steps(answer.next_steps) == [
        "u roll deploy/checkout back to revision 5 (2.7.1)",
        "i set another image",
        "Enter show its endpoints and pods",
    ]


def test_what_changed_names_the_workload_where_the_service_selects_several() -> None:
    behind = replace(VIEW, severity=Severity.STUCK), facts()
    alone = replace(SERVICE, severity=Severity.STUCK, workloads=(VIEW.key,))
    several = replace(alone, workloads=(VIEW.key, key("Deployment", "canary")))
    changed = text(service_answer(alone, behind, KEYS, NOW).last_change)
    assert text(service_answer(several, behind, KEYS, NOW).last_change) == f"deploy/checkout: {changed}"


def test_a_service_without_workloads_is_described() -> None:
    answer = service_answer(replace(SERVICE, severity=Severity.DOWN), None, KEYS, NOW)
    assert steps(answer.next_steps) == ["d describe"]


def test_a_service_that_selects_nothing_is_shown_how_the_pods_it_missed_are_labelled() -> None:
    missed = (key("Deployment", "cart"), "labelled app=cart")
    failing = service_answer(replace(SERVICE, severity=Severity.DOWN), None, KEYS, NOW, likely_target=missed)
    assert text(failing.problem).endswith("; pods of deploy/cart are labelled app=cart")
    idle = service_answer(replace(SERVICE, severity=Severity.IDLE), None, KEYS, NOW, likely_target=missed)
    assert "labelled" not in text(idle.problem)


def test_a_healthy_cluster_has_a_one_line_answer() -> None:
    answer = everything_healthy(16, 1, (key("Deployment", "cart"), before(7200)), NOW)
    assert text(answer.problem) == "all 16 rollouts and 1 service · last change shop/cart 120m ago"
    assert (answer.severity, answer.last_change, answer.next_steps) == (Severity.HEALTHY, (), ())


def test_what_cannot_be_seen_now_is_never_healthy() -> None:
    healthy = stale(rollout_answer(replace(HEALTHY, severity=Severity.HEALTHY), facts(), KEYS, NOW), before(40), NOW)
    assert healthy.severity is Severity.UNKNOWN
    assert text(healthy.problem) == "last seen 40s ago (healthy): 3 of 3 ready"
    failing = stale(rollout_answer(replace(VIEW, severity=Severity.STUCK), facts(), KEYS, NOW), before(40), NOW)
    assert failing.severity is Severity.STUCK
    assert text(failing.problem).startswith("last seen 40s ago: image")


def test_no_time_is_no_guess() -> None:
    unseen = replace(VIEW, status=replace(STATUS, changed_at=None, changed_by=""))
    assert text(rollout_answer(replace(unseen, severity=Severity.STUCK), facts(), KEYS, NOW).last_change) == (
        'image 2.7.1 → 2.8.0 · "release 2.8"'
    )
