"""Find namespaces that do not go away although they were deleted, and what keeps them.

Invariant: the namespace controller names resources and finalizers; which objects they are is read from their metadata.
Source: pkg/controller/namespace/deletion (namespaced_resources_deleter.go, status_condition_utils.go).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from k9py.api.kinds import NAMESPACE, MetadataKind
from k9py.api.lazy_pattern import lazy_pattern
from k9py.api.meta import Condition, ObjectRef
from k9py.api.nodes import Namespace
from k9py.api.resource_types import STANDARD
from k9py.api.severity import Severity
from k9py.api.text import printable, shorten
from k9py.diagnosis.check import check
from k9py.diagnosis.finding import Evidence, Finding, NextStep
from k9py.diagnosis.graph import Graph, Unread
from k9py.diagnosis.proof import condition_evidence, field
from k9py.diagnosis.settling import is_recent

_GRACE: Final = timedelta(minutes=2)
"""Time that the deletion of a namespace's content may take."""
_MAX_OBJECTS: Final = 3
_MAX_TYPES: Final = 3
_REMAINING: Final = lazy_pattern(r"(?P<plural>[a-z0-9]+)\.(?P<group>[a-z0-9.-]*) has \d+ resource instances")
_FINALIZER: Final = lazy_pattern(r"(?P<name>\S+) in \d+ resource instances")
_GROUP: Final = lazy_pattern(r"(?P<group>[a-z0-9.-]+)/(?P<version>v[a-z0-9]+): ")
_COMMON: Final = (
    *("pods", "persistentvolumeclaims", "services", "configmaps", "secrets"),
    *("deployments.apps", "statefulsets.apps", "daemonsets.apps", "jobs.batch", "ingresses.networking.k8s.io"),
)
"""Where a finalizer is looked for before the namespace controller has named what remains."""
_CHECKED: Final = frozenset({"Pod", "PersistentVolumeClaim"})
"""Kinds whose own checks find what keeps them."""
_Kept = tuple[ObjectRef, tuple[str, ...]]
_ORDER: Final = (
    "NamespaceDeletionDiscoveryFailure",
    "NamespaceDeletionGroupVersionParsingFailure",
    "NamespaceDeletionContentFailure",
    "NamespaceFinalizersRemaining",
    "NamespaceContentRemaining",
)
"""Conditions that name why, the most telling first."""


@check(
    "namespace-terminating",
    "a deleted namespace does not go away: finalizers, or an API that does not answer",
    subjects=(NAMESPACE,),
    reads=("APIService", "Pod", "PersistentVolumeClaim"),
    source="https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/",
    remedy="remove what keeps it; do not remove the finalizer of the namespace itself",
)
def namespace_terminating(namespace: Namespace, graph: Graph) -> Iterator[Finding]:
    """Yield what keeps a namespace that is being deleted."""
    deleted = namespace.metadata.deletion_timestamp
    if deleted is None or is_recent(deleted, graph, _GRACE):
        return
    conditions = {each.type: each for each in namespace.status.conditions or () if each.status == "True"}
    telling = [conditions[each] for each in _ORDER if each in conditions]
    proof: tuple[Evidence, ...] = tuple(condition_evidence(namespace, each) for each in telling)
    proof += (field(namespace, "metadata.deletionTimestamp", deleted.isoformat(), deleted),)
    causes: tuple[ObjectRef | Finding, ...] = ()
    steps: tuple[NextStep, ...] = ()
    if not telling:
        kept = tuple(_kept_objects(namespace, _COMMON, graph))[:_MAX_OBJECTS]
        own = () if kept else tuple(printable(each) for each in namespace.metadata.finalizers or ())
        text = f"kept by finalizer {', '.join(own)}" if own else "the namespace controller has not finished"
        if kept:
            names = dict.fromkeys(name for _, finalizers in kept for name in finalizers)
            text = f"{_listed(kept)} {'is' if len(kept) == 1 else 'are'} kept by finalizer {', '.join(names)}"
            causes = tuple(_cause(ref, finalizers, deleted) for ref, finalizers in kept)
    elif telling[0].type == _ORDER[0]:
        text, causes = _undiscovered(telling[0])
    elif telling[0].type in _ORDER[3:]:
        text, kept = _kept(namespace, conditions, graph)
        proof += tuple(field(ref, "metadata.finalizers", ", ".join(names)) for ref, names in kept)
        causes = tuple(_cause(ref, finalizers, deleted) for ref, finalizers in kept)
        steps = tuple(
            NextStep(f"see who owns finalizer {names[0]} of {ref.kind} {printable(ref.name)}", "object.edit", ref)
            for ref, names in kept
            if names
        )
    else:
        text = shorten(telling[0].message)
    yield Finding(
        Severity.WARNING,
        printable(telling[0].reason) if telling else "Terminating",
        f"is stuck terminating: {text}",
        namespace.key,
        deleted,
        evidence=proof,
        caused_by=causes,
        next_steps=steps,
    )


def _undiscovered(condition: Condition) -> tuple[str, tuple[ObjectRef, ...]]:
    """Return that the content cannot be listed since an API does not answer, and which APIServices."""
    found = dict.fromkeys((each["group"], each["version"]) for each in _GROUP.finditer(condition.message))
    if not found:
        return f"its content cannot be listed: {shorten(condition.message)}", ()
    names = ", ".join(f"{group}/{version}" for group, version in found)
    refs = tuple(ObjectRef("APIService", "", f"{version}.{group}") for group, version in found)
    return f"its content cannot be listed, since API {printable(names)} does not answer", refs


def _kept(
    namespace: Namespace, conditions: dict[str, Condition], graph: Graph
) -> tuple[str, tuple[tuple[ObjectRef, tuple[str, ...]], ...]]:
    """Return which objects remain with their finalizers, and what the condition says where they cannot be read."""
    finalizers, remaining = conditions.get(_ORDER[3]), conditions.get(_ORDER[4])
    names = [printable(each["name"]) for each in _FINALIZER.finditer(finalizers.message)] if finalizers else []
    plurals = list(_REMAINING.finditer(remaining.message)) if remaining else []
    types = [f"{each['plural']}.{each['group']}" if each["group"] else each["plural"] for each in plurals]
    objects = tuple(_kept_objects(namespace, types[:_MAX_TYPES], graph))
    shown = [_listed(objects[:_MAX_OBJECTS])] if objects else []
    shown += [printable(f"{each['plural']}.{each['group']}".rstrip(".")) for each in plurals] if not shown else []
    count = len(objects[:_MAX_OBJECTS]) or len(shown)
    finalizer = ", ".join(dict.fromkeys(names))
    by = f" {'is' if count == 1 else 'are'} kept by finalizer {finalizer}" if names else " remains"
    return f"{', '.join(shown) or 'content'}{by}", objects[:_MAX_OBJECTS]


def _kept_objects(namespace: Namespace, types: Iterable[str], graph: Graph) -> Iterator[_Kept]:
    """Yield the deleted objects of some types that finalizers keep, with these."""
    for name in types:
        resource_type = STANDARD.find(name)
        listed = graph.list(MetadataKind(resource_type), namespace.name) if resource_type is not None else Unread()
        for obj in () if isinstance(listed, Unread) else sorted(listed, key=lambda one: one.name):
            if obj.metadata.deletion_timestamp is not None and obj.metadata.finalizers:
                yield obj.key, tuple(printable(one) for one in obj.metadata.finalizers)


def _listed(objects: Iterable[_Kept]) -> str:
    return ", ".join(f"{ref.kind} {printable(ref.name)}" for ref, _ in objects)


def _cause(ref: ObjectRef, finalizers: tuple[str, ...], since: datetime) -> ObjectRef | Finding:
    """Return what is found about an object that keeps a namespace; its own checks, where it has some, say more."""
    if ref.kind in _CHECKED and not ref.group:
        return ref
    text = f"is being deleted, and kept by finalizer {', '.join(finalizers)}"
    proof = (field(ref, "metadata.finalizers", ", ".join(finalizers)),)
    helps = f"look at the controller of {finalizers[0]}; remove the finalizer only if nobody needs it"
    step = NextStep(helps, "object.edit", ref)
    return Finding(Severity.WARNING, "Terminating", text, ref, since, evidence=proof, next_steps=(step,))
