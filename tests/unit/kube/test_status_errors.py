"""Messages and hints for what a real API server answered."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from k9py.api.errors import (
    ApiError,
    BadRequestError,
    ConflictError,
    ExpiredError,
    ForbiddenError,
    InvalidError,
    MissingApiError,
    NotFoundError,
    UnauthorizedError,
    UnavailableError,
)
from k9py.kube.request import RequestInfo
from k9py.kube.status_errors import error_from_status

WIRE = Path(__file__).parents[2] / "wire"
LIST_PODS = RequestInfo("list", "pods", namespace="shop")


def recorded(file: str) -> list[tuple[str, int, bytes]]:
    """Return (method and path, code, body) of every refusal in a recording."""
    exchanges: list[dict[str, Any]] = json.loads((WIRE / f"{file}.json").read_text())
    refusals = []
    for exchange in exchanges:
        request, response = exchange["request"], exchange["response"]
        if response["status"] >= 400:
            body = response["body"]
            data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
            refusals.append((f"{request['method']} {request['path']}", response["status"], data))
    return refusals


def translated(file: str, nth: int, info: RequestInfo = LIST_PODS) -> ApiError:
    _, code, body = recorded(file)[nth]
    return error_from_status(code, body, info=info)


@pytest.mark.parametrize(
    ("nth", "kind", "expected"),
    [
        (0, InvalidError, "spec.template.spec.containers[0].image: Required value"),
        (1, InvalidError, "field is immutable"),
        (2, BadRequestError, "error decoding patch"),
        (3, BadRequestError, "415: Unsupported Media Type"),
        (4, ConflictError, "the object has been modified"),
        (5, InvalidError, 'unknown field "spec.nope"'),
        (6, InvalidError, "the server rejected our request"),
    ],
)
def test_refused_patches_keep_the_servers_message(nth: int, kind: type[ApiError], expected: str) -> None:
    error = translated("patch-errors", nth)
    assert type(error) is kind
    assert expected in error.message


@pytest.mark.parametrize(
    ("nth", "info", "expected"),
    [
        (0, RequestInfo("list", "namespaces"), "may not list namespaces across the whole cluster"),
        (2, RequestInfo("list", "secrets", "", "shop"), "may not list secrets in the namespace shop"),
        (
            4,
            RequestInfo("patch", "deployments", "apps", "shop", "checkout"),
            "may not patch deployments.apps checkout in the namespace shop",
        ),
        (6, RequestInfo("delete", "pods", "", "shop", "nope"), "may not delete pods nope in the namespace shop"),
    ],
)
def test_forbidden_names_user_verb_and_resource_in_rbac_terms(nth: int, info: RequestInfo, expected: str) -> None:
    error = translated("restricted-user", nth, info)
    assert type(error) is ForbiddenError
    assert error.message == f"The user system:serviceaccount:shop:viewer {expected}"
    assert info.can_i_command() in error.hint


def test_the_hint_of_forbidden_is_a_command_that_can_be_run() -> None:
    assert RequestInfo("patch", "deployments/scale", "apps", "shop", "x").can_i_command() == (
        "kubectl auth can-i patch deployments.apps --subresource=scale -n shop"
    )
    assert RequestInfo("list", "pods").can_i_command() == "kubectl auth can-i list pods -A"
    assert RequestInfo("get", "/version").can_i_command() == "kubectl auth can-i get /version"


def test_forbidden_by_quota_is_not_reported_as_missing_rbac() -> None:
    body = b'{"kind":"Status","message":"pods \\"x\\" is forbidden: exceeded quota: q","reason":"Forbidden"}'
    error = error_from_status(403, body, info=LIST_PODS)
    assert type(error) is ForbiddenError
    assert "exceeded quota" in error.message
    assert "quota" in error.hint


def test_unauthorized_names_the_refused_credentials() -> None:
    _, code, body = recorded("unauthenticated")[0]
    error = error_from_status(code, body, info=LIST_PODS, credentials="the token in /t")
    assert type(error) is UnauthorizedError
    assert error.message == "The API server does not accept the token in /t"
    assert error.hint


def test_a_missing_object_and_a_missing_api_differ() -> None:
    gone, no_api = translated("get", 0), translated("get", 1)
    assert type(gone) is NotFoundError
    assert type(no_api) is MissingApiError
    assert gone.message == 'deployments.apps "nope" not found'
    assert "no such API" in no_api.message


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (410, ExpiredError),
        (429, UnavailableError),
        (500, UnavailableError),
        (503, UnavailableError),
        (418, BadRequestError),
    ],
)
def test_every_code_has_its_error(code: int, kind: type[ApiError]) -> None:
    error = error_from_status(code, b"", info=LIST_PODS)
    assert type(error) is kind
    assert error.code == code
    assert error.message


@pytest.mark.parametrize("file", ["patch-errors", "restricted-user", "unauthenticated", "get", "logs", "watch-bad-rv"])
def test_every_recorded_refusal_has_a_message_and_its_code(file: str) -> None:
    refusals = recorded(file)
    assert refusals
    for _, code, body in refusals:
        error = error_from_status(code, body, info=LIST_PODS)
        assert error.code == code
        assert error.message.strip()


@pytest.mark.parametrize(
    ("header", "body", "seconds"),
    [
        ("7", b"", 7.0),
        ("Sun, 22 Nov 2026 12:00:30 GMT", b"", 30.0),
        ("nonsense", b"", None),
        (None, b'{"kind":"Status","details":{"retryAfterSeconds":3}}', 3.0),
        (None, b"", None),
    ],
)
def test_retry_after_is_seconds_a_date_or_the_statuss_own(
    header: str | None, body: bytes, seconds: float | None
) -> None:
    now = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
    assert error_from_status(429, body, info=LIST_PODS, retry_after=header, now=now).retry_after == seconds


def test_text_from_a_server_is_made_printable_and_bounded() -> None:
    body = json.dumps(
        {"kind": "Status", "message": "\x1b]52;c;evil\x07bad\x1b[31m" + "x" * 100_000, "code": 400}
    ).encode()
    error = error_from_status(400, body, info=LIST_PODS)
    assert error.message.isprintable()
    assert error.message.startswith("bad")
    assert len(error.message) <= 1000


def test_a_proxys_web_page_is_not_shown() -> None:
    error = error_from_status(502, b"<html><h1>Bad Gateway</h1></html>", info=LIST_PODS)
    assert error.message == "The API server answered 502 to: list pods in the namespace shop"


def test_a_manifest_that_does_not_fit_its_type_is_not_a_problem_of_the_server() -> None:
    place, problem = "(shop/bad; apps/v1, Kind=Deployment)", ".spec.foo: field not declared in schema"
    message = f"failed to create typed patch object {place}: {problem}"
    body = json.dumps({"kind": "Status", "message": message, "code": 500}).encode()
    error = error_from_status(500, body, info=RequestInfo("patch", "deployments", "apps", "shop", "bad"))
    assert isinstance(error, BadRequestError)
    assert error.message == problem
    assert "does not fit its type" in error.hint
