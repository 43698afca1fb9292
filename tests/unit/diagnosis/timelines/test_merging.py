"""One change is one entry, the better known one; the timeline is sorted, bounded and begins where it should."""

from __future__ import annotations

from datetime import timedelta

from k9py.api.meta import ObjectRef
from k9py.diagnosis.timeline import EntryKind, Knowledge, TimelineEntry
from k9py.diagnosis.timelines.merging import merged
from tests.factories.graph import GraphOfObjects
from tests.factories.meta import NOW, before, key
from tests.unit.diagnosis.timelines.reading import lines, timeline_of
from tests.unit.diagnosis.timelines.world import deployment, event, manager, pod, replica_set

SINCE = before(3600)


def entry(
    seconds: float,
    what: str,
    *,
    by: str = "",
    about: ObjectRef | None = None,
    kind: EntryKind = EntryKind.CHANGE,
    knowledge: Knowledge = Knowledge.STATED,
    owner: ObjectRef | None = None,
) -> TimelineEntry:
    return TimelineEntry(
        before(seconds), about or key("ConfigMap", "app"), kind, what, by=by, knowledge=knowledge, owner=owner
    )


def test_a_write_that_was_watched_too_is_one_entry_with_its_author() -> None:
    written = entry(60, "data changed", by="argocd", knowledge=Knowledge.WRITTEN)
    seen = entry(58, "changed", knowledge=Knowledge.SEEN)

    assert lines(merged([written, seen], SINCE).entries) == ["58 ConfigMap/app changed [argocd]"]


def test_writes_of_two_managers_at_one_time_are_two_changes() -> None:
    first = entry(60, "data changed", by="argocd", knowledge=Knowledge.WRITTEN)
    second = entry(60, "changed", by="kubectl", knowledge=Knowledge.SEEN)

    assert len(merged([first, second], SINCE).entries) == 2


def test_changes_that_say_equally_much_are_all_kept() -> None:
    entries = [entry(60, "rolled back"), entry(58, "scaled"), entry(59, "restarted")]

    assert len(merged(entries, SINCE).entries) == 3


def test_a_report_of_a_controller_hides_no_write() -> None:
    written = entry(60, "data changed", by="argocd", knowledge=Knowledge.WRITTEN)
    report = entry(60, "FailedSync: no", kind=EntryKind.EVENT)

    assert len(merged([written, report], SINCE).entries) == 2


def test_the_beginning_of_a_problem_hides_no_write_and_has_no_author() -> None:
    written = entry(60, "data changed", by="argocd", knowledge=Knowledge.WRITTEN)
    began = entry(60, "began: has no key", kind=EntryKind.FINDING)

    assert lines(merged([written, began], SINCE).entries) == [
        "60 ConfigMap/app data changed [argocd]",
        "60 ConfigMap/app began: has no key",
    ]


def test_what_happened_long_apart_or_before_is_not_merged() -> None:
    written = entry(60, "data changed", by="argocd", knowledge=Knowledge.WRITTEN)
    seen = entry(50, "changed", knowledge=Knowledge.SEEN)
    old = entry(4000, "older")

    assert lines(merged([written, seen, old], SINCE).entries) == [
        "50 ConfigMap/app changed",
        "60 ConfigMap/app data changed [argocd]",
    ]


def test_the_limit_keeps_the_newest_and_counts_the_others() -> None:
    timeline = merged([entry(seconds, f"change {seconds}") for seconds in range(100, 110)], SINCE, limit=3)

    assert [each.what for each in timeline.entries] == ["change 100", "change 101", "change 102"]
    assert timeline.left_out == 7


def test_equal_things_that_happen_to_pods_of_one_owner_are_one_entry() -> None:
    owner = key("ReplicaSet", "web-a")
    started = [
        entry(100 - n, "pod created", about=key("Pod", f"web-a-{n}"), kind=EntryKind.POD, owner=owner) for n in range(3)
    ]
    later = entry(10, "pod created", about=key("Pod", "web-a-9"), kind=EntryKind.POD, owner=owner)
    timeline = merged([*started, later], SINCE).entries

    assert lines(timeline) == ["10 Pod/web-a-9 pod created", "98 ReplicaSet/web-a 3 pods: created"]
    assert timeline[1].details == ("Pod web-a-0", "Pod web-a-1", "Pod web-a-2")


def test_equal_reports_about_pods_of_one_owner_are_one_entry() -> None:
    graph = GraphOfObjects(
        *(event("Pod", f"web-bbb-{n}", "Killing", "Stopping container app", 100 - n) for n in range(3)),
        event("Pod", "other-ccc-1", "Killing", "Stopping container app", 98),
        *(event("Pod", f"web-bbb-{n}", "BackOff", "Back-off", 50, type_="Warning", count=3) for n in range(2)),
    )

    assert [(each.what, each.count) for each in timeline_of(graph)] == [
        ("2 pods: BackOff: Back-off", 6),
        ("3 pods: Killing: Stopping container app", 1),
        ("Killing: Stopping container app", 1),
    ]


IMAGE = 'Failed to pull image "reg/web:9": rpc error: code = NotFound desc = failed to resolve: not found'


def test_what_the_kubelet_reports_about_one_image_is_one_entry_with_the_failure() -> None:
    graph = GraphOfObjects(
        event("Pod", "web-bbb-1", "Failed", IMAGE, 100, type_="Warning", count=4),
        event("Pod", "web-bbb-1", "Failed", "Error: ErrImagePull", 99, type_="Warning", count=4),
        event("Pod", "web-bbb-1", "BackOff", 'Back-off pulling image "reg/web:9"', 40, count=6),
        event("Pod", "web-bbb-1", "Failed", "Error: ImagePullBackOff", 30, type_="Warning", count=6),
        event("Pod", "web-bbb-1", "BackOff", "Back-off restarting failed container side", 20, type_="Warning"),
    )

    other, image = timeline_of(graph)

    assert other.what == "BackOff: Back-off restarting failed container side"
    assert (image.what, image.count, image.at, image.first) == (f"Failed: {IMAGE}", 20, before(30), before(340))
    assert image.is_warning
    assert "also Failed: Error: ImagePullBackOff" in image.details


def test_that_the_kubelet_waits_for_volumes_belongs_to_the_failure_of_a_volume() -> None:
    specific = 'MountVolume.SetUp failed for volume "config" : configmap "app" not found'
    other = 'MountVolume.SetUp failed for volume "token" : secret "token" not found'
    waits = "Unable to attach or mount volumes: unmounted volumes=[config], unattached volumes=[]: timed out waiting"
    graph = GraphOfObjects(
        event("Pod", "web-bbb-1", "FailedMount", specific, 130, type_="Warning", count=3),
        event("Pod", "web-bbb-1", "FailedMount", other, 500, type_="Warning"),
        event("Pod", "web-bbb-1", "FailedMount", waits, 60, type_="Warning", count=2),
        event("Pod", "web-ccc-1", "FailedMount", waits, 60, type_="Warning", count=2),
    )

    assert {(each.about.name, each.what, each.count) for each in timeline_of(graph)} == {
        ("web-bbb-1", f"FailedMount: {specific}", 5),
        ("web-bbb-1", f"FailedMount: {other}", 1),
        ("web-ccc-1", f"FailedMount: {waits}", 2),
    }


def test_a_probe_that_fails_with_changing_texts_is_one_entry_as_long_as_it_does() -> None:
    texts = ("Readiness probe failed: connection refused", "Readiness probe failed: statuscode: 503")
    graph = GraphOfObjects(
        event("Pod", "web-bbb-1", "Unhealthy", texts[0], 2000, type_="Warning", count=2),
        event("Pod", "web-bbb-1", "Unhealthy", texts[0], 200, type_="Warning", count=2),
        event("Pod", "web-bbb-1", "Unhealthy", texts[1], 100, type_="Warning", count=7),
        event("Pod", "web-bbb-1", "Unhealthy", "Liveness probe failed: connection refused", 90, type_="Warning"),
    )

    assert [(each.what.partition(": ")[2], each.count) for each in timeline_of(graph)] == [
        ("Liveness probe failed: connection refused", 1),
        (texts[1], 9),
        (texts[0], 2),
    ]


def test_refused_pods_with_generated_names_are_one_entry() -> None:
    refusal = 'Error creating: pods "web-bbb-{}" is forbidden: exceeded quota: team, used: pods={}'
    graph = GraphOfObjects(
        *(
            event("ReplicaSet", "web-bbb", "FailedCreate", refusal.format(f"x{n}", n), 100 - n, type_="Warning")
            for n in range(4)
        )
    )

    assert [(each.what, each.count) for each in timeline_of(graph)] == [(f"FailedCreate: {refusal.format('x3', 3)}", 4)]


def test_a_creation_that_its_first_revision_shows_too_is_one_entry() -> None:
    entries = [entry(60, "created"), entry(60, "created", by="helm", kind=EntryKind.ROLLOUT)]

    assert lines(merged(entries, SINCE).entries) == ["60 ConfigMap/app created [helm]"]


def test_a_rollout_is_one_entry_although_many_sources_know_of_it() -> None:
    graph = GraphOfObjects(
        deployment(
            manager("argocd-controller", 301, "spec.template", "metadata.labels"),
            manager("kube-controller-manager", 280, "status", subresource="status"),
        ),
        replica_set("aaa", 1, "reg/web:1.4", 86_400),
        replica_set("bbb", 2, "reg/web:1.5", 300),
        event("Deployment", "web", "ScalingReplicaSet", "Scaled up replica set web-bbb from 0 to 2", 300),
        pod("web-bbb-1", "web-bbb", 299),
        pod("web-bbb-2", "web-bbb", 299),
    )

    assert lines(timeline_of(graph, NOW - timedelta(hours=1))) == [
        "294 ReplicaSet/web-bbb 2 pods: became ready",
        "299 ReplicaSet/web-bbb 2 pods: created",
        "300 Deployment/web revision 2: image app: 1.4 → 1.5 [argocd-controller]",
    ]
