"""May the person do this at all? Asked of the server (SelfSubjectAccessReview), before it refuses."""

from __future__ import annotations

from collections.abc import Iterator

from k9py.operations.plan import PreflightWarning, WarningLevel
from k9py.operations.preflight.facts import Facts, Unknown
from k9py.operations.preflight.unknown import unknown


def rights(facts: Facts) -> Iterator[PreflightWarning]:
    """Warn that the write will be refused, or that nobody can tell."""
    match facts.allowed:
        case Unknown() as fact:
            yield unknown(f"your right to {facts.right}", fact, "it may be refused")
        case False:
            yield PreflightWarning(
                WarningLevel.DANGER, "rights", f"you may not {facts.right}: the server will refuse it"
            )
