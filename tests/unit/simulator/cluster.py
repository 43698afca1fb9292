"""A cluster without an API: storage, controllers and nodes on the test's loop, with a manual clock.

The least powerful way to test controllers and nodes: nothing goes over a socket.
"""

import contextlib
import logging
import random
import uuid
from collections.abc import AsyncIterator, Callable
from typing import Any

from k9py.simulator.apiserver.writes import create_object
from k9py.simulator.clock import ManualClock
from k9py.simulator.controllers.controller_manager import start_controllers
from k9py.simulator.kubelet.nodes import start_nodes
from k9py.simulator.registry.resources import (
    CONTROLLERREVISIONS,
    DAEMONSETS,
    DEPLOYMENTS,
    EVENTS,
    NAMESPACES,
    NODES,
    PODS,
    REPLICASETS,
    STATEFULSETS,
    Resource,
    by_kind,
)
from k9py.simulator.registry.storage import Storage, StorageEvent
from k9py.simulator.scenarios.loader import load_scenario
from k9py.simulator.scenarios.worker_nodes import worker_node
from k9py.simulator.state import SimulatorState

Object = dict[str, Any]
NAMESPACE = "shop"


class ClusterUnderTest:
    """A cluster in which a test creates objects, advances time and reads the result."""

    def __init__(self, state: SimulatorState, clock: ManualClock) -> None:
        self.state = state
        self.storage = state.storage
        self.clock = clock
        self.changes: list[StorageEvent] = []
        self.expected_errors = False
        self.storage.on_change(self.changes.append)

    async def advance(self, seconds: float = 0.0) -> None:
        """Advance the clock; everything that is due runs."""
        await self.clock.advance(seconds)

    def create(self, kind: str, name: str, spec: Object, **metadata: Any) -> Object:
        """Create an object as the API would."""
        body = {"metadata": {"name": name, "namespace": NAMESPACE, **metadata}, "spec": spec}
        return create_object(self.state, by_kind(kind), body)

    def change(self, resource: Resource, name: str, how: Callable[[Object], Object]) -> Object:
        """Replace an object's spec."""
        present = self.get(resource, name)
        return self.storage.update(resource, {**present, "spec": how(present["spec"])})

    def get(self, resource: Resource, name: str) -> Object:
        obj = self.storage.get(resource, NAMESPACE, name)
        assert obj is not None, f"no {resource.singular} {name}"
        return obj

    def deployment(self, name: str = "checkout") -> Object:
        return self.get(DEPLOYMENTS, name)

    def stateful_set(self, name: str = "db") -> Object:
        return self.get(STATEFULSETS, name)

    def daemon_set(self, name: str = "agent") -> Object:
        return self.get(DAEMONSETS, name)

    def replica_sets(self) -> dict[int, Object]:
        """Return ReplicaSets by revision."""
        replica_sets = self.storage.list(REPLICASETS, NAMESPACE)
        return {int(rs["metadata"]["annotations"]["deployment.kubernetes.io/revision"]): rs for rs in replica_sets}

    def pods(self) -> list[Object]:
        return self.storage.list(PODS, NAMESPACE)

    def pod(self) -> Object:
        """Return the only pod."""
        (only,) = self.pods()
        return only

    def revisions(self) -> dict[int, Object]:
        """Return ControllerRevisions by number."""
        return {revision["revision"]: revision for revision in self.storage.list(CONTROLLERREVISIONS, NAMESPACE)}

    def events(self, reason: str) -> list[Object]:
        return [event for event in self.storage.list(EVENTS, NAMESPACE) if event["reason"] == reason]

    def messages(self, reason: str) -> list[str]:
        """Return the event messages of a reason, in order."""
        events = sorted(self.events(reason), key=lambda event: int(event["metadata"]["resourceVersion"]))
        return [event["message"] for event in events]

    def condition(self, obj: Object, kind: str) -> Object:
        """Return a condition by type."""
        (condition,) = [entry for entry in obj["status"].get("conditions") or () if entry["type"] == kind]
        return dict(condition)


def template(image: str = "registry.example.com/checkout:1.0.0", **annotations: str) -> Object:
    """Return a pod template labelled `app: checkout` with one container."""
    metadata: Object = {"labels": {"app": "checkout"}}
    if annotations:
        metadata["annotations"] = annotations
    return {"metadata": metadata, "spec": {"containers": [{"name": "app", "image": image}]}}


def workload(image: str = "registry.example.com/checkout:1.0.0", **given: Any) -> Object:
    """Return the spec of a workload with that template."""
    return {"selector": {"matchLabels": {"app": "checkout"}}, "template": template(image), **given}


def with_image(image: str) -> Callable[[Object], Object]:
    """Return a change of a workload's spec that sets the image of the first container."""

    def change(spec: Object) -> Object:
        pod = spec["template"]["spec"]
        containers = [{**pod["containers"][0], "image": image}, *pod["containers"][1:]]
        return {**spec, "template": {**spec["template"], "spec": {**pod, "containers": containers}}}

    return change


def with_fields(**fields: Any) -> Callable[[Object], Object]:
    """Return a change of a spec that sets fields."""
    return lambda spec: {**spec, **fields}


def make_state() -> tuple[SimulatorState, ManualClock]:
    """Return an empty cluster with reproducible uids and names."""
    clock, rng = ManualClock(), random.Random(1)
    storage = Storage(clock, new_uid=lambda: str(uuid.UUID(int=rng.getrandbits(128), version=4)), pick=rng.choice)
    return SimulatorState(storage, clock, rng), clock


@contextlib.asynccontextmanager
async def running_cluster(scenario: str | None = None, *, workers: int = 3) -> AsyncIterator[ClusterUnderTest]:
    """Run a cluster: of a scenario, or empty with some nodes and the namespace `shop`."""
    state, clock = make_state()
    cluster = ClusterUnderTest(state, clock)
    parts = []
    if scenario is not None:
        parts.append(load_scenario(scenario, state))
    else:
        create_object(state, NAMESPACES, {"metadata": {"name": NAMESPACE}})
        for number in range(workers):
            born = "2026-01-01T00:00:00Z"
            machine = worker_node(
                f"node-{number:03d}", "abc"[number % 3], number, born, pods=110, cpu="16", memory="64Gi"
            )
            state.storage.create(NODES, machine)
    cluster.changes.clear()
    parts += [start_controllers(state), start_nodes(state)]
    errors = _Errors()
    logging.getLogger("k9py.simulator").addHandler(errors)
    await clock.advance(0)
    try:
        yield cluster
    finally:
        logging.getLogger("k9py.simulator").removeHandler(errors)
        for part in reversed(parts):
            await part.stop()
    assert cluster.expected_errors or not errors.messages, errors.messages


class _Errors(logging.Handler):
    """Collects errors that controllers and nodes log; a test that does not expect them fails."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(self.format(record))
