"""What pods and nodes use, polled only while a view shows it.

Owns one poller for each leased scope, and the last samples. Invariants: without a lease nothing is requested; an amount
that is older than `STALE_SECONDS` is unknown; a cluster without metrics is a state (`NOT_INSTALLED`), not an error.
"""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from sys import intern
from typing import Any, Final, Protocol

import msgspec

from k9py.api.errors import ForbiddenError, KdashError, NotFoundError
from k9py.api.kinds import NODE, POD, Kind
from k9py.api.meta import ObjectRef
from k9py.api.metrics import NODE_METRICS, POD_METRICS, NodeMetrics, PodMetrics, Usage, UsageHistory
from k9py.informer.lister_watcher import ListerWatcher
from k9py.informer.poller import Poller
from k9py.runtime.clock import Clock
from k9py.runtime.time_slice import TimeSlicer

STALE_SECONDS: Final = 90.0
"""Seconds after which a sample that could not be renewed is unknown: six polls."""
HISTORY_LENGTH: Final = 20
"""Samples kept of each object: five minutes."""


class MetricsConnection(Protocol):
    """The part of a connection that lists."""

    def lister_watcher(
        self, kind: Kind[Any], namespace: str = "", *, label_selector: str = "", field_selector: str = ""
    ) -> ListerWatcher: ...


class MetricsState(Enum):
    """Whether the usage of a kind is known."""

    NOT_READ = "not read"
    LIVE = "live"
    NOT_INSTALLED = "not installed"
    FORBIDDEN = "forbidden"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class MetricsHealth:
    """How current the usage of pods or of nodes is.

    Args:
        measured_at: when the last sample was measured, None before the first.
        error: why it could not be read, None when it could.
    """

    state: MetricsState = MetricsState.NOT_READ
    measured_at: datetime | None = None
    error: KdashError | None = None


class _Sample(msgspec.Struct, frozen=True, gc=False):
    """The last measurement of a pod or node; `containers` of a pod, by name."""

    usage: Usage
    containers: tuple[tuple[str, Usage], ...]
    measured_at: datetime | None
    read_at: float


class MetricsLease:
    """Keeps the metrics of a scope polled until it is closed."""

    def __init__(self, close: Callable[[], None]) -> None:
        self._close = close
        self._is_open = True

    def close(self) -> None:
        """End the lease; a second call does nothing."""
        if self._is_open:
            self._is_open = False
            self._close()


@dataclass(slots=True)
class _Scope:
    """One polled scope: a kind in a namespace, or in the whole cluster ("")."""

    leases: int
    poll_now: Callable[[], None]
    task: asyncio.Task[Any]
    refs: set[ObjectRef] = field(default_factory=set)
    arriving: set[ObjectRef] = field(default_factory=set)  # of the list that is being read
    newest: datetime | None = None


class Metrics:
    """The usage of pods and nodes of a cluster.

    Args:
        spawn: runs a task in the cluster's task group.

    Attributes:
        version: grows with every sample and every change of health: equal versions mean that nothing changed.
    """

    def __init__(
        self,
        connection: MetricsConnection,
        clock: Clock,
        time_slicer: TimeSlicer,
        spawn: Callable[[Coroutine[Any, Any, Any], str], asyncio.Task[Any]],
    ) -> None:
        self._connection = connection
        self._clock = clock
        self._time_slicer = time_slicer
        self._spawn = spawn
        self._scopes: dict[tuple[str, str], _Scope] = {}
        self._samples: dict[str, dict[ObjectRef, _Sample]] = {POD.name: {}, NODE.name: {}}
        self._history: dict[str, dict[ObjectRef, array[float]]] = {POD.name: {}, NODE.name: {}}
        self._health = {POD.name: MetricsHealth(), NODE.name: MetricsHealth()}
        self.version = 0

    # -- leases -------------------------------------------------------------------------------------------------------

    def lease_pods(self, namespaces: Iterable[str] = ()) -> MetricsLease:
        """Poll the usage of pods in these namespaces, or in the whole cluster."""
        places = [(POD.name, namespace) for namespace in tuple(namespaces) or ("",)]
        return self._lease(places)

    def lease_nodes(self) -> MetricsLease:
        """Poll the usage of nodes."""
        return self._lease([(NODE.name, "")])

    def _lease(self, places: list[tuple[str, str]]) -> MetricsLease:
        for place in places:
            scope = self._scopes.get(place)
            if scope is None:
                self._scopes[place] = self._start(place)
            else:
                scope.leases += 1

        def close() -> None:
            for place in places:
                self._end(place)

        return MetricsLease(close)

    def _start(self, place: tuple[str, str]) -> _Scope:
        kind, namespace = place
        metrics_kind: Kind[Any] = POD_METRICS if kind == POD.name else NODE_METRICS
        poller = Poller(
            metrics_kind,
            self._connection.lister_watcher(metrics_kind, namespace),
            self._clock,
            self._time_slicer,
            on_object=lambda measured: self._on_object(place, measured),
            on_complete=lambda: self._on_complete(place),
            on_error=lambda error: self._on_error(kind, error),
        )
        return _Scope(
            1, poller.poll_now, self._spawn(poller.run(), f"metrics of {kind} in {namespace or 'the cluster'}")
        )

    def _end(self, place: tuple[str, str]) -> None:
        scope = self._scopes.get(place)
        if scope is None:
            return
        scope.leases -= 1
        if scope.leases:
            return
        del self._scopes[place]
        scope.task.cancel()
        kind = place[0]
        others = [other for (other_kind, _), other in self._scopes.items() if other_kind == kind]
        if others:
            self._forget(kind, (scope.refs | scope.arriving).difference(*(other.refs for other in others)))
        else:  # at once: there may be tens of thousands
            self._samples[kind], self._history[kind] = {}, {}
            self._set_health(kind, MetricsHealth())

    def poll_now(self) -> None:
        """Read again everything that is leased."""
        for scope in self._scopes.values():
            scope.poll_now()

    # -- reading ------------------------------------------------------------------------------------------------------

    def usage(self, ref: ObjectRef) -> Usage | None:
        """Return what a pod or node uses, None when it is unknown."""
        sample = self._current(ref)
        return None if sample is None else sample.usage

    def container_usage(self, pod: ObjectRef) -> Mapping[str, Usage]:
        """Return what the containers of a pod use, without those that are unknown."""
        sample = self._current(pod)
        return {} if sample is None else dict(sample.containers)

    def history(self, ref: ObjectRef) -> UsageHistory | None:
        """Return the last samples of a pod or node, None when its usage is unknown."""
        numbers = self._history.get(ref.kind, {}).get(ref) if self._current(ref) is not None else None
        return None if numbers is None else UsageHistory(numbers[::2], numbers[1::2])

    def health(self, kind: str) -> MetricsHealth:
        """Return how current the usage of a kind ("Pod" or "Node") is."""
        return self._health[kind]

    def _current(self, ref: ObjectRef) -> _Sample | None:
        sample = self._samples.get(ref.kind, {}).get(ref)
        is_current = sample is not None and self._clock.monotonic() - sample.read_at <= STALE_SECONDS
        return sample if is_current else None

    # -- samples ------------------------------------------------------------------------------------------------------

    def _on_object(self, place: tuple[str, str], measured: PodMetrics | NodeMetrics) -> None:
        scope, sample = self._scopes.get(place), _sample(measured, self._clock.monotonic())
        if scope is None or sample is None:
            return
        ref = ObjectRef(place[0], measured.namespace, measured.name)
        scope.arriving.add(ref)
        self._record(ref, sample)
        if sample.measured_at is not None and (scope.newest is None or sample.measured_at > scope.newest):
            scope.newest = sample.measured_at

    def _on_complete(self, place: tuple[str, str]) -> None:
        kind, scope = place[0], self._scopes.get(place)
        if scope is None:
            return
        self._forget(kind, scope.refs - scope.arriving)
        scope.refs, scope.arriving = scope.arriving, set()
        self._set_health(kind, MetricsHealth(MetricsState.LIVE, scope.newest or self._health[kind].measured_at))

    def _record(self, ref: ObjectRef, sample: _Sample) -> None:
        samples = self._samples[ref.kind]
        before = samples.get(ref)
        samples[ref] = sample
        if before is not None and sample.measured_at is not None and before.measured_at == sample.measured_at:
            return  # the same measurement, read a second time
        history = self._history[ref.kind].setdefault(ref, array("f"))
        history.extend((sample.usage.cpu, sample.usage.memory))
        del history[: -2 * HISTORY_LENGTH]

    def _forget(self, kind: str, refs: Iterable[ObjectRef]) -> None:
        samples, history = self._samples[kind], self._history[kind]
        for ref in refs:
            samples.pop(ref, None)
            history.pop(ref, None)

    def _on_error(self, kind: str, error: KdashError) -> None:
        match error:
            case NotFoundError():
                state = MetricsState.NOT_INSTALLED
            case ForbiddenError():
                state = MetricsState.FORBIDDEN
            case _:
                state = MetricsState.UNAVAILABLE
        self._set_health(kind, MetricsHealth(state, self._health[kind].measured_at, error))

    def _set_health(self, kind: str, health: MetricsHealth) -> None:
        self._health[kind] = health
        self.version += 1


def _sample(measured: PodMetrics | NodeMetrics, read_at: float) -> _Sample | None:
    containers: tuple[tuple[str, Usage], ...] = ()
    match measured:
        case PodMetrics():
            containers = tuple((intern(name), usage) for name, usage in measured.container_usage().items())
            usage = _sum_of(containers)
        case NodeMetrics():
            usage = measured.node_usage()
    return None if usage is None else _Sample(usage, containers, measured.timestamp, read_at)


def _sum_of(containers: tuple[tuple[str, Usage], ...]) -> Usage | None:
    if len(containers) <= 1:
        return containers[0][1] if containers else None
    return Usage(sum(usage.cpu for _, usage in containers), sum(usage.memory for _, usage in containers))
