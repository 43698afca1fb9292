"""The resource types that Kubernetes 1.36 itself serves, so that nothing waits for discovery.

Source: discovery of kube-apiserver 1.36.2. A server that has more, or other versions, is asked (`kube/discovery.py`).
To add a type: a line in `STANDARD_TYPES`.
"""

from __future__ import annotations

from typing import Final

from k9py.api.resource_type import READ_WRITE, ResourceType


def _type(
    group: str,
    version: str,
    plural: str,
    kind: str,
    *,
    namespaced: bool = True,
    short: str = "",
    categories: str = "",
    verbs: str = "",
    subresources: str = "",
) -> ResourceType:
    return ResourceType(
        group,
        version,
        plural,
        kind,
        namespaced,
        singular=kind.lower(),
        short_names=tuple(short.split()),
        categories=tuple(categories.split()),
        verbs=frozenset(verbs.split()) if verbs else READ_WRITE,
        subresources=frozenset(subresources.split()),
    )


STANDARD_TYPES: Final = (
    _type("", "v1", "bindings", "Binding", verbs="create"),
    _type("", "v1", "componentstatuses", "ComponentStatus", namespaced=False, short="cs", verbs="get list"),
    _type("", "v1", "configmaps", "ConfigMap", short="cm"),
    _type("", "v1", "endpoints", "Endpoints", short="ep"),
    _type("", "v1", "events", "Event", short="ev"),
    _type("", "v1", "limitranges", "LimitRange", short="limits"),
    _type(
        "",
        "v1",
        "namespaces",
        "Namespace",
        namespaced=False,
        short="ns",
        verbs="create delete get list patch update watch",
        subresources="finalize status",
    ),
    _type("", "v1", "nodes", "Node", namespaced=False, short="no", subresources="proxy status"),
    _type("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", short="pvc", subresources="status"),
    _type("", "v1", "persistentvolumes", "PersistentVolume", namespaced=False, short="pv", subresources="status"),
    _type(
        "",
        "v1",
        "pods",
        "Pod",
        short="po",
        categories="all",
        subresources="attach binding ephemeralcontainers eviction exec log portforward proxy resize status",
    ),
    _type("", "v1", "podtemplates", "PodTemplate"),
    _type(
        "",
        "v1",
        "replicationcontrollers",
        "ReplicationController",
        short="rc",
        categories="all",
        subresources="scale status",
    ),
    _type("", "v1", "resourcequotas", "ResourceQuota", short="quota", subresources="status"),
    _type("", "v1", "secrets", "Secret"),
    _type("", "v1", "serviceaccounts", "ServiceAccount", short="sa", subresources="token"),
    _type("", "v1", "services", "Service", short="svc", categories="all", subresources="proxy status"),
    _type(
        "apiregistration.k8s.io",
        "v1",
        "apiservices",
        "APIService",
        namespaced=False,
        categories="api-extensions",
        subresources="status",
    ),
    _type("apps", "v1", "controllerrevisions", "ControllerRevision"),
    _type("apps", "v1", "daemonsets", "DaemonSet", short="ds", categories="all", subresources="status"),
    _type("apps", "v1", "deployments", "Deployment", short="deploy", categories="all", subresources="scale status"),
    _type("apps", "v1", "replicasets", "ReplicaSet", short="rs", categories="all", subresources="scale status"),
    _type("apps", "v1", "statefulsets", "StatefulSet", short="sts", categories="all", subresources="scale status"),
    _type("events.k8s.io", "v1", "events", "Event", short="ev"),
    _type("authentication.k8s.io", "v1", "selfsubjectreviews", "SelfSubjectReview", namespaced=False, verbs="create"),
    _type("authentication.k8s.io", "v1", "tokenreviews", "TokenReview", namespaced=False, verbs="create"),
    _type("authorization.k8s.io", "v1", "localsubjectaccessreviews", "LocalSubjectAccessReview", verbs="create"),
    _type(
        "authorization.k8s.io",
        "v1",
        "selfsubjectaccessreviews",
        "SelfSubjectAccessReview",
        namespaced=False,
        verbs="create",
    ),
    _type(
        "authorization.k8s.io",
        "v1",
        "selfsubjectrulesreviews",
        "SelfSubjectRulesReview",
        namespaced=False,
        verbs="create",
    ),
    _type(
        "authorization.k8s.io", "v1", "subjectaccessreviews", "SubjectAccessReview", namespaced=False, verbs="create"
    ),
    _type(
        "autoscaling",
        "v2",
        "horizontalpodautoscalers",
        "HorizontalPodAutoscaler",
        short="hpa",
        categories="all",
        subresources="status",
    ),
    _type("batch", "v1", "cronjobs", "CronJob", short="cj", categories="all", subresources="status"),
    _type("batch", "v1", "jobs", "Job", categories="all", subresources="status"),
    _type(
        "certificates.k8s.io",
        "v1",
        "certificatesigningrequests",
        "CertificateSigningRequest",
        namespaced=False,
        short="csr",
        subresources="approval status",
    ),
    _type("networking.k8s.io", "v1", "ingressclasses", "IngressClass", namespaced=False),
    _type("networking.k8s.io", "v1", "ingresses", "Ingress", short="ing", subresources="status"),
    _type("networking.k8s.io", "v1", "ipaddresses", "IPAddress", namespaced=False, short="ip"),
    _type("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", short="netpol"),
    _type("networking.k8s.io", "v1", "servicecidrs", "ServiceCIDR", namespaced=False, subresources="status"),
    _type("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", short="pdb", subresources="status"),
    _type("rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding", namespaced=False),
    _type("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", namespaced=False),
    _type("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding"),
    _type("rbac.authorization.k8s.io", "v1", "roles", "Role"),
    _type("storage.k8s.io", "v1", "csidrivers", "CSIDriver", namespaced=False),
    _type("storage.k8s.io", "v1", "csinodes", "CSINode", namespaced=False),
    _type("storage.k8s.io", "v1", "csistoragecapacities", "CSIStorageCapacity"),
    _type("storage.k8s.io", "v1", "storageclasses", "StorageClass", namespaced=False, short="sc"),
    _type("storage.k8s.io", "v1", "volumeattachments", "VolumeAttachment", namespaced=False, subresources="status"),
    _type("storage.k8s.io", "v1", "volumeattributesclasses", "VolumeAttributesClass", namespaced=False, short="vac"),
    _type(
        "admissionregistration.k8s.io",
        "v1",
        "mutatingadmissionpolicies",
        "MutatingAdmissionPolicy",
        namespaced=False,
        categories="api-extensions",
    ),
    _type(
        "admissionregistration.k8s.io",
        "v1",
        "mutatingadmissionpolicybindings",
        "MutatingAdmissionPolicyBinding",
        namespaced=False,
        categories="api-extensions",
    ),
    _type(
        "admissionregistration.k8s.io",
        "v1",
        "mutatingwebhookconfigurations",
        "MutatingWebhookConfiguration",
        namespaced=False,
        categories="api-extensions",
    ),
    _type(
        "admissionregistration.k8s.io",
        "v1",
        "validatingadmissionpolicies",
        "ValidatingAdmissionPolicy",
        namespaced=False,
        categories="api-extensions",
        subresources="status",
    ),
    _type(
        "admissionregistration.k8s.io",
        "v1",
        "validatingadmissionpolicybindings",
        "ValidatingAdmissionPolicyBinding",
        namespaced=False,
        categories="api-extensions",
    ),
    _type(
        "admissionregistration.k8s.io",
        "v1",
        "validatingwebhookconfigurations",
        "ValidatingWebhookConfiguration",
        namespaced=False,
        categories="api-extensions",
    ),
    _type(
        "apiextensions.k8s.io",
        "v1",
        "customresourcedefinitions",
        "CustomResourceDefinition",
        namespaced=False,
        short="crd crds",
        categories="api-extensions",
        subresources="status",
    ),
    _type("scheduling.k8s.io", "v1", "priorityclasses", "PriorityClass", namespaced=False, short="pc"),
    _type("coordination.k8s.io", "v1", "leases", "Lease"),
    _type("node.k8s.io", "v1", "runtimeclasses", "RuntimeClass", namespaced=False),
    _type("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice"),
    _type("resource.k8s.io", "v1", "deviceclasses", "DeviceClass", namespaced=False),
    _type("resource.k8s.io", "v1", "resourceclaims", "ResourceClaim", subresources="status"),
    _type("resource.k8s.io", "v1", "resourceclaimtemplates", "ResourceClaimTemplate"),
    _type("resource.k8s.io", "v1", "resourceslices", "ResourceSlice", namespaced=False),
    _type("flowcontrol.apiserver.k8s.io", "v1", "flowschemas", "FlowSchema", namespaced=False, subresources="status"),
    _type(
        "flowcontrol.apiserver.k8s.io",
        "v1",
        "prioritylevelconfigurations",
        "PriorityLevelConfiguration",
        namespaced=False,
        subresources="status",
    ),
)
"""In the order of the API groups; the first of several types with a name is the one the name means."""

_BY_GROUP_KIND: Final = {(known.group, known.kind): known for known in STANDARD_TYPES}


def standard_type(group: str, kind: str) -> ResourceType:
    """Return a standard type. Raises KeyError."""
    return _BY_GROUP_KIND[group, kind]


def ref_group(group: str, kind: str) -> str:
    """Return the group that `ObjectRef` has for a kind: "" for a standard one."""
    return "" if (group, kind) in _BY_GROUP_KIND else group


def ref_group_of(api_version: str, kind: str) -> str:
    """Return the same for an apiVersion such as "apps/v1"; "" when it is not given."""
    group, slash, _ = api_version.rpartition("/")
    return ref_group(group, kind) if slash else ""
