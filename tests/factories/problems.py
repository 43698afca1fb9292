"""Problems for tests: a ConfigMap without a key that keeps a Deployment, its Service and an Ingress down."""

from __future__ import annotations

from k9py.api.causes import CauseKind
from k9py.api.meta import ObjectRef
from k9py.api.severity import Severity
from k9py.diagnosis.finding import Evidence, EvidenceSource, Finding, NextStep
from k9py.diagnosis.problem import Effect, Problem, Suspect, TriageReport, UnreadKind
from tests.factories.meta import NOW, before

CONFIG_MAP = ObjectRef("ConfigMap", "shop", "app-config")
WEB = ObjectRef("Deployment", "shop", "web")
WEB_SERVICE = ObjectRef("Service", "shop", "web")
INGRESS = ObjectRef("Ingress", "shop", "shop")
PODS = tuple(ObjectRef("Pod", "shop", f"web-7f9-{name}") for name in ("aa", "bb", "cc"))


def missing_key() -> Problem:
    """Return a chain over four hops: ConfigMap → pods → Deployment → Service → Ingress."""
    root = Finding(
        Severity.DOWN,
        "MissingKey",
        "has no key DB_URL",
        CONFIG_MAP,
        before(360),
        CauseKind.CONFIG,
        check="pod-config",
        evidence=(
            Evidence(EvidenceSource.FIELD, PODS[0], "spec.containers[app].env[DB].valueFrom", "app-config/DB_URL"),
            Evidence(EvidenceSource.EVENT, PODS[0], "Failed", "Error: couldn't find key DB_URL", before(60)),
        ),
        next_steps=(
            NextStep("add the key", "object.edit"),
            NextStep("roll back to revision 6", "workload.undo", WEB, frozenset({CONFIG_MAP})),
        ),
    )
    pod = Finding(Severity.DOWN, "CreateContainerConfigError", "container app cannot start", PODS[0], before(350))
    ready = Finding(Severity.DOWN, "NoReadyPods", "0 of 3 pods ready", WEB, before(340), is_effect=True)
    endpoints = Finding(Severity.DOWN, "NoEndpoints", "no ready endpoints", WEB_SERVICE, before(340), is_effect=True)
    answers = Finding(Severity.DOWN, "Unavailable", "path / has no ready backend", INGRESS, is_effect=True)
    ingress = Effect(answers, (INGRESS,))
    service = Effect(endpoints, (WEB_SERVICE,), (ingress,))
    deployment = Effect(ready, (WEB,), (service,))
    return Problem(
        root,
        Severity.DOWN,
        CONFIG_MAP,
        (CONFIG_MAP,),
        (Effect(pod, PODS, (deployment,)),),
        6,
        before(360),
        (Suspect(before(370), CONFIG_MAP, "changed", "argocd", "managedFields"),),
    )


def problem_of(
    subject: ObjectRef,
    message: str,
    severity: Severity = Severity.WARNING,
    *,
    check: str = "pod-restarts",
    about: ObjectRef | None = None,
    next_steps: tuple[NextStep, ...] = (),
    suspects: tuple[Suspect, ...] = (),
    kind: CauseKind | None = None,
    container: str = "",
) -> Problem:
    """Return a problem without effects."""
    root = Finding(
        severity,
        "Reason",
        message,
        about or subject,
        before(120),
        kind,
        container=container,
        check=check,
        next_steps=next_steps,
    )
    return Problem(root, severity, subject, (about or subject,), since=before(120), suspects=suspects)


def report_of(*problems: Problem, unread: tuple[UnreadKind, ...] = (), is_complete: bool = True) -> TriageReport:
    """Return a report of these problems."""
    return TriageReport(NOW, problems, 1204, unread, is_complete)
