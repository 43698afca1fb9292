"""The verdict over the whole corpus is the same watched, in memory, and in the replay of a capsule.

The report of triage is what screens and commands show. `test_front_ends.py` tries the commands themselves, over HTTP,
with a part of the corpus.
"""

from __future__ import annotations

import asyncio
import copy
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from k9py.api.resource_types import STANDARD
from k9py.capsule.capsule import Capsule, all_logs
from k9py.capsule.capture import capture
from k9py.capsule.file import capsule_text, read_capsule, write_capsule
from k9py.capsule.markdown import report_lines
from k9py.views.triage_json import problem_values, report_values
from tests.corpus.cases import Case, cases
from tests.corpus.clusters import problems_of
from tests.corpus.verdicts import verdict
from tests.factories.triage import triage_of, triaging


@pytest.mark.parametrize("case", [*cases("faults"), *cases("healthy")], ids=lambda case: case.name)
def test_a_capsule_gives_the_verdict_of_the_cluster(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "incident.md"
    watched = asyncio.run(_watched(case, path))
    replayed = _replayed(read_capsule(path))
    in_memory = [problem_values(problem) for problem in problems_of(case)]

    assert [verdict(each) for each in replayed] == [verdict(each) for each in watched]
    assert [verdict(each, suspects=False) for each in watched] == [verdict(each, suspects=False) for each in in_memory]


async def _watched(case: Case, path: Path) -> list[dict[str, Any]]:
    """Return the problems of a cluster that is watched, as JSON values, and write its capsule."""
    async with triaging(*copy.deepcopy(case.objects), now=case.at, logs=case.logs) as cluster:
        report = cluster.triage.report(case.at)
        session: Any = SimpleNamespace(connection=cluster.connection, context="corpus")
        capsule = await capture(session, cluster, report, (), cluster.triage.logs())
    write_capsule(path, capsule_text(capsule, report_lines(capsule, report, case.at)))
    problems: list[dict[str, Any]] = report_values(report)["problems"]
    return problems


def _replayed(capsule: Capsule) -> list[dict[str, Any]]:
    """Return the problems of the objects of a capsule; types that were not read for it are not readable."""
    read = {each.plural for each in capsule.reads}
    at = datetime.fromisoformat(capsule.at)
    unread = {each.plural for each in STANDARD} - read
    report = triage_of(*capsule.objects, now=at, logs=all_logs(capsule), forbidden=unread)
    return [problem_values(problem) for problem in report.problems]
