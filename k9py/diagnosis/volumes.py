"""Read from events why a pod's volumes cannot be attached or mounted, or its sandbox not be created.

Invariant: of several events the one with the most information counts, not the last: the kubelet repeats "Unable to
attach or mount volumes … deadline exceeded" after each specific failure. To read another text: a line in `_GENERIC` or
`_PREFIXES`. Sources: pkg/kubelet/volumemanager, pkg/volume/util/operationexecutor, pkg/controller/volume/attachdetach.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from k9py.api.causes import Cause, CauseKind
from k9py.api.events import Event
from k9py.api.lazy_pattern import lazy_pattern
from k9py.api.pods import Pod
from k9py.api.text import shorten
from k9py.diagnosis.remedies import missing_object_remedy

ATTACH: Final = "FailedAttachVolume"
MULTI_ATTACH: Final = "Multi-Attach error"
_SANDBOX_REASON: Final = "FailedCreatePodSandBox"
_MOUNT_REASONS: Final = frozenset({"FailedMount", ATTACH, "FailedMapVolume", "FailedMountOnFilesystemMismatch"})
_GENERIC: Final = (
    "unmounted volumes=",
    "failed to sync configmap cache",
    "failed to sync secret cache",
    "not registered",
    "timed out waiting for",
    "context deadline exceeded",
    "volume attachment is being deleted",
    "Operation for",
)
"""Texts that tell that it takes long, or that it is tried again, but not why; the least telling first."""
_VOLUME: Final = lazy_pattern(r'for volume "(?P<name>[^"]*)"\s*:?\s*(?P<text>.*)$')
_UNMOUNTED: Final = lazy_pattern(r"unmounted volumes=\[(?P<names>[^\]]*)\]")
_PREFIXES: Final = lazy_pattern(r"^(?:rpc error: code = \S+ desc = )+")
_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class MountFailure:
    """Why a volume is not there.

    Args:
        event: which tells it.
        volume: name in the pod's spec, or of the PersistentVolume; "" when it is not named.
        text: the error, without the names of the operation and the volume.
        since: when it began.
        is_specific: the text names a cause.
    """

    event: Event
    volume: str
    text: str
    since: datetime | None
    is_specific: bool

    @property
    def verb(self) -> str:
        """What fails: `attached`, `mounted`."""
        is_attach = self.event.reason == ATTACH or self.event.message.startswith("AttachVolume")
        return "attached" if is_attach else "mounted"


def mount_failures(events: Iterable[Event]) -> tuple[MountFailure, ...]:
    """Return the failures that events report, one for each volume and text, the most telling first.

    Args:
        events: recent ones about the pod.
    """
    failures: dict[tuple[str, str], MountFailure] = {}
    for event in sorted(events, key=lambda each: each.last_seen or _EARLIEST, reverse=True):
        if not is_mount_failure(event):
            continue
        failure = mount_failure(event)
        known = failures.get((failure.volume, failure.text))
        if known is None:
            failures[failure.volume, failure.text] = failure
    return tuple(sorted(failures.values(), key=lambda each: _rank(each.event.message)))


def is_mount_failure(event: Event) -> bool:
    """Return whether an event reports that a volume cannot be attached or mounted."""
    return event.reason in _MOUNT_REASONS


def waits_for_volumes(event: Event) -> bool:
    """Return whether an event only reports that the kubelet waited for volumes, not why they are not there."""
    return _UNMOUNTED.search(event.message) is not None


def failed_mount(pod: Pod, events: Sequence[Event]) -> Iterator[Cause]:
    """Yield why no container of a pod can be created: a volume or the pod's sandbox. Only events report it.

    Args:
        events: recent ones about the pod.
    """
    if has_started(pod):
        return
    failures = mount_failures(events)
    if failures:
        best = failures[0]
        began = [at for each in failures if each.event.reason == best.event.reason and (at := each.since) is not None]
        yield Cause(
            CauseKind.MOUNT,
            best.event.reason,
            f"volume cannot be {best.verb}: {shorten(best.event.message)}",
            since=min(began, default=None),
            remedy=missing_object_remedy(best.event.message),
        )
        return
    sandbox = [event for event in events if event.reason == _SANDBOX_REASON]
    if sandbox:
        newest = max(sandbox, key=lambda each: each.last_seen or _EARLIEST)
        since = min((at for event in sandbox if (at := event.first_seen) is not None), default=None)
        message = f"pod network cannot be set up: {shorten(newest.message)}"
        yield Cause(CauseKind.MOUNT, newest.reason, message, since=since)


def has_started(pod: Pod) -> bool:
    """Return whether a container of the pod has ever run: its volumes were there then."""
    statuses = (*(pod.status.init_container_statuses or ()), *(pod.status.container_statuses or ()))
    return any(status.state and (status.state.running or status.state.terminated) for status in statuses)


def unmounted(failure: MountFailure) -> tuple[str, ...]:
    """Return the volumes that a generic event names, by their names in the pod's spec."""
    named = _UNMOUNTED.search(failure.event.message)
    return tuple(named["names"].split()) if named else ()


def mount_failure(event: Event) -> MountFailure:
    """Return what an event says about a volume that cannot be attached or mounted."""
    message = " ".join(event.message.split())
    named = _VOLUME.search(message)
    volume, text = (named["name"], named["text"]) if named else ("", message)
    text = shorten(_PREFIXES.sub("", text)) or shorten(message)
    return MountFailure(event, volume, text, event.first_seen, _rank(message) == 0)


def _rank(message: str) -> int:
    """Return how little a message tells: 0 for one that names a cause."""
    for number, part in enumerate(_GENERIC):
        if part in message:
            return len(_GENERIC) - number
    return 0
