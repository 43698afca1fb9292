"""POST, PUT, PATCH and DELETE of objects: decode, default, validate, store; a dry run does all but the last.

Invariant: a dry run returns what the same request would store. For kinds with a status subresource, status is written
only through it.
"""

from collections.abc import Callable
from typing import Any

from k9py.simulator import status_errors
from k9py.simulator.apiserver.managed_fields import entries_of, manager_of, with_entries, with_manager, with_managers_of
from k9py.simulator.apiserver.patch import STRATEGIC, apply_patch
from k9py.simulator.apiserver.reads import existing_object, list_selector, object_response
from k9py.simulator.apiserver.request import IncomingRequest
from k9py.simulator.apiserver.request_body import admit, check_types, decode_object
from k9py.simulator.apiserver.responses import ApiResponse, convert_to_served, convert_to_stored, json_response
from k9py.simulator.registry.cache import Object
from k9py.simulator.registry.custom_resources import is_terminating, reconcile, remove_definition
from k9py.simulator.registry.defaults import defaulted
from k9py.simulator.registry.ephemeral_containers import SUBRESOURCE as EPHEMERAL_CONTAINERS
from k9py.simulator.registry.ephemeral_containers import check_ephemeral_containers, with_ephemeral_containers
from k9py.simulator.registry.list_types import list_types_of
from k9py.simulator.registry.resources import CUSTOMRESOURCEDEFINITIONS, NAMESPACES, PODS, SERVICES, Resource
from k9py.simulator.registry.storage import Propagation
from k9py.simulator.registry.strategies import ALLOCATED, prepare_for_create, prepare_for_update
from k9py.simulator.registry.validation import (
    check_known_fields,
    check_known_fields_after_patch,
    check_strict_fields,
    validate,
)
from k9py.simulator.state import SimulatorState
from k9py.simulator.status_errors import StatusCause


def create(state: SimulatorState, request: IncomingRequest) -> ApiResponse:
    """Answer a POST to a collection.

    Raises:
        StatusError: 400, 403, 404 for the namespace, 409, 422.
    """
    resource, target = request.resource, request.info
    given_object = decode_object(request)
    if resource.custom is not None:
        _check_custom_type(resource, given_object)
        if is_terminating(state.storage, resource):
            why = "create not allowed while custom resource definition is terminating"
            raise status_errors.forbidden(resource, (given_object.get("metadata") or {}).get("name", ""), why)
        if request.query.get("fieldValidation") == "Strict":
            check_known_fields(resource, given_object)
    obj = convert_to_stored(resource, given_object)
    if resource.custom is not None:
        pass
    elif given_object.get("kind") not in (resource.kind, None) or (
        given_object.get("apiVersion") not in (resource.api_version, None)
    ):
        given = f"{given_object.get('kind')} ({given_object.get('apiVersion')})"
        raise status_errors.bad_request(
            f"the object provided is unrecognized (must be of type {resource.kind}): {given} does not match the URL"
        )
    metadata = {key: value for key, value in (obj.get("metadata") or {}).items() if key not in SERVER_OWNED}
    if resource.namespaced:
        check_namespace(state, resource, metadata, target.namespace)
        metadata["namespace"] = target.namespace
    obj = {**obj, "metadata": metadata}
    # As in the real server, the manager of a create also owns what the defaults filled in, but not the allocations.
    written = defaulted(resource, obj)
    if resource.has_status:
        written = {key: value for key, value in written.items() if key != "status"}
    if resource is SERVICES:
        provided: Object = obj.get("spec") or {}
        kept = {key: value for key, value in written["spec"].items() if key in provided or key not in ALLOCATED}
        written = {**written, "spec": kept}
    manager, types = manager_of(request), list_types_of(resource)
    signed = with_manager(written, None, manager, resource.api_version, state.clock.now(), types=types)
    return create_response(state, request, {**obj, "metadata": signed["metadata"]})


def create_response(state: SimulatorState, request: IncomingRequest, obj: Object) -> ApiResponse:
    """Create an object and return the response to its request.

    Raises:
        StatusError: 403, 409, 422.
    """
    stored = create_object(state, request.resource, obj, dry_run=request.dry_run)
    return object_response(state, request, convert_to_served(request.resource, stored), 201)


SERVER_OWNED = ("uid", "resourceVersion", "creationTimestamp", "generation", "deletionTimestamp", "managedFields")


def create_object(state: SimulatorState, resource: Resource, obj: Object, *, dry_run: bool = False) -> Object:
    """Create an object as the API does: clear status, apply defaults, allocate, validate, admit.

    Raises:
        StatusError: 403, 409, 422.
    """
    if resource.custom is None:
        check_types(obj, resource.kind)
    if resource.has_status:
        obj = {key: value for key, value in obj.items() if key != "status"}
    obj = prepare_for_create(state, resource, defaulted(resource, obj))
    validate(resource, obj, None)
    if not dry_run:
        stored = state.storage.create(resource, obj)
        follow_definition(state, resource, stored["metadata"]["name"])
        return stored
    shown = state.storage.prepare_create(resource, obj)
    metadata = {key: value for key, value in shown["metadata"].items() if key != "resourceVersion"}
    return {**shown, "metadata": metadata}


def follow_definition(state: SimulatorState, resource: Resource, name: str) -> None:
    """Serve what a CustomResourceDefinition declares after a write of it, or of one of its objects (the last one)."""
    storage, now = state.storage, state.clock.now()
    if resource is CUSTOMRESOURCEDEFINITIONS:
        reconcile(storage, now, name)
        remove_definition(storage, now, name)
    elif resource.custom is not None and is_terminating(storage, resource):
        remove_definition(storage, now, resource.qualified_name)


def _check_custom_type(resource: Resource, obj: Object) -> None:
    """Refuse a custom resource of another version or kind than the URL's."""
    given = obj.get("apiVersion")
    if given not in (resource.api_version, None):
        raise status_errors.bad_request(
            f"the API version in the data ({given}) does not match the expected API version ({resource.api_version})"
        )
    kind = obj.get("kind")
    if kind not in (resource.kind, None):
        cause = StatusCause("FieldValueInvalid", f'Invalid value: "{kind}": must be {resource.kind}', "kind")
        name = (obj.get("metadata") or {}).get("name", "")
        raise status_errors.invalid(resource.group, str(kind), name, [cause])


def check_namespace(state: SimulatorState, resource: Resource, metadata: Object, namespace: str) -> None:
    """Refuse a new object for another namespace than its URL's, or for one that is missing or being deleted.

    Raises:
        StatusError: 400, 403, 404.
    """
    if metadata.get("namespace") not in (None, "", namespace):
        raise status_errors.bad_request(
            "the namespace of the provided object does not match the namespace sent on the request"
        )
    holder = state.storage.get(NAMESPACES, None, namespace)
    if holder is None:
        raise status_errors.not_found(NAMESPACES, namespace)
    if holder["metadata"].get("deletionTimestamp"):
        why = f"unable to create new content in namespace {namespace} because it is being terminated"
        raise status_errors.forbidden(resource, metadata.get("name", ""), why)


def update(state: SimulatorState, request: IncomingRequest) -> ApiResponse:
    """Answer a PUT of an object or its status.

    Raises:
        StatusError: 400, 404, 409, 422.
    """
    old = existing_object(state, request)
    resource, given = request.resource, decode_object(request)
    if resource.custom is not None:
        _check_custom_type(resource, given)
        if request.query.get("fieldValidation") == "Strict":
            check_known_fields(resource, given)
        if not (given.get("metadata") or {}).get("resourceVersion"):
            why = "Invalid value: 0: must be specified for an update"
            cause = StatusCause("FieldValueInvalid", why, "metadata.resourceVersion")
            error = status_errors.invalid(resource.group, resource.plural, request.info.name, [cause])
            error.message = error.message.replace(f"{resource.plural}.{resource.group}", resource.qualified_name)
            raise error
    obj = convert_to_stored(resource, given)
    return _replace(state, request, old, obj)


def patch(state: SimulatorState, request: IncomingRequest) -> ApiResponse:
    """Answer a PATCH of an object or its status.

    Raises:
        StatusError: 400, 404, 409, 415, 422.
    """
    if request.query.get("force"):
        raise _forbidden_force()
    old = existing_object(state, request)
    resource = request.resource
    shown = convert_to_served(resource, old)
    if resource.custom is not None and request.content_type.startswith(STRATEGIC):
        raise status_errors.unsupported_custom_patch()
    changed, read = apply_patch(request.content_type, request.body, shown)
    if request.query.get("fieldValidation") == "Strict":
        check_strict_fields(resource, read)
        check_known_fields_after_patch(resource, changed)
    if resource.custom is None:
        check_types(changed, resource.kind)
    return _replace(state, request, old, convert_to_stored(resource, changed))


def _forbidden_force() -> status_errors.StatusError:
    cause = StatusCause("FieldValueForbidden", "Forbidden: may not be specified for non-apply patch", "force")
    return status_errors.invalid("meta.k8s.io", "PatchOptions", "", [cause])


def _replace(state: SimulatorState, request: IncomingRequest, old: Object, obj: Object) -> ApiResponse:
    """Store an object in place of another and record the manager of the request."""

    def sign(given: Object, next_state: Object) -> Object:
        resource, manager, now = request.resource, manager_of(request), state.clock.now()
        base = with_entries(old, entries_of(given))
        subresource, types = request.info.subresource, list_types_of(resource)
        return with_manager(next_state, base, manager, resource.api_version, now, subresource, types)

    check_identity(request, obj)
    return replace_object(state, request, old, with_managers_of(obj, old), sign)


def check_identity(request: IncomingRequest, obj: Object) -> None:
    """Refuse a body whose name or namespace is not that of the URL.

    Raises:
        StatusError: 400.
    """
    metadata = obj.get("metadata")
    if not isinstance(metadata, dict):
        raise status_errors.bad_request("the object has no metadata")
    name, target = metadata.get("name", ""), request.info
    if name != target.name:
        raise status_errors.bad_request(
            f"the name of the object ({name}) does not match the name on the URL ({target.name})"
        )
    if request.resource.namespaced and metadata.get("namespace") not in (None, "", target.namespace):
        raise status_errors.bad_request(
            "the namespace of the provided object does not match the namespace sent on the request"
        )


def replace_object(
    state: SimulatorState,
    request: IncomingRequest,
    old: Object,
    obj: Object,
    sign: Callable[[Object, Object], Object] | None = None,
) -> ApiResponse:
    """Store an object in place of another (as a dry run: do not store it) and return the response.

    Args:
        state: the cluster.
        request: the write; its subresource `status` writes the status only, `ephemeralcontainers` those only.
        old: the stored object.
        obj: what replaces it.
        sign: returns the second argument, the object to be stored, with its managedFields; the first is what replaces
            the old object. Not called if nothing changed. None: `obj` has its managedFields.

    Raises:
        StatusError: 403, 404, 409, 422.
    """
    resource, target = request.resource, request.info
    if resource.namespaced:
        obj = {**obj, "metadata": {**obj["metadata"], "namespace": target.namespace}}
    status_only = target.subresource == "status"
    if target.subresource == EPHEMERAL_CONTAINERS:
        obj = with_ephemeral_containers(old, obj)
    if resource.custom is not None and status_only:
        obj = {**old, "metadata": obj["metadata"], "status": obj.get("status")}
        if obj["status"] is None:
            del obj["status"]
        obj = defaulted(resource, obj)
    if not status_only:
        if resource.custom is None:
            check_types(obj, resource.kind)
        if resource.has_status:
            obj = {key: value for key, value in obj.items() if key != "status"}
            if "status" in old or resource.custom is None:
                obj["status"] = old.get("status", {})
        obj = admit(state, request, defaulted(resource, obj))
        obj = prepare_for_update(resource, defaulted(resource, obj), old)
    # A stale resourceVersion is a conflict before validation.
    _, next_state = state.storage.prepare_update(resource, obj, status_only=status_only)
    if target.subresource == EPHEMERAL_CONTAINERS:
        check_ephemeral_containers(obj, old)
    elif not status_only or resource.custom is not None:
        validate(resource, obj, old)
    if next_state is not old and sign is not None:
        obj = with_entries(obj, entries_of(sign(obj, next_state)))
    if request.dry_run:
        _, stored = state.storage.prepare_update(resource, obj, status_only=status_only, signs_status=status_only)
        version = old["metadata"]["resourceVersion"]
        stored = {**stored, "metadata": {**stored["metadata"], "resourceVersion": version}}
    else:
        stored = state.storage.update(resource, obj, status_only=status_only, signs_status=status_only)
        if not status_only:
            follow_definition(state, resource, target.name)
    return object_response(state, request, convert_to_served(resource, stored))


def delete(state: SimulatorState, request: IncomingRequest) -> ApiResponse:
    """Answer a DELETE of one object.

    Raises:
        StatusError: 404, 409.
    """
    admit(state, request, {})
    return json_response(_delete_one(state, request, request.info.name))


def delete_collection(state: SimulatorState, request: IncomingRequest) -> ApiResponse:
    """Answer a DELETE of a collection; the response lists the deleted objects."""
    query = list_selector(request)
    objects = [
        obj
        for obj in state.storage.list(query.resource, query.namespace)
        if query.predicate is None or query.predicate(obj)
    ]
    for obj in objects:
        _delete_one(state, request, obj["metadata"]["name"], obj["metadata"].get("namespace"))
    resource = request.resource
    hidden = () if resource.custom is not None else ("kind", "apiVersion")
    items = [
        {key: value for key, value in convert_to_served(resource, obj).items() if key not in hidden} for obj in objects
    ]
    metadata = {"resourceVersion": str(state.storage.revision)}
    listed = {"kind": resource.list_kind, "apiVersion": resource.api_version, "metadata": metadata, "items": items}
    return json_response(listed)


def _delete_one(state: SimulatorState, request: IncomingRequest, name: str, namespace: str | None = None) -> Object:
    resource = request.resource
    namespace = request.info.namespace if namespace is None else namespace
    options: dict[str, Any] = decode_object(request) if request.body else {}
    preconditions = options.get("preconditions") or {}
    grace = options.get("gracePeriodSeconds", request.whole_number("gracePeriodSeconds"))
    policy = options.get("propagationPolicy") or request.query.get("propagationPolicy")
    if options.get("orphanDependents") is not None and policy:
        why = f'Invalid value: "{policy}": orphanDependents and deletionPropagation cannot be both set'
        raise _invalid_option("FieldValueInvalid", why)
    propagation = _propagation("Orphan" if options.get("orphanDependents") else policy)
    storage = state.storage
    current = storage.get(resource, namespace, name)
    if current is None:
        raise status_errors.not_found(resource, name)
    # As in the real server: with a body, the options in the query are ignored.
    if "All" in (options.get("dryRun") or ()) if request.body else request.dry_run:
        uid, version = preconditions.get("uid"), preconditions.get("resourceVersion")
        storage.check_preconditions(resource, current, uid=uid, resource_version=version)
        return _delete_response(resource, current, kept=resource is PODS)
    deleted = storage.delete(
        resource,
        namespace,
        name,
        uid=preconditions.get("uid"),
        resource_version=preconditions.get("resourceVersion"),
        grace=grace,
        propagation=propagation,
    )
    kept = storage.get(resource, namespace, name) is not None
    follow_definition(state, resource, name)
    return _delete_response(resource, deleted, kept=kept or resource in (PODS, SERVICES))


def _propagation(given: str | None) -> Propagation:
    match given:
        case None | "":
            return "Background"
        case "Background" | "Foreground" | "Orphan":
            return given
        case _:
            values = '"Foreground", "Background", "Orphan", "nil"'
            raise _invalid_option("FieldValueNotSupported", f'Unsupported value: "{given}": supported values: {values}')


def _invalid_option(reason: str, why: str) -> status_errors.StatusError:
    cause = StatusCause(reason, why, "propagationPolicy")
    return status_errors.invalid("meta.k8s.io", "DeleteOptions", "", [cause])


def _delete_response(resource: Resource, obj: Object, *, kept: bool) -> Object:
    """Return the response to a DELETE: the object if it still exists, else a Status."""
    if kept:
        return convert_to_served(resource, obj)
    details: dict[str, Any] = {"name": obj["metadata"]["name"]}
    if resource.group:
        details["group"] = resource.group
    details |= {"kind": resource.plural, "uid": obj["metadata"]["uid"]}
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}
