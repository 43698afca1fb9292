"""Who changed an object and when, read from the managed fields of its raw JSON.

Managed fields keep one entry a manager, with the time of its last change. Invariant: nobody is named for a revision
unless a time says so; what cannot be told is left out. All texts are printable.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from k9py.api.text import printable
from k9py.api.workloads import ReplicaSet
from k9py.rollouts.revisions import Revision

_SLACK: Final = timedelta(seconds=10)
"""A controller makes a revision's object within seconds of the write."""
_EARLIER: Final = timedelta(seconds=1)
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Author:
    """A field manager and its last change.

    Args:
        manager: as it calls itself: `kubectl-edit`, `argocd-controller`, ...
        operation: Apply or Update.
        at: None when the entry has no time.
        subresource: "" for the object itself, or `scale`.
    """

    manager: str
    operation: str
    at: datetime | None
    subresource: str


def authors(obj: Mapping[str, Any]) -> tuple[Author, ...]:
    """Return who changed the object, newest first; who only writes its status is left out."""
    return tuple(author for author, _ in _entries(obj))


def template_author(obj: Mapping[str, Any]) -> Author | None:
    """Return the newest author who owns a field of the pod template, None when nobody is known to.

    Of several, one without a time may be the newest: then nobody is named.
    """
    owners = [author for author, owned in _entries(obj) if _owns_template(owned)]
    is_known = len(owners) == 1 or all(author.at is not None for author in owners)
    return owners[0] if owners and is_known else None


def revision_authors(obj: Mapping[str, Any], revisions: Sequence[Revision]) -> dict[str, Author]:
    """Return who made each revision, by the revision's name, as far as times tell.

    A revision has the author whose last change is its beginning. For the current one more is known: it is the template
    of now, so who changed that since did so; and who took an old revision into use again wrote later than it was made.
    """
    writers = [author for author, owned in _entries(obj) if _owns_template(owned)]
    found: dict[str, Author] = {}
    for one in revisions:
        author = _current(obj, writers, one, revisions) if one.is_current else _beginner(writers, one, revisions)
        if author is not None:
            found[one.name] = author
    return found


def _beginner(writers: Sequence[Author], one: Revision, revisions: Sequence[Revision]) -> Author | None:
    """Return who wrote when a revision began."""
    near = [
        (abs(author.at - one.created_at), author)
        for author in writers
        # Who wrote after it was made did not make it; times are whole seconds.
        if author.at and one.created_at and author.at - one.created_at <= _EARLIER
    ]
    # Who made another revision that began nearer to it did not make this one.
    near = [pair for pair in near if pair[0] <= _SLACK and pair[0] <= _nearest(pair[1], revisions)]
    return min(near, key=lambda pair: pair[0])[1] if near else None


def _current(
    obj: Mapping[str, Any], writers: Sequence[Author], one: Revision, revisions: Sequence[Revision]
) -> Author | None:
    newest, created = template_author(obj), one.created_at
    if newest is None or newest.at is None or created is None:
        return newest
    if _is_pending(obj, one):
        return _beginner(writers, one, revisions)
    if one.was_reused or any(other.created_at and other.created_at > created for other in revisions):
        # Who wrote last when it was first made is not who went back to it.
        return newest if newest.at - created > _SLACK else None
    if one.kind != ReplicaSet.KIND:
        # An undo renumbers a ControllerRevision, and leaves no other trace.
        return newest if created - newest.at <= _SLACK else None
    beginner = _beginner(writers, one, revisions)
    if beginner is not None:
        return beginner
    since = [author for author in writers if author.at and author.at > created]
    # It has the time of a later write, of its other fields: a new template would have made a new revision.
    return replace(since[0], at=created) if len({author.manager for author in since}) == 1 else None


def _is_pending(obj: Mapping[str, Any], current: Revision) -> bool:
    """Tell whether the template is not yet that of the current revision: the rollout is paused, or only beginning."""
    pod = _mapping(_mapping(_mapping(obj.get("spec")).get("template")).get("spec"))
    containers = pod.get("containers")
    if not isinstance(containers, list):
        return False
    return tuple(_mapping(one).get("image") for one in containers) != current.images


def _nearest(author: Author, revisions: Sequence[Revision]) -> timedelta:
    """Return how far the revision that began nearest to an author's last change is from it."""
    return min(
        (abs(author.at - one.created_at) for one in revisions if author.at and one.created_at), default=timedelta.max
    )


def _entries(obj: Mapping[str, Any]) -> list[tuple[Author, Mapping[str, Any]]]:
    """Return every author with the fields it owns, newest first."""
    managed = _mapping(obj.get("metadata")).get("managedFields")
    found = []
    for one in managed if isinstance(managed, list) else ():
        entry = _mapping(one)
        subresource = _text(entry.get("subresource"))
        owned = _mapping(entry.get("fieldsV1"))
        if subresource == "status" or (owned and set(owned) == {"f:status"}) or not _text(entry.get("manager")):
            continue
        author = Author(_text(entry["manager"]), _text(entry.get("operation")), _time(entry.get("time")), subresource)
        found.append((author, owned))
    return sorted(found, key=lambda pair: pair[0].at or _LONG_AGO, reverse=True)


def _owns_template(owned: Mapping[str, Any]) -> bool:
    return "f:template" in _mapping(owned.get("f:spec"))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str:
    return printable(value) if isinstance(value, str) else ""


def _time(value: Any) -> datetime | None:
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return at if at is not None and at.tzinfo is not None else None
