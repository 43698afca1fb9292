"""What checks read: objects, their relations and logs, as a Protocol. `cluster/graph.py` implements it.

Invariants: every read is recorded, so that a check runs again when something that it read has changed. What has not
been read (not yet, or forbidden) is `Unread`, never None: None means that the object does not exist. A relation through
pods, Services, workloads or EndpointSlices that have not been read ends the check (`NotReadError`): without them it can
claim nothing. Reading something that nobody watches makes the engine watch it, and the check runs again when it is
there.
To let checks read something else: a method here, in `cluster/graph.py`, and a case in its test.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from k9py.api.events import Event
from k9py.api.kinds import Kind
from k9py.api.meta import KubeObject, ObjectRef
from k9py.api.pods import Pod
from k9py.api.policy import HorizontalPodAutoscaler, PodDisruptionBudget
from k9py.api.resource_type import ResourceType
from k9py.api.selectors import LabelSelector
from k9py.api.services import EndpointSlice, Service
from k9py.api.severity import Severity
from k9py.api.workloads import Workload
from k9py.diagnosis.finding import Finding
from k9py.rollouts.revisions import Revision
from k9py.rollouts.status import RolloutStatus

T = TypeVar("T", bound=KubeObject)


@dataclass(frozen=True, slots=True)
class Unread:
    """Something has not been read.

    Args:
        reason: why it cannot be read: "forbidden: ...", "not served"; "" while it is being read.
    """

    reason: str = ""


class NotReadError(Exception):
    """A relation cannot be followed, because a kind has not been read; `Check.run` ends the check without a word."""


@dataclass(frozen=True, slots=True)
class FieldManager:
    """Who wrote an object, of metadata.managedFields.

    Args:
        manager: its name: `kubectl-edit`, `argocd-controller`.
        at: when it last changed a field that it owns, aware UTC, None when unknown.
        subresource: `status`, `scale`; "" for the object itself.
        fields: what it owns, as paths of at most two fields: `spec.replicas`, `metadata.labels`, `data`; sorted.
    """

    manager: str
    at: datetime | None
    subresource: str = ""
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ObjectMetadata:
    """The metadata of an object of any kind, without its content.

    Args:
        managers: the last writer first.
    """

    ref: ObjectRef
    uid: str
    created_at: datetime | None
    deleted_at: datetime | None
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    finalizers: tuple[str, ...]
    managers: tuple[FieldManager, ...]


class WorkloadHealth(Protocol):
    """What users feel of a workload; `cluster.views.RolloutView`."""

    @property
    def severity(self) -> Severity: ...
    @property
    def status(self) -> RolloutStatus: ...
    @property
    def findings(self) -> tuple[Finding, ...]: ...


class ServiceHealth(Protocol):
    """What users feel of a Service; `cluster.views.ServiceView`. Counts are None when unknown."""

    @property
    def severity(self) -> Severity: ...
    @property
    def findings(self) -> tuple[Finding, ...]: ...
    @property
    def serving(self) -> int | None: ...
    @property
    def desired(self) -> int | None: ...


class Graph(Protocol):
    """The objects of a cluster and how they belong together."""

    @property
    def now(self) -> datetime:
        """The time of this run, aware UTC."""
        ...

    def look_again(self, at: datetime) -> None:
        """Run the checks of this object again at a time, even if nothing has changed: time alone makes it wrong."""
        ...

    # -- objects ------------------------------------------------------------------------------------------------------

    def get(self, kind: Kind[T], name: str, namespace: str = "") -> T | Unread | None:
        """Return an object, None when it does not exist."""
        ...

    def list(self, kind: Kind[T], namespace: str | None = None) -> tuple[T, ...] | Unread:
        """Return the objects of a kind, in no order; None: those of the scope that is watched."""
        ...

    def metadata(self, ref: ObjectRef) -> ObjectMetadata | Unread | None:
        """Return the metadata of an object of any kind, its content unread; None when it does not exist."""
        ...

    def metadata_of(self, resource_type: ResourceType, namespace: str | None) -> tuple[ObjectMetadata, ...] | Unread:
        """Return the metadata of all objects of a type, in no order; None: those of the scope that is watched."""
        ...

    def covers(self, namespace: str) -> bool:
        """Return whether a namespace is watched; "": whether the whole cluster is."""
        ...

    def has_read(self, kind: Kind[Any]) -> bool:
        """Return whether all objects of a kind in the scope have been read: else an empty relation shows nothing.

        Autoscalers, disruption budgets, revisions and events that cannot be read look like none.
        """
        ...

    # -- relations ----------------------------------------------------------------------------------------------------

    def owned(self, owner: KubeObject, kind: Kind[T]) -> tuple[T, ...] | Unread:
        """Return the objects of a kind that an object controls, by name."""
        ...

    def workload(self, ref: ObjectRef) -> Workload | None:
        """Return a Deployment, StatefulSet or DaemonSet; None when there is none, or its kind has not been read."""
        ...

    def workload_of(self, obj: KubeObject) -> ObjectRef | None:
        """Return the workload that a pod, ReplicaSet or ControllerRevision belongs to."""
        ...

    def pods_of(self, ref: ObjectRef) -> tuple[Pod, ...]:
        """Return the pods of a Service (those it selects), workload or ReplicaSet, by name; also terminating ones."""
        ...

    def pods_matching(self, namespace: str, selector: LabelSelector) -> tuple[Pod, ...]:
        """Return the pods that a selector matches, by name."""
        ...

    def pods_on(self, node: str) -> tuple[Pod, ...] | Unread:
        """Return the pods that are assigned to a node; Unread unless the whole cluster is watched."""
        ...

    def services_of(self, workload: ObjectRef) -> tuple[ObjectRef, ...]:
        """Return the Services in front of a workload, by name."""
        ...

    def backends_of(self, service: ObjectRef) -> tuple[ObjectRef, ...]:
        """Return the workloads behind a Service, by kind and name."""
        ...

    def slices_of(self, service: Service) -> tuple[EndpointSlice, ...]:
        """Return the EndpointSlices of a Service."""
        ...

    def autoscaler_of(self, workload: ObjectRef) -> HorizontalPodAutoscaler | None:
        """Return the autoscaler of a workload."""
        ...

    def budgets_of(self, workload: ObjectRef) -> tuple[PodDisruptionBudget, ...]:
        """Return the disruption budgets that cover the pods of a workload."""
        ...

    def revisions_of(self, workload: ObjectRef) -> tuple[Revision, ...]:
        """Return the revisions of a workload, newest first."""
        ...

    def events(self, obj: KubeObject) -> tuple[Event, ...]:
        """Return the events about an object, the last seen first: warnings, and for workloads and Services all."""
        ...

    def all_events(self, obj: KubeObject) -> tuple[Event, ...] | Unread:
        """Return the events about an object with the normal ones, the last seen first; they are requested for it."""
        ...

    def events_with_reason(self, reason: str, namespace: str) -> tuple[Event, ...] | Unread:
        """Return all events of a namespace with a reason, the last seen first: also of objects that are gone."""
        ...

    # -- what users feel ----------------------------------------------------------------------------------------------

    def workload_health(self, ref: ObjectRef) -> WorkloadHealth | None:
        """Return the health of a workload as the panes show it."""
        ...

    def service_health(self, ref: ObjectRef) -> ServiceHealth | None:
        """Return the health of a Service as the panes show it."""
        ...

    # -- logs ---------------------------------------------------------------------------------------------------------

    def last_lines(self, pod: Pod, container: str, *, previous: bool = False) -> tuple[str, ...] | Unread | None:
        """Return the last log lines of a container (at most 200), None when there are none.

        They are read once for each run of a container, and for a bounded number of containers at a time.

        Args:
            previous: of the run that ended last.
        """
        ...
