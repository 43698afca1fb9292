"""CustomResourceDefinitions as resources: what one serves, its status, and what happens when it changes.

Invariant: `reconcile` and `remove_definition` make the server's `ResourceTable` agree with the stored definitions; the
API's writes call them after each write of a definition, so that a created type is served with the next request. A
changed definition ends the watches of its objects and a deleted one deletes its objects, as in a real server.

Source: apiextensions-apiserver (naming and establishing controllers, finalizer), as seen in a server 1.36.
"""

import re
from collections.abc import Iterable
from datetime import datetime

from k9py.simulator.registry.cache import Object
from k9py.simulator.registry.definition_status import condition, merged
from k9py.simulator.registry.object_rules import DEFINITION_FINALIZER
from k9py.simulator.registry.resources import (
    CUSTOM_VERBS,
    CUSTOMRESOURCEDEFINITIONS,
    CustomType,
    Resource,
    ScalePaths,
    Subresource,
)
from k9py.simulator.registry.storage import Storage

_VERSION = re.compile(r"v(\d+)(?:(alpha|beta)(\d+))?")
_MATURITY = {None: 3, "beta": 2, "alpha": 1}
_NAMES = ("plural", "singular", "shortNames", "kind", "listKind", "categories")


def version_priority(version: str) -> tuple[int, int, int, str]:
    """Return a sort key by which the preferred version of a group is the highest: v2, v1, v1beta1, v1alpha1, others."""
    parsed = _VERSION.fullmatch(version)
    if parsed is None:
        return (0, 0, 0, version)
    return (_MATURITY[parsed[2]], int(parsed[1]), int(parsed[3] or 0), version)


def resources_of(definition: Object) -> list[Resource]:
    """Return the resources that a definition serves, one per served version, the preferred one first."""
    spec = definition["spec"]
    group, names = spec["group"], spec["names"]
    stored = next((f"{group}/{version['name']}" for version in spec["versions"] if version.get("storage")), "")
    served = [version for version in spec["versions"] if version.get("served")]
    return [
        _resource(spec, names, version, stored)
        for version in sorted(served, key=lambda version: version_priority(version["name"]), reverse=True)
    ]


def _resource(spec: Object, names: Object, version: Object, stored: str) -> Resource:
    kind, given = names["kind"], version.get("subresources") or {}
    subresources: list[Subresource] = []
    scale: ScalePaths | None = None
    if "status" in given:
        subresources.append(Subresource("status", kind, ("get", "patch", "update")))
    if given.get("scale"):
        subresources.append(Subresource("scale", "Scale", ("get", "patch", "update"), "autoscaling", "v1"))
        paths = given["scale"]
        scale = ScalePaths(paths["specReplicasPath"], paths["statusReplicasPath"], paths.get("labelSelectorPath") or "")
    schema = (version.get("schema") or {}).get("openAPIV3Schema") or {}
    columns = tuple(version.get("additionalPrinterColumns") or ())
    if spec.get("preserveUnknownFields"):
        schema = {**schema, "x-kubernetes-preserve-unknown-fields": True}
    api_version = f"{spec['group']}/{version['name']}"
    return Resource(
        spec["group"],
        version["name"],
        names["plural"],
        names.get("singular") or kind.lower(),
        kind,
        tuple(names.get("shortNames") or ()),
        spec.get("scope") == "Namespaced",
        CUSTOM_VERBS,
        tuple(subresources),
        tuple(names.get("categories") or ()),
        counts_generation=True,
        storage_version=None if api_version == stored else (spec["group"], names["plural"]),
        custom=CustomType(names["listKind"], stored, schema, columns, scale),
    )


def reconcile(storage: Storage, now: datetime, name: str) -> None:
    """Accept a definition's names, serve its versions, and write its status; no-op for a definition that is gone."""
    definition = storage.get(CUSTOMRESOURCEDEFINITIONS, None, name)
    if definition is None or definition["metadata"].get("deletionTimestamp"):
        return
    spec = definition["spec"]
    conflict = _name_conflict(storage, definition)
    status = {**(definition.get("status") or {})}
    if conflict is None:
        accepted = {key: spec["names"][key] for key in _NAMES if key in spec["names"]}
        conditions = [
            condition("NamesAccepted", "True", "NoConflicts", "no conflicts found"),
            condition("Established", "True", "InitialNamesAccepted", "the initial names have been accepted"),
        ]
        stored = [version["name"] for version in spec["versions"] if version.get("storage")]
        versions = [*(status.get("storedVersions") or ()), *stored]
        status |= {"acceptedNames": accepted, "storedVersions": list(dict.fromkeys(versions))}
    else:
        conditions = [
            condition("NamesAccepted", "False", *conflict),
            condition("Established", "False", "NotAccepted", "not all names are accepted"),
        ]
    status["conditions"] = merged(status.get("conditions") or (), conditions, now)
    storage.update(CUSTOMRESOURCEDEFINITIONS, {**definition, "status": status}, status_only=True)
    if conflict is None:
        _serve(storage, spec["group"], spec["names"]["plural"], resources_of(definition))


def _serve(storage: Storage, group: str, plural: str, resources: list[Resource]) -> None:
    """Serve these versions; unchanged ones keep their identity, so that their watches stay open."""
    held = {r.version: r for r in storage.resources if (r.group, r.plural) == (group, plural)}
    kept = [_unchanged(held.get(resource.version), resource) for resource in resources]
    if len(kept) == len(held) and all(map(storage.resources.serves, kept)):
        return
    for resource in list(held.values())[:1]:
        storage.expire_watches(resource)
    storage.resources.replace(group, plural, kept)


def _unchanged(held: Resource | None, resource: Resource) -> Resource:
    return held if held is not None and held == resource and held.custom == resource.custom else resource


def remove_definition(storage: Storage, now: datetime, name: str) -> None:
    """Delete the objects of a definition that is being deleted; when none is left, stop serving it and remove it.

    An object with finalizers stays, and its definition with it, until the finalizers are removed.
    """
    definition = storage.get(CUSTOMRESOURCEDEFINITIONS, None, name)
    if definition is None or not definition["metadata"].get("deletionTimestamp"):
        return
    spec = definition["spec"]
    group, plural = spec["group"], spec["names"]["plural"]
    served = [r for r in storage.resources if (r.group, r.plural) == (group, plural) and r.custom is not None]
    terminating = condition(
        "Terminating", "True", "InstanceDeletionInProgress", "CustomResource deletion is in progress"
    )
    status = definition.get("status") or {}
    status = {**status, "conditions": merged(status.get("conditions") or (), [terminating], now)}
    definition = storage.update(CUSTOMRESOURCEDEFINITIONS, {**definition, "status": status}, status_only=True)
    if served:
        for obj in storage.list(served[0]):
            storage.delete(served[0], obj["metadata"].get("namespace"), obj["metadata"]["name"])
        if storage.count(served[0]):
            return
        storage.resources.remove(*served)
        storage.expire_watches(served[0])
    finalizers = [held for held in definition["metadata"].get("finalizers") or () if held != DEFINITION_FINALIZER]
    metadata = {key: value for key, value in definition["metadata"].items() if key != "finalizers"}
    if finalizers:
        metadata["finalizers"] = finalizers
    storage.update(CUSTOMRESOURCEDEFINITIONS, {**definition, "metadata": metadata})


def is_terminating(storage: Storage, resource: Resource) -> bool:
    """Return whether the definition of a custom resource is being deleted."""
    definition = storage.get(CUSTOMRESOURCEDEFINITIONS, None, resource.qualified_name)
    return definition is not None and bool(definition["metadata"].get("deletionTimestamp"))


def _name_conflict(storage: Storage, definition: Object) -> tuple[str, str] | None:
    """Return reason and message if another type of the group has one of the names."""
    spec = definition["spec"]
    names, group = spec["names"], spec["group"]
    others = [r for r in storage.resources if r.group == group and r.plural != names["plural"]]
    plurals = {name for other in others for name in (other.plural, other.singular, *other.short_names)}
    kinds = {name for other in others for name in (other.kind, other.list_kind)}
    checks: list[tuple[str, Iterable[str], set[str]]] = [
        ("PluralConflict", [names["plural"]], plurals),
        ("SingularConflict", [names.get("singular") or ""], plurals),
        ("ShortNamesConflict", names.get("shortNames") or (), plurals),
        ("KindConflict", [names["kind"]], kinds),
        ("ListKindConflict", [names.get("listKind") or ""], kinds),
    ]
    for reason, wanted, taken in checks:
        clashing = [name for name in wanted if name in taken]
        if clashing:
            return reason, f'"{clashing[0]}" is already in use'
    return None
