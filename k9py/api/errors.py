"""The one error root: a message for a person and a hint they can act on.

`kube/errors.py` alone translates HTTP, TLS, DNS and plugin failures into these; everything above handles only these.
"""

from __future__ import annotations

from typing import TypeVar

E = TypeVar("E", bound="KdashError")


class KdashError(Exception):
    """Any failure that is told to a person.

    Args:
        message: what happened, one sentence, no trailing full stop needed.
        hint: what the person can do about it; may be empty.

    Attributes:
        looked: what was found when an object was read back after a write that may have been made: `not-made` or
            `unknown`; "" when there was nothing to look for.
        is_looked_final: it cannot be made any more either.
        final_hint: the hint where this failure is the end, and nothing is tried again; None: `hint` holds there too.
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
        """The hint for whoever gives up with this failure."""
        return self.hint if self.final_hint is None else self.final_hint


def with_retry_note(error: E, again: str) -> E:
    """Add to a hint that it is tried again, for as long as somebody does; return the error."""
    error.final_hint = error.hint_after_giving_up
    error.hint = f"{error.hint} {again}".strip()
    return error


class ConfigError(KdashError):
    """The kubeconfig, a context, a credential plugin or our own settings cannot be used."""


class ReadOnlyError(KdashError):
    """A write was asked for while the session is read-only."""


class RefusedError(KdashError):
    """We refuse an action before asking the server: the message says why."""


class MissingPartError(RefusedError):
    """What was named is not there, in an object that is: a revision, a container."""


class ConnectionFailedError(KdashError):
    """No answer from the API server: refused, unresolved, TLS, timeout, or a stream cut off.

    Attributes:
        was_sent: False when no connection stood, so that the server cannot have acted on the request.
    """

    was_sent = True


class UnverifiedWriteError(KdashError):
    """The server answered a write with success, but the answer does not prove that it was made."""


class UnresponsiveError(ConnectionFailedError):
    """The server took the request, or holds the stream open, and says nothing for longer than a healthy one would."""


class VersionRegressedError(ConnectionFailedError):
    """The server answered with a resourceVersion lower than one it gave before."""


class WatchCrashedError(KdashError):
    """A failure inside kdash ended a watch; it is started anew."""


class ApiError(KdashError):
    """The API server answered with an error `Status`.

    Args:
        code: the HTTP status code.
        reason: `Status.reason`, for example `Conflict`; may be empty.
        retry_after: seconds the server asked us to wait, or None.
    """

    def __init__(
        self, message: str, hint: str = "", *, code: int = 0, reason: str = "", retry_after: float | None = None
    ) -> None:
        super().__init__(message, hint)
        self.code = code
        self.reason = reason
        self.retry_after = retry_after


class BadRequestError(ApiError):
    """400: the server did not understand the request."""


class UnauthorizedError(ApiError):
    """401: the credentials are missing, wrong or expired."""


class ForbiddenError(ApiError):
    """403: the user may not do this; the message names the verb and the resource."""


class DeniedError(ForbiddenError):
    """An admission webhook or policy refused a write, whatever code it chose.

    Args:
        rule: the webhook's or policy's name.
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
    """The server refuses to try this as a dry run; the write itself may be accepted."""


class NotFoundError(ApiError):
    """404: no such object, or no such API."""


class ConflictError(ApiError):
    """409: the object is not the one (uid) or not the version (resourceVersion) that was confirmed."""


class ExpiredError(ApiError):
    """410: the resourceVersion or continue token is too old; list again."""


class InvalidError(ApiError):
    """422: the server's validation refused the object."""


class UnavailableError(ApiError):
    """429, 500, 502, 503, 504: try again later, not before `retry_after`."""


class WebhookFailedError(UnavailableError):
    """500: an admission webhook that has to be asked did not answer, so the server refused; nothing was stored."""
