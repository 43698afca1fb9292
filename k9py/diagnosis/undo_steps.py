"""Suggest to roll a workload back, only where the older revision would not have the same problem.

Owns the rule for checks, suspects and screens. Invariants: a revision that only restarted its pods is never rolled
back; where the root is an object outside of the workload (a missing ConfigMap, a quota, a node), rolling back helps
only if the older template refers to it in another way.
To recognise another reference: a relation in `api/relations.py`, or a kind in `_kinds_concerned`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from k9py.api.kinds import SERVICE, is_workload
from k9py.api.meta import ObjectRef
from k9py.api.relations import KindKey, referred, relations_of
from k9py.diagnosis.finding import Finding, NextStep
from k9py.diagnosis.graph import Graph, NotReadError, Unread
from k9py.diagnosis.timelines.revisions import revision_objects, revision_template
from k9py.rollouts.revisions import Revision
from k9py.rollouts.semantic_diff import semantic_diff

UNDO: Final = "workload.undo"
_OF_WORKLOAD: Final = frozenset({"Pod", "ReplicaSet", "ControllerRevision"})
"""Kinds whose objects are made from the template."""
_BESIDE: Final = ("key", "items", "optional")
"""Fields of a reference that say what of the object is used."""
_NO_REFERENCES: Final = ("image", "name")

Template = Mapping[str, Any]


def undo_steps(workload: ObjectRef, graph: Graph, number: int = 0) -> tuple[NextStep, ...]:
    """Return the step back to a revision, () when none differs by more than a restart.

    Args:
        number: of the revision, 0: the last one that differs.
    """
    revisions = graph.revisions_of(workload)
    current = next((each for each in revisions if each.is_current), None)
    older = sorted(
        (each for each in revisions if not each.is_current and each.number and number in (0, each.number)),
        key=lambda each: -each.number,
    )
    templates = _templates(workload, graph)
    new = templates.get(current.name) if current is not None else None
    for revision in older:
        old = templates.get(revision.name)
        if old is None or new is None:
            return (_step(revision, workload, frozenset()),)
        changes = list(semantic_diff(old, new))
        if not changes or any(each.family != "restart" for each in changes):
            return (_step(revision, workload, frozenset(_taken_back(workload, old, new, graph))),)
    return ()


def undo_helps(step: NextStep, root: Finding) -> bool:
    """Return whether a step back may end a problem with this root."""
    about = root.about
    is_of_workload = not about.group and about.kind in _OF_WORKLOAD
    return (
        is_of_workload
        or is_workload(about)
        or about in step.takes_back
        or ObjectRef(about.kind, about.namespace, "") in step.takes_back
    )


def _step(revision: Revision, workload: ObjectRef, takes_back: frozenset[ObjectRef]) -> NextStep:
    return NextStep(f"roll back to revision {revision.number}", UNDO, workload, takes_back)


def _templates(workload: ObjectRef, graph: Graph) -> dict[str, Template]:
    try:
        obj = graph.workload(workload)
    except NotReadError:
        return {}
    objects = revision_objects(obj, graph) if obj is not None else ()
    return {each.name: body for each in objects if (body := revision_template(each)) is not None}


def _taken_back(workload: ObjectRef, old: Template, new: Template, graph: Graph) -> Iterator[ObjectRef]:
    """Yield the objects that two templates refer to in different ways; one without a name stands for all of a kind."""
    for ref in _used(workload, old) | _used(workload, new) | _services(workload.namespace, graph):
        if _mentions(old, ref.name) != _mentions(new, ref.name):
            yield ref
    for kind in _kinds_concerned(old, new):
        yield ObjectRef(kind, workload.namespace, "")


def _used(workload: ObjectRef, template: Template) -> set[ObjectRef]:
    body = {"metadata": {"namespace": workload.namespace}, "spec": {"template": template}}
    return {ref for relation in relations_of(KindKey.of(workload)) for ref in referred(relation, body)}


def _services(namespace: str, graph: Graph) -> set[ObjectRef]:
    services = graph.list(SERVICE, namespace)
    return set() if isinstance(services, Unread) else {each.key for each in services}


def _mentions(template: Template, name: str) -> list[str]:
    """Return where a template names an object, and what of it each place uses."""
    word = re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])")
    return sorted(_places(template, word, ""))


def _places(value: Any, word: re.Pattern[str], within: str) -> Iterator[str]:
    if isinstance(value, Mapping):
        named = {key: each for key, each in value.items() if isinstance(each, str) and word.search(each)}
        is_reference = within not in ("containers", "initContainers", "volumes", "env", "ports", "metadata")
        named = {key: each for key, each in named.items() if is_reference or key not in _NO_REFERENCES}
        if named:
            named |= {key: value[key] for key in _BESIDE if value.get(key) is not None}
            yield json.dumps([within, named], sort_keys=True, default=str)
        for key, each in value.items():
            yield from _places(each, word, key)
    elif isinstance(value, list | tuple):
        for each in value:
            if isinstance(each, str) and word.search(each):
                yield json.dumps([within, each])
            else:
                yield from _places(each, word, within)


def _kinds_concerned(old: Template, new: Template) -> Iterator[str]:
    """Yield kinds whose objects every pod concerns, where what they look at differs."""
    if _labels(old) != _labels(new):
        yield from ("Service", "NetworkPolicy", "PodDisruptionBudget")
    if _resources(old) != _resources(new):
        yield from ("ResourceQuota", "LimitRange")


def _labels(template: Template) -> object:
    return (template.get("metadata") or {}).get("labels")


def _resources(template: Template) -> list[object]:
    spec = template.get("spec") or {}
    containers = [*(spec.get("initContainers") or ()), *(spec.get("containers") or ())]
    return [each.get("resources") or None for each in containers]
