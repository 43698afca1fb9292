"""The known kinds: where each is in the API, and how its JSON is decoded.

To add a kind: its Struct, then one `Kind(...)` here. Decoding keeps a small part of managedFields
(`meta.WorkloadMeta`), and drops the annotation that repeats the whole object.
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
from k9py.api.policy import HorizontalPodAutoscaler, PodDisruptionBudget, ResourceQuota
from k9py.api.services import EndpointSlice, Service
from k9py.api.workloads import ControllerRevision, DaemonSet, Deployment, ReplicaSet, StatefulSet

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

T = TypeVar("T", bound=KubeObject)


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """A resource of the API.

    Args:
        group: "" is the core group.
        resource: the plural in URLs.
        type: the Struct of an object.
    """

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
        """Name of the kind, such as `Deployment`."""
        return self.type.KIND

    @property
    def api_version(self) -> str:
        """`apps/v1`, or `v1` for the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self, namespace: str = "", name: str = "", subresource: str = "") -> str:
        """Return the URL path of the collection, of an object or of its subresource.

        Args:
            namespace: "" for the whole cluster. The caller escapes it, and the name.
            name: "" for the collection.
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
            msgspec.ValidationError: the JSON does not have the fields of this kind.
            msgspec.DecodeError: the bytes are not JSON, not UTF-8, or nested too deeply.
        """
        try:
            value = self._decoder.decode(data)
        except (UnicodeDecodeError, RecursionError) as error:  # msgspec does not wrap these two
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
"""All kinds, by name."""

WORKLOAD_KINDS = ("Deployment", "StatefulSet", "DaemonSet")
"""The kinds that the Rollouts pane shows, and that scale, restart and undo apply to (a DaemonSet cannot be scaled)."""
