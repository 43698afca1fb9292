"""The one translation of what goes wrong on the wire into errors a person can act on.

Owns: which `KdashError` a Status, a TLS failure, a DNS failure, a refusal or a cut stream becomes, and its hint.
Invariants: text from a server is made printable and bounded before it is put into a message; no credential is in it.
To add a case: one line in `_BY_CODE`, or one `case` in `from_failure`.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Final

import msgspec

from k9py.api.errors import (
    ApiError,
    BadRequestError,
    ConflictError,
    DeniedError,
    DryRunUnsupportedError,
    ExpiredError,
    ForbiddenError,
    InvalidError,
    KdashError,
    NotFoundError,
    UnauthorizedError,
    UnavailableError,
    WebhookFailedError,
    with_retry_note,
)
from k9py.api.text import printable
from k9py.kube.admission import denial, no_dry_run, webhook_not_called
from k9py.kube.evictions import budget_refusal, several_budgets
from k9py.kube.foreign_response import ResponseHead, foreign_response_error, https_required_error

MAX_ERROR_BODY: Final = 65536
"""Bytes of an error's body that are read."""
_MAX_MESSAGE: Final = 1000

_BY_CODE: Final[Mapping[int, type[ApiError]]] = {
    400: BadRequestError,
    401: UnauthorizedError,
    403: ForbiddenError,
    404: NotFoundError,
    405: BadRequestError,
    406: BadRequestError,
    409: ConflictError,
    410: ExpiredError,
    413: BadRequestError,
    415: BadRequestError,
    422: InvalidError,
    429: UnavailableError,
    500: UnavailableError,
    502: UnavailableError,
    503: UnavailableError,
    504: UnavailableError,
}

_AGAIN: Final = "It is tried again by itself."
_NOT_TLS: Final = b"Client sent an HTTP request to an HTTPS server"
_NO_PATH: Final = b"404 page not found"
"""What a server written in Go says of a path it does not know."""
_FORBIDDEN_USER: Final = re.compile(r'User "([^"]*)" cannot ')


@dataclass(frozen=True, slots=True)
class RequestInfo:
    """What a request asks for, in RBAC's words: to say in an error what was refused.

    Args:
        verb: list, watch, get, patch, delete or create.
        resource: the plural, with "/subresource" where there is one; or a path such as "/version".
        namespace: "" for the whole cluster.
        name: "" for a collection.
    """

    verb: str
    resource: str
    group: str = ""
    namespace: str = ""
    name: str = ""

    def __str__(self) -> str:
        what = f"{self.resource}.{self.group}" if self.group else self.resource
        named = f" {printable(self.name)}" if self.name else ""
        if self.resource.startswith("/"):
            return f"{self.verb} {what}"
        where = f"in the namespace {printable(self.namespace)}" if self.namespace else "across the whole cluster"
        return f"{self.verb} {what}{named} {where}"

    @property
    def is_write(self) -> bool:
        """Whether the server changes something for it."""
        return self.verb not in ("get", "list", "watch")

    @property
    def is_retried(self) -> bool:
        """Whether it is asked again by itself: lists, watches and logs are, a write or a single question never."""
        return self.verb in ("list", "watch") or self.resource.endswith("/log")

    def can_i_command(self) -> str:
        """Return the kubectl command that asks the server whether this is allowed."""
        if self.resource.startswith("/"):
            return f"kubectl auth can-i {self.verb} {self.resource}"
        resource, _, subresource = self.resource.partition("/")
        what = f"{resource}.{self.group}" if self.group else resource
        parts = ["kubectl auth can-i", self.verb, what]
        if subresource:
            parts.append(f"--subresource={subresource}")
        parts.append(f"-n {printable(self.namespace)}" if self.namespace else "-A")
        return " ".join(parts)


class _Cause(msgspec.Struct):
    reason: str | None = ""
    message: str | None = ""


class _Details(msgspec.Struct, rename="camel"):
    retry_after_seconds: float | None = None
    causes: list[_Cause] | None = None


class _Status(msgspec.Struct):
    kind: str = ""
    message: str | None = ""
    reason: str | None = ""
    details: _Details | None = None


def bounded(text: str, limit: int = _MAX_MESSAGE) -> str:
    """Return text of a stranger on one line, printable, at most `limit` characters."""
    safe = printable(text[: limit * 4]).strip()
    return safe if len(safe) <= limit else safe[: limit - 1] + "…"


def error_from_status(
    code: int,
    body: bytes,
    *,
    asked: RequestInfo,
    retry_after: str | None = None,
    credentials: str = "the credentials",
    absence: str = "",
    now: datetime | None = None,
) -> ApiError:
    """Translate an answer that is not a success.

    Args:
        code: the HTTP status code.
        body: a `Status` in JSON, or whatever a proxy put in its place.
        retry_after: the header, seconds or an HTTP date.
        credentials: what was sent, for 401.
        absence: why nothing was sent, "" when something was.
        now: to turn a date in `retry_after` into seconds.

    Returns:
        The error to raise.
    """
    status = _decode(body)
    reason = bounded(status.reason or "", 100)
    told = bounded(status.message or "")
    seconds = _seconds(retry_after, now)
    if seconds is None and status.details is not None:
        seconds = status.details.retry_after_seconds
    if asked.resource == "pods/eviction" and (refused := _no_eviction(code, told, status)):
        return refused(code=code, reason=reason, retry_after=seconds)
    if asked.is_write and (refusal := _admission(told)):
        return refusal(code=code, reason=reason, retry_after=seconds)
    message, hint = _words(code, told, asked, credentials, absence)
    error: ApiError = _BY_CODE.get(code, UnavailableError if code >= 500 else BadRequestError)(
        message, hint, code=code, reason=reason, retry_after=seconds
    )
    return (
        with_retry_note(error, _AGAIN)
        if asked.is_retried and isinstance(error, UnavailableError | ExpiredError)
        else error
    )


def error_from_foreign_response(
    answer: ResponseHead,
    *,
    asked: RequestInfo,
    server: str,
    retry_after: str | None = None,
    now: datetime | None = None,
) -> KdashError | None:
    """Return the error for an answer that is no success and not an API server's either; None when it may be one's.

    Args:
        server: the server's URL.
        retry_after, now: as for `from_status`.
    """
    if answer.code == 400 and answer.body.startswith(_NOT_TLS):
        return https_required_error(server)
    if answer.code == 404 and not asked.group and answer.body.strip() == _NO_PATH:
        return foreign_response_error(server, answer)  # every API server has the core API: another program answers here
    if not answer.is_markup:
        return None
    error = foreign_response_error(server, answer)
    if answer.code not in (401, 429) and answer.code < 500:
        return error
    kind = UnauthorizedError if answer.code == 401 else UnavailableError
    told = kind(error.message, error.hint, code=answer.code, retry_after=_seconds(retry_after, now))
    return with_retry_note(told, _AGAIN) if asked.is_retried and kind is UnavailableError else told


def _admission(told: str) -> Callable[..., ApiError] | None:
    """Return the error for what admission said, whatever the code: a webhook chooses that itself."""
    if found := denial(told):
        return partial(DeniedError, found.message, found.hint, rule=found.rule)
    if no_dry_run(told):
        return partial(DryRunUnsupportedError, told, "Nothing was changed.")
    if words := webhook_not_called(told):
        return partial(WebhookFailedError, *words)
    return None


def _no_eviction(code: int, told: str, status: _Status) -> Callable[..., ApiError] | None:
    """Return the refusal of a disruption budget: nothing was done, whatever the code says."""
    if code == 429 and status.details is not None:
        causes = [(one.reason or "", one.message or "") for one in status.details.causes or ()]
        if words := budget_refusal(causes):
            return partial(UnavailableError, *words)
    if code == 500 and (words := several_budgets(told)):
        return partial(BadRequestError, *words)
    return None


def _words(code: int, told: str, asked: RequestInfo, credentials: str, absence: str) -> tuple[str, str]:
    match code:
        case 401 if absence:
            return (
                f"The API server asks who you are, and {absence}",
                "Set the cluster's server to https:// in the kubeconfig."
                if "http://" in absence
                else "Sign in with your cluster's command, which adds them; `kubectl config view` shows what there is.",
            )
        case 401:
            return (
                f"The API server does not accept {credentials}",
                "Sign in again, or get a new token; `kubectl auth whoami` shows whether kubectl is let in.",
            )
        case 403:
            return _forbidden(told, asked, absence)
        case 404 if not told or told.startswith("404"):
            return f"The server has no such API: {asked}", "It may be older, or the API may not be installed."
        case 404:
            return told, "It may have been deleted meanwhile."
        case 407:
            return (
                "The proxy asks for a name and a password",
                "Put them into the proxy's URL: http://NAME:PASSWORD@HOST",
            )
        case 409:
            return told or f"The object has changed meanwhile: {asked}", "Look at it again, then repeat."
        case 410:
            return told or "The version asked for is too old", ""
        case 422:
            return told or f"The server refuses this as invalid: {asked}", "Nothing was changed."
        case 429:
            wait = "Nothing was changed: wait, then try again." if asked.is_write else "Wait, then try again."
            return told or "The API server asks us to slow down", wait
        case _ if code >= 500:
            return (
                f"The API server answered {code} to: {asked}" + (f": {told}" if told else ""),
                "The server, or a proxy before it, is in trouble.",
            )
    return told or f"The API server answered {code} to: {asked}", ""


def _forbidden(told: str, asked: RequestInfo, absence: str) -> tuple[str, str]:
    user = _FORBIDDEN_USER.search(told)
    if user is None and told:  # not RBAC: quota, admission, pod security. The server's words name the rule
        return told, "A rule of the cluster (quota, admission or pod security) refuses this; your rights suffice."
    if user and user[1] == "system:anonymous":
        return (
            f"You are not signed in: the user system:anonymous may not {asked}",
            (f"{absence[:1].upper()}{absence[1:]}: sign" if absence else "Sign") + " in with your cluster's command.",
        )
    who = f"The user {user[1]}" if user and user[1] else "Your user"
    return (
        f"{who} may not {asked}",
        f"Ask for a role that allows it (`{asked.can_i_command()}` asks the server), or choose a namespace with -n.",
    )


def _decode(body: bytes) -> _Status:
    try:
        status = msgspec.json.decode(body, type=_Status)
    except (msgspec.DecodeError, UnicodeDecodeError):
        text = body[:4096].decode("utf-8", "replace").strip()
        return _Status(message="" if text.startswith("<") else text)  # a proxy's web page says nothing here
    return status if status.kind in ("Status", "") else _Status()


def _seconds(header: str | None, now: datetime | None) -> float | None:
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


def certificate_words(error: ssl.SSLCertVerificationError, server: str) -> tuple[str, str]:
    """Return message and hint for a server certificate that cannot be trusted. Codes are OpenSSL's X509_V_ERR_*."""
    why = bounded(getattr(error, "verify_message", "") or str(error), 200)
    shown = bounded(server, 200)
    match getattr(error, "verify_code", None):
        case 10:
            return (
                f"The certificate of {shown} has expired",
                "Renew the API server's certificate; check the clock here.",
            )
        case 9:
            return f"The certificate of {shown} is not valid yet", "Check the clock of this machine and of the server."
        case 62 | 64:
            return (
                f"The certificate of {shown} is for another name: {why}",
                "Use a name the certificate has as the cluster's server, or set tls-server-name in the kubeconfig.",
            )
    return (
        f"The certificate of {shown} is signed by an unknown authority: {why}",
        "Set certificate-authority(-data) of the cluster to the CA that signed it. Is the kubeconfig an older one?",
    )
