"""What a simulated cluster begins with: namespaces, the objects of a scenario or of a recording, and its controllers.

Invariant: a recording stands still: neither controllers nor nodes change its objects.
"""

import gc
from typing import Protocol

from k9py.simulator.apiserver.served_apis import ServedApis, serve
from k9py.simulator.controllers.controller_manager import start_controllers
from k9py.simulator.kubelet.nodes import start_nodes
from k9py.simulator.registry.defaults import defaulted
from k9py.simulator.registry.resources import NAMESPACES, PODS
from k9py.simulator.scenarios.cluster_objects import add_cluster_objects
from k9py.simulator.scenarios.loader import load_scenario
from k9py.simulator.scenarios.recorded import Recording, load_recording
from k9py.simulator.state import SimulatorState

MANY_PODS = 5000  # from this size on, loaded objects are excluded from garbage collection


class Component(Protocol):
    """A component that runs until it is stopped (controllers, nodes)."""

    async def stop(self) -> None: ...


def populate(
    state: SimulatorState, scenario: str | None, recording: Recording | None, apis: ServedApis
) -> tuple[Component, ...]:
    """Create the objects that a cluster begins with; return the components that run now.

    Args:
        state: of an empty cluster.
        scenario: its objects, None for none; ignored where there is a recording.
        recording: the objects of a recorded cluster.
        apis: what the cluster serves.
    """
    if recording is not None:
        serve_apis(state, apis)  # before the recording, which has APIServices of its own
        load_recording(recording, state)
        return ()
    for name in ("default", "kube-system"):
        namespace = defaulted(NAMESPACES, {"kind": "Namespace", "metadata": {"name": name}})
        state.storage.create(NAMESPACES, namespace)
    components = () if scenario is None else _load(scenario, state)
    serve_apis(state, apis)
    return components


def serve_apis(state: SimulatorState, apis: ServedApis) -> None:
    """Serve these APIs from now on."""
    serve(state.storage, apis, state.clock.now())
    state.apis = apis


def _load(scenario: str, state: SimulatorState) -> tuple[Component, ...]:
    # Loading creates up to hundreds of thousands of permanent objects that each collection would traverse again.
    collecting = gc.isenabled()
    gc.disable()
    try:
        loaded = load_scenario(scenario, state)
        add_cluster_objects(state)
    finally:
        if collecting:
            gc.enable()
    if state.storage.count(PODS) >= MANY_PODS:
        gc.freeze()
    return (start_controllers(state), start_nodes(state), loaded)
