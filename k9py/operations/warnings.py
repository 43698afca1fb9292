"""Sort and merge warnings, and warn about a number of replicas; the other checks are in `preflight`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from k9py.api.write_request import WriteRequest
from k9py.operations.plan import PreflightWarning, WarningLevel
from k9py.operations.proof import misses
from k9py.operations.values import path_text, short, value_text


def loudest_first(*groups: Iterable[PreflightWarning]) -> tuple[PreflightWarning, ...]:
    """Gather the warnings of several checks."""
    return tuple(sorted((warning for group in groups for warning in group), key=lambda warning: warning.level))


def merge_warnings(
    planned: Sequence[PreflightWarning], later: Sequence[PreflightWarning]
) -> tuple[PreflightWarning, ...]:
    """Merge a plan's warnings with later ones: a later warning replaces an earlier one with the same code."""
    newer = {warning.code for warning in later}
    return loudest_first((warning for warning in planned if warning.code not in newer), later)


def fewer_pods(now: int, wanted: int) -> Iterator[PreflightWarning]:
    """Warn about scaling to zero, and about numbers that look like a typing error."""
    if wanted == 0:
        yield PreflightWarning(WarningLevel.DANGER, "zero", "0 replicas: this takes the service down")
    elif wanted >= 10 * max(now, 1) and wanted >= 50:
        yield PreflightWarning(
            WarningLevel.CAUTION, "large", f"that is {wanted // max(now, 1)} times as many pods as now"
        )


def mutated(request: WriteRequest, previewed: Mapping[str, Any]) -> Iterator[PreflightWarning]:
    """Warn about values that a webhook would change, as the dry run showed."""
    for path, sent, actual in islice(misses(request, previewed), 3):
        stored, wanted = short(value_text(path, actual)), short(value_text(path, sent))
        message = f"admission changes it: {short(path_text(path))} becomes {stored}, not {wanted}"
        yield PreflightWarning(WarningLevel.CAUTION, "mutated", message)
