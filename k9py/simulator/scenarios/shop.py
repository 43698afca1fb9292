"""The shop: a dozen services with history, a database, an agent on each node, jobs and an autoscaler.

Invariant: when it is loaded everything has converged and nothing changes except logs, CronJobs and (if asked) one bad
release.
"""

import hashlib
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from k9py.simulator.apiserver.managed_fields import with_manager
from k9py.simulator.clock import timestamp
from k9py.simulator.controllers import controller_revisions
from k9py.simulator.controllers.daemonset import GENERATION_LABEL, TEMPLATE_GENERATION, TOLERATIONS
from k9py.simulator.controllers.daemonset import REVISION_LABEL as DAEMON_REVISION
from k9py.simulator.controllers.disruption import DisruptionController
from k9py.simulator.controllers.endpointslice import EndpointSliceController
from k9py.simulator.controllers.owner_references import key_of
from k9py.simulator.controllers.statefulset import POD_INDEX_LABEL, POD_NAME_LABEL
from k9py.simulator.controllers.statefulset import REVISION_LABEL as STATEFUL_REVISION
from k9py.simulator.registry.defaults import defaulted
from k9py.simulator.registry.resources import (
    CONTROLLERREVISIONS,
    CRONJOBS,
    DAEMONSETS,
    DEPLOYMENTS,
    HORIZONTALPODAUTOSCALERS,
    JOBS,
    PERSISTENTVOLUMECLAIMS,
    PODDISRUPTIONBUDGETS,
    PODS,
    SERVICES,
    STATEFULSETS,
    Resource,
)
from k9py.simulator.scenarios.catalogue import BAD_RELEASE, REGISTRY, SHOP, App, Release
from k9py.simulator.scenarios.seeder import CHANGE_CAUSE, PIPELINE, Seeder
from k9py.simulator.scenarios.shop_contents import write_contents
from k9py.simulator.state import SimulatorState

Object = dict[str, Any]

NODES = 6
RELEASE_AFTER = 30.0


def seed(state: SimulatorState) -> None:
    """Write the healthy shop."""
    write(state)
    settle(state)


def bare(state: SimulatorState) -> None:
    """Write the shop's namespace and some nodes, without workloads."""
    seeder = Seeder(state)
    seeder.namespace("shop")
    seeder.nodes(NODES // 2)


def write(state: SimulatorState, apps: Iterable[App] = SHOP) -> Seeder:
    """Write the shop without the objects `settle` adds; `apps` replaces the applications."""
    seeder = Seeder(state)
    for namespace in ("shop", "data", "monitoring", "kube-system", "default"):
        seeder.namespace(namespace)
    seeder.nodes(NODES)
    for app in apps:
        seeder.app(app)
    _database(seeder)
    _agent(seeder)
    _jobs(seeder)
    _policies(seeder)
    _debugger(seeder)
    return seeder


def settle(state: SimulatorState) -> None:
    """Run the controllers that only report (disruption, EndpointSlices), and write what is no workload."""
    describing = ((EndpointSliceController, SERVICES), (DisruptionController, PODDISRUPTIONBUDGETS))
    for make, resource in describing:
        controller = make(state)
        for obj in state.storage.list(resource):
            controller.reconcile(key_of(obj))
    write_contents(state)


def app_named(name: str) -> App:
    """Return an application of the shop.

    Raises:
        KeyError: there is none of this name.
    """
    return {app.name: app for app in SHOP}[name]


async def release_after_a_while(state: SimulatorState) -> None:
    """Wait, then release `checkout` with an image that does not exist."""
    await state.clock.sleep(RELEASE_AFTER)
    release(state, app_named("checkout"), BAD_RELEASE)


def release(state: SimulatorState, app: App, new: Release) -> None:
    """Set an application's image and change cause, as a pipeline does with one apply."""
    deployment = state.storage.get(DEPLOYMENTS, app.namespace, app.name)
    if deployment is None:
        return
    template = deployment["spec"]["template"]
    containers = [
        {**container, "image": app.image_of(new.tag)} if container["name"] == "app" else container
        for container in template["spec"]["containers"]
    ]
    metadata = deployment["metadata"]
    annotations = {**(metadata.get("annotations") or {}), CHANGE_CAUSE: new.cause or ""}
    spec = {**deployment["spec"], "template": {**template, "spec": {**template["spec"], "containers": containers}}}
    changed = {**deployment, "metadata": {**metadata, "annotations": annotations}, "spec": spec}
    now = state.clock.now()
    state.storage.update(DEPLOYMENTS, with_manager(changed, deployment, PIPELINE, DEPLOYMENTS.api_version, now))


# -- a StatefulSet, a DaemonSet ----------------------------------------------------------------------------------


def _revisions(seeder: Seeder, resource: Resource, owner: Object, images: tuple[tuple[str, float], ...]) -> Object:
    """Write one ControllerRevision per image (oldest first); return the last."""
    written: Object = {}
    for number, (image, hours) in enumerate(images, start=1):
        template = owner["spec"]["template"]
        containers = [{**template["spec"]["containers"][0], "image": image}]
        then = {**template, "spec": {**template["spec"], "containers": containers}}
        revision = controller_revisions.new_revision(
            resource, {**owner, "spec": {**owner["spec"], "template": then}}, number
        )
        revision["metadata"]["creationTimestamp"] = seeder.ago(hours)
        written = seeder.storage.create(CONTROLLERREVISIONS, revision)
    return written


def _database(seeder: Seeder) -> None:
    images = ((f"{REGISTRY}/postgres:17.4", 1300.0), (f"{REGISTRY}/postgres:17.6", 380.0))
    labels = {"app": "db", "tier": "data"}
    container = {
        "name": "postgres",
        "image": images[-1][0],
        "ports": [{"name": "postgres", "containerPort": 5432}],
        "resources": {"requests": {"cpu": "500m", "memory": "1Gi"}},
        "readinessProbe": {"exec": {"command": ["pg_isready"]}, "periodSeconds": 5},
    }
    stateful_set = defaulted(
        STATEFULSETS,
        {
            "metadata": {
                "name": "db",
                "namespace": "data",
                "labels": labels,
                "generation": 3,
                "creationTimestamp": seeder.ago(1300),
            },
            "spec": {
                "replicas": 3,
                "serviceName": "db",
                "selector": {"matchLabels": {"app": "db"}},
                "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
                "volumeClaimTemplates": [
                    {
                        "metadata": {"name": "files"},
                        "spec": {
                            "accessModes": ["ReadWriteOnce"],
                            "resources": {"requests": {"storage": "20Gi"}},
                            "volumeMode": "Filesystem",
                        },
                        "status": {"phase": "Pending"},
                    }
                ],
            },
        },
    )
    stateful_set = seeder.storage.create(STATEFULSETS, seeder.with_managers(STATEFULSETS, stateful_set, images[-1][1]))
    revision = _revisions(seeder, STATEFULSETS, stateful_set, images)
    name = revision["metadata"]["name"]
    counts = ("replicas", "readyReplicas", "currentReplicas", "updatedReplicas")
    status = {
        "observedGeneration": 3,
        **dict.fromkeys(counts, 3),
        "currentRevision": name,
        "updateRevision": name,
        "collisionCount": 0,
        "availableReplicas": 3,
    }
    seeder.storage.update(STATEFULSETS, {**stateful_set, "status": status}, status_only=True)
    for number in range(3):
        pod = f"db-{number}"
        claim = {
            "metadata": {
                "name": f"files-{pod}",
                "namespace": "data",
                "labels": {"app": "db"},
                "creationTimestamp": seeder.ago(1300),
            },
            "spec": stateful_set["spec"]["volumeClaimTemplates"][0]["spec"],
            "status": {"phase": "Bound", "capacity": {"storage": "20Gi"}, "accessModes": ["ReadWriteOnce"]},
        }
        seeder.storage.create(PERSISTENTVOLUMECLAIMS, claim)
        volume = {"name": "files", "persistentVolumeClaim": {"claimName": f"files-{pod}"}}
        seeder.running_pod(
            STATEFULSETS,
            stateful_set,
            stateful_set["spec"]["template"],
            hours=380,
            turn=3 - number,
            name=pod,
            labels={STATEFUL_REVISION: name, POD_NAME_LABEL: pod, POD_INDEX_LABEL: str(number)},
            spec={"hostname": pod, "subdomain": "db", "volumes": [volume]},
        )
    seeder.service("data", "db", port=5432, port_name="postgres", headless=True)


def _agent(seeder: Seeder) -> None:
    images = ((f"{REGISTRY}/agent:0.9.1", 1700.0), (f"{REGISTRY}/agent:0.10.0", 210.0))
    labels = {"app": "agent", "tier": "system"}
    daemon_set = defaulted(
        DAEMONSETS,
        {
            "metadata": {
                "name": "agent",
                "namespace": "monitoring",
                "labels": labels,
                "annotations": {TEMPLATE_GENERATION: "2", CHANGE_CAUSE: "collect disk latency"},
                "generation": 2,
                "creationTimestamp": seeder.ago(1700),
            },
            "spec": {
                "selector": {"matchLabels": {"app": "agent"}},
                "template": {
                    "metadata": {"labels": labels},
                    "spec": {"containers": [{"name": "agent", "image": images[-1][0]}]},
                },
            },
        },
    )
    count = len(seeder.all_nodes)
    names = (
        "currentNumberScheduled", "desiredNumberScheduled", "numberReady", "updatedNumberScheduled", "numberAvailable",
    )  # fmt: skip
    daemon_set["status"] = {**dict.fromkeys(names, count), "numberMisscheduled": 0, "observedGeneration": 2}
    daemon_set = seeder.storage.create(DAEMONSETS, seeder.with_managers(DAEMONSETS, daemon_set, images[-1][1]))
    revision = _revisions(seeder, DAEMONSETS, daemon_set, images)
    suffix = controller_revisions.hash_of(DAEMONSETS, revision)
    for turn, node in enumerate(seeder.all_nodes):
        field = {"key": "metadata.name", "operator": "In", "values": [node[0]]}
        terms = {"nodeSelectorTerms": [{"matchFields": [field]}]}
        seeder.running_pod(
            DAEMONSETS,
            daemon_set,
            daemon_set["spec"]["template"],
            hours=210,
            turn=turn,
            on=node,
            labels={DAEMON_REVISION: suffix, GENERATION_LABEL: "2"},
            spec={"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}},
            tolerations=TOLERATIONS,
        )


# -- jobs and policies -------------------------------------------------------------------------------------------


def _jobs(seeder: Seeder) -> None:
    def template(name: str, tag: str) -> Object:
        container = {"name": name, "image": f"{REGISTRY}/{name}:{tag}"}
        return {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container], "restartPolicy": "Never"}}

    now = seeder.state.clock.now()
    last = now.replace(minute=now.minute - now.minute % 5, second=0, microsecond=0)
    seeder.put(
        CRONJOBS,
        {
            "metadata": {"name": "stock-sync", "namespace": "shop", "creationTimestamp": seeder.ago(900)},
            "spec": {
                "schedule": "*/5 * * * *",
                "concurrencyPolicy": "Forbid",
                "jobTemplate": {"spec": {"template": template("stock-sync", "1.4.0")}},
            },
            "status": {
                "lastScheduleTime": timestamp(last),
                "lastSuccessfulTime": timestamp(last + timedelta(seconds=9)),
            },
        },
    )
    finished = seeder.ago(25.9)
    conditions = [
        {
            "type": kind,
            "status": "True",
            "lastProbeTime": finished,
            "lastTransitionTime": finished,
            "reason": "CompletionsReached",
            "message": "Reached expected number of succeeded pods",
        }
        for kind in ("SuccessCriteriaMet", "Complete")
    ]
    uid = seeder.storage.new_uid()
    pod_template = template("migrate", "2.7.1")
    pod_template["metadata"]["labels"] |= {"batch.kubernetes.io/controller-uid": uid, "job-name": "migrate"}
    seeder.put(
        JOBS,
        {
            "metadata": {
                "name": "migrate",
                "namespace": "shop",
                "uid": uid,
                "labels": {"app": "migrate"},
                "creationTimestamp": seeder.ago(26),
            },
            "spec": {
                "selector": {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}},
                "template": pod_template,
            },
            "status": {
                "conditions": conditions,
                "startTime": seeder.ago(26),
                "completionTime": finished,
                "succeeded": 1,
                "terminating": 0,
                "uncountedTerminatedPods": {},
                "ready": 0,
            },
        },
    )


def _policies(seeder: Seeder) -> None:
    metric = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}
    seeder.put(
        HORIZONTALPODAUTOSCALERS,
        {
            "metadata": {"name": "frontend", "namespace": "shop", "creationTimestamp": seeder.ago(620)},
            "spec": {
                "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "frontend"},
                "minReplicas": 3,
                "maxReplicas": 10,
                "metrics": [{"type": "Resource", "resource": metric}],
            },
        },
    )
    seeder.put(
        PODDISRUPTIONBUDGETS,
        {
            "metadata": {"name": "checkout", "namespace": "shop", "creationTimestamp": seeder.ago(1000)},
            "spec": {"minAvailable": 2, "selector": {"matchLabels": {"app": "checkout"}}},
        },
    )


def _debugger(seeder: Seeder) -> None:
    """Add a debugging container to one pod of `search`, left there two hours ago."""
    pods = seeder.storage.list(PODS, "shop")
    pod = next((pod_ for pod_ in pods if pod_["metadata"]["labels"].get("app") == "search"), None)
    if pod is None:
        return
    container = {
        "name": "debugger",
        "image": f"{REGISTRY}/debugger:1.2",
        "command": ["sh"],
        "stdin": True,
        "tty": True,
        "targetContainerName": "app",
        "resources": {},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "imagePullPolicy": "IfNotPresent",
    }
    # Its ids do not come from the cluster's random generator, so that later names stay the same.
    digest = hashlib.sha256(pod["metadata"]["name"].encode()).hexdigest()
    entry = {
        "name": "debugger",
        "state": {"running": {"startedAt": seeder.ago(2)}},
        "lastState": {},
        "ready": False,
        "restartCount": 0,
        "image": container["image"],
        "imageID": f"{REGISTRY}/debugger@sha256:{digest}",
        "containerID": f"containerd://{digest}",
    }
    pod = seeder.storage.update(PODS, {**pod, "spec": {**pod["spec"], "ephemeralContainers": [container]}})
    status = {**pod["status"], "ephemeralContainerStatuses": [entry]}
    seeder.storage.update(PODS, {**pod, "status": status}, status_only=True)
