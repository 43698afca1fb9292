"""Validation: required fields, immutable fields, selectors that do not match their template.

Invariant: causes are worded and ordered as in the real validation. To add a rule, add it to the kind's function.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from k9py.simulator import status_errors
from k9py.simulator.registry.cache import Object
from k9py.simulator.registry.definition_validation import definition_causes
from k9py.simulator.registry.encoding import encode
from k9py.simulator.registry.ephemeral_containers import creation_causes
from k9py.simulator.registry.object_validation import object_causes
from k9py.simulator.registry.resources import CUSTOMRESOURCEDEFINITIONS, Resource
from k9py.simulator.registry.selectors import matches_label_selector
from k9py.simulator.registry.structural_schema import prune, violations
from k9py.simulator.status_errors import StatusCause, StatusError

_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_NAME_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
_SCALABLE = ("Deployment", "ReplicaSet", "StatefulSet")
_TEMPLATED = (*_SCALABLE, "DaemonSet")
_STATEFUL_SET_MAY_CHANGE = (
    "replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy", "minReadySeconds",
)  # fmt: skip
_POD_MAY_CHANGE = ("image", "activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds")

# The spec fields that `fieldValidation=Strict` accepts, for the kinds people patch by hand.
SPEC_FIELDS: Mapping[str, frozenset[str]] = {
    "Deployment": frozenset(
        ("replicas", "selector", "template", "strategy", "minReadySeconds", "revisionHistoryLimit", "paused",
         "progressDeadlineSeconds")
    ),
    "StatefulSet": frozenset((*_STATEFUL_SET_MAY_CHANGE, "selector", "volumeClaimTemplates", "serviceName",
                              "podManagementPolicy")),
    "DaemonSet": frozenset(("selector", "template", "updateStrategy", "minReadySeconds", "revisionHistoryLimit")),
    "ReplicaSet": frozenset(("replicas", "selector", "template", "minReadySeconds")),
}  # fmt: skip


def validate(resource: Resource, obj: Object, old: Object | None) -> None:
    """Refuse an object that may not replace `old` (None: a create).

    Raises:
        StatusError: 422 with all causes.
    """
    causes: list[StatusCause] = []
    metadata = obj.get("metadata") or {}
    if resource.custom is not None:
        causes += violations(obj, resource.custom.schema)
    if resource is CUSTOMRESOURCEDEFINITIONS:
        causes += definition_causes(obj, old)
    name = metadata.get("name") or ""
    if old is None:
        rbac = resource.group == "rbac.authorization.k8s.io"  # such names are path segments: `system:node`
        causes += _name_causes(name or metadata.get("generateName", ""), generated=not name, any_segment=rbac)
    elif old["metadata"].get("deletionTimestamp"):
        causes += _finalizer_causes(metadata, old["metadata"])
    if resource.custom is None:
        spec = obj.get("spec") or {}
        causes += _workload_causes(resource, spec, old)
        causes += object_causes(resource.kind, obj, old)
    if causes:
        raise status_errors.invalid(resource.group, resource.kind, name, causes)


def _workload_causes(resource: Resource, spec: Mapping[str, Any], old: Object | None) -> list[StatusCause]:
    causes: list[StatusCause] = []
    if resource.kind in _SCALABLE:
        causes += _negative_causes(spec, "replicas")
    if resource.kind in _TEMPLATED:
        causes += _selector_causes(spec)
        causes += _pod_spec_causes(spec.get("template", {}).get("spec") or {}, "spec.template.spec")
        if resource.kind == "Deployment":
            causes += _negative_causes(spec, "minReadySeconds")
            causes += _strategy_causes(spec)
        if old is not None and resource.kind != "StatefulSet" and spec.get("selector") != old["spec"].get("selector"):
            causes.append(_invalid(spec.get("selector"), "field is immutable", "spec.selector"))
    if resource.kind == "StatefulSet" and old is not None:
        causes += _stateful_set_causes(spec, old["spec"])
    if resource.kind == "Pod":
        causes += _pod_spec_causes(spec, "spec")
        if old is None:
            causes += creation_causes(spec)
        else:
            causes += _pod_update_causes(spec, old.get("spec") or {})
    if resource.kind in ("Job",):
        pod_spec = spec.get("template", {}).get("spec") or {}
        causes += _pod_spec_causes(pod_spec, "spec.template.spec")
        if old is None and pod_spec.get("restartPolicy") not in ("OnFailure", "Never"):
            why = 'Required value: valid values: "OnFailure", "Never"'
            causes.append(StatusCause("FieldValueRequired", why, "spec.template.spec.restartPolicy"))
    return causes


def _finalizer_causes(metadata: Mapping[str, Any], old: Mapping[str, Any]) -> list[StatusCause]:
    held = old.get("finalizers") or ()
    new = [name for name in metadata.get("finalizers") or () if name not in held]
    if not new:
        return []
    listed = ", ".join(f'"{name}"' for name in new)
    why = f"no new finalizers can be added if the object is being deleted, found new finalizers []string{{{listed}}}"
    # The real validation checks twice, in ValidateObjectMetaUpdate and in the generic store.
    return [StatusCause("FieldValueForbidden", f"Forbidden: {why}", "metadata.finalizers")] * 2


def check_known_fields(resource: Resource, obj: Object) -> None:
    """Refuse a custom resource with unknown fields (`fieldValidation=Strict`).

    Raises:
        StatusError: 400 with the strict decoder's message.
    """
    unknown = _unknown_fields(resource, obj)
    if unknown:
        why = f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}'
        raise StatusError(400, "BadRequest", f"{why}: strict decoding error: {unknown}")


def check_known_fields_after_patch(resource: Resource, patched: Object) -> None:
    """Refuse a patch that leaves unknown fields in a custom resource (`fieldValidation=Strict`).

    Raises:
        StatusError: 422 with the strict decoder's message.
    """
    unknown = _unknown_fields(resource, patched)
    if unknown:
        metadata = {key: value for key, value in patched["metadata"].items() if key != "managedFields"}
        text = _json_text(_json_text({**patched, "metadata": metadata}))
        cause = StatusCause("FieldValueInvalid", f"Invalid value: {text}: strict decoding error: {unknown}", "patch")
        raise status_errors.invalid("", "", "", [cause])


def _unknown_fields(resource: Resource, obj: Object) -> str:
    if resource.custom is None:
        return ""
    return ", ".join(f'unknown field "{path}"' for path in prune(obj, resource.custom.schema)[1])


def check_strict_fields(resource: Resource, patch: Any) -> None:
    """Refuse a patch with unknown spec fields (`fieldValidation=Strict`).

    Raises:
        StatusError: 422 with the strict decoder's message.
    """
    known = SPEC_FIELDS.get(resource.kind) if resource.custom is None else None
    spec = patch.get("spec") if isinstance(patch, dict) else None
    if known is None or not isinstance(spec, dict):
        return
    unknown = [f'unknown field "spec.{key}"' for key in spec if key not in known and not key.startswith("$")]
    if unknown:
        message = f'Invalid value: "{go_format(patch)}": strict decoding error: {", ".join(unknown)}'
        raise status_errors.invalid("", "", "", [StatusCause("FieldValueInvalid", message, "patch")])


def go_format(value: Any) -> str:
    """Return a value as Go prints it with %v."""
    match value:
        case dict():
            return "map[" + " ".join(f"{key}:{go_format(value[key])}" for key in sorted(value)) + "]"
        case list():
            return "[" + " ".join(go_format(item) for item in value) + "]"
        case None:
            return "<nil>"
        case bool():
            return "true" if value else "false"
        case _:
            return str(value)


def _json_text(value: Any) -> str:
    """Return a value as JSON, as `Invalid value` shows it."""
    return encode(value).decode()


def _invalid(value: Any, why: str, field: str) -> StatusCause:
    return StatusCause("FieldValueInvalid", f"Invalid value: {_json_text(value)}: {why}", field)


def _name_causes(name: str, *, generated: bool, any_segment: bool) -> list[StatusCause]:
    if not name:
        return [StatusCause("FieldValueRequired", "Required value: name or generateName is required", "metadata.name")]
    field = "metadata.generateName" if generated else "metadata.name"
    checked = name.rstrip("-") if generated else name
    if len(name) > 253:
        return [_invalid(name, "must be no more than 253 bytes", field)]
    if any_segment:
        bad = next((part for part in ("/", "%") if part in name), None)
        return [] if bad is None else [_invalid(name, f"may not contain '{bad}'", field)]
    return [] if _NAME.fullmatch(checked) else [_invalid(name, _NAME_RULE, field)]


def _negative_causes(spec: Mapping[str, Any], field: str) -> list[StatusCause]:
    value = spec.get(field)
    if isinstance(value, int) and value < 0:
        return [_invalid(value, "must be greater than or equal to 0", f"spec.{field}")]
    return []


def _selector_causes(spec: Mapping[str, Any]) -> list[StatusCause]:
    selector = spec.get("selector")
    missing = [] if selector else [StatusCause("FieldValueRequired", "Required value", "spec.selector")]
    labels = (spec.get("template") or {}).get("metadata", {}).get("labels") or {}
    if selector and matches_label_selector(selector, labels):
        return []
    shown = {key: labels[key] for key in sorted(labels)} or None
    why = "`selector` does not match template `labels`"
    return [*missing, _invalid(shown, why, "spec.template.metadata.labels")]


def _strategy_causes(spec: Mapping[str, Any]) -> list[StatusCause]:
    strategy = spec.get("strategy") or {}
    field = "spec.strategy.rollingUpdate"
    if strategy.get("type") == "Recreate" and strategy.get("rollingUpdate"):
        why = "Forbidden: may not be specified when strategy `type` is 'Recreate'"
        return [StatusCause("FieldValueForbidden", why, field)]
    rolling = strategy.get("rollingUpdate") or {}
    if (
        strategy.get("type") == "RollingUpdate"
        and _is_zero(rolling.get("maxUnavailable"))
        and _is_zero(rolling.get("maxSurge"))
    ):
        why = "may not be 0 when `maxSurge` is 0"
        return [_invalid(rolling.get("maxUnavailable"), why, f"{field}.maxUnavailable")]
    return []


def _is_zero(value: Any) -> bool:
    return value in (0, "0%")


def _pod_spec_causes(spec: Mapping[str, Any], path: str) -> list[StatusCause]:
    causes: list[StatusCause] = []
    if not spec.get("containers"):
        causes.append(StatusCause("FieldValueRequired", "Required value", f"{path}.containers"))
    for field in ("containers", "initContainers"):
        seen: set[str] = set()
        for at, container in enumerate(spec.get(field) or ()):
            here = f"{path}.{field}[{at}]"
            name = container.get("name") or ""
            if not name:
                causes.append(StatusCause("FieldValueRequired", "Required value", f"{here}.name"))
            elif name in seen:
                causes.append(StatusCause("FieldValueDuplicate", f'Duplicate value: "{name}"', f"{here}.name"))
            seen.add(name)
            if not (container.get("image") or "").strip():
                causes.append(StatusCause("FieldValueRequired", "Required value", f"{here}.image"))
    return causes


def _stateful_set_causes(spec: Mapping[str, Any], old: Mapping[str, Any]) -> list[StatusCause]:
    fixed = (set(spec) | set(old)) - set(_STATEFUL_SET_MAY_CHANGE)
    if all(spec.get(key) == old.get(key) for key in fixed):
        return []
    allowed = (
        "'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', "
        "'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds'"
    )
    why = f"Forbidden: updates to statefulset spec for fields other than {allowed} are forbidden"
    return [StatusCause("FieldValueForbidden", why, "spec")]


def _pod_update_causes(spec: Mapping[str, Any], old: Mapping[str, Any]) -> list[StatusCause]:
    if _pod_identity(spec) == _pod_identity(old):
        return []
    why = (
        "Forbidden: pod updates may not change fields other than `spec.containers[*].image`,"
        "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing "
        "tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
    )
    return [StatusCause("FieldValueForbidden", why, "spec")]


def _pod_identity(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return the immutable part of a pod's spec."""
    kept = {key: value for key, value in spec.items() if key not in (*_POD_MAY_CHANGE, "nodeName")}
    for field in ("containers", "initContainers"):
        containers: Sequence[Mapping[str, Any]] = spec.get(field) or ()
        kept[field] = [{k: v for k, v in c.items() if k != "image"} for c in containers]
    return kept
