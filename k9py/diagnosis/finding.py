"""What a check says: a finding about one object, for a person.

Invariant: messages are one printable sentence clause that names the thing (image, container, probe, quota).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from k9py.api.causes import CauseKind
from k9py.api.meta import ObjectKey
from k9py.api.severity import Severity


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding.

    Args:
        severity: how bad it is for the object it is about; in a view it is never worse than the view's own.
        reason: CamelCase, as Kubernetes says it where it does.
        message: what it is, naming the image, container, probe ...
        about: the object it is about.
        since: when it began, None when unknown.
        kind: the family of the cause, None when it is none of those.
        remedy: what ends it beside another release, "" when nothing is known.
    """

    severity: Severity
    reason: str
    message: str
    about: ObjectKey
    since: datetime | None = None
    kind: CauseKind | None = None
    remedy: str = ""
