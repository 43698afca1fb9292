"""The one error root, with a message for a person and a hint that says what to do, and the table of HTTP status codes.

`kube/` translates HTTP, TLS, DNS and plugin failures into these once; every other package handles only these.
To add an HTTP status code: a line in `_TYPE_BY_CODE`. What the user reads about it: `kube/status_errors.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeVar

RETRY_NOTE: Final = "kdash retries automatically."

E = TypeVar("E", bound="KdashError")


class KdashError(Exception):
    """Any failure that is reported to a person.

    Args:
        message: what happened, one sentence; it needs no full stop.
        hint: what to do about it; may be empty.

    Attributes:
        read_back: what reading the object back has shown after a write that may have been made: `not-made` or
            `unknown`; "" when there was nothing to read.
        is_read_back_final: the write cannot be made any more either.
        final_hint: the hint where nothing is retried any more; None means that `hint` holds there too.
    """

    read_back = ""
    is_read_back_final = False
    final_hint: str | None = None

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    @property
    def hint_after_giving_up(self) -> str:
        """The hint for a caller that does not retry."""
        return self.hint if self.final_hint is None else self.final_hint


def with_retry_note(error: E) -> E:
    """Add to the hint that the request is retried; return the error. `hint_after_giving_up` stays without the note."""
    error.final_hint = error.hint_after_giving_up
    error.hint = f"{error.hint} {RETRY_NOTE}".strip()
    return error


class ConfigError(KdashError):
    """The kubeconfig, a context, a credential plugin or a setting of kdash cannot be used."""


class ReadOnlyError(KdashError):
    """A write was requested in a read-only session."""


class RefusedError(KdashError):
    """kdash refuses an action without asking the server; the message says why."""


class UnchangedError(RefusedError):
    """The object is as requested already: there is nothing to do, which is no failure."""


class MissingPartError(RefusedError):
    """The object exists, but not the named part of it: a revision, a container."""


class ConnectionFailedError(KdashError):
    """The API server did not respond: refused, unresolved, TLS, timeout, or a stream that was cut off.

    Attributes:
        was_sent: False when no connection was established, so that the server cannot have acted on the request.
    """

    was_sent = True


class UnverifiedWriteError(KdashError):
    """The server reports success for a write, but its response does not prove that the write was made."""


class UnresponsiveError(ConnectionFailedError):
    """The server accepted the request, or holds the stream open, and is silent for longer than a healthy one."""


class VersionRegressedError(ConnectionFailedError):
    """The server returned a resourceVersion lower than one it returned before."""


class WatchCrashedError(KdashError):
    """A failure inside kdash ended a watch; the watch is restarted."""


class ApiError(KdashError):
    """The API server responded with an error `Status`.

    Args:
        code: the HTTP status code.
        reason: `Status.reason`, such as `Conflict`; may be empty.
        retry_after: seconds to wait before the next attempt, as the server asks; None when it does not.
    """

    def __init__(
        self, message: str, hint: str = "", *, code: int = 0, reason: str = "", retry_after: float | None = None
    ) -> None:
        super().__init__(message, hint)
        self.code = code
        self.reason = reason
        self.retry_after = retry_after


class BadRequestError(ApiError):
    """400 and other codes below 500 (405, 406, 413, 415): the server did not understand the request."""


class UnauthorizedError(ApiError):
    """401: the credentials are missing, wrong or expired."""


class ForbiddenError(ApiError):
    """403: the user may not do this; the message names the verb and the resource."""


class NotRecordedError(ForbiddenError):
    """The replay of an incident capsule does not hold this: it is unknown, which does not mean that there is none."""


class DeniedError(ForbiddenError):
    """An admission webhook or policy refused a write, with whatever code it chose.

    Args:
        rule: name of the webhook or policy.
    """

    def __init__(
        self,
        message: str,
        hint: str = "",
        *,
        rule: str = "",
        code: int = 0,
        reason: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, hint, code=code, reason=reason, retry_after=retry_after)
        self.rule = rule


class DryRunUnsupportedError(BadRequestError):
    """The server cannot dry-run this write; the write itself may be accepted."""


class NotFoundError(ApiError):
    """404: the object, or the API, does not exist."""


class MissingApiError(NotFoundError):
    """404: the server does not have this API, or not in this version."""


class ConflictError(ApiError):
    """409: the object is not the one (uid) or not the version (resourceVersion) that was confirmed."""


class RecreatedError(ConflictError):
    """409: the object was deleted, and another one has its name."""


class FieldConflictError(ConflictError):
    """409 for a server-side apply: other managers own fields that it would change.

    Attributes:
        conflicts: the manager and the field, such as `("kubectl-client-side-apply", ".spec.replicas")`.
    """

    conflicts: tuple[tuple[str, str], ...] = ()


class ExpiredError(ApiError):
    """410: the resourceVersion or continue token is too old; relist."""


class InvalidError(ApiError):
    """422: the server's validation rejected the object."""


class UnavailableError(ApiError):
    """429, and every code from 500 on: try again later, not before `retry_after`."""


class WebhookFailedError(UnavailableError):
    """500: the server could not call a required admission webhook, and so refused the write; nothing was stored."""


_TYPE_BY_CODE: Final[Mapping[int, type[ApiError]]] = {
    401: UnauthorizedError,
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    410: ExpiredError,
    422: InvalidError,
    429: UnavailableError,
}


def api_error_type(code: int) -> type[ApiError]:
    """Return the class of the error for an HTTP status code; `ApiError` itself when the code is not known (0).

    Codes without a class of their own are the client's fault below 500, and the server's from 500 on.
    """
    if code < 400:
        return ApiError
    return _TYPE_BY_CODE.get(code, UnavailableError if code >= 500 else BadRequestError)
