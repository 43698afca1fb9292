"""The three subresources of a pod that are streams: exec, attach and portforward.

Owns: which module serves which. Invariant: requests come here authenticated and authorized.
"""

from k9py.simulator.apiserver.recorded_reads import not_recorded
from k9py.simulator.apiserver.request import IncomingRequest
from k9py.simulator.apiserver.responses import ApiResponse
from k9py.simulator.state import SimulatorState
from k9py.simulator.streaming.containers import RunningContainers
from k9py.simulator.streaming.exec import ContainerStreams
from k9py.simulator.streaming.portforward import forward_ports
from k9py.simulator.streaming.upgrade import StreamUpgrade


class Streams:
    """The stream source of a cluster."""

    def __init__(self, state: SimulatorState) -> None:
        self._state = state
        self._containers = ContainerStreams(state, RunningContainers(state))

    def open(self, request: IncomingRequest) -> StreamUpgrade | ApiResponse:
        """Answer an authorized request of pods/exec, pods/attach or pods/portforward.

        Raises:
            StatusError: 400, 403, 404.
        """
        if self._state.recorded is not None:
            raise not_recorded("no container runs in a recorded cluster")
        match request.info.subresource:
            case "exec":
                return self._containers.exec(request)
            case "attach":
                return self._containers.attach(request)
            case _:
                return forward_ports(self._state, request)
