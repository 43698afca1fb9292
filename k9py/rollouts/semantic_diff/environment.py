"""Compare what containers get from elsewhere: environment variables, ConfigMaps, Secrets, volumes and mounts.

Invariant: a secret is named by its object and key; the value of a variable with a secret-like name is not shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from k9py.api.redaction import redact_variable
from k9py.rollouts.semantic_diff.model import (
    ORDER,
    SemanticChange,
    change,
    diff_by_key,
    diff_unkeyed,
    full_text,
    mapping,
    name_of,
    short_text,
)

_VOLUME_SOURCES: Final = {
    "configMap": ("ConfigMap", "name"),
    "secret": ("Secret", "secretName"),
    "persistentVolumeClaim": ("PersistentVolumeClaim", "claimName"),
    "hostPath": ("host path", "path"),
    "csi": ("csi", "driver"),
    "image": ("image", "reference"),
}
"""Label of a volume source, and its field that names the object."""
_PROJECTED_SOURCES: Final = {"configMap": "ConfigMap", "secret": "Secret"}


def diff_env(subject: str, key: str, old: Any, new: Any) -> Iterator[SemanticChange]:
    """Yield what differs between two lists of environment variables."""

    def make(name: str, before: str | None, after: str | None) -> SemanticChange:
        return change("env", subject, "order of variables" if name == ORDER else name, before, after)

    changes = tuple(diff_by_key(old, new, name_of, _variable_text, make))
    # Not a list of named variables: counted instead of shown, because it may contain secrets.
    yield from changes or (change("env", subject, "env", _count_text(old), _count_text(new)),)


def diff_env_from(subject: str, key: str, old: Any, new: Any) -> Iterator[SemanticChange]:
    """Yield the ConfigMaps and Secrets whose keys become variables."""
    yield from diff_unkeyed("references", subject, "environment from", old, new, _env_from_text)


def diff_pull_secrets(subject: str, key: str, old: Any, new: Any) -> Iterator[SemanticChange]:
    """Yield the Secrets that images are pulled with."""
    yield from diff_unkeyed("references", subject, "pull secret", old, new, lambda ref: f"Secret {_text(ref, 'name')}")


def diff_volumes(subject: str, key: str, old: Any, new: Any) -> Iterator[SemanticChange]:
    """Yield the volumes that were added, removed or have another source."""

    def make(name: str, before: str | None, after: str | None) -> SemanticChange:
        return change("volumes", subject, "order of volumes" if name == ORDER else f"volume {name}", before, after)

    yield from diff_by_key(old, new, name_of, _volume_text, make)


def diff_mounts(subject: str, key: str, old: Any, new: Any) -> Iterator[SemanticChange]:
    """Yield the paths at which another volume is mounted, or the same one differently."""
    label, path = ("device", "devicePath") if key == "volumeDevices" else ("mount", "mountPath")

    def path_of(mount: Mapping[str, Any]) -> str | None:
        value = mount.get(path)
        return value if isinstance(value, str) else None

    def make(name: str, before: str | None, after: str | None) -> SemanticChange:
        return change("mounts", subject, f"order of {label}s" if name == ORDER else f"{label} {name}", before, after)

    yield from diff_by_key(old, new, path_of, _mount_text, make)


def _variable_text(variable: Mapping[str, Any]) -> str:
    """Return the source of a variable's value, or the value if it may be shown."""
    if variable.get("valueFrom") is not None:
        return _value_source_text(variable["valueFrom"])
    value = variable.get("value", "")
    return full_text(redact_variable(name_of(variable) or "", value) if isinstance(value, str) else value) or '""'


def _value_source_text(source: Any) -> str:
    """Return an EnvVarSource as text: `Secret db key url`."""
    for kind, value in mapping(source).items():
        ref = mapping(value)
        optional = " (optional)" if ref.get("optional") is True else ""
        match kind:
            case "secretKeyRef":
                return f"Secret {_text(ref, 'name')} key {_text(ref, 'key')}{optional}"
            case "configMapKeyRef":
                return f"ConfigMap {_text(ref, 'name')} key {_text(ref, 'key')}{optional}"
            case "fieldRef":
                return f"field {_text(ref, 'fieldPath')}"
            case "resourceFieldRef":
                container = f" of {_text(ref, 'containerName')}" if ref.get("containerName") else ""
                return f"resource {_text(ref, 'resource')}{container}"
            case "fileKeyRef":
                file = f"file {_text(ref, 'path')} key {_text(ref, 'key')}"
                return f"{file} of volume {_text(ref, 'volumeName')}{optional}"
    return short_text(source) or "?"


def _env_from_text(source: Mapping[str, Any]) -> str:
    for kind, label in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
        if kind in source:
            ref = mapping(source[kind])
            prefix = f" as {short_text(source['prefix'])}*" if source.get("prefix") else ""
            optional = " (optional)" if ref.get("optional") is True else ""
            return f"{label} {_text(ref, 'name')}{prefix}{optional}"
    return short_text(source) or "?"


def _count_text(value: Any) -> str | None:
    if value is None:
        return None
    return f"{len(value)} entries" if isinstance(value, (list, tuple, Mapping)) else "not a list"


def _volume_text(volume: Mapping[str, Any]) -> str:
    """Return the source of a volume: `ConfigMap x`, `empty dir`, `PersistentVolumeClaim data`."""
    for kind in sorted(set(volume) - {"name"}):
        source = mapping(volume[kind])
        if kind in _VOLUME_SOURCES:
            label, field = _VOLUME_SOURCES[kind]
            return f"{label} {_text(source, field)}{_volume_options(source)}"
        match kind:
            case "emptyDir":
                options = [_text(source, option) for option in ("medium", "sizeLimit") if source.get(option)]
                return " ".join(("empty dir", *options))
            case "projected":
                sources = source.get("sources")
                if not isinstance(sources, list):
                    return "projected"
                return f"projected {', '.join(_projected_text(item) for item in sources)}"
            case "nfs":
                return f"nfs {_text(source, 'server')}:{_text(source, 'path')}"
            case "downwardAPI":
                return "downward API"
            case "ephemeral":
                return "ephemeral claim"
        return f"{kind} {short_text(volume[kind])}"
    return "no source"


def _projected_text(source: Any) -> str:
    for kind, value in mapping(source).items():
        if kind in _PROJECTED_SOURCES:
            return f"{_PROJECTED_SOURCES[kind]} {_text(mapping(value), 'name')}"
        return {"serviceAccountToken": "ServiceAccount token", "downwardAPI": "downward API"}.get(kind, kind)
    return "?"


def _volume_options(source: Mapping[str, Any]) -> str:
    options = []
    items = source.get("items")
    if isinstance(items, list):
        options.append("keys " + ", ".join(_text(mapping(item), "key") for item in items))
    if source.get("readOnly") is True:
        options.append("read only")
    if source.get("optional") is True:
        options.append("optional")
    return f" ({'; '.join(options)})" if options else ""


def _mount_text(mount: Mapping[str, Any]) -> str:
    text = f"volume {_text(mount, 'name')}"
    if mount.get("subPath"):
        text += f", sub path {short_text(mount['subPath'])}"
    if mount.get("subPathExpr"):
        text += f", sub path {short_text(mount['subPathExpr'])}"
    return f"{text}, read only" if mount.get("readOnly") is True else text


def _text(ref: Mapping[str, Any], key: str) -> str:
    return short_text(ref.get(key)) or "?"
