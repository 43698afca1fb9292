"""What the texts, rows and trees of problems say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from k9py.api.causes import CauseKind
from k9py.api.meta import ObjectRef
from k9py.api.severity import Severity
from k9py.diagnosis.finding import Evidence, EvidenceSource, Finding, NextStep
from k9py.diagnosis.problem import Effect, Problem, Suspect, UnreadKind
from k9py.views.diagnosed_status import diagnosed_status
from k9py.views.problems import (
    ChainPart,
    cause_text,
    chain_lines,
    coverage_text,
    empty_text,
    explains_text,
    finding_text,
    hidden_text,
    problem_lines,
    problem_steps,
    step_line,
    suspect_text,
    unread_kinds_text,
)
from k9py.views.problems.chain import evidence_pieces
from k9py.views.problems.table import COLUMNS, row, row_key
from k9py.views.values import StyledLine, Tone
from tests.factories.meta import NOW, before
from tests.factories.problems import CONFIG_MAP, INGRESS, PODS, WEB, WEB_SERVICE, missing_key, problem_of, report_of
from tests.unit.cluster.world import World


def plain(line: StyledLine) -> str:
    return "".join(text for text, _ in line)


@pytest.mark.parametrize(
    ("message", "shown_at", "text"),
    [
        ("has no key DB_URL", CONFIG_MAP, "has no key DB_URL"),
        ("has no key DB_URL", WEB_SERVICE, "ConfigMap app-config has no key DB_URL"),
        ("app-config has no key DB_URL", WEB_SERVICE, "app-config has no key DB_URL"),
        ("too many keys", WEB_SERVICE, "ConfigMap app-config: too many keys"),
        ("does not exist", ObjectRef("Service", "other", "web"), "ConfigMap shop/app-config does not exist"),
        ("bad\x1b[31m name", CONFIG_MAP, "bad name"),
    ],
)
def test_a_finding_names_its_object_unless_it_stands_beside_it(message: str, shown_at: ObjectRef, text: str) -> None:
    assert finding_text(Finding(Severity.DOWN, "R", message, CONFIG_MAP), shown_at) == text


def test_a_pod_of_the_workload_that_is_shown_is_not_named() -> None:
    problem = problem_of(WEB, "image web:2 cannot be pulled", about=PODS[0])
    assert cause_text(problem) == "image web:2 cannot be pulled"
    assert cause_text(problem, WEB) == "image web:2 cannot be pulled"
    assert cause_text(problem, WEB_SERVICE) == "image web:2 cannot be pulled"
    assert cause_text(problem, INGRESS) == "Deployment web: image web:2 cannot be pulled"


def test_what_users_reach_is_named_before_pods_are_counted() -> None:
    assert explains_text(missing_key()) == "6: svc/web, ingress/shop, deploy/web, 3 pods"
    assert explains_text(missing_key(), named=3) == "6: svc/web, ingress/shop, deploy/web, …"
    assert explains_text(problem_of(WEB, "x")) == ""
    node = replace(missing_key(), subject=ObjectRef("Node", "", "a"), objects=())
    assert explains_text(node) == "6: svc/web, ingress/shop, deploy/web, 3 pods in shop"
    itself = problem_of(WEB, "x", about=PODS[0])
    assert explains_text(replace(itself, effects=(Effect(itself.root, (WEB,)),), explained=1)) == ""


def test_the_replica_set_of_what_is_shown_is_not_counted() -> None:
    itself = problem_of(WEB, "x")
    replica_set = Effect(itself.root, (ObjectRef("ReplicaSet", "shop", "web-1", group=""), WEB_SERVICE))
    assert explains_text(replace(itself, effects=(replica_set,), explained=2)) == "1: svc/web"


def test_the_root_of_a_chain_has_the_sign_of_its_problem() -> None:
    pod_down = problem_of(WEB, "crash", Severity.DOWN, about=PODS[0])
    assert chain_lines(replace(pod_down, severity=Severity.STUCK), NOW)[0].tone is Tone.STUCK


def test_the_root_of_a_chain_names_the_workload_of_its_pods() -> None:
    crash = replace(problem_of(WEB, "container app crashes", about=PODS[0]), objects=PODS)
    assert plain(chain_lines(crash, NOW)[0].pieces) == "3 pods of Deployment web: container app crashes"


def test_what_is_not_known_is_a_row_with_its_sign() -> None:
    unknown = row(problem_of(WEB_SERVICE, "endpoints could not be read", Severity.UNKNOWN), 0, NOW)
    assert unknown.tone.symbol == "?"


def test_a_suspect_names_who_and_when_and_another_object_than_the_subject() -> None:
    suspect = Suspect(before(360), WEB, "image app: 1.4 → 1.5", "argocd", "ReplicaSet web-7f9 created")
    assert suspect_text(suspect, WEB, NOW) == "image app: 1.4 → 1.5 by argocd, 6m ago"
    assert suspect_text(suspect, CONFIG_MAP, NOW) == "deploy/web image app: 1.4 → 1.5 by argocd, 6m ago"


def test_the_tree_has_the_root_on_top_its_evidence_under_it_and_effects_beneath() -> None:
    drawn = [line.prefix + plain(line.pieces) for line in chain_lines(missing_key(), NOW)]
    assert drawn == [
        "ConfigMap app-config has no key DB_URL",
        "│  spec.containers[app].env[DB].valueFrom of pod/web-7f9-aa = app-config/DB_URL",
        "│  event Failed of pod/web-7f9-aa: Error: couldn't find key DB_URL, 60s ago",
        "│  suspect: changed by argocd, 6m ago (known from managedFields)",
        "└─ 3 pods: container app cannot start",
        "   └─ Deployment web: 0 of 3 pods ready",
        "      └─ Service web: no ready endpoints",
        "         └─ Ingress shop: path / has no ready backend",
    ]


def test_the_objects_of_a_finding_about_several_are_listed_when_it_is_opened() -> None:
    folded = chain_lines(missing_key(), NOW)
    group = next(line for line in folded if line.folded)
    assert (group.folded, group.ref, group.part) == (3, PODS[0], ChainPart.EFFECT)
    opened = chain_lines(missing_key(), NOW, is_open=lambda path: path == group.path)
    listed = [line.ref for line in opened if line.part is ChainPart.OBJECT]
    assert listed == list(PODS)
    paths = [line.path for line in opened]
    assert len(set(paths)) == len(paths)
    assert {line.path for line in folded} < set(paths)


@pytest.mark.parametrize(
    ("evidence", "text"),
    [
        (Evidence(EvidenceSource.FIELD, WEB, "spec.paused", "true"), "spec.paused = true"),
        (Evidence(EvidenceSource.FIELD, WEB, "spec.paused", ""), "spec.paused"),
        (Evidence(EvidenceSource.LOG, PODS[0], "app", "no route"), "log app of pod/web-7f9-aa: no route"),
        (Evidence(EvidenceSource.ABSENCE, CONFIG_MAP, "", ""), "looked for ConfigMap app-config: does not exist"),
    ],
)
def test_evidence_says_where_it_was_read(evidence: Evidence, text: str) -> None:
    assert plain(evidence_pieces(evidence, WEB, NOW)) == text


def test_a_step_names_the_object_of_its_key_and_is_left_out_while_impossible() -> None:
    problem = missing_key()
    steps = problem_steps(problem)
    assert [(step.action, step.target) for step in steps] == [("object.edit", CONFIG_MAP), ("workload.undo", WEB)]
    keys = {"undo": "u"}
    assert [plain(step_line(step, problem, keys)) for step in steps] == ["", "u roll back to revision 6 (deploy/web)"]


def test_a_key_that_only_shows_the_object_stands_after_what_is_to_be_done() -> None:
    problem = problem_of(CONFIG_MAP, "is old", next_steps=(NextStep("renew it", "object.describe"),))
    assert plain(step_line(problem_steps(problem)[0], problem, {"describe": "d"})) == "renew it (d describe)"


def test_a_suspect_release_and_a_crash_suggest_their_keys_but_a_key_does_one_thing() -> None:
    suspect = Suspect(before(360), WEB, "image app: 1.4 → 1.5", "argocd", "", can_undo=True)
    given = (NextStep("roll back to revision 6", "workload.undo", WEB),)
    crash = problem_of(WEB, "crashes", about=PODS[0], kind=CauseKind.CRASH, container="app", suspects=(suspect,))
    assert [(step.action, step.target) for step in problem_steps(crash)] == [
        ("workload.undo", WEB),
        ("object.previous_logs", PODS[0]),
    ]
    named = problem_of(WEB, "crashes", about=PODS[0], suspects=(suspect,), next_steps=given)
    assert [step.text for step in problem_steps(named)] == ["roll back to revision 6"]


def test_a_problem_in_full() -> None:
    assert [plain(line) for line in problem_lines(missing_key(), NOW)] == [
        "✗ down  configmap/app-config in shop · for 6m",
        "has no key DB_URL",
        "explains 6: svc/web, ingress/shop, deploy/web, 3 pods",
        "suspect: changed by argocd, 6m ago",
    ]


def test_a_row_has_the_rank_of_the_report_and_comes_last_and_dimmed_once_acknowledged() -> None:
    problem = missing_key()
    shown, acknowledged = row(problem, 3, NOW), row(problem, 3, NOW, mark="acknowledged")
    assert len(shown.cells) == len(COLUMNS)
    assert [cell.text for cell in shown.cells[:5]] == ["down", "shop", "configmap/app-config", "", "has no key DB_URL"]
    assert (shown.rank, shown.tone, acknowledged.tone) == (3, Tone.FAIL, Tone.FAIL), "the sign stays"
    assert acknowledged.rank > 1000
    assert [cell.text for cell in acknowledged.cells[3:5]] == ["acknowledged", "has no key DB_URL"]
    assert acknowledged.cells[4].tone is Tone.MUTED
    assert shown.key == acknowledged.key


def test_no_key_is_for_an_object_that_does_not_exist() -> None:
    edit = (NextStep("create ConfigMap app-config", "object.edit"), NextStep("correct the name", "object.edit", WEB))
    missing = problem_of(CONFIG_MAP, "does not exist", next_steps=edit)
    looked_for = Evidence(EvidenceSource.ABSENCE, CONFIG_MAP, "", "ConfigMap app-config does not exist")
    steps = problem_steps(replace(missing, root=replace(missing.root, evidence=(looked_for,))))
    assert [(step.action, step.target) for step in steps] == [("", CONFIG_MAP), ("object.edit", WEB)]
    assert problem_steps(missing)[0].action == "object.edit"


def test_a_lost_node_has_no_key_that_deletes_a_pod_or_rolls_back() -> None:
    node = ObjectRef("Node", "", "a")
    steps = (NextStep("delete pod web-0", "object.delete", PODS[0]), NextStep("see whether it runs"))
    suspect = Suspect(before(360), WEB, "image app: 1.4 → 1.5", "argocd", "ReplicaSet web-7f9 created")
    lost = problem_of(node, "is not ready", next_steps=steps, suspects=(suspect,))
    assert [step.text for step in problem_steps(lost)] == ["see whether it runs"]


def test_two_problems_of_one_object_have_rows_of_their_own() -> None:
    def of(container: str) -> Problem:
        return problem_of(WEB, "crashes", container=container)

    assert row_key(of("app")) != row_key(of("proxy"))
    assert row_key(of("app")) == row_key(replace(of("app"), severity=Severity.DOWN))


def test_kinds_that_were_not_read_are_named_the_most_telling_first() -> None:
    kinds = ("APIService", "Node", "Event", "Secret", "Lease", "ConfigMap")
    unread = [UnreadKind(kind, "", "forbidden") for kind in kinds]
    assert unread_kinds_text(unread) == "not read: ConfigMap, Secret, Event, Node and 2 more kinds"
    assert unread_kinds_text([UnreadKind("Node", "", "")]) == "", "it is being read"
    report = report_of(unread=(UnreadKind("Node", "", "forbidden"),))
    assert coverage_text(report, names_unread=True) == "looked at 1,204 objects · not read: Node"


def test_finding_nothing_says_what_was_looked_at_and_what_could_not_be_read() -> None:
    assert empty_text(None) == "looking…"
    assert empty_text(report_of(is_complete=False)) == "looked at 1,204 objects so far…"
    assert empty_text(report_of()) == "looked at 1,204 objects, found nothing"
    unread = (UnreadKind("Secret", "", "forbidden"), UnreadKind("Ingress", "shop", "forbidden"))
    hidden = hidden_text(acknowledged=1, muted=2)
    assert empty_text(report_of(unread=unread), hidden=hidden) == (
        "looked at 1,204 objects, found nothing else · 1 acknowledged · 2 muted"
        " · Secret, Ingress in shop not read: forbidden"
    )
    assert coverage_text(report_of(unread=unread)) == "looked at 1,204 objects, 2 kinds not read"


def test_an_ingress_is_named_by_its_kind() -> None:
    assert finding_text(Finding(Severity.DOWN, "R", "has no backend", INGRESS)) == "Ingress shop has no backend"


def test_a_row_in_front_of_the_workload_shows_the_message_alone() -> None:
    denied = problem_of(WEB, "admission webhook denies its pods")
    assert cause_text(denied, WEB_SERVICE) == "admission webhook denies its pods"
    assert cause_text(denied, INGRESS) == "Deployment web: admission webhook denies its pods"
    assert cause_text(missing_key(), WEB_SERVICE) == "ConfigMap app-config has no key DB_URL"


class Known:
    """Triage that knows one chain."""

    def findings_of(self, ref: ObjectRef) -> tuple[Finding, ...]:
        return tuple(finding for finding in (missing_key().root,) if finding.about == ref)

    def problems_of(self, ref: ObjectRef) -> tuple[Problem, ...]:
        return (missing_key(),)


def test_a_description_has_what_triage_found_with_its_evidence_and_the_root_that_explains_the_object() -> None:
    own = diagnosed_status(World().queries, CONFIG_MAP, NOW, Known())
    assert [(shown.label, shown.text) for shown in own.findings] == [
        ("MissingKey", "has no key DB_URL, for 6m"),
        ("", "spec.containers[app].env[DB].valueFrom of pod/web-7f9-aa = app-config/DB_URL"),
        ("", "event Failed of pod/web-7f9-aa: Error: couldn't find key DB_URL, 60s ago"),
    ]
    explained = diagnosed_status(World().queries, INGRESS, NOW, Known())
    assert [(shown.label, shown.text) for shown in explained.findings] == [
        ("root cause", "ConfigMap app-config has no key DB_URL, for 6m")
    ]


def test_a_message_that_names_another_object_of_the_same_name_does_not_stand_for_it() -> None:
    finding = Finding(Severity.DOWN, "R", "Service shop has no ready endpoints", INGRESS)
    assert finding_text(finding) == "Ingress shop: Service shop has no ready endpoints"
    assert (
        finding_text(Finding(Severity.DOWN, "R", "Ingress shop has no class", INGRESS)) == "Ingress shop has no class"
    )
