"""A cluster without its API: storage, controllers and nodes on this test's loop, driven by a clock that stands still.

The least that can show what controllers and nodes do; nothing goes over a socket.
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


class Cluster:
    """A cluster to put objects into, to move through time and to look at."""

    def __init__(self, state: SimulatorState, clock: ManualClock) -> None:
        self.state = state
        self.storage = state.storage
        self.clock = clock
        self.changes: list[StorageEvent] = []
        self.expected_errors = False
        self.storage.on_change(self.changes.append)

    async def pass_time(self, seconds: float = 0.0) -> None:
        """Let so many seconds pass, and everything that is due in them happen."""
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
        found = self.storage.get(resource, NAMESPACE, name)
        assert found is not None, f"no {resource.singular} {name}"
        return found

    def deployment(self, name: str = "checkout") -> Object:
        return self.get(DEPLOYMENTS, name)

    def stateful_set(self, name: str = "db") -> Object:
        return self.get(STATEFULSETS, name)

    def daemon_set(self, name: str = "agent") -> Object:
        return self.get(DAEMONSETS, name)

    def replica_sets(self) -> dict[int, Object]:
        """Return ReplicaSets by revision."""
        found = self.storage.list(REPLICASETS, NAMESPACE)
        return {int(rs["metadata"]["annotations"]["deployment.kubernetes.io/revision"]): rs for rs in found}

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
        """Return what was said for a reason, in order."""
        said = sorted(self.events(reason), key=lambda event: int(event["metadata"]["resourceVersion"]))
        return [event["message"] for event in said]

    def condition(self, obj: Object, kind: str) -> Object:
        """Return a condition by type."""
        (found,) = [each for each in obj["status"].get("conditions") or () if each["type"] == kind]
        return dict(found)


def template(image: str = "registry.example.com/checkout:1.0.0", **annotations: str) -> Object:
    """Return a pod template labelled `app: checkout` with one container."""
    metadata: Object = {"labels": {"app": "checkout"}}
    if annotations:
        metadata["annotations"] = annotations
    return {"metadata": metadata, "spec": {"containers": [{"name": "app", "image": image}]}}


def workload(image: str = "registry.example.com/checkout:1.0.0", **given: Any) -> Object:
    """Return the spec of a workload of such pods."""
    return {"selector": {"matchLabels": {"app": "checkout"}}, "template": template(image), **given}


def with_image(image: str) -> Callable[[Object], Object]:
    """Return a change of a workload's spec: another image in its first container."""

    def change(spec: Object) -> Object:
        pod = spec["template"]["spec"]
        containers = [{**pod["containers"][0], "image": image}, *pod["containers"][1:]]
        return {**spec, "template": {**spec["template"], "spec": {**pod, "containers": containers}}}

    return change


def with_fields(**fields: Any) -> Callable[[Object], Object]:
    """Return a change of a spec: other fields."""
    return lambda spec: {**spec, **fields}


def make_state() -> tuple[SimulatorState, ManualClock]:
    """Return an empty cluster whose uids and names are the same every time."""
    clock, rng = ManualClock(), random.Random(1)
    storage = Storage(clock, new_uid=lambda: str(uuid.UUID(int=rng.getrandbits(128), version=4)), pick=rng.choice)
    return SimulatorState(storage, clock, rng), clock


@contextlib.asynccontextmanager
async def running_cluster(scenario: str | None = None, *, workers: int = 3) -> AsyncIterator[Cluster]:
    """Run a cluster: of a scenario, or empty with some nodes and the namespace `shop`."""
    state, clock = make_state()
    cluster = Cluster(state, clock)
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
    assert cluster.expected_errors or not errors.said, errors.said


class _Errors(logging.Handler):
    """Keeps what controllers and nodes could not do; a test fails where it did not expect that."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(self.format(record))
