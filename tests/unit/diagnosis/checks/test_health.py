"""What users feel of workloads and Services: the effects."""

from __future__ import annotations

from k9py.api.kinds import DEPLOYMENT, SERVICE
from k9py.api.severity import Severity
from k9py.diagnosis.checks.health import service_health, workload_health
from tests import factories as make
from tests.factories.graph import GraphOfObjects, findings_of


def _crashing() -> GraphOfObjects:
    deployment = make.deployment("web", replicas=1, ready=0)
    replica_set = make.replica_set(deployment, replicas=1)
    crash = make.container_status(ready=False, state=make.waiting("CrashLoopBackOff"))
    pod = make.pod("web-1", owner=replica_set, labels={"app": "web"}, ready=False, statuses=[crash])
    service = make.service("web", selector={"app": "web"})
    return GraphOfObjects(deployment, replica_set, pod, service, make.endpoint_slice(service))


def test_effects_name_what_may_cause_them() -> None:
    graph = _crashing()

    (workload,) = findings_of(workload_health, graph.subject(DEPLOYMENT, "web", "shop"), graph)
    (service,) = findings_of(service_health, graph.subject(SERVICE, "web", "shop"), graph)

    assert (workload.severity, workload.message, workload.is_effect) == (Severity.DOWN, "0 of 1 pod ready", True)
    assert [str(cause) for cause in workload.caused_by] == ["Pod shop/web-1"]
    assert service.message == "no ready endpoints"
    assert [str(cause) for cause in service.caused_by] == ["Deployment shop/web"]
