"""Events (core/v1): what controllers and kubelets report about an object."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from k9py.api.meta import KubeObject, KubeStruct, ObjectRef


class ObjectReference(KubeStruct, frozen=True):
    """core/v1 ObjectReference: the object that an event is about."""

    kind: str = ""
    namespace: str = ""
    name: str = ""
    uid: str = ""
    field_path: str = ""
    api_version: str = ""


class EventSource(KubeStruct, frozen=True):
    """The component that reported the event, in the old form."""

    component: str = ""
    host: str = ""


class EventSeries(KubeStruct, frozen=True):
    """Repetitions of an event, in the new form."""

    count: int = 0
    last_observed_time: datetime | None = None


class Event(KubeObject, frozen=True):
    """An Event. Reporters of the new form set event_time and series, those of the old form count and two timestamps."""

    KIND: ClassVar[str] = "Event"

    involved_object: ObjectReference = ObjectReference()
    reason: str = ""
    message: str = ""
    type: str = ""
    count: int | None = None
    first_timestamp: datetime | None = None
    last_timestamp: datetime | None = None
    event_time: datetime | None = None
    series: EventSeries | None = None
    source: EventSource | None = None
    reporting_component: str = ""
    reporting_instance: str = ""

    @property
    def last_seen(self) -> datetime | None:
        """When it last happened, in either form."""
        series = self.series.last_observed_time if self.series else None
        return series or self.last_timestamp or self.event_time or self.metadata.creation_timestamp

    @property
    def first_seen(self) -> datetime | None:
        """When it first happened, in either form."""
        return self.first_timestamp or self.event_time or self.metadata.creation_timestamp or self.last_seen

    @property
    def occurrences(self) -> int:
        """How often it happened, at least 1."""
        return (self.series.count if self.series else 0) or self.count or 1

    @property
    def regarding(self) -> ObjectRef:
        """Key of the object that the event is about."""
        ref = self.involved_object
        return ObjectRef(ref.kind, ref.namespace, ref.name)

    @property
    def reporter(self) -> str:
        """Name of the component that reported the event."""
        return self.reporting_component or (self.source.component if self.source else "")
