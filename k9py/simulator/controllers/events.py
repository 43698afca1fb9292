"""Event recording with client-go's correlation.

Invariant: the same message about the same object is one Event with a count; more than ten different messages with one
reason about one object within ten minutes are combined into one; one source may record 25 events about one object, then
one every five minutes. Events expire an hour after they were last seen.
The scheduler uses the newer events.k8s.io form (eventTime, series): `EventRecorder.record_v1`.
"""

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from k9py.simulator.clock import micro_timestamp, parse_timestamp, timestamp
from k9py.simulator.registry.resources import EVENTS, by_kind
from k9py.simulator.state import SimulatorState

Object = dict[str, Any]
EventType = Literal["Normal", "Warning"]

_SIMILAR_LIMIT = 10
_SIMILAR_INTERVAL = timedelta(minutes=10)
_BURST = 25
_REFILL_SECONDS = 300.0
_LIFETIME = timedelta(hours=1)
_CACHE_SIZE = 4096  # keys a recorder caches, as client-go does


@dataclass(slots=True)
class _Similar:
    messages: set[str] = field(default_factory=set)
    last: datetime | None = None


@dataclass(slots=True)
class _Tokens:
    left: float
    at: float


class EventRecorder:
    """Writes one component's events."""

    def __init__(self, state: SimulatorState, component: str, *, reporting: str | None = None) -> None:
        """Create a recorder.

        Args:
            state: the cluster to write to.
            component: `source.component`, e.g. `deployment-controller`.
            reporting: `reportingComponent`; the component unless given (the kubelet's is empty).
        """
        self._state = state
        self._component = component
        self._reporting = component if reporting is None else reporting
        self._similar: OrderedDict[tuple[str, ...], _Similar] = OrderedDict()
        self._names: OrderedDict[tuple[str, ...], str] = OrderedDict()
        self._tokens: OrderedDict[str, _Tokens] = OrderedDict()
        self._written: deque[tuple[datetime, str, str]] = deque()
        self._number = 0

    def record(
        self, obj: Object, kind: EventType, reason: str, message: str, *, host: str = "", field_path: str = ""
    ) -> None:
        """Record an event.

        Args:
            obj: the involved object.
            kind: Normal or Warning.
            reason: one CamelCase word.
            message: the text.
            host: `source.host`, for events of a node.
            field_path: the part of the object it is about, such as `spec.containers{app}`.
        """
        self._delete_expired()
        about = obj["metadata"]["uid"]
        if not self._take_token(about):
            return
        combined_key = (about, kind, reason)
        message, key = self._correlate(combined_key, message)
        now = timestamp(self._state.clock.now())
        namespace = obj["metadata"].get("namespace") or "default"
        known = self._names.get(key)
        current = None if known is None else self._state.storage.get(EVENTS, namespace, known)
        if current is not None:
            self._state.storage.update(
                EVENTS, {**current, "count": current["count"] + 1, "lastTimestamp": now, "message": message}
            )
            return
        source = {"component": self._component, **({"host": host} if host else {})}
        event = self._event(obj, kind, reason, message, namespace, field_path) | {
            "source": source,
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
            "eventTime": None,
            "reportingComponent": self._reporting,
            "reportingInstance": host,
        }
        self._remember(self._names, key, self._create(event))

    def record_v1(self, obj: Object, kind: EventType, reason: str, action: str, message: str) -> None:
        """Record an event in the events.k8s.io/v1 form, as the scheduler does; repeats form a series."""
        self._delete_expired()
        now = micro_timestamp(self._state.clock.now())
        namespace = obj["metadata"].get("namespace") or "default"
        key = (obj["metadata"]["uid"], kind, reason, message)
        known = self._names.get(key)
        current = None if known is None else self._state.storage.get(EVENTS, namespace, known)
        if current is not None:
            count = (current.get("series") or {"count": 1})["count"] + 1
            series = {"count": count, "lastObservedTime": now}
            self._state.storage.update(EVENTS, {**current, "series": series})
            return
        event = self._event(obj, kind, reason, message, namespace) | {
            "source": {},
            "firstTimestamp": None,
            "lastTimestamp": None,
            "eventTime": now,
            "action": action,
            "reportingComponent": self._component,
            "reportingInstance": f"{self._component}-0",
        }
        self._remember(self._names, key, self._create(event))

    def _event(
        self, obj: Object, kind: EventType, reason: str, message: str, namespace: str, field_path: str = ""
    ) -> Object:
        metadata = obj["metadata"]
        resource = by_kind(obj["kind"])
        about = {
            "kind": resource.kind,
            "namespace": metadata.get("namespace"),
            "name": metadata["name"],
            "uid": metadata["uid"],
            "apiVersion": resource.api_version,
            "resourceVersion": metadata.get("resourceVersion"),
            "fieldPath": field_path,
        }
        self._number += 1
        moment = int(self._state.clock.now().timestamp() * 1_000_000) * 1000 + self._number % 1000
        return {
            "metadata": {"name": f"{metadata['name']}.{moment:016x}", "namespace": namespace},
            "involvedObject": {key: value for key, value in about.items() if value},
            "reason": reason,
            "message": message,
            "type": kind,
        }

    def _create(self, event: Object) -> str:
        storage = self._state.storage
        name: str = event["metadata"]["name"]
        namespace = event["metadata"]["namespace"]
        while storage.get(EVENTS, namespace, name) is not None:
            self._number += 1
            name = f"{name[:-4]}{self._number & 0xFFFF:04x}"
            event["metadata"]["name"] = name
        storage.create(EVENTS, event)
        self._written.append((self._state.clock.now(), namespace, name))
        return name

    def _correlate(self, combined_key: tuple[str, ...], message: str) -> tuple[str, tuple[str, ...]]:
        """Return the message to write and the key it is counted under."""
        now = self._state.clock.now()
        similar = self._similar.get(combined_key)
        if similar is None:
            similar = _Similar()
            self._remember(self._similar, combined_key, similar)
        if similar.last is not None and now - similar.last > _SIMILAR_INTERVAL:
            similar.messages.clear()
        similar.last = now
        similar.messages.add(message)
        if len(similar.messages) <= _SIMILAR_LIMIT:
            return message, (*combined_key, message)
        similar.messages.discard(message)
        return f"(combined from similar events): {message}", combined_key

    def _take_token(self, about: str) -> bool:
        now = self._state.clock.monotonic()
        tokens = self._tokens.get(about)
        if tokens is None:
            tokens = _Tokens(float(_BURST), now)
            self._remember(self._tokens, about, tokens)
        tokens.left = min(float(_BURST), tokens.left + (now - tokens.at) / _REFILL_SECONDS)
        tokens.at = now
        if tokens.left < 1:
            return False
        tokens.left -= 1
        return True

    def _delete_expired(self) -> None:
        limit = self._state.clock.now() - _LIFETIME
        while self._written and self._written[0][0] < limit:
            _, namespace, name = self._written.popleft()
            current = self._state.storage.get(EVENTS, namespace, name)
            if current is None:
                continue
            last = current.get("lastTimestamp") or (current.get("series") or {}).get("lastObservedTime")
            if last and (moment := parse_timestamp(last)) >= limit:
                self._written.append((moment, namespace, name))
            else:
                self._state.storage.remove(EVENTS, namespace, name)

    @staticmethod
    def _remember(memory: "OrderedDict[Any, Any]", key: Any, value: Any) -> None:
        memory[key] = value
        if len(memory) > _CACHE_SIZE:
            memory.popitem(last=False)
