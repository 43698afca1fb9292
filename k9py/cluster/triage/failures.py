"""Report what of triage itself failed: what it would have found is unknown, so it counts as unread."""

from __future__ import annotations

from k9py.cluster.triage.runs import CheckRuns
from k9py.diagnosis.problem import UnreadKind


def failures(runs: CheckRuns, pass_error: str, suspects_error: str) -> tuple[UnreadKind, ...]:
    """Return the checks that raised, and what failed besides them.

    Args:
        pass_error: why the last pass did not end, "" when it did.
        suspects_error: why suspects could not be searched, "" when they could.
    """
    unread = [
        UnreadKind(ref.kind, ref.namespace, f"check {check} failed on {ref}: {error}")
        for check, (ref, error) in runs.broken_checks().items()
    ]
    if pass_error:
        unread.append(UnreadKind("triage", "", f"it failed: {pass_error}"))
    if suspects_error:
        unread.append(UnreadKind("suspects", "", f"their search failed: {suspects_error}"))
    return tuple(unread)
