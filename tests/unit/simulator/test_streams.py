"""exec and attach over a WebSocket: refusals and statuses of a recorded real server, channels, ends, faults."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest

from k9py.simulator.apiserver.authorization import Rule
from k9py.simulator.apiserver.served_apis import ServedApis
from k9py.simulator.faults import Cut, Refuse, RequestMatch
from k9py.simulator.registry.resources import NODES, PODS
from k9py.simulator.scenarios.worker_nodes import worker_node
from k9py.simulator.server import Simulator
from k9py.simulator.state import SimulatorState
from tests.unit.simulator.client import RawClient
from tests.unit.simulator.objects import add_namespace, add_pod
from tests.unit.simulator.recordings import exchanges

V5, V4 = "v5.channel.k8s.io", "v4.channel.k8s.io"
NAMESPACE = "streams"
POD = f"/api/v1/namespaces/{NAMESPACE}/pods/one"
_SUBRESOURCES = ("pods/exec", "pods/attach", "pods/portforward")


@pytest.fixture(autouse=True)
def pods(simulator: Simulator) -> None:
    """The pods of the recorded cluster, and its users."""

    def fill(state: SimulatorState) -> None:
        add_namespace(state, NAMESPACE)
        for name, containers, node in (
            ("one", ["app"], "n1"),
            ("two", ["app", "proxy"], "n1"),
            ("lost", ["app"], "n2"),
        ):
            created = add_pod(state, name, containers=tuple(containers), namespace=NAMESPACE)
            spec = {**created["spec"], "nodeName": node}
            if name == "two":
                spec["initContainers"] = [{"name": "prepare", "image": "app:1"}]
            state.storage.update(PODS, {**created, "spec": spec})
        nowhere = add_pod(state, "nowhere", running=False, namespace=NAMESPACE)
        state.storage.update(PODS, {**nowhere, "spec": {**nowhere["spec"], "nodeName": ""}})
        lost = worker_node("n2", "a", 1, "2026-01-01T00:00:00Z", pods=10, cpu="1", memory="1Gi")
        lost["status"]["conditions"][-1]["status"] = "Unknown"
        lost["status"]["addresses"] = [{"type": "InternalIP", "address": "127.0.0.1"}]
        state.storage.create(NODES, lost)

    simulator.call(fill)
    for user, verb in (("getter", "get"), ("creator", "create")):
        rules = (Rule((verb,), ("",), _SUBRESOURCES, (NAMESPACE,)),)
        simulator.add_user(user, rules, name=f"system:serviceaccount:{NAMESPACE}:{user}")


class Stream:
    """A client's end of a WebSocket."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def send(self, channel: int, data: bytes) -> None:
        await self.socket.send_bytes(bytes((channel,)) + data)

    async def frames(self) -> list[dict[str, Any]]:
        """Return what is received until the connection is closed, as the recordings have it."""
        frames: list[dict[str, Any]] = []
        async for message in self.socket:
            content = message.data[1:].decode()
            with contextlib.suppress(ValueError):
                content = json.loads(content)
            frames.append({"channel": message.data[0], "content": content})
        return [*frames, {"close": self.socket.close_code}]

    async def until(self, text: bytes, channel: int = 1) -> bytes:
        """Return the output of a channel up to a text."""
        output = b""
        async with asyncio.timeout(10):
            while text not in output:
                data = await self.socket.receive_bytes(timeout=10)
                if data[0] == channel:
                    output += data[1:]
        return output


@contextlib.asynccontextmanager
async def opened(
    simulator: Simulator, path: str, *, protocols: Sequence[str] = (V5,), user: str = "admin"
) -> AsyncIterator[Stream]:
    """Open a stream to the pod `one`, unless the path is a whole one."""
    url = simulator.url + (path if path.startswith("/api") else f"{POD}/{path}")
    headers = {"Authorization": f"Bearer {simulator.token(user)}"}
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(url, protocols=protocols, headers=headers) as socket,
    ):
        yield Stream(socket)


def shell(script: str, options: str = "stdout=true&stderr=true") -> str:
    """Return the path of an exec of a script."""
    return f"exec?command=sh&command=-c&command={quote(script)}&{options}"


def _recorded(status: int | None) -> list[Any]:
    cases = []
    for at, exchange in enumerate(exchanges("streams")):
        request, response = exchange["request"], exchange["response"]
        is_open = response["status"] == 101
        protocol = request["headers"].get("Sec-WebSocket-Protocol", "")
        if "portforward" in request["path"] and (is_open or "portforward" not in protocol or "lost" in request["path"]):
            continue  # portforward has tests of its own
        if is_open == (status == 101) and (not is_open or protocol):
            cases.append(pytest.param(exchange, id=f"{at}-{request['path'].rpartition('/')[2][:40]}"))
    return cases


@pytest.mark.parametrize("exchange", _recorded(None))
async def test_a_refusal_before_the_upgrade_is_as_recorded(simulator: Simulator, exchange: dict[str, Any]) -> None:
    request, recorded = exchange["request"], exchange["response"]
    headers = {**request["headers"], "Authorization": f"Bearer {simulator.token(request['user'])}"}
    if "Upgrade" in headers:
        headers["Sec-WebSocket-Key"] = "dGhlIHNhbXBsZSBub25jZQ=="
    async with (
        aiohttp.ClientSession() as session,
        session.request(request["method"], simulator.url + request["path"], headers=headers) as response,
    ):
        assert response.status == recorded["status"]
        if isinstance(recorded["body"], dict):
            body = await response.json(content_type=None)
            theirs = recorded["body"]["message"].replace(":21299", ":10250")
            assert (body["message"], body.get("reason")) == (theirs, recorded["body"].get("reason"))


@pytest.mark.parametrize("exchange", _recorded(101))
async def test_the_frames_of_a_stream_are_as_recorded(simulator: Simulator, exchange: dict[str, Any]) -> None:
    request = exchange["request"]
    protocols = [name.strip() for name in request["headers"]["Sec-WebSocket-Protocol"].split(",")]
    async with opened(simulator, request["path"], protocols=protocols) as stream:
        frames = await stream.frames()
    if "nosuchcommand" in request["path"]:  # the recorded node had no container runtime
        prefix = "Internal error occurred: Internal error occurred: error executing command in container: "
        assert frames[1]["content"]["message"].startswith(prefix)
        assert 'exec: "nosuchcommand": executable file not found in $PATH' in frames[1]["content"]["message"]
        return
    if "command=" not in request["path"]:
        return  # the recorded node ran an empty command
    assert json.dumps(frames) == json.dumps(exchange["response"]["body"]).replace(":21299", ":10250")


async def test_stdin_ends_by_the_close_signal_and_output_comes_before_the_status(simulator: Simulator) -> None:
    async with opened(simulator, "exec?command=cat&stdin=true&stdout=true&stderr=true") as stream:
        await stream.send(0, b"first ")
        await stream.send(0, b"second")
        await stream.send(255, b"\x00")
        frames = await stream.frames()
    assert "".join(frame["content"] for frame in frames if frame.get("channel") == 1) == "first second"
    assert frames[-2:] == [{"channel": 3, "content": {"metadata": {}, "status": "Success"}}, {"close": 1000}]


async def test_stdout_and_stderr_have_channels_of_their_own(simulator: Simulator) -> None:
    async with opened(simulator, shell("echo out; echo err >&2; exit 4")) as stream:
        frames = await stream.frames()
    assert {"channel": 1, "content": "out\n"} in frames
    assert {"channel": 2, "content": "err\n"} in frames
    assert frames[-2]["content"]["details"]["causes"] == [{"reason": "ExitCode", "message": "4"}]


async def test_a_terminal_echoes_follows_its_size_and_interrupts(simulator: Simulator) -> None:
    async with opened(simulator, "exec?command=sh&stdin=true&stdout=true&tty=true") as stream:
        assert (await stream.until(b"# ")).endswith(b"root@one:/# ")
        await stream.send(4, b'{"Width":100,"Height":30}')
        await stream.send(0, b"stty size\r")
        assert b"30 100\r\n" in await stream.until(b"30 100\r\n")
        await stream.send(0, b"sleep 1000\r")
        await stream.until(b"sleep 1000\r\n")
        await stream.send(0, b"\x03")
        await stream.until(b"# ")
        await stream.send(0, b"echo $?\r")
        await stream.until(b"130\r\n")
        await stream.send(0, b"exit 7\r")
        frames = await stream.frames()
    assert frames[-2]["content"]["details"]["causes"][0]["message"] == "7"


async def test_the_end_of_the_container_kills_what_runs_in_it(simulator: Simulator) -> None:
    async with opened(simulator, shell("echo started; sleep 1000")) as stream:
        await stream.until(b"started")
        simulator.call(lambda state: state.storage.remove(PODS, NAMESPACE, "one"))
        frames = await stream.frames()
    assert frames[-2]["content"]["details"]["causes"] == [{"reason": "ExitCode", "message": "137"}]


async def test_a_container_that_does_not_run_is_not_found_by_the_kubelet(simulator: Simulator) -> None:
    def stop(state: SimulatorState) -> None:
        pod = state.storage.get(PODS, NAMESPACE, "one")
        assert pod is not None
        entries = [{**entry, "state": {"waiting": {}}} for entry in pod["status"]["containerStatuses"]]
        state.storage.update(PODS, {**pod, "status": {**pod["status"], "containerStatuses": entries}}, status_only=True)

    simulator.call(stop)
    async with opened(simulator, "exec?command=true&stdout=true") as stream:
        status = (await stream.frames())[-2]["content"]
    assert status["message"] == 'Internal error occurred: unable to upgrade connection: container not found ("app")'
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        async with opened(simulator, "exec?command=true&stdout=true", protocols=[V4]):
            pass
    assert refused.value.status == 500


async def test_endless_output_waits_for_its_reader_and_ends_with_its_client(simulator: Simulator) -> None:
    async with opened(simulator, "exec?command=yes&stdout=true") as stream:
        await stream.until(b"y\ny\n")
        assert simulator.open_streams() == 1
    async with asyncio.timeout(10):
        while simulator.open_streams():  # noqa: ASYNC110 - it runs on a thread of its own
            await asyncio.sleep(0.01)


async def test_frames_are_recorded_from_both_directions(simulator: Simulator) -> None:
    async with opened(simulator, "exec?command=cat&stdin=true&stdout=true") as stream:
        await stream.send(0, b"x" * 100)
        await stream.send(255, b"\x00")
        await stream.frames()
    frames = simulator.stream_frames(RequestMatch("get", "pods", "command=cat"))
    shown = [(frame.direction, frame.channel, frame.length, frame.beginning) for frame in frames]
    assert ("received", 0, 100, b"x" * 64) in shown
    assert shown[0] == ("sent", 1, 0, b"")
    assert shown[-1][:2] == ("sent", 3)


async def test_faults_apply_to_streams(simulator: Simulator) -> None:
    simulator.inject(Refuse(503), RequestMatch("get", "pods", "/exec?"))
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        async with opened(simulator, "exec?command=true&stdout=true"):
            pass
    assert refused.value.status == 503
    simulator.inject(Cut(after_bytes=4), RequestMatch("get", "pods", "/exec?"))
    async with opened(simulator, shell("echo too long")) as stream:
        assert (await stream.frames())[-1] == {"close": 1006}


@pytest.mark.parametrize(("streams", "accepted"), [("v5", V5), ("v4", V4), ("spdy", "")])
async def test_older_servers_speak_less(simulator: Simulator, streams: Any, accepted: str) -> None:
    simulator.serve(ServedApis(streams=streams))
    if not accepted:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            async with opened(simulator, "exec?command=true&stdout=true", protocols=[V5, V4]):
                pass
        assert refused.value.status == 403
        return
    async with opened(simulator, "exec?command=true&stdout=true", protocols=[V5, V4]) as stream:
        assert stream.socket.protocol == accepted
        await stream.frames()


async def test_a_recording_of_ephemeral_containers_is_answered_alike(simulator: Simulator, client: RawClient) -> None:
    for exchange in exchanges("ephemeral-containers"):
        request, recorded = exchange["request"], exchange["response"]
        if not request["path"].endswith("/ephemeralcontainers"):
            continue
        body = request["body"]
        if request["method"] == "PUT":
            stored = simulator.call(lambda state: state.storage.get(PODS, NAMESPACE, "one"))
            assert stored is not None
            given = body["metadata"]["resourceVersion"]
            version = given if given == "1" else stored["metadata"]["resourceVersion"]
            metadata = {**stored["metadata"], "resourceVersion": version}
            spec = {**stored["spec"], "ephemeralContainers": body["spec"].get("ephemeralContainers", [])}
            body = {**stored, "metadata": metadata, "spec": spec}
        reply = await client.send(
            request["method"], request["path"], body, content_type=request["headers"]["Content-Type"]
        )
        assert reply.status == recorded["status"], (request, reply.body)
        if recorded["status"] == 200:
            assert _ephemeral(reply.body) == _ephemeral(recorded["body"])
        else:
            assert _refusal(reply.body) == _refusal(recorded["body"])


def _refusal(status: dict[str, Any]) -> list[str]:
    """Return the causes of a refusal, without differences of whole objects, or its message."""
    causes = (status.get("details") or {}).get("causes") or ({"message": status["message"], "field": ""},)
    return sorted(f"{cause['field']} {cause['message'].partition(chr(10) + '@@')[0].strip()}" for cause in causes)


def _ephemeral(pod: dict[str, Any]) -> dict[str, Any]:
    """Return the part of a spec that is compared; a real server puts what a patch adds first."""
    containers = pod["spec"].get("ephemeralContainers")
    return {"ephemeralContainers": sorted(containers, key=lambda each: str(each["name"]))} if containers else {}
