"""What each source of the timeline knows of the past, and that it keeps silent about everything else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from k9py.diagnosis.timeline import EntryKind
from k9py.diagnosis.timelines.source import built_in_sources
from tests.factories.graph import GraphOfObjects
from tests.factories.meta import NOW, before
from tests.unit.diagnosis.timelines.reading import entries_of, lines
from tests.unit.diagnosis.timelines.world import (
    any_object,
    deployment,
    event,
    manager,
    pod,
    replica_set,
    stamp,
    text_of,
)

LONG_AGO = 7 * 86_400


def read(*objects: dict[str, Any], source: str) -> list[str]:
    return lines(entries_of(GraphOfObjects(*objects), NOW - timedelta(hours=1), source))


def test_every_source_says_what_it_looks_at() -> None:
    sources = built_in_sources()

    assert len({source.id for source in sources}) == len(sources) >= 9
    assert all(source.title and (source.kinds or source.types) for source in sources)


# -- revisions --------------------------------------------------------------------------------------------------------


def test_a_new_revision_says_what_it_changed_and_who_wrote_it() -> None:
    objects = (
        deployment(manager("argocd-controller", 602, "spec.template")),
        replica_set("aaa", 1, "reg/web:1.4", LONG_AGO, env={"MODE": "a"}),
        replica_set("bbb", 2, "reg/web:1.5", 600, env={"MODE": "b"}),
    )

    assert read(*objects, source="revisions") == [
        "600 Deployment/web revision 2: image app: 1.4 → 1.5, env MODE app: a → b [argocd-controller]"
    ]


def test_nobody_is_named_for_a_revision_that_was_not_written_then() -> None:
    objects = (
        deployment(manager("kubectl-edit", 60, "spec.template")),
        replica_set("aaa", 1, "reg/web:1.3", LONG_AGO),
        replica_set("bbb", 2, "reg/web:1.4", 1800),
        replica_set("ccc", 3, "reg/web:1.5", 62),
    )

    assert read(*objects, source="revisions") == [
        "62 Deployment/web revision 3: image app: 1.4 → 1.5 [kubectl-edit]",
        "1800 Deployment/web revision 2: image app: 1.3 → 1.4",
    ]


@pytest.mark.parametrize(
    ("created", "expected"),
    [(301, "300 Deployment/web created [kubectl]"), (86_400, "300 Deployment/web revision 1 [kubectl]")],
)
def test_the_first_revision_is_the_creation_unless_older_ones_are_gone(created: float, expected: str) -> None:
    web = deployment(manager("kubectl", 301, "spec.template"), created=created, revision=1)

    assert read(web, replica_set("aaa", 1, "reg/web:1.5", 300), source="revisions") == [expected]


def test_a_secret_in_the_template_is_not_shown() -> None:
    objects = (
        deployment(),
        replica_set("aaa", 1, "reg/web:1.5", LONG_AGO, env={"DB_PASSWORD": "hunter2"}),
        replica_set("bbb", 2, "reg/web:1.5", 600, env={"DB_PASSWORD": "correct-horse"}),
    )
    [entry] = entries_of(GraphOfObjects(*objects), NOW - timedelta(hours=1), "revisions")

    assert "DB_PASSWORD" in entry.what
    assert "hunter2" not in repr(entry)
    assert "correct-horse" not in repr(entry)


def test_a_rollback_is_dated_by_the_scaling_of_the_old_revision() -> None:
    objects = (
        deployment(manager("kdash", 301, "spec.template"), image="reg/web:1.4", revision=3),
        replica_set("aaa", 3, "reg/web:1.4", LONG_AGO, former="1"),
        replica_set("bbb", 2, "reg/web:1.5", 1200),
        event("Deployment", "web", "ScalingReplicaSet", "Scaled up replica set web-aaa from 0 to 2", 300),
        event("Deployment", "web", "ScalingReplicaSet", "Scaled down replica set web-bbb from 2 to 0", 299),
    )

    assert read(*objects, source="rollbacks") == [
        "300 Deployment/web rolled back to revision 1: image app: 1.5 → 1.4 [kdash]"
    ]
    assert read(*objects, source="scalings") == []


def test_a_rollback_without_events_is_dated_by_the_write_of_the_template() -> None:
    objects = (
        deployment(manager("kdash", 301, "spec.template"), image="reg/web:1.4", revision=3),
        replica_set("aaa", 3, "reg/web:1.4", LONG_AGO, former="1"),
        replica_set("bbb", 2, "reg/web:1.5", 1200),
    )

    assert read(*objects, source="rollbacks") == ["301 Deployment/web rolled back to revision 1 [kdash]"]


def test_revisions_of_a_stateful_set_are_compared_with_their_whole_template() -> None:
    def revision(name: str, number: int, created: float, value: str) -> dict[str, Any]:
        spec = {"containers": [{"name": "db", "image": "pg:16", "securityContext": {"runAsUser": int(value)}}]}
        data = {"spec": {"template": {"$patch": "replace", "metadata": {"labels": {"app": "db"}}, "spec": spec}}}
        owner = ("apps/v1", "StatefulSet", "db")
        made = any_object("apps/v1", "ControllerRevision", name, created=created, owner=owner, data=data)
        return {**made, "revision": number}

    database = any_object("apps/v1", "StatefulSet", "db", spec={"template": {}}, status={"updateRevision": "db-b"})

    [line] = read(database, revision("db-a", 1, LONG_AGO, "1"), revision("db-b", 2, 60, "2"), source="revisions")

    assert line.startswith("60 StatefulSet/db revision 2: ")
    assert "runAsUser" in line
    assert "1 → 2" in line


# -- scalings ---------------------------------------------------------------------------------------------------------


def test_a_scaling_names_who_wrote_the_replicas() -> None:
    objects = (
        deployment(manager("kubectl-scale", 400, "spec.replicas", subresource="scale")),
        replica_set("bbb", 2, "reg/web:1.5", LONG_AGO),
        event("Deployment", "web", "ScalingReplicaSet", "Scaled down replica set web-bbb from 4 to 2", 399),
    )

    assert read(*objects, source="scalings") == ["399 Deployment/web scaled from 4 to 2 [kubectl-scale]"]


def test_a_scaling_names_the_only_one_who_scales_although_that_write_has_no_time() -> None:
    """As kube-apiserver 1.36 stores it: the entry of the scale subresource has no time."""
    scale = manager("kubectl", 0, "spec.replicas", subresource="scale")
    del scale["time"]
    steps = (
        event("Deployment", "web", "ScalingReplicaSet", "Scaled up replica set web-bbb from 2 to 4", 900),
        event("Deployment", "web", "ScalingReplicaSet", "Scaled down replica set web-bbb from 4 to 2", 399),
    )

    assert read(deployment(scale), replica_set("bbb", 2, "reg/web:1.5", LONG_AGO), *steps, source="scalings") == [
        "399 Deployment/web scaled from 4 to 2 [kubectl]",
        "900 Deployment/web scaled from 2 to 4",
    ]


def test_the_steps_of_a_rollout_are_no_scalings() -> None:
    messages = (
        (100, "Scaled up replica set web-bbb from 0 to 1"),
        (95, "Scaled down replica set web-aaa from 2 to 1"),
        (90, "Scaled up replica set web-bbb to 2 from 1"),
        (85, "(combined from similar events): Scaled down replica set web-aaa to 0 from 1"),
        (70, "Scaled up replica set web-bbb from 2 to 5"),
    )
    objects = (
        deployment(),
        replica_set("aaa", 1, "reg/web:1.4", LONG_AGO),
        replica_set("bbb", 2, "reg/web:1.5", 100),
        *(event("Deployment", "web", "ScalingReplicaSet", message, at) for at, message in messages),
    )

    assert read(*objects, source="scalings") == ["70 Deployment/web scaled from 2 to 5"]
    assert read(*objects, source="rollbacks") == []


# -- pods -------------------------------------------------------------------------------------------------------------


def test_a_pod_tells_the_current_and_the_last_run_of_a_container() -> None:
    ended = {"exitCode": 137, "reason": "OOMKilled", "startedAt": stamp(300), "finishedAt": stamp(120)}
    status = {
        "name": "app",
        "restartCount": 3,
        "state": {"running": {"startedAt": stamp(100)}},
        "lastState": {"terminated": ended},
    }

    assert read(pod("web-bbb-1", "web-bbb", 1000, statuses=[status]), source="pods") == [
        "100 Pod/web-bbb-1 container app started again",
        "120 Pod/web-bbb-1 container app ended: OOMKilled, exit code 137",
        "300 Pod/web-bbb-1 container app started",
        "995 Pod/web-bbb-1 pod became ready",
        "1000 Pod/web-bbb-1 pod created",
    ]


def test_a_pod_that_was_never_ready_did_not_become_unready() -> None:
    made = pod("web-bbb-1", "web-bbb", 1000, ready=False)
    made["status"]["conditions"][0]["lastTransitionTime"] = stamp(1000)

    assert read(made, source="pods") == ["1000 Pod/web-bbb-1 pod created"]


def test_the_deletion_of_a_pod_began_a_grace_period_before_its_end() -> None:
    made = pod("web-bbb-1", "web-bbb", LONG_AGO)
    made["metadata"]["deletionTimestamp"] = text_of(before(-10))
    made["spec"]["terminationGracePeriodSeconds"] = 60
    made["status"]["conditions"] = []

    assert read(made, source="pods") == ["50 Pod/web-bbb-1 deletion began"]


# -- events -----------------------------------------------------------------------------------------------------------


def test_repetitions_of_an_event_are_one_entry() -> None:
    warning = event("Pod", "web-bbb-1", "BackOff", "Back-off restarting", 30, type_="Warning", count=12)
    [entry] = entries_of(GraphOfObjects(warning), NOW - timedelta(hours=1), "events")

    assert (entry.what, entry.count) == ("BackOff: Back-off restarting", 12)
    assert entry.at == before(30)
    assert entry.first == before(30 + 60 * 11)


def test_what_only_names_the_pod_is_no_part_of_a_report() -> None:
    """Messages as kubelet 1.36 writes them: equal ones of several pods are one entry."""
    message = "Back-off restarting failed container app in pod web-bbb-1_shop(pod-web-bbb-1)"

    assert read(event("Pod", "web-bbb-1", "BackOff", message, 30, type_="Warning"), source="events") == [
        "30 Pod/web-bbb-1 BackOff: Back-off restarting failed container app [deployment-controller]"
    ]


def test_an_autoscaler_that_moved_is_a_scaling() -> None:
    rescale = event("HorizontalPodAutoscaler", "web", "SuccessfulRescale", "New size: 5; reason: cpu above target", 30)
    [entry] = entries_of(GraphOfObjects(rescale), NOW - timedelta(hours=1), "events")

    assert entry.kind is EntryKind.SCALING


def test_normal_events_that_say_nothing_more_are_left_out() -> None:
    assert read(event("Pod", "web-bbb-1", "Pulled", "Successfully pulled image", 30), source="events") == []


# -- metadata ---------------------------------------------------------------------------------------------------------


def test_each_manager_is_an_entry_without_those_of_the_status() -> None:
    config = any_object(
        "v1",
        "ConfigMap",
        "app",
        manager("argocd-controller", 400, "data"),
        manager("kubectl-label", 300, "metadata.labels"),
        manager("sync-controller", 200, "status", subresource="status"),
        manager("kubectl-create", LONG_AGO, "data"),
        data={"DB_URL": "postgres://secret"},
    )

    assert read(config, source="writes") == [
        "300 ConfigMap/app metadata.labels changed [kubectl-label]",
        "400 ConfigMap/app data changed [argocd-controller]",
    ]


def test_a_new_object_was_created_by_its_first_manager() -> None:
    secret = any_object("v1", "Secret", "tls", manager("cert-manager", 50, "data"), created=50)
    silent = any_object("v1", "Secret", "other", created=60)

    assert read(secret, silent, source="writes") == ["50 Secret/tls created [cert-manager]", "60 Secret/other created"]


def test_a_status_is_shown_where_nothing_else_was_written() -> None:
    quota = any_object(
        "v1", "ResourceQuota", "q", manager("kube-controller-manager", 9, "status", subresource="status")
    )

    assert read(quota, source="writes") == ["9 ResourceQuota/q status changed [kube-controller-manager]"]


def test_a_config_map_of_a_leader_election_is_no_news() -> None:
    note = {"control-plane.alpha.kubernetes.io/leader": "{}"}

    assert (
        read(any_object("v1", "ConfigMap", "lock", manager("op", 1, "data"), annotations=note), source="writes") == []
    )


def test_a_helm_release_is_read_from_the_labels_of_its_secret() -> None:
    modified = str(int(before(200).timestamp()))
    labels = {"owner": "helm", "name": "shop", "version": "7", "status": "deployed", "modifiedAt": modified}
    secret = any_object(
        "v1", "Secret", "sh.helm.release.v1.shop.v7", manager("Helm", 201, "data"), created=201, labels=labels
    )

    assert read(secret, source="releases") == [
        "200 Secret/sh.helm.release.v1.shop.v7 Helm release shop revision 7: deployed [Helm]"
    ]
    assert read(secret, source="writes") == []


# -- nodes and Jobs ---------------------------------------------------------------------------------------------------


def test_what_a_silent_kubelet_causes_is_one_entry() -> None:
    conditions = [
        {"type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": stamp(seconds)}
        for kind, status, seconds, reason, message in (
            ("DiskPressure", "Unknown", 51, "NodeStatusUnknown", "Kubelet stopped posting node status."),
            ("Ready", "Unknown", 50, "NodeStatusUnknown", "Kubelet stopped posting node status."),
            ("NetworkUnavailable", "True", 50, "NoRoute", ""),
            ("PIDPressure", "Unknown", 500, "NodeStatusUnknown", ""),
        )
    ]
    taints = [
        {"key": "node.kubernetes.io/unreachable", "effect": "NoExecute", "timeAdded": stamp(49)},
        {"key": "dedicated", "effect": "NoExecute", "timeAdded": stamp(49)},
    ]
    node = any_object("v1", "Node", "n1", namespace="", spec={"taints": taints}, status={"conditions": conditions})
    entries = entries_of(GraphOfObjects(node), NOW - timedelta(hours=1), "nodes")

    assert lines(entries) == [
        "49 Node/n1 tainted dedicated:NoExecute",
        "50 Node/n1 Ready and DiskPressure became Unknown (NodeStatusUnknown)",
        "50 Node/n1 NetworkUnavailable became True (NoRoute)",
        "500 Node/n1 PIDPressure became Unknown (NodeStatusUnknown)",
    ]
    assert entries[0].details == (
        "Kubelet stopped posting node status",
        "tainted node.kubernetes.io/unreachable:NoExecute",
    )


def test_a_node_tells_its_transitions_and_its_cordon() -> None:
    taint = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule", "timeAdded": stamp(100)}
    ready = {"type": "Ready", "status": "Unknown", "reason": "NodeStatusUnknown", "lastTransitionTime": stamp(50)}
    node = any_object("v1", "Node", "n1", namespace="", spec={"taints": [taint]}, status={"conditions": [ready]})

    assert read(node, source="nodes") == [
        "50 Node/n1 Ready became Unknown (NodeStatusUnknown)",
        "100 Node/n1 cordoned",
    ]


def test_a_job_tells_its_start_and_its_end() -> None:
    failed = {"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "lastTransitionTime": stamp(10)}
    job = any_object(
        "batch/v1",
        "Job",
        "load-1",
        owner=("batch/v1", "CronJob", "load"),
        created=60,
        status={"startTime": stamp(60), "conditions": [failed]},
    )

    assert read(job, source="jobs") == [
        "10 Job/load-1 Job failed: BackoffLimitExceeded",
        "60 Job/load-1 Job started [CronJob load]",
    ]
