"""The fields a real server writes in an otherwise empty object of each kind: the objects of watch bookmarks.

Invariant: as encoded by kube-apiserver 1.36 (Go writes required fields even when they are empty). A kind that is not
here has none; to add one, look at a bookmark of a real server.
"""

from collections.abc import Mapping
from typing import Any

from k9py.simulator.registry.resources import Resource

_TEMPLATE: dict[str, Any] = {"metadata": {}, "spec": {"containers": None}}


def empty_fields(resource: Resource) -> Mapping[str, Any]:
    """Return the fields of an empty object besides kind, apiVersion and metadata."""
    return _EMPTY.get((resource.group, resource.version, resource.plural), {})


_EMPTY: Mapping[tuple[str, str, str], dict[str, Any]] = {
    ("", "v1", "events"): {
        "involvedObject": {},
        "source": {},
        "firstTimestamp": None,
        "lastTimestamp": None,
        "eventTime": None,
        "reportingComponent": "",
        "reportingInstance": "",
    },
    ("", "v1", "limitranges"): {"spec": {"limits": None}},
    ("", "v1", "namespaces"): {"spec": {}, "status": {}},
    ("", "v1", "nodes"): {
        "spec": {},
        "status": {
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 0}},
            "nodeInfo": {
                "machineID": "",
                "systemUUID": "",
                "bootID": "",
                "kernelVersion": "",
                "osImage": "",
                "containerRuntimeVersion": "",
                "kubeletVersion": "",
                "kubeProxyVersion": "",
                "operatingSystem": "",
                "architecture": "",
            },
        },
    },
    ("", "v1", "persistentvolumeclaims"): {"spec": {"resources": {}}, "status": {}},
    ("", "v1", "persistentvolumes"): {"spec": {}, "status": {}},
    ("", "v1", "pods"): {"spec": {"containers": None}, "status": {}},
    ("", "v1", "podtemplates"): {"template": _TEMPLATE},
    ("", "v1", "replicationcontrollers"): {"spec": {}, "status": {"replicas": 0}},
    ("", "v1", "resourcequotas"): {"spec": {}, "status": {}},
    ("", "v1", "services"): {"spec": {}, "status": {"loadBalancer": {}}},
    ("apiregistration.k8s.io", "v1", "apiservices"): {
        "spec": {"groupPriorityMinimum": 0, "versionPriority": 0},
        "status": {},
    },
    ("apps", "v1", "controllerrevisions"): {"data": None, "revision": 0},
    ("apps", "v1", "daemonsets"): {
        "spec": {"selector": None, "template": _TEMPLATE, "updateStrategy": {}},
        "status": {"currentNumberScheduled": 0, "numberMisscheduled": 0, "desiredNumberScheduled": 0, "numberReady": 0},
    },
    ("apps", "v1", "deployments"): {
        "spec": {"replicas": 0, "selector": None, "template": _TEMPLATE, "strategy": {}},
        "status": {},
    },
    ("apps", "v1", "replicasets"): {
        "spec": {"replicas": 0, "selector": None, "template": _TEMPLATE},
        "status": {"replicas": 0},
    },
    ("apps", "v1", "statefulsets"): {
        "spec": {"replicas": 0, "selector": None, "template": _TEMPLATE, "serviceName": "", "updateStrategy": {}},
        "status": {"replicas": 0, "availableReplicas": 0},
    },
    ("events.k8s.io", "v1", "events"): {
        "eventTime": None,
        "regarding": {},
        "deprecatedSource": {},
        "deprecatedFirstTimestamp": None,
        "deprecatedLastTimestamp": None,
    },
    ("autoscaling", "v2", "horizontalpodautoscalers"): {
        "spec": {"scaleTargetRef": {"kind": "", "name": ""}, "maxReplicas": 0},
        "status": {"desiredReplicas": 0, "currentMetrics": None},
    },
    ("autoscaling", "v1", "horizontalpodautoscalers"): {
        "spec": {"scaleTargetRef": {"kind": "", "name": ""}, "maxReplicas": 0},
        "status": {"currentReplicas": 0, "desiredReplicas": 0},
    },
    ("batch", "v1", "cronjobs"): {
        "spec": {"schedule": "", "jobTemplate": {"metadata": {}, "spec": {"template": _TEMPLATE}}},
        "status": {},
    },
    ("batch", "v1", "jobs"): {"spec": {"template": _TEMPLATE}, "status": {}},
    ("networking.k8s.io", "v1", "ingressclasses"): {"spec": {}},
    ("networking.k8s.io", "v1", "ingresses"): {"spec": {}, "status": {"loadBalancer": {}}},
    ("networking.k8s.io", "v1", "networkpolicies"): {"spec": {"podSelector": {}}},
    ("policy", "v1", "poddisruptionbudgets"): {
        "spec": {},
        "status": {"disruptionsAllowed": 0, "currentHealthy": 0, "desiredHealthy": 0, "expectedPods": 0},
    },
    ("rbac.authorization.k8s.io", "v1", "clusterrolebindings"): {"roleRef": {"apiGroup": "", "kind": "", "name": ""}},
    ("rbac.authorization.k8s.io", "v1", "clusterroles"): {"rules": None},
    ("rbac.authorization.k8s.io", "v1", "rolebindings"): {"roleRef": {"apiGroup": "", "kind": "", "name": ""}},
    ("rbac.authorization.k8s.io", "v1", "roles"): {"rules": None},
    ("storage.k8s.io", "v1", "storageclasses"): {"provisioner": ""},
    ("apiextensions.k8s.io", "v1", "customresourcedefinitions"): {
        "spec": {"group": "", "names": {"plural": "", "kind": ""}, "scope": "", "versions": None},
        "status": {"conditions": None, "acceptedNames": {"plural": "", "kind": ""}, "storedVersions": None},
    },
    ("scheduling.k8s.io", "v1", "priorityclasses"): {"value": 0},
    ("coordination.k8s.io", "v1", "leases"): {"spec": {}},
    ("node.k8s.io", "v1", "runtimeclasses"): {"handler": ""},
    ("discovery.k8s.io", "v1", "endpointslices"): {"addressType": "", "endpoints": None, "ports": None},
}
