"""The command line, a replayed capsule and the checks in memory say the same about a case.

The commands themselves, over HTTP, with every eighth case; all of them, in five minutes, with K9PY_WHOLE_CORPUS=1.
`test_replayed.py` compares the verdicts of all cases without a server.
"""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest

from k9py.cli.command_line import ScopeArguments
from k9py.cli.main import main
from k9py.cli.triage.capsule import capsule
from k9py.cli.triage.ranking import ranking
from k9py.simulator.scenarios.recorded import Recording
from k9py.simulator.server import Simulator
from k9py.views.triage_json import problem_values
from tests.cli.shell import Shell
from tests.corpus.cases import Case, cases
from tests.corpus.clusters import problems_of
from tests.corpus.verdicts import verdict

_ALL = ScopeArguments(all_namespaces=True)
_CASES = (*cases("faults"), *cases("healthy"))[:: 1 if os.environ.get("K9PY_WHOLE_CORPUS") else 8]


@pytest.mark.parametrize("case", _CASES, ids=lambda case: case.name)
def test_status_and_a_replayed_capsule_say_the_same(
    case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "incident.md"
    with Simulator(recording=Recording(case.objects, case.at, case.logs)) as simulator:
        shell = Shell(simulator, tmp_path, namespace="default")
        live = asyncio.run(shell.run(lambda invocation: ranking(invocation, _ALL, watch=False), json=True))
        written = asyncio.run(shell.run(lambda invocation: capsule(invocation, (), _ALL, str(path))))
    assert written.err == "" or "Traceback" not in written.err

    with pytest.raises(SystemExit):
        main(["status", "-A", "--replay", str(path), "-o", "json"])
    replayed = json.loads(capsys.readouterr().out)

    in_memory = [verdict(problem_values(problem), suspects=False) for problem in problems_of(case)]
    assert [verdict(problem, suspects=False) for problem in live.json["problems"]] == in_memory
    assert [verdict(problem, suspects=False) for problem in replayed["problems"]] == in_memory
