"""A recorded cluster: objects and logs of some moment, served as they were and never changed.

Used for incident capsules and for recordings in tests. Invariants: an object is stored as it was recorded (uid, times,
managedFields, status), only its resourceVersion is new; there are no controllers and no nodes, so nothing happens.
Objects of kinds that the simulator does not know are served without defaults or validation.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from k9py.simulator.apiserver.recorded_reads import RecordedRead, RecordedReads, not_recorded
from k9py.simulator.clock import parse_timestamp
from k9py.simulator.registry.cache import Object
from k9py.simulator.registry.custom_resources import reconcile
from k9py.simulator.registry.resources import CUSTOM_VERBS, CUSTOMRESOURCEDEFINITIONS, CustomType, Resource
from k9py.simulator.registry.storage import Storage
from k9py.simulator.state import ContainerLogLine, ContainerLogRun, SimulatorState

_ANYTHING = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
_PLURAL_ENDINGS = (("y", "ies"), ("s", "ses"), ("x", "xes"), ("ch", "ches"))
_LATER = ("Event", "Pod")
"""Kinds that come last, so that what they refer to exists."""


@dataclass(frozen=True, slots=True)
class RecordedType:
    """A resource type of a recording."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool


@dataclass(frozen=True, slots=True)
class Recording:
    """What was recorded.

    Args:
        objects: JSON with apiVersion and kind, in any order.
        at: when it was recorded, aware UTC.
        logs: lines by `namespace/pod/container`, with `/previous` for the run that ended last.
        types: of objects whose kinds are not built in; without them the plural is guessed.
        reads: the lists that were read: all else, logs too, is refused as not recorded; (): whatever is not there is
            absent.
    """

    objects: Sequence[Object]
    at: datetime
    logs: Mapping[str, Sequence[str]] = field(default_factory=dict)
    types: Sequence[RecordedType] = ()
    reads: Sequence[RecordedRead] = ()


def load_recording(recording: Recording, state: SimulatorState) -> None:
    """Fill an empty cluster with a recording."""
    storage = state.storage
    state.log_source = _RecordedLogs(recording.logs, refuses=bool(recording.reads))
    state.recorded = RecordedReads(recording.reads) if recording.reads else None
    types = {(each.group, each.kind): each for each in recording.types}
    definitions = [each for each in recording.objects if each["kind"] == CUSTOMRESOURCEDEFINITIONS.kind]
    for definition in definitions:
        _store(storage, CUSTOMRESOURCEDEFINITIONS, definition)
        reconcile(storage, recording.at, definition["metadata"]["name"])
    others = [each for each in recording.objects if each["kind"] != CUSTOMRESOURCEDEFINITIONS.kind]
    for each in sorted(others, key=_order):
        _store(storage, _resource_of(storage, each, types), each)


def _order(obj: Object) -> int:
    kind = obj["kind"]
    return 0 if kind == "Namespace" else 1 + (_LATER.index(kind) + 1 if kind in _LATER else 0)


def _store(storage: Storage, resource: Resource, obj: Object) -> None:
    storage.create(resource, {**obj, "metadata": dict(obj["metadata"])})


def _resource_of(storage: Storage, obj: Object, types: Mapping[tuple[str, str], RecordedType]) -> Resource:
    """Return the resource of an object, and serve it if it is not served yet."""
    group, _, version = str(obj["apiVersion"]).rpartition("/")
    kind = str(obj["kind"])
    for resource in storage.resources:
        if resource.kind == kind and resource.group == group and resource.storage_version is None:
            return resource
    known = types.get((group, kind))
    resource = Resource(
        group,
        version,
        known.plural if known else _plural(kind),
        kind.lower(),
        kind,
        namespaced=known.namespaced if known else bool(obj["metadata"].get("namespace")),
        verbs=CUSTOM_VERBS,
        custom=CustomType(f"{kind}List", str(obj["apiVersion"]), _ANYTHING),
    )
    storage.resources.register(resource)
    return resource


def _plural(kind: str) -> str:
    name = kind.lower()
    for ending, plural in _PLURAL_ENDINGS:
        if name.endswith(ending) and name[-2:] not in ("ay", "ey", "oy"):
            return name[: -len(ending)] + plural
    return f"{name}s"


class _RecordedLogs:
    """The recorded logs as a log source.

    Args:
        refuses: a log that is not there is refused, not empty.
    """

    def __init__(self, logs: Mapping[str, Sequence[str]], *, refuses: bool) -> None:
        self._logs = logs
        self._refuses = refuses

    def open(self, pod: Object, container: str, *, previous: bool = False) -> ContainerLogRun | None:
        metadata = pod["metadata"]
        name = f"{metadata['namespace']}/{metadata['name']}/{container}"
        lines = self._logs.get(f"{name}/previous" if previous else name)
        if lines is None and self._refuses:
            run = "the previous run of " if previous else ""
            raise not_recorded(f"the log of {run}container {container} is not in the capsule")
        return None if lines is None else _RecordedRun(lines, _run_time(pod, container, previous=previous))


class _RecordedRun:
    """A recorded run: all its lines are there, and no more come. A line without a time has that of the line before."""

    def __init__(self, lines: Iterable[str], started: datetime) -> None:
        self._lines: list[ContainerLogLine] = []
        at = started
        for number, line in enumerate(lines):
            at, text = _stamped(line, at)
            self._lines.append(ContainerLogLine(number, at, text))

    def read(self, after: int = -1) -> Sequence[ContainerLogLine]:
        return self._lines[after + 1 :]

    async def wait_for_more(self, after: int) -> bool:
        return False


def _stamped(line: str, before: datetime) -> tuple[datetime, str]:
    """Return the time and the text of a line as `kubectl logs --timestamps` writes it, else another time and the line.

    Args:
        before: the time of a line without one.
    """
    stamp, _, text = line.partition(" ")
    if len(stamp) >= 20 and stamp[10] == "T":
        try:
            return parse_timestamp(stamp), text
        except ValueError:
            pass
    return before, line


def _run_time(pod: Object, container: str, *, previous: bool) -> datetime:
    """Return when a run of a container started, as far as its status says."""
    status: dict[str, Any] = pod.get("status") or {}
    for statuses in ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"):
        for each in status.get(statuses) or ():
            if each["name"] == container:
                state = each.get("lastState" if previous else "state") or {}
                for run in state.values():
                    if started := run.get("startedAt"):
                        return parse_timestamp(started)
    return parse_timestamp(str(pod["metadata"]["creationTimestamp"]))
