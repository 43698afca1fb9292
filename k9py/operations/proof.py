"""Decide whether an answer proves a write: the same object, a newer resourceVersion, and the values that were sent.

A successful answer without proof (`{}`, a Status, another object, an object without the change) is not accepted: then
the object is read back (`read_back.py`). The response to a delete or an eviction is a Status or the pod. Invariant:
pure; quoted parts of a response are printable and short.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from k9py.api.text import printable
from k9py.api.write_request import WriteRequest
from k9py.operations.plan import WritePlan
from k9py.operations.values import CONTROLLERS, Path, path_text, short, value_at, value_text

_GUARDS: Final = (("metadata", "uid"), ("metadata", "resourceVersion"))
"""Sent in every patch as preconditions, not as changes."""

_ANNOTATIONS: Final = ("metadata", "annotations")

Miss = tuple[Path, Any, Any]
"""A path of the patch, the value that was sent, and the value in the object; None means absent."""


def unproven(
    plan: WritePlan,
    answer: Mapping[str, Any],
    *,
    before: Mapping[str, Any] | None = None,
    previewed: Mapping[str, Any] | None = None,
) -> str:
    """Return why an answer does not prove the write, "" when it does.

    Args:
        plan: as it was sent last.
        before: the object the write was planned from.
        previewed: what the dry run returned; what a webhook changed there counts as sent.
    """
    if why := not_the_object(plan, answer):
        return why
    if plan.request.verb == "create":
        return ""
    if plan.request.patch_type == "apply":  # an object that has these fields already is not stored again
        return _first_miss(plan, answer, previewed)
    if plan.request.verb != "patch":
        # A type without graceful deletion is returned as it was stored last, so only a pod shows it.
        is_pod = answer.get("kind") == "Pod"
        is_deleted = (answer.get("metadata") or {}).get("deletionTimestamp") or plan.request.verb == "evict"
        return "the pod in the response is not being deleted" if is_pod and not is_deleted else ""
    if str(answer["metadata"]["resourceVersion"]) == plan.resource_version:
        return "the resourceVersion in the response is unchanged, so nothing was stored"
    if before and has_no_effect(plan.request, before, answer):
        return "the fields to change are unchanged in it"
    for path, sent, actual in unmet(plan.request, answer, before):
        if previewed is None or value_at(previewed, path) != actual:
            is_now, wanted = short(value_text(path, actual)), short(value_text(path, sent))
            return f"{short(path_text(path))} in it is {is_now}, not {wanted}"
    if plan.changes_spec and int(answer["metadata"].get("generation") or 0) == plan.generation > 0:
        return "the generation in the response is unchanged, so its spec was not changed"
    return ""


def _first_miss(plan: WritePlan, answer: Mapping[str, Any], previewed: Mapping[str, Any] | None) -> str:
    for path, sent, actual in misses(plan.request, answer):
        if previewed is not None and value_at(previewed, path) != actual:
            is_now, wanted = short(value_text(path, actual)), short(value_text(path, sent))
            return f"{short(path_text(path))} in it is {is_now}, not {wanted}"
    return ""


def not_the_object(plan: WritePlan, answer: Mapping[str, Any]) -> str:
    """Return why an answer is not about the object of the plan, "" when it is. Applies to dry runs too."""
    kind, verb = str(answer.get("kind") or ""), plan.request.verb
    if kind == "Status":
        return _status(plan, answer)
    meta = answer.get("metadata")
    if not kind or not isinstance(meta, Mapping):
        return "it is not an object"
    wanted = ("Scale",) if plan.request.subresource == "scale" else (plan.key.kind,)
    if kind not in (*wanted, *(("Eviction",) if verb == "evict" else ())):
        return f"it is a {printable(kind)[:60]}, not a {wanted[0]}"
    name, namespace = str(meta.get("name") or ""), str(meta.get("namespace") or "")
    if (name, namespace) != (plan.key.name, plan.key.namespace):
        return f"it is about {printable(f'{namespace}/{name}')[:120]}"
    if kind == "Eviction":
        return ""
    if plan.creates:
        return "" if meta.get("uid") else "it has no uid"
    if str(meta.get("uid") or "") != plan.uid:
        return "it is another object with that name" if meta.get("uid") else "it has no uid"
    return "" if meta.get("resourceVersion") else "it has no resourceVersion"


def has_no_effect(request: WriteRequest, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Return whether none of the values that a patch changes has changed: a webhook may revert them all."""
    wanted = [path for path, _, _ in unmet(request, before, before)]
    return bool(wanted) and all(value_at(before, path) == value_at(after, path) for path in wanted)


def unmet(request: WriteRequest, obj: Mapping[str, Any], before: Mapping[str, Any] | None) -> Iterator[Miss]:
    """Yield the values of a patch that an object lacks, and the values that a replacement should have removed.

    Args:
        before: the object the patch was planned from; None: unknown, so removals are not checked.
    """
    yield from misses(request, obj)
    if before is not None:
        for path in _removed_paths(request, before):
            actual = value_at(obj, path)
            if actual == value_at(before, path):
                yield path, None, actual


def misses(request: WriteRequest, obj: Mapping[str, Any]) -> Iterator[Miss]:
    """Yield the values of a patch that an object lacks."""
    patch = request.patch
    if request.verb != "patch" or patch is None:
        return
    if isinstance(patch, Mapping):
        yield from _misses(patch, obj, ())
        return
    for operation in patch:
        path = _pointer(operation)
        sent = None if operation["op"] == "remove" else operation.get("value")
        yield from _misses(sent, value_at(obj, path), path)


def _pointer(operation: Mapping[str, Any]) -> Path:
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in str(operation["path"]).split("/")[1:])


def _removed_paths(request: WriteRequest, before: Mapping[str, Any]) -> Iterator[Path]:
    """Yield the paths that a JSON patch, or a value marked `$patch: replace`, removes from an object."""
    patch = request.patch
    if isinstance(patch, Mapping):
        yield from _replaced(patch, before, ())
    else:
        for operation in patch or ():
            path = _pointer(operation)
            if operation["op"] != "remove":
                yield from _removed_in(operation.get("value"), value_at(before, path), path)


def _replaced(patch: Mapping[str, Any], before: Any, path: Path) -> Iterator[Path]:
    if patch.get("$patch") == "replace":
        yield from _removed_in(patch, before, path)
        return
    for key, value in patch.items():
        if isinstance(value, Mapping):
            yield from _replaced(value, before.get(key) if isinstance(before, Mapping) else None, (*path, key))


def _removed_in(sent: Any, old: Any, path: Path) -> Iterator[Path]:
    if _is_excluded(path):
        return
    if isinstance(sent, Mapping) and isinstance(old, Mapping):
        for key, value in old.items():
            yield from _removed_in(sent.get(key), value, (*path, key))
    elif isinstance(sent, (list, tuple)) and isinstance(old, (list, tuple)):
        named = {element["name"]: element for element in old if isinstance(element, Mapping) and "name" in element}
        if len(named) == len(old):
            others = {element.get("name"): element for element in sent if isinstance(element, Mapping)}
            for name, value in named.items():
                yield from _removed_in(others.get(name), value, (*path, f"[{name}]"))
        elif any(element not in sent for element in old):
            yield path
    elif sent is None and not _is_empty(old):
        yield path


def _is_excluded(path: Path) -> bool:
    """Return whether a path is a precondition or owned by a controller."""
    return path in _GUARDS or (path[:2] == _ANNOTATIONS and len(path) > 2 and path[2].startswith(CONTROLLERS))


def _misses(sent: Any, actual: Any, path: Path) -> Iterator[Miss]:
    if _is_excluded(path):
        return
    if isinstance(sent, Mapping):
        there = actual if isinstance(actual, Mapping) else {}
        for key, value in sent.items():
            if not key.startswith("$"):  # a directive of the patch
                yield from _misses(value, there.get(key), (*path, key))
    elif sent and isinstance(sent, (list, tuple)) and all(isinstance(element, Mapping) for element in sent):
        yield from _misses_of_list(sent, actual, path)
    elif sent != actual and not (_is_empty(sent) and _is_empty(actual)):
        yield path, sent, actual


def _misses_of_list(sent: Sequence[Mapping[str, Any]], actual: Any, path: Path) -> Iterator[Miss]:
    """Compare elements by name; an element without one must equal some element. Additional elements are no miss."""
    there = [element for element in actual if isinstance(element, Mapping)] if isinstance(actual, (list, tuple)) else []
    for element in sent:
        if element.get("$patch") == "delete":
            continue
        name = element.get("name")
        if isinstance(name, str):
            same = next((other for other in there if other.get("name") == name), None)
            yield from _misses(element, same, (*path, f"[{name}]"))
        elif not any(not tuple(_misses(element, other, ())) for other in there):
            yield path, sent, actual
            return


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, (Mapping, list, tuple, str)) and not value)


def _status(plan: WritePlan, answer: Mapping[str, Any]) -> str:
    if answer.get("status") != "Success":
        reason = printable(str(answer.get("message") or "it gives no reason"))[:500]
        return f"it is a Status {printable(str(answer.get('status') or 'without a status'))[:40]}: {reason}"
    if plan.request.verb == "patch":
        return f"it is a Status, not a {plan.key.kind}"
    uid = (answer.get("details") or {}).get("uid")
    return "it is about another object with that name" if uid and uid != plan.uid else ""
