"""The nodes of a simulated cluster: scheduler, kubelets and container logs.

Invariant: `start_nodes` sets the log source of the state and starts two tasks, whatever the number of pods.
"""

from k9py.simulator.background_tasks import BackgroundTasks
from k9py.simulator.kubelet.kubelet import Kubelet
from k9py.simulator.log_generators.log_source import ContainerLogs
from k9py.simulator.scheduler.scheduler import Scheduler
from k9py.simulator.state import SimulatorState


def start_nodes(state: SimulatorState) -> BackgroundTasks:
    """Start the scheduler and the kubelets on the running loop."""
    state.log_source = ContainerLogs(state)
    return BackgroundTasks([Scheduler(state).run(), Kubelet(state).run()])
