"""The change history as entries of the timeline: what is told, what is left out, who wrote."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec

from k9py.api.kinds import MetadataKind
from k9py.api.meta import KubeObject
from k9py.api.standard_types import standard_type
from k9py.cluster.change_history import ChangeHistory
from k9py.cluster.watched_changes import watched_entries
from k9py.diagnosis.timeline import EntryKind, Knowledge, TimelineEntry
from k9py.informer.store import ChangeBatch, ObjectChange
from tests.factories.meta import NOW, before
from tests.factories.workloads import deployment
from tests.unit.diagnosis.timelines.world import any_object, manager

SINCE = before(600)


def changed(
    old: KubeObject | None, new: KubeObject | None, history: ChangeHistory, at: datetime = NOW
) -> ChangeHistory:
    obj = new if new is not None else old
    assert obj is not None
    history.observe(ChangeBatch((ObjectChange(obj.key, old, new),)), at, has_synced=True)
    return history


def entries(old: KubeObject | None, new: KubeObject | None) -> list[TimelineEntry]:
    return list(watched_entries(changed(old, new, ChangeHistory()), SINCE))


def metadata(kind: str, *managers: dict[str, Any], **more: Any) -> KubeObject:
    body = any_object("v1", kind, "app", *managers, **more)
    return MetadataKind(standard_type("", kind)).decode(msgspec.json.encode(body))


def test_a_config_map_that_is_written_names_its_writer_and_nothing_of_its_content() -> None:
    first, second = manager("argocd", 900, "data"), manager("argocd", 0, "data")
    [entry] = entries(metadata("ConfigMap", first, data={"A": "s3cret"}), metadata("ConfigMap", second))

    assert (entry.at, entry.what, entry.by, entry.source) == (NOW, "changed", "argocd", "watched")
    assert entry.knowledge is Knowledge.SEEN
    assert "s3cret" not in repr(entry)


def test_writes_of_the_status_and_of_leader_elections_are_no_changes() -> None:
    old = manager("kubelet", 900, "status", subresource="status")
    new = manager("kubelet", 0, "status", subresource="status")
    leader = {"control-plane.alpha.kubernetes.io/leader": "{}"}

    assert entries(metadata("Secret", old), metadata("Secret", new)) == []
    assert (
        entries(
            metadata("ConfigMap", manager("op", 9, "data"), annotations=leader),
            metadata("ConfigMap", manager("op", 0, "data"), annotations=leader),
        )
        == []
    )


def test_a_deletion_is_known_from_the_watch_alone() -> None:
    [entry] = entries(metadata("ConfigMap"), None)

    assert (entry.what, entry.knowledge) == ("deleted", Knowledge.STATED)


def test_an_object_that_is_watched_in_two_forms_is_deleted_once() -> None:
    history = changed(metadata("Service"), None, ChangeHistory())
    changed(metadata("Service"), None, history, NOW + timedelta(seconds=1))

    assert len(list(watched_entries(history, SINCE))) == 1


def test_a_scaling_is_one_and_a_moving_rollout_is_none() -> None:
    [scaled] = entries(deployment(replicas=3), deployment(replicas=5, ready=3))

    assert (scaled.kind, scaled.what) == (EntryKind.SCALING, "replicas: 3 → 5")
    assert entries(deployment(ready=2), deployment(ready=3)) == []
    [lost] = entries(deployment(ready=3), deployment(ready=0))
    assert lost.what == "ready: 3/3 → 0/3"


def test_what_was_found_after_a_gap_is_approximate() -> None:
    history = ChangeHistory()
    history.set_gap(has_gap=True)
    [entry] = watched_entries(changed(metadata("ConfigMap"), None, history), SINCE)

    assert entry.is_approximate
    assert "gap" in entry.source


def test_older_changes_are_left_out() -> None:
    history = changed(metadata("ConfigMap"), None, ChangeHistory(), before(700))

    assert list(watched_entries(history, SINCE)) == []


def test_how_an_object_fares_is_left_out_where_only_what_was_written_is_asked_for() -> None:
    old, new = deployment("web", replicas=3, ready=0), deployment("web", replicas=4, ready=4)
    history = changed(old, new, ChangeHistory())

    [entry] = watched_entries(history, SINCE, only_written=True)

    assert entry.what == "replicas: 3 → 4"
    assert (
        list(watched_entries(changed(old, deployment("web", replicas=3), ChangeHistory()), SINCE, only_written=True))
        == []
    )
