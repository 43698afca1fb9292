"""The messages of kdash's client and of kubectl for the same command are the same."""

from pathlib import Path

import pytest

from k9py.api.streams import ContainerRef
from k9py.kube.connect import connect
from k9py.kube.options import ConnectOptions
from k9py.simulator.faults import RequestMatch
from k9py.simulator.server import Simulator
from k9py.simulator.streaming.websocket import StreamFrame
from tests.conformance.kubectl import Kubectl
from tests.unit.simulator.objects import add_namespace, add_pod

_EXEC = RequestMatch("get", "pods", "/exec?")


def _of_last_stream(simulator: Simulator) -> list[tuple[str, str, int, bytes]]:
    """Return protocol, direction, channel and content; consecutive messages of one channel count as one."""
    frames = simulator.stream_frames(_EXEC)
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

    path = simulator.write_kubeconfig(tmp_path / "config", namespace="shop")
    connection = await connect(ConnectOptions(str(path)), environ={"HOME": str(tmp_path)})
    try:
        container = ContainerRef("shop", "web-1")
        async with connection.open_exec(container, command, stdin=stdin is not None) as stream:
            if stdin is not None:
                await stream.send(stdin)
                await stream.close_stdin()
            async for _ in stream.output():
                pass
            await stream.end()
    finally:
        await connection.aclose()
    assert _of_last_stream(simulator) == theirs
