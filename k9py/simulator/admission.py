"""Why a pod is not let in, quotas aside (those are `quota.py`'s): service accounts, pod security, a webhook.

Invariant: each is an admission function of the storage, asked before anything is stored, and refuses in the words of
the real plugin. To add another, write a function that returns an `Admission` and append it to `storage.admission`.

Admission webhooks a test registers: they refuse, change what is written, fail to answer, or have side effects.

Invariant: worded as the API server words them (apiserver/pkg/admission/plugin/webhook/errors/statuserror.go); a dry run
meets them as a write does. To add a trouble: a field of `Webhook` and its step in `admitted`.
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
_GENERATED = 5  # letters generateName adds


def service_account_admission(storage: Storage) -> Admission:
    """Return the admission function that wants a pod's service account to exist.

    Every namespace has the account `default`, though nobody plays the controller that makes it.
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
    """Return the admission function of pod security: it holds pods against the level their namespace enforces.

    Played: of `baseline` privileged containers, the host's network and its paths; of `restricted` the four fields
    every container has to set.
    """

    def admit(resource: Resource, obj: Object) -> None:
        if resource is not PODS:
            return
        namespace = storage.get(NAMESPACES, None, obj["metadata"].get("namespace") or "") or {}
        level = ((namespace.get("metadata") or {}).get("labels") or {}).get(ENFORCE, "privileged")
        found: list[str] = []
        if level in ("baseline", "restricted"):
            found += _baseline_violations(obj["spec"])
        if level == "restricted":
            found += _restricted_violations(obj["spec"])
        if found:
            why = f'violates PodSecurity "{level}:latest": {", ".join(found)}'
            raise forbidden(PODS, obj["metadata"].get("name", ""), why)

    return admit


def webhook_admission(name: str, deny_reason: Callable[[Object], str | None]) -> Admission:
    """Return the admission function of a validating webhook that looks at pods.

    Args:
        name: the webhook's, such as `policy.example.com`.
        judge: returns what is wrong with a pod, None where nothing is.
    """

    def admit(resource: Resource, obj: Object) -> None:
        wrong = deny_reason(obj) if resource is PODS else None
        if wrong is not None:
            raise StatusError(403, "Forbidden", f'admission webhook "{name}" denied the request: {wrong}', {})

    return admit


def _name_or_prefix(obj: Object) -> str:
    """Return a pod's name as plugins see it that run before generateName has been given its letters."""
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
    named = _violating_containers(spec, lambda one: not (one.get("securityContext") or {}).get("privileged"))
    if named:
        yield f"privileged ({named} must not set securityContext.privileged=true)"


def _restricted_violations(spec: Mapping[str, Any]) -> Iterator[str]:
    pod: Mapping[str, Any] = spec.get("securityContext") or {}

    def setting(container: Object, key: str) -> Any:
        return (container.get("securityContext") or {}).get(key)

    named = _violating_containers(spec, lambda one: setting(one, "allowPrivilegeEscalation") is False)
    if named:
        yield (f"allowPrivilegeEscalation != false ({named} must set securityContext.allowPrivilegeEscalation=false)")
    named = _violating_containers(spec, lambda one: "ALL" in ((setting(one, "capabilities") or {}).get("drop") or ()))
    if named:
        yield f'unrestricted capabilities ({named} must set securityContext.capabilities.drop=["ALL"])'
    named = _violating_containers(spec, lambda one: setting(one, "runAsNonRoot") or pod.get("runAsNonRoot"))
    if named:
        yield f"runAsNonRoot != true (pod or {named} must set securityContext.runAsNonRoot=true)"
    named = _violating_containers(spec, lambda one: setting(one, "seccompProfile") or pod.get("seccompProfile"))
    if named:
        wanted = 'securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"'
        yield f"seccompProfile (pod or {named} must set {wanted})"


def _violating_containers(spec: Mapping[str, Any], is_allowed: Callable[[Object], Any]) -> str:
    """Name the containers that are not fine, as pod security does; empty where all are."""
    names = [f'"{one["name"]}"' for one in _containers(spec) if not is_allowed(one)]
    return f"container{'s' if len(names) > 1 else ''} {', '.join(names)}" if names else ""


@dataclass(slots=True)
class Webhook:
    """One webhook; what it does is done in the order of the fields.

    Args:
        name: as it is told in refusals.
        where: the writes it sees.
        has_side_effects: it cannot be asked during a dry run.
        fails: why it cannot be called, "" when it can; its failure policy is Fail.
        denies: code and message of its refusal, None when it lets everything in.
        mutates: makes of an object what is to be stored; called with the number of the call, from 1.
    """

    name: str
    where: RequestMatch = field(default_factory=RequestMatch)
    has_side_effects: bool = False
    fails: str = ""
    denies: tuple[int, str] | None = None
    mutates: Callable[[Object, int], Object] | None = None
    calls: int = 0


def call_webhooks(webhooks: Sequence[Webhook], obj: Object, *, verb: str, resource: str, path: str, dry_run: bool) -> Object:
    """Return what the webhooks make of an object.

    Raises:
        ApiFailure: one of them refuses, cannot be asked, or does not support dry run.
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
