"""Deployments, StatefulSets, DaemonSets and their revisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from k9py.api.meta import Condition
from k9py.api.selectors import LabelSelector
from k9py.api.workloads import (
    CHANGE_CAUSE,
    CONTROLLER_REVISION_HASH,
    POD_TEMPLATE_HASH,
    REVISION,
    REVISION_HISTORY,
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
from tests.factories.meta import IMAGE, meta
from tests.factories.pods import template


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
    """Return a Deployment; counts that are not given are those of a finished rollout."""
    full = 1 if replicas is None else replicas
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
            replicas=full if total is None else total,
            updated_replicas=full if updated is None else updated,
            ready_replicas=full if ready is None else ready,
            available_replicas=full if available is None else available,
            conditions=tuple(conditions) or None,
        ),
    )


def replica_set(
    owner: Deployment | None = None,
    pod_hash: str = "aaa",
    *,
    revision: int | str = 1,
    image: str = IMAGE,
    replicas: int = 3,
    ready: int | None = None,
    change_cause: str = "",
    created: datetime | None = None,
    former: str = "",
) -> ReplicaSet:
    owner = owner or deployment()
    labels = {"app": owner.name, POD_TEMPLATE_HASH: pod_hash}
    notes = {REVISION: str(revision)} | ({CHANGE_CAUSE: change_cause} if change_cause else {})
    notes |= {REVISION_HISTORY: former} if former else {}
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
    full = 1 if replicas is None else replicas
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
            replicas=full if total is None else total,
            ready_replicas=full if ready is None else ready,
            current_replicas=full if current is None else current,
            updated_replicas=full if updated is None else updated,
            available_replicas=full if available is None else available,
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
    owner: StatefulSet | DaemonSet,
    pod_hash: str = "aaa",
    *,
    revision: int = 1,
    image: str = IMAGE,
    created: datetime | None = None,
) -> ControllerRevision:
    # StatefulSets label their revisions differently from DaemonSets; only the latter use the label of the pods.
    label = CONTROLLER_REVISION_HASH if isinstance(owner, DaemonSet) else "controller.kubernetes.io/hash"
    data = {"spec": {"template": {"$patch": "replace", **msgspec.to_builtins(template(image, {"app": owner.name}))}}}
    return ControllerRevision(
        metadata=meta(
            "ControllerRevision",
            f"{owner.name}-{pod_hash}",
            owner.namespace,
            owner=owner,
            labels={label: pod_hash},
            created=created,
        ),
        revision=revision,
        raw_data=msgspec.Raw(msgspec.json.encode(data)),
    )


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
    """Return a Deployment as the server's JSON, to plan writes for."""
    deployment: dict[str, Any] = {
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
        deployment["spec"]["paused"] = True
    return deployment
