"""Pods of the simulator whose programs listen: for HTTP, and on a port that sends back what it receives."""

from __future__ import annotations

from typing import Any, Final

from k9py.simulator.registry.resources import PODS
from k9py.simulator.state import SimulatorState
from tests.unit.simulator.objects import add_pod

HTTP: Final = 8080
ECHO: Final = 7


def add_listening_pod(state: SimulatorState, name: str, **given: Any) -> None:
    """Add a pod that declares both ports; `given` is what `add_pod` takes."""
    pod = add_pod(state, name, **given)
    ports = [{"name": "http", "containerPort": HTTP}, {"name": "echo", "containerPort": ECHO}]
    spec = {**pod["spec"], "containers": [{**pod["spec"]["containers"][0], "ports": ports}]}
    state.storage.update(PODS, {**pod, "spec": spec})
