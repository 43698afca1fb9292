"""Port-forwarding to the pods of the simulated cluster."""

from k9py.simulator import status_errors
from k9py.simulator.apiserver.reads import existing_object
from k9py.simulator.apiserver.request import IncomingRequest
from k9py.simulator.state import SimulatorState
from k9py.simulator.streaming.upgrade import StreamConnection, StreamUpgrade, check_upgrade

TUNNEL = "SPDY/3.1+portforward.k8s.io"


def forward_ports(state: SimulatorState, request: IncomingRequest) -> StreamUpgrade:
    """Answer a request of pods/portforward.

    Raises:
        StatusError: 400, 404.
    """
    pod = existing_object(state, request)
    if not (pod.get("spec") or {}).get("nodeName"):
        raise status_errors.bad_request(f"pod {request.info.name} does not have a host assigned")
    check_upgrade(request)

    async def serve(connection: StreamConnection) -> None:
        return None

    return StreamUpgrade((TUNNEL,), serve)
