"""The relations of the objects that were read: what one refers to, and what refers to it. Pure.

Invariants: bodies are not kept, only references, labels and selectors. Who makes a pod stands for it: a Service that
selects the pods of a Deployment is related to the Deployment, and to a pod only if it does not select its owner.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from k9py.api.meta import ObjectRef
from k9py.api.relations import (
    SELECTABLE,
    TEMPLATES,
    KindKey,
    Relation,
    Selected,
    referred,
    selector_of,
    values_at,
)
from k9py.api.selectors import LabelSelector


class Related(NamedTuple):
    """An object and how it is related: `relation` is what stands before it."""

    ref: ObjectRef
    relation: str
    is_backward: bool
    """It refers to the object, not the other way round."""
    follow_backward: bool
    """Which relations of it belong into a tree: those of the same direction, but through a link the other ones."""


class _Selection(NamedTuple):
    selector: LabelSelector
    relation: Relation


class RelationIndex:
    """Relations of objects.

    Args:
        relations: All there are.
    """

    def __init__(self, relations: Iterable[Relation]) -> None:
        self._by_source: dict[KindKey, list[Relation]] = {}
        self._by_target: dict[KindKey, list[Relation]] = {}
        for relation in relations:
            self._by_source.setdefault(relation.source, []).append(relation)
            for target in relation.targets:
                self._by_target.setdefault(target, []).append(relation)
        self._forward: dict[ObjectRef, list[tuple[ObjectRef, Relation]]] = {}
        self._backward: dict[ObjectRef, list[tuple[ObjectRef, Relation]]] = {}
        self._selectable: dict[str, dict[ObjectRef, Mapping[str, str]]] = {}
        """Labels of pods and of pod templates, by namespace."""
        self._selections: dict[str, dict[ObjectRef, list[_Selection]]] = {}
        self._by_uid: dict[str, ObjectRef] = {}
        self._owners: dict[ObjectRef, str] = {}

    def sources_of(self, target: KindKey) -> tuple[KindKey, ...]:
        """Return the kinds that may refer to objects of a kind."""
        return tuple(dict.fromkeys(relation.source for relation in self._by_target.get(target, ())))

    def is_read(self, kind: KindKey) -> bool:
        """Return whether the bodies of a kind say something: they refer to others, or can be selected."""
        return kind in self._by_source or kind in SELECTABLE

    def differs(self, ref: ObjectRef, *, exists: bool, is_owned: bool) -> bool:
        """Return whether an object that appeared or vanished has relations of its own; its owner has those of others.

        Args:
            is_owned: it has an owner; of one that vanished, what was known counts.
        """
        if not self.is_read(KindKey.of(ref)) or exists is (ref in self._owners):
            return False
        return not (is_owned if exists else self._owners[ref])

    def add(self, kind: KindKey, body: Mapping[str, Any]) -> None:
        """Add an object; `kind` is its kind."""
        metadata = body.get("metadata") or {}
        namespace = str(metadata.get("namespace") or "")
        ref = ObjectRef(kind.kind, namespace, str(metadata.get("name") or ""), kind.group)
        for relation in self._by_source.get(kind, ()):
            if isinstance(relation.find, Selected):
                selector = selector_of(relation.find, body)
                if selector is not None:
                    selections = self._selections.setdefault(namespace, {})
                    selections.setdefault(ref, []).append(_Selection(selector, relation))
                continue
            for other in dict.fromkeys(referred(relation, body)):
                if other.name in relation.besides:
                    continue
                self._forward.setdefault(ref, []).append((other, relation))
                self._backward.setdefault(other, []).append((ref, relation))
        owners = [owner for owner in metadata.get("ownerReferences") or () if isinstance(owner, Mapping)]
        owner = next((owner for owner in owners if owner.get("controller")), owners[0] if owners else {})
        self._owners[ref] = str(owner.get("uid") or "")
        self._by_uid[str(metadata.get("uid") or "")] = ref
        if kind in SELECTABLE:
            self._add_selectable(ref, kind, body)

    def _add_selectable(self, ref: ObjectRef, kind: KindKey, body: Mapping[str, Any]) -> None:
        template = next(iter(values_at(body, TEMPLATES[kind])), {}) if kind in TEMPLATES else body
        labels = next(values_at(template, "metadata.labels"), None)
        selectable = labels if isinstance(labels, Mapping) else {}
        self._selectable.setdefault(ref.namespace, {})[ref] = dict(selectable)

    # -- reading ------------------------------------------------------------------------------------------------------

    def related(self, ref: ObjectRef, *, is_subject: bool = False) -> Iterator[Related]:
        """Yield what an object is related to: first what it refers to, then what refers to it."""
        for other, relation in self._forward.get(ref, ()):
            if is_subject or not relation.is_of_subject:
                yield Related(other, relation.forward, False, False)
        selectable = self._selectable.get(ref.namespace, {})
        for selector, relation in self._selections.get(ref.namespace, {}).get(ref, ()):
            for other, labels in selectable.items():
                if selector.matches(labels) and not self._selects_owner(selector, other):
                    yield Related(other, relation.forward, False, False)
        for other, relation in self._backward.get(ref, ()):
            if not self._is_through_owner(other, ref):
                yield Related(other, relation.backward, True, not relation.is_link)
        own_labels = selectable.get(ref)
        if own_labels is None:
            return
        for other, selections in self._selections.get(ref.namespace, {}).items():
            for selector, relation in selections:
                if selector.matches(own_labels) and not self._selects_owner(selector, ref):
                    yield Related(other, relation.backward, True, True)

    def _owner_of(self, ref: ObjectRef) -> ObjectRef | None:
        return self._by_uid.get(self._owners.get(ref) or "-")

    def _selects_owner(self, selector: LabelSelector, ref: ObjectRef) -> bool:
        owner = self._owner_of(ref)
        labels = None if owner is None else self._selectable.get(owner.namespace, {}).get(owner)
        return labels is not None and selector.matches(labels)

    def _is_through_owner(self, source: ObjectRef, target: ObjectRef) -> bool:
        """Return whether the owner of the source refers to the target too: the source is below it."""
        owner = self._owner_of(source)
        return owner is not None and any(other == target for other, _ in self._forward.get(owner, ()))
