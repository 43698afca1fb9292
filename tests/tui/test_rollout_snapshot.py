"""The pods of a rollout as its screen shows them: thousands are cut short, computed apart, never held back."""

from __future__ import annotations

import pytest

from k9py.api.pods import Pod
from k9py.api.workloads import ReplicaSet
from k9py.rollouts.revisions import revisions
from k9py.tui.panes.rollout_snapshot import MAX_ROWS, RolloutSnapshot, take_snapshot
from k9py.tui.screens import rollout
from k9py.tui.screens.rollout import RolloutScreen
from tests import factories as make
from tests.factories import NOW
from tests.tui.dashboard import CHECKOUT, Dashboard

WANTED = make.deployment(replicas=2000, revision=2)
NEW = make.replica_set(WANTED, "bbb", revision=2, replicas=1000)
OLD = make.replica_set(WANTED, "aaa", revision=1, replicas=10)


def pods(owner: ReplicaSet, count: int, unready: int) -> list[Pod]:
    return [make.pod(f"{owner.name}-{at:04}", owner=owner, ready=at < count - unready) for at in range(count)]


def drawn(new: list[Pod], old: list[Pod]) -> RolloutSnapshot:
    return take_snapshot(WANTED, revisions(WANTED, [NEW, OLD]), [*new, *old], lambda row: row, NOW)


def test_of_many_pods_those_that_are_not_ready_are_listed_and_the_rest_is_counted() -> None:
    shown = drawn(pods(NEW, 1000, 7), pods(OLD, 10, 0))
    assert len(shown.new.rows) == MAX_ROWS
    listed = {row.key.name for row in shown.new.rows}
    assert {f"{NEW.name}-{at:04}" for at in range(993, 1000)} <= listed
    assert shown.new.summary == "revision 2 · 1.0.0 · 993 of 1000 ready · 700 more not listed"
    assert len(shown.old.rows) == 10
    assert "more" not in shown.old.summary
    assert len(shown.facts[0].cohort.pods) == 1000, "the facts are of all of them"


def test_pods_of_a_healthy_revision_have_no_failure() -> None:
    assert drawn(pods(NEW, 3, 0), pods(OLD, 3, 0)).failure is None


async def test_many_pods_are_drawn_in_a_thread(kdash: Dashboard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollout, "FEW_PODS", 0)
    await kdash.select(CHECKOUT)
    await kdash.press("enter")
    screen = await kdash.until_screen(RolloutScreen)
    await kdash.until_text("new revision 6", "old revision 5", "0 of 1 ready", "3 of 3 ready")
    assert screen.redraw_seconds == rollout.MANY_SECONDS
