"""Opens the way to a pod's ports: a SPDY tunnel where the server has one, else a WebSocket for each connection.

Owns: the request, and the choice of the protocol. Servers since 1.30 tunnel SPDY; older ones pass a WebSocket on to the
kubelet, which refuses a request for a tunnel because it names no port: it speaks v4.channel.k8s.io then.
To add a protocol: a module beside `port_tunnel` and `port_channels`, and its condition here.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from typing import Final

from k9py.api.errors import BadRequestError
from k9py.api.kinds import POD
from k9py.api.streams import PortTunnel
from k9py.kube.object_request import object_request
from k9py.kube.port_channels import CHANNEL_PROTOCOL, ChannelTunnel
from k9py.kube.port_tunnel import SpdyTunnel
from k9py.kube.request import ApiRequest
from k9py.kube.transport import Transport

TUNNEL_PROTOCOL: Final = "SPDY/3.1+portforward.k8s.io"
OPEN_SECONDS: Final = 30.0
"""Until the server has opened the tunnel: it connects to the node first."""
_NAMES_NO_PORT: Final = 'query parameter "port" is required'
"""A kubelet's refusal of a WebSocket without ports: it does not know the tunnel."""


@asynccontextmanager
async def open_ports(transport: Transport, namespace: str, pod: str) -> AsyncIterator[PortTunnel]:
    """Open a tunnel to a pod; its connections end with the context. Raises as `PodPorts.open_ports`."""
    path, info = object_request(POD.resource_type, POD.key(namespace, pod), "create", "portforward")

    def request(*query: tuple[str, str]) -> ApiRequest:
        return ApiRequest("GET", path, info, query=query, headers={"Accept": "*/*"}, header_timeout=OPEN_SECONDS)

    async with AsyncExitStack() as stack:
        tunnel: PortTunnel
        try:
            socket = await stack.enter_async_context(transport.open_websocket(request(), (TUNNEL_PROTOCOL,)))
        except BadRequestError as error:
            if _NAMES_NO_PORT not in error.message:
                raise
            tunnel = await stack.enter_async_context(
                aclosing(
                    ChannelTunnel(
                        lambda port: transport.open_websocket(request(("ports", str(port))), (CHANNEL_PROTOCOL,)), pod
                    )
                )
            )
        else:
            tunnel = await stack.enter_async_context(SpdyTunnel(socket, pod).running())
        yield tunnel
