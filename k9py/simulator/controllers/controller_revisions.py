"""ControllerRevisions: the pod templates of a StatefulSet or DaemonSet.

Invariant: a revision's `data` never changes; a template that is used again gets its old revision with a new number, the
highest plus one. Rules: Kubernetes' `pkg/controller/history`.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from k9py.simulator.controllers.hashing import comparable_template, template_hash
from k9py.simulator.controllers.owner_references import owner_reference
from k9py.simulator.registry.resources import CONTROLLERREVISIONS, STATEFULSETS, Resource
from k9py.simulator.registry.storage import Storage

Object = dict[str, Any]

STATEFUL_HASH_LABEL = "controller.kubernetes.io/hash"
DAEMON_HASH_LABEL = "controller-revision-hash"


def revision_data(template: Mapping[str, Any]) -> Object:
    """Return a revision's data: a patch that replaces the template."""
    return {"spec": {"template": {"$patch": "replace", **_sorted(template)}}}


def template_of(revision: Mapping[str, Any]) -> Object:
    """Return the pod template of a revision."""
    template = revision["data"]["spec"]["template"]
    return {key: value for key, value in template.items() if key != "$patch"}


def hash_of(resource: Resource, revision: Mapping[str, Any]) -> str:
    """Return the hash that identifies a revision."""
    return str(revision["metadata"]["labels"][_hash_label(resource)])


def revisions_of(storage: Storage, owner: Mapping[str, Any]) -> list[Object]:
    """Return an owner's revisions, oldest number first."""
    owned = [obj for resource, obj in storage.owned_by(owner["metadata"]["uid"]) if resource is CONTROLLERREVISIONS]
    return sorted(owned, key=lambda revision: (revision["revision"], revision["metadata"]["creationTimestamp"]))


def new_revision(resource: Resource, owner: Mapping[str, Any], number: int, collision_count: int = 0) -> Object:
    """Return the ControllerRevision of an owner's current template."""
    template = owner["spec"]["template"]
    suffix = template_hash(template, collision_count)
    labels = (template.get("metadata") or {}).get("labels") or {}
    if resource is STATEFULSETS:
        labels = {**labels, **((owner["spec"]["selector"] or {}).get("matchLabels") or {})}
    return {
        "kind": "ControllerRevision",
        "apiVersion": "apps/v1",
        "metadata": {
            "name": f"{owner['metadata']['name']}-{suffix}",
            "namespace": owner["metadata"]["namespace"],
            "labels": {**labels, _hash_label(resource): suffix},
            "annotations": dict(owner["metadata"].get("annotations") or {}),
            "ownerReferences": [owner_reference(resource, owner)],
        },
        "data": revision_data(template),
        "revision": number,
    }


def update_revision(storage: Storage, resource: Resource, owner: Mapping[str, Any]) -> Object:
    """Return the stored revision of the owner's current template, renumbered to the highest number."""
    current = revisions_of(storage, owner)
    number = max((revision["revision"] for revision in current), default=0) + 1
    template = comparable_template(owner["spec"]["template"])
    equal = [revision for revision in current if comparable_template(template_of(revision)) == template]
    if not equal:
        return storage.create(CONTROLLERREVISIONS, new_revision(resource, owner, number))
    newest = equal[-1]
    if newest["revision"] == number - 1:
        return newest
    return storage.update(CONTROLLERREVISIONS, {**newest, "revision": number})


def clean_up_history(storage: Storage, owner: Mapping[str, Any], in_use: Iterable[str]) -> None:
    """Delete the oldest revisions beyond the limit, except those in use (by hash or name)."""
    limit = owner["spec"].get("revisionHistoryLimit", 10)
    used = set(in_use)
    idle = [
        revision
        for revision in revisions_of(storage, owner)
        if revision["metadata"]["name"] not in used and not used & set(revision["metadata"]["labels"].values())
    ]
    for revision in idle[: max(0, len(idle) - limit)]:
        storage.delete(CONTROLLERREVISIONS, revision["metadata"]["namespace"], revision["metadata"]["name"])


def _hash_label(resource: Resource) -> str:
    return STATEFUL_HASH_LABEL if resource is STATEFULSETS else DAEMON_HASH_LABEL


def _sorted(value: Any) -> Any:
    # The real patch is marshalled from a map: sorted keys, no nulls.
    if isinstance(value, Mapping):
        return {key: _sorted(value[key]) for key in sorted(value) if value[key] is not None}
    if isinstance(value, list):
        return [_sorted(inner) for inner in value]
    return value
