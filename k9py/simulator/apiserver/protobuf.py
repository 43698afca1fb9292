"""Decoder of the few protobuf bodies that kubectl's typed clients send.

Invariant: fields are looked up by number in `_TYPES`; an unknown number is skipped, an unknown kind refused. To decode
another kind, add its message from the `.proto` files of k8s.io/api.
"""

from collections.abc import Iterator
from typing import Any

from k9py.simulator import status_errors
from k9py.simulator.registry.cache import Object

CONTENT_TYPE = "application/vnd.kubernetes.protobuf"
_MAGIC = b"k8s\x00"

# message -> field number -> (name, type): a scalar ("string", "bool", "count", or "int" where 0 differs from absent),
# another message, "map", "quantities" or "intstr"; a leading "*" repeats, a leading "^" is embedded in its parent.
_TYPES: dict[str, dict[int, tuple[str, str]]] = {
    "Unknown": {1: ("typeMeta", "TypeMeta"), 2: ("raw", "bytes")},
    "TypeMeta": {1: ("apiVersion", "string"), 2: ("kind", "string")},
    "ObjectMeta": {
        1: ("name", "string"), 2: ("generateName", "string"), 3: ("namespace", "string"), 5: ("uid", "string"),
        6: ("resourceVersion", "string"), 11: ("labels", "map"), 12: ("annotations", "map"),
        13: ("ownerReferences", "*OwnerReference"), 14: ("finalizers", "*string"),
    },
    "OwnerReference": {
        1: ("kind", "string"), 3: ("name", "string"), 4: ("uid", "string"), 5: ("apiVersion", "string"),
        6: ("controller", "bool"), 7: ("blockOwnerDeletion", "bool"),
    },
    "SelfSubjectAccessReview": {1: ("metadata", "ObjectMeta"), 2: ("spec", "SelfSubjectAccessReviewSpec")},
    "SelfSubjectAccessReviewSpec": {
        1: ("resourceAttributes", "ResourceAttributes"), 2: ("nonResourceAttributes", "NonResourceAttributes"),
    },
    "ResourceAttributes": {
        1: ("namespace", "string"), 2: ("verb", "string"), 3: ("group", "string"), 4: ("version", "string"),
        5: ("resource", "string"), 6: ("subresource", "string"), 7: ("name", "string"),
    },
    "NonResourceAttributes": {1: ("path", "string"), 2: ("verb", "string")},
    "SelfSubjectRulesReview": {1: ("metadata", "ObjectMeta"), 2: ("spec", "SelfSubjectRulesReviewSpec")},
    "SelfSubjectRulesReviewSpec": {1: ("namespace", "string")},
    "SelfSubjectReview": {1: ("metadata", "ObjectMeta")},
    "Eviction": {1: ("metadata", "ObjectMeta"), 2: ("deleteOptions", "DeleteOptions")},
    "DeleteOptions": {
        1: ("gracePeriodSeconds", "int"), 2: ("preconditions", "Preconditions"), 4: ("propagationPolicy", "string"),
        5: ("dryRun", "*string"),
    },
    "Preconditions": {1: ("uid", "string"), 2: ("resourceVersion", "string")},
    "Scale": {1: ("metadata", "ObjectMeta"), 2: ("spec", "ScaleSpec")},
    "ScaleSpec": {1: ("replicas", "int")},
    "Namespace": {1: ("metadata", "ObjectMeta")},
    "ConfigMap": {1: ("metadata", "ObjectMeta"), 2: ("data", "map")},
    "ServiceAccount": {1: ("metadata", "ObjectMeta")},
    "ResourceQuota": {1: ("metadata", "ObjectMeta"), 2: ("spec", "ResourceQuotaSpec")},
    "ResourceQuotaSpec": {1: ("hard", "quantities")},
    "Deployment": {1: ("metadata", "ObjectMeta"), 2: ("spec", "DeploymentSpec")},
    "DeploymentSpec": {
        1: ("replicas", "int"), 2: ("selector", "LabelSelector"), 3: ("template", "PodTemplateSpec"),
        5: ("minReadySeconds", "count"), 6: ("revisionHistoryLimit", "int"), 7: ("paused", "bool"),
        9: ("progressDeadlineSeconds", "int"),
    },
    "LabelSelector": {1: ("matchLabels", "map")},
    "PodTemplateSpec": {1: ("metadata", "ObjectMeta"), 2: ("spec", "PodSpec")},
    "PodSpec": {
        1: ("volumes", "*Volume"), 2: ("containers", "*Container"), 3: ("restartPolicy", "string"),
        4: ("terminationGracePeriodSeconds", "int"), 5: ("activeDeadlineSeconds", "int"), 6: ("dnsPolicy", "string"),
        7: ("nodeSelector", "map"), 8: ("serviceAccountName", "string"), 9: ("serviceAccount", "string"),
        10: ("nodeName", "string"), 19: ("schedulerName", "string"), 20: ("initContainers", "*Container"),
    },
    "Container": {
        1: ("name", "string"), 2: ("image", "string"), 3: ("command", "*string"), 4: ("args", "*string"),
        5: ("workingDir", "string"), 6: ("ports", "*ContainerPort"), 7: ("env", "*EnvVar"),
        8: ("resources", "ResourceRequirements"), 9: ("volumeMounts", "*VolumeMount"),
        13: ("terminationMessagePath", "string"), 14: ("imagePullPolicy", "string"), 19: ("envFrom", "*EnvFromSource"),
        20: ("terminationMessagePolicy", "string"),
    },
    "ResourceRequirements": {1: ("limits", "quantities"), 2: ("requests", "quantities")},
    "VolumeMount": {
        1: ("name", "string"), 2: ("readOnly", "bool"), 3: ("mountPath", "string"), 4: ("subPath", "string"),
    },
    "Volume": {1: ("name", "string"), 2: ("", "^VolumeSource")},
    "VolumeSource": {
        2: ("emptyDir", "EmptyDirVolumeSource"), 6: ("secret", "SecretVolumeSource"),
        10: ("persistentVolumeClaim", "PersistentVolumeClaimVolumeSource"), 19: ("configMap", "ConfigMapVolumeSource"),
    },
    "EmptyDirVolumeSource": {1: ("medium", "string")},
    "SecretVolumeSource": {1: ("secretName", "string"), 3: ("defaultMode", "int"), 4: ("optional", "bool")},
    "PersistentVolumeClaimVolumeSource": {1: ("claimName", "string"), 2: ("readOnly", "bool")},
    "ConfigMapVolumeSource": {1: ("", "^LocalObjectReference"), 3: ("defaultMode", "int"), 4: ("optional", "bool")},
    "LocalObjectReference": {1: ("name", "string")},
    "EnvFromSource": {
        1: ("prefix", "string"), 2: ("configMapRef", "OptionalReference"), 3: ("secretRef", "OptionalReference"),
    },
    "OptionalReference": {1: ("", "^LocalObjectReference"), 2: ("optional", "bool")},
    "EnvVarSource": {
        1: ("fieldRef", "ObjectFieldSelector"), 3: ("configMapKeyRef", "KeySelector"),
        4: ("secretKeyRef", "KeySelector"),
    },
    "ObjectFieldSelector": {1: ("apiVersion", "string"), 2: ("fieldPath", "string")},
    "KeySelector": {1: ("", "^LocalObjectReference"), 2: ("key", "string"), 3: ("optional", "bool")},
    "Job": {1: ("metadata", "ObjectMeta"), 2: ("spec", "JobSpec")},
    "JobSpec": {
        1: ("parallelism", "int"), 2: ("completions", "int"), 3: ("activeDeadlineSeconds", "int"),
        4: ("selector", "LabelSelector"), 5: ("manualSelector", "bool"), 6: ("template", "PodTemplateSpec"),
        7: ("backoffLimit", "int"), 8: ("ttlSecondsAfterFinished", "int"), 9: ("completionMode", "string"),
        10: ("suspend", "bool"),
    },
    "CronJob": {1: ("metadata", "ObjectMeta"), 2: ("spec", "CronJobSpec")},
    "CronJobSpec": {
        1: ("schedule", "string"), 2: ("startingDeadlineSeconds", "int"), 3: ("concurrencyPolicy", "string"),
        4: ("suspend", "bool"), 5: ("jobTemplate", "JobTemplateSpec"), 6: ("successfulJobsHistoryLimit", "int"),
        7: ("failedJobsHistoryLimit", "int"), 8: ("timeZone", "string"),
    },
    "JobTemplateSpec": {1: ("metadata", "ObjectMeta"), 2: ("spec", "JobSpec")},
    "ContainerPort": {
        1: ("name", "string"), 2: ("hostPort", "count"), 3: ("containerPort", "count"), 4: ("protocol", "string"),
    },
    "EnvVar": {1: ("name", "string"), 2: ("value", "string"), 3: ("valueFrom", "EnvVarSource")},
    "Service": {1: ("metadata", "ObjectMeta"), 2: ("spec", "ServiceSpec")},
    "ServiceSpec": {
        1: ("ports", "*ServicePort"), 2: ("selector", "map"), 3: ("clusterIP", "string"), 4: ("type", "string"),
    },
    "ServicePort": {
        1: ("name", "string"), 2: ("protocol", "string"), 3: ("port", "count"), 4: ("targetPort", "intstr"),
    },
    "IntOrString": {1: ("type", "int"), 2: ("intVal", "int"), 3: ("strVal", "string")},
    "Pod": {1: ("metadata", "ObjectMeta"), 2: ("spec", "PodSpec")},
    "Quantity": {1: ("string", "string")},
}  # fmt: skip


def decode(body: bytes) -> Object:
    """Decode a body with Kubernetes' protobuf envelope.

    Raises:
        StatusError: 415 for a kind not in `_TYPES`; 400 for an unreadable body.
    """
    if not body.startswith(_MAGIC):
        raise status_errors.bad_request(
            "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]"
        )
    try:
        envelope = _message("Unknown", body[len(_MAGIC) :])
        kind = envelope["typeMeta"]["kind"]
        if kind not in _TYPES:
            raise status_errors.unsupported_media_type()
        api_version = envelope["typeMeta"].get("apiVersion", "")
        return {"kind": kind, "apiVersion": api_version, **_message(kind, envelope.get("raw", b""))}
    except (KeyError, IndexError, ValueError):
        raise status_errors.bad_request("the protobuf body cannot be read") from None


def _message(name: str, data: bytes) -> dict[str, Any]:
    fields = _TYPES[name]
    read: dict[str, Any] = {}
    for number, value in _fields(data):
        if number not in fields:
            continue
        field, kind = fields[number]
        if kind.startswith("^"):
            read |= _value(kind[1:], value)
        elif kind.startswith("*"):
            read.setdefault(field, []).append(_value(kind[1:], value))
        elif kind in ("map", "quantities"):
            key, held = _map_entry(value, quantities=kind == "quantities")
            read.setdefault(field, {})[key] = held
        else:
            decoded = _value(kind, value)
            # Go encodes the zero value of a non-pointer field, which JSON omits; replicas and the like are pointers.
            if kind == "int" or decoded not in ("", 0, {}):
                read[field] = decoded
    return read


def _value(kind: str, value: int | bytes) -> Any:
    match kind, value:
        case "int" | "count", int():
            return value - (1 << 64) if value >= 1 << 63 else value
        case "bool", int():
            return bool(value)
        case "string", bytes():
            return value.decode()
        case "bytes", bytes():
            return value
        case "intstr", bytes():
            read = _message("IntOrString", value)
            return read.get("strVal", "") if read.get("type") else read.get("intVal", 0)
        case _, bytes():
            return _message(kind, value)
        case _:
            raise ValueError(f"{kind} does not fit its wire type")


def _map_entry(value: int | bytes, *, quantities: bool) -> tuple[str, str]:
    if not isinstance(value, bytes):
        raise ValueError("a map entry is a message")
    entry: dict[int, bytes] = {number: held for number, held in _fields(value) if isinstance(held, bytes)}
    held = entry.get(2, b"")
    return entry.get(1, b"").decode(), _message("Quantity", held).get("string", "0") if quantities else held.decode()


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield (field number, value): an integer for varints and fixed widths, bytes for length-delimited fields."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, wire = tag >> 3, tag & 7
        match wire:
            case 0:
                value, at = _varint(data, at)
                yield number, value
            case 2:
                length, at = _varint(data, at)
                if at + length > len(data):
                    raise ValueError("cut short")
                yield number, data[at : at + length]
                at += length
            case 1 | 5:
                width = 8 if wire == 1 else 4
                yield number, int.from_bytes(data[at : at + width], "little")
                at += width
            case _:
                raise ValueError(f"wire type {wire}")


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
