"""Refusals by admission: the text decides, whatever code the webhook chose."""

from __future__ import annotations

import json

import pytest

from k9py.api.errors import (
    RETRY_NOTE,
    ApiError,
    DeniedError,
    DryRunUnsupportedError,
    ForbiddenError,
    UnavailableError,
    WebhookFailedError,
)
from k9py.kube.request import RequestInfo
from k9py.kube.status_errors import error_from_status
from k9py.views.exit_codes import ExitCode, exit_code_of_error

PATCH = RequestInfo("patch", "deployments", "apps", "shop", "checkout")
KYVERNO = (
    'admission webhook "validate.kyverno.svc-fail" denied the request: \n\nresource Deployment/shop/checkout was '
    "blocked due to the following policies \n\nrequire-team:\n  check-team: 'validation error: label team is required'"
)
GATEKEEPER = 'admission webhook "validation.gatekeeper.sh" denied the request: [require-team] you must provide team'
POLICY = (
    "deployments.apps \"checkout\" is forbidden: ValidatingAdmissionPolicy 'no-latest' with binding 'no-latest-shop' "
    "denied request: images may not be :latest"
)


def answer(code: int, message: str, asked: RequestInfo = PATCH, reason: str = "") -> ApiError:
    body = {"kind": "Status", "status": "Failure", "message": message, "reason": reason, "code": code}
    return error_from_status(code, json.dumps(body).encode(), info=asked)


@pytest.mark.parametrize("code", [400, 401, 403, 404, 409, 422, 429, 500, 503])
def test_a_webhook_that_denies_is_a_refusal_whatever_code_it_chose(code: int) -> None:
    error = answer(code, KYVERNO)
    assert type(error) is DeniedError
    assert (error.code, error.rule) == (code, "validate.kyverno.svc-fail")
    assert exit_code_of_error(error) is ExitCode.REFUSED
    assert error.message == " ".join(KYVERNO.split()), "on one line, without gaps"
    assert "validate.kyverno.svc-fail" in error.hint
    assert "nothing was changed" in error.hint.lower()


@pytest.mark.parametrize(
    ("code", "message", "rule"),
    [
        (400, GATEKEEPER, "validation.gatekeeper.sh"),
        (400, 'admission webhook "x.example.com" denied the request without explanation', "x.example.com"),
        (422, POLICY, "no-latest"),
        (403, POLICY.replace("Validating", "Mutating"), "no-latest"),
    ],
)
def test_the_rule_that_refuses_is_named(code: int, message: str, rule: str) -> None:
    error = answer(code, message)
    assert isinstance(error, DeniedError)
    assert error.rule == rule
    assert rule in error.hint
    assert error.message == message


@pytest.mark.parametrize("code", [400, 500])
@pytest.mark.parametrize(
    "message",
    [
        'admission webhook "audit.example.com" does not support dry run',
        'Internal error occurred: admission webhook "audit.example.com" does not support dry run',
        'Internal error occurred: failed calling webhook "audit.example.com": Webhook SideEffects is nil',
        'admission webhook "a" says: dry-run is not supported',
        "the dryRun alpha feature is disabled",
    ],
)
def test_a_server_that_cannot_dry_run_a_write_differs_from_one_that_refuses_it(code: int, message: str) -> None:
    assert type(answer(code, message)) is DryRunUnsupportedError


@pytest.mark.parametrize(
    "why",
    [
        'failed to call webhook: Post "https://10.0.0.1:443/validate?timeout=10s": context deadline exceeded',
        'failed to call webhook: Post "https://10.0.0.1/validate": dial tcp 10.0.0.1:443: connect: connection refused',
        "failed to call webhook: the server could not find the requested resource",
        "expected response.uid=1, got 2",
    ],
)
def test_a_webhook_that_could_not_be_called_is_named_and_nothing_was_changed(why: str) -> None:
    error = answer(
        500, f'Internal error occurred: failed calling webhook "audit.example.com": {why}', reason="InternalError"
    )
    assert type(error) is WebhookFailedError
    assert error.message == f"The server could not call the admission webhook audit.example.com: {why}"
    assert "nothing was changed" in error.hint.lower()
    assert exit_code_of_error(error) is ExitCode.UNKNOWN


@pytest.mark.parametrize("code", [429, 500, 502, 503, 504])
@pytest.mark.parametrize(
    "asked", [PATCH, RequestInfo("delete", "pods"), RequestInfo("create", "pods/eviction"), RequestInfo("get", "pods")]
)
def test_only_what_the_caller_retries_is_announced_as_retried(asked: RequestInfo, code: int) -> None:
    error = answer(code, "the server is currently unable to handle the request", asked)
    assert isinstance(error, UnavailableError)
    assert RETRY_NOTE not in error.hint
    listing = answer(code, "", RequestInfo("list", "pods"))
    assert RETRY_NOTE in listing.hint
    assert RETRY_NOTE not in listing.hint_after_giving_up


def test_a_quota_message_is_kept_and_reads_have_no_admission() -> None:
    quota = answer(403, 'pods "x" is forbidden: exceeded quota: q')
    assert type(quota) is ForbiddenError
    assert type(answer(503, KYVERNO, RequestInfo("list", "pods"))) is UnavailableError
