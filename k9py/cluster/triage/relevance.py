"""Choose the problems of some namespaces: what belongs to the whole cluster concerns them only if they use it.

Invariants: of the whole cluster every problem is shown; a problem that explains something in the namespaces always
concerns them. What is not known to be foreign is shown.
To judge another kind of the whole cluster: a case in `_concerns`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from k9py.api.admission import MutatingWebhookConfiguration, ValidatingWebhookConfiguration
from k9py.api.kinds import (
    MUTATING_WEBHOOK_CONFIGURATION,
    NAMESPACE,
    PERSISTENT_VOLUME,
    VALIDATING_WEBHOOK_CONFIGURATION,
    Kind,
)
from k9py.api.meta import ObjectRef
from k9py.api.nodes import Namespace
from k9py.api.pods import Pod
from k9py.api.storage import PersistentVolume
from k9py.cluster.scope import Scope
from k9py.cluster.stores import MergedStore
from k9py.diagnosis.graph import Unread
from k9py.diagnosis.problem import Effect, Problem

Subjects = Callable[[Kind[Any]], MergedStore[Any] | Unread]
"""Returns all objects of a kind that checks look at."""

_WEBHOOKS: Final[Mapping[str, Kind[Any]]] = {
    VALIDATING_WEBHOOK_CONFIGURATION.name: VALIDATING_WEBHOOK_CONFIGURATION,
    MUTATING_WEBHOOK_CONFIGURATION.name: MUTATING_WEBHOOK_CONFIGURATION,
}


def relevant(problems: Iterable[Problem], scope: Scope, pods: Iterable[Pod], subjects: Subjects) -> tuple[Problem, ...]:
    """Return the problems that concern the namespaces of a scope, in the same order.

    Args:
        pods: of the scope.
    """
    if scope.is_cluster:
        return tuple(problems)
    nodes = frozenset(pod.spec.node_name for pod in pods if pod.spec.node_name)
    return tuple(problem for problem in problems if _is_relevant(problem, scope, nodes, subjects))


def _is_relevant(problem: Problem, scope: Scope, nodes: frozenset[str], subjects: Subjects) -> bool:
    refs = (problem.subject, *problem.objects, *_objects(problem.effects))
    if any(ref.namespace in scope.namespaces for ref in refs if ref.namespace):
        return True
    return any(_concerns(ref, scope, nodes, subjects) for ref in problem.objects)


def _concerns(ref: ObjectRef, scope: Scope, nodes: frozenset[str], subjects: Subjects) -> bool:
    if ref.namespace:
        return False
    match ref.kind:
        case "Namespace":
            return ref.name in scope.namespaces
        case "Node":
            return ref.name in nodes
        case "PersistentVolume":
            volume = _get(ref, PERSISTENT_VOLUME, subjects)
            claim = volume.spec.claim_ref if isinstance(volume, PersistentVolume) else None
            return claim is None or claim.namespace in scope.namespaces
        case "VolumeAttachment":
            return False
        case "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration":
            return _is_asked(ref, scope, subjects)
    return True


def _is_asked(ref: ObjectRef, scope: Scope, subjects: Subjects) -> bool:
    """Return whether a webhook may be asked about objects of the namespaces."""
    found = _get(ref, _WEBHOOKS[ref.kind], subjects)
    if not isinstance(found, ValidatingWebhookConfiguration | MutatingWebhookConfiguration):
        return True
    namespaces = [_get(NAMESPACE.key("", name), NAMESPACE, subjects) for name in scope.namespaces]
    return any(
        webhook.namespace_selector is None
        or not isinstance(namespace, Namespace)
        or webhook.namespace_selector.matches(namespace.metadata.labels)
        for webhook in found.webhooks or ()
        for namespace in namespaces
    )


def _get(ref: ObjectRef, kind: Kind[Any], subjects: Subjects) -> object:
    store = subjects(kind)
    return None if isinstance(store, Unread) else store.get(ref)


def _objects(effects: Iterable[Effect]) -> Iterator[ObjectRef]:
    for effect in effects:
        yield from effect.objects
        yield from _objects(effect.effects)
