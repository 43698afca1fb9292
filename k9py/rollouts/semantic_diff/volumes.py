"""A pod's volumes with their source in words, and where containers mount them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from k9py.rollouts.semantic_diff.change import ORDER, SemanticChange, by_name, change, keyed, mapping, said

_NAMED: Final = {
    "configMap": ("config map", "name"),
    "secret": ("secret", "secretName"),
    "persistentVolumeClaim": ("claim", "claimName"),
    "hostPath": ("host path", "path"),
    "csi": ("csi", "driver"),
    "image": ("image", "reference"),
}
_PROJECTED: Final = {"configMap": "config map", "secret": "secret"}


def volumes(subject: str, key: str, old: Any, new: Any) -> Iterator[SemanticChange]:
    """Yield the volumes that came, went or have another source."""
    yield from keyed(
        old,
        new,
        by_name,
        volume_words,
        lambda name, *sides: change(
            "volumes", subject, "order of volumes" if name == ORDER else f"volume {name}", *sides
        ),
    )


def mounts(subject: str, key: str, old: Any, new: Any) -> Iterator[SemanticChange]:
    """Yield the paths at which another volume, or the same in another way, is mounted."""
    word, path = ("device", "devicePath") if key == "volumeDevices" else ("mount", "mountPath")

    def path_of(one: Mapping[str, Any]) -> str | None:
        found = one.get(path)
        return found if isinstance(found, str) else None

    yield from keyed(
        old,
        new,
        path_of,
        _mount_words,
        lambda name, *sides: change(
            "mounts", subject, f"order of {word}s" if name == ORDER else f"{word} {name}", *sides
        ),
    )


def volume_words(one: Mapping[str, Any]) -> str:
    """Return where a volume's files come from: `config map x`, `empty dir`, `claim data`."""
    for kind in sorted(set(one) - {"name"}):
        source = mapping(one[kind])
        if kind in _NAMED:
            word, field = _NAMED[kind]
            return f"{word} {said(source.get(field)) or '?'}{_extras(source)}"
        match kind:
            case "emptyDir":
                parts = [said(source[part]) or "?" for part in ("medium", "sizeLimit") if source.get(part)]
                return " ".join(("empty dir", *parts))
            case "projected":
                sources = source.get("sources")
                return (
                    f"projected {', '.join(_projected(x) for x in sources)}"
                    if isinstance(sources, list)
                    else "projected"
                )
            case "nfs":
                return f"nfs {said(source.get('server')) or '?'}:{said(source.get('path')) or '?'}"
            case "downwardAPI":
                return "downward API"
            case "ephemeral":
                return "ephemeral claim"
        return f"{kind} {said(one[kind])}"
    return "no source"


def _projected(source: Any) -> str:
    for kind, found in mapping(source).items():
        if kind in _PROJECTED:
            return f"{_PROJECTED[kind]} {said(mapping(found).get('name')) or '?'}"
        return {"serviceAccountToken": "service account token", "downwardAPI": "downward API"}.get(kind, kind)
    return "?"


def _extras(source: Mapping[str, Any]) -> str:
    words = []
    items = source.get("items")
    if isinstance(items, list):
        words.append("keys " + ", ".join(said(mapping(one).get("key")) or "?" for one in items))
    if source.get("readOnly") is True:
        words.append("read only")
    if source.get("optional") is True:
        words.append("optional")
    return f" ({'; '.join(words)})" if words else ""


def _mount_words(one: Mapping[str, Any]) -> str:
    words = f"volume {said(one.get('name')) or '?'}"
    if one.get("subPath"):
        words += f", sub path {said(one['subPath'])}"
    if one.get("subPathExpr"):
        words += f", sub path {said(one['subPathExpr'])}"
    return f"{words}, read only" if one.get("readOnly") is True else words
