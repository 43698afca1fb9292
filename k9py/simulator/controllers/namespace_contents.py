"""What a real cluster puts into every namespace: the ServiceAccount `default` and the ConfigMap `kube-root-ca.crt`.

Invariant: both are recreated when they are deleted, as by the service account and root CA controllers. Their uids
derive from their names, so that they take nothing from the cluster's random generator. Keys are namespaces.
"""

import uuid

from k9py.simulator.controllers.work_queue import Key
from k9py.simulator.registry.cache import Object
from k9py.simulator.registry.resources import CONFIGMAPS, NAMESPACES, SERVICEACCOUNTS, Resource
from k9py.simulator.registry.storage import StorageEvent
from k9py.simulator.state import SimulatorState

ROOT_CA = "kube-root-ca.crt"
_UIDS = uuid.UUID("6f0c0d5e-5f0b-4c55-8a55-6b5d6a1f2c11")
_CERTIFICATE = "-----BEGIN CERTIFICATE-----\nsimulated\n-----END CERTIFICATE-----\n"


class NamespaceContentsController:
    """Creates the default objects of each namespace."""

    def __init__(self, state: SimulatorState) -> None:
        self._storage = state.storage

    def keys(self, change: StorageEvent) -> list[Key]:
        """Return the namespace whose default objects may be missing after a change."""
        metadata = change.obj["metadata"]
        if change.resource is NAMESPACES and change.type == "ADDED":
            return [("", metadata["name"])]
        is_deleted = change.type == "DELETED" and (change.resource, metadata["name"]) in _DEFAULTS
        return [("", metadata["namespace"])] if is_deleted else []

    def reconcile(self, key: Key) -> float | None:
        """Create what is missing in a namespace that is not being deleted."""
        namespace = self._storage.get(NAMESPACES, None, key[1])
        if namespace is None or namespace["metadata"].get("deletionTimestamp"):
            return None
        for (resource, name), content in _DEFAULTS.items():
            if self._storage.get(resource, key[1], name) is None:
                metadata = {
                    "name": name,
                    "namespace": key[1],
                    "uid": str(uuid.uuid5(_UIDS, f"{namespace['metadata']['uid']}/{resource.plural}/{name}")),
                    "creationTimestamp": namespace["metadata"]["creationTimestamp"],
                }
                self._storage.create(resource, {"metadata": metadata, **content})
        return None


_DEFAULTS: dict[tuple[Resource, str], Object] = {
    (SERVICEACCOUNTS, "default"): {},
    (CONFIGMAPS, ROOT_CA): {"data": {"ca.crt": _CERTIFICATE}},
}
