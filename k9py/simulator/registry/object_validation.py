"""Validation of kinds that are not workloads: what a real server refuses of each.

Invariant: causes are worded as in the real validation. To add a rule, add it to the kind's function; to validate
another kind, add a function to `_RULES`.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from k9py.simulator.registry.cache import Object
from k9py.simulator.registry.encoding import encode
from k9py.simulator.status_errors import StatusCause

Causes = Iterator[StatusCause]

_HIGHEST_PRIORITY = 1_000_000_000
_SYSTEM_CLASSES = ("system-node-critical", "system-cluster-critical")
_CRON_FIELDS = 5


def object_causes(kind: str, obj: Object, old: Object | None) -> list[StatusCause]:
    """Return what is wrong with an object of a built-in kind that may replace `old` (None: a create)."""
    rules = _RULES.get(kind)
    return [] if rules is None else list(rules(obj, old))


def _required(field: str, why: str = "") -> StatusCause:
    return StatusCause("FieldValueRequired", f"Required value: {why}" if why else "Required value", field)


def _invalid(value: Any, why: str, field: str) -> StatusCause:
    return StatusCause("FieldValueInvalid", f"Invalid value: {encode(value).decode()}: {why}", field)


def _forbidden(why: str, field: str) -> StatusCause:
    return StatusCause("FieldValueForbidden", f"Forbidden: {why}", field)


def _spec(obj: Object) -> Mapping[str, Any]:
    return obj.get("spec") or {}


def _service(obj: Object, old: Object | None) -> Causes:
    spec = _spec(obj)
    portless = spec.get("clusterIP") == "None" or spec.get("type") == "ExternalName"
    if old is None and not spec.get("ports") and not portless:
        yield _required("spec.ports")


def _ingress(obj: Object, old: Object | None) -> Causes:
    spec = _spec(obj)
    if not spec.get("rules") and not spec.get("defaultBackend"):
        yield _invalid(None, "either `defaultBackend` or `rules` must be specified", "spec")
    for at, rule in enumerate(spec.get("rules") or ()):
        for number, path in enumerate((rule.get("http") or {}).get("paths") or ()):
            if not path.get("pathType"):
                yield _required(f"spec.rules[{at}].http.paths[{number}].pathType", "pathType must be specified")


def _role(obj: Object, old: Object | None) -> Causes:
    for at, rule in enumerate(obj.get("rules") or ()):
        if not rule.get("verbs"):
            yield _required(f"rules[{at}].verbs", "verbs must contain at least one value")


def _role_binding(obj: Object, old: Object | None) -> Causes:
    role: Mapping[str, Any] = obj.get("roleRef") or {}
    if role.get("kind") not in ("Role", "ClusterRole"):
        given = encode(role.get("kind") or "").decode()
        message = f'Unsupported value: {given}: supported values: "Role", "ClusterRole"'
        yield StatusCause("FieldValueNotSupported", message, "roleRef.kind")
    if not role.get("name"):
        yield _required("roleRef.name")
    if old is not None and role != old.get("roleRef"):
        go_names = {"APIGroup": role.get("apiGroup", ""), "Kind": role.get("kind", ""), "Name": role.get("name", "")}
        yield _invalid(go_names, "cannot change roleRef", "roleRef")


def _storage_class(obj: Object, old: Object | None) -> Causes:
    if not obj.get("provisioner"):
        yield _required("provisioner")
    if old is not None:
        for field in ("provisioner", "reclaimPolicy", "volumeBindingMode"):
            if obj.get(field) != old.get(field):
                yield _invalid(obj.get(field), "field is immutable", field)


def _priority_class(obj: Object, old: Object | None) -> Causes:
    name, value = obj["metadata"].get("name") or "", obj.get("value") or 0
    if old is not None:
        if value != (old.get("value") or 0):
            yield _forbidden("may not be changed in an update.", "value")
    elif name.startswith("system-") and name not in _SYSTEM_CLASSES:
        why = "priority class names with 'system-' prefix are reserved for system use only"
        yield _forbidden(f"{why}. error: {name} is not a known system priority class", "metadata.name")
    elif value > _HIGHEST_PRIORITY and name not in _SYSTEM_CLASSES:
        yield _forbidden(f"maximum allowed value of a user defined priority is {_HIGHEST_PRIORITY}", "value")


def _lease(obj: Object, old: Object | None) -> Causes:
    seconds = _spec(obj).get("leaseDurationSeconds")
    if seconds is not None and seconds <= 0:
        yield _invalid(seconds, "must be greater than 0", "spec.leaseDurationSeconds")


def _claim(obj: Object, old: Object | None) -> Causes:
    spec = _spec(obj)
    if not spec.get("accessModes"):
        yield _required("spec.accessModes", "at least 1 access mode is required")
    if not ((spec.get("resources") or {}).get("requests") or {}).get("storage"):
        yield _required("spec.resources[storage]")


def _autoscaler(obj: Object, old: Object | None) -> Causes:
    spec = _spec(obj)
    highest, lowest = spec.get("maxReplicas") or 0, spec.get("minReplicas", 1)
    if highest < 1:
        yield _required("spec.maxReplicas", "must be set and greater than 0")
    if highest < lowest:
        yield _invalid(highest, "must be greater than or equal to `minReplicas`", "spec.maxReplicas")


def _disruption_budget(obj: Object, old: Object | None) -> Causes:
    spec = _spec(obj)
    lowest, highest = spec.get("minAvailable"), spec.get("maxUnavailable")
    if lowest is not None and highest is not None:
        go_names = {
            "MinAvailable": lowest,
            "Selector": spec.get("selector"),
            "MaxUnavailable": highest,
            "UnhealthyPodEvictionPolicy": spec.get("unhealthyPodEvictionPolicy"),
        }
        yield _invalid(go_names, "minAvailable and maxUnavailable cannot be both set", "spec")


def _cron_job(obj: Object, old: Object | None) -> Causes:
    schedule = str(_spec(obj).get("schedule") or "")
    fields = schedule.split()
    if not schedule:
        yield _required("spec.schedule")
    elif not schedule.startswith("@") and len(fields) != _CRON_FIELDS:
        why = f"expected exactly {_CRON_FIELDS} fields, found {len(fields)}: [{' '.join(fields)}]"
        yield _invalid(schedule, why, "spec.schedule")


_RULES: Mapping[str, Callable[[Object, Object | None], Causes]] = {
    "Service": _service,
    "Ingress": _ingress,
    "Role": _role,
    "ClusterRole": _role,
    "RoleBinding": _role_binding,
    "ClusterRoleBinding": _role_binding,
    "StorageClass": _storage_class,
    "PriorityClass": _priority_class,
    "Lease": _lease,
    "PersistentVolumeClaim": _claim,
    "HorizontalPodAutoscaler": _autoscaler,
    "PodDisruptionBudget": _disruption_budget,
    "CronJob": _cron_job,
}
