"""The built-in resources of this API server, and lookups in that table.

Invariant: `RESOURCES` never changes. What one server serves, custom resources included, is its `ResourceTable`
(`resource_table.py`), which starts as these. To add a kind, add a row (and its columns in `printers/`, if it prints
more than name and age).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ALL_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
NAMESPACE_VERBS = ("create", "delete", "get", "list", "patch", "update", "watch")
CUSTOM_VERBS = ("delete", "deletecollection", "get", "list", "patch", "create", "update", "watch")


@dataclass(frozen=True, slots=True)
class Subresource:
    """A subresource in discovery; group and version only if they differ from the resource's."""

    name: str
    kind: str
    verbs: tuple[str, ...]
    group: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class ScalePaths:
    """The JSON paths that a custom resource's scale subresource reads and writes, such as `.spec.replicas`."""

    spec_replicas: str
    status_replicas: str
    selector: str = ""


@dataclass(frozen=True, slots=True)
class CustomType:
    """What a CustomResourceDefinition declares about one version.

    `columns` are `additionalPrinterColumns` as given; `stored_api_version` is the apiVersion objects are stored in.
    """

    list_kind: str
    stored_api_version: str
    schema: Mapping[str, Any]
    columns: tuple[Mapping[str, Any], ...] = ()
    scale: ScalePaths | None = None


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind served under one group and version.

    `counts_generation`: metadata.generation is maintained. `storage_version`: the (group, plural) of the stored objects
    if they are served in another version (events.k8s.io/v1 events are core events). `custom`: only of custom resources.
    """

    group: str
    version: str
    plural: str
    singular: str
    kind: str
    short_names: tuple[str, ...] = ()
    namespaced: bool = True
    verbs: tuple[str, ...] = ALL_VERBS
    subresources: tuple[Subresource, ...] = ()
    categories: tuple[str, ...] = ()
    counts_generation: bool = False
    storage_version: tuple[str, str] | None = field(default=None)
    custom: CustomType | None = field(default=None, compare=False)

    @property
    def api_version(self) -> str:
        """Return `apps/v1`, or `v1` for the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def qualified_name(self) -> str:
        """Return `deployments.apps`, or `pods` for the core group, as error messages name it."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def storage_key(self) -> tuple[str, str]:
        """Return the (group, plural) under which its objects are stored."""
        return self.storage_version or (self.group, self.plural)

    @property
    def list_kind(self) -> str:
        return self.custom.list_kind if self.custom is not None else f"{self.kind}List"

    @property
    def has_status(self) -> bool:
        """Return whether status is a subresource, separate from writes to the object."""
        return any(sub.name == "status" for sub in self.subresources)

    @property
    def has_scale(self) -> bool:
        return any(sub.name == "scale" for sub in self.subresources)


def _status(kind: str) -> Subresource:
    return Subresource("status", kind, ("get", "patch", "update"))


_SCALE = Subresource("scale", "Scale", ("get", "patch", "update"), "autoscaling", "v1")

NAMESPACES = Resource(
    "", "v1", "namespaces", "namespace", "Namespace", ("ns",), False, NAMESPACE_VERBS, (_status("Namespace"),)
)
NODES = Resource("", "v1", "nodes", "node", "Node", ("no",), False, subresources=(_status("Node"),))
PODS = Resource(
    "", "v1", "pods", "pod", "Pod", ("po",),
    subresources=(
        Subresource("attach", "PodAttachOptions", ("create", "get")),
        Subresource("ephemeralcontainers", "Pod", ("get", "patch", "update")),
        Subresource("eviction", "Eviction", ("create",), "policy", "v1"),
        Subresource("exec", "PodExecOptions", ("create", "get")),
        Subresource("log", "Pod", ("get",)),
        Subresource("portforward", "PodPortForwardOptions", ("create", "get")),
        _status("Pod"),
    ),
    categories=("all",), counts_generation=True,
)  # fmt: skip
SERVICES = Resource(
    "", "v1", "services", "service", "Service", ("svc",), subresources=(_status("Service"),), categories=("all",)
)
ENDPOINTS = Resource("", "v1", "endpoints", "endpoints", "Endpoints", ("ep",))
EVENTS = Resource("", "v1", "events", "event", "Event", ("ev",))
CONFIGMAPS = Resource("", "v1", "configmaps", "configmap", "ConfigMap", ("cm",))
SECRETS = Resource("", "v1", "secrets", "secret", "Secret")
SERVICEACCOUNTS = Resource("", "v1", "serviceaccounts", "serviceaccount", "ServiceAccount", ("sa",))
RESOURCEQUOTAS = Resource(
    "", "v1", "resourcequotas", "resourcequota", "ResourceQuota", ("quota",), subresources=(_status("ResourceQuota"),)
)
LIMITRANGES = Resource("", "v1", "limitranges", "limitrange", "LimitRange", ("limits",))
PERSISTENTVOLUMECLAIMS = Resource(
    "", "v1", "persistentvolumeclaims", "persistentvolumeclaim", "PersistentVolumeClaim", ("pvc",),
    subresources=(_status("PersistentVolumeClaim"),),
)  # fmt: skip
PERSISTENTVOLUMES = Resource(
    "", "v1", "persistentvolumes", "persistentvolume", "PersistentVolume", ("pv",), False,
    subresources=(_status("PersistentVolume"),),
)  # fmt: skip
REPLICATIONCONTROLLERS = Resource(
    "", "v1", "replicationcontrollers", "replicationcontroller", "ReplicationController", ("rc",),
    subresources=(_SCALE, _status("ReplicationController")), categories=("all",), counts_generation=True,
)  # fmt: skip


def _workload(plural: str, kind: str, short: tuple[str, ...], *, scales: bool = True) -> Resource:
    return Resource(
        "apps", "v1", plural, kind.lower(), kind, short,
        subresources=(_SCALE, _status(kind)) if scales else (_status(kind),),
        categories=("all",), counts_generation=True,
    )  # fmt: skip


DEPLOYMENTS = _workload("deployments", "Deployment", ("deploy",))
REPLICASETS = _workload("replicasets", "ReplicaSet", ("rs",))
STATEFULSETS = _workload("statefulsets", "StatefulSet", ("sts",))
DAEMONSETS = _workload("daemonsets", "DaemonSet", ("ds",), scales=False)
CONTROLLERREVISIONS = Resource("apps", "v1", "controllerrevisions", "controllerrevision", "ControllerRevision")
JOBS = Resource(
    "batch", "v1", "jobs", "job", "Job", subresources=(_status("Job"),), categories=("all",), counts_generation=True
)
CRONJOBS = Resource(
    "batch", "v1", "cronjobs", "cronjob", "CronJob", ("cj",),
    subresources=(_status("CronJob"),), categories=("all",), counts_generation=True,
)  # fmt: skip
HORIZONTALPODAUTOSCALERS = Resource(
    "autoscaling", "v2", "horizontalpodautoscalers", "horizontalpodautoscaler", "HorizontalPodAutoscaler", ("hpa",),
    subresources=(_status("HorizontalPodAutoscaler"),), categories=("all",),
)  # fmt: skip
PODDISRUPTIONBUDGETS = Resource(
    "policy", "v1", "poddisruptionbudgets", "poddisruptionbudget", "PodDisruptionBudget", ("pdb",),
    subresources=(_status("PodDisruptionBudget"),), counts_generation=True,
)  # fmt: skip
ENDPOINTSLICES = Resource(
    "discovery.k8s.io", "v1", "endpointslices", "endpointslice", "EndpointSlice", counts_generation=True
)
EVENTS_V1 = Resource("events.k8s.io", "v1", "events", "event", "Event", ("ev",), storage_version=("", "events"))
LEASES = Resource("coordination.k8s.io", "v1", "leases", "lease", "Lease")
INGRESSES = Resource(
    "networking.k8s.io", "v1", "ingresses", "ingress", "Ingress", ("ing",),
    subresources=(_status("Ingress"),), counts_generation=True,
)  # fmt: skip


INGRESSCLASSES = Resource(
    "networking.k8s.io", "v1", "ingressclasses", "ingressclass", "IngressClass", (), False, counts_generation=True
)
NETWORKPOLICIES = Resource(
    "networking.k8s.io", "v1", "networkpolicies", "networkpolicy", "NetworkPolicy", ("netpol",), counts_generation=True
)
HORIZONTALPODAUTOSCALERS_V1 = Resource(
    "autoscaling", "v1", "horizontalpodautoscalers", "horizontalpodautoscaler", "HorizontalPodAutoscaler", ("hpa",),
    subresources=(_status("HorizontalPodAutoscaler"),), categories=("all",),
    storage_version=("autoscaling", "horizontalpodautoscalers"),
)  # fmt: skip
PODTEMPLATES = Resource("", "v1", "podtemplates", "podtemplate", "PodTemplate", counts_generation=True)


def _rbac(plural: str, kind: str, *, namespaced: bool) -> Resource:
    return Resource("rbac.authorization.k8s.io", "v1", plural, kind.lower(), kind, (), namespaced)


ROLES = _rbac("roles", "Role", namespaced=True)
ROLEBINDINGS = _rbac("rolebindings", "RoleBinding", namespaced=True)
CLUSTERROLES = _rbac("clusterroles", "ClusterRole", namespaced=False)
CLUSTERROLEBINDINGS = _rbac("clusterrolebindings", "ClusterRoleBinding", namespaced=False)
STORAGECLASSES = Resource("storage.k8s.io", "v1", "storageclasses", "storageclass", "StorageClass", ("sc",), False)
PRIORITYCLASSES = Resource(
    "scheduling.k8s.io", "v1", "priorityclasses", "priorityclass", "PriorityClass", ("pc",), False,
    counts_generation=True,
)  # fmt: skip
RUNTIMECLASSES = Resource("node.k8s.io", "v1", "runtimeclasses", "runtimeclass", "RuntimeClass", (), False)


def _extension(group: str, plural: str, kind: str, short: tuple[str, ...] = (), *, status: bool = False) -> Resource:
    return Resource(
        group, "v1", plural, kind.lower(), kind, short, False,
        subresources=(_status(kind),) if status else (), categories=("api-extensions",), counts_generation=True,
    )  # fmt: skip


VALIDATINGWEBHOOKCONFIGURATIONS = _extension(
    "admissionregistration.k8s.io", "validatingwebhookconfigurations", "ValidatingWebhookConfiguration"
)
MUTATINGWEBHOOKCONFIGURATIONS = _extension(
    "admissionregistration.k8s.io", "mutatingwebhookconfigurations", "MutatingWebhookConfiguration"
)
CUSTOMRESOURCEDEFINITIONS = _extension(
    "apiextensions.k8s.io", "customresourcedefinitions", "CustomResourceDefinition", ("crd", "crds"), status=True
)
APISERVICES = Resource(
    "apiregistration.k8s.io", "v1", "apiservices", "apiservice", "APIService", (), False,
    subresources=(_status("APIService"),), categories=("api-extensions",),
)  # fmt: skip


def _review(group: str, plural: str, kind: str) -> Resource:
    return Resource(group, "v1", plural, kind.lower(), kind, (), False, ("create",))


SELFSUBJECTREVIEWS = _review("authentication.k8s.io", "selfsubjectreviews", "SelfSubjectReview")
SELFSUBJECTACCESSREVIEWS = _review("authorization.k8s.io", "selfsubjectaccessreviews", "SelfSubjectAccessReview")
SELFSUBJECTRULESREVIEWS = _review("authorization.k8s.io", "selfsubjectrulesreviews", "SelfSubjectRulesReview")

# Groups and versions in the order of a real server's discovery.
RESOURCES: tuple[Resource, ...] = (
    CONFIGMAPS, ENDPOINTS, EVENTS, LIMITRANGES, NAMESPACES, NODES, PERSISTENTVOLUMECLAIMS, PERSISTENTVOLUMES, PODS,
    PODTEMPLATES, REPLICATIONCONTROLLERS, RESOURCEQUOTAS, SECRETS, SERVICEACCOUNTS, SERVICES,
    APISERVICES,
    CONTROLLERREVISIONS, DAEMONSETS, DEPLOYMENTS, REPLICASETS, STATEFULSETS,
    EVENTS_V1, SELFSUBJECTREVIEWS, SELFSUBJECTACCESSREVIEWS, SELFSUBJECTRULESREVIEWS,
    HORIZONTALPODAUTOSCALERS, HORIZONTALPODAUTOSCALERS_V1, CRONJOBS, JOBS,
    INGRESSCLASSES, INGRESSES, NETWORKPOLICIES, PODDISRUPTIONBUDGETS,
    CLUSTERROLEBINDINGS, CLUSTERROLES, ROLEBINDINGS, ROLES, STORAGECLASSES,
    MUTATINGWEBHOOKCONFIGURATIONS, VALIDATINGWEBHOOKCONFIGURATIONS, CUSTOMRESOURCEDEFINITIONS,
    PRIORITYCLASSES, LEASES, RUNTIMECLASSES, ENDPOINTSLICES,
)  # fmt: skip

_BY_KIND: Mapping[str, Resource] = {r.kind: r for r in RESOURCES if r.storage_version is None}
_BY_PLURAL: Mapping[str, Resource] = {r.plural: r for r in RESOURCES if r.storage_version is None}


def by_kind(kind: str) -> Resource:
    """Return the built-in resource of a kind (`Deployment`) in its stored version.

    Raises:
        KeyError: there is no such built-in kind.
    """
    return _BY_KIND[kind]


def by_plural(plural: str) -> Resource:
    """Return the built-in resource of a plural name (`deployments`) in its stored version.

    Raises:
        KeyError: there is no such built-in resource.
    """
    return _BY_PLURAL[plural]
