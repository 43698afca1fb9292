"""Define a finding, the result of a check about one object, and the order in which findings are shown.

Invariant: a message is one printable clause that names the subject: the image, container, probe or quota.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from k9py.api.causes import Cause, CauseKind
from k9py.api.meta import ObjectRef
from k9py.api.severity import Severity

_LATEST: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding.

    Args:
        severity: for the object it is about; in a view never worse than the view's own.
        reason: CamelCase, Kubernetes' own word where there is one.
        message: what is wrong, naming the image, container, probe ...
        about: key of the object.
        since: when it began, None if unknown.
        kind: the kind of cause, None for a mere effect.
        remedy: what helps other than another release, "" if nothing is known.
        container: of the pod that it is about, "" if it is about the whole object.
    """

    severity: Severity
    reason: str
    message: str
    about: ObjectRef
    since: datetime | None = None
    kind: CauseKind | None = None
    remedy: str = ""
    container: str = ""


def finding_of(cause: Cause, severity: Severity, about: ObjectRef) -> Finding:
    """Return a cause as a finding about an object."""
    return Finding(severity, cause.reason, cause.message, about, cause.since, cause.kind, cause.remedy, cause.container)


def worst_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings worst first, without duplicates.

    Of equally severe findings those that name a cause come first, then the oldest, then in the order of the checks.
    """
    unique = {(finding.reason, finding.message, finding.about): finding for finding in findings}
    # A finding without a kind states an effect: no progress, nothing ready.
    return tuple(
        sorted(
            unique.values(),
            key=lambda finding: (finding.severity, finding.kind is None, finding.since or _LATEST),
        )
    )


def worst(findings: Iterable[Finding]) -> Finding | None:
    """Return the finding to show for an object, None if there is none."""
    ranked = worst_first(findings)
    return ranked[0] if ranked else None
