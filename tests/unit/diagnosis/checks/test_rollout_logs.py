"""Errors that only the new revision logs; and those that are old, chance, of a start, or of a pod that is not ready."""

from __future__ import annotations

from typing import Any

import pytest

from k9py.api.kinds import DEPLOYMENT
from k9py.api.severity import Severity
from k9py.diagnosis.checks.rollout_logs import new_log_errors
from k9py.diagnosis.finding import Finding
from tests import factories as make
from tests.factories.graph import GraphOfObjects, findings_of

_INFO = [f"INFO served order {number}" for number in range(20)]
_TIMEOUT = [f"ERROR cannot reach payments: timeout after {number}ms" for number in (30, 31, 32)]
_KNOWN = ["ERROR card 4711 declined", "ERROR card 4712 declined"]


def _found(
    new: list[str] | None,
    old: list[str] | None,
    *,
    new_ready: bool = True,
    new_since: float = 120,
    has_old_pod: bool = True,
    complete: bool = False,
    age: float = 300,
) -> tuple[Finding, ...]:
    counts: dict[str, Any] = {} if complete else {"total": 4, "updated": 1, "ready": 4, "available": 4}
    deployment = make.deployment("web", revision=7, **counts)
    before = make.replica_set(deployment, "old", revision=6, replicas=3, created=make.before(90000))
    now = make.replica_set(deployment, "new", revision=7, replicas=1, created=make.before(age))
    pods = [make.pod("web-new", owner=now, created=age, ready=new_ready, ready_since=new_since)]
    if has_old_pod:
        pods.append(make.pod("web-old", owner=before, created=80000, ready_since=79000))
    logs = {f"shop/web-{name}/app": lines for name, lines in (("new", new), ("old", old)) if lines is not None}
    graph = GraphOfObjects(deployment, before, now, *pods, logs=logs)
    return findings_of(new_log_errors, graph.subject(DEPLOYMENT, "web", "shop"), graph)


def test_errors_of_the_new_revision_alone_are_found() -> None:
    (finding,) = _found([*_INFO, *_KNOWN, *_TIMEOUT], [*_INFO, *_KNOWN])

    assert finding.severity is Severity.WARNING
    assert finding.message.startswith("1 new error template in revision 7: ")
    assert "cannot reach payments: timeout after" in finding.message
    assert finding.evidence[0].text == _TIMEOUT[-1]
    assert [step.action for step in finding.next_steps] == ["object.logs", "workload.undo"]


@pytest.mark.parametrize(
    ("new", "old", "options"),
    [
        ([*_INFO, *_TIMEOUT], [*_TIMEOUT, *_INFO], {}),  # the old one logs it too
        ([*_INFO, _TIMEOUT[0]], _INFO, {}),  # once
        ([*_TIMEOUT, *_INFO], _INFO, {}),  # at the start alone
        (_INFO, _INFO, {}),
        (None, _INFO, {}),
        ([*_INFO, *_TIMEOUT], _INFO, {"new_ready": False}),
        ([*_INFO, *_TIMEOUT], _INFO, {"new_since": 20}),
        ([*_INFO, *_TIMEOUT], _INFO, {"has_old_pod": False}),
        ([*_INFO, *_TIMEOUT], _INFO, {"complete": True, "age": 40000}),
    ],
)
def test_nothing_else_is(new: list[str] | None, old: list[str] | None, options: Any) -> None:
    assert _found(new, old, **options) == ()


def test_no_log_is_read_of_a_rollout_that_is_over() -> None:
    deployment = make.deployment("web")
    graph = GraphOfObjects(deployment, make.replica_set(deployment), logs={})

    assert findings_of(new_log_errors, deployment, graph) == ()
