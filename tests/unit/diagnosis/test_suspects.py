"""Which changes are suspected of a problem, in which order, and which never are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from k9py.api.meta import ObjectRef
from k9py.api.severity import Severity
from k9py.diagnosis.finding import Evidence, EvidenceSource, Finding
from k9py.diagnosis.problem import Effect, Problem, Suspect
from k9py.diagnosis.suspects import suspects
from k9py.diagnosis.timeline import EntryKind, TimelineEntry
from tests.factories.graph import GraphOfObjects
from tests.factories.meta import NOW, before
from tests.unit.diagnosis.timelines.world import any_object, deployment, manager, pod, replica_set

WEB = ObjectRef("Deployment", "shop", "web")
POD = ObjectRef("Pod", "shop", "web-bbb-1")
DAY = 86_400


def problem(about: ObjectRef = POD, began: float | None = 600, *objects: ObjectRef) -> Problem:
    since = None if began is None else before(began)
    root = Finding(Severity.DOWN, "CrashLoopBackOff", "app ends", about, since=since)
    return Problem(root, Severity.DOWN, WEB, objects or (about,), since=since)


def shop(*more: dict[str, Any], rolled_out: float = 660, config_written: float = 2 * DAY) -> GraphOfObjects:
    return GraphOfObjects(
        deployment(manager("argocd-controller", rolled_out + 1, "spec.template"), config_map="app"),
        replica_set("aaa", 1, "reg/web:1.4", 7 * DAY),
        replica_set("bbb", 2, "reg/web:1.5", rolled_out),
        pod("web-bbb-1", "web-bbb", rolled_out, ready=False),
        pod("web-aaa-1", "web-aaa", 7 * DAY),
        any_object("v1", "ConfigMap", "app", manager("kubectl-edit", config_written, "data")),
        any_object("v1", "ConfigMap", "unused", manager("kubectl-edit", 610, "data")),
        *more,
    )


def texts(found: tuple[Suspect, ...]) -> list[str]:
    return [
        f"{(NOW - each.at).total_seconds():.0f} {each.about.kind}/{each.about.name} {each.what} [{each.by}]"
        for each in found
    ]


def test_the_new_revision_of_the_failing_pods_comes_first() -> None:
    graph = shop(config_written=601)
    found = suspects(problem(), graph)

    assert texts(found) == [
        "660 Deployment/web revision 2: image app: 1.4 → 1.5 [argocd-controller]",
        "601 ConfigMap/app data changed [kubectl-edit]",
    ]
    assert found[0].source == "ReplicaSet web-bbb created"
    assert found[1].source == "managedFields"


@pytest.mark.parametrize(
    ("written", "is_suspect"),
    [(600 + 29 * 60, True), (600 + 31 * 60, False), (500, True), (450, False), (300, False)],
)
def test_only_changes_shortly_before_the_beginning_are_suspects(written: float, is_suspect: bool) -> None:
    found = suspects(problem(), shop(rolled_out=5 * DAY, config_written=written))

    assert ["ConfigMap/app" in text for text in texts(found)] == ([True] if is_suspect else [])


def test_a_revision_that_the_failing_pods_do_not_have_comes_last() -> None:
    failing = ObjectRef("Pod", "shop", "web-aaa-1")
    found = suspects(problem(failing), shop(config_written=900))

    assert [each.about.kind for each in found] == ["ConfigMap", "Deployment"]


def test_of_several_rollouts_only_the_one_that_the_failing_pods_run_is_suspected() -> None:
    earlier = replica_set("abc", 2, "reg/web:1.4.1", 1500)
    found = suspects(
        problem(),
        GraphOfObjects(
            deployment(image="reg/web:1.5", revision=3),
            replica_set("aaa", 1, "reg/web:1.4", 7 * DAY),
            earlier,
            replica_set("bbb", 3, "reg/web:1.5", 660),
            replica_set("ccc", 4, "reg/web:1.6", 520),
            pod("web-bbb-1", "web-bbb", 660, ready=False),
        ),
    )

    assert [each.what for each in found] == ["revision 3: image app: 1.4.1 → 1.5"]


def test_the_nearest_of_several_comes_first_and_what_the_root_names_before_it() -> None:
    quota = any_object("v1", "ResourceQuota", "q", manager("kubectl", 620, "spec.hard"))
    policy = any_object(
        "networking.k8s.io/v1",
        "NetworkPolicy",
        "deny",
        manager("kubectl", 900, "spec.podSelector"),
        spec={"podSelector": {}},
    )
    graph = shop(quota, policy, rolled_out=5 * DAY, config_written=1200)
    config = ObjectRef("ConfigMap", "shop", "app")

    assert [each.about.kind for each in suspects(problem(), graph)] == ["ResourceQuota", "NetworkPolicy", "ConfigMap"]
    assert suspects(problem(config, 600, config), graph)[0].about == config


def test_writes_of_the_status_of_controllers_and_of_kdash_are_no_suspects() -> None:
    service = any_object(
        "v1",
        "Service",
        "web",
        manager("kube-controller-manager", 610, "status", subresource="status"),
        manager("speaker", 611, "status", subresource="status"),
        manager("kdash", 612, "metadata.labels"),
        spec={"selector": {"app": "web"}},
    )

    assert suspects(problem(), shop(service, rolled_out=5 * DAY)) == ()


def test_a_first_rollout_is_no_suspect_nor_is_what_was_created_with_it() -> None:
    graph = GraphOfObjects(
        deployment(manager("kubectl", 660, "spec.template"), config_map="app", created=660, revision=1),
        replica_set("bbb", 1, "reg/web:1.5", 660),
        pod("web-bbb-1", "web-bbb", 660, ready=False),
        any_object("v1", "ConfigMap", "app", manager("kubectl", 661, "data"), created=661),
    )

    assert suspects(problem(), graph) == ()


def test_another_image_under_the_same_tag_is_suspected() -> None:
    def status(digest: str) -> dict[str, Any]:
        return {"name": "app", "image": "reg/web:1.5", "imageID": f"reg/web@sha256:{'0' * 60}{digest}"}

    graph = GraphOfObjects(
        deployment(),
        replica_set("bbb", 2, "reg/web:1.5", 7 * DAY),
        pod("web-bbb-1", "web-bbb", 620, ready=False, statuses=[status("dead")]),
        pod("web-bbb-2", "web-bbb", 7 * DAY, statuses=[status("beef")]),
    )
    [found] = suspects(problem(), graph)

    assert "sha256:00000000…beef → sha256:00000000…dead" in found.what
    assert found.at == before(620)


def test_a_node_that_changed_is_suspected_of_its_pods_problems() -> None:
    pressure = {"type": "MemoryPressure", "status": "True", "reason": "KubeletHasInsufficientMemory"}
    node = any_object(
        "v1",
        "Node",
        "n1",
        namespace="",
        status={"conditions": [{**pressure, "lastTransitionTime": before(640).isoformat()}]},
    )
    [found] = suspects(problem(), shop(node, rolled_out=5 * DAY))

    assert texts((found,)) == ["640 Node/n1 MemoryPressure became True (KubeletHasInsufficientMemory) []"]


def test_the_conditions_of_a_node_that_is_the_root_are_no_suspects() -> None:
    lost = {"type": "Ready", "status": "Unknown", "lastTransitionTime": before(640).isoformat()}
    node = any_object("v1", "Node", "n1", namespace="", status={"conditions": [lost]})
    about = ObjectRef("Node", "", "n1")
    root = Finding(Severity.DOWN, "NodeNotReady", "is not ready", about, since=before(640))
    of_pods = problem()
    effect = Effect(of_pods.root, of_pods.objects)
    found = suspects(Problem(root, Severity.DOWN, about, (about,), (effect,)), shop(node, rolled_out=5 * DAY))

    assert found == ()


def test_what_was_watched_is_suspected_too_even_a_deletion() -> None:
    deleted = TimelineEntry(
        before(605), ObjectRef("ConfigMap", "shop", "app"), EntryKind.CHANGE, "deleted", source="watched"
    )
    unrelated = TimelineEntry(
        before(605), ObjectRef("ConfigMap", "shop", "unused"), EntryKind.CHANGE, "deleted", source="watched"
    )
    found = suspects(problem(), shop(rolled_out=5 * DAY), (deleted, unrelated))

    assert texts(found) == ["605 ConfigMap/app deleted []"]


def test_a_root_of_unknown_age_began_with_what_it_explains() -> None:
    effect = Effect(replace(problem().root, since=before(600)), (POD,))
    unknown = problem(began=None)

    assert suspects(unknown, shop()) == ()
    assert suspects(replace(unknown, effects=(effect,)), shop())[0].about == WEB


CONFIG = ObjectRef("ConfigMap", "shop", "app")


def restarted(at: float) -> GraphOfObjects:
    again = replica_set("bbb", 2, "reg/web:1.4", at)
    annotations = {"kubectl.kubernetes.io/restartedAt": before(at).isoformat()}
    again["spec"]["template"]["metadata"]["annotations"] = annotations
    return GraphOfObjects(
        deployment(config_map="app", image="reg/web:1.4"),
        replica_set("aaa", 1, "reg/web:1.4", 7 * DAY),
        again,
        pod("web-bbb-1", "web-bbb", at, ready=False),
        any_object("v1", "ConfigMap", "app", manager("argocd-controller", 700, "data")),
    )


def test_a_mere_restart_comes_after_the_change_of_what_the_root_names() -> None:
    found = suspects(problem(CONFIG, 600, CONFIG), restarted(660))

    assert texts(found) == [
        "700 ConfigMap/app data changed [argocd-controller]",
        "660 Deployment/web revision 2: restarted []",
    ]


def test_what_the_evidence_was_read_from_is_suspected() -> None:
    service = any_object("v1", "Service", "web", spec={"selector": {"tier": "front"}})
    selector = ObjectRef("Service", "shop", "web")
    labels = Evidence(EvidenceSource.FIELD, WEB, "spec.template.metadata.labels", "app=web")
    root = replace(problem(selector).root, evidence=(labels,))
    found = suspects(Problem(root, Severity.DOWN, selector, (selector,), since=before(600)), shop(service))

    assert [each.about for each in found] == [WEB]


def test_of_a_changed_object_the_creation_is_no_suspect() -> None:
    config = any_object(
        "v1", "ConfigMap", "app", manager("helm", 900, "data"), manager("argocd", 620, "data"), created=900
    )
    found = suspects(problem(CONFIG, 600, CONFIG), GraphOfObjects(deployment(config_map="app"), config))

    assert texts(found) == ["620 ConfigMap/app data changed [argocd]"]


@pytest.mark.parametrize(("created", "is_suspect"), [(850, False), (640, True)])
def test_what_came_after_a_young_workload_is_suspected(created: float, is_suspect: bool) -> None:
    quota = any_object("v1", "ResourceQuota", "q", manager("kubectl", created, "spec.hard"), created=created)
    graph = GraphOfObjects(
        deployment(created=900, revision=1),
        replica_set("bbb", 1, "reg/web:1.5", 900),
        pod("web-bbb-1", "web-bbb", 900),
        quota,
    )

    assert [each.about.kind for each in suspects(problem(), graph)] == (["ResourceQuota"] if is_suspect else [])


def test_who_paused_a_deployment_is_suspected() -> None:
    paused = deployment(manager("kubectl-rollout", 600, "spec.paused"))
    paused["spec"]["paused"] = True

    assert texts(suspects(problem(WEB), GraphOfObjects(paused))) == ["600 Deployment/web paused [kubectl-rollout]"]


def test_a_workload_that_came_to_another_one_is_suspected() -> None:
    other = deployment(manager("argocd", 620, "spec.template"), created=620, revision=1)
    other["metadata"] |= {"name": "worker", "uid": "deployment-worker"}
    first = replica_set("ccc", 1, "reg/worker:1", 620)
    first["metadata"] |= {"name": "worker-ccc"}
    first["metadata"]["ownerReferences"][0] |= {"name": "worker", "uid": "deployment-worker"}
    service = ObjectRef("Service", "shop", "web")
    labels = (
        Evidence(EvidenceSource.FIELD, ref, "spec.template.metadata.labels", "app=web")
        for ref in (WEB, ObjectRef("Deployment", "shop", "worker"))
    )
    given = problem(service)
    found = suspects(
        replace(given, subject=service, root=replace(given.root, evidence=tuple(labels))),
        shop(other, first, rolled_out=5 * DAY),
    )

    assert texts(found) == ["620 Deployment/worker created [argocd]"]


def test_a_node_that_recovered_is_no_suspect_and_one_that_the_root_names_is() -> None:
    recovered = {"type": "Ready", "status": "True", "reason": "KubeletReady"}
    node = any_object(
        "v1",
        "Node",
        "n1",
        manager("kubectl-taint", 630, "spec.taints"),
        namespace="",
        status={"conditions": [{**recovered, "lastTransitionTime": before(640).isoformat()}]},
    )
    graph = shop(node, rolled_out=5 * DAY)
    ref = ObjectRef("Node", "", "n1")
    taint = Evidence(EvidenceSource.FIELD, ref, "spec.taints", "dedicated=batch:NoSchedule")

    assert suspects(problem(), graph) == ()
    named = replace(problem(), root=replace(problem().root, evidence=(taint,)))
    assert texts(suspects(named, graph)) == ["630 Node/n1 spec.taints changed [kubectl-taint]"]
    added = any_object("v1", "Node", "n1", manager("kubeadm", 640, "spec.podCIDR"), namespace="", created=640)
    assert suspects(named, shop(added, rolled_out=5 * DAY)) == ()


def test_nothing_that_the_pods_of_a_lost_node_use_is_suspected() -> None:
    about = ObjectRef("Node", "", "n1")
    root = Finding(Severity.DOWN, "NodeStatusUnknown", "is not ready", about, since=before(600), check="node-not-ready")
    effect = Effect(problem().root, (POD,))
    node = any_object("v1", "Node", "n1", namespace="")

    assert suspects(Problem(root, Severity.DOWN, about, (about,), (effect,), since=before(600)), shop(node)) == ()
    pressure = replace(root, check="node-pressure")
    assert suspects(Problem(pressure, Severity.DOWN, about, (about,), (effect,), since=before(600)), shop(node))


def test_a_change_of_the_root_comes_before_a_rollout_which_is_rolled_back_only_if_that_helps() -> None:
    quota = ObjectRef("ResourceQuota", "shop", "q")
    graph = shop(any_object("v1", "ResourceQuota", "q", manager("kubectl", 700, "spec.hard")))
    effect = Effect(problem().root, (POD,))
    of_quota = replace(problem(quota, 600, quota), effects=(effect,))

    assert [(each.about.kind, each.can_undo) for each in suspects(of_quota, graph)] == [
        ("ResourceQuota", False),
        ("Deployment", False),
    ]
    first = suspects(problem(), graph)[0]
    assert (first.about.kind, first.can_undo) == ("Deployment", True)
    assert not any(each.can_undo for each in suspects(problem(), restarted(660)))
