"""What an object depends on, for the timeline and for suspects."""

from __future__ import annotations

from typing import Any

from k9py.api.meta import ObjectRef
from k9py.diagnosis.dependencies import dependencies
from tests.factories.graph import GraphOfObjects
from tests.unit.diagnosis.timelines.world import any_object, deployment, pod, replica_set

WEB = ObjectRef("Deployment", "shop", "web")


def shop(**unread: str) -> GraphOfObjects:
    web: dict[str, Any] = deployment(config_map="app")
    web["metadata"]["annotations"]["meta.helm.sh/release-name"] = "shop"
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    return GraphOfObjects(
        web,
        replica_set("bbb", 2, "reg/web:1.5", 600),
        pod("web-bbb-1", "web-bbb", 600, node="n1"),
        pod("other", "other-x", 600, node="n2"),
        any_object("v1", "Service", "web", spec={"selector": {"app": "web"}, "ports": [{"port": 80}]}),
        any_object(
            "networking.k8s.io/v1",
            "Ingress",
            "front",
            spec={"tls": [{"secretName": "tls"}], "rules": [{"http": {"paths": [{"backend": backend}]}}]},
        ),
        any_object("networking.k8s.io/v1", "Ingress", "other", spec={}),
        any_object(
            "networking.k8s.io/v1", "NetworkPolicy", "deny", spec={"podSelector": {"matchLabels": {"app": "web"}}}
        ),
        any_object("networking.k8s.io/v1", "NetworkPolicy", "db", spec={"podSelector": {"matchLabels": {"app": "db"}}}),
        any_object(
            "autoscaling/v2",
            "HorizontalPodAutoscaler",
            "web",
            spec={"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}, "maxReplicas": 3},
        ),
        unread=unread,
    )


def names(ref: ObjectRef, graph: GraphOfObjects) -> set[str]:
    return {f"{each.kind}/{each.name}" for each in dependencies(ref, graph).refs}


def test_a_workload_depends_on_what_its_pods_use_and_what_routes_to_it() -> None:
    assert names(WEB, shop()) == {
        "Deployment/web",
        "ReplicaSet/web-bbb",
        "Pod/web-bbb-1",
        "Node/n1",
        "ConfigMap/app",
        "Service/web",
        "Ingress/front",
        "Secret/tls",
        "HorizontalPodAutoscaler/web",
        "NetworkPolicy/deny",
    }


def test_a_pod_depends_on_its_workload_but_not_on_its_siblings() -> None:
    graph = shop()
    of_pod = names(ObjectRef("Pod", "shop", "web-bbb-1"), graph)

    assert of_pod >= {"Pod/web-bbb-1", "Deployment/web", "ConfigMap/app", "Node/n1", "Service/web"}


def test_services_ingresses_and_autoscalers_lead_to_the_workload() -> None:
    graph = shop()
    for kind, name in (("Service", "web"), ("Ingress", "front"), ("HorizontalPodAutoscaler", "web")):
        assert names(ObjectRef(kind, "shop", name), graph) >= {f"{kind}/{name}", "Deployment/web", "ConfigMap/app"}


def test_owned_objects_that_are_gone_count_by_their_names() -> None:
    depends = dependencies(WEB, shop())

    assert depends.covers(ObjectRef("Pod", "shop", "web-bbb-9zzzz"))
    assert depends.covers(ObjectRef("ReplicaSet", "shop", "web-old"))
    assert not depends.covers(ObjectRef("Pod", "shop", "web-api-x"))
    assert not depends.covers(ObjectRef("Pod", "other", "web-bbb-9zzzz"))


def test_quotas_of_the_namespace_count_and_the_release() -> None:
    depends = dependencies(WEB, shop())

    assert depends.covers(ObjectRef("ResourceQuota", "shop", "any"))
    assert not depends.covers(ObjectRef("ResourceQuota", "other", "any"))
    assert depends.releases == {("shop", "shop")}


def test_what_is_not_read_is_left_out() -> None:
    assert "Ingress/front" not in names(WEB, shop(Ingress="forbidden"))
