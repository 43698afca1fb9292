"""Which kinds refer to which others, as data, and what the body of an object says about it.

One `Relation` stands for both directions: a Service selects pods, pods are selected by it. Relations of standard kinds
are in `STANDARD_RELATIONS`; those of any other kind are the `relations` of its descriptor (`resources/catalog/`).
Ownership is no relation of this table: any kind may own any other, by uid in `ownerReferences`. Pure.

Invariant: only names, namespaces and label selectors are read from a body; nothing of a Secret's or ConfigMap's data.
To add a relation: a `Named` (a path to a name), a `Referenced` (a path to an object reference) or a `Selected`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import msgspec

from k9py.api.meta import ObjectRef
from k9py.api.selectors import LabelSelector
from k9py.api.standard_types import ref_group_of

Path = str
"""Fields separated by dots; `[]` after a field stands for every item: `spec.rules[].host`. A field that has dots itself
stands in braces: `metadata.labels.{kubernetes.io/service-name}`."""


@dataclass(frozen=True, slots=True)
class KindKey:
    """A kind, with the group that an `ObjectRef` has: "" for a standard one."""

    kind: str
    group: str = ""

    @staticmethod
    def of(ref: ObjectRef) -> KindKey:
        """Return the kind of an object."""
        return KindKey(ref.kind, ref.group)


@dataclass(frozen=True, slots=True)
class Named:
    """Objects of one kind are named in fields, in the namespace of the object or in none.

    Args:
        paths: to a name, or to a list of names.
        is_cluster_wide: the named objects have no namespace.
    """

    target: KindKey
    paths: tuple[Path, ...]
    is_cluster_wide: bool = False


@dataclass(frozen=True, slots=True)
class Referenced:
    """Objects are referred to by kind, name and perhaps apiVersion (or apiGroup) and namespace.

    Args:
        targets: the kinds that may be referred to; another one is ignored.
        path: to the reference, or to a list of them.
        kind: of a reference that has none.
    """

    targets: tuple[KindKey, ...]
    path: Path
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Selected:
    """Pods are selected by their labels, in the namespace of the object.

    Args:
        path: to the selector.
        is_plain: it is a map of labels, and an empty one selects nothing; else a LabelSelector.
    """

    path: Path
    is_plain: bool = False


Finder = Named | Referenced | Selected


@dataclass(frozen=True, slots=True)
class Relation:
    """How the objects of a kind refer to others.

    Args:
        source: the kind whose objects have the reference.
        forward: what stands before the other object, below this one: "routes to".
        backward: the same the other way round: "routed by".
        find: where the reference is.
        is_of_subject: shown forward below the subject of a tree alone, because nearly every object has it.
        besides: names that a tree leaves out, because nearly every object has them.
        is_link: the source only stands between two others: who comes from one of them wants to see the other.
    """

    source: KindKey
    forward: str
    backward: str
    find: Finder
    is_of_subject: bool = False
    besides: frozenset[str] = frozenset()
    is_link: bool = False

    @property
    def targets(self) -> tuple[KindKey, ...]:
        """The kinds that are referred to; pods stand for the workloads that make them too."""
        match self.find:
            case Named(target):
                return (target,)
            case Referenced(targets):
                return targets
            case Selected():
                return SELECTABLE


POD: Final = KindKey("Pod")
TEMPLATES: Final[Mapping[KindKey, Path]] = {
    KindKey("Deployment"): "spec.template",
    KindKey("StatefulSet"): "spec.template",
    KindKey("DaemonSet"): "spec.template",
    KindKey("ReplicaSet"): "spec.template",
    KindKey("ReplicationController"): "spec.template",
    KindKey("Job"): "spec.template",
    KindKey("CronJob"): "spec.jobTemplate.spec.template",
}
"""Where kinds have their pod template."""
SELECTABLE: Final = (POD, *(kind for kind in TEMPLATES if kind.kind != "CronJob"))
SCALABLE: Final = tuple(KindKey(kind) for kind in ("Deployment", "StatefulSet", "ReplicaSet", "ReplicationController"))
_CLUSTER_WIDE: Final = frozenset({"ClusterRole", "Node", "PersistentVolume", "PriorityClass", "StorageClass"})
_NONE: Final = frozenset[str]()
_EVERYWHERE: Final = {"ConfigMap": frozenset({"kube-root-ca.crt"}), "ServiceAccount": frozenset({"default"})}
_CONTAINERS: Final = ("containers", "initContainers", "ephemeralContainers")


def _of_containers(*paths: Path) -> tuple[Path, ...]:
    return tuple(f"{containers}[].{path}" for containers in _CONTAINERS for path in paths)


def _pod_spec_relations(source: KindKey, at: Path) -> Iterator[Relation]:
    """Yield the relations of a pod spec, which is at a path of the source."""

    def named(kind: str, *paths: Path, is_cluster_wide: bool = False) -> Named:
        return Named(KindKey(kind), tuple(f"{at}.{path}" for path in paths), is_cluster_wide)

    uses = (
        named(
            "ConfigMap",
            "volumes[].configMap.name",
            "volumes[].projected.sources[].configMap.name",
            *_of_containers("envFrom[].configMapRef.name", "env[].valueFrom.configMapKeyRef.name"),
        ),
        named(
            "Secret",
            "volumes[].secret.secretName",
            "volumes[].projected.sources[].secret.name",
            "imagePullSecrets[].name",
            *_of_containers("envFrom[].secretRef.name", "env[].valueFrom.secretKeyRef.name"),
        ),
        named("PersistentVolumeClaim", "volumes[].persistentVolumeClaim.claimName"),
        named("ServiceAccount", "serviceAccountName"),
        named("PriorityClass", "priorityClassName", is_cluster_wide=True),
    )
    yield from (
        Relation(source, "uses", "used by", each, besides=_EVERYWHERE.get(each.target.kind, _NONE)) for each in uses
    )


_ROLES: Final = (KindKey("Role"), KindKey("ClusterRole"))


def _named(source: str, forward: str, backward: str, target: str, *paths: Path, is_cluster_wide: bool) -> Relation:
    return Relation(KindKey(source), forward, backward, Named(KindKey(target), paths, is_cluster_wide))


STANDARD_RELATIONS: Final[tuple[Relation, ...]] = (
    Relation(KindKey("Service"), "selects", "selected by", Selected("spec.selector", is_plain=True)),
    Relation(
        KindKey("EndpointSlice"),
        "endpoints of",
        "has endpoints in",
        Named(KindKey("Service"), ("metadata.labels.{kubernetes.io/service-name}",)),
    ),
    Relation(
        KindKey("Ingress"),
        "routes to",
        "routed by",
        Named(
            KindKey("Service"),
            ("spec.rules[].http.paths[].backend.service.name", "spec.defaultBackend.service.name"),
        ),
    ),
    Relation(
        KindKey("Ingress"),
        "uses the certificate in",
        "used by",
        Named(KindKey("Secret"), ("spec.tls[].secretName",)),
    ),
    Relation(KindKey("HorizontalPodAutoscaler"), "scales", "scaled by", Referenced(SCALABLE, "spec.scaleTargetRef")),
    Relation(KindKey("PodDisruptionBudget"), "guards", "guarded by", Selected("spec.selector")),
    Relation(KindKey("NetworkPolicy"), "restricts", "restricted by", Selected("spec.podSelector")),
    *_pod_spec_relations(POD, "spec"),
    *(relation for kind, path in TEMPLATES.items() for relation in _pod_spec_relations(kind, f"{path}.spec")),
    Relation(POD, "runs on", "runs", Named(KindKey("Node"), ("spec.nodeName",), True), is_of_subject=True),
    Relation(
        KindKey("ServiceAccount"),
        "uses",
        "used by",
        Named(KindKey("Secret"), ("secrets[].name", "imagePullSecrets[].name")),
    ),
    _named("StatefulSet", "uses", "used by", "Service", "spec.serviceName", is_cluster_wide=False),
    _named(
        "PersistentVolumeClaim", "is bound to", "bound to", "PersistentVolume", "spec.volumeName", is_cluster_wide=True
    ),
    _named("PersistentVolumeClaim", "is of", "class of", "StorageClass", "spec.storageClassName", is_cluster_wide=True),
    Relation(
        KindKey("PersistentVolume"),
        "bound to",
        "is bound to",
        Referenced((KindKey("PersistentVolumeClaim"),), "spec.claimRef", "PersistentVolumeClaim"),
    ),
    _named("PersistentVolume", "is of", "class of", "StorageClass", "spec.storageClassName", is_cluster_wide=True),
    *(
        Relation(KindKey(source), forward, backward, find, is_link=True)
        for source, roles in (("RoleBinding", _ROLES), ("ClusterRoleBinding", _ROLES[1:]))
        for forward, backward, find in (
            ("grants", "granted by", Referenced(roles, "roleRef")),
            ("grants it to", "gets it by", Referenced((KindKey("ServiceAccount"),), "subjects")),
        )
    ),
)


def values_at(body: Any, path: Path) -> Iterator[Any]:
    """Yield what is at a path, without nulls; the items of a list that it ends in."""
    parts = [body]
    for field in _fields(path):
        parts = [value for part in parts for value in _step(part, field)]
    for part in parts:
        yield from (part if isinstance(part, list) else (part,))


def _fields(path: Path) -> Iterator[str]:
    plain, brace, rest = path.partition(".{")
    yield from plain.split(".")
    if brace:
        yield rest.removesuffix("}")


def _step(part: Any, field: str) -> Iterable[Any]:
    is_list = field.endswith("[]")
    value = part.get(field.removesuffix("[]")) if isinstance(part, Mapping) else None
    if value is None:
        return ()
    if is_list:
        return value if isinstance(value, list) else ()
    return (value,)


def referred(relation: Relation, body: Mapping[str, Any]) -> Iterator[ObjectRef]:
    """Yield the objects that an object names; without those that it selects."""
    namespace = str((body.get("metadata") or {}).get("namespace") or "")
    match relation.find:
        case Named(target, paths, is_cluster_wide):
            for path in paths:
                for name in values_at(body, path):
                    if isinstance(name, str) and name:
                        yield ObjectRef(target.kind, "" if is_cluster_wide else namespace, name, target.group)
        case Referenced(targets, path, default):
            for reference in values_at(body, path):
                if isinstance(reference, Mapping):
                    yield from _reference(reference, targets, namespace, default)


def _reference(
    reference: Mapping[str, Any], targets: tuple[KindKey, ...], namespace: str, default: str
) -> Iterator[ObjectRef]:
    kind, name = str(reference.get("kind") or default), str(reference.get("name") or "")
    api_version = str(reference.get("apiVersion") or "") or f"{reference.get('apiGroup') or ''}/v1".removeprefix("/")
    target = KindKey(kind, ref_group_of(api_version, kind))
    if name and target in targets:
        is_cluster_wide = kind in _CLUSTER_WIDE
        yield ObjectRef(
            kind, "" if is_cluster_wide else str(reference.get("namespace") or namespace), name, target.group
        )


@cache
def relations_of(source: KindKey) -> tuple[Relation, ...]:
    """Return how objects of a standard kind refer to others."""
    return tuple(relation for relation in STANDARD_RELATIONS if relation.source == source)


def selector_of(find: Selected, body: Mapping[str, Any]) -> LabelSelector | None:
    """Return what an object selects pods by, None when it selects nothing."""
    for value in values_at(body, find.path):
        if not isinstance(value, Mapping):
            return None
        if find.is_plain:
            return LabelSelector({str(key): str(label) for key, label in value.items()}) if value else None
        try:
            return msgspec.convert(value, LabelSelector)
        except msgspec.ValidationError:
            return None
    return None
