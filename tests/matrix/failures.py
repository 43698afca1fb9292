"""The seeded failures: how each is made in a simulated cluster, and the message and exit code it must have.

To add one: an entry in `FAILURES`; every test that is parametrized with it then covers it for all three kinds.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from k9py.api.causes import CauseKind
from k9py.simulator.admission import ENFORCE, webhook_admission
from k9py.simulator.controllers.node_lifecycle import lose_node
from k9py.simulator.registry.resources import NAMESPACES, PODS, RESOURCEQUOTAS
from k9py.simulator.state import SimulatorState

Object = dict[str, Any]

NAMESPACE = "shop"
NAME = "checkout"
REPLICAS = 3
GOOD = "registry.example.com/checkout:1.0.0"
WEBHOOK = "policy.example.com"
KINDS = ("Deployment", "StatefulSet", "DaemonSet")


def good_spec(kind: str) -> Object:
    """Return the spec of a workload whose pods become ready.

    Without minReadySeconds a container that runs for some seconds before it crashes counts as ready, and is rolled out.
    """
    container = {"name": "app", "image": GOOD, "resources": {"requests": {"memory": "64Mi"}}}
    spec: Object = {
        "selector": {"matchLabels": {"app": NAME}},
        "template": {"metadata": {"labels": {"app": NAME}}, "spec": {"containers": [container]}},
        "minReadySeconds": 10,
    }
    if kind != "DaemonSet":
        spec["replicas"] = REPLICAS
    if kind == "StatefulSet":
        spec["serviceName"] = NAME
    return spec


@dataclass(frozen=True, slots=True)
class Failure:
    """One failure.

    Args:
        break_pod: makes the good pod spec a bad one, in place.
        kind: the kind of the cause that has to be named, in a message that contains `message`.
        exit_code: the exit code of `kdash status --wait`.
        prepare: changes the cluster before the bad release.
        wait: seconds after which it has to be named; a probe may just be slow, so it gets until the deadline.
        pods: whether pods of the bad release exist: those of a StatefulSet block a rollback.
        strike: changes the cluster some seconds after the release, which then is not a bad one.
    """

    break_pod: Callable[[Object], None]
    kind: CauseKind
    message: str
    exit_code: int
    prepare: Callable[[SimulatorState], object] | None = None
    wait: float = 60.0
    pods: bool = True
    strike: Callable[[SimulatorState], str] | None = None

    def released(self, spec: Object) -> Object:
        """Return a workload's spec with the bad release in it."""
        changed = copy.deepcopy(spec)
        self.break_pod(changed["template"]["spec"])
        return changed


def _image(tag: str) -> Callable[[Object], None]:
    def change(pod: Object) -> None:
        pod["containers"][0]["image"] = f"registry.example.com/checkout:{tag}"

    return change


def _out_of_memory(pod: Object) -> None:
    pod["containers"][0] |= {"image": "registry.example.com/checkout:oom", "resources": {"limits": {"memory": "64Mi"}}}


def _failing_init(pod: Object) -> None:
    pod["initContainers"] = [{"name": "migrate", "image": "registry.example.com/migrate:initfail"}]


def _environment(source: Object) -> Callable[[Object], None]:
    def change(pod: Object) -> None:
        pod["containers"][0]["envFrom"] = [source]

    return change


def _volume(source: Object) -> Callable[[Object], None]:
    def change(pod: Object) -> None:
        pod["volumes"] = [{"name": "files", **source}]

    return change


def _requests(memory: str) -> Callable[[Object], None]:
    def change(pod: Object) -> None:
        pod["containers"][0]["resources"] = {"requests": {"memory": memory}}

    return change


def _account(pod: Object) -> None:
    pod["serviceAccountName"] = "checkout-writer"


def _privileged(pod: Object) -> None:
    pod["containers"][0]["securityContext"] = {"privileged": True}


def _quota(state: SimulatorState) -> None:
    metadata = {"name": "tight", "namespace": NAMESPACE}
    state.storage.create(RESOURCEQUOTAS, {"metadata": metadata, "spec": {"hard": {"requests.memory": "1Gi"}}})


def deny_mirrors(state: SimulatorState) -> None:
    """Install a webhook that denies images from unknown registries."""

    def judge(pod: Object) -> str | None:
        images = [container["image"] for container in pod["spec"]["containers"]]
        wrong = next((image for image in images if image.startswith("mirror.")), None)
        return f"image {wrong} is not from registry.example.com" if wrong else None

    state.storage.admission.append(webhook_admission(WEBHOOK, judge))


def _from_mirror(pod: Object) -> None:
    pod["containers"][0]["image"] = "mirror.example.com/checkout:1.1.0"


def _enforce_baseline(state: SimulatorState) -> None:
    namespace = state.storage.get(NAMESPACES, None, NAMESPACE)
    assert namespace is not None
    labels = {**(namespace["metadata"].get("labels") or {}), ENFORCE: "baseline"}
    state.storage.update(NAMESPACES, {**namespace, "metadata": {**namespace["metadata"], "labels": labels}})


def lose_a_node(state: SimulatorState) -> str:
    """Lose the node that matters to the rollout under way, and return its name.

    Deployment: of the newest pod, because an old one's is replaced immediately. Others: of a pod that is still an old
    one, with the lowest name.
    """
    pods = [pod for pod in state.storage.list(PODS, NAMESPACE) if "deletionTimestamp" not in pod["metadata"]]
    new = [pod for pod in pods if pod["spec"]["containers"][0]["image"] != GOOD]
    old = [pod for pod in pods if pod not in new]
    owner = pods[0]["metadata"]["ownerReferences"][0]["kind"]
    node = str((new if owner == "ReplicaSet" else old)[0]["spec"]["nodeName"])
    lose_node(state, node)
    return node


FAILURES = {
    "image": Failure(_image("badimage"), CauseKind.IMAGE, "image checkout:badimage cannot be pulled", 3),
    "crash": Failure(_image("crash"), CauseKind.CRASH, "container app is crash-looping (exit 1)", 4),
    "oom": Failure(_out_of_memory, CauseKind.OOM, "container app was OOMKilled (limit 64Mi)", 4),
    "init": Failure(_failing_init, CauseKind.CRASH, "init container migrate is crash-looping (exit 1)", 4),
    "probe": Failure(_image("unready"), CauseKind.PROBE, "readiness probe of container app fails", 5, wait=700),
    "config map": Failure(
        _environment({"configMapRef": {"name": "settings"}}),
        CauseKind.CONFIG,
        "ConfigMap settings not found (needed by container app)",
        4,
    ),
    "config map volume": Failure(
        _volume({"configMap": {"name": "settings"}}), CauseKind.MOUNT, 'configmap "settings" not found', 4
    ),
    "secret": Failure(
        _environment({"secretRef": {"name": "db"}}),
        CauseKind.CONFIG,
        "Secret db not found (needed by container app)",
        4,
    ),
    "secret volume": Failure(_volume({"secret": {"secretName": "db"}}), CauseKind.MOUNT, 'secret "db" not found', 4),
    "quota": Failure(
        _requests("2Gi"),
        CauseKind.QUOTA,
        "ResourceQuota tight is exceeded: requested requests.memory=2Gi, used requests.memory=",
        6,
        _quota,
        pods=False,
    ),
    "account": Failure(_account, CauseKind.ADMISSION, "ServiceAccount checkout-writer not found", 6, pods=False),
    "webhook": Failure(
        _from_mirror,
        CauseKind.ADMISSION,
        f"admission webhook {WEBHOOK} denies its pods: image mirror.example.com/checkout:1.1.0 is not from registry",
        6,
        deny_mirrors,
        pods=False,
    ),
    "pod security": Failure(
        _privileged,
        CauseKind.ADMISSION,
        'violates PodSecurity "baseline:latest": privileged (container "app" must not set',
        6,
        _enforce_baseline,
        pods=False,
    ),
    "unschedulable": Failure(
        _requests("2Ti"), CauseKind.UNSCHEDULABLE, "pod cannot be scheduled: 0/3 nodes are available", 7
    ),
    "node": Failure(_image("1.1.0"), CauseKind.NODE, "is NotReady", 7, strike=lose_a_node),
}
