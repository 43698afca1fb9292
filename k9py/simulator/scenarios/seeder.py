"""Objects of a cluster that has been running for a while: converged, with history and ages.

Invariant: seeded objects are what the controllers would have made, so that they find nothing to do when they start.
Every object is written once, complete, without deep copies, so that 100,000 pods are cheap.
"""

import copy
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from k9py.simulator.apiserver.managed_fields import with_manager
from k9py.simulator.clock import timestamp
from k9py.simulator.controllers import deployment_status as rules
from k9py.simulator.controllers.deployment import replica_set_for
from k9py.simulator.controllers.deployment_replicasets import REVISION
from k9py.simulator.controllers.hashing import template_hash
from k9py.simulator.controllers.owner_references import owner_reference
from k9py.simulator.controllers.pod_factory import admit_pod, random_suffix
from k9py.simulator.kubelet.pod_status import compute_conditions
from k9py.simulator.registry.defaults import defaulted
from k9py.simulator.registry.resources import (
    CONFIGMAPS,
    DEPLOYMENTS,
    NAMESPACES,
    NODES,
    PODS,
    REPLICASETS,
    SECRETS,
    SERVICEACCOUNTS,
    SERVICES,
    Resource,
)
from k9py.simulator.scenarios.catalogue import App, Release
from k9py.simulator.scenarios.worker_nodes import address_of, worker_node
from k9py.simulator.state import SimulatorState

Object = dict[str, Any]

CHANGE_CAUSE = "kubernetes.io/change-cause"
PIPELINE = "shop-pipeline"
"""Field managers of the shop's workloads in `metadata.managedFields`: the pipeline, sometimes a person."""
PERSON = "kubectl-edit"
_ZONES = ("a", "b", "c")
_SERVICE_NETWORK = "10.96"


class Seeder:
    """Writes a cluster's first objects."""

    def __init__(self, state: SimulatorState) -> None:
        self.state = state
        self.storage = state.storage
        self.rng = state.rng
        self._nodes: list[tuple[str, str]] = []
        self._next_node = 0
        self._addresses = 10
        self._services = 10

    def ago(self, hours: float) -> str:
        """Return the timestamp `hours` ago."""
        return timestamp(self.state.clock.now() - timedelta(hours=hours))

    def put(self, resource: Resource, obj: Object) -> Object:
        """Store an object with the API's defaults."""
        return self.storage.create(resource, defaulted(resource, obj))

    # -- cluster ---------------------------------------------------------------------------------------------------

    def namespace(self, name: str, hours: float = 2300) -> None:
        if self.storage.get(NAMESPACES, None, name) is None:
            self.put(NAMESPACES, {"metadata": {"name": name, "creationTimestamp": self.ago(hours)}})
        metadata = {"namespace": name, "creationTimestamp": self.ago(hours)}
        if self.storage.get(SERVICEACCOUNTS, name, "default") is None:
            self.put(SERVICEACCOUNTS, {"metadata": {"name": "default", **metadata}})
        certificate = {"ca.crt": "-----BEGIN CERTIFICATE-----\nsimulated\n-----END CERTIFICATE-----\n"}
        if self.storage.get(CONFIGMAPS, name, "kube-root-ca.crt") is None:
            self.put(CONFIGMAPS, {"metadata": {"name": "kube-root-ca.crt", **metadata}, "data": certificate})

    def nodes(self, count: int, *, pods: int = 110, cpu: str = "16", memory: str = "64Gi") -> None:
        """Make workers named node-000 and up, spread over three zones."""
        for number in range(count):
            name, zone = f"node-{number:03d}", _ZONES[number % len(_ZONES)]
            self.storage.create(
                NODES, worker_node(name, zone, number, self.ago(2300), pods=pods, cpu=cpu, memory=memory)
            )
            self._nodes.append((name, zone))

    def next_node(self) -> tuple[str, str]:
        """Return the next (node, zone), in turn."""
        chosen = self._nodes[self._next_node % len(self._nodes)]
        self._next_node += 1
        return chosen

    @property
    def all_nodes(self) -> list[tuple[str, str]]:
        return self._nodes

    # -- workloads -----------------------------------------------------------------------------------------------

    def app(self, app: App, *, pods: int | None = None) -> list[Object]:
        """Write a Deployment with its history, its pods and its Service; returns the pods.

        Args:
            app: the application.
            pods: number of pods to write, None for all replicas (a caller that asks for fewer writes the others).
        """
        if app.settings:
            self.settings(app.namespace, app.name)
        deployment = self._deployment(app)
        last = len(app.releases)
        written = []
        for number, release in enumerate(app.releases, start=1):
            replica_set = self._replica_set(app, deployment, release, number, current=number == last)
            if number == last:
                template = replica_set["spec"]["template"]
                for turn in range(app.replicas if pods is None else pods):
                    hours = release.hours_ago
                    written.append(self.running_pod(REPLICASETS, replica_set, template, hours=hours, turn=turn))
        if app.port is not None:
            self.service(app.namespace, app.name, port=53 if app.port == 53 else 80)
        return written

    def settings(self, namespace: str, name: str) -> None:
        metadata = {"namespace": namespace, "creationTimestamp": self.ago(1100)}
        data = {"MODE": "live", "LOG_LEVEL": "info"}
        self.put(CONFIGMAPS, {"metadata": {"name": f"{name}-settings", **metadata}, "data": data})
        secret = {"metadata": {"name": f"{name}-db", **metadata}, "data": {"url": "c2ltdWxhdGVk"}}
        self.put(SECRETS, secret)

    def template(self, app: App, release: Release) -> Object:
        """Return an application's pod template at a release."""
        container: Object = {
            "name": "app",
            "image": app.image_of(release.tag),
            "resources": {"requests": {"cpu": app.cpu, "memory": app.memory}, "limits": {"memory": app.memory}},
        }
        if app.port is not None:
            container["ports"] = [{"name": "http", "containerPort": app.port}]
            container["readinessProbe"] = {"httpGet": {"path": "/ready", "port": "http"}, "periodSeconds": 5}
        if app.settings:
            container["envFrom"] = [{"configMapRef": {"name": f"{app.name}-settings"}}]
            reference = {"secretKeyRef": {"name": f"{app.name}-db", "key": "url"}}
            container["env"] = [{"name": "DATABASE_URL", "valueFrom": reference}]
        containers = [container]
        if app.sidecar:
            containers.append({"name": "proxy", "image": app.sidecar})
        labels = {"app": app.name, "tier": app.tier}
        return {"metadata": {"labels": labels}, "spec": {"containers": containers}}

    def _deployment(self, app: App) -> Object:
        first, last = app.releases[0], app.releases[-1]
        annotations = {REVISION: str(len(app.releases))}
        if last.cause:
            annotations[CHANGE_CAUSE] = last.cause
        rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
        deployment = defaulted(
            DEPLOYMENTS,
            {
                "metadata": {
                    "name": app.name,
                    "namespace": app.namespace,
                    "labels": {"app": app.name, "tier": app.tier},
                    "annotations": annotations,
                    "creationTimestamp": self.ago(first.hours_ago),
                    "generation": 2 * len(app.releases) - 1,
                },
                "spec": {
                    "replicas": app.replicas,
                    "selector": {"matchLabels": {"app": app.name}},
                    "template": self.template(app, last),
                    "strategy": rolling if app.strategy == "RollingUpdate" else {"type": "Recreate"},
                    "revisionHistoryLimit": 10,
                    "progressDeadlineSeconds": app.deadline,
                    **({"minReadySeconds": app.min_ready} if app.min_ready else {}),
                },
            },
        )
        current = f"{app.name}-{template_hash(deployment['spec']['template'])}"
        deployment["status"] = self._complete_status(deployment, current, first.hours_ago, last.hours_ago)
        by_hand = app.releases[-2].hours_ago if len(app.releases) > 2 else None
        return self.storage.create(DEPLOYMENTS, self.with_managers(DEPLOYMENTS, deployment, last.hours_ago, by_hand))

    def with_managers(self, resource: Resource, workload: Object, hours: float, by_hand: float | None = None) -> Object:
        """Return a workload with managed fields of the shop's pipeline, last written `hours` ago.

        Args:
            by_hand: hours since a person set the resources of the first container; None: nobody did.
        """
        unstatused = {key: value for key, value in workload.items() if key != "status"}
        now, version = self.state.clock.now(), resource.api_version
        if by_hand is None:
            signed = with_manager(unstatused, None, PIPELINE, version, now - timedelta(hours=hours))
        else:
            without = copy.deepcopy(unstatused)
            del without["spec"]["template"]["spec"]["containers"][0]["resources"]
            without = with_manager(without, None, PIPELINE, version, now - timedelta(hours=hours))
            signed = with_manager(unstatused, without, PERSON, version, now - timedelta(hours=by_hand))
        return {**workload, "metadata": signed["metadata"]}

    def _complete_status(self, deployment: Object, current: str, born: float, released: float) -> Object:
        count = deployment["spec"]["replicas"]
        names = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas") if count else ()
        counts = dict.fromkeys(names, count)
        born_at, released_at = self.ago(born), self.ago(released)
        available: Object = {
            **rules.availability(True, self.state.clock.now()),
            "lastUpdateTime": born_at,
            "lastTransitionTime": born_at,
        }
        progressing: Object = {
            "type": rules.PROGRESSING,
            "status": "True",
            "lastUpdateTime": released_at,
            "lastTransitionTime": born_at,
            "reason": rules.NEW_REPLICA_SET_AVAILABLE,
            "message": f'ReplicaSet "{current}" has successfully progressed.',
        }
        return {
            "observedGeneration": deployment["metadata"]["generation"],
            **counts,
            "terminatingReplicas": 0,
            "conditions": [available, progressing],
        }

    def _replica_set(self, app: App, deployment: Object, release: Release, number: int, *, current: bool) -> Object:
        """Write one revision's ReplicaSet."""
        metadata = deployment["metadata"]
        annotations = {k: v for k, v in metadata["annotations"].items() if k != CHANGE_CAUSE}
        if release.cause:
            annotations[CHANGE_CAUSE] = release.cause
        at_release = defaulted(
            DEPLOYMENTS,
            {
                **deployment,
                "metadata": {**metadata, "annotations": annotations},
                "spec": {**deployment["spec"], "template": self.template(app, release)},
            },
        )
        return self.replica_set(at_release, number, release.hours_ago, app.replicas if current else 0)

    def replica_set(self, deployment: Object, number: int, hours: float, size: int) -> Object:
        """Write the ReplicaSet of a Deployment's template with all pods ready."""
        suffix = template_hash(deployment["spec"]["template"])
        replica_set = replica_set_for(deployment, suffix, size=size, revision=number)
        generation = 1 if size else 4
        replica_set["metadata"] |= {"creationTimestamp": self.ago(hours), "generation": generation}
        names = ("fullyLabeledReplicas", "readyReplicas", "availableReplicas") if size else ()
        replica_set["status"] = {
            "replicas": size,
            **dict.fromkeys(names, size),
            "terminatingReplicas": 0,
            "observedGeneration": generation,
        }
        return self.storage.create(REPLICASETS, replica_set)

    def running_pod(
        self,
        owner_resource: Resource,
        owner: Object,
        template: Mapping[str, Any],
        *,
        hours: float,
        turn: int = 0,
        on: tuple[str, str] | None = None,
        name: str | None = None,
        labels: Mapping[str, str] | None = None,
        spec: Mapping[str, Any] | None = None,
        tolerations: tuple[Object, ...] = (),
        broken: Mapping[str, Object] | None = None,
    ) -> Object:
        """Write a pod that has been running for `hours`.

        Args:
            owner_resource: kind of its controller.
            owner: its controller.
            template: its pod template.
            hours: age of the revision; pods of one revision start a few seconds apart.
            turn: its index among them.
            on: node and zone; None takes the next node.
            name: None generates one.
            labels: override the template's.
            spec: overrides fields of the template's.
            tolerations: replace the default tolerations for unreachable nodes.
            broken: statuses of containers that do not run, by name.
        """
        where, zone = on or self.next_node()
        owner_name = owner["metadata"]["name"]
        own_labels = {**(template["metadata"].get("labels") or {}), **(labels or {})}
        seconds_later = turn * 4 / 3600
        started = self.ago(max(0.0, hours - seconds_later))
        metadata: Object = {
            "name": name or f"{owner_name}-{random_suffix(self.rng)}",
            "generateName": f"{owner_name}-",
            "namespace": owner["metadata"]["namespace"],
            "labels": {**own_labels, "topology.kubernetes.io/zone": zone},
            "creationTimestamp": started,
            "ownerReferences": [owner_reference(owner_resource, owner)],
        }
        if template["metadata"].get("annotations"):
            metadata["annotations"] = template["metadata"]["annotations"]
        pod = admit_pod(
            {"metadata": metadata, "spec": {**template["spec"], **(spec or {}), "nodeName": where}},
            self.rng,
            tolerations=tolerations,
        )
        entries = [(broken or {}).get(c["name"]) or self.running(c, started) for c in template["spec"]["containers"]]
        pod["status"] |= self.pod_status(pod, entries, started, where)
        return self.storage.create(PODS, pod)

    def pod_status(self, pod: Object, entries: Sequence[Object], started: str, where: str) -> Object:
        """Return the status as the kubelet would have written it."""
        waiting = [entry for entry in entries if "waiting" in entry["state"] and not entry["lastState"]]
        return {
            "phase": "Pending" if waiting else "Running",
            "observedGeneration": 1,
            "conditions": compute_conditions(pod, [], entries, started),
            **self.addresses(where),
            "startTime": started,
            "containerStatuses": list(entries),
        }

    def addresses(self, where: str) -> Object:
        """Return the address fields of a pod's status: the node's address and a new pod IP."""
        self._addresses += 1
        address = f"10.{244 + self._addresses // 65536}.{self._addresses // 256 % 256}.{self._addresses % 256}"
        host = address_of(int(where.rpartition("-")[2]))
        return {"hostIP": host, "hostIPs": [{"ip": host}], "podIP": address, "podIPs": [{"ip": address}]}

    def running(self, container: Mapping[str, Any], started: str, *, restarts: int = 0) -> Object:
        """Return the status of a running, ready container."""
        image = container["image"]
        return {
            "name": container["name"],
            "state": {"running": {"startedAt": started}},
            "lastState": {},
            "ready": True,
            "restartCount": restarts,
            "image": image,
            "imageID": f"{image.rpartition(':')[0]}@sha256:{self.rng.getrandbits(256):064x}",
            "containerID": f"containerd://{self.rng.getrandbits(256):064x}",
            "started": True,
        }

    def service(
        self, namespace: str, name: str, *, port: int = 80, port_name: str = "http", headless: bool = False
    ) -> Object:
        """Write a Service in front of the pods labelled `app: <name>`."""
        self._services += 1
        address = "None" if headless else f"{_SERVICE_NETWORK}.{self._services // 250}.{1 + self._services % 250}"
        ports = [{"name": port_name, "port": port, "targetPort": port_name, "protocol": "TCP"}]
        return self.put(
            SERVICES,
            {
                "metadata": {
                    "name": name,
                    "namespace": namespace,
                    "labels": {"app": name},
                    "creationTimestamp": self.ago(1900),
                },
                "spec": {
                    "ports": ports,
                    "selector": {"app": name},
                    "clusterIP": address,
                    "clusterIPs": [address],
                },
            },
        )
