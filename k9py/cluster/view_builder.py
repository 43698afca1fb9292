"""Build the views of Services and rollouts from the stores: status, findings and severity put together.

Invariant: a view is a function of the stores, of `now`, and of what was seen of a workload earlier in this session
(`WorkloadMemory`). The rules are in `rollouts`, `diagnosis` and `severity`; this module only chooses their inputs.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from k9py.api.events import Event
from k9py.api.meta import ObjectRef
from k9py.api.pods import Pod
from k9py.api.services import EndpointSlice, Service, lacks_ports, routed_slices
from k9py.api.severity import Severity
from k9py.api.text import printable
from k9py.api.workloads import ControllerRevision, DaemonSet, Deployment, ReplicaSet, Workload
from k9py.cluster.endpoint_counts import EndpointCounts, WorkloadCounts, count_endpoints
from k9py.cluster.relations import Relations
from k9py.cluster.severity import (
    ServiceBackends,
    ServiceDemand,
    align_findings,
    rollout_reason,
    rollout_severity,
    scaled_to_zero_finding,
    service_reason,
    service_severity,
)
from k9py.cluster.views import RolloutView, ServiceMode, ServiceView
from k9py.cluster.workload_memory import WorkloadMemory
from k9py.diagnosis.finding import Finding
from k9py.diagnosis.mixed_backends import is_of_version
from k9py.diagnosis.near_misses import NearMiss
from k9py.diagnosis.persistent_failures import fails_persistently
from k9py.diagnosis.rollouts import diagnose_rollout
from k9py.diagnosis.service_targets import selector_near_miss
from k9py.diagnosis.services import service_findings
from k9py.diagnosis.workloads import workload_findings
from k9py.rollouts.revisions import Revision, current_revision, revisions
from k9py.rollouts.scaled_to_zero import ScaledToZero, scaled_to_zero
from k9py.rollouts.scaling_events import Scaling, scale_up_from_zero
from k9py.rollouts.status import RolloutState, RolloutStatus

_MAX_PODS: Final = 50
"""Pods whose probes are looked at."""
_YOUNG: Final = timedelta(seconds=60)
"""A Service this young may wait for its first endpoint."""


class ViewBuilder:
    """Builds views.

    Args:
        has_synced: returns whether the objects of a kind (by name) have been read.
    """

    def __init__(self, relations: Relations, has_synced: Callable[[str], bool]) -> None:
        self._relations = relations
        self._has_synced = has_synced
        self._memory = WorkloadMemory()

    # -- Services -----------------------------------------------------------------------------------------------------

    def service(
        self, service: Service, now: datetime, rollout_view: Callable[[ObjectRef, datetime], RolloutView | None]
    ) -> ServiceView:
        """Return the view of a Service.

        Args:
            rollout_view: returns the view of a backend.
        """
        mode = _mode(service)
        slices = routed_slices(service, self._relations.slices_of(service.key))
        backends = self._relations.backend_keys(service)
        views = [view for key in backends if (view := rollout_view(key, now)) is not None]
        counts: EndpointCounts | None = None
        findings: tuple[Finding, ...] = ()
        if mode is not ServiceMode.EXTERNAL_NAME and self._has_synced(EndpointSlice.KIND):
            is_selected = mode is not ServiceMode.NO_SELECTOR
            pods = tuple(self._relations.backend_pods(service)) if self._has_synced(Pod.KIND) else None
            # With manually maintained endpoints, as many should serve as exist.
            replicas = {view.key: WorkloadCounts(view.status.desired, view.status.serving) for view in views}
            owners = self._owners(backends, pods or ())
            # A pod without a known workload that lacks the port (a Job's) is not expected to serve.
            expected = [pod for pod in pods or () if pod.owner_uid in owners or not lacks_ports(service, pod)]
            counts = count_endpoints(
                slices,
                expected if is_selected and pods is not None else None,
                replicas if is_selected else {},
                owners,
                now,
            )
            if pods is not None:
                findings = service_findings(
                    service,
                    slices,
                    pods,
                    now,
                    is_scaled_to_zero=bool(views) and all(view.status.desired == 0 for view in views),
                    reported_owners=owners,
                    events_of=self._events_of,
                    near_miss=lambda: None if backends else self._near_miss(service),
                )
        created = service.metadata.creation_timestamp
        state = ServiceBackends(
            is_needed=mode is not ServiceMode.EXTERNAL_NAME,
            is_known=counts is not None,
            serving=counts.serving if counts else None,
            desired=counts.desired if counts else None,
            # A workload that is being deleted creates no more pods, however healthy it looks.
            workloads=tuple(Severity.IDLE if self._is_terminating(view.key) else view.severity for view in views),
            arriving=counts.arriving if counts else 0,
            is_young=created is not None and now - created < _YOUNG,
            is_rolling_out=any(_is_rolling_out(view) for view in views),
        )
        severity = service_severity(state, findings)
        return ServiceView(
            key=service.key,
            uid=service.uid,
            mode=mode,
            type=service.spec.type,
            ports=service.spec.ports or (),
            ready=counts.ready if counts else None,
            total=counts.total if counts else None,
            workloads=backends,
            findings=align_findings(
                [*findings, *_backend_findings(views)],
                severity,
                service_reason(service.key, state, severity),
            ),
            external_name=service.spec.external_name,
            created_at=created,
            severity=severity,
            serving=counts.serving if counts else None,
            desired=counts.desired if counts else None,
            is_explained_by_workload=severity in state.workloads,
        )

    def _near_miss(self, service: Service) -> NearMiss | None:
        """Return the labels closest to a selector that matches no pod."""
        return selector_near_miss(service, *self._relations.in_namespace(service.namespace))

    def _events_of(self, pod: Pod) -> tuple[Event, ...]:
        return tuple(self._relations.events_of(pod.uid, pod.namespace))

    def _is_terminating(self, key: ObjectRef) -> bool:
        workload = self._relations.workload(key)
        return workload is not None and workload.metadata.deletion_timestamp is not None

    def _owners(self, workloads: Iterable[ObjectRef], pods: Iterable[Pod]) -> dict[str, ObjectRef]:
        """Return workloads by the uids that control their pods.

        A ReplicaSet that has not been read counts as owned by the Deployment whose selector matches its pods.
        """
        owners: dict[str, ObjectRef] = {}
        deployments: list[Deployment] = []
        for key in workloads:
            workload = self._relations.workload(key)
            if isinstance(workload, Deployment):
                deployments.append(workload)
                owners |= {replica_set.uid: key for replica_set in self._relations.owned(workload)}
            elif workload is not None:
                owners[workload.uid] = key
        unknown = {pod.owner_uid: pod for pod in pods if pod.owner_uid not in owners} if deployments else {}
        for uid, pod in unknown.items():
            owner = pod.metadata.controller
            if owner is None or owner.kind != ReplicaSet.KIND or self._relations.is_read(owner, pod.namespace):
                continue
            for deployment in deployments:
                if deployment.spec.selector is not None and deployment.spec.selector.matches(pod.metadata.labels):
                    owners[uid] = deployment.key
        return owners

    # -- rollouts -----------------------------------------------------------------------------------------------------

    def rollout(self, workload: Workload, now: datetime) -> RolloutView:
        """Return the view of a workload."""
        owned = self._relations.owned(workload)
        pods = tuple(self._relations.pods(workload))
        events = self._relations.failure_events(workload, owned, pods)
        all_revisions = revisions(workload, owned, pods)
        status = self._with_earliest_change(diagnose_rollout(workload, all_revisions, pods, now, events=events))
        findings = workload_findings(workload, owned, pods, events, now)
        zero = self._scaled_to_zero(workload, owned, events, status.desired)
        demand = ServiceDemand() if zero is None else self._demand(workload)
        scaling = self._scaling(workload, all_revisions, events, now)
        severity = rollout_severity(
            workload,
            status,
            findings,
            pods,
            now,
            zero=zero,
            demand=demand,
            scaling=scaling,
            is_hopeless=status.serving == 0 and _are_hopeless(pods, events, now),
        )
        if zero is not None:
            findings = (*findings, scaled_to_zero_finding(workload.key, zero, severity))
        return RolloutView(
            key=workload.key,
            uid=workload.uid,
            status=status,
            findings=align_findings(findings, severity, rollout_reason(status, severity)),
            created_at=workload.metadata.creation_timestamp,
            generation=workload.metadata.generation,
            has_synced_pods=self._has_synced(Pod.KIND),
            severity=severity,
            scaling=scaling,
        )

    def _scaling(
        self, workload: Workload, all_revisions: Sequence[Revision], events: Sequence[Event], now: datetime
    ) -> Scaling | None:
        """Return the last scaling seen in this session, else one from 0 that events show."""
        if isinstance(workload, DaemonSet):
            return None
        replicas = 1 if workload.spec.replicas is None else workload.spec.replicas
        scaling = self._memory.observe_scaling(workload.uid, replicas, now)
        if scaling is not None or not isinstance(workload, Deployment):
            return scaling
        current = current_revision(all_revisions)
        own_events = [event for event in events if event.involved_object.uid == workload.uid]
        return None if current is None else scale_up_from_zero(own_events, current.name, replicas)

    def _scaled_to_zero(
        self,
        workload: Workload,
        owned: tuple[ReplicaSet | ControllerRevision, ...],
        events: tuple[Event, ...],
        desired: int | None,
    ) -> ScaledToZero | None:
        """Return why a workload wants no pods, None when it wants some."""
        is_read = not isinstance(workload, Deployment) or self._has_synced(ReplicaSet.KIND)
        return scaled_to_zero(
            workload,
            owned if is_read else None,
            events,
            autoscaler=self._relations.autoscaler_of(workload.key),
            last_seen_replicas=self._memory.observe_replicas(workload.uid, desired),
        )

    def _with_earliest_change(self, status: RolloutStatus) -> RolloutStatus:
        if not (self._has_synced(ReplicaSet.KIND) and self._has_synced(ControllerRevision.KIND)):
            return status
        return self._memory.with_earliest_change(status)

    def _demand(self, workload: Workload) -> ServiceDemand:
        """Return what the Services in front of a workload scaled to 0 need."""
        services = self._relations.service_keys(workload)
        is_known = self._has_synced(EndpointSlice.KIND)
        return ServiceDemand(
            len(services),
            any(not is_known or not self._is_served(key) for key in services),
            is_replaced=not services and is_known and self._is_replaced(workload),
        )

    def _is_replaced(self, workload: Workload) -> bool:
        """Return whether a Service selects another version instead (its selector names another slot), and serves."""
        labels = workload.spec.template.labels
        _, services = self._relations.in_namespace(workload.namespace)
        for service in services:
            selector = service.spec.selector or {}
            differing = [key for key, value in selector.items() if labels.get(key) != value]
            is_version = bool(differing) and all(key in labels and is_of_version(key) for key in differing)
            if is_version and len(differing) < len(selector) and self._is_served(service.key):
                return True
        return False

    def _is_served(self, service: ObjectRef) -> bool:
        """Return whether a Service has an endpoint that serves and is not terminating."""
        return any(
            endpoint.is_serving and not endpoint.conditions.terminating
            for endpoint_slice in self._relations.routed_slices_of(service)
            for endpoint in endpoint_slice.endpoints or ()
        )


def _are_hopeless(pods: Sequence[Pod], events: Sequence[Event], now: datetime) -> bool:
    """Return whether every pod has failed, or fails again and again."""
    wanted = [pod for pod in pods if pod.status.phase != "Succeeded" and not pod.is_terminating][:_MAX_PODS]
    return bool(wanted) and all(fails_persistently(pod, events, now) for pod in wanted)


def _is_rolling_out(view: RolloutView) -> bool:
    """Return whether the missing pods of a workload are on their way; an unrelated warning does not change that."""
    if view.severity is Severity.WARNING:
        return view.status.state is RolloutState.PROGRESSING
    return view.severity is Severity.ROLLING_OUT


def _backend_findings(views: Sequence[RolloutView]) -> Iterator[Finding]:
    """Yield the findings of the backends of a Service; of several, with the name of each."""
    names = Counter(view.key.name for view in views)
    for view in views:
        name = view.key.name if names[view.key.name] == 1 else f"{view.kind} {view.key.name}"
        for finding in view.findings:
            message = f"{printable(name)}: {finding.message}"
            yield finding if len(views) == 1 else dataclasses.replace(finding, message=message)


def _mode(service: Service) -> ServiceMode:
    if service.spec.type == "ExternalName":
        return ServiceMode.EXTERNAL_NAME
    if not service.spec.selector:
        return ServiceMode.NO_SELECTOR
    return ServiceMode.HEADLESS if service.spec.cluster_ip == "None" else ServiceMode.SELECTOR
