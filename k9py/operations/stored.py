"""Compare the stored object with the one that the dry run returned: a webhook may change each request differently.

Invariant: pure. Fields that the server or a controller owns (status, versions, managed fields, annotations of the
Deployment controller) are not compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from k9py.operations.values import CONTROLLERS, Path, path_text, short, value_text

_METADATA: Final = ("labels", "annotations")


@dataclass(frozen=True, slots=True)
class StoredDifference:
    """One value whose stored form differs from its preview; both are printable."""

    path: str
    previewed: str
    stored: str

    @property
    def text(self) -> str:
        """Return the difference as one clause."""
        return f"{short(self.path)}: previewed {short(self.previewed)}, stored {short(self.stored)}"


def differences(previewed: Mapping[str, Any], stored: Mapping[str, Any]) -> tuple[StoredDifference, ...]:
    """Return the differences between the dry run's object and the stored one; of a Scale only its replicas."""
    if "Scale" in (previewed.get("kind"), stored.get("kind")):
        return tuple(_differ(_replicas(previewed), _replicas(stored), ("spec", "replicas")))
    return tuple(_differ(_compared(previewed), _compared(stored), ()))


def differences_text(differences: tuple[StoredDifference, ...], most: int = 3) -> str:
    """Return the differences as one sentence.

    Args:
        most: how many are named; the others are counted.
    """
    named = "; ".join(difference.text for difference in differences[:most])
    more = len(differences) - most
    return f"what was stored is not what was previewed: {named}{f'; and {more} more' if more > 0 else ''}"


def rebased(
    previewed: Mapping[str, Any], before: Mapping[str, Any] | None, present: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Return what the dry run would return after others have changed labels or annotations of the object.

    Args:
        previewed: what the dry run returned.
        before: the object the write was planned from; None: the changes of others are not known.
        present: the object that the write is retried on; its spec equals that of `before`.
    """
    if before is None or previewed.get("kind") != before.get("kind"):
        return previewed
    meta = dict(previewed.get("metadata") or {})
    for part in _METADATA:
        was, now, wanted = ((obj.get("metadata") or {}).get(part) or {} for obj in (before, present, previewed))
        theirs = {key for key in {**was, **now} if was.get(key) != now.get(key) and wanted.get(key) == was.get(key)}
        kept = {key: value for key, value in wanted.items() if key not in theirs}
        meta[part] = kept | {key: now[key] for key in theirs if key in now}
    return {**previewed, "metadata": meta}


def _compared(obj: Mapping[str, Any]) -> dict[str, Any]:
    meta = obj.get("metadata") or {}
    kept: dict[str, Any] = {part: dict(meta.get(part) or {}) for part in _METADATA}
    kept["annotations"] = {key: value for key, value in kept["annotations"].items() if not key.startswith(CONTROLLERS)}
    return {"metadata": kept, "spec": obj.get("spec") or {}}


def _replicas(obj: Mapping[str, Any]) -> Any:
    return (obj.get("spec") or {}).get("replicas")


def _differ(before: Any, after: Any, path: Path) -> Iterator[StoredDifference]:
    if before == after:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in {**before, **after}:
            yield from _differ(before.get(key), after.get(key), (*path, str(key)))
        return
    old, new = _by_name(before), _by_name(after)
    if old is not None and new is not None and (old != new):
        for name in {**old, **new}:
            yield from _differ(old.get(name), new.get(name), (*path, f"[{name}]"))
        return
    previewed, stored = value_text(path, before), value_text(path, after)
    yield StoredDifference(path_text(path), previewed, f"another one: {stored}" if previewed == stored else stored)


def _by_name(value: Any) -> dict[str, Any] | None:
    """Return the elements of a list by name, None when the value is not a list of named elements."""
    if not isinstance(value, (list, tuple)) or not all(
        isinstance(element, Mapping) and "name" in element for element in value
    ):
        return None
    return {str(element["name"]): element for element in value}
