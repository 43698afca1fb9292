"""What a check says: a finding about one object, for a person.

Invariant: messages are one printable sentence clause that names the thing (image, container, probe, quota).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from k9py.objects.meta import ObjectKey
from k9py.objects.troubles import TroubleKind


class Severity(IntEnum):
    """Worst is lowest, so findings sort worst first."""

    FAIL = 0
    WARN = 1
    INFO = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding.

    Args:
        severity: FAIL is broken now, WARN may break or is slow, INFO is worth knowing.
        reason: CamelCase, as Kubernetes says it where it does.
        message: what it is, naming the image, container, probe ...
        about: the object it is about.
        since: when it began, None when unknown.
        kind: the family of the cause, None when it is none of those.
    """

    severity: Severity
    reason: str
    message: str
    about: ObjectKey
    since: datetime | None = None
    kind: TroubleKind | None = None
