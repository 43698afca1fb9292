"""The kinds we know: where each lives in the API, and how its JSON becomes a value.

To add a kind: its Struct, then one `Kind(...)` here. Of managedFields decoding sees only who wrote a
workload's template and replicas (`api/managed.py`), and it drops the one annotation that repeats the whole object.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, TypeVar

import msgspec

from k9py.api.batch import CronJob, Job
from k9py.api.events import Event
from k9py.api.meta import KubeObject, ObjectKey
from k9py.api.nodes import Namespace, Node
from k9py.api.pods import Pod
from k9py.api.policy import HorizontalPodAutoscaler, PodDisruptionBudget
from k9py.api.quota import ResourceQuota
from k9py.api.services import EndpointSlice, Service
from k9py.api.workloads import ControllerRevision, DaemonSet, Deployment, ReplicaSet, StatefulSet

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

T = TypeVar("T", bound=KubeObject)


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """One resource of the API: `group` "" is core; `resource` is the plural in URLs; `type` its Struct."""

    group: str
    version: str
    resource: str
    type: type[T]
    namespaced: bool = True
    _decoder: msgspec.json.Decoder[T] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_decoder", msgspec.json.Decoder(self.type))

    @property
    def name(self) -> str:
        """The kind's name, for example `Deployment`."""
        return self.type.KIND

    @property
    def api_version(self) -> str:
        """`apps/v1`, or `v1` for the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self, namespace: str = "", name: str = "", subresource: str = "") -> str:
        """Return the URL path of the collection, the object or its subresource.

        An empty namespace means the whole cluster. Names come from the API or were validated: they need no escaping.
        """
        parts = ["/apis" if self.group else "/api", *([self.group] if self.group else []), self.version]
        if namespace and self.namespaced:
            parts += ["namespaces", namespace]
        parts.append(self.resource)
        parts += [part for part in (name, subresource) if part]
        return "/".join(parts)

    def key(self, namespace: str, name: str) -> ObjectKey:
        """Return the key of an object of this kind."""
        return ObjectKey(self.name, namespace if self.namespaced else "", name)

    def decode(self, data: bytes | bytearray | memoryview | msgspec.Raw) -> T:
        """Decode one object's JSON.

        Raises:
            msgspec.ValidationError: the JSON is not this kind's shape.
            msgspec.DecodeError: the bytes are not JSON, not UTF-8, or nested beyond reason.
        """
        try:
            value = self._decoder.decode(data)
        except (UnicodeDecodeError, RecursionError) as error:  # msgspec lets these two through as they are
            raise msgspec.DecodeError(str(error)) from error
        annotations = value.metadata.annotations
        if annotations:
            annotations.pop(LAST_APPLIED, None)
        return value


NAMESPACE = Kind("", "v1", "namespaces", Namespace, namespaced=False)
NODE = Kind("", "v1", "nodes", Node, namespaced=False)
SERVICE = Kind("", "v1", "services", Service)
POD = Kind("", "v1", "pods", Pod)
EVENT = Kind("", "v1", "events", Event)
ENDPOINT_SLICE = Kind("discovery.k8s.io", "v1", "endpointslices", EndpointSlice)
DEPLOYMENT = Kind("apps", "v1", "deployments", Deployment)
REPLICA_SET = Kind("apps", "v1", "replicasets", ReplicaSet)
STATEFUL_SET = Kind("apps", "v1", "statefulsets", StatefulSet)
DAEMON_SET = Kind("apps", "v1", "daemonsets", DaemonSet)
CONTROLLER_REVISION = Kind("apps", "v1", "controllerrevisions", ControllerRevision)
HORIZONTAL_POD_AUTOSCALER = Kind("autoscaling", "v2", "horizontalpodautoscalers", HorizontalPodAutoscaler)
POD_DISRUPTION_BUDGET = Kind("policy", "v1", "poddisruptionbudgets", PodDisruptionBudget)
RESOURCE_QUOTA = Kind("", "v1", "resourcequotas", ResourceQuota)
JOB = Kind("batch", "v1", "jobs", Job)
CRON_JOB = Kind("batch", "v1", "cronjobs", CronJob)

AnyKind = Kind[KubeObject]

KINDS: dict[str, AnyKind] = {
    kind.name: kind  # type: ignore[misc]
    for kind in (
        NAMESPACE,
        NODE,
        SERVICE,
        POD,
        EVENT,
        ENDPOINT_SLICE,
        DEPLOYMENT,
        REPLICA_SET,
        STATEFUL_SET,
        DAEMON_SET,
        CONTROLLER_REVISION,
        HORIZONTAL_POD_AUTOSCALER,
        POD_DISRUPTION_BUDGET,
        RESOURCE_QUOTA,
        JOB,
        CRON_JOB,
    )
}
"""By kind name."""

WORKLOAD_KINDS = ("Deployment", "StatefulSet", "DaemonSet")
"""Kinds the Rollouts pane shows and scale, restart and undo act on (a DaemonSet cannot be scaled)."""
