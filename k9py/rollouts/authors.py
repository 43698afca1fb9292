"""Determine from the managed fields of a raw object who changed it, when, and for which revision.

Managed fields keep one entry per field manager, with the time of its last change. Invariant: nobody is named for a
revision unless a time proves it; unknown authors are left out. All texts are printable.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from k9py.api.text import printable
from k9py.api.times import parse_rfc3339
from k9py.api.workloads import CHANGE_CAUSE, ReplicaSet
from k9py.rollouts.revisions import LONG_AGO, Revision

_CREATION_DELAY: Final = timedelta(seconds=10)
"""A controller creates a revision's object within seconds of the write."""
_ROUNDING: Final = timedelta(seconds=1)
"""Times are whole seconds."""


@dataclass(frozen=True, slots=True)
class Author:
    """A field manager and its last change.

    Args:
        manager: as it calls itself: `kubectl-edit`, `argocd-controller`, ...
        operation: Apply or Update.
        at: None if the entry has no time.
        subresource: "" for the object itself, or `scale`.
    """

    manager: str
    operation: str
    at: datetime | None
    subresource: str


def authors(obj: Mapping[str, Any]) -> tuple[Author, ...]:
    """Return who changed the object, newest first; managers that only write its status are left out."""
    return tuple(author for author, _ in _entries(obj))


def template_author(obj: Mapping[str, Any]) -> Author | None:
    """Return the newest author who owns a field of the pod template, None if none is known.

    If one of several has no time, it may be the newest: then nobody is named.
    """
    owners = _template_owners(obj)
    is_known = len(owners) == 1 or all(author.at is not None for author in owners)
    return owners[0] if owners and is_known else None


def revision_authors(obj: Mapping[str, Any], revisions: Sequence[Revision]) -> dict[str, Author]:
    """Return who created each revision, by the revision's name, as far as times prove it.

    A revision's author is the one whose last change coincides with its creation. More is known of the current one:
    its template is in use, so whoever wrote the template since wrote this one; and an undo to an old revision was
    written later than the revision was created.
    """
    writers = _template_owners(obj)
    authors_by_name: dict[str, Author] = {}
    for revision in revisions:
        if revision.is_current:
            author = _current_author(obj, writers, revision, revisions)
        else:
            author = _creator(writers, revision, revisions)
        if author is not None:
            authors_by_name[revision.name] = author
    return authors_by_name


def unmark_rewritten_causes(obj: Mapping[str, Any], revisions: Sequence[Revision]) -> tuple[Revision, ...]:
    """Return the revisions, no longer marked as inherited if their change-cause was written for them.

    Args:
        obj: the raw workload, with its managed fields.
    """
    own = {name for at in _change_cause_times(obj) if (name := _revision_at(at, revisions))}
    return tuple(
        msgspec.structs.replace(revision, cause_inherited_from=None) if revision.name in own else revision
        for revision in revisions
    )


def _creator(writers: Sequence[Author], revision: Revision, revisions: Sequence[Revision]) -> Author | None:
    """Return who wrote the template when a revision was created."""
    created = revision.created_at
    near = [
        (abs(author.at - created), author)
        for author in writers
        # A write after the creation did not cause it.
        if author.at and created and author.at - created <= _ROUNDING
    ]
    # A writer nearer to the creation of another revision created that one.
    near = [pair for pair in near if pair[0] <= _CREATION_DELAY and pair[0] <= _nearest(pair[1], revisions)]
    return min(near, key=lambda pair: pair[0])[1] if near else None


def _current_author(
    obj: Mapping[str, Any], writers: Sequence[Author], current: Revision, revisions: Sequence[Revision]
) -> Author | None:
    newest, created = template_author(obj), current.created_at
    if newest is None or newest.at is None or created is None:
        return newest
    if _is_pending(obj, current):
        return _creator(writers, current, revisions)
    if current.was_reused or any(other.created_at and other.created_at > created for other in revisions):
        # The last writer at its creation is not the one who went back to it.
        return newest if newest.at - created > _CREATION_DELAY else None
    if current.kind != ReplicaSet.KIND:
        # An undo renumbers a ControllerRevision and leaves no other trace.
        return newest if created - newest.at <= _CREATION_DELAY else None
    creator = _creator(writers, current, revisions)
    if creator is not None:
        return creator
    later = [author for author in writers if author.at and author.at > created]
    # Its time is that of a later write to other fields: a new template would have created a new revision.
    return replace(later[0], at=created) if len({author.manager for author in later}) == 1 else None


def _is_pending(obj: Mapping[str, Any], current: Revision) -> bool:
    """Return whether the template has no revision yet: the rollout is paused or just beginning."""
    pod = _mapping(_mapping(_mapping(obj.get("spec")).get("template")).get("spec"))
    containers = pod.get("containers")
    if not isinstance(containers, list):
        return False
    return tuple(_mapping(container).get("image") for container in containers) != current.images


def _nearest(author: Author, revisions: Sequence[Revision]) -> timedelta:
    """Return the time between an author's last change and the creation of the nearest revision."""
    return min(
        (abs(author.at - revision.created_at) for revision in revisions if author.at and revision.created_at),
        default=timedelta.max,
    )


def _revision_at(at: datetime, revisions: Sequence[Revision]) -> str:
    """Return the name of the revision that a change-cause written at this time belongs to, "" if none is near."""
    near = [
        (abs(revision.created_at - at), revision)
        for revision in revisions
        if revision.created_at is not None and -_ROUNDING <= revision.created_at - at <= _CREATION_DELAY
    ]
    if near:
        return min(near, key=lambda pair: pair[0])[1].name
    current = next((revision for revision in revisions if revision.is_current), None)
    is_later = current is not None and current.created_at is not None and at >= current.created_at
    return current.name if current is not None and is_later else ""


def _change_cause_times(obj: Mapping[str, Any]) -> list[datetime]:
    """Return when the owners of the change-cause annotation last wrote."""
    times = []
    for entry in _managed_fields(obj):
        owned = _mapping(_mapping(_mapping(entry.get("fieldsV1")).get("f:metadata")).get("f:annotations"))
        if f"f:{CHANGE_CAUSE}" in owned and (at := parse_rfc3339(entry.get("time"))) is not None:
            times.append(at)
    return times


def _template_owners(obj: Mapping[str, Any]) -> list[Author]:
    return [author for author, owned in _entries(obj) if "f:template" in _mapping(owned.get("f:spec"))]


def _entries(obj: Mapping[str, Any]) -> list[tuple[Author, Mapping[str, Any]]]:
    """Return every author with the fields it owns, newest first."""
    managers = []
    for entry in _managed_fields(obj):
        subresource = _text(entry.get("subresource"))
        owned = _mapping(entry.get("fieldsV1"))
        if subresource == "status" or (owned and set(owned) == {"f:status"}) or not _text(entry.get("manager")):
            continue
        author = Author(
            _text(entry["manager"]), _text(entry.get("operation")), parse_rfc3339(entry.get("time")), subresource
        )
        managers.append((author, owned))
    return sorted(managers, key=lambda pair: pair[0].at or LONG_AGO, reverse=True)


def _managed_fields(obj: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    entries = _mapping(obj.get("metadata")).get("managedFields")
    return [_mapping(entry) for entry in entries] if isinstance(entries, list) else []


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str:
    return printable(value) if isinstance(value, str) else ""
