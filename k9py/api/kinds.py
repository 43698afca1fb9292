"""How objects of a resource type are requested and decoded: `Kind` and its forms.

`Kind` decodes into a Struct with the fields that are read. `DynamicKind` decodes any type: metadata now, the rest on
demand. `MetadataKind` requests metadata alone; `TableKind` the rows that the server prints.

To decode another type into a Struct: the Struct, then one line here (or in its module in `resources/`). Decoding keeps
a small part of managedFields (`meta.WorkloadMeta`), and drops the annotation that repeats the whole object.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

import msgspec

from k9py.api.admission import MutatingWebhookConfiguration, ValidatingWebhookConfiguration
from k9py.api.apiregistration import ApiService
from k9py.api.batch import CronJob, Job
from k9py.api.certificates import CertificateSigningRequest
from k9py.api.configuration import ConfigMap, Secret, ServiceAccount
from k9py.api.dynamic import DynamicObject, decode_dynamic
from k9py.api.events import Event
from k9py.api.meta import KubeObject, ObjectRef
from k9py.api.networking import Ingress, IngressClass, NetworkPolicy
from k9py.api.nodes import Namespace, Node
from k9py.api.pods import Pod
from k9py.api.policy import HorizontalPodAutoscaler, LimitRange, PodDisruptionBudget, ResourceQuota
from k9py.api.resource_type import ResourceType
from k9py.api.scheduling import PriorityClass
from k9py.api.services import EndpointSlice, Service
from k9py.api.standard_types import standard_type
from k9py.api.storage import PersistentVolume, PersistentVolumeClaim, StorageClass, VolumeAttachment
from k9py.api.table import TableColumn, TableRow, decode_columns, decode_row
from k9py.api.workloads import ControllerRevision, DaemonSet, Deployment, ReplicaSet, StatefulSet

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

JSON: Final = "application/json"
METADATA_LIST: Final = f"application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,{JSON}"
METADATA: Final = f"application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,{JSON}"
TABLE: Final = f"application/json;as=Table;v=v1;g=meta.k8s.io,{JSON}"

OLDER_VERSIONS: Final[Mapping[tuple[str, str], frozenset[str]]] = {
    ("autoscaling", "horizontalpodautoscalers"): frozenset(("v1", "v2beta2")),
    ("batch", "cronjobs"): frozenset(("v1beta1",)),
    ("discovery.k8s.io", "endpointslices"): frozenset(("v1beta1",)),
    ("policy", "poddisruptionbudgets"): frozenset(("v1beta1",)),
}
"""Versions besides the preferred one that the Structs decode, by (group, plural)."""

T = TypeVar("T", bound=KubeObject)


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """A resource type whose objects are decoded into a Struct.

    Args:
        resource_type: where it is served.
        type: the Struct of an object.
    """

    resource_type: ResourceType
    type: type[T]
    _decoder: msgspec.json.Decoder[T] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_decoder", msgspec.json.Decoder(self.type))

    @property
    def name(self) -> str:
        """Name of the kind, such as `Deployment`."""
        return self.resource_type.kind

    @property
    def group(self) -> str:
        """API group, "" is the core group."""
        return self.resource_type.group

    @property
    def resource(self) -> str:
        """The plural in URLs."""
        return self.resource_type.plural

    @property
    def namespaced(self) -> bool:
        """Whether its objects are in a namespace."""
        return self.resource_type.namespaced

    @property
    def api_version(self) -> str:
        """`apps/v1`, or `v1` for the core group."""
        return self.resource_type.api_version

    def path(self, namespace: str = "", name: str = "", subresource: str = "") -> str:
        """Return the URL path; see `ResourceType.path`."""
        return self.resource_type.path(namespace, name, subresource)

    def key(self, namespace: str, name: str) -> ObjectRef:
        """Return the reference of an object of this kind."""
        return self.resource_type.ref(namespace, name)

    def decodes_version(self, version: str) -> bool:
        """Return whether its Struct can also be decoded from another version of the type."""
        return version in OLDER_VERSIONS.get((self.group, self.resource), ())

    @property
    def columns(self) -> tuple[TableColumn, ...]:
        """The columns that the server prints; only a TableKind has some."""
        return ()

    def learn_columns(self, table: bytes | bytearray | memoryview | msgspec.Raw) -> None:
        """Take over what the frame of a response says about all of its objects. Raises msgspec.DecodeError."""

    @property
    def list_accept(self) -> str:
        """The Accept header of a list."""
        return JSON

    @property
    def watch_accept(self) -> str:
        """The Accept header of a watch."""
        return JSON

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


@dataclass(frozen=True, slots=True)
class DynamicKind(Kind[DynamicObject]):
    """Any resource type: objects keep their JSON, and decode their metadata alone."""

    type: type[DynamicObject] = DynamicObject

    def decodes_version(self, version: str) -> bool:
        return True

    def decode(self, data: bytes | bytearray | memoryview | msgspec.Raw) -> DynamicObject:
        return decode_dynamic(self.resource_type, data)


@dataclass(frozen=True, slots=True)
class MetadataKind(DynamicKind):
    """Any resource type, metadata alone (PartialObjectMetadata)."""

    @property
    def list_accept(self) -> str:
        return METADATA_LIST

    @property
    def watch_accept(self) -> str:
        return METADATA


@dataclass(frozen=True, slots=True)
class TableKind(Kind[TableRow]):
    """Any resource type as the rows that the server prints (meta.k8s.io/v1 Table); one instance for each watch."""

    type: type[TableRow] = TableRow
    _columns: list[tuple[TableColumn, ...]] = field(default_factory=lambda: [()], init=False, compare=False)

    def decodes_version(self, version: str) -> bool:
        return True

    @property
    def columns(self) -> tuple[TableColumn, ...]:
        """The columns as the server sent them last: the same tuple while equal, () before the first response."""
        return self._columns[0]

    @property
    def list_accept(self) -> str:
        return TABLE

    @property
    def watch_accept(self) -> str:
        return TABLE

    def learn_columns(self, table: bytes | bytearray | memoryview | msgspec.Raw) -> None:
        self._learn(decode_columns(table))

    def _learn(self, columns: tuple[TableColumn, ...]) -> None:
        if columns and columns != self._columns[0]:
            self._columns[0] = columns

    def decode(self, data: bytes | bytearray | memoryview | msgspec.Raw) -> TableRow:
        """Decode one row: an element of `rows` in a list, or the Table with one row that a watch event carries."""
        row, columns = decode_row(self.resource_type, data)
        self._learn(columns)
        return row


def _kind(group: str, struct: type[T]) -> Kind[T]:
    return Kind(standard_type(group, struct.KIND), struct)


NAMESPACE = _kind("", Namespace)
NODE = _kind("", Node)
SERVICE = _kind("", Service)
POD = _kind("", Pod)
EVENT = _kind("", Event)
ENDPOINT_SLICE = _kind("discovery.k8s.io", EndpointSlice)
DEPLOYMENT = _kind("apps", Deployment)
REPLICA_SET = _kind("apps", ReplicaSet)
STATEFUL_SET = _kind("apps", StatefulSet)
DAEMON_SET = _kind("apps", DaemonSet)
CONTROLLER_REVISION = _kind("apps", ControllerRevision)
HORIZONTAL_POD_AUTOSCALER = _kind("autoscaling", HorizontalPodAutoscaler)
POD_DISRUPTION_BUDGET = _kind("policy", PodDisruptionBudget)
RESOURCE_QUOTA = _kind("", ResourceQuota)
CONFIG_MAP = _kind("", ConfigMap)
SECRET = _kind("", Secret)
SERVICE_ACCOUNT = _kind("", ServiceAccount)
LIMIT_RANGE = _kind("", LimitRange)
JOB = _kind("batch", Job)
CRON_JOB = _kind("batch", CronJob)
PERSISTENT_VOLUME_CLAIM = _kind("", PersistentVolumeClaim)
PERSISTENT_VOLUME = _kind("", PersistentVolume)
STORAGE_CLASS = _kind("storage.k8s.io", StorageClass)
VOLUME_ATTACHMENT = _kind("storage.k8s.io", VolumeAttachment)
PRIORITY_CLASS = _kind("scheduling.k8s.io", PriorityClass)
VALIDATING_WEBHOOK_CONFIGURATION = _kind("admissionregistration.k8s.io", ValidatingWebhookConfiguration)
MUTATING_WEBHOOK_CONFIGURATION = _kind("admissionregistration.k8s.io", MutatingWebhookConfiguration)
CERTIFICATE_SIGNING_REQUEST = _kind("certificates.k8s.io", CertificateSigningRequest)
API_SERVICE = _kind("apiregistration.k8s.io", ApiService)

INGRESS = _kind("networking.k8s.io", Ingress)
INGRESS_CLASS = _kind("networking.k8s.io", IngressClass)
NETWORK_POLICY = _kind("networking.k8s.io", NetworkPolicy)

AnyKind = Kind[Any]

KINDS: dict[str, AnyKind] = {
    kind.name: kind
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
        CONFIG_MAP,
        SECRET,
        SERVICE_ACCOUNT,
        LIMIT_RANGE,
        JOB,
        CRON_JOB,
        INGRESS,
        INGRESS_CLASS,
        NETWORK_POLICY,
    )
}
"""The kinds that workloads consist of, use or are reached by; by name."""

WORKLOAD_KINDS = ("Deployment", "StatefulSet", "DaemonSet")
"""The kinds that the Rollouts pane shows, and that scale, restart and undo apply to (a DaemonSet cannot be scaled)."""


def is_pod(ref: ObjectRef) -> bool:
    """Return whether an object is a Pod of the core API."""
    return ref.kind == POD.name and not ref.group


def is_workload(ref: ObjectRef) -> bool:
    """Return whether an object is a Deployment, StatefulSet or DaemonSet of Kubernetes, not of another group."""
    return not ref.group and ref.kind in WORKLOAD_KINDS
