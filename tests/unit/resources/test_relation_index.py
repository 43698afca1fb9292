"""Relations between kinds: found in bodies, in both directions."""

from __future__ import annotations

from typing import Any

import pytest

from k9py.api.meta import ObjectRef
from k9py.api.relations import STANDARD_RELATIONS, KindKey, Named, Relation, values_at
from k9py.api.standard_types import STANDARD_TYPES
from k9py.resources.relation_index import RelationIndex

Body = dict[str, Any]
CART = ObjectRef("Deployment", "shop", "cart")
LABELS = {"app": "cart"}
SPEC: Body = {
    "serviceAccountName": "robot",
    "priorityClassName": "high",
    "imagePullSecrets": [{"name": "registry"}],
    "volumes": [
        {"configMap": {"name": "files"}},
        {"secret": {"secretName": "keys"}},
        {"persistentVolumeClaim": {"claimName": "data"}},
        {"projected": {"sources": [{"configMap": {"name": "kube-root-ca.crt"}}, {"secret": {"name": "token"}}]}},
    ],
    "containers": [
        {
            "envFrom": [{"configMapRef": {"name": "env"}}, {"secretRef": {"name": "env-keys"}}],
            "env": [{"valueFrom": {"secretKeyRef": {"name": "one-key", "key": "k"}}}, {"name": "X", "value": "1"}],
        }
    ],
    "initContainers": [{"env": [{"valueFrom": {"configMapKeyRef": {"name": "init"}}}]}],
}
USED = {
    "ConfigMap": {"files", "env", "init"},
    "Secret": {"registry", "keys", "token", "env-keys", "one-key"},
    "PersistentVolumeClaim": {"data"},
    "ServiceAccount": {"robot"},
    "PriorityClass": {"high"},
}


def body(
    kind: str, name: str, *, owner: str = "", labels: Body | None = None, namespace: str = "shop", **rest: Any
) -> Body:
    metadata: Body = {"name": name, "namespace": namespace, "uid": f"{kind}/{name}", "labels": labels or {}}
    if owner:
        metadata["ownerReferences"] = [{"uid": owner, "controller": True}]
    return {"metadata": metadata, **rest}


def deployment(name: str = "cart", spec: Body | None = None) -> Body:
    return body("Deployment", name, spec={"template": {"metadata": {"labels": {"app": name}}, "spec": spec or {}}})


def index(*objects: tuple[str, Body], relations: tuple[Relation, ...] = STANDARD_RELATIONS) -> RelationIndex:
    result = RelationIndex(relations)
    for kind, each in objects:
        result.add(KindKey(kind), each)
    return result


def related(of: RelationIndex, ref: ObjectRef) -> set[str]:
    return {f"{each.relation} {each.ref.kind}/{each.ref.name}" for each in of.related(ref, is_subject=True)}


@pytest.mark.parametrize(
    ("kind", "whole"),
    [
        ("Pod", {"spec": SPEC}),
        *((kind, {"spec": {"template": {"spec": SPEC}}}) for kind in ("Deployment", "StatefulSet", "DaemonSet", "Job")),
        ("CronJob", {"spec": {"jobTemplate": {"spec": {"template": {"spec": SPEC}}}}}),
    ],
)
def test_what_a_pod_spec_names_is_used_by_its_object(kind: str, whole: Body) -> None:
    built = index((kind, body(kind, "cart", **whole)))
    expected = {f"uses {used}/{name}" for used, names in USED.items() for name in names}
    assert related(built, ObjectRef(kind, "shop", "cart")) == expected
    for used, names in USED.items():
        for name in names:
            ref = ObjectRef(used, "" if used == "PriorityClass" else "shop", name)
            assert related(built, ref) == {f"used by {kind}/cart"}


def test_pods_are_below_the_workload_whose_template_names_the_same() -> None:
    pod = body("Pod", "cart-1", owner="ReplicaSet/cart-a", spec=SPEC)
    replica_set = body("ReplicaSet", "cart-a", owner="Deployment/cart", spec={"template": {"spec": SPEC}})
    bare = body("Pod", "debug", spec=SPEC)
    built = index(("Deployment", deployment(spec=SPEC)), ("ReplicaSet", replica_set), ("Pod", pod), ("Pod", bare))
    assert related(built, ObjectRef("ConfigMap", "shop", "files")) == {"used by Deployment/cart", "used by Pod/debug"}


def test_a_service_is_related_to_who_makes_its_pods() -> None:
    pod = body("Pod", "cart-1", owner="Deployment/cart", labels=LABELS)
    bare = body("Pod", "bare", owner="Operator/x", labels=LABELS)
    other = body("Pod", "bare", labels=LABELS, namespace="other")
    service = body("Service", "cart", spec={"selector": LABELS})
    empty = body("Service", "manual", spec={"selector": {}})
    budget = body("PodDisruptionBudget", "cart", spec={"selector": {"matchLabels": LABELS}})
    built = index(
        ("Deployment", deployment()),
        *(("Pod", each) for each in (pod, bare, other)),
        ("Service", service),
        ("Service", empty),
        ("PodDisruptionBudget", budget),
    )
    assert related(built, ObjectRef("Service", "shop", "cart")) == {"selects Deployment/cart", "selects Pod/bare"}
    assert related(built, ObjectRef("Service", "shop", "manual")) == set()
    assert related(built, CART) == {"selected by Service/cart", "guarded by PodDisruptionBudget/cart"}


def test_an_ingress_routes_to_services_and_uses_certificates() -> None:
    backend = {"service": {"name": "cart"}}
    spec = {
        "rules": [{"http": {"paths": [{"backend": backend}, {"backend": backend}]}}, {"host": "empty"}],
        "defaultBackend": {"service": {"name": "web"}},
        "tls": [{"secretName": "cert"}],
    }
    built = index(("Ingress", body("Ingress", "shop", spec=spec)))
    assert related(built, ObjectRef("Ingress", "shop", "shop")) == {
        "routes to Service/cart",
        "routes to Service/web",
        "uses the certificate in Secret/cert",
    }
    assert related(built, ObjectRef("Service", "shop", "cart")) == {"routed by Ingress/shop"}


def test_an_autoscaler_scales_its_target_and_not_one_of_another_group() -> None:
    def autoscaler(name: str, api_version: str) -> tuple[str, Body]:
        target = {"apiVersion": api_version, "kind": "Deployment", "name": "cart"}
        return "HorizontalPodAutoscaler", body("HorizontalPodAutoscaler", name, spec={"scaleTargetRef": target})

    built = index(autoscaler("a", "apps/v1"), autoscaler("b", "example.com/v1"))
    assert related(built, CART) == {"scaled by HorizontalPodAutoscaler/a"}


def test_volumes_claims_and_classes() -> None:
    claim = body("PersistentVolumeClaim", "data", spec={"volumeName": "pv-1", "storageClassName": "fast"})
    reference = {"kind": "PersistentVolumeClaim", "namespace": "shop", "name": "data"}
    volume = body("PersistentVolume", "pv-1", namespace="", spec={"claimRef": reference, "storageClassName": "fast"})
    built = index(("PersistentVolumeClaim", claim), ("PersistentVolume", volume))
    assert related(built, ObjectRef("StorageClass", "", "fast")) == {
        "class of PersistentVolumeClaim/data",
        "class of PersistentVolume/pv-1",
    }
    assert "is bound to PersistentVolume/pv-1" in related(built, ObjectRef("PersistentVolumeClaim", "shop", "data"))
    assert "bound to PersistentVolumeClaim/data" in related(built, ObjectRef("PersistentVolume", "", "pv-1"))


def test_bindings_link_roles_and_accounts_through_both_directions() -> None:
    binding = body(
        "RoleBinding",
        "b",
        roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
        subjects=[{"kind": "ServiceAccount", "name": "robot", "namespace": "ci"}, {"kind": "User", "name": "jane"}],
    )
    built = index(("RoleBinding", binding))
    assert related(built, ObjectRef("RoleBinding", "shop", "b")) == {
        "grants ClusterRole/view",
        "grants it to ServiceAccount/robot",
    }
    (granted,) = built.related(ObjectRef("ClusterRole", "", "view"))
    assert (granted.relation, granted.is_backward, granted.follow_backward) == ("granted by", True, False)
    assert related(built, ObjectRef("ServiceAccount", "ci", "robot")) == {"gets it by RoleBinding/b"}


def test_a_node_runs_pods_and_is_shown_below_the_subject_alone() -> None:
    built = index(("Pod", body("Pod", "cart-1", spec={"nodeName": "n1"})))
    pod = ObjectRef("Pod", "shop", "cart-1")
    assert related(built, ObjectRef("Node", "", "n1")) == {"runs Pod/cart-1"}
    assert related(built, pod) == {"runs on Node/n1"}
    assert list(built.related(pod)) == []


def test_a_relation_of_another_kind_is_one_more_value() -> None:
    mine = Relation(KindKey("Widget", "example.com"), "uses", "used by", Named(KindKey("Secret"), ("spec.key",)))
    built = RelationIndex((*STANDARD_RELATIONS, mine))
    built.add(KindKey("Widget", "example.com"), body("Widget", "w", spec={"key": "k"}))
    assert related(built, ObjectRef("Secret", "shop", "k")) == {"used by Widget/w"}
    assert KindKey("Widget", "example.com") in built.sources_of(KindKey("Secret"))


def test_what_appears_or_vanishes_matters_unless_it_has_an_owner() -> None:
    built = index(("Pod", body("Pod", "bare")), ("Pod", body("Pod", "cart-1", owner="ReplicaSet/cart")))

    def differs(kind: str, name: str, *, exists: bool, is_owned: bool = False) -> bool:
        return built.differs(ObjectRef(kind, "shop", name), exists=exists, is_owned=is_owned)

    assert differs("Pod", "new", exists=True)
    assert differs("Pod", "bare", exists=False)
    assert not differs("Pod", "bare", exists=True)
    assert not differs("Pod", "new", exists=True, is_owned=True)
    assert not differs("Pod", "cart-1", exists=False)
    assert not differs("Lease", "new", exists=True)


def test_every_kind_of_the_table_is_a_standard_one() -> None:
    known = {each.kind for each in STANDARD_TYPES}
    used = {key.kind for each in STANDARD_RELATIONS for key in (each.source, *each.targets)}
    assert used <= known


@pytest.mark.parametrize(
    "spec", [None, [], "text", {"a": None}, {"a": "text"}, {"a": [1, None, "x"]}, {"a": [{"b": 1}]}]
)
def test_a_body_of_another_shape_says_nothing(spec: Any) -> None:
    assert list(values_at({"spec": spec}, "spec.a[].b.c")) == []
    broken = body("Deployment", "cart", spec=spec)
    assert related(index(("Deployment", broken), ("Service", body("Service", "cart", spec=spec))), CART) == set()
