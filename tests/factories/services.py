"""Services and their slices, events, autoscalers and disruption budgets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import structs

from k9py.api.events import Event, ObjectReference
from k9py.api.meta import KubeObject, ServiceMeta, VersionedMeta
from k9py.api.pods import Pod
from k9py.api.policy import (
    AutoscalerSpec,
    BudgetSpec,
    BudgetStatus,
    HorizontalPodAutoscaler,
    PodDisruptionBudget,
    ScaleTarget,
)
from k9py.api.selectors import LabelSelector
from k9py.api.services import (
    Endpoint,
    EndpointConditions,
    EndpointPort,
    EndpointSlice,
    Service,
    ServicePort,
    ServiceSpec,
    TargetRef,
)
from tests.factories.meta import before, meta


def service(
    name: str = "checkout",
    namespace: str = "shop",
    *,
    selector: Mapping[str, str] | None = None,
    ports: Sequence[ServicePort] = (ServicePort(port=80, name="http", target_port=8080),),
    type_: str = "ClusterIP",
    cluster_ip: str = "10.96.0.10",
) -> Service:
    labels = {"app": name} if selector is None else dict(selector)
    return Service(
        metadata=ServiceMeta(**structs.asdict(meta("Service", name, namespace))),
        spec=ServiceSpec(type=type_, cluster_ip=cluster_ip, selector=labels, ports=tuple(ports)),
    )


def endpoint_slice(owner: Service, pods: Sequence[Pod] = (), suffix: str = "abcde") -> EndpointSlice:
    """Return the slice that the endpoint slice controller would create for these pods."""
    return EndpointSlice(
        metadata=meta(
            "EndpointSlice",
            f"{owner.name}-{suffix}",
            owner.namespace,
            owner=owner,
            labels={"kubernetes.io/service-name": owner.name},
        ),
        address_type="IPv4",
        ports=tuple(EndpointPort(port.name, port.port, port.protocol) for port in owner.spec.ports or ()),
        endpoints=tuple(
            Endpoint(
                addresses=(f"10.0.0.{number}",),
                conditions=EndpointConditions(
                    ready=pod.is_ready and not pod.is_terminating, serving=pod.is_ready, terminating=pod.is_terminating
                ),
                target_ref=TargetRef(kind="Pod", namespace=pod.namespace, name=pod.name, uid=pod.uid),
            )
            for number, pod in enumerate(pods, 1)
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
        metadata=VersionedMeta(
            **structs.asdict(meta("HorizontalPodAutoscaler", name or target.name, target.namespace))
        ),
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
        metadata=VersionedMeta(**structs.asdict(meta("PodDisruptionBudget", name, namespace))),
        spec=BudgetSpec(min_available=minimum, selector=LabelSelector(match_labels={"app": name})),
        status=BudgetStatus(disruptions_allowed=allowed, current_healthy=minimum + allowed, desired_healthy=minimum),
    )
