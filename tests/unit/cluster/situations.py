"""A Deployment of three pods behind a service in many states, and the views of objects put into a `World`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from k9py.api.meta import KubeObject
from k9py.api.pods import Pod
from k9py.api.severity import Severity
from k9py.api.workloads import DaemonSet, Deployment, StatefulSet
from k9py.cluster.views import RolloutView, ServiceView
from tests import factories as make
from tests.factories import NOW
from tests.unit.cluster.world import World

HOUR = 3600.0
CRASHING = make.container_status(ready=False, state=make.waiting("CrashLoopBackOff"), last=make.terminated(1))
STARTING = make.container_status(ready=False, state=make.waiting("ContainerCreating"))
UPDATING = make.condition("Progressing", "True", "ReplicaSetUpdated")
THROUGH = make.condition("Progressing", "True", "NewReplicaSetAvailable")
TOO_LATE = make.condition("Progressing", "False", "ProgressDeadlineExceeded")


def aged(workload: KubeObject, seconds: float) -> KubeObject:
    """Return the object, created that many seconds ago."""
    meta = replace(workload.metadata, creation_timestamp=make.before(seconds))
    return replace(workload, metadata=meta)


def pods(
    owner: KubeObject, *, ready: int = 0, crashing: int = 0, starting: int = 0, created: float = HOUR
) -> list[Pod]:
    labels = {"app": "checkout"}
    common = {"owner": owner, "labels": labels}
    pods = [make.pod(f"{owner.name}-{n}", **common, created=HOUR) for n in range(ready)]  # type: ignore[arg-type]
    for number in range(crashing):
        name = f"{owner.name}-c{number}"
        pods.append(make.pod(name, owner=owner, labels=labels, ready=False, statuses=[CRASHING], created=created))
    for number in range(starting):
        name = f"{owner.name}-s{number}"
        pod = make.pod(name, owner=owner, labels=labels, ready=False, statuses=[STARTING], created=created)
        pods.append(pod)
    return pods


def seen(*objects: KubeObject) -> tuple[ServiceView, RolloutView]:
    """Return the views of the service and of the one workload among the objects."""
    world = World(*objects)
    [service] = [obj for obj in objects if obj.KIND == "Service"]
    [workload] = [obj for obj in objects if isinstance(obj, Deployment | StatefulSet | DaemonSet)]
    service_view = world.queries.service_view(service.key, NOW)
    rollout_view = world.queries.rollout_view(workload.key, NOW)
    assert service_view is not None
    assert rollout_view is not None
    return service_view, rollout_view


@dataclass(frozen=True)
class Situation:
    """A Deployment that wants three pods, and its pods: of the current revision and of the previous one."""

    deployment: Deployment
    new: Sequence[Pod] = ()
    old: Sequence[Pod] = ()
    severity: Severity = Severity.HEALTHY
    numbers: tuple[int, int] = (3, 3)

    def objects(self) -> list[KubeObject]:
        service = make.service("checkout")
        every = [*self.new, *self.old]
        return [self.deployment, NEW, OLD, *every, service, make.endpoint_slice(service, every)]


BASE = make.deployment("checkout", revision=2)
NEW = make.replica_set(BASE, "bbb", revision=2)
OLD = make.replica_set(BASE, "aaa", revision=1)
