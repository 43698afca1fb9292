"""Refused evictions: the budget is named with its numbers, and the outcome is never unknown."""

from __future__ import annotations

import json
from typing import Any

import pytest

from k9py.api.errors import BadRequestError, UnavailableError
from k9py.kube.request import RequestInfo
from k9py.kube.status_errors import error_from_status
from tests.recordings import exchanges

EVICT = RequestInfo("create", "pods/eviction", "", "shop", "checkout-1")
HINT = "Wait until more of its pods are ready. Deleting the pod bypasses the PodDisruptionBudget."


def refused(code: int, message: str, causes: Any = None) -> bytes:
    return json.dumps({"kind": "Status", "message": message, "details": {"causes": causes}, "code": code}).encode()


def test_the_recorded_refusal_names_the_budget_what_it_needs_and_has() -> None:
    answer = exchanges("delete-and-evict")[0]["response"]
    error = error_from_status(answer["status"], json.dumps(answer["body"]).encode(), info=EVICT)
    assert type(error) is UnavailableError
    assert error.message == "PodDisruptionBudget checkout allows no disruptions: it requires 4 healthy pods and has 3"
    assert (error.hint, error.code, error.reason) == (HINT, 429, "TooManyRequests")


def test_another_message_of_the_server_is_passed_on_printable() -> None:
    causes = [{"reason": "DisruptionBudget", "message": "The disruption budget a is still \x1b[31mbeing processed."}]
    error = error_from_status(429, refused(429, "Cannot evict", causes), info=EVICT)
    assert error.message == (
        "A PodDisruptionBudget refuses the eviction: The disruption budget a is still being processed."
    )


@pytest.mark.parametrize("causes", [None, [], [{"reason": None, "message": None}], [{"reason": "Other"}]])
def test_a_429_without_a_budget_is_the_server_asking_to_slow_down(causes: Any) -> None:
    error = error_from_status(429, refused(429, "", causes), info=EVICT)
    assert error.message == "The API server asks clients to slow down"


def test_several_budgets_are_a_refusal_and_not_an_unknown_outcome() -> None:
    message = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
    error = error_from_status(500, refused(500, message), info=EVICT)
    assert isinstance(error, BadRequestError)
    assert error.message == "Several PodDisruptionBudgets select this pod: the server evicts no such pod"
    other = error_from_status(500, refused(500, message), info=RequestInfo("patch", "pods"))
    assert isinstance(other, UnavailableError)
