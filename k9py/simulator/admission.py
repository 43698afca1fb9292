"""Admission plugins for pods (service accounts, pod security, webhooks); quotas are in `controllers/resource_quota.py`.

Invariant: a plugin is an `Admission` function that storage calls before it stores an object, and its errors are
worded as the real plugin's. To add one, write a function that returns an `Admission` and append it to
`storage.admission`.

`Webhook` is an admission webhook that a test registers: it denies, mutates, fails, or has side effects; a dry run
calls it as a write does. Wording: apiserver/pkg/admission/plugin/webhook/errors/statuserror.go. To add an effect, add
a field to `Webhook` and its step to `call_webhooks`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from k9py.simulator.faults import RequestMatch
from k9py.simulator.registry.cache import Object
from k9py.simulator.registry.resources import NAMESPACES, PODS, SERVICEACCOUNTS, Resource
from k9py.simulator.registry.storage import Admission, Storage
from k9py.simulator.status_errors import StatusError, bad_request, forbidden

ENFORCE = "pod-security.kubernetes.io/enforce"
_GENERATED = 5  # characters generateName appends


def service_account_admission(storage: Storage) -> Admission:
    """Return the admission function that requires a pod's service account to exist.

    Every namespace counts as having the account `default`: the controller that creates it is not simulated.
    """

    def admit(resource: Resource, obj: Object) -> None:
        if resource is not PODS:
            return
        namespace = obj["metadata"].get("namespace") or ""
        name = (obj.get("spec") or {}).get("serviceAccountName") or "default"
        if name != "default" and storage.get(SERVICEACCOUNTS, namespace, name) is None:
            why = f'error looking up service account {namespace}/{name}: serviceaccount "{name}" not found'
            raise forbidden(PODS, _name_or_prefix(obj), why)

    return admit


def pod_security_admission(storage: Storage) -> Admission:
    """Return the admission function of pod security: it checks pods against the level their namespace enforces.

    Simulated: of `baseline` privileged containers, host network and host paths; of `restricted` the four fields
    every container must set.
    """

    def admit(resource: Resource, obj: Object) -> None:
        if resource is not PODS:
            return
        namespace = storage.get(NAMESPACES, None, obj["metadata"].get("namespace") or "") or {}
        level = ((namespace.get("metadata") or {}).get("labels") or {}).get(ENFORCE, "privileged")
        violations: list[str] = []
        if level in ("baseline", "restricted"):
            violations += _baseline_violations(obj["spec"])
        if level == "restricted":
            violations += _restricted_violations(obj["spec"])
        if violations:
            why = f'violates PodSecurity "{level}:latest": {", ".join(violations)}'
            raise forbidden(PODS, obj["metadata"].get("name", ""), why)

    return admit


def webhook_admission(name: str, deny_reason: Callable[[Object], str | None]) -> Admission:
    """Return the admission function of a validating webhook for pods.

    Args:
        name: of the webhook, such as `policy.example.com`.
        judge: returns the reason to deny a pod, None to allow it.
    """

    def admit(resource: Resource, obj: Object) -> None:
        wrong = deny_reason(obj) if resource is PODS else None
        if wrong is not None:
            raise StatusError(403, "Forbidden", f'admission webhook "{name}" denied the request: {wrong}', {})

    return admit


def _name_or_prefix(obj: Object) -> str:
    """Return a pod's name as plugins see it that run before generateName is resolved."""
    metadata = obj["metadata"]
    prefix, name = str(metadata.get("generateName") or ""), str(metadata.get("name") or "")
    return prefix if prefix and name.startswith(prefix) and len(name) == len(prefix) + _GENERATED else name


def _containers(spec: Mapping[str, Any]) -> list[Object]:
    return [*(spec.get("initContainers") or ()), *spec["containers"]]


def _baseline_violations(spec: Mapping[str, Any]) -> Iterator[str]:
    if spec.get("hostNetwork"):
        yield "host namespaces (hostNetwork=true)"
    paths = [f'"{volume["name"]}"' for volume in spec.get("volumes") or () if volume.get("hostPath")]
    if paths:
        yield f"hostPath volumes (volume{'s' if len(paths) > 1 else ''} {', '.join(paths)})"
    containers = _violating_containers(
        spec, lambda container: not (container.get("securityContext") or {}).get("privileged")
    )
    if containers:
        yield f"privileged ({containers} must not set securityContext.privileged=true)"


def _restricted_violations(spec: Mapping[str, Any]) -> Iterator[str]:
    pod: Mapping[str, Any] = spec.get("securityContext") or {}

    def setting(container: Object, key: str) -> Any:
        return (container.get("securityContext") or {}).get(key)

    containers = _violating_containers(spec, lambda container: setting(container, "allowPrivilegeEscalation") is False)
    if containers:
        yield (
            f"allowPrivilegeEscalation != false ({containers} must set securityContext.allowPrivilegeEscalation=false)"
        )
    containers = _violating_containers(
        spec, lambda container: "ALL" in ((setting(container, "capabilities") or {}).get("drop") or ())
    )
    if containers:
        yield f'unrestricted capabilities ({containers} must set securityContext.capabilities.drop=["ALL"])'
    containers = _violating_containers(
        spec, lambda container: setting(container, "runAsNonRoot") or pod.get("runAsNonRoot")
    )
    if containers:
        yield f"runAsNonRoot != true (pod or {containers} must set securityContext.runAsNonRoot=true)"
    containers = _violating_containers(
        spec, lambda container: setting(container, "seccompProfile") or pod.get("seccompProfile")
    )
    if containers:
        wanted = 'securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"'
        yield f"seccompProfile (pod or {containers} must set {wanted})"


def _violating_containers(spec: Mapping[str, Any], is_allowed: Callable[[Object], Any]) -> str:
    """Return the violating containers in pod security's wording; "" if there are none."""
    names = [f'"{container["name"]}"' for container in _containers(spec) if not is_allowed(container)]
    return f"container{'s' if len(names) > 1 else ''} {', '.join(names)}" if names else ""


@dataclass(slots=True)
class Webhook:
    """An admission webhook; its effects apply in the order of the fields.

    Args:
        name: in error messages.
        where: the writes it receives.
        has_side_effects: it does not support dry run.
        fails: why the call fails, "" if it succeeds; the failure policy is Fail.
        denies: code and message of the denial, None to allow.
        mutates: returns the changed object; gets the number of the call, from 1.
    """

    name: str
    where: RequestMatch = field(default_factory=RequestMatch)
    has_side_effects: bool = False
    fails: str = ""
    denies: tuple[int, str] | None = None
    mutates: Callable[[Object, int], Object] | None = None
    calls: int = 0


def call_webhooks(
    webhooks: Sequence[Webhook], obj: Object, *, verb: str, resource: str, path: str, dry_run: bool
) -> Object:
    """Return what the webhooks make of an object.

    Raises:
        StatusError: a webhook denies the request, fails, or does not support dry run.
    """
    for webhook in webhooks:
        if not webhook.where.matches(verb, resource, path):
            continue
        if dry_run and webhook.has_side_effects:
            raise bad_request(f'admission webhook "{webhook.name}" does not support dry run')
        webhook.calls += 1
        if webhook.fails:
            message = f'Internal error occurred: failed calling webhook "{webhook.name}": {webhook.fails}'
            raise StatusError(500, "InternalError", message, {"causes": [{"message": webhook.fails}]})
        if webhook.denies is not None:
            code, why = webhook.denies
            raise StatusError(code, "", f'admission webhook "{webhook.name}" denied the request: {why}')
        if webhook.mutates is not None:
            obj = webhook.mutates(obj, webhook.calls)
    return obj
