"""A cluster of any size: N healthy pods in many small services.

Invariant: generated in one pass, a dict per pod; equal specs, labels and parts of statuses are shared between pods
(stored objects are never changed, so that is safe).
"""

from typing import Any

from k9py.simulator.controllers.endpointslice import EndpointSliceController
from k9py.simulator.controllers.pod_factory import random_suffix
from k9py.simulator.registry.resources import PODS, SERVICES
from k9py.simulator.scenarios.catalogue import App, Release
from k9py.simulator.scenarios.seeder import Seeder
from k9py.simulator.state import SimulatorState

Object = dict[str, Any]

DEFAULT_PODS = 5000
MAX_PODS = 100_000
_REPLICAS = 20
_APPS_PER_NAMESPACE = 10
_PODS_PER_NODE = 250


def big(state: SimulatorState, pods: int) -> None:
    """Write `pods` pods and their workloads.

    Raises:
        ValueError: fewer than 1 or more than 100,000.
    """
    if not 1 <= pods <= MAX_PODS:
        raise ValueError(f"big takes 1 to {MAX_PODS} pods, not {pods}")
    seeder = Seeder(state)
    seeder.nodes(max(3, -(-pods // _PODS_PER_NODE)), pods=2 * _PODS_PER_NODE, cpu="128", memory="512Gi")
    left, number = pods, 0
    while left:
        namespace = f"team-{number // _APPS_PER_NAMESPACE:03d}"
        if number % _APPS_PER_NAMESPACE == 0:
            seeder.namespace(namespace, hours=900)
        size = min(_REPLICAS, left)
        hours = 1.0 + number % 700
        releases = (Release("1.0.0", "first", 800.0), Release(f"1.{number % 40}.1", f"build {number}", hours))
        app = App(f"svc-{number:04d}", releases, replicas=size, namespace=namespace, cpu="10m", memory="16Mi")
        (first,) = seeder.app(app, pods=1)
        _clone(seeder, first, size - 1)
        left -= size
        number += 1
    endpoints = EndpointSliceController(state)
    for service in state.storage.list(SERVICES):
        endpoints.reconcile((service["metadata"]["namespace"], service["metadata"]["name"]))


def _clone(seeder: Seeder, first: Object, count: int) -> None:
    """Write copies of a pod that share all equal parts with it."""
    metadata = {key: value for key, value in first["metadata"].items() if key not in ("uid", "resourceVersion")}
    spec, status = first["spec"], first["status"]
    (entry,) = status["containerStatuses"]
    labels: dict[str, Object] = {}
    for _ in range(count):
        where, zone = seeder.next_node()
        own = labels.setdefault(zone, {**metadata["labels"], "topology.kubernetes.io/zone": zone})
        container = {**entry, "containerID": f"containerd://{seeder.rng.getrandbits(256):064x}"}
        seeder.storage.create(
            PODS,
            {
                "metadata": {**metadata, "name": metadata["generateName"] + random_suffix(seeder.rng), "labels": own},
                "spec": {**spec, "nodeName": where},
                "status": {**status, **seeder.addresses(where), "containerStatuses": [container]},
            },
        )
