"""ResourceQuotas: the admission plugin and the controller that writes their usage.

Invariant: `refuse_pods_over_quota` is an admission function, called before anything is stored; the controller writes
only the status. Simulated: `pods`, `count/pods`, requests and limits of cpu and memory; a quota of those requires
every container to specify them.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from k9py.simulator.controllers.owner_references import key_of
from k9py.simulator.controllers.pod_state import is_finished
from k9py.simulator.controllers.quantities import format_quantity, parse_quantity
from k9py.simulator.controllers.work_queue import Key
from k9py.simulator.registry.resources import PODS, RESOURCEQUOTAS, Resource
from k9py.simulator.registry.storage import Storage, StorageEvent
from k9py.simulator.state import SimulatorState
from k9py.simulator.status_errors import forbidden

Object = dict[str, Any]


_MUST_BE_SPECIFIED = frozenset({"cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"})


def usage_of(pod: Mapping[str, Any], name: str) -> float:
    """Return a pod's usage of one quota entry (cores, bytes, pods)."""
    if name in ("pods", "count/pods"):
        return 1.0
    kind, _, resource = name.rpartition(".")
    total = 0.0
    for container in pod["spec"]["containers"]:
        resources = container.get("resources") or {}
        given = {**(resources.get("limits") or {}), **(resources.get(kind or "requests") or {})}
        if resource in given:
            total += parse_quantity(given[resource])
    return total


def used_in(storage: Storage, namespace: str, name: str) -> float:
    """Return the usage of one quota entry in a namespace."""
    return sum(usage_of(pod, name) for pod in storage.list(PODS, namespace) if not is_finished(pod))


def resource_quota_admission(storage: Storage) -> Callable[[Resource, Object], None]:
    """Return the admission function of resource quotas.

    Raises:
        StatusError: (the function) 403 in the quota plugin's wording.
    """

    def admit(resource: Resource, obj: Object) -> None:
        if resource is not PODS:
            return
        namespace = obj["metadata"].get("namespace") or ""
        for quota in storage.list(RESOURCEQUOTAS, namespace):
            _check(storage, quota, obj, namespace)

    return admit


def _check(storage: Storage, quota: Object, pod: Object, namespace: str) -> None:
    about, shown = quota["metadata"]["name"], pod["metadata"].get("name") or pod["metadata"].get("generateName", "")
    missing = list(_unspecified(quota, pod))
    if missing:
        raise forbidden(PODS, shown, f"failed quota: {about}: must specify {'; '.join(missing)}")
    requested, used, limited = [], [], []
    for name, hard in sorted((quota["spec"].get("hard") or {}).items()):
        wanted = usage_of(pod, name)
        if not wanted:
            continue
        current = used_in(storage, namespace, name)
        if current + wanted > parse_quantity(hard):
            requested.append(f"{name}={format_quantity(wanted, name)}")
            used.append(f"{name}={format_quantity(current, name)}")
            limited.append(f"{name}={hard}")
    if requested:
        why = (
            f"exceeded quota: {about}, requested: {','.join(requested)}, "
            f"used: {','.join(used)}, limited: {','.join(limited)}"
        )
        raise forbidden(PODS, shown, why)


def _unspecified(quota: Object, pod: Object) -> Iterator[str]:
    """Yield the quota entries that some containers do not specify."""
    for name in sorted(set(quota["spec"].get("hard") or {}) & _MUST_BE_SPECIFIED):
        kind, _, resource = name.rpartition(".")
        missing = [
            container["name"]
            for container in pod["spec"]["containers"]
            if not _specifies(container, kind or "requests", resource)
        ]
        if missing:
            yield f"{name} for: {','.join(sorted(missing))}"


def _specifies(container: Object, kind: str, resource: str) -> bool:
    resources = container.get("resources") or {}
    limits = resources.get("limits") or {}
    # A limit without a request is also the request, by the API's defaults.
    return resource in limits or (kind == "requests" and resource in (resources.get("requests") or {}))


class ResourceQuotaController:
    """Maintains the status of ResourceQuotas."""

    def __init__(self, state: SimulatorState) -> None:
        self._storage = state.storage

    def keys(self, change: StorageEvent) -> list[Key]:
        """Return the quotas a change affects."""
        if change.resource is RESOURCEQUOTAS:
            return [key_of(change.obj)]
        if change.resource is PODS and (change.old is None or is_finished(change.obj) or change.type == "DELETED"):
            return [key_of(quota) for quota in self._storage.list(RESOURCEQUOTAS, change.obj["metadata"]["namespace"])]
        return []

    def reconcile(self, key: Key) -> float | None:
        """Recompute and write the status."""
        quota = self._storage.get(RESOURCEQUOTAS, *key)
        if quota is None:
            return None
        hard = quota["spec"].get("hard") or {}
        used = {name: format_quantity(used_in(self._storage, key[0], name), name) for name in hard}
        self._storage.update(RESOURCEQUOTAS, {**quota, "status": {"hard": hard, "used": used}}, status_only=True)
        return None
