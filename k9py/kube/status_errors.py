"""Turns an unsuccessful response of the API server into a `KdashError` with a message and a hint.

Owns: the sentences for every HTTP status code, for refusals by RBAC, admission and disruption budgets, and for a
response that a proxy sent in the server's place. `api.errors.api_error_type` decides which class a code becomes.
Invariants: text from a server is made printable and bounded before it becomes part of a message; no credential does.
To add a code: a `case` in `_message_and_hint`. To add an admission text: an alternative in the pattern below.

Sources of the texts: apiserver/pkg/admission/plugin/webhook/errors/statuserror.go, webhook/error.go,
plugin/policy/validating; kubernetes/pkg/registry/core/pod/storage/eviction.go (tests/wire/delete-and-evict.json).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Final

import msgspec

from k9py.api.errors import (
    ApiError,
    BadRequestError,
    DeniedError,
    DryRunUnsupportedError,
    ExpiredError,
    FieldConflictError,
    KdashError,
    MissingApiError,
    NotRecordedError,
    UnauthorizedError,
    UnavailableError,
    WebhookFailedError,
    api_error_type,
    with_retry_note,
)
from k9py.api.plural import count_noun
from k9py.api.text import bounded, printable
from k9py.kube.foreign_response import ResponseHead, foreign_response_error, https_required_error
from k9py.kube.request import RequestInfo

_NOT_TLS: Final = b"Client sent an HTTP request to an HTTPS server"
_UNKNOWN_PATH: Final = b"404 page not found"
"""What an HTTP server written in Go answers for a path it does not serve."""
_FORBIDDEN_USER: Final = re.compile(r'User "([^"]*)" cannot (\w{1,30}) ')
_STREAMS: Final = ("pods/exec", "pods/attach", "pods/portforward")
"""A GET that also requires the verb create, from 1.35 on; when only create is missing, the server gives no reason."""
_STREAM_HINT: Final = (
    "kdash needs the verbs get and create for it, as it uses WebSockets; create alone is enough for kubectl only."
)

_DENIED: Final = re.compile(
    r"""admission\ webhook\ "(?P<webhook>[^"]{1,253})"\ denied\ the\ request
    | (?P<kind>(?:Validating|Mutating)AdmissionPolicy)\ '(?P<policy>[^']{1,253})'
      .{0,300}?\ denied\ (?:the\ )?request""",
    re.VERBOSE,
)
NOT_RECORDED: Final = "NotRecorded"
"""Reason with which the replay of a capsule refuses what it does not hold; no API server has it."""
_NOT_RECORDED_HINT: Final = "This is the replay of an incident capsule: it holds only what was read for it."
_WEBHOOK_FAILED: Final = re.compile(r'failed calling webhook "(?P<name>[^"]{1,253})":?\s*(?P<reason>.*)', re.DOTALL)
_DRY_RUN_UNSUPPORTED: Final = re.compile(
    r"(?:do(?:es)? not|doesn't|not) support(?:ed)?(?: (?:for|with|in|on))? ?dry[- ]?run"
    r"|dry[- ]?run(?: \w+){0,2} (?:is )?not (?:be )?supported"
    r"|dryRun alpha feature is disabled"
    r"|Webhook SideEffects (?:is|are) nil",
    re.IGNORECASE,
)
_BUDGET_SPENT: Final = re.compile(
    r"The disruption budget (?P<name>\S+) needs (?P<needs>\d+) healthy pods and has (?P<has>\d+) currently", re.ASCII
)
_MANAGER: Final = re.compile(r'conflict with "([^"]{1,253})"')
_UNTYPED: Final = re.compile(r"failed to create typed patch object \([^)]*\): (?P<problem>.+)", re.DOTALL)
_CONFLICTS_NAMED: Final = 5
_SEVERAL_BUDGETS: Final = "more than one PodDisruptionBudget"
_BUDGET_HINT: Final = "Wait until more of its pods are ready. Deleting the pod bypasses the PodDisruptionBudget."
_BUDGET_FULL_HINT: Final = "Add a replica or relax the PodDisruptionBudget. Deleting the pod bypasses it."
"""As many pods are healthy as it requires: waiting does not help."""


class _StatusCause(msgspec.Struct):
    reason: str | None = ""
    message: str | None = ""
    field: str | None = ""


class _StatusDetails(msgspec.Struct, rename="camel"):
    retry_after_seconds: float | None = None
    causes: list[_StatusCause] | None = None


class _Status(msgspec.Struct):
    """metav1.Status, as far as it is read."""

    kind: str = ""
    message: str | None = ""
    reason: str | None = ""
    details: _StatusDetails | None = None


def error_from_status(
    code: int,
    body: bytes,
    *,
    info: RequestInfo,
    retry_after: str | None = None,
    credentials: str = "the credentials",
    missing_reason: str = "",
    now: datetime | None = None,
) -> ApiError:
    """Return the error for a response that is not a success.

    Args:
        code: the HTTP status code.
        body: a `Status` in JSON, or whatever a proxy sent in its place.
        info: what was requested.
        retry_after: the Retry-After header: seconds, or an HTTP date.
        credentials: what was sent; the message of a 401 names it.
        missing_reason: why no credentials were sent, "" when some were.
        now: the current time, to turn an HTTP date into seconds.
    """
    status = _decode_status(body)
    reason = bounded(status.reason or "", 100)
    message = bounded(status.message or "")
    seconds = _retry_seconds(retry_after, now)
    if seconds is None and status.details is not None:
        seconds = status.details.retry_after_seconds
    make_error = _eviction_refused(code, message, status) if info.resource == "pods/eviction" else None
    if make_error is None and info.is_write:
        make_error = _admission_refused(message) or _untyped(code, message)
    if make_error is not None:
        return make_error(code=code, reason=reason, retry_after=seconds)
    if reason == NOT_RECORDED:
        return NotRecordedError(message, _NOT_RECORDED_HINT, code=code, reason=reason)
    if code == 409 and (conflicts := _field_conflicts(status)):
        return _field_conflict_error(conflicts, reason)
    text, hint = _message_and_hint(code, message, info, credentials, missing_reason)
    make_error = MissingApiError if code == 404 and _is_missing_api(message) else api_error_type(code)
    error = make_error(text, hint, code=code, reason=reason, retry_after=seconds)
    return with_retry_note(error) if info.is_retried and isinstance(error, UnavailableError | ExpiredError) else error


def error_from_foreign_response(
    head: ResponseHead, *, info: RequestInfo, server: str, retry_after: str | None = None, now: datetime | None = None
) -> KdashError | None:
    """Return the error for an unsuccessful response that no API server sent; None when one may have sent it.

    Args:
        head: the response.
        info: what was requested.
        server: the server's URL.
        retry_after, now: as for `error_from_status`.
    """
    if head.code == 400 and head.body.startswith(_NOT_TLS):
        return https_required_error(server)
    if head.code == 404 and not info.group and head.body.strip() == _UNKNOWN_PATH:
        return foreign_response_error(server, head)  # every API server has the core API: another program answered
    if not head.is_markup:
        return None
    foreign = foreign_response_error(server, head)
    if head.code not in (401, 429) and head.code < 500:
        return foreign
    error_type = UnauthorizedError if head.code == 401 else UnavailableError
    error = error_type(foreign.message, foreign.hint, code=head.code, retry_after=_retry_seconds(retry_after, now))
    return with_retry_note(error) if info.is_retried and error_type is UnavailableError else error


def _admission_refused(message: str) -> Callable[..., ApiError] | None:
    """Return the error for a refusal by admission, None for anything else.

    A webhook chooses the HTTP code of its refusal (400 when it names none), so the text decides and not the code.
    """
    if denied := _DENIED.search(message):
        rule = denied["webhook"] or denied["policy"]
        kind = "admission webhook" if denied["webhook"] else denied["kind"]
        hint = f"The {kind} {rule} refuses this, not RBAC. Nothing was changed."
        return partial(DeniedError, " ".join(message.split()), hint, rule=rule)
    if _DRY_RUN_UNSUPPORTED.search(message):
        return partial(DryRunUnsupportedError, message, "Nothing was changed.")
    if failed := _WEBHOOK_FAILED.search(message):
        return partial(
            WebhookFailedError,
            f"The server could not call the admission webhook {failed['name']}: "
            f"{failed['reason'].strip() or 'no reason given'}",
            "The server refuses writes that it cannot check: nothing was changed. Repair the webhook, then try again.",
        )
    return None


def _untyped(code: int, message: str) -> Callable[..., ApiError] | None:
    """Return the error for a manifest that does not fit its type, None for anything else.

    A server-side apply reports it as an internal error: apimachinery/pkg/util/managedfields/internal/fieldmanager.go.
    """
    if code != 500 or (untyped := _UNTYPED.match(message)) is None:
        return None
    hint = "The manifest does not fit its type: correct the fields. Nothing was changed."
    return partial(BadRequestError, untyped["problem"], hint)


def _field_conflicts(status: _Status) -> tuple[tuple[str, str], ...]:
    """Return manager and field of each conflict of a server-side apply."""
    causes = (status.details.causes if status.details is not None else None) or ()
    found = []
    for cause in causes:
        if cause.reason == "FieldManagerConflict":
            manager = _MANAGER.search(cause.message or "")
            found.append((printable(manager[1]) if manager else "another manager", bounded(cause.field or "", 200)))
    return tuple(found)


def _field_conflict_error(conflicts: tuple[tuple[str, str], ...], reason: str) -> FieldConflictError:
    named = [f"{field} (owned by {manager})" for manager, field in conflicts]
    more = f" and {len(named) - _CONFLICTS_NAMED} more" if len(named) > _CONFLICTS_NAMED else ""
    text = f"other managers own {count_noun(len(named), 'field')} of it: {', '.join(named[:_CONFLICTS_NAMED])}{more}"
    error = FieldConflictError(
        text, "Leave these fields out, or force the apply to take them over.", code=409, reason=reason
    )
    error.conflicts = conflicts
    return error


def _eviction_refused(code: int, message: str, status: _Status) -> Callable[..., ApiError] | None:
    """Return the error for a refusal by disruption budgets, None for anything else. Nothing was evicted either way."""
    if code == 500 and _SEVERAL_BUDGETS in message:
        return partial(
            BadRequestError,
            "Several PodDisruptionBudgets select this pod: the server evicts no such pod",
            "Make their selectors disjoint. Deleting the pod bypasses them.",
        )
    if code != 429 or status.details is None:
        return None
    for cause in status.details.causes or ():
        if cause.reason != "DisruptionBudget":
            continue
        hint = _BUDGET_HINT
        spent = _BUDGET_SPENT.search(cause.message or "")
        if spent is None:
            text = f"A PodDisruptionBudget refuses the eviction: {printable(cause.message or '')[:500]}"
        else:
            needed = count_noun(int(spent["needs"]), "healthy pod")
            text = (
                f"PodDisruptionBudget {printable(spent['name'])} allows no disruptions: "
                f"it requires {needed} and has {spent['has']}"
            )
            if int(spent["has"]) >= int(spent["needs"]):
                hint = _BUDGET_FULL_HINT
        return partial(UnavailableError, text, hint)
    return None


def _is_missing_api(message: str) -> bool:
    """Return whether a 404 concerns the API and not an object.

    Sources: net/http NotFound for a group or version, apimachinery/pkg/api/errors NewGenericServerResponse for a
    resource of a group.
    """
    return not message or message.startswith("404") or message == "the server could not find the requested resource"


def _message_and_hint(
    code: int, message: str, info: RequestInfo, credentials: str, missing_reason: str
) -> tuple[str, str]:
    match code:
        case 401 if missing_reason:
            return (
                f"The API server requires authentication, and {missing_reason}",
                "Set the cluster's server to https:// in the kubeconfig."
                if "http://" in missing_reason
                else "Sign in with your cluster's command, which adds them; `kubectl config view` shows what there is.",
            )
        case 401:
            return (
                f"The API server does not accept {credentials}",
                "Sign in again, or get a new token; `kubectl auth whoami` shows whether kubectl is accepted.",
            )
        case 403:
            return _forbidden(message, info, missing_reason)
        case 404 if _is_missing_api(message):
            return f"The server has no such API: {info}", "It may be older, or the API may not be installed."
        case 404:
            return message, "It may have been deleted meanwhile."
        case 407:
            return "The proxy requires a name and a password", "Put them into its URL: http://NAME:PASSWORD@HOST"
        case 409:
            return message or f"The object was changed in the meantime: {info}", "Check the object, then try again."
        case 410:
            return message or "The requested resourceVersion is too old", ""
        case 422:
            return message or f"The server rejects this as invalid: {info}", "Nothing was changed."
        case 429:
            hint = "Nothing was changed. Wait, then try again." if info.is_write else "Wait, then try again."
            return message or "The API server asks clients to slow down", hint
        case _ if code >= 500:
            return (
                f"The API server answered {code} to: {info}" + (f": {message}" if message else ""),
                "The server, or a proxy in front of it, has a problem.",
            )
    return message or f"The API server answered {code} to: {info}", ""


def _forbidden(message: str, info: RequestInfo, missing_reason: str) -> tuple[str, str]:
    user = _FORBIDDEN_USER.search(message)
    is_stream = info.resource in _STREAMS
    if is_stream and user is not None:
        info = replace(info, verb=user[2])
    if user is None and message and not (is_stream and message.endswith("is forbidden:")):
        # not RBAC but quota, admission or pod security: the server's text names the rule
        return message, "A rule of the cluster (quota, admission or pod security) refuses this, not RBAC."
    if user and user[1] == "system:anonymous":
        return (
            f"You are not signed in: the user system:anonymous may not {info}",
            (f"{missing_reason[:1].upper()}{missing_reason[1:]}: sign" if missing_reason else "Sign")
            + " in with your cluster's command.",
        )
    subject = f"The user {user[1]}" if user and user[1] else "Your user"
    return (
        f"{subject} may not {info}",
        f"Ask for a role that allows it (`{info.can_i_command()}` asks the server), or choose a namespace with -n."
        + (f" {_STREAM_HINT}" if is_stream and info.verb == "get" else ""),
    )


def _decode_status(body: bytes) -> _Status:
    try:
        status = msgspec.json.decode(body, type=_Status)
    except (msgspec.DecodeError, UnicodeDecodeError):
        text = body[:4096].decode("utf-8", "replace").strip()
        return _Status(message="" if text.startswith("<") else text)  # a proxy's web page is no message
    return status if status.kind in ("Status", "") else _Status()


def _retry_seconds(header: str | None, now: datetime | None) -> float | None:
    if not header:
        return None
    if header.strip().isdigit():
        return float(header)
    try:
        moment = parsedate_to_datetime(header)
    except (ValueError, TypeError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())
