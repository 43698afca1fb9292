"""The simulator's scenarios have the same problems whatever the time of day, the date and the length of the month."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Final

import pytest

from k9py.diagnosis.problem import Problem
from k9py.simulator.clock import ManualClock
from k9py.simulator.controllers.controller_manager import start_controllers
from k9py.simulator.kubelet.nodes import start_nodes
from k9py.simulator.registry.storage import Storage
from k9py.simulator.scenarios.loader import SCENARIO_NAMES, load_scenario
from k9py.simulator.state import SimulatorState
from tests.corpus.cases import Case
from tests.corpus.clusters import problems_of

TIMES: Final = {
    "midnight": datetime(2026, 5, 4, 0, 0, 30, tzinfo=UTC),
    "the backup of jobs is due": datetime(2026, 5, 4, 2, 0, 0, tzinfo=UTC),
    "a night job is due": datetime(2026, 5, 4, 3, 0, 0, tzinfo=UTC),
    "a night job runs": datetime(2026, 5, 4, 3, 5, 0, tzinfo=UTC),
    "noon": datetime(2026, 5, 4, 12, 0, 0, tzinfo=UTC),
    "before midnight": datetime(2026, 5, 4, 23, 59, 50, tzinfo=UTC),
    "leap day": datetime(2028, 2, 29, 3, 2, 0, tzinfo=UTC),
    "first of a month": datetime(2026, 3, 1, 0, 0, 5, 600_000, tzinfo=UTC),
    "end of the year": datetime(2026, 12, 31, 23, 59, 50, tzinfo=UTC),
}

SECONDS: Final = 45
"""How long a scenario runs: over the first events of those that have some, and over the next minute of most times."""


async def problems_at(scenario: str, start: datetime, seconds: float) -> list[str]:
    """Return the problems of a scenario some seconds after it has started, one on each line."""
    clock, rng = ManualClock(start), random.Random(1)
    state = SimulatorState(Storage(clock, new_uid=lambda: str(rng.getrandbits(64)), pick=rng.choice), clock, rng)
    parts = [load_scenario(scenario, state), start_controllers(state), start_nodes(state)]
    try:
        await clock.advance(seconds)
    finally:
        for part in reversed(parts):
            await part.stop()
    storage = state.storage
    objects = [
        {"apiVersion": resource.api_version, "kind": resource.kind, **obj}
        for resource in storage.resources.stored()
        for obj in storage.list(resource)
    ]
    case = Case(scenario, "", clock.now(), objects, {}, ())
    return sorted(f"{_owner(case, each)} {each.severity.label} {each.root.check}" for each in problems_of(case))


def _owner(case: Case, problem: Problem) -> str:
    """Return what a problem is about without generated names: those differ."""
    owner = case.owner(problem.root.about)
    return f"{owner.kind} {owner.namespace}/{owner.name}"


QUIET: Final = "CronJob shop/image-cleanup info cronjob-suspended"
"""All that there is about the shop when nothing is wrong."""

BAD_RELEASE: Final = "Deployment shop/checkout stuck image-pull"

EXPECTED: Final[dict[str, list[str]]] = {
    "bare": [],
    "big:200": [],
    "shop-quiet": [QUIET],
    "shop": [QUIET, BAD_RELEASE],
    "bad-release": [QUIET, BAD_RELEASE],
    "crashloop": [
        QUIET,
        "Deployment shop/payments stuck container-crash",
        "Deployment shop/recommendations stuck container-oom",
        "Deployment shop/search stuck container-probe",
    ],
    "no-endpoints": [QUIET, "Service shop/cart down service-selector"],
    "regression": [QUIET, "Deployment shop/checkout info rollout-slow"],
    "failures": [
        "ConfigMap shop/config-missing-settings degraded configuration-missing",
        "DaemonSet shop/init-fails degraded container-crash",
        "DaemonSet shop/init-fails warning daemonset-nodes",
        "DaemonSet shop/secret-missing warning daemonset-nodes",
        "Deployment shop/image-missing stuck image-pull",
        "Deployment shop/out-of-memory stuck container-oom",
        "Deployment shop/probe-fails stuck container-probe",
        "Deployment shop/unschedulable stuck pod-unschedulable",
        "Node /node-003 degraded node-not-ready",
        "PodDisruptionBudget shop/budget-full warning pdb-blocks",
        "ResourceQuota tight/team-limit stuck creation-refused",
        "Secret shop/secret-missing-db degraded configuration-missing",
        "ServiceAccount shop/account-missing stuck creation-refused",
        "StatefulSet shop/admission-refused degraded creation-refused",
        "StatefulSet shop/admission-refused info statefulset-service",
        "StatefulSet shop/config-missing info statefulset-service",
        "StatefulSet shop/crash-loop degraded container-crash",
        "StatefulSet shop/crash-loop info statefulset-service",
        "StatefulSet shop/helm-managed warning statefulset-service",
        "StatefulSet shop/node-lost info statefulset-service",
    ],
    "jobs": [
        "CronJob batch/report info cronjob-suspended",
        "CronJob shop/image-cleanup info cronjob-suspended",
        "HorizontalPodAutoscaler batch/thumbnails warning hpa-limit",
        "Job batch/migrate-2-9 degraded job-failed",
        "Job batch/suspended info job-suspended",
        "Node /node-002 info node-cordoned",
        "Node /node-004 warning node-pressure",
        "PersistentVolumeClaim batch/exports warning claim-unbound",
        "Pod batch/load-test down container-crash",
    ],
}
"""What each scenario has: an object, severity and check on each line."""

MOVING: Final = ("CronJob batch/invoice ", "Deployment batch/reports ")
"""Objects of `jobs` that fail and recover every few minutes: what they have depends on the second by intention."""


def test_every_scenario_is_expected_to_have_something_or_nothing() -> None:
    assert {name.partition(":")[0] for name in EXPECTED} == set(SCENARIO_NAMES)


@pytest.mark.parametrize("start", TIMES.values(), ids=TIMES)
@pytest.mark.parametrize("scenario", EXPECTED)
async def test_a_scenario_has_the_same_problems_at_any_time(scenario: str, start: datetime) -> None:
    problems = await problems_at(scenario, start, SECONDS)
    assert [each for each in problems if not each.startswith(MOVING)] == sorted(EXPECTED[scenario])
