"""All checks: their descriptors are complete, and README lists them."""

from __future__ import annotations

import re

import pytest

from k9py.diagnosis.check import Check
from k9py.diagnosis.registry import CheckRegistry, built_in_checks
from tests.readme import README, with_checks

_ID = re.compile(r"[a-z]+(-[a-z]+)+")


def test_readme_lists_all_checks() -> None:
    readme = README.read_text("utf-8")

    assert readme == with_checks(readme), "run: python -m tests.readme"


@pytest.mark.parametrize("check", built_in_checks(), ids=lambda check: check.id)
def test_a_check_says_what_it_is(check: Check) -> None:
    assert _ID.fullmatch(check.id)
    assert check.title[0].islower()
    assert not check.title.endswith(".")
    assert check.subjects
    assert re.match(r"https://(kubernetes\.io|github\.com/kubernetes|gateway-api\.sigs\.k8s\.io|\S+)", check.source)
    assert check.remedy


def test_an_id_belongs_to_one_check() -> None:
    (first, *_) = built_in_checks()

    with pytest.raises(ValueError, match="two checks have the id"):
        CheckRegistry((first, first))
