"""Volumes of a pod, and the source of a PersistentVolume.

Every field of a source is shown under its own name, split into its parts, so that a source that kdash does not know is
described too. Invariant: no value of a Secret is in a volume; only names are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from k9py.resources.describe.json_fields import JsonObject, object_at, objects_at, scalar_text, text_at, texts_at
from k9py.views.describe import Section, line, section

KIND_NAMES: Final = {
    "awsElasticBlockStore": "AWSElasticBlockStore",
    "configMap": "ConfigMap",
    "csi": "CSI",
    "downwardAPI": "DownwardAPI",
    "emptyDir": "EmptyDir",
    "ephemeral": "EphemeralVolume",
    "fc": "FC",
    "gcePersistentDisk": "GCEPersistentDisk",
    "hostPath": "HostPath",
    "iscsi": "ISCSI",
    "local": "LocalVolume",
    "nfs": "NFS",
    "persistentVolumeClaim": "PersistentVolumeClaim",
    "rbd": "RBD",
    "vsphereVolume": "vSphereVolume",
}
"""Kinds of sources whose name is more than the field with a capital."""

_BOOLEANS: Final = {
    "persistentVolumeClaim": ("readOnly",),
    "configMap": ("optional",),
    "secret": ("optional",),
    "nfs": ("readOnly",),
    "csi": ("readOnly",),
}
"""Fields that are false when they are left out, and worth showing."""

_NAMES: Final = {
    "fsType": "FS type",
    "type": "host path type",
    "path": "path",
    "claimName": "claim name",
    "secretName": "secret name",
    "sizeLimit": "size limit",
    "volumeAttributes": "attributes",
}
_BOUNDARY: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")


def volumes(pod: JsonObject, *, depth: int = 0) -> Section:
    """Return the section of a pod's volumes, a line for each."""
    return section(
        "Volumes",
        (line(text_at(volume, "name"), volume_text(volume)) for volume in objects_at(pod, "spec", "volumes")),
        depth=depth,
    )


def volume_text(volume: JsonObject) -> str:
    """Return the kind of a volume's source, then its fields: `ConfigMap: name settings, optional false`."""
    source = next((name for name, value in volume.items() if name != "name" and isinstance(value, Mapping)), "")
    if not source:
        return "EmptyDir" if "emptyDir" in volume else "unknown source"
    fields = ", ".join(source_fields(source, object_at(volume, source)))
    return f"{kind_name(source)}: {fields}" if fields else kind_name(source)


def kind_name(source: str) -> str:
    """Return the kind of a source as Kubernetes' documentation writes it."""
    return KIND_NAMES.get(source, source[:1].upper() + source[1:])


def source_fields(source: str, fields: JsonObject) -> Iterator[str]:
    """Yield the fields of a volume's source as `name value`."""
    match source:
        case "projected":
            yield from map(_projection_text, objects_at(fields, "sources"))
            return
        case "downwardAPI":
            yield from _downward_items(fields)
            return
        case "ephemeral":
            yield from claim_fields(object_at(fields, "volumeClaimTemplate"))
            return
    for name in dict.fromkeys((*fields, *_BOOLEANS.get(source, ()))):
        value = fields.get(name, False if name in _BOOLEANS.get(source, ()) else None)
        if name == "items":
            yield "items " + " ".join(
                f"{text_at(item, 'key')}→{text_at(item, 'path')}" for item in objects_at(fields, name)
            )
        elif name != "defaultMode" and value not in (None, "", {}):
            yield f"{field_name(name)} {scalar_text(value)}"


def field_name(name: str) -> str:
    """Return a field's name as words: `volumeHandle` is `volume handle`."""
    return _NAMES.get(name) or _BOUNDARY.sub(" ", name).lower()


def claim_fields(claim: Any) -> Iterator[str]:
    """Yield what a template of a PersistentVolumeClaim asks for."""
    yield f"storage class {text_at(claim, 'spec', 'storageClassName') or 'the default'}"
    if size := text_at(claim, "spec", "resources", "requests", "storage"):
        yield f"capacity {size}"
    yield f"access modes [{texts_at(claim, 'spec', 'accessModes')}]"
    yield f"volume mode {text_at(claim, 'spec', 'volumeMode') or 'Filesystem'}"
    for name in ("labels", "annotations"):
        if values := object_at(claim, "metadata", name):
            yield f"{name} {scalar_text(values)}"


def _projection_text(projection: JsonObject) -> str:
    if secret := object_at(projection, "secret"):
        return f"secret name {text_at(secret, 'name')} (optional {scalar_text(secret.get('optional') is True)})"
    if config := object_at(projection, "configMap"):
        return f"config map name {text_at(config, 'name')} (optional {scalar_text(config.get('optional') is True)})"
    if token := object_at(projection, "serviceAccountToken"):
        audience = text_at(token, "audience")
        seconds = text_at(token, "expirationSeconds")
        return f"token expiration seconds {seconds}{f', audience {audience}' if audience else ''}"
    if api := object_at(projection, "downwardAPI"):
        return f"downward API true ({' '.join(_downward_items(api))})"
    return scalar_text(projection)


def _downward_items(fields: JsonObject) -> Iterator[str]:
    for item in objects_at(fields, "items"):
        source = text_at(item, "fieldRef", "fieldPath")
        if not source:
            resource = object_at(item, "resourceFieldRef")
            source = f"{text_at(resource, 'resource')} of {text_at(resource, 'containerName')}"
        yield f"{source} -> {text_at(item, 'path')}"
