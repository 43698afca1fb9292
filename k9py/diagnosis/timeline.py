"""Define an entry of the timeline: something that happened to an object, when, by whom, and how that is known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, IntEnum

from k9py.api.meta import ObjectRef


class EntryKind(Enum):
    """What sort of thing happened; the value is published in JSON."""

    CHANGE = "change"  # somebody or a controller changed a spec, a ConfigMap, a Secret …
    ROLLOUT = "rollout"  # a new revision
    SCALING = "scaling"
    POD = "pod"  # a container started, ended, was killed
    NODE = "node"
    JOB = "job"
    RELEASE = "release"  # of Helm
    EVENT = "event"
    FINDING = "finding"  # a problem began
    ACTION = "action"  # done with kdash


class Knowledge(IntEnum):
    """How much an entry says. Of several about the same change of an object, the one that says most is kept."""

    WRITTEN = 0  # only that something was written, and by whom: managed fields
    SEEN = 1  # facts that differ, because both states were watched
    STATED = 2  # what happened: a revision, a status, an event


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One entry.

    Args:
        at: when it happened, aware UTC.
        what: one printable clause: `image app: 1.4 → 1.5`.
        by: field manager or component, "" when unknown.
        source: how it is known: `managedFields of ConfigMap app-config`, `watched`, `event Killing`.
        details: further lines, such as a semantic diff.
        is_approximate: it happened at some time before `at` (found after a gap).
        knowledge: how much it says.
        owner: what the object belongs to: equal entries of several pods of one owner are shown as one. Without a kind
            it is what their names have in common, and no object.
        count: how often it happened, the last time `at`.
        first: when it happened first, None when it happened once or that is unknown.
        topic: entries of one object with the same topic report the same (`timelines/topics.py`), "" for none.
        telling: how much the text says, of several about the same topic.
        is_warning: it is nothing that is wanted: a container failed, a warning, a node that is not ready.
    """

    at: datetime
    about: ObjectRef
    kind: EntryKind
    what: str
    by: str = ""
    source: str = ""
    details: tuple[str, ...] = ()
    is_approximate: bool = False
    knowledge: Knowledge = Knowledge.STATED
    owner: ObjectRef | None = None
    count: int = 1
    first: datetime | None = None
    topic: str = ""
    telling: int = 1
    is_warning: bool = False
