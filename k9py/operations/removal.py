"""Track a deleted object until it is gone, and name what it waits for: finalizers, or the content of a namespace.

The object alone is read, with growing pauses: to watch its type may not be allowed, and many types are not watched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from k9py.api.errors import ConnectionFailedError, ForbiddenError, NotFoundError, UnavailableError
from k9py.api.meta import ObjectRef
from k9py.api.plural import pluralize
from k9py.api.text import printable
from k9py.operations.patcher import Reader
from k9py.operations.track import TrackedEnd
from k9py.runtime.clock import Clock

REMOVAL_SECONDS: Final = 300.0
"""How long an object that is being deleted is tracked."""
_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 5.0
_NAMESPACE_BLOCKED: Final = (
    "NamespaceContentRemaining",
    "NamespaceFinalizersRemaining",
    "NamespaceDeletionDiscoveryFailure",
)


async def track_removal(
    reader: Reader,
    clock: Clock,
    key: ObjectRef,
    uid: str,
    *,
    report: Callable[[str], None],
    timeout: float = REMOVAL_SECONDS,
    is_superseded: Callable[[], bool] = lambda: False,
) -> TrackedEnd:
    """Track it until it is gone, or another object has its name; a lost connection may come back meanwhile."""
    began, pause, waits_for = clock.monotonic(), _FIRST_PAUSE, ""
    while True:
        left = timeout - (clock.monotonic() - began)
        try:
            present = await reader.get(key)
        except NotFoundError:
            return TrackedEnd("gone", "gone", seconds=clock.monotonic() - began, is_expected=True)
        except ForbiddenError as error:
            return TrackedEnd("not-followed", printable(error.message), seconds=clock.monotonic() - began)
        except (ConnectionFailedError, UnavailableError):
            if left <= 0:
                raise
        else:
            if str((present.get("metadata") or {}).get("uid") or "") != uid:
                return TrackedEnd("gone", "gone", seconds=clock.monotonic() - began, is_expected=True)
            waits_for = blocked_by(present)
            report(f"terminating: {waits_for}" if waits_for else "terminating")
        if is_superseded():
            return TrackedEnd("not-followed", "another write to it began", seconds=clock.monotonic() - began)
        if left <= 0:
            text = f"still terminating after {timeout:.0f} s" + (f": {waits_for}" if waits_for else "")
            return TrackedEnd("not-followed", text, seconds=clock.monotonic() - began, is_timeout=True)
        await clock.sleep(min(pause, max(left, 0.01)))
        pause = min(2 * pause, _LONGEST_PAUSE)


def blocked_by(obj: Mapping[str, Any]) -> str:
    """Return what the deletion of an object waits for, "" when nothing is known."""
    meta, status = obj.get("metadata") or {}, obj.get("status") or {}
    for condition in status.get("conditions") or () if obj.get("kind") == "Namespace" else ():
        if condition.get("type") in _NAMESPACE_BLOCKED and condition.get("status") == "True":
            return printable(str(condition.get("message") or condition["type"]))
    finalizers = finalizers_of(obj)
    if not finalizers or not meta.get("deletionTimestamp"):
        return ""
    return f"waits for {pluralize(len(finalizers), 'finalizer', 'finalizers')} {', '.join(finalizers)}"


def finalizers_of(obj: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the finalizers of an object, printable; those of a Namespace's spec too."""
    meta, spec = obj.get("metadata") or {}, obj.get("spec") or {}
    names = [*(meta.get("finalizers") or ())]
    if obj.get("kind") == "Namespace":
        names += spec.get("finalizers") or ()
    return tuple(printable(str(name)) for name in names)
