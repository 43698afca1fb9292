"""Check whether a pod's volumes can be mounted and its sandbox created."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from k9py.api.causes import Cause, CauseKind
from k9py.api.events import Event
from k9py.api.pods import Pod
from k9py.api.text import shorten
from k9py.diagnosis.remedies import missing_object_remedy

_SANDBOX_REASON: Final = "FailedCreatePodSandBox"
_REASONS: Final = frozenset({"FailedMount", "FailedAttachVolume", "FailedMapVolume", _SANDBOX_REASON})


def failed_mount(pod: Pod, events: Sequence[Event]) -> Iterator[Cause]:
    """Yield why no container of a pod can be created: a volume or the pod's sandbox. Only events report it.

    Args:
        events: recent ones about the pod.
    """
    statuses = (*(pod.status.init_container_statuses or ()), *(pod.status.container_statuses or ()))
    if any(status.state and (status.state.running or status.state.terminated) for status in statuses):
        return
    failures = sorted(
        (event for event in events if event.reason in _REASONS),
        key=lambda event: (event.last_seen is not None, event.last_seen),
        reverse=True,
    )
    if not failures:
        return
    newest = failures[0]
    began = [at for event in failures if event.reason == newest.reason and (at := event.first_seen) is not None]
    what = "pod network cannot be set up" if newest.reason == _SANDBOX_REASON else "volume cannot be mounted"
    yield Cause(
        CauseKind.MOUNT,
        newest.reason,
        f"{what}: {shorten(newest.message)}",
        since=min(began, default=None),
        remedy=missing_object_remedy(newest.message),
    )
