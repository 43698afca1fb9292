"""What a cluster has beside workloads: configuration, network, storage, rights, schedules, and a custom resource.

Invariant: it changes no Service, workload, pod or event of the shop, and takes nothing from the cluster's random
generator, so that all names and uids stay the same. To add an object, add it to the function of its topic.
"""

import base64
import uuid
from datetime import UTC, timedelta
from typing import Any

from k9py.simulator.apiserver.writes import follow_definition
from k9py.simulator.clock import timestamp
from k9py.simulator.registry.defaults import defaulted
from k9py.simulator.registry.resources import (
    CLUSTERROLES,
    CONFIGMAPS,
    CRONJOBS,
    CUSTOMRESOURCEDEFINITIONS,
    INGRESSCLASSES,
    INGRESSES,
    JOBS,
    LEASES,
    LIMITRANGES,
    NETWORKPOLICIES,
    PERSISTENTVOLUMECLAIMS,
    PERSISTENTVOLUMES,
    PRIORITYCLASSES,
    RESOURCEQUOTAS,
    ROLEBINDINGS,
    ROLES,
    SECRETS,
    SERVICEACCOUNTS,
    STORAGECLASSES,
    Resource,
)
from k9py.simulator.scenarios.catalogue import REGISTRY
from k9py.simulator.scenarios.seeder import Seeder
from k9py.simulator.state import SimulatorState

Object = dict[str, Any]

STORAGE_CLASS = "fast"
CERTIFICATES_GROUP = "cert-manager.io"
_RBAC = "rbac.authorization.k8s.io"
_CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBZDCCAQqgAwIBAgICEAEwCgYIKoZIzj0EAwIwGzEZMBcGA1UEAwwQc2hvcC5l
eGFtcGxlLmNvbTAeFw0yMDAxMDEwMDAwMDBaFw00OTEyMzEwMDAwMDBaMBsxGTAX
BgNVBAMMEHNob3AuZXhhbXBsZS5jb20wWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AAQFvBseKIg6bptZiZWRpFpvLmf60PBoJfNqHIZ4svM0rJkz9aUBUyt3q1NvoMHx
uquDw/WqrMCfNONGag2k1QyUoz4wPDAbBgNVHREEFDASghBzaG9wLmV4YW1wbGUu
Y29tMB0GA1UdDgQWBBQ09tE4BIC907LsnyRHg11g+CewIjAKBggqhkjOPQQDAgNI
ADBFAiEAt/PfuBWd/aXuPRMpPlCydOcy465wtQr1JyLZ1EMCeSQCIDYqa+ZMMZB8
/oW98IFE1c0DWSa9mOkibvrVVR/eSQTV
-----END CERTIFICATE-----
"""
"""Self-signed, for shop.example.com, from 2020 to 2049; its key was thrown away."""


def write_contents(state: SimulatorState) -> None:
    """Write all of it; no-op where the shop has it already."""
    contents = ShopContents(state)
    if state.storage.get(STORAGECLASSES, None, STORAGE_CLASS) is not None:
        return
    contents.configuration()
    contents.network()
    contents.volumes()
    contents.rights()
    contents.limits()
    contents.schedules()
    contents.certificates()


class ShopContents:
    """Writes objects whose uids are determined by their names."""

    def __init__(self, state: SimulatorState) -> None:
        self._state = state
        self._seeder = Seeder(state)

    def put(self, resource: Resource, name: str, namespace: str = "", hours: float = 900, **fields: Any) -> Object:
        """Store an object; `metadata` in the fields adds labels or annotations."""
        given: Object = fields.pop("metadata", {})
        metadata: Object = {
            "name": name,
            **({"namespace": namespace} if namespace else {}),
            "uid": str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{resource.qualified_name}/{namespace}/{name}")),
            "creationTimestamp": self._seeder.ago(hours),
            **given,
        }
        return self._state.storage.create(resource, defaulted(resource, {"metadata": metadata, **fields}))

    def configuration(self) -> None:
        """Write ConfigMaps and Secrets."""
        flags = {"flags.yaml": "giftCards: true\nonePageCheckout: false\nwinterTheme: true\n", "REFRESH_SECONDS": "30"}
        self.put(CONFIGMAPS, "feature-flags", "shop", 620, data=flags)
        routes = "/: frontend\n/api/cart: cart\n/api/checkout: checkout\n/api/search: search\n"
        self.put(CONFIGMAPS, "gateway-routes", "shop", 402, data={"routes.yaml": routes})
        parameters = "max_connections = 400\nshared_buffers = 512MB\nlog_min_duration_statement = 250\n"
        self.put(CONFIGMAPS, "postgres", "data", 1300, data={"postgresql.conf": parameters})
        tls = {"tls.crt": _encoded(_CERTIFICATE), "tls.key": _encoded("simulated key\n")}
        self.put(SECRETS, "shop-tls", "shop", 700, type="kubernetes.io/tls", data=tls)
        login = {".dockerconfigjson": _encoded('{"auths":{"registry.example.com":{"auth":"c2ltdWxhdGVk"}}}')}
        self.put(SECRETS, "registry", "shop", 1010, type="kubernetes.io/dockerconfigjson", data=login)
        users = {"username": _encoded("shop"), "password": _encoded("simulated-password")}
        self.put(SECRETS, "postgres", "data", 1300, type="Opaque", data=users)

    def network(self) -> None:
        """Write Ingresses and NetworkPolicies."""
        self.put(INGRESSCLASSES, "public", hours=2200, spec={"controller": "example.com/ingress"})
        address = {"loadBalancer": {"ingress": [{"ip": "203.0.113.10"}]}}
        for name, host, paths, tls in (
            ("shop", "shop.example.com", (("/", "gateway"),), True),
            (
                "api",
                "api.shop.example.com",
                (("/cart", "cart"), ("/checkout", "checkout"), ("/search", "search")),
                False,
            ),
        ):
            rules = [{"host": host, "http": {"paths": [_path(prefix, service) for prefix, service in paths]}}]
            spec: Object = {"ingressClassName": "public", "rules": rules}
            if tls:
                spec["tls"] = [{"hosts": [host], "secretName": "shop-tls"}]
            self.put(INGRESSES, name, "shop", 700, spec=spec, status=address)
        self.put(NETWORKPOLICIES, "default-deny", "data", 1300, spec={"podSelector": {}, "policyTypes": ["Ingress"]})
        from_shop = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "shop"}}}
        allowed = [{"from": [from_shop], "ports": [{"protocol": "TCP", "port": 5432}]}]
        database = {"podSelector": {"matchLabels": {"app": "db"}}, "policyTypes": ["Ingress"], "ingress": allowed}
        self.put(NETWORKPOLICIES, "allow-shop-to-db", "data", 1290, spec=database)
        edge = {"podSelector": {"matchLabels": {"tier": "edge"}}, "policyTypes": ["Ingress"], "ingress": [{}]}
        self.put(NETWORKPOLICIES, "allow-edge", "shop", 620, spec=edge)

    def volumes(self) -> None:
        """Write the StorageClasses, and a PersistentVolume for each claim."""
        default = {"annotations": {"storageclass.kubernetes.io/is-default-class": "true"}}
        rules: Object = {
            "volumeBindingMode": "WaitForFirstConsumer",
            "allowVolumeExpansion": True,
            "reclaimPolicy": "Delete",
        }
        self.put(
            STORAGECLASSES, STORAGE_CLASS, hours=2300, metadata=default, provisioner="disk.csi.example.com", **rules
        )
        self.put(STORAGECLASSES, "archive", hours=2300, provisioner="archive.csi.example.com", **rules)
        storage = self._state.storage
        for claim in storage.list(PERSISTENTVOLUMECLAIMS, "data"):
            metadata = claim["metadata"]
            name = f"pvc-{metadata['uid']}"
            bound = {**claim["spec"], "volumeName": name, "storageClassName": STORAGE_CLASS}
            storage.update(PERSISTENTVOLUMECLAIMS, {**claim, "spec": bound})
            reference = {key: metadata[key] for key in ("namespace", "name", "uid")}
            spec = {
                "capacity": {"storage": "20Gi"},
                "accessModes": ["ReadWriteOnce"],
                "persistentVolumeReclaimPolicy": "Delete",
                "storageClassName": STORAGE_CLASS,
                "volumeMode": "Filesystem",
                "claimRef": {"kind": "PersistentVolumeClaim", "apiVersion": "v1", **reference},
                "csi": {"driver": "disk.csi.example.com", "volumeHandle": f"disk-{metadata['name']}"},
            }
            self.put(PERSISTENTVOLUMES, name, hours=1300, spec=spec, status={"phase": "Bound"})

    def rights(self) -> None:
        """Write ServiceAccounts, Roles and bindings, and the leader's Leases."""
        for namespace, name in (("shop", "checkout"), ("shop", "pipeline"), ("data", "backup")):
            self.put(SERVICEACCOUNTS, name, namespace, 1000)
        rule = {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "list", "patch"]}
        self.put(ROLES, "release", "shop", 1000, rules=[rule])
        account = {"kind": "ServiceAccount", "name": "pipeline", "namespace": "shop"}
        reference = {"apiGroup": _RBAC, "kind": "Role", "name": "release"}
        self.put(ROLEBINDINGS, "pipeline", "shop", 1000, roleRef=reference, subjects=[account])
        read = {"apiGroups": ["", "apps"], "resources": ["*"], "verbs": ["get", "list", "watch"]}
        self.put(CLUSTERROLES, "on-call", hours=2000, rules=[read])
        for name in ("kube-controller-manager", "kube-scheduler"):
            held = {"holderIdentity": f"control-plane-0_{name}", "leaseDurationSeconds": 15, "leaseTransitions": 3}
            self.put(LEASES, name, "kube-system", 2300, spec=held)

    def limits(self) -> None:
        """Write a ResourceQuota, a LimitRange and the PriorityClasses."""
        hard = {"pods": "10", "requests.cpu": "4", "requests.memory": "8Gi"}
        used = {"pods": "3", "requests.cpu": "1500m", "requests.memory": "3Gi"}
        self.put(RESOURCEQUOTAS, "data", "data", 1300, spec={"hard": hard}, status={"hard": hard, "used": used})
        limits = [{"type": "Container", "max": {"memory": "4Gi"}, "min": {"memory": "8Mi"}}]
        self.put(LIMITRANGES, "containers", "monitoring", 1500, spec={"limits": limits})
        for name, value in (("system-cluster-critical", 2_000_000_000), ("shop-critical", 100_000)):
            self.put(PRIORITYCLASSES, name, hours=2300, value=value)

    def schedules(self) -> None:
        """Write CronJobs: one that runs at night, with its last Job, and a suspended one."""
        now = self._state.clock.now().astimezone(UTC)
        last = now.replace(hour=3, minute=0, second=0, microsecond=0)
        if last > now:
            last -= timedelta(days=1)
        ended = timestamp(min(last + timedelta(minutes=4), now))
        cron = self.put(
            CRONJOBS, "nightly-report", "shop", 800,
            spec=_cron("0 3 * * *", "nightly-report", "2.3.0"),
            status={"lastScheduleTime": timestamp(last), "lastSuccessfulTime": ended},
        )  # fmt: skip
        self.put(
            CRONJOBS,
            "image-cleanup",
            "shop",
            800,
            spec={**_cron("30 * * * *", "image-cleanup", "1.0.1"), "suspend": True},
        )
        owner = {"apiVersion": "batch/v1", "kind": "CronJob", "name": "nightly-report", "uid": cron["metadata"]["uid"]}
        name = f"nightly-report-{int(last.timestamp()) // 60}"
        hours = (now - last).total_seconds() / 3600
        reason = {"reason": "CompletionsReached", "message": "Reached expected number of succeeded pods"}
        times = {"lastProbeTime": ended, "lastTransitionTime": ended}
        conditions = [
            {"type": kind, "status": "True", **times, **reason} for kind in ("SuccessCriteriaMet", "Complete")
        ]
        self.put(
            JOBS, name, "shop", hours,
            metadata={"ownerReferences": [{**owner, "controller": True, "blockOwnerDeletion": True}]},
            spec={
                **cron["spec"]["jobTemplate"]["spec"],
                "selector": {"matchLabels": {"batch.kubernetes.io/job-name": name}},
            },
            status={
                "conditions": conditions, "startTime": timestamp(last), "completionTime": ended, "succeeded": 1,
                "terminating": 0, "uncountedTerminatedPods": {}, "ready": 0,
            },
        )  # fmt: skip

    def certificates(self) -> None:
        """Write a CustomResourceDefinition and its objects; one of them is not ready."""
        definition = self.put(
            CUSTOMRESOURCEDEFINITIONS, f"certificates.{CERTIFICATES_GROUP}", hours=2000, spec=_certificate_definition()
        )
        follow_definition(self._state, CUSTOMRESOURCEDEFINITIONS, definition["metadata"]["name"])
        resource = self._state.storage.resources.find(CERTIFICATES_GROUP, "v1", "certificates")
        if resource is None:
            raise LookupError("certificates are not served")
        failed = "The certificate request has failed to complete and will be retried: DNS problem: NXDOMAIN"
        for name, host, ready, reason, message in (
            ("shop", "shop.example.com", "True", "Ready", "Certificate is up to date and has not expired"),
            ("api", "api.shop.example.com", "True", "Ready", "Certificate is up to date and has not expired"),
            ("legacy", "old.shop.example.com", "False", "Failed", failed),
        ):
            condition = {
                "type": "Ready",
                "status": ready,
                "reason": reason,
                "message": message,
                "lastTransitionTime": self._seeder.ago(300 if ready == "True" else 6),
            }
            self.put(
                resource, name, "shop", 700,
                spec={"secretName": f"{name}-tls", "dnsNames": [host], "issuerRef": {"name": "public-ca"}},
                status={"conditions": [condition]},
            )  # fmt: skip


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _path(prefix: str, service: str) -> Object:
    backend = {"service": {"name": service, "port": {"name": "http"}}}
    return {"path": prefix, "pathType": "Prefix", "backend": backend}


def _cron(schedule: str, name: str, tag: str) -> Object:
    container = {"name": name, "image": f"{REGISTRY}/{name}:{tag}"}
    pod = {"containers": [container], "restartPolicy": "Never"}
    return {
        "schedule": schedule,
        "concurrencyPolicy": "Forbid",
        "jobTemplate": {"spec": {"template": {"metadata": {"labels": {"app": name}}, "spec": pod}}},
    }


def _certificate_definition() -> Object:
    properties = {
        "secretName": {"type": "string"},
        "dnsNames": {"type": "array", "items": {"type": "string"}},
        "issuerRef": {"type": "object", "properties": {"name": {"type": "string"}, "kind": {"type": "string"}}},
    }
    schema = {
        "type": "object",
        "properties": {
            "spec": {"type": "object", "properties": properties, "required": ["secretName"]},
            "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        },
    }
    ready = '.status.conditions[?(@.type=="Ready")]'
    columns = [
        {"name": "Ready", "type": "string", "jsonPath": f"{ready}.status"},
        {"name": "Secret", "type": "string", "jsonPath": ".spec.secretName"},
        {"name": "Issuer", "type": "string", "jsonPath": ".spec.issuerRef.name", "priority": 1},
        {"name": "Status", "type": "string", "jsonPath": f"{ready}.message", "priority": 1},
        {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
    ]
    names = {
        "kind": "Certificate", "listKind": "CertificateList", "plural": "certificates", "singular": "certificate",
        "shortNames": ["cert", "certs"], "categories": ["cert-manager"],
    }  # fmt: skip
    version = {
        "name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema},
        "subresources": {"status": {}}, "additionalPrinterColumns": columns,
    }  # fmt: skip
    return {"group": CERTIFICATES_GROUP, "scope": "Namespaced", "names": names, "versions": [version]}
