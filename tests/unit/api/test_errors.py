"""Which error class an HTTP status code becomes, and the hint of an error that is retried."""

from __future__ import annotations

import pytest

from k9py.api.errors import (
    RETRY_NOTE,
    ApiError,
    BadRequestError,
    ConflictError,
    ExpiredError,
    ForbiddenError,
    InvalidError,
    KdashError,
    NotFoundError,
    UnauthorizedError,
    UnavailableError,
    api_error_type,
    with_retry_note,
)


@pytest.mark.parametrize(
    ("code", "error_type"),
    [
        (0, ApiError),
        (400, BadRequestError),
        (401, UnauthorizedError),
        (403, ForbiddenError),
        (404, NotFoundError),
        (405, BadRequestError),
        (409, ConflictError),
        (410, ExpiredError),
        (415, BadRequestError),
        (422, InvalidError),
        (429, UnavailableError),
        (500, UnavailableError),
        (501, UnavailableError),
        (504, UnavailableError),
    ],
)
def test_every_code_has_one_class(code: int, error_type: type[ApiError]) -> None:
    assert api_error_type(code) is error_type


def test_the_hint_announces_a_retry_only_while_the_request_is_retried() -> None:
    error = with_retry_note(KdashError("down", "Check the network."))
    assert error.hint == f"Check the network. {RETRY_NOTE}"
    assert error.hint_after_giving_up == "Check the network."
    assert KdashError("down", "Wait.").hint_after_giving_up == "Wait."
