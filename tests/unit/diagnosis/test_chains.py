"""Findings traced to their roots: chains, folding of pods, severities, circles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from k9py.api.meta import ObjectRef
from k9py.api.severity import Severity
from k9py.diagnosis.chains import trace
from k9py.diagnosis.finding import Finding
from k9py.diagnosis.finding_groups import Owner
from k9py.diagnosis.problem import Effect, Problem
from tests.factories.meta import NOW

DOWN, DEGRADED, STUCK, WARNING, INFO = (
    Severity.DOWN,
    Severity.DEGRADED,
    Severity.STUCK,
    Severity.WARNING,
    Severity.INFO,
)


def ref(text: str) -> ObjectRef:
    kind, _, name = text.partition("/")
    return ObjectRef(kind, "" if kind == "Node" else "shop", name)


def finding(
    about: str,
    severity: Severity = DOWN,
    *causes: Finding | str,
    message: str = "broken",
    check: str = "check",
    effect: bool = False,
    minutes: int | None = None,
) -> Finding:
    return Finding(
        severity,
        "Reason",
        message,
        ref(about),
        None if minutes is None else NOW - timedelta(minutes=minutes),
        check=check,
        caused_by=tuple(ref(cause) if isinstance(cause, str) else cause for cause in causes),
        is_effect=effect,
    )


def effect(about: str, severity: Severity = DOWN, *causes: Finding | str, message: str = "not serving") -> Finding:
    return finding(about, severity, *causes, message=message, check="health", effect=True)


def owned(workload: str, *pods: str, severity: Severity | None = DOWN) -> dict[ObjectRef, Owner]:
    return {ref(f"Pod/{pod}"): Owner(ref(workload), severity) for pod in pods}


def shape(problem: Problem) -> str:
    """Return `down Deployment/web: Pod finding > Deployment/web > Service/web`."""

    def chain(effects: tuple[Effect, ...]) -> Iterator[str]:
        for each in effects:
            below = ", ".join(chain(each.effects))
            names = "+".join(f"{about.kind}/{about.name}" for about in each.objects)
            yield names + (f" > ({below})" if below else "")

    subject = f"{problem.subject.kind}/{problem.subject.name}"
    objects = "+".join(f"{about.kind}/{about.name}" for about in problem.objects)
    below = ", ".join(chain(problem.effects))
    return f"{problem.severity.label} {subject} [{objects}]" + (f" > ({below})" if below else "")


def shapes(*findings: Finding, owners: dict[ObjectRef, Owner] | None = None) -> list[str]:
    return [shape(problem) for problem in trace(findings, owners).problems]


def test_a_chain_of_four_hops_is_one_problem() -> None:
    key = finding("ConfigMap/app-config", message="has no key DB_URL", check="")
    pods = [finding(f"Pod/web-{n}", DOWN, key, message="container app cannot start") for n in (1, 2)]

    problems = shapes(
        effect("Ingress/shop", DOWN, "Service/web"),
        effect("Service/web", DOWN, "Deployment/web"),
        effect("Deployment/web", DOWN, "Pod/web-1", "Pod/web-2"),
        *pods,
        owners=owned("Deployment/web", "web-1", "web-2"),
    )

    assert problems == [
        (
            "down ConfigMap/app-config [ConfigMap/app-config] > "
            "(Pod/web-1+Pod/web-2 > (Deployment/web > (Service/web > (Ingress/shop))))"
        )
    ]


def test_problems_of_one_object_have_different_ids() -> None:
    lacks = [finding("ConfigMap/app-config", message=f"has no key {key}", check="keys") for key in ("A", "B")]

    alone, both = trace(lacks[:1]).problems, trace(lacks).problems

    assert [problem.variant for problem in alone] == [""]
    assert len({problem.id for problem in both}) == 2


def test_a_finding_named_as_a_cause_belongs_to_the_check_that_named_it() -> None:
    key = finding("ConfigMap/app-config", check="")

    (problem,) = trace([finding("Pod/a", DOWN, key, check="pod-config")]).problems

    assert problem.root.check == "pod-config"
    assert problem.root.about == ref("ConfigMap/app-config")


def test_pods_of_a_workload_with_the_same_finding_are_one_problem_of_the_workload() -> None:
    problems = trace(
        [
            finding("Pod/web-1", message="volume data-web-1 of pod web-1 at 10.0.0.1:80 failed", minutes=5),
            finding("Pod/web-2", message="volume data-web-2 of pod web-2 at 10.0.0.9:80 failed", minutes=9),
            finding("Pod/web-3", message="something else"),
        ],
        owned("StatefulSet/web", "web-1", "web-2", "web-3"),
    ).problems

    assert sorted(shape(problem) for problem in problems) == [
        "down StatefulSet/web [Pod/web-1+Pod/web-2]",
        "down StatefulSet/web [Pod/web-3]",
    ]
    folded = next(problem for problem in problems if len(problem.objects) == 2)
    assert folded.since == NOW - timedelta(minutes=9)
    assert folded.root.about == ref("Pod/web-2")


def test_only_the_whole_name_of_a_pod_is_left_out_of_its_message() -> None:
    owners = owned("Deployment/web", "d", "a")

    assert len(shapes(finding("Pod/d", message="error d"), finding("Pod/a", message="error a"), owners=owners)) == 1
    assert len(shapes(finding("Pod/d", message="error dd"), finding("Pod/a", message="error aa"), owners=owners)) == 2


def test_a_pod_without_an_owner_stands_for_itself() -> None:
    assert shapes(finding("Pod/a"), finding("Pod/b")) == ["down Pod/a [Pod/a]", "down Pod/b [Pod/b]"]


def test_a_pod_of_a_job_is_shown_as_the_job() -> None:
    owners = {ref("Pod/import-x"): Owner(ref("Job/import"))}

    assert shapes(finding("Pod/import-x"), owners=owners) == ["down Job/import [Pod/import-x]"]


def test_an_effect_without_a_known_cause_is_its_own_root() -> None:
    (problem,) = trace([effect("Service/web", DOWN, "Deployment/web")]).problems

    assert problem.root.is_effect


def test_what_is_found_about_the_object_of_an_effect_explains_it() -> None:
    problems = shapes(effect("Service/web", DEGRADED), finding("Service/web", DOWN, message="selector matches nothing"))

    assert problems == ["degraded Service/web [Service/web] > (Service/web)"]


def test_a_finding_about_a_replica_set_explains_its_deployment() -> None:
    owners = {ref("ReplicaSet/web-1"): Owner(ref("Deployment/web"), DEGRADED)}

    problems = shapes(
        effect("Deployment/web", DEGRADED), finding("ReplicaSet/web-1", DOWN, message="quota"), owners=owners
    )

    assert problems == ["degraded Deployment/web [ReplicaSet/web-1] > (Deployment/web)"]


def test_a_warning_does_not_inherit_what_a_blocking_finding_explains() -> None:
    problems = shapes(
        effect("Deployment/web", DOWN, "Pod/web-1", "Pod/web-2"),
        finding("Pod/web-1", DOWN, message="image not found"),
        finding("Pod/web-2", WARNING, message="restarted 3 times"),
        finding("Deployment/web", WARNING, message="no readiness probe"),
    )

    assert problems == [
        "down Pod/web-1 [Pod/web-1] > (Deployment/web)",
        "warning Deployment/web [Deployment/web]",
        "warning Pod/web-2 [Pod/web-2] > (Deployment/web)",
    ]


def test_a_warning_explains_an_effect_that_nothing_else_explains() -> None:
    problems = shapes(effect("Deployment/web", DEGRADED, "Pod/web-1"), finding("Pod/web-1", WARNING))

    assert problems == ["degraded Pod/web-1 [Pod/web-1] > (Deployment/web)"]


def test_what_is_only_worth_knowing_explains_nothing_unless_it_is_named() -> None:
    note = finding("Deployment/api", INFO, message="scaled to zero by alice")

    assert shapes(effect("Service/web", DOWN, "Deployment/web"), finding("Deployment/web", INFO)) == [
        "down Service/web [Service/web]",
        "info Deployment/web [Deployment/web]",
    ]
    assert shapes(effect("Service/api", DOWN, note)) == ["down Deployment/api [Deployment/api] > (Service/api)"]


def test_a_pod_of_a_workload_that_serves_is_no_more_than_a_warning() -> None:
    pod = finding("Pod/web-1", DOWN)

    def severity(workload: Severity | None) -> Severity:
        return trace([pod], owned("Deployment/web", "web-1", severity=workload)).problems[0].severity

    assert severity(Severity.HEALTHY) is WARNING
    assert severity(Severity.WARNING) is WARNING
    assert severity(Severity.ROLLING_OUT) is INFO
    assert severity(Severity.UNKNOWN) is DOWN
    assert severity(Severity.STUCK) is DOWN
    assert severity(None) is DOWN


def test_a_root_is_as_severe_as_the_pods_that_it_explains() -> None:
    key = finding("ConfigMap/app-config", DOWN)
    pod = finding("Pod/web-1", DOWN, key)

    assert shapes(pod, owners=owned("Deployment/web", "web-1", severity=Severity.HEALTHY)) == [
        "warning ConfigMap/app-config [ConfigMap/app-config] > (Pod/web-1)"
    ]


def test_a_root_that_keeps_the_pods_of_a_moving_workload_from_starting_is_as_severe_as_it_says() -> None:
    storage_class = finding("PersistentVolumeClaim/data", DOWN)
    pod = finding("Pod/db-0", DOWN, storage_class)

    assert shapes(pod, owners=owned("StatefulSet/db", "db-0", severity=Severity.ROLLING_OUT)) == [
        "down PersistentVolumeClaim/data [PersistentVolumeClaim/data] > (Pod/db-0)"
    ]


def test_a_root_is_as_severe_as_the_worst_of_its_effects() -> None:
    node = finding("Node/n1", DOWN)

    (problem,) = trace(
        [
            node,
            effect("Deployment/a", DEGRADED, "Node/n1"),
            effect("Deployment/b", STUCK, "Node/n1"),
            effect("Service/a", DEGRADED, "Deployment/a"),
        ]
    ).problems

    assert problem.severity is DEGRADED
    assert problem.explained == 3


def test_findings_that_explain_each_other_have_one_root() -> None:
    first = finding("Service/a", DOWN, "Service/b", minutes=3)
    second = finding("Service/b", DOWN, "Service/a", minutes=9)
    third = effect("Ingress/x", DOWN, "Service/a")

    for findings in ((first, second, third), (third, first, second), (second, third, first)):
        assert shapes(*findings) == ["down Service/b [Service/b] > (Service/a > (Ingress/x))"]


def test_problems_are_ranked_by_severity_then_by_services_then_by_time_then_by_kind_and_name() -> None:
    problems = trace(
        [
            finding("Pod/old", DOWN, minutes=60),
            finding("Pod/new", DOWN, minutes=1),
            finding("Pod/warning", WARNING, minutes=0),
            finding("Node/n1", DOWN),
            effect("Job/a", DOWN, "Node/n1"),
            effect("Job/b", DOWN, "Node/n1"),
            finding("ConfigMap/c", DOWN),
            effect("Service/c", DOWN, "ConfigMap/c"),
        ]
    ).problems

    assert [problem.subject.name for problem in problems] == ["c", "new", "old", "n1", "warning"]


def test_equal_findings_are_one() -> None:
    one = finding("Pod/a", WARNING, message="same", minutes=5)

    (problem,) = trace([one, replace(one, severity=DOWN, since=NOW), one]).problems

    assert (problem.severity, problem.since, len(problem.objects)) == (DOWN, NOW - timedelta(minutes=5), 1)


def test_containers_of_a_pod_with_the_same_message_are_one() -> None:
    app = replace(finding("Pod/a", message="image x:1 cannot be pulled"), container="app")
    proxy = replace(app, container="proxy")

    chains = trace([proxy, app])

    (problem,) = chains.problems
    assert (problem.objects, problem.root.container) == ((ref("Pod/a"),), "app")
    assert chains.findings_about[ref("Pod/a")] == (app, proxy)


def test_each_object_knows_its_findings_and_problems() -> None:
    crash = finding("Pod/web-1", DOWN, message="exit code 1")
    chains = trace([effect("Service/web", DOWN, "Pod/web-1"), crash], owned("Deployment/web", "web-1", severity=DOWN))

    (problem,) = chains.problems
    for name in ("Pod/web-1", "Deployment/web", "Service/web"):
        assert chains.problems_of[ref(name)] == (problem,)
    assert chains.findings_about[ref("Pod/web-1")] == (crash,)


def test_a_claim_that_no_pod_waits_for_is_no_more_than_a_warning() -> None:
    claim = finding("PersistentVolumeClaim/data", DOWN)
    assert shapes(claim) == ["warning PersistentVolumeClaim/data [PersistentVolumeClaim/data]"]
