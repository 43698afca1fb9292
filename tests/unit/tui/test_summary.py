"""The head of a rollout's screen: the cause once, and what else is wrong."""

from __future__ import annotations

from k9py.tui.panes.summary_lines import rollout_summary
from tests import factories as make
from tests.factories import NOW
from tests.unit.cluster.situations import NEW, OLD, TOO_LATE, Situation, pods, seen


def test_a_cause_that_several_pods_have_is_said_once() -> None:
    late = make.deployment(revision=2, total=5, updated=2, conditions=[TOO_LATE])
    situation = Situation(late, pods(NEW, crashing=2), pods(OLD, ready=3))
    _, rollout = seen(*situation.objects())
    assert rollout.findings[0].message == "container app is crash-looping (exit 1) (2 pods)"
    summary = rollout_summary(rollout, NOW)
    assert "is crash-looping" in summary.state
    assert summary.lines == ()
