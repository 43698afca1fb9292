"""Make the evidence of findings: fields, conditions, events and absent objects, each printable and short.

Invariant: evidence states what was read, in the words of its source; what it means is the finding's message.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from k9py.api.events import Event
from k9py.api.meta import Condition, KubeObject, ObjectRef
from k9py.api.near_names import near_names
from k9py.api.text import printable, shorten
from k9py.diagnosis.finding import Evidence, EvidenceSource

_UID: Final = re.compile(r"\([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\)", re.A)
"""What the kubelet writes behind the name of a pod: `web-1_shop(UID)`."""
_TIME: Final = re.compile(r"^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d) ", re.A)


def field(obj: KubeObject | ObjectRef, path: str, text: object, at: datetime | None = None) -> Evidence:
    """Return a field as evidence.

    Args:
        path: as kubectl writes it: `spec.paused`.
    """
    about = obj.key if isinstance(obj, KubeObject) else obj
    return Evidence(EvidenceSource.FIELD, about, path, shorten(_UID.sub("", str(text))), at)


def condition_evidence(obj: KubeObject, condition: Condition) -> Evidence:
    """Return a condition of the status as evidence."""
    detail = f": {condition.message}" if condition.message else ""
    text = f"{condition.status} {condition.reason}{detail}".strip()
    return field(obj, f"status.conditions[{condition.type}]", text, condition.last_transition_time)


def event_evidence(obj: KubeObject, event: Event) -> Evidence:
    """Return an event about an object as evidence."""
    text = shorten(_UID.sub("", event.message))
    return Evidence(EvidenceSource.EVENT, obj.key, printable(event.reason), text, event.last_seen)


def absence(ref: ObjectRef) -> Evidence:
    """Return that an object was looked for and does not exist."""
    return Evidence(EvidenceSource.ABSENCE, ref, "", f"{ref.qualified_kind} {printable(ref.name)} does not exist")


def log_evidence(pod: KubeObject, container: str, line: str) -> Evidence:
    """Return a line of a container's log as evidence."""
    return Evidence(EvidenceSource.LOG, pod.key, printable(container), shorten(line))


def without_time(line: str) -> str:
    """Return a line of a log without the time that the kubelet puts before it."""
    return _TIME.sub("", line, count=1)


def similar_names(name: str, names: Iterable[str]) -> tuple[str, ...]:
    """Return up to three names that may be meant, the most similar first, printable."""
    return tuple(printable(each) for each in near_names(name, names))


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """Return `; similar: builder` for a message that a name does not exist, "" when there is no similar one."""
    similar = similar_names(name, names)
    return f"; similar: {', '.join(similar)}" if similar else ""
