"""Patterns that are compiled at their first use."""

from __future__ import annotations

import re
from types import ModuleType

import pytest

from k9py.api import redaction, redaction_patterns
from k9py.api.lazy_pattern import lazy_pattern
from k9py.diagnosis import (
    containers,
    creation,
    hooks,
    images,
    log_errors,
    pod_events,
    probes,
    refusals,
    remedies,
    runtime_errors,
    scheduler_message,
    terminations,
)
from k9py.logs.parsing import level, level_json, level_text, record


def test_it_matches_as_the_compiled_pattern_does() -> None:
    lazy, plain = lazy_pattern(r"(?P<word>b+)", re.I), re.compile(r"(?P<word>b+)", re.I)
    for text in ("aBBc", "none", ""):
        actual, expected = lazy.search(text), plain.search(text)
        assert (actual and actual["word"]) == (expected and expected["word"])
    assert lazy.sub("x", "aBb") == "ax"
    assert (lazy.pattern, lazy.flags, lazy.groupindex) == (plain.pattern, plain.flags, plain.groupindex)


def test_it_is_compiled_at_the_first_use_and_not_before() -> None:
    broken = lazy_pattern("(")
    with pytest.raises(re.error):
        broken.search("")


def test_a_used_method_is_kept() -> None:
    lazy = lazy_pattern("a")
    assert lazy.search is lazy.search


@pytest.mark.parametrize(
    "module",
    [
        level,
        level_json,
        level_text,
        record,
        containers,
        creation,
        images,
        pod_events,
        probes,
        remedies,
        refusals,
        hooks,
        log_errors,
        runtime_errors,
        scheduler_message,
        terminations,
        redaction_patterns,
        redaction,
    ],
)
def test_every_lazy_pattern_is_a_regular_expression(module: ModuleType) -> None:
    lazy = type(lazy_pattern(""))
    patterns = [value for value in vars(module).values() if isinstance(value, lazy)]
    assert patterns
    for value in patterns:
        re.compile(value.pattern, value.flags)
