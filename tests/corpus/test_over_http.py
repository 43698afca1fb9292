"""Triage of a watched cluster finds the same problems over HTTP as all checks over the same objects in memory."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from k9py.simulator.scenarios.recorded import Recording
from k9py.simulator.server import Simulator
from tests.corpus.cases import Case, cases
from tests.corpus.clusters import problems_of
from tests.corpus.judging import described
from tests.integration.clusters import PATIENCE, watched


@pytest.mark.parametrize("case", [*cases("faults"), *cases("healthy")], ids=lambda case: case.name)
async def test_a_watched_cluster_has_the_same_problems(case: Case, tmp_path: Path) -> None:
    with Simulator(recording=Recording(case.objects, case.at, case.logs)) as simulator:
        async with watched(simulator, tmp_path, namespace="default") as cluster:
            lease = cluster.triage.open()
            async with asyncio.timeout(PATIENCE):
                await cluster.triage.settled()
            report = cluster.triage.report(cluster.clock.now())
            lease.close()
    assert sorted(map(described, report.problems)) == sorted(map(described, problems_of(case)))
