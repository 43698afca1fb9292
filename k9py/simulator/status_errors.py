"""The API server's errors: one exception that becomes a `metav1.Status`, worded as a real server words it.

Invariant: every error that reaches a client is a `StatusError`. To add one, add a named function here; wording:
apimachinery's `api/errors` and the responses of a real kube-apiserver.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from k9py.simulator.registry.resources import Resource


@dataclass(frozen=True, slots=True)
class StatusCause:
    """One cause of a 422: reason such as `FieldValueRequired`, message without the field, field path."""

    reason: str
    message: str
    field: str

    def as_object(self) -> dict[str, str]:
        return {"reason": self.reason, "message": self.message, "field": self.field}


class StatusError(Exception):
    """A refused request.

    Args:
        code: the HTTP status.
        reason: `metav1.StatusReason`; "" where the real server sends none.
        message: the text shown to people.
        details: `Status.details`, or None to leave it out.
        retry_after: seconds for the Retry-After header, or None.
    """

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        details: dict[str, Any] | None = None,
        *,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details
        self.retry_after = retry_after

    def as_status(self) -> dict[str, Any]:
        """Return the `Status` object of this failure."""
        status: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
        }
        if self.reason:
            status["reason"] = self.reason
        if self.details is not None:
            status["details"] = self.details
        status["code"] = self.code
        return status


def details_of(resource: Resource, name: str) -> dict[str, Any]:
    """Return `Status.details` for an object: name, group (left out for the core group), kind (the plural)."""
    details: dict[str, Any] = {}
    if name:
        details["name"] = name
    if resource.group:
        details["group"] = resource.group
    details["kind"] = resource.plural
    return details


def not_found(resource: Resource, name: str) -> StatusError:
    message = f'{resource.qualified_name} "{name}" not found'
    return StatusError(404, "NotFound", message, details_of(resource, name))


def no_such_resource() -> StatusError:
    return StatusError(404, "NotFound", "the server could not find the requested resource", {})


def already_exists(resource: Resource, name: str, *, being_deleted: bool = False) -> StatusError:
    message = f'{resource.qualified_name} "{name}" already exists'
    if being_deleted:
        message = f"object is being deleted: {message}"
    return StatusError(409, "AlreadyExists", message, details_of(resource, name))


def conflict(resource: Resource, name: str, why: str | None = None) -> StatusError:
    """Return a 409 for a stale resourceVersion, or for another reason."""
    why = why or "the object has been modified; please apply your changes to the latest version and try again"
    message = f'Operation cannot be fulfilled on {resource.qualified_name} "{name}": {why}'
    return StatusError(409, "Conflict", message, details_of(resource, name))


def precondition_failed(resource: Resource, name: str, field: str, expected: str, actual: str) -> StatusError:
    """Return a 409 for a failed precondition of a delete; `field` is `UID` or `ResourceVersion`."""
    # The deletion path names the kind where others name the resource.
    subject = f"{resource.kind}.{resource.group}" if resource.group else resource.kind
    happened = "deleted and then recreated" if field == "UID" else "modified"
    message = (
        f'Operation cannot be fulfilled on {subject} "{name}": the {field} in the precondition ({expected}) does not '
        f"match the {field} in record ({actual}). The object might have been {happened}"
    )
    return StatusError(409, "Conflict", message, {**details_of(resource, name), "kind": resource.kind})


def bad_request(message: str) -> StatusError:
    return StatusError(400, "BadRequest", message)


def unauthorized() -> StatusError:
    return StatusError(401, "Unauthorized", "Unauthorized")


def forbidden(resource: Resource | None, name: str, why: str) -> StatusError:
    """Return a 403 of authorization or admission; `why` follows `… is forbidden: `."""
    if resource is None:
        return StatusError(403, "Forbidden", f"forbidden: {why}", {})
    subject = f'{resource.qualified_name} "{name}"' if name else resource.qualified_name
    return StatusError(403, "Forbidden", f"{subject} is forbidden: {why}", details_of(resource, name))


def no_kubelet(address: str, container: str) -> StatusError:
    """Return the error for a kubelet that does not answer; `container` is `namespace/pod/name`."""
    url = f"https://{address}/containerLogs/{container}"
    return StatusError(500, "", f'Get "{url}": dial tcp {address}: connect: connection refused')


def expired(message: str) -> StatusError:
    return StatusError(410, "Expired", message)


def unsupported_media_type() -> StatusError:
    return StatusError(415, "UnsupportedMediaType", "415: Unsupported Media Type", {})


def unsupported_custom_patch() -> StatusError:
    """Return the error for a strategic merge patch of a custom resource."""
    accepted = "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml"
    message = f"the body of the request was in an unknown format - accepted media types include: {accepted}"
    return StatusError(415, "UnsupportedMediaType", message)


def rejected() -> StatusError:
    return StatusError(422, "Invalid", "the server rejected our request due to an error in our request", {})


def invalid(group: str, kind: str, name: str, causes: Sequence[StatusCause]) -> StatusError:
    """Return a 422 with its causes; several are listed in brackets, as apimachinery does."""
    texts = list(dict.fromkeys(f"{cause.field}: {cause.message}" for cause in causes))
    sentence = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
    details: dict[str, Any] = {}
    if name:
        details["name"] = name
    if group:
        details["group"] = group
    if kind:
        details["kind"] = kind
    details["causes"] = [cause.as_object() for cause in causes]
    subject = f"{kind}.{group}" if group else kind
    return StatusError(422, "Invalid", f'{subject} "{name}" is invalid: {sentence}', details)


def too_many_requests(
    message: str, causes: Sequence[StatusCause] = (), *, retry_after: int | None = None
) -> StatusError:
    details: dict[str, Any] = {}
    if causes:
        details["causes"] = [
            {"reason": cause.reason, "message": cause.message, **({"field": cause.field} if cause.field else {})}
            for cause in causes
        ]
    if retry_after is not None:
        details["retryAfterSeconds"] = retry_after
    return StatusError(429, "TooManyRequests", message, details, retry_after=retry_after)


def method_not_allowed() -> StatusError:
    return StatusError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {})
