"""Short constructors of evidence, so that each check lists what it is based on in one line.

Invariant: every text is printable and short.
"""

from __future__ import annotations

from typing import Final

from k9py.api.events import Event
from k9py.api.meta import KubeObject, ObjectRef
from k9py.api.text import bounded
from k9py.diagnosis.finding import Evidence, EvidenceSource

_MAX_LENGTH: Final = 300


def field_is(about: ObjectRef | KubeObject, where: str, text: object) -> Evidence:
    """Return the value of a field as evidence."""
    return Evidence(EvidenceSource.FIELD, _ref(about), where, bounded(str(text), _MAX_LENGTH))


def event_says(about: ObjectRef | KubeObject, event: Event) -> Evidence:
    """Return an event as evidence."""
    text = bounded(event.message, _MAX_LENGTH)
    return Evidence(EvidenceSource.EVENT, _ref(about), bounded(event.reason), text, event.last_seen)


def log_says(about: ObjectRef | KubeObject, container: str, line: str) -> Evidence:
    """Return a log line of a container as evidence."""
    return Evidence(EvidenceSource.LOG, _ref(about), container, bounded(line, _MAX_LENGTH))


def does_not_exist(ref: ObjectRef) -> Evidence:
    """Return as evidence that an object was looked for, and does not exist."""
    return Evidence(EvidenceSource.ABSENCE, ref, "", bounded(f"{ref} does not exist"))


def _ref(about: ObjectRef | KubeObject) -> ObjectRef:
    return about if isinstance(about, ObjectRef) else about.key
