"""What a kind adds to the description of its objects, and what is read besides the object.

Invariants: pure; nothing here waits. What could not be read is `Unread` with the reason, and is shown as unknown, never
as none. To describe another kind: a module in this package, or in `resources/catalog/`, with a `Describer`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from k9py.api.resource_type import ResourceType
from k9py.api.standard_types import standard_type
from k9py.resources.describe.json_fields import JsonObject, text_at
from k9py.views.describe import DescribeLine, Section

EVENTS: Final = "events"
POD_EVENTS: Final = "events of pods"
PODS: Final = "pods"


@dataclass(frozen=True, slots=True)
class RelatedRequest:
    """Objects that a description shows besides its own.

    Args:
        name: What a description calls them.
        resource_type: Their type.
        namespace: Where they are, "" for the whole cluster.
        label_selector: As in a list request.
        field_selector: As in a list request.
    """

    name: str
    resource_type: ResourceType
    namespace: str = ""
    label_selector: str = ""
    field_selector: str = ""


@dataclass(frozen=True, slots=True)
class Unread:
    """Objects that are not known.

    Args:
        reason: Why, such as "forbidden: may not list pods".
    """

    reason: str


@dataclass(frozen=True, slots=True)
class DescribeContext:
    """What a description may depend on besides its object.

    Args:
        now: Aware UTC.
        related: Objects by the name of their `RelatedRequest`.
        status: Lines that diagnosis adds to the head.
        findings: What is wrong, worst first.
        sections: What diagnosis shows in sections of its own: the pods by revision.
        shows_secrets: Whether values that look like secrets are shown.
    """

    now: datetime
    related: Mapping[str, tuple[JsonObject, ...] | Unread] = field(default_factory=dict)
    status: tuple[DescribeLine, ...] = ()
    findings: tuple[DescribeLine, ...] = ()
    sections: tuple[Section, ...] = ()
    shows_secrets: bool = False

    def objects(self, name: str) -> tuple[JsonObject, ...] | Unread:
        """Return the objects of a request, or why they are not known."""
        return self.related.get(name, Unread("not read"))

    def known(self, name: str) -> tuple[JsonObject, ...]:
        """Return the objects of a request, none where they are not known; use it where the reason is shown too."""
        objects = self.objects(name)
        return () if isinstance(objects, Unread) else objects


@dataclass(frozen=True, slots=True)
class Description:
    """What a kind knows of an object. Every part may be empty.

    Args:
        head: State, and what an incident asks first.
        urgent: Sections before conditions and events: containers, pods, endpoints.
        details: Sections after the events: pod template, volumes, rules.
        has_conditions: Whether `status.conditions` are shown in a section of their own.
        findings: What is wrong by the object alone, shown where diagnosis has found nothing.
    """

    head: tuple[DescribeLine | None, ...] = ()
    urgent: tuple[Section, ...] = ()
    details: tuple[Section, ...] = ()
    has_conditions: bool = True
    findings: tuple[DescribeLine, ...] = ()


def no_requests(_body: JsonObject) -> tuple[RelatedRequest, ...]:
    """Read nothing but the object and its events."""
    return ()


@dataclass(frozen=True, slots=True)
class Describer:
    """How the objects of a kind are described.

    Args:
        kind: Such as "Pod".
        description: Returns what the kind knows of an object, given its JSON.
        requests: Returns what is read besides the object and its events, given its JSON.
        group: As in `ObjectRef`: "" for a standard kind.
        is_secret: Its JSON holds secrets in other places than `api/redaction` hides: `description` gets it as it is,
            and shows no value.
    """

    kind: str
    description: Callable[[JsonObject, DescribeContext], Description]
    requests: Callable[[JsonObject], tuple[RelatedRequest, ...]] = no_requests
    group: str = ""
    is_secret: bool = False


def event_request(kind: str, namespace: str, name: str, uid: str = "") -> RelatedRequest:
    """Return the request for the events of an object; those of an object without namespace are in `default`."""
    fields = [f"involvedObject.kind={kind}", f"involvedObject.name={name}"]
    if namespace and uid:  # events of nodes carry the name as uid
        fields.append(f"involvedObject.uid={uid}")
    return RelatedRequest(EVENTS, standard_type("", "Event"), namespace, field_selector=",".join(fields))


def pod_requests(body: JsonObject, label_selector: str) -> tuple[RelatedRequest, ...]:
    """Return the requests for the pods of a selector and for the events of pods in the namespace."""
    namespace = text_at(body, "metadata", "namespace")
    if not label_selector:
        return ()
    return (
        RelatedRequest(PODS, standard_type("", "Pod"), namespace, label_selector),
        RelatedRequest(POD_EVENTS, standard_type("", "Event"), namespace, field_selector="involvedObject.kind=Pod"),
    )
