"""pods/exec and pods/attach: which container, and the streams between a client and its process.

Owns: the checks of the API server and the kubelet, channels and the status at the end.
Invariant: a status is the last message of a stream, after all output; the process is ended when the client is lost, and
the stream when the container ends. Sources: `streamLocation` of the pod registry, cri-streaming's remotecommand.
"""

import asyncio
import contextlib
import urllib.parse
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from k9py.simulator import status_errors
from k9py.simulator.apiserver.reads import existing_object
from k9py.simulator.apiserver.request import IncomingRequest
from k9py.simulator.apiserver.responses import ApiResponse
from k9py.simulator.kubelet.containers import spec_of
from k9py.simulator.kubelet_access import is_reachable, kubelet_address
from k9py.simulator.registry.resources import PODS
from k9py.simulator.state import SimulatorState
from k9py.simulator.streaming.channels import ClientChannels
from k9py.simulator.streaming.containers import RunningContainer, RunningContainers
from k9py.simulator.streaming.kubelet_errors import (
    KubeletError,
    UnreachableKubeletError,
    cannot_start,
    exit_code,
    internal_error,
    not_in_path,
    success,
)
from k9py.simulator.streaming.main_process import follow_main_process
from k9py.simulator.streaming.shell import commands
from k9py.simulator.streaming.shell.pipes import NoInput
from k9py.simulator.streaming.shell.process import CannotStartError, Process, run
from k9py.simulator.streaming.upgrade import (
    CHANNELS,
    CHANNELS_V4,
    CHANNELS_V5,
    StreamConnection,
    StreamUpgrade,
    check_upgrade,
)

Object = dict[str, Any]
_KILLED = 137
COMMANDS = commands.COMMANDS


@dataclass(frozen=True, slots=True)
class StreamOptions:
    """Which streams a client asks for, as query parameters say it."""

    stdin: bool
    stdout: bool
    stderr: bool
    tty: bool

    @classmethod
    def of(cls, request: IncomingRequest) -> "StreamOptions":
        """Read the parameters of a request. A terminal has no stderr."""
        tty = request.flag("tty")
        return cls(request.flag("stdin"), request.flag("stdout"), request.flag("stderr") and not tty, tty)

    @property
    def is_empty(self) -> bool:
        return not (self.stdin or self.stdout or self.stderr)


Serve = Callable[[RunningContainer, ClientChannels], Awaitable[Object]]


class ContainerStreams:
    """Opens streams into the containers of a cluster."""

    def __init__(self, state: SimulatorState, containers: RunningContainers) -> None:
        self._state = state
        self._containers = containers

    def exec(self, request: IncomingRequest) -> StreamUpgrade | ApiResponse:
        """Answer a request of pods/exec. Raises StatusError."""
        command = [value for name, value in request.parameters if name == "command"]
        options = StreamOptions.of(request)

        async def serve(container: RunningContainer, channels: ClientChannels) -> Object:
            return await _run_command(container, channels, command, options)

        return self._open(request, options, serve, 'container not found ("{container}")')

    def attach(self, request: IncomingRequest) -> StreamUpgrade | ApiResponse:
        """Answer a request of pods/attach. Raises StatusError."""
        options = StreamOptions.of(request)
        pod, name = self._locate(request)
        spec = spec_of(pod, name)
        # The terminal of the main process counts, not the client's wish.
        options = StreamOptions(
            options.stdin and bool(spec.get("stdin")),
            options.stdout,
            options.stderr and not spec.get("tty"),
            bool(spec.get("tty")),
        )

        async def serve(container: RunningContainer, channels: ClientChannels) -> Object:
            await follow_main_process(self._state, container, pod, name, channels, has_stdin=options.stdin)
            return success()

        missing = f"container {{container}} not found in pod {request.info.name}_{request.info.namespace}"
        return self._open(request, options, serve, missing)

    def _open(
        self, request: IncomingRequest, options: StreamOptions, serve: Serve, missing: str
    ) -> StreamUpgrade | ApiResponse:
        pod, name = self._locate(request)
        check_upgrade(request)
        is_v5 = CHANNELS_V5 in request.protocols and self._state.apis.streams == "v5"

        def enter() -> RunningContainer:
            return self._enter(request, pod, name, options, missing.format(container=name))

        if not is_v5:
            try:
                enter()
            except KubeletError as error:
                return error.as_response()

        async def serve_connection(connection: StreamConnection) -> None:
            tty = options.tty
            channels = ClientChannels(
                connection, stdin=options.stdin, stdout=options.stdout, stderr=options.stderr, tty=tty
            )
            await channels.greet()
            try:
                container = enter()
            except KubeletError as error:
                await channels.end(error.as_status())
                return
            await channels.end(await _until_ended(container, channels, serve))

        match self._state.apis.streams:
            case "v5" if is_v5:
                return StreamUpgrade((CHANNELS_V5,), serve_connection)
            case "v5" | "v4":
                return StreamUpgrade((CHANNELS_V4, CHANNELS, ""), serve_connection)
            case _:
                return StreamUpgrade((), serve_connection)

    def _locate(self, request: IncomingRequest) -> tuple[Object, str]:
        """Return the pod and the container that a request means, as the API server finds them.

        Raises:
            StatusError: 404, 400.
        """
        pod = existing_object(self._state, request)
        name = _container_name(pod, request.query.get("container", ""))
        if not pod["spec"].get("nodeName"):
            raise status_errors.bad_request(f"pod {request.info.name} does not have a host assigned")
        return pod, name

    def _enter(
        self, request: IncomingRequest, pod: Object, name: str, options: StreamOptions, missing: str
    ) -> RunningContainer:
        """Return the running container, as the kubelet finds it. Raises KubeletError."""
        target, node = request.info, pod["spec"]["nodeName"]
        if not is_reachable(self._state.storage, node):
            address = kubelet_address(self._state.storage, node)
            path = f"{target.subresource}/{target.namespace}/{target.name}/{name}"
            raise UnreachableKubeletError(address, f"https://{address}/{path}?{_kubelet_query(request)}")
        if options.is_empty:
            raise KubeletError(400, "you must specify at least 1 of stdin, stdout, stderr")
        current = self._state.storage.get(PODS, target.namespace, target.name)
        if current is None or current["metadata"]["uid"] != pod["metadata"]["uid"]:
            raise KubeletError(404, "pod does not exist")
        container = self._containers.enter(current, name)
        if container is None:
            raise KubeletError(500, missing)
        return container


def _kubelet_query(request: IncomingRequest) -> str:
    """Return the parameters with which the API server asks the kubelet."""
    values = [(name, value) for name, value in request.parameters if name == "command"]
    names = {"stderr": "error", "stdin": "input", "stdout": "output", "tty": "tty"}
    values += [(theirs, "1") for ours, theirs in names.items() if request.flag(ours)]
    return urllib.parse.urlencode(values)


def _container_name(pod: Object, requested: str) -> str:
    """Return a container's name as the pod registry's `validateContainer` chooses it. Raises StatusError: 400."""
    spec, name = pod["spec"], pod["metadata"]["name"]
    fields = ("initContainers", "containers", "ephemeralContainers")
    names = [container["name"] for field in fields for container in spec.get(field) or ()]
    if requested:
        if requested not in names:
            raise status_errors.bad_request(f"container {requested} is not valid for pod {name}")
        return requested
    if len(spec["containers"]) == 1:
        return str(spec["containers"][0]["name"])
    choices = f"choose one of: [{' '.join(names)}]"
    raise status_errors.bad_request(f"a container name must be specified for pod {name}, {choices}")


async def _until_ended(container: RunningContainer, channels: ClientChannels, serve: Serve) -> Object:
    """Serve a stream while its client is there and its container runs; return the status at its end."""
    reading = asyncio.create_task(channels.read_all())
    serving = asyncio.ensure_future(serve(container, channels))
    try:
        await asyncio.wait((reading, serving), return_when=asyncio.FIRST_COMPLETED)
        if not serving.done():
            # The client has closed the connection; a process notices when it reads or writes.
            serving.cancel()
        return await serving
    except CannotStartError as error:
        return cannot_start(str(error))
    except ConnectionError as error:
        return internal_error(str(error))
    finally:
        for task in (reading, serving):
            task.cancel()
        await asyncio.gather(reading, serving, return_exceptions=True)


async def _run_command(
    container: RunningContainer, channels: ClientChannels, command: list[str], options: StreamOptions
) -> Object:
    machine = container.machine
    name = command[0] if command else ""
    base = name.rpartition("/")[2]
    if not machine.is_installed(base) or (name != base and not name.startswith(("/bin/", "/usr/", "/sbin/"))):
        raise CannotStartError(not_in_path(name))
    process = Process(
        machine=machine,
        arguments=command,
        stdin=channels.terminal or (channels.stdin if options.stdin else NoInput()),
        stdout=channels.terminal or channels.stdout,
        stderr=channels.terminal or channels.stderr,
        environment={**machine.environment, **({"TERM": "xterm"} if options.tty else {})},
        directory=machine.working_directory,
        terminal=channels.terminal,
    )
    with contextlib.closing(channels):
        code = await run(process, COMMANDS[base])
    if container.ended.is_set():
        code = _KILLED
    return exit_code(code) if code else success()
