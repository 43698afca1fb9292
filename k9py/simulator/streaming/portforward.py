"""pods/portforward: tunnels of SPDY, and the older channels, to the ports of a pod.

Owns: the checks of the API server and the kubelet, and how a container runtime reports that it cannot connect: in the
stream, with the sandbox's id. A connection ends with its container's run; the tunnel outlives its pod, as it does with
containerd, and reports from then on that there is no sandbox. Sources: `PortForwardLocation` of the pod registry,
cri-streaming's portforward package, containerd's `sandbox_portforward_linux.go`.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from k9py.simulator import status_errors
from k9py.simulator.apiserver.reads import existing_object
from k9py.simulator.apiserver.request import IncomingRequest
from k9py.simulator.apiserver.responses import ApiResponse, text_response
from k9py.simulator.kubelet_access import is_reachable, kubelet_address
from k9py.simulator.registry.resources import PODS
from k9py.simulator.state import SimulatorState
from k9py.simulator.status_errors import StatusError
from k9py.simulator.streaming.pod_programs import Listener, program_at
from k9py.simulator.streaming.port_sessions import ChannelSession, TunnelSession
from k9py.simulator.streaming.upgrade import CHANNELS_V4, StreamConnection, StreamUpgrade, check_upgrade

TUNNEL = "SPDY/3.1+portforward.k8s.io"


def forward_ports(state: SimulatorState, request: IncomingRequest) -> StreamUpgrade | ApiResponse:
    """Answer a request of pods/portforward.

    Raises:
        StatusError: 400, 404, 500.
    """
    pod = existing_object(state, request)
    node = (pod.get("spec") or {}).get("nodeName")
    if not node:
        raise status_errors.bad_request(f"pod {request.info.name} does not have a host assigned")
    check_upgrade(request)
    if not is_reachable(state.storage, node):
        address = kubelet_address(state.storage, node)
        raise StatusError(500, "", f"error dialing backend: dial tcp {address}: connect: connection refused")
    if not has_sandbox(pod):
        return text_response(f'pod not found ("{request.info.name}_{request.info.namespace}")\n', 500)
    target = PodTarget(state, pod)
    if state.apis.streams == "spdy":
        return StreamUpgrade((), target.serve_tunnel)
    if state.apis.streams == "v5" and TUNNEL in request.protocols:
        return StreamUpgrade((TUNNEL,), target.serve_tunnel)
    ports = [
        port for name, value in request.parameters if name == "ports" for port in value.split(",") if port.isdigit()
    ]
    if not ports:
        return text_response('query parameter "port" is required', 400)

    async def serve_channels(connection: StreamConnection) -> None:
        await ChannelSession(state, connection, target, [int(port) for port in ports]).run()

    return StreamUpgrade((CHANNELS_V4, ""), serve_channels)


def has_sandbox(pod: Mapping[str, Any]) -> bool:
    """Return whether the pod's network exists on its node."""
    status = pod.get("status") or {}
    if status.get("phase") in ("Succeeded", "Failed"):
        return False
    return status.get("phase") == "Running" or any(
        condition["type"] == "PodReadyToStartContainers" and condition["status"] == "True"
        for condition in status.get("conditions") or ()
    )


class PodTarget:
    """The pod that a stream leads to, as the container runtime sees it.

    Args:
        pod: when the stream began.
    """

    def __init__(self, state: SimulatorState, pod: Mapping[str, Any]) -> None:
        self._state = state
        metadata = pod["metadata"]
        self.namespace, self.name, self.uid = metadata["namespace"], metadata["name"], metadata["uid"]
        self._sandbox = hashlib.sha256(self.uid.encode()).hexdigest()

    async def serve_tunnel(self, connection: StreamConnection) -> None:
        """Serve a tunnel until its client leaves."""
        await TunnelSession(self._state, connection, self).run()

    def current(self) -> Mapping[str, Any] | None:
        """Return the pod as it is stored now; None when it was deleted, or another one has its name."""
        pod = self._state.storage.get(PODS, self.namespace, self.name)
        return pod if pod is not None and pod["metadata"]["uid"] == self.uid else None

    def connect(self, port: int) -> Listener | str:
        """Return what listens on a port, or what the node reports."""
        pod = self.current()
        if pod is None:
            return self._failure(port, f'failed to find sandbox "{self._sandbox}" in store: not found')
        if not has_sandbox(pod):
            return self._failure(port, f'network namespace for sandbox "{self._sandbox}" is closed')
        listener = program_at(pod, port, self._state.clock)
        if listener is not None:
            return listener
        refused = f"127.0.0.1:{port}: connect: connection refused"
        refused += f" IPv6 dial tcp6 [::1]:{port}: connect: connection refused"
        return self._failure(
            port,
            f'failed to execute portforward in network namespace "/var/run/netns/cni-{self.uid}": failed to connect to '
            f'localhost:{port} inside namespace "{self._sandbox}", IPv4: dial tcp4 {refused} ',
        )

    def _failure(self, port: int, why: str) -> str:
        return f"error forwarding port {port} to pod {self._sandbox}, uid : {why}"
