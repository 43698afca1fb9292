"""Pods and the states of their containers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from k9py.api.meta import Condition, KubeObject, Meta
from k9py.api.pods import (
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
from k9py.api.workloads import (
    CONTROLLER_REVISION_HASH,
    POD_TEMPLATE_HASH,
    ReplicaSet,
)
from tests.factories.meta import IMAGE, before, condition, meta


def template(image: str = IMAGE, labels: Mapping[str, str] | None = None, container: str = "app") -> PodTemplate:
    return PodTemplate(
        metadata=Meta(labels=dict(labels or {})), spec=PodSpec(containers=(Container(name=container, image=image),))
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
    """Return a pod, ready by default. `revision_hash` sets the label of StatefulSet and DaemonSet pods."""
    tags = dict(labels or {"app": owner.metadata.label("app") if owner else "checkout"})
    if isinstance(owner, ReplicaSet):
        tags[POD_TEMPLATE_HASH] = owner.metadata.label(POD_TEMPLATE_HASH)
    if revision_hash:
        tags[CONTROLLER_REVISION_HASH] = revision_hash
    containers = (container_status(ready=ready, image=image),) if statuses is None else tuple(statuses)
    if conditions is None:
        conditions = (
            condition("PodScheduled", since=created),
            condition("Ready", "True" if ready else "False", since=ready_since if ready else created),
        )
    return Pod(
        metadata=meta("Pod", name, namespace, owner=owner, labels=tags, created=before(created), deleted=deleted),
        spec=PodSpec(
            containers=tuple(
                Container(
                    name=status.name, image=status.image, resources=ResourceRequirements(limits=dict(limits or {}))
                )
                for status in containers
            )
            or (Container(name="app", image=image),),
            init_containers=tuple(Container(name=init.name, image=init.image) for init in init_statuses) or None,
            node_name=node,
        ),
        status=PodStatus(
            phase=phase,
            reason=reason,
            message=message,
            start_time=before(created),
            conditions=tuple(conditions),
            container_statuses=containers or None,
            init_container_statuses=tuple(init_statuses) or None,
        ),
    )
