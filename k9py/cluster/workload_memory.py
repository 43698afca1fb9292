"""Facts about workloads seen earlier in this session that the cluster itself does not keep.

Invariant: at most `MAX_REMEMBERED` workloads are remembered of each kind of fact; the one seen longest ago is dropped
first. Keys are uids: a workload that is recreated starts without a memory.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, TypeVar

from msgspec.structs import replace

from k9py.rollouts.scaling_events import Scaling
from k9py.rollouts.status import RolloutStatus
from k9py.rollouts.template_change import TemplateWrite

T = TypeVar("T")

MAX_REMEMBERED: Final = 20_000


class WorkloadMemory:
    """Remembers replicas, scalings and template changes by workload."""

    def __init__(self) -> None:
        self._replicas: dict[str, int] = {}
        self._scalings: dict[str, Scaling] = {}  # `at` None: not scaled since it was seen first
        self._template_writes: dict[str, tuple[int | None, TemplateWrite]] = {}  # with the number of the revision

    def observe_replicas(self, uid: str, desired: int | None) -> int | None:
        """Remember how many replicas a workload wants, unless 0 or unknown; return the last number remembered."""
        if desired:
            _remember(self._replicas, uid, desired)
        return self._replicas.get(uid)

    def observe_scaling(self, uid: str, replicas: int, now: datetime) -> Scaling | None:
        """Remember the replicas of a workload; return its last scaling, None when none was seen in this session."""
        scaling = self._scalings.pop(uid, Scaling(replicas, replicas))
        if scaling.after != replicas:
            scaling = Scaling(scaling.after, replicas, now)
        _remember(self._scalings, uid, scaling)
        return None if scaling.at is None else scaling

    def with_earliest_change(self, status: RolloutStatus) -> RolloutStatus:
        """Return the status with the earliest time seen for its revision: later signs may be about later changes."""
        number, write = self._template_writes.pop(status.uid, (None, TemplateWrite()))
        if status.revision is None or number != status.revision or write.at is None:
            write = TemplateWrite(status.changed_at, status.changed_by)
        elif status.changed_at is not None and status.changed_at < write.at:
            write = TemplateWrite(status.changed_at, status.changed_by or write.by)
        _remember(self._template_writes, status.uid, (status.revision, write))
        return replace(status, changed_at=write.at, changed_by=write.by)


def _remember(memory: dict[str, T], uid: str, value: T) -> None:
    """Keep a value as the newest, and drop the oldest when the memory is full."""
    memory.pop(uid, None)
    memory[uid] = value
    if len(memory) > MAX_REMEMBERED:
        del memory[next(iter(memory))]
