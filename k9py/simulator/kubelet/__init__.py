"""The nodes of a simulated cluster: the scheduler, the kubelets and what containers write.

Invariant: `start` puts the log source into the state and starts two tasks, however many pods there are.
"""

from k9py.simulator.background_tasks import BackgroundTasks
from k9py.simulator.kubelet.kubelet import Kubelet
from k9py.simulator.log_generators.log_source import ContainerLogs
from k9py.simulator.scheduler.scheduler import Scheduler
from k9py.simulator.state import SimulatorState


def start(state: SimulatorState) -> BackgroundTasks:
    """Start scheduling and running pods, on the running loop."""
    state.log_source = ContainerLogs(state)
    return BackgroundTasks([Scheduler(state).run(), Kubelet(state).run()])
