"""The change history: old → new of what matters, bounded, without the noise of a running cluster."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
import pytest

from k9py.api.meta import KubeObject, Meta, NodeMeta
from k9py.api.nodes import Node, NodeSpec
from k9py.api.table import TableRow
from k9py.cluster.change_history import MERGED_WITHIN, ChangeHistory, FactChange, HistoryAction, HistoryEntry
from k9py.informer.store import ChangeBatch, ObjectChange
from tests import factories as make

LATER = MERGED_WITHIN + timedelta(seconds=1)


class Seen:
    """A history, and the objects as they were put last."""

    def __init__(self, limit: int = 100) -> None:
        self.history = ChangeHistory(limit)
        self.now: datetime = make.NOW

    def change(self, old: KubeObject | None, new: KubeObject | None, *, has_synced: bool = True) -> None:
        known = new or old
        assert known is not None
        self.history.observe(ChangeBatch((ObjectChange(known.key, old, new),)), self.now, has_synced=has_synced)

    @property
    def newest(self) -> HistoryEntry:
        return self.history.entries()[0]


def test_a_new_image_is_recorded_with_the_old_one() -> None:
    seen = Seen()
    seen.change(make.deployment(image="shop:1"), make.deployment(image="shop:2"))
    [change] = [change for change in seen.newest.changes if change.fact.startswith("image of ")]
    assert (change.old, change.new) == ("shop:1", "shop:2")
    assert seen.newest.ref == make.deployment().key
    assert seen.newest.action is HistoryAction.CHANGED


def test_replicas_and_readiness_of_a_workload_are_recorded() -> None:
    seen = Seen()
    seen.change(make.deployment(replicas=3), make.deployment(replicas=5))
    assert FactChange("replicas", "3", "5") in seen.newest.changes


def test_a_pod_that_stops_being_ready_is_recorded() -> None:
    seen = Seen()
    seen.change(make.pod(ready=True), make.pod(ready=False))
    assert FactChange("ready", "ready", "not ready") in seen.newest.changes


def test_a_cordoned_node_is_recorded() -> None:
    seen = Seen()
    before = Node(NodeMeta("n1", uid="n1"))
    seen.change(before, msgspec.structs.replace(before, spec=NodeSpec(unschedulable=True)))
    assert seen.newest.changes == (FactChange("scheduling", "enabled", "disabled"),)


def test_cells_of_any_other_type_are_recorded_but_not_their_ages() -> None:
    seen = Seen()
    row = TableRow(Meta("web", "shop", uid="c1"), "Certificate", "cert-manager.io", ("web", "True", "5m"))
    seen.change(row, msgspec.structs.replace(row, cells=("web", "True", "6m")))
    assert not seen.history.entries()
    seen.change(row, msgspec.structs.replace(row, cells=("web", "False", "6m")))
    assert seen.newest.changes == (FactChange("column 1", "True", "False"),)


@pytest.mark.parametrize("value", [make.event(make.pod()), make.replica_set(make.deployment())], ids=["event", "rs"])
def test_kinds_without_facts_have_no_history(value: KubeObject) -> None:
    seen = Seen()
    seen.change(None, value)
    assert not seen.history.entries()


def test_what_an_initial_list_brings_is_no_change() -> None:
    seen = Seen()
    seen.change(None, make.pod(), has_synced=False)
    assert not seen.history.entries()


def test_objects_that_come_and_go_are_recorded() -> None:
    seen = Seen()
    seen.change(None, make.pod())
    seen.change(make.pod(), None)
    assert [entry.action for entry in seen.history.entries()] == [HistoryAction.DELETED, HistoryAction.ADDED]


def test_an_object_that_was_recreated_is_a_new_one() -> None:
    seen = Seen()
    again = msgspec.structs.replace(make.pod(), metadata=msgspec.structs.replace(make.pod().metadata, uid="other"))
    seen.change(make.pod(), again)
    assert (seen.newest.action, seen.newest.uid) == (HistoryAction.ADDED, "other")


def test_changes_that_follow_each_other_closely_are_one_entry_from_first_to_last() -> None:
    seen = Seen()
    seen.change(make.deployment(replicas=1), make.deployment(replicas=2))
    seen.now += MERGED_WITHIN
    seen.change(make.deployment(replicas=2), make.deployment(replicas=3))
    assert FactChange("replicas", "1", "3") in seen.newest.changes
    assert (seen.newest.at, seen.newest.last_at) == (make.NOW, make.NOW + MERGED_WITHIN)
    assert len(seen.history) == 1
    seen.now += LATER
    seen.change(make.deployment(replicas=3), make.deployment(replicas=4))
    assert len(seen.history) == 2


def test_a_change_and_its_reversal_are_two_entries() -> None:
    seen = Seen()
    seen.change(make.pod(ready=True), make.pod(ready=False))
    seen.change(make.pod(ready=False), make.pod(ready=True))
    assert [entry.changes[0].new for entry in seen.history.entries()] == ["ready", "not ready"]


def test_what_is_found_after_a_gap_is_marked_and_kept_apart() -> None:
    seen = Seen()
    seen.change(make.deployment(replicas=1), make.deployment(replicas=2))
    seen.history.set_gap(True)
    seen.change(make.deployment(replicas=2), make.deployment(replicas=3))
    seen.history.set_gap(False)
    assert [entry.is_after_gap for entry in seen.history.entries()] == [True, False]


def test_the_oldest_entries_are_dropped() -> None:
    seen = Seen(limit=3)
    for number in range(5):
        seen.change(None, make.pod(f"p{number}"))
    assert [entry.ref.name for entry in seen.history.entries()] == ["p4", "p3", "p2"]
    seen.change(make.pod("p0"), make.pod("p0", ready=False))  # its entry is gone: nothing to merge with
    assert seen.newest.action is HistoryAction.CHANGED


def test_the_history_of_an_object_includes_what_it_controls() -> None:
    seen = Seen()
    replica_set = make.replica_set(make.deployment())
    seen.change(None, make.pod("mine", owner=replica_set))
    seen.change(None, make.pod("other"))
    assert [entry.ref.name for entry in seen.history.entries([replica_set.uid])] == ["mine"]
