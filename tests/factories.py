"""Small functions that make typed objects for tests: name what matters, the rest is healthy.

Every uid is `<kind>-<name>`, every time is `NOW` or a little before it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from k9py.objects.events import Event, ObjectReference
from k9py.objects.meta import Condition, KubeObject, Meta, ObjectKey, OwnerReference
from k9py.objects.pods import (
    Container,
    ContainerState,
    ContainerStatus,
    Pod,
    PodSpec,
    PodStatus,
    PodTemplate,
    ResourceRequirements,
    StateRunning,
    StateTerminated,
    StateWaiting,
)
from k9py.objects.policy import (
    AutoscalerSpec,
    BudgetSpec,
    BudgetStatus,
    HorizontalPodAutoscaler,
    PodDisruptionBudget,
    ScaleTarget,
)
from k9py.objects.selectors import LabelSelector
from k9py.objects.services import (
    Endpoint,
    EndpointConditions,
    EndpointSlice,
    Service,
    ServicePort,
    ServiceSpec,
    TargetRef,
)
from k9py.objects.workloads import (
    CHANGE_CAUSE,
    CONTROLLER_REVISION_HASH,
    POD_TEMPLATE_HASH,
    REVISION,
    ControllerRevision,
    DaemonSet,
    DaemonSetSpec,
    DaemonSetStatus,
    Deployment,
    DeploymentSpec,
    DeploymentStatus,
    ReplicaSet,
    ReplicaSetSpec,
    ReplicaSetStatus,
    StatefulSet,
    StatefulSetSpec,
    StatefulSetStatus,
    Strategy,
)

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
IMAGE = "registry.example.com/checkout:1.0.0"


def before(seconds: float) -> datetime:
    """Return the time that many seconds before NOW."""
    return NOW - timedelta(seconds=seconds)


def meta(
    kind: str,
    name: str,
    namespace: str = "shop",
    *,
    owner: KubeObject | None = None,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    generation: int = 1,
    created: datetime | None = None,
    deleted: datetime | None = None,
    uid: str = "",
    resource_version: str = "1",
) -> Meta:
    owners = (OwnerReference(kind=owner.KIND, name=owner.name, uid=owner.uid, controller=True),) if owner else None
    return Meta(
        name=name,
        namespace=namespace,
        uid=uid or f"{kind.lower()}-{name}",
        resource_version=resource_version,
        generation=generation,
        creation_timestamp=created or before(3600),
        deletion_timestamp=deleted,
        labels=dict(labels or {}),
        annotations=dict(annotations or {}),
        owner_references=owners,
    )


def condition(type_: str, status: str = "True", reason: str = "", message: str = "", since: float = 60) -> Condition:
    at = before(since)
    return Condition(
        type=type_, status=status, reason=reason, message=message, last_transition_time=at, last_update_time=at
    )


def template(image: str = IMAGE, labels: Mapping[str, str] | None = None, container: str = "app") -> PodTemplate:
    return PodTemplate(
        metadata=Meta(labels=dict(labels or {})), spec=PodSpec(containers=(Container(name=container, image=image),))
    )


def deployment(
    name: str = "checkout",
    namespace: str = "shop",
    *,
    replicas: int | None = 3,
    image: str = IMAGE,
    revision: int | None = 1,
    generation: int = 1,
    observed: int | None = None,
    total: int | None = None,
    updated: int | None = None,
    ready: int | None = None,
    available: int | None = None,
    paused: bool = False,
    conditions: Sequence[Condition] = (),
    annotations: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
    strategy: str = "RollingUpdate",
) -> Deployment:
    """A Deployment; counts left out are as a finished rollout has them."""
    whole = 1 if replicas is None else replicas
    notes = {REVISION: str(revision)} if revision is not None else {}
    return Deployment(
        metadata=meta(
            "Deployment",
            name,
            namespace,
            generation=generation,
            annotations={**notes, **(annotations or {})},
            labels=labels,
        ),
        spec=DeploymentSpec(
            replicas=replicas,
            selector=LabelSelector(match_labels={"app": name}),
            template=template(image, {"app": name}),
            strategy=Strategy(type=strategy),
            paused=paused,
            progress_deadline_seconds=600,
        ),
        status=DeploymentStatus(
            observed_generation=generation if observed is None else observed,
            replicas=whole if total is None else total,
            updated_replicas=whole if updated is None else updated,
            ready_replicas=whole if ready is None else ready,
            available_replicas=whole if available is None else available,
            conditions=tuple(conditions) or None,
        ),
    )


def replica_set(
    owner: Deployment | None = None,
    pod_hash: str = "aaa",
    *,
    revision: int = 1,
    image: str = IMAGE,
    replicas: int = 3,
    ready: int | None = None,
    change_cause: str = "",
    created: datetime | None = None,
) -> ReplicaSet:
    owner = owner or deployment()
    labels = {"app": owner.name, POD_TEMPLATE_HASH: pod_hash}
    notes = {REVISION: str(revision)} | ({CHANGE_CAUSE: change_cause} if change_cause else {})
    return ReplicaSet(
        metadata=meta(
            "ReplicaSet",
            f"{owner.name}-{pod_hash}",
            owner.namespace,
            owner=owner,
            labels=labels,
            annotations=notes,
            created=created,
        ),
        spec=ReplicaSetSpec(
            replicas=replicas, selector=LabelSelector(match_labels=labels), template=template(image, labels)
        ),
        status=ReplicaSetStatus(
            observed_generation=1,
            replicas=replicas,
            ready_replicas=replicas if ready is None else ready,
            available_replicas=replicas if ready is None else ready,
        ),
    )


def stateful_set(
    name: str = "cart-db",
    namespace: str = "shop",
    *,
    replicas: int | None = 2,
    image: str = IMAGE,
    generation: int = 1,
    observed: int | None = None,
    total: int | None = None,
    ready: int | None = None,
    current: int | None = None,
    updated: int | None = None,
    available: int | None = None,
    current_revision: str = "cart-db-aaa",
    update_revision: str = "cart-db-aaa",
    policy: str = "OrderedReady",
    strategy: Strategy | None = None,
) -> StatefulSet:
    whole = 1 if replicas is None else replicas
    return StatefulSet(
        metadata=meta("StatefulSet", name, namespace, generation=generation),
        spec=StatefulSetSpec(
            replicas=replicas,
            selector=LabelSelector(match_labels={"app": name}),
            template=template(image, {"app": name}),
            service_name=name,
            pod_management_policy=policy,
            update_strategy=strategy or Strategy(),
        ),
        status=StatefulSetStatus(
            observed_generation=generation if observed is None else observed,
            replicas=whole if total is None else total,
            ready_replicas=whole if ready is None else ready,
            current_replicas=whole if current is None else current,
            updated_replicas=whole if updated is None else updated,
            available_replicas=whole if available is None else available,
            current_revision=current_revision,
            update_revision=update_revision,
        ),
    )


def daemon_set(
    name: str = "agent",
    namespace: str = "shop",
    *,
    desired: int = 3,
    image: str = IMAGE,
    generation: int = 1,
    observed: int | None = None,
    updated: int | None = None,
    ready: int | None = None,
    available: int | None = None,
    strategy: Strategy | None = None,
) -> DaemonSet:
    return DaemonSet(
        metadata=meta("DaemonSet", name, namespace, generation=generation),
        spec=DaemonSetSpec(
            selector=LabelSelector(match_labels={"app": name}),
            template=template(image, {"app": name}),
            update_strategy=strategy or Strategy(),
        ),
        status=DaemonSetStatus(
            observed_generation=generation if observed is None else observed,
            current_number_scheduled=desired,
            desired_number_scheduled=desired,
            updated_number_scheduled=desired if updated is None else updated,
            number_ready=desired if ready is None else ready,
            number_available=desired if available is None else available,
        ),
    )


def controller_revision(
    owner: StatefulSet | DaemonSet, pod_hash: str = "aaa", *, revision: int = 1, image: str = IMAGE
) -> ControllerRevision:
    # StatefulSets label their revisions otherwise than DaemonSets do; only the latter equals the pods' label.
    label = CONTROLLER_REVISION_HASH if isinstance(owner, DaemonSet) else "controller.kubernetes.io/hash"
    data = {"spec": {"template": {"$patch": "replace", **msgspec.to_builtins(template(image, {"app": owner.name}))}}}
    return ControllerRevision(
        metadata=meta(
            "ControllerRevision", f"{owner.name}-{pod_hash}", owner.namespace, owner=owner, labels={label: pod_hash}
        ),
        revision=revision,
        raw_data=msgspec.Raw(msgspec.json.encode(data)),
    )


def waiting(reason: str, message: str = "") -> ContainerState:
    return ContainerState(waiting=StateWaiting(reason=reason, message=message))


def running(since: float = 600) -> ContainerState:
    return ContainerState(running=StateRunning(started_at=before(since)))


def terminated(exit_code: int = 1, reason: str = "Error", since: float = 30) -> ContainerState:
    return ContainerState(terminated=StateTerminated(exit_code=exit_code, reason=reason, finished_at=before(since)))


def container_status(
    name: str = "app",
    *,
    ready: bool = True,
    state: ContainerState | None = None,
    last: ContainerState | None = None,
    restarts: int = 0,
    image: str = IMAGE,
) -> ContainerStatus:
    return ContainerStatus(
        name=name, ready=ready, state=state or running(), last_state=last, restart_count=restarts, image=image
    )


def pod(
    name: str = "checkout-aaa-1",
    namespace: str = "shop",
    *,
    owner: KubeObject | None = None,
    revision_hash: str = "",
    image: str = IMAGE,
    limits: Mapping[str, str] | None = None,
    ready: bool = True,
    ready_since: float = 590,
    phase: str = "Running",
    statuses: Sequence[ContainerStatus] | None = None,
    init_statuses: Sequence[ContainerStatus] = (),
    conditions: Sequence[Condition] | None = None,
    labels: Mapping[str, str] | None = None,
    created: float = 600,
    deleted: datetime | None = None,
    reason: str = "",
    message: str = "",
    node: str = "node-1",
) -> Pod:
    """A ready pod, unless told otherwise. `revision_hash` sets the label of StatefulSet and DaemonSet pods."""
    tags = dict(labels or {"app": owner.metadata.label("app") if owner else "checkout"})
    if isinstance(owner, ReplicaSet):
        tags[POD_TEMPLATE_HASH] = owner.metadata.label(POD_TEMPLATE_HASH)
    if revision_hash:
        tags[CONTROLLER_REVISION_HASH] = revision_hash
    own = (container_status(ready=ready, image=image),) if statuses is None else tuple(statuses)
    if conditions is None:
        conditions = (
            condition("PodScheduled", since=created),
            condition("Ready", "True" if ready else "False", since=ready_since if ready else created),
        )
    return Pod(
        metadata=meta("Pod", name, namespace, owner=owner, labels=tags, created=before(created), deleted=deleted),
        spec=PodSpec(
            containers=tuple(
                Container(name=one.name, image=one.image, resources=ResourceRequirements(limits=dict(limits or {})))
                for one in own
            )
            or (Container(name="app", image=image),),
            init_containers=tuple(Container(name=one.name, image=one.image) for one in init_statuses) or None,
            node_name=node,
        ),
        status=PodStatus(
            phase=phase,
            reason=reason,
            message=message,
            start_time=before(created),
            conditions=tuple(conditions),
            container_statuses=own or None,
            init_container_statuses=tuple(init_statuses) or None,
        ),
    )


def service(
    name: str = "checkout",
    namespace: str = "shop",
    *,
    selector: Mapping[str, str] | None = None,
    ports: Sequence[ServicePort] = (ServicePort(port=80, name="http", target_port=8080),),
    type_: str = "ClusterIP",
    cluster_ip: str = "10.96.0.10",
) -> Service:
    chosen = {"app": name} if selector is None else dict(selector)
    return Service(
        metadata=meta("Service", name, namespace),
        spec=ServiceSpec(type=type_, cluster_ip=cluster_ip, selector=chosen, ports=tuple(ports)),
    )


def endpoint_slice(owner: Service, pods: Sequence[Pod] = (), suffix: str = "abcde") -> EndpointSlice:
    """The slice the endpoint slice controller would make of these pods."""
    return EndpointSlice(
        metadata=meta(
            "EndpointSlice",
            f"{owner.name}-{suffix}",
            owner.namespace,
            owner=owner,
            labels={"kubernetes.io/service-name": owner.name},
        ),
        address_type="IPv4",
        endpoints=tuple(
            Endpoint(
                addresses=(f"10.0.0.{number}",),
                conditions=EndpointConditions(
                    ready=one.is_ready and not one.is_terminating, serving=one.is_ready, terminating=one.is_terminating
                ),
                target_ref=TargetRef(kind="Pod", namespace=one.namespace, name=one.name, uid=one.uid),
            )
            for number, one in enumerate(pods, 1)
        ),
    )


def event(
    about: KubeObject,
    reason: str = "BackOff",
    message: str = "",
    *,
    type_: str = "Warning",
    count: int = 1,
    since: float = 30,
) -> Event:
    return Event(
        metadata=meta("Event", f"{about.name}.{reason.lower()}", about.namespace),
        involved_object=ObjectReference(kind=about.KIND, namespace=about.namespace, name=about.name, uid=about.uid),
        reason=reason,
        message=message,
        type=type_,
        count=count,
        first_timestamp=before(since),
        last_timestamp=before(since),
    )


def autoscaler(
    target: KubeObject, *, min_replicas: int | None = 2, max_replicas: int = 6, name: str = ""
) -> HorizontalPodAutoscaler:
    return HorizontalPodAutoscaler(
        metadata=meta("HorizontalPodAutoscaler", name or target.name, target.namespace),
        spec=AutoscalerSpec(
            scale_target_ref=ScaleTarget(kind=target.KIND, name=target.name, api_version="apps/v1"),
            min_replicas=min_replicas,
            max_replicas=max_replicas,
        ),
    )


def budget(
    name: str = "checkout", namespace: str = "shop", *, allowed: int = 0, minimum: int = 2
) -> PodDisruptionBudget:
    return PodDisruptionBudget(
        metadata=meta("PodDisruptionBudget", name, namespace),
        spec=BudgetSpec(min_available=minimum, selector=LabelSelector(match_labels={"app": name})),
        status=BudgetStatus(disruptions_allowed=allowed, current_healthy=minimum + allowed, desired_healthy=minimum),
    )


def key(kind: str, name: str, namespace: str = "shop") -> ObjectKey:
    return ObjectKey(kind, namespace, name)


def raw_deployment(
    name: str = "checkout",
    namespace: str = "shop",
    *,
    replicas: int = 3,
    image: str = IMAGE,
    generation: int = 1,
    resource_version: str = "100",
    paused: bool = False,
    annotations: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """A Deployment as the server's JSON has it, for planning writes."""
    found: dict[str, Any] = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "uid": f"deployment-{name}",
            "resourceVersion": resource_version,
            "generation": generation,
            "labels": dict(labels or {"app": name}),
            "annotations": {REVISION: "1", **(annotations or {})},
        },
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "app", "image": image}]},
            },
            "strategy": {"type": "RollingUpdate"},
        },
        "status": {"observedGeneration": generation, "replicas": replicas},
    }
    if paused:
        found["spec"]["paused"] = True
    return found
