"""Which finding speaks for an object. Order: worst severity, then those that name a cause, then the oldest."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from k9py.diagnosis.finding import Finding

_LATEST = datetime.max.replace(tzinfo=UTC)


def worst_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings worst first, each (reason, message, about) once; equals keep the order of the checks."""
    unique = {(one.reason, one.message, one.about): one for one in findings}
    # A finding with a kind names a cause; one without says what follows from it (no progress, nothing ready).
    return tuple(sorted(unique.values(), key=lambda one: (one.severity, one.kind is None, one.since or _LATEST)))


def worst(findings: Iterable[Finding]) -> Finding | None:
    """Return the finding that speaks for an object, None when there is none."""
    ranked = worst_first(findings)
    return ranked[0] if ranked else None
