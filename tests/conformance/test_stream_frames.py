"""The messages of kdash's client and of kubectl for the same command are the same."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from k9py.api.streams import ContainerRef
from k9py.cli.remote.cp import copy, copy_request
from k9py.kube.connect import connect
from k9py.kube.connection import Connection
from k9py.kube.options import ConnectOptions
from k9py.simulator.apiserver.writes import create_object
from k9py.simulator.faults import RequestMatch
from k9py.simulator.registry.resources import PODS
from k9py.simulator.server import Simulator
from k9py.simulator.state import SimulatorState
from k9py.simulator.streaming.websocket import StreamFrame
from tests.cli.shell import Shell
from tests.conformance.kubectl import Kubectl
from tests.unit.simulator.objects import add_namespace, add_pod, pod, running_status

_EXEC = RequestMatch("get", "pods", "/exec?")
_ATTACH = RequestMatch("get", "pods", "/attach?")


def _of_last_stream(simulator: Simulator, where: RequestMatch = _EXEC) -> list[tuple[str, str, int, bytes]]:
    """Return protocol, direction, channel and content; consecutive messages of one channel count as one."""
    frames = simulator.stream_frames(where)
    last = max(frame.stream for frame in frames)
    joined: list[StreamFrame] = [frame for frame in frames if frame.stream == last]
    shown: list[tuple[str, str, int, bytes]] = []
    for frame in sorted(joined, key=lambda frame: frame.direction):  # the two directions are independent
        key = (frame.protocol, frame.direction, frame.channel)
        if shown and shown[-1][:3] == key and frame.channel != 255:
            shown[-1] = (*key, shown[-1][3] + frame.beginning)
        else:
            shown.append((*key, frame.beginning))
    return shown


def _query(simulator: Simulator, where: RequestMatch) -> dict[str, list[str]]:
    """Return what the last request asked for."""
    return parse_qs(urlsplit(simulator.stream_frames(where)[-1].path).query)


@asynccontextmanager
async def _connected(simulator: Simulator, home: Path) -> AsyncIterator[Connection]:
    path = simulator.write_kubeconfig(home / "config", namespace="shop")
    connection = await connect(ConnectOptions(str(path)), environ={"HOME": str(home)})
    try:
        yield connection
    finally:
        await connection.aclose()


@pytest.mark.parametrize(
    ("command", "stdin"),
    [(("true",), None), (("sh", "-c", "echo out; exit 3"), None), (("cat",), b"some input\n"), (("nosuch",), None)],
)
async def test_frames_are_those_of_kubectl(
    simulator: Simulator, kubectl: Kubectl, tmp_path: Path, command: tuple[str, ...], stdin: bytes | None
) -> None:
    simulator.call(lambda state: (add_namespace(state), add_pod(state, "web-1")))
    flags = ("-i",) if stdin is not None else ()
    text = None if stdin is None else stdin.decode()
    await kubectl("exec", *flags, "web-1", "--", *command, stdin=text, code=None)
    theirs = _of_last_stream(simulator)

    asked = _query(simulator, _EXEC)
    async with _connected(simulator, tmp_path) as connection:
        container = ContainerRef("shop", "web-1", "app")
        async with connection.open_exec(container, command, stdin=stdin is not None) as stream:
            if stdin is not None:
                await stream.send(stdin)
                await stream.close_stdin()
            async for _ in stream.output():
                pass
            await stream.end()
    assert _of_last_stream(simulator) == theirs
    assert _query(simulator, _EXEC) == asked


async def test_frames_of_attach_are_those_of_kubectl(simulator: Simulator, kubectl: Kubectl, tmp_path: Path) -> None:
    def add(state: SimulatorState) -> None:
        add_namespace(state)
        for name in ("theirs", "ours"):
            waiting = pod(name)
            waiting["spec"]["containers"] = [{"name": "app", "image": "busybox", "command": ["sh"], "stdin": True}]
            created = create_object(state, PODS, waiting)
            state.storage.update(PODS, {**created, "status": running_status("app")}, status_only=True)

    simulator.call(add)
    await kubectl("attach", "-i", "theirs", stdin="echo out; exit 3\n")

    def of_last() -> list[tuple[str, str, int, bytes]]:
        """The shell may end the stream before the end of its input arrives, so that one is left out."""
        return [frame for frame in _of_last_stream(simulator, _ATTACH) if frame[2] != 255]

    theirs, asked = of_last(), _query(simulator, _ATTACH)
    async with (
        _connected(simulator, tmp_path) as connection,
        connection.open_attach(ContainerRef("shop", "ours", "app"), stdin=True) as stream,
    ):
        await stream.send(b"echo out; exit 3\n")
        await stream.close_stdin()
        output = b"".join([data async for _, data in stream.output()])
        assert (await stream.end()).exit_code == 0  # of the attaching; kubectl says 0 too
    assert output == b"out\n"
    assert of_last() == theirs
    assert _query(simulator, _ATTACH) == asked


async def test_a_copy_sends_and_receives_on_the_channels_that_kubectl_uses(
    simulator: Simulator, kubectl: Kubectl, tmp_path: Path
) -> None:
    """The commands differ, for kdash verifies what it has copied: only protocol and channels can be compared."""
    simulator.call(lambda state: (add_namespace(state), add_pod(state, "web-1")))
    source = tmp_path / "tree"
    source.mkdir()
    (source / "file").write_text("content\n")

    def channels() -> set[tuple[str, str, int]]:
        frames = simulator.stream_frames(_EXEC)[seen:]
        return {(frame.protocol, frame.direction, frame.channel) for frame in frames if frame.channel != -1}

    seen = 0
    await kubectl("cp", str(source), "web-1:/tmp/theirs")
    await kubectl("cp", "web-1:/tmp/theirs", str(tmp_path / "theirs"))
    theirs = channels() - {("v5.channel.k8s.io", "sent", 2)}  # its tar says that it removes a leading slash
    seen = len(simulator.stream_frames(_EXEC))
    shell = Shell(simulator, tmp_path)
    for words in ((str(source), "web-1:/tmp/ours"), ("web-1:/tmp/ours", str(tmp_path / "ours"))):
        request = copy_request(*words, "", False, True, False, 0)
        result = await shell.run(partial(copy, request=request))
        assert result.code == 0, result.err
    assert (tmp_path / "ours" / "file").read_bytes() == (tmp_path / "theirs" / "file").read_bytes()
    assert channels() == theirs
