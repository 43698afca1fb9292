"""Makes the views of services and rollouts from the stores: status, findings and severity put together.

Invariant: a view is a function of the stores, of `now`, and of what was seen of a workload earlier in this session:
how many pods it wanted, when its template changed. The rules are in `rollouts`, `triage` and `severity`; here is only
which objects they are given.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final, TypeVar

from msgspec.structs import replace

from k9py.api.events import Event
from k9py.api.meta import ObjectKey
from k9py.api.pods import Pod
from k9py.api.services import EndpointSlice, Service, lacks_ports, routed_slices
from k9py.api.severity import Severity
from k9py.api.text import printable
from k9py.api.workloads import ControllerRevision, DaemonSet, Deployment, ReplicaSet, Workload
from k9py.cluster.endpoint_counts import EndpointCounts, Wants, count_endpoints
from k9py.cluster.relations import Relations
from k9py.cluster.severity import (
    ServiceBackends,
    ServiceDemand,
    levelled,
    rollout_reason,
    rollout_severity,
    service_reason,
    service_severity,
    zero_finding,
)
from k9py.cluster.views import RolloutView, ServiceMode, ServiceView
from k9py.diagnosis.finding import Finding
from k9py.diagnosis.rollouts import diagnose_rollout
from k9py.diagnosis.services import service_findings
from k9py.diagnosis.workloads import workload_findings
from k9py.rollouts.revisions import Revision, current_revision, revisions
from k9py.rollouts.scaled_to_zero import ScaledToZero, scaled_to_zero
from k9py.rollouts.scaling_events import Scaling, scale_up_from_zero
from k9py.rollouts.status import RolloutState, RolloutStatus
from k9py.rollouts.template_change import TemplateWrite

T = TypeVar("T")

MAX_REMEMBERED: Final = 20_000
"""Workloads of which is kept how many pods they wanted, and when their template changed."""
_YOUNG: Final = timedelta(seconds=60)
"""A service this young may wait for its first endpoint."""


class ViewBuilder:
    """Builds views.

    Args:
        knows: tells whether objects of a kind (by name) have been read.
    """

    def __init__(self, relations: Relations, knows: Callable[[str], bool]) -> None:
        self._relations = relations
        self._knows = knows
        self._wanted: dict[str, int] = {}  # by uid, the one seen longest ago first
        self._scaled: dict[str, Scaling] = {}  # by uid; `at` None: not since it was seen first
        self._changed: dict[str, tuple[int | None, TemplateWrite]] = {}  # by uid, with the revision's number

    def service(
        self, service: Service, now: datetime, rollout_view: Callable[[ObjectKey, datetime], RolloutView | None]
    ) -> ServiceView:
        """Return what is shown of a service.

        Args:
            rollout_view: returns the view of a workload behind it.
        """
        mode = _mode(service)
        slices = routed_slices(service, self._relations.slices_of(service.key))
        behind = self._relations.workloads_behind(service)
        views = [view for key in behind if (view := rollout_view(key, now)) is not None]
        at_rest = bool(views) and all(view.status.desired == 0 for view in views)
        counts: EndpointCounts | None = None
        own: tuple[Finding, ...] = ()
        if mode is not ServiceMode.EXTERNAL_NAME and self._knows(EndpointSlice.KIND):
            is_selected = mode is not ServiceMode.NO_SELECTOR
            pods = tuple(self._relations.pods_behind(service)) if self._knows(Pod.KIND) else None
            # Who makes endpoints by hand decides how many should serve: those that there are.
            wants = {view.key: Wants(view.status.desired, view.status.serving) for view in views if is_selected}
            owners = self._owners(behind, pods or ())
            # A pod of nothing we show that lacks the port (a Job's) is not one that should serve.
            meant = [pod for pod in pods or () if pod.owner_uid in owners or not lacks_ports(service, pod)]
            counts = count_endpoints(slices, meant if is_selected and pods is not None else None, wants, owners, now)
            if pods is not None:
                own = service_findings(
                    service,
                    slices,
                    pods,
                    now,
                    is_scaled_to_zero=at_rest,
                    reported_owners=owners,
                    events_of=self._events_of,
                )
        created = service.metadata.creation_timestamp
        backing = ServiceBackends(
            is_needed=mode is not ServiceMode.EXTERNAL_NAME,
            is_known=counts is not None,
            serving=counts.serving if counts else None,
            wanted=counts.wanted if counts else None,
            # One that is being deleted brings no pods any more, however calmly that goes.
            workloads=tuple(Severity.IDLE if self._is_ending(view.key) else view.severity for view in views),
            arriving=counts.arriving if counts else 0,
            is_young=created is not None and now - created < _YOUNG,
            is_moving=any(_is_moving(view) for view in views),
        )
        severity = service_severity(backing, own)
        return ServiceView(
            key=service.key,
            uid=service.uid,
            mode=mode,
            type=service.spec.type,
            ports=service.spec.ports or (),
            ready=counts.ready if counts else None,
            total=counts.total if counts else None,
            workloads=behind,
            findings=levelled(
                [*own, *_of_workloads(views)],
                severity,
                service_reason(service.key, backing, severity),
            ),
            external_name=service.spec.external_name,
            created_at=created,
            severity=severity,
            serving=counts.serving if counts else None,
            desired=counts.wanted if counts else None,
            is_explained_by_workload=severity in backing.workloads,
        )

    def rollout(self, workload: Workload, now: datetime) -> RolloutView:
        """Return what is shown of a workload."""
        owned = self._relations.owned(workload)
        pods = tuple(self._relations.pods(workload))
        events = self._relations.telling_events(workload, owned, pods)
        found = revisions(workload, owned, pods)
        status = self._steady(diagnose_rollout(workload, found, pods, now, events=events))
        findings = workload_findings(workload, owned, pods, events, now)
        zero = self._at_zero(workload, owned, events, status.desired)
        demand = ServiceDemand() if zero is None else self._demand(workload)
        scaling = self._scaling(workload, found, events, now)
        severity = rollout_severity(workload, status, findings, pods, now, zero=zero, demand=demand, scaling=scaling)
        if zero is not None:
            findings = (*findings, zero_finding(workload.key, zero, severity))
        return RolloutView(
            key=workload.key,
            uid=workload.uid,
            status=status,
            findings=levelled(findings, severity, rollout_reason(status, severity)),
            created_at=workload.metadata.creation_timestamp,
            generation=workload.metadata.generation,
            has_synced_pods=self._knows(Pod.KIND),
            severity=severity,
            scaling=scaling,
        )

    def _scaling(
        self, workload: Workload, found: Sequence[Revision], events: Sequence[Event], now: datetime
    ) -> Scaling | None:
        """Return how it was scaled last, as seen in this session, else as events tell of one from zero."""
        if isinstance(workload, DaemonSet):
            return None
        replicas = 1 if workload.spec.replicas is None else workload.spec.replicas
        seen = self._scaled.pop(workload.uid, Scaling(replicas, replicas))
        if seen.after != replicas:
            seen = Scaling(seen.after, replicas, now)
        _remember(self._scaled, workload.uid, seen)
        if seen.at is not None or not isinstance(workload, Deployment):
            return None if seen.at is None else seen
        current = current_revision(found)
        own = [one for one in events if one.involved_object.uid == workload.uid]
        return None if current is None else scale_up_from_zero(own, current.name, replicas)

    def _at_zero(
        self,
        workload: Workload,
        owned: tuple[ReplicaSet | ControllerRevision, ...],
        events: tuple[Event, ...],
        desired: int | None,
    ) -> ScaledToZero | None:
        """Return why it wants no pods, None when it wants some; remembers how many it wanted."""
        if desired:
            _remember(self._wanted, workload.uid, desired)
        is_read = not isinstance(workload, Deployment) or self._knows(ReplicaSet.KIND)
        return scaled_to_zero(
            workload,
            owned if is_read else None,
            events,
            autoscaler=self._relations.autoscaler_of(workload.key),
            last_seen_replicas=self._wanted.get(workload.uid),
        )

    def _steady(self, status: RolloutStatus) -> RolloutStatus:
        """Return the status with the earliest time seen for its revision: later signs may only be of later things."""
        if not (self._knows(ReplicaSet.KIND) and self._knows(ControllerRevision.KIND)):
            return status
        number, change = self._changed.pop(status.uid, (None, TemplateWrite()))
        if status.revision is None or number != status.revision or change.at is None:
            change = TemplateWrite(status.changed_at, status.changed_by)
        elif status.changed_at is not None and status.changed_at < change.at:
            change = TemplateWrite(status.changed_at, status.changed_by or change.by)
        _remember(self._changed, status.uid, (status.revision, change))
        return replace(status, changed_at=change.at, changed_by=change.by)

    def _demand(self, workload: Workload) -> ServiceDemand:
        """Return what the services in front of a workload make of its being at zero."""
        services = self._relations.services_of(workload)
        known = self._knows(EndpointSlice.KIND)
        return ServiceDemand(len(services), any(not known or not self._is_served(key) for key in services))

    def _is_served(self, service: ObjectKey) -> bool:
        """Tell whether a service has an endpoint that serves and stays."""
        return any(
            one.is_serving and not one.conditions.terminating
            for part in self._relations.routed_slices_of(service)
            for one in part.endpoints or ()
        )

    def _events_of(self, pod: Pod) -> tuple[Event, ...]:
        return tuple(self._relations.events_of(pod.uid, pod.namespace))

    def _is_ending(self, key: ObjectKey) -> bool:
        workload = self._relations.workload(key)
        return workload is not None and workload.metadata.deletion_timestamp is not None

    def _owners(self, workloads: Iterable[ObjectKey], pods: Iterable[Pod]) -> dict[str, ObjectKey]:
        """Return workloads by the uids that control their pods.

        A ReplicaSet that is not read, or not yet, is taken for that of the Deployment whose selector selects its pods.
        """
        found: dict[str, ObjectKey] = {}
        deployments: list[Deployment] = []
        for key in workloads:
            workload = self._relations.workload(key)
            if isinstance(workload, Deployment):
                deployments.append(workload)
                found |= {one.uid: key for one in self._relations.owned(workload)}
            elif workload is not None:
                found[workload.uid] = key
        unknown = {pod.owner_uid: pod for pod in pods if pod.owner_uid not in found} if deployments else {}
        for uid, pod in unknown.items():
            owner = pod.metadata.controller
            if owner is None or owner.kind != ReplicaSet.KIND or self._relations.is_read(owner, pod.namespace):
                continue
            for deployment in deployments:
                if deployment.spec.selector is not None and deployment.spec.selector.matches(pod.metadata.labels):
                    found[uid] = deployment.key
        return found


def _remember(memory: dict[str, T], uid: str, value: T) -> None:
    """Keep a value as the newest of a memory, and let the oldest go when it is full."""
    memory.pop(uid, None)
    memory[uid] = value
    if len(memory) > MAX_REMEMBERED:
        del memory[next(iter(memory))]


def _is_moving(view: RolloutView) -> bool:
    """Tell whether what a workload misses is on its way; a warning of something else does not change that."""
    if view.severity is Severity.WARNING:
        return view.status.state is RolloutState.PROGRESSING
    return view.severity is Severity.ROLLING_OUT


def _of_workloads(views: Sequence[RolloutView]) -> Iterator[Finding]:
    """Yield the findings of the workloads behind a service; of several, with whose they are."""
    names = Counter(view.key.name for view in views)
    for view in views:
        name = view.key.name if names[view.key.name] == 1 else f"{view.kind} {view.key.name}"
        for finding in view.findings:
            named = f"{printable(name)}: {finding.message}"
            yield finding if len(views) == 1 else dataclasses.replace(finding, message=named)


def _mode(service: Service) -> ServiceMode:
    if service.spec.type == "ExternalName":
        return ServiceMode.EXTERNAL_NAME
    if not service.spec.selector:
        return ServiceMode.NO_SELECTOR
    return ServiceMode.HEADLESS if service.spec.cluster_ip == "None" else ServiceMode.SELECTOR
