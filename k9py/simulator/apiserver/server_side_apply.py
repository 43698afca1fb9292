"""Server-side apply: PATCH with `application/apply-patch+yaml`, fields owned per manager, conflicts between managers.

Invariant: what a manager applies is the whole of what it wants: fields that it applied before, leaves out now and that
no other manager owns are removed. A body is JSON, which is valid YAML and what kubectl sends; other YAML is refused.
Source: structured-merge-diff, merge/update.go; apimachinery, util/managedfields; apiserver, handlers/patch.go.
"""

import dataclasses
import json
from collections.abc import Mapping, Sequence, Set
from typing import Any

from k9py.simulator import status_errors
from k9py.simulator.apiserver.authorization import Access
from k9py.simulator.apiserver.managed_fields import ManagerEntry, entries_of, with_entries
from k9py.simulator.apiserver.patch import parse_json
from k9py.simulator.apiserver.request import IncomingRequest
from k9py.simulator.apiserver.responses import ApiResponse, convert_to_served, convert_to_stored
from k9py.simulator.apiserver.writes import (
    SERVER_OWNED,
    check_identity,
    check_namespace,
    create_response,
    replace_object,
)
from k9py.simulator.clock import timestamp
from k9py.simulator.registry.applied_types import check_applied_fields
from k9py.simulator.registry.cache import Object
from k9py.simulator.registry.field_sets import Path, compare, field_set, in_report_order, path_text
from k9py.simulator.registry.list_types import ListTypes, list_types_of
from k9py.simulator.registry.resources import Resource
from k9py.simulator.registry.structured_merge import merge, without_paths
from k9py.simulator.state import SimulatorState
from k9py.simulator.status_errors import StatusCause, StatusError

APPLY = "application/apply-patch+yaml"
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_KUBECTL = "kubectl"
_BEFORE_FIRST_APPLY = "before-first-apply"


def is_apply(request: IncomingRequest) -> bool:
    """Return whether a PATCH is a server-side apply."""
    return request.content_type.partition(";")[0].strip().lower() == APPLY


def apply(state: SimulatorState, access: Access, request: IncomingRequest) -> ApiResponse:
    """Answer a server-side apply of an object or its status; create the object if it does not exist.

    Raises:
        StatusError: 400, 403, 409 for conflicts with other managers, 422, 500 for a body that is not of the schema.
    """
    manager = request.query.get("fieldManager", "")
    if not manager:
        cause = StatusCause("FieldValueRequired", "Required value: is required for apply patch", "fieldManager")
        raise status_errors.invalid("meta.k8s.io", "PatchOptions", "", [cause])
    resource, target = request.resource, request.info
    old = state.storage.get(resource, target.namespace, target.name)
    if old is None and target.subresource:
        raise status_errors.not_found(resource, target.name)
    applied = convert_to_stored(resource, _decode(request))
    _check_preconditions(resource, applied, old)
    check_identity(request, applied)
    check_applied_fields(resource, applied)
    configuration = _configuration(resource, applied, target.subresource)
    api_version = resource.api_version
    entry = ManagerEntry(manager, True, api_version, frozenset(), subresource=target.subresource)
    types, now = list_types_of(resource), timestamp(state.clock.now())
    if old is None:
        access.check(request.user, dataclasses.replace(target, verb="create"))
        if resource.namespaced:
            check_namespace(state, resource, configuration["metadata"], target.namespace)
            configuration["metadata"]["namespace"] = target.namespace
        entry = dataclasses.replace(entry, paths=field_set(configuration, types), time=now)
        return create_response(state, request, with_entries(configuration, [entry]))
    shown = convert_to_served(resource, old)
    changed = applied_to(shown, configuration, entry, types, now=now, force=request.flag("force"))
    return replace_object(state, request, old, convert_to_stored(resource, _with_last_applied(changed, applied, entry)))


def _decode(request: IncomingRequest) -> Object:
    value = parse_json(request.body, "error decoding YAML: error converting YAML to JSON")
    if not isinstance(value, dict):
        kind = {list: "array", str: "string", bool: "bool"}.get(type(value), "number")
        raise status_errors.bad_request(
            "error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal "
            f"{kind} into Go value of type map[string]interface {{}}"
        )
    api_version, kind = value.get("apiVersion") or "", value.get("kind") or ""
    resource = request.resource
    if (api_version, kind) != (resource.api_version, resource.kind):
        group, _, version = str(api_version).rpartition("/")
        raise status_errors.bad_request(f"invalid object type: {group}/{version}, Kind={kind}")
    return value


def _check_preconditions(resource: Resource, applied: Object, old: Object | None) -> None:
    metadata = applied.get("metadata")
    if not isinstance(metadata, dict):
        return
    if metadata.get("managedFields"):
        raise status_errors.bad_request("metadata.managedFields must be nil")
    name, uid = metadata.get("name", ""), metadata.get("uid")
    if old is None:
        if uid:
            why = f"uid mismatch: the provided object specified uid {uid}, and no existing object was found"
            raise status_errors.conflict(resource, name, why)
        if metadata.get("resourceVersion"):
            raise status_errors.not_found(resource, name)
        return
    if metadata.get("resourceVersion") not in (None, "", old["metadata"]["resourceVersion"]):
        raise status_errors.conflict(resource, name)
    if uid and uid != old["metadata"]["uid"]:
        why = f'Invalid value: "{uid}": field is immutable'
        cause = StatusCause("FieldValueInvalid", why, "metadata.uid")
        raise status_errors.invalid(resource.group, resource.kind, name, [cause])


def _configuration(resource: Resource, applied: Object, subresource: str) -> Object:
    """Return the part of a body that this path writes, without what the server owns."""
    metadata = {key: value for key, value in applied["metadata"].items() if key not in SERVER_OWNED}
    if subresource == "status":
        name = {key: value for key, value in metadata.items() if key in ("name", "namespace")}
        return {**{key: applied[key] for key in ("kind", "apiVersion", "status") if key in applied}, "metadata": name}
    kept = {key: value for key, value in applied.items() if key != "status"} if resource.has_status else applied
    return {**kept, "metadata": metadata}


def applied_to(
    live: Object, configuration: Object, entry: ManagerEntry, types: ListTypes, *, now: str, force: bool
) -> Object:
    """Return an object after an apply, with its managedFields.

    Args:
        live: the object before.
        configuration: all that the manager wants.
        entry: names the manager and its subresource; its fields are computed here.
        types: the merge rules of the kind.
        now: the time, for managedFields.
        force: take fields from other managers instead of failing.

    Raises:
        StatusError: 409 if other managers own fields that would change.
    """
    entries = entries_of(live)
    if not entries:  # written by nobody who is tracked
        owned = field_set(live, types)
        entries = [ManagerEntry(_BEFORE_FIRST_APPLY, False, entry.api_version, owned, now)]
    last = next((held for held in entries if held.key == entry.key), None)
    others = [held for held in entries if held is not last]
    wanted = field_set(configuration, types)
    merged = merge(live, configuration, types)
    if last is not None:
        merged = _without_abandoned(merged, last.paths, wanted.union(*(held.paths for held in others)), types)
    changes = compare(live, merged, types)
    conflicts = [(held, paths) for held in others if (paths := held.paths & changes.written)]
    if conflicts and not force and not _are_last_applied(live, entry, conflicts, types):
        raise apply_conflict(conflicts)
    written = changes.written if conflicts else frozenset()
    kept = [dataclasses.replace(held, paths=held.paths - written - changes.removed) for held in others]
    if last is not None and last.paths == wanted and merged == live:
        return live
    return with_entries(merged, [*kept, dataclasses.replace(entry, paths=wanted, time=now)])


def _without_abandoned(merged: Object, last: Set[Path], owned: Set[Path], types: ListTypes) -> Object:
    """Return an object without what its manager applied last time and nobody owns now.

    A parent goes with the last of its owned fields: nothing of it was wanted by anyone.
    """
    held = _with_parents(owned)
    held.add(("f:metadata",))
    return dict(without_paths(merged, _with_parents(last) - held, types))


def _with_parents(paths: Set[Path]) -> set[Path]:
    """Return paths and the fields that contain them; an item of a list counts only if it is a member itself."""
    parents = {path[:end] for path in paths for end in range(1, len(path))}
    return {*paths, *(parent for parent in parents if parent[-1].startswith("f:"))}


def _are_last_applied(
    live: Mapping[str, Any], entry: ManagerEntry, conflicts: Sequence[tuple[ManagerEntry, Set[Path]]], types: ListTypes
) -> bool:
    """Return whether kubectl itself wrote all conflicting fields with a client-side apply, and nobody since."""
    annotations = (live.get("metadata") or {}).get("annotations") or {}
    if entry.manager != _KUBECTL or _LAST_APPLIED not in annotations:
        return False
    try:
        before = json.loads(annotations[_LAST_APPLIED])
    except ValueError:
        return False
    if not isinstance(before, dict):
        return False
    applied = field_set(before, types) - compare(before, live, types).modified
    return all(paths <= applied for _, paths in conflicts)


def _with_last_applied(changed: Object, applied: Object, entry: ManagerEntry) -> Object:
    """Return an object whose annotation of kubectl's client-side apply, if it has one, says what kubectl applied."""
    annotations = changed["metadata"].get("annotations") or {}
    if entry.manager != _KUBECTL or _LAST_APPLIED not in annotations:
        return changed
    text = json.dumps(applied, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"
    return {**changed, "metadata": {**changed["metadata"], "annotations": {**annotations, _LAST_APPLIED: text}}}


def apply_conflict(conflicts: Sequence[tuple[ManagerEntry, Set[Path]]]) -> StatusError:
    """Return the 409 that names each manager and field."""
    texts: dict[str, list[str]] = {}
    for entry, paths in sorted(conflicts, key=lambda conflict: _described(conflict[0])):
        texts.setdefault(_described(entry), []).extend(path_text(path) for path in in_report_order(paths))
    causes = [
        {"reason": "FieldManagerConflict", "message": f"conflict with {manager}", "field": field}
        for manager, fields in texts.items()
        for field in fields
    ]
    if len(causes) == 1:
        message = f"Apply failed with 1 conflict: {causes[0]['message']}: {causes[0]['field']}"
    else:
        listed = [
            line
            for manager, fields in texts.items()
            for line in (f"conflicts with {manager}:", *(f"- {field}" for field in fields))
        ]
        message = f"Apply failed with {len(causes)} conflicts: {chr(10).join(listed)}"
    return StatusError(409, "Conflict", message, {"causes": causes})


def _described(entry: ManagerEntry) -> str:
    """Return a manager as conflicts name it."""
    text = json.dumps(entry.manager, ensure_ascii=False)
    if entry.subresource:
        text += f' with subresource "{entry.subresource}"'
    return text if entry.by_apply else f"{text} using {entry.api_version}"
