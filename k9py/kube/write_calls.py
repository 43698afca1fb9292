"""The HTTP form of a `WriteRequest`: method, query, headers and body.

Invariant: pure. A dry run is the same request with `dryRun=All`, and nothing else.
To add a verb: a case in `write_call`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from k9py.api.write_request import FIELD_MANAGER, PatchType, WriteRequest

_CONTENT_TYPE: Final[Mapping[PatchType, str]] = {
    "merge": "application/merge-patch+json",
    "strategic": "application/strategic-merge-patch+json",
    "json": "application/json-patch+json",
    "apply": "application/apply-patch+yaml",  # JSON is YAML; the server knows no other type for it before 1.34
}
_MANAGER: Final = ("fieldManager", FIELD_MANAGER)


@dataclass(frozen=True, slots=True)
class WriteCall:
    """One write as HTTP.

    Args:
        verb: RBAC's verb.
        subresource: "" for the object itself.
        is_collection: sent to the collection, not to the object.
    """

    method: str
    verb: str
    body: Mapping[str, Any] | Sequence[Any]
    subresource: str = ""
    is_collection: bool = False
    query: Sequence[tuple[str, str]] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


def write_call(request: WriteRequest, *, dry_run: bool) -> WriteCall:
    """Return how a write is sent."""
    query = [("dryRun", "All")] if dry_run else []
    if request.is_strict:
        query.append(("fieldValidation", "Strict"))
    options = request.patch if isinstance(request.patch, Mapping) else {}
    match request.verb:
        case "evict":
            body = {
                "apiVersion": "policy/v1",
                "kind": "Eviction",
                "metadata": {"name": request.key.name, "namespace": request.key.namespace},
                "deleteOptions": {"apiVersion": "v1", "kind": "DeleteOptions", **options},
            }
            return WriteCall("POST", "create", body, "eviction", query=query)
        case "delete":
            body = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background", **options}
            if dry_run:
                # The server reads the options only from the body when there is one (apiserver/pkg/endpoints/handlers/
                # delete.go): with `dryRun` only in the query, the dry run would delete.
                body = {**body, "dryRun": ["All"]}
            return WriteCall("DELETE", "delete", body, request.subresource, query=query)
        case "create":
            return WriteCall("POST", "create", options, is_collection=True, query=[*query, _MANAGER])
    assert request.patch is not None
    query.append(_MANAGER)
    if request.patch_type == "apply" and request.force:
        query.append(("force", "true"))
    headers = {"Content-Type": _CONTENT_TYPE[request.patch_type]}
    return WriteCall("PATCH", "patch", request.patch, request.subresource, query=query, headers=headers)
