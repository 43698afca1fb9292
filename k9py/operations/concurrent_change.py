"""Decide whether an object is still what a write was planned from, when the server reports that its version is not.

Invariant: only what nobody confirms may have changed: the status, and metadata that the server or a controller writes.
Everything else is a conflict, whether or not the write would replace it: generations show it for no metadata, and for
no ConfigMap, Secret or role at all. Without the object that the write was planned from, every change is a conflict.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeGuard

from k9py.api.errors import ConflictError, FieldConflictError, KdashError, RecreatedError
from k9py.api.plural import count_noun
from k9py.api.text import printable
from k9py.operations.last_writer import last_writer
from k9py.operations.merge_patch import changes, merge_patch
from k9py.operations.plan import WritePlan
from k9py.operations.values import ABSENT, CONTROLLERS, Path, path_text, short, value_at, value_text

_BUSY: Final = ("Pod", "Node")
"""Core kinds whose metadata controllers change all the time: of these, only what the write replaces is compared."""
_BEATS: Final = "control-plane.alpha.kubernetes.io/leader"
"""Annotation of a leader election, written every few seconds."""
_SHOWN: Final = 3
_HINT: Final = "nothing was written; check it again, then retry"


def conflict(
    plan: WritePlan, present: Mapping[str, Any], before: Mapping[str, Any] | None, *, dry_run: bool
) -> ConflictError | None:
    """Return the error for an object that is not what the write was planned from, None when only its status changed.

    Args:
        present: the whole object as it is now.
        before: as the write was planned from; None: not known.
        dry_run: the write is not confirmed yet.
    """
    meta = present.get("metadata") or {}
    name, since = printable(str(plan.key)), "since it was read" if dry_run else "since you confirmed"
    if meta.get("uid") != plan.uid:
        return RecreatedError(f"{name} was deleted and recreated {since}", _HINT, code=409, reason="Conflict")
    if not _is_changed(plan, present, before):
        return None
    changed = () if before is None else tuple(changed_values(before, present))
    part = changed[0][0][0] if changed else "spec"
    who = last_writer(present, before, part)
    values = f": {_values_text(changed)}" if changed else ""
    return ConflictError(f"{name} was changed {since}{who}{values}", _HINT, code=409, reason="Conflict")


def is_changed_by_others(error: KdashError) -> TypeGuard[ConflictError]:
    """Return whether the object is still the chosen one, but not as it was read."""
    return isinstance(error, ConflictError) and not isinstance(error, (RecreatedError, FieldConflictError))


def _is_changed(plan: WritePlan, present: Mapping[str, Any], before: Mapping[str, Any] | None) -> bool:
    if before is None or int((present.get("metadata") or {}).get("generation") or 0) != plan.generation:
        return True
    request = plan.request
    if request.verb == "patch" and isinstance(request.patch, Mapping):
        if any(value_at(present, path) != value_at(before, path) for path in _replaced(request.patch, ())):
            return True
        is_compared = plan.is_exact or not _is_busy(plan)
    else:
        is_compared = plan.is_exact or request.verb == "patch" or not _is_busy(plan)
    return is_compared and content_of(present) != content_of(before)


def _is_busy(plan: WritePlan) -> bool:
    return plan.key.kind in _BUSY and not plan.key.group


def _replaced(patch: Mapping[str, Any], path: Path) -> Iterator[Path]:
    """Yield the paths of the values that a patch sets, without its preconditions."""
    for key, value in patch.items():
        if isinstance(value, Mapping) and value:
            yield from _replaced(value, (*path, key))
        elif (*path, key) not in (("metadata", "uid"), ("metadata", "resourceVersion")):
            yield (*path, key)


def content_of(obj: Mapping[str, Any]) -> dict[str, Any]:
    """Return what people and their tools write: everything but the status and the server's own metadata."""
    meta = obj.get("metadata") or {}
    kept = {part: meta.get(part) or None for part in ("labels", "finalizers", "ownerReferences")}
    annotations = {key: value for key, value in (meta.get("annotations") or {}).items() if not _is_controllers(key)}
    rest = {key: value for key, value in obj.items() if key not in ("metadata", "status")}
    return {**rest, "metadata": {**kept, "annotations": annotations or None}}


def _is_controllers(annotation: str) -> bool:
    """Return whether a controller owns an annotation, and writes it again."""
    return annotation.startswith(CONTROLLERS) or annotation == _BEATS


def changed_values(before: Mapping[str, Any], present: Mapping[str, Any]) -> Iterator[tuple[Path, str, str]]:
    """Yield what others changed: the path, the value as it was and as it is, both printable; secrets are hidden."""
    for path, now in changes(merge_patch(content_of(before), content_of(present))):
        was = value_at(before, path)
        if present.get("kind") == "Secret" and path[0] in ("data", "stringData"):
            yield path, _hidden(was), _hidden(now)
        else:
            yield path, short(value_text(path, was)), short(value_text(path, now))


def _hidden(value: Any) -> str:
    return ABSENT if value is None else "hidden"


def _values_text(changed: tuple[tuple[Path, str, str], ...]) -> str:
    texts = [f"{short(path_text(path))}: {was} → {now}" for path, was, now in changed[:_SHOWN]]
    more = len(changed) - _SHOWN
    return "; ".join(texts) + (f"; and {count_noun(more, 'more value')}" if more > 0 else "")
