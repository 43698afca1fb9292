"""Rows of access, storage, networking and extension kinds: RBAC, classes, volumes, webhooks, APIServices, Leases.

Invariant: cells are in the order of the kind's columns in `table.py`.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from k9py.simulator.printers.ages import age
from k9py.simulator.printers.cluster import pairs
from k9py.simulator.printers.workloads import containers_and_images, selector_cell
from k9py.simulator.registry.cache import Object

_ACCESS_MODES = {
    "ReadWriteOnce": "RWO",
    "ReadOnlyMany": "ROX",
    "ReadWriteMany": "RWX",
    "ReadWriteOncePod": "RWOP",
}
_SHOWN_HOSTS = 3


def created_at_cells(obj: Object, now: datetime) -> list[Any]:
    """Return Name and Created At: the kinds that a real server prints without a printer of their own."""
    return [obj["metadata"]["name"], obj["metadata"].get("creationTimestamp") or "0001-01-01T00:00:00Z"]


def access_modes(modes: Iterable[str] | None) -> str:
    """Return access modes as their abbreviations, in the order of the real printer."""
    held = set(modes or ())
    return ",".join(short for mode, short in _ACCESS_MODES.items() if mode in held)


def claim_cells(obj: Object, now: datetime) -> list[Any]:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    phase = "Terminating" if obj["metadata"].get("deletionTimestamp") else status.get("phase", "")
    bound = bool(spec.get("volumeName"))
    return [
        obj["metadata"]["name"],
        phase,
        spec.get("volumeName", ""),
        (status.get("capacity") or {}).get("storage", "") if bound else "",
        access_modes(status.get("accessModes")) if bound else "",
        _claimed_class(obj),
        spec.get("volumeAttributesClassName") or "<unset>",
        age(obj, now),
        spec.get("volumeMode") or "<unset>",
    ]


def volume_cells(obj: Object, now: datetime) -> list[Any]:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    phase = "Terminating" if obj["metadata"].get("deletionTimestamp") else status.get("phase", "")
    claim = spec.get("claimRef") or {}
    return [
        obj["metadata"]["name"],
        (spec.get("capacity") or {}).get("storage", "0"),
        access_modes(spec.get("accessModes")),
        spec.get("persistentVolumeReclaimPolicy", ""),
        phase,
        f"{claim.get('namespace', '')}/{claim.get('name', '')}" if claim else "",
        _claimed_class(obj),
        spec.get("volumeAttributesClassName") or "<unset>",
        status.get("reason", ""),
        age(obj, now),
        spec.get("volumeMode") or "<unset>",
    ]


def _claimed_class(obj: Object) -> str:
    legacy = (obj["metadata"].get("annotations") or {}).get("volume.beta.kubernetes.io/storage-class")
    return str(legacy or (obj.get("spec") or {}).get("storageClassName") or "")


def ingress_cells(obj: Object, now: datetime) -> list[Any]:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    rules = spec.get("rules") or ()
    hosts = [rule["host"] for rule in rules if rule.get("host")]
    more = f" + {len(hosts) - _SHOWN_HOSTS} more..." if len(hosts) > _SHOWN_HOSTS else ""
    addresses = (status.get("loadBalancer") or {}).get("ingress") or ()
    return [
        obj["metadata"]["name"],
        spec.get("ingressClassName") or "<none>",
        (",".join(hosts[:_SHOWN_HOSTS]) + more) or "*",
        ",".join(address.get("ip") or address.get("hostname", "") for address in addresses),
        "80, 443" if spec.get("tls") else "80",
        age(obj, now),
    ]


def ingress_class_cells(obj: Object, now: datetime) -> list[Any]:
    spec = obj.get("spec") or {}
    given = spec.get("parameters")
    parameters = "<none>"
    if given:
        group = f".{given['apiGroup']}" if given.get("apiGroup") else ""
        parameters = f"{given.get('kind', '')}{group}/{given.get('name', '')}"
    return [obj["metadata"]["name"], spec.get("controller", ""), parameters, age(obj, now)]


def network_policy_cells(obj: Object, now: datetime) -> list[Any]:
    return [obj["metadata"]["name"], selector_cell((obj.get("spec") or {}).get("podSelector")), age(obj, now)]


def role_binding_cells(obj: Object, now: datetime) -> list[Any]:
    role: Mapping[str, Any] = obj.get("roleRef") or {}
    subjects = obj.get("subjects") or ()

    def names(kind: str) -> str:
        held = [subject for subject in subjects if subject.get("kind") == kind]
        if kind == "ServiceAccount":
            return ", ".join(f"{subject.get('namespace', '')}/{subject['name']}" for subject in held)
        return ", ".join(subject["name"] for subject in held)

    reference = f"{role.get('kind', '')}/{role.get('name', '')}"
    return [obj["metadata"]["name"], reference, age(obj, now), names("User"), names("Group"), names("ServiceAccount")]


def storage_class_cells(obj: Object, now: datetime) -> list[Any]:
    annotations, name = obj["metadata"].get("annotations") or {}, obj["metadata"]["name"]
    if annotations.get("storageclass.kubernetes.io/is-default-class") == "true":
        name += " (default)"
    return [
        name,
        obj.get("provisioner", ""),
        obj.get("reclaimPolicy") or "Delete",
        obj.get("volumeBindingMode") or "Immediate",
        bool(obj.get("allowVolumeExpansion")),
        age(obj, now),
    ]


def priority_class_cells(obj: Object, now: datetime) -> list[Any]:
    preemption = obj.get("preemptionPolicy", "")
    return [obj["metadata"]["name"], obj.get("value", 0), bool(obj.get("globalDefault")), age(obj, now), preemption]


def webhook_cells(obj: Object, now: datetime) -> list[Any]:
    return [obj["metadata"]["name"], len(obj.get("webhooks") or ()), age(obj, now)]


def lease_cells(obj: Object, now: datetime) -> list[Any]:
    return [obj["metadata"]["name"], (obj.get("spec") or {}).get("holderIdentity", ""), age(obj, now)]


def runtime_class_cells(obj: Object, now: datetime) -> list[Any]:
    return [obj["metadata"]["name"], obj.get("handler", ""), age(obj, now)]


def api_service_cells(obj: Object, now: datetime) -> list[Any]:
    service = (obj.get("spec") or {}).get("service")
    conditions = (obj.get("status") or {}).get("conditions") or ()
    available = next((condition for condition in conditions if condition["type"] == "Available"), None)
    text = "Unknown" if available is None else available["status"]
    if available is not None and text != "True" and available.get("reason"):
        text = f"{text} ({available['reason']})"
    where = f"{service.get('namespace', '')}/{service.get('name', '')}" if service else "Local"
    return [obj["metadata"]["name"], where, text, age(obj, now)]


def pod_template_cells(obj: Object, now: datetime) -> list[Any]:
    template = obj.get("template") or {}
    labels = (template.get("metadata") or {}).get("labels")
    return [obj["metadata"]["name"], *containers_and_images(template), pairs(labels)]


def replication_controller_cells(obj: Object, now: datetime) -> list[Any]:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    return [
        obj["metadata"]["name"],
        spec.get("replicas", 0),
        status.get("replicas", 0),
        status.get("readyReplicas", 0),
        age(obj, now),
        *containers_and_images(spec.get("template") or {}),
        pairs(spec.get("selector")),
    ]
