"""A user who may read little: what is known is found, and what cannot be judged is unknown, never healthy."""

from __future__ import annotations

from k9py.api.severity import Severity
from k9py.cluster.scope import Scope
from k9py.diagnosis.checks.health import service_health, workload_health
from tests import factories as make
from tests.unit.cluster.server import FakeServer
from tests.unit.cluster.triage.checks import UNREADY, running

_OTHERS = (
    "endpointslices",
    "replicasets",
    "statefulsets",
    "daemonsets",
    "controllerrevisions",
    "events",
    "horizontalpodautoscalers",
    "poddisruptionbudgets",
)


async def test_what_few_rights_show_is_found_and_the_rest_is_unknown() -> None:
    deployment = make.deployment("web", replicas=1, ready=0, available=0)
    replica_set = make.replica_set(deployment, replicas=1)
    server = FakeServer(
        deployment,
        make.pod("web-1", owner=replica_set, labels={"app": "web"}, ready=False),
        make.pod("db-0", owner=make.stateful_set("db"), ready=False),
        make.service("web", selector={"app": "web"}),
        make.service("typo", selector={"app": "nothing"}),
    )
    server.forbidden |= {(resource, "shop") for resource in _OTHERS}
    async with running(server, UNREADY, service_health, workload_health, scope=Scope(("shop",))) as cluster:
        report = cluster.triage.report(cluster.clock.now())
        found = {(str(problem.root.about), problem.severity) for problem in report.problems}

        assert ("Pod shop/db-0", Severity.DOWN) in found
        assert ("Service shop/typo", Severity.UNKNOWN) in found
        web = next(problem for problem in report.problems if str(problem.root.about) == "Pod shop/web-1")
        assert web.severity is Severity.DOWN
        assert cluster.triage.problems_of(make.service("web").key) == (web,)
