"""A forward survives the end of its pods, lost servers and clients that break off."""

from __future__ import annotations

import asyncio
import errno
import json
import socket
import struct
from pathlib import Path

import pytest

from k9py.api.errors import ConnectionFailedError, ForbiddenError, NotFoundError, UnavailableError
from k9py.api.meta import ObjectRef
from k9py.api.pods import Pod
from k9py.api.streams import PortClosedError, StreamsUnsupportedError
from k9py.forwarding.forward import Forward
from k9py.forwarding.relay import REPLAY_BYTES, SILENT_SECONDS
from k9py.forwarding.targets import ForwardTarget
from k9py.forwarding.tunnels import CONNECT_SECONDS
from k9py.runtime.background_jobs import BackgroundJob, JobState
from tests.factories.meta import NOW
from tests.factories.pods import pod
from tests.unit.forwarding.fakes import FakeConnection, Scene, forwarding


def ready(name: str, created: float = 600) -> Pod:
    return pod(name, labels={"app": "web"}, created=created)


def terminating(name: str) -> Pod:
    return pod(name, labels={"app": "web"}, deleted=NOW)


def unready(name: str) -> Pod:
    return pod(name, labels={"app": "web"}, ready=False)


async def closed(reader: asyncio.StreamReader) -> bool:
    """Return whether a connection was reset, not ended in order."""
    try:
        return await reader.read() == b"" and False
    except ConnectionResetError:
        return True


async def test_bytes_go_to_the_newest_ready_pod_and_back() -> None:
    async with forwarding(ready("web-1"), ready("web-2", created=5), unready("web-3")) as scene:
        assert await scene.ask(b"hello") == b"hello"
        job: BackgroundJob = scene.forward
        assert scene.ports.connected == [("web-2", 8080)]
        assert job.state is JobState.RUNNING
        await scene.until(lambda: scene.forward.figures.open == 0)
        assert (scene.forward.figures.total, scene.forward.figures.sent, scene.forward.figures.received) == (1, 5, 5)
        assert scene.forward.figures.errors == 0
        assert job.quit_question == ""
        assert job.progress == "0 connections, 10 B · web-2"


async def test_progress_names_the_pod_unless_the_title_does() -> None:
    target = ForwardTarget(ObjectRef("Pod", "shop", "web-1"), "app=web", pod="web-1", has_stand_ins=True)
    async with forwarding(ready("web-1"), target=target) as scene:
        assert scene.forward.progress == "0 connections, 0 B"
        scene.set_pods(ready("web-2"))
        await scene.until(lambda: scene.forward.pod == "web-2")
        assert scene.forward.progress == "0 connections, 0 B · web-2"
        scene.set_pods(unready("web-3"))
        await scene.until(lambda: scene.forward.state is JobState.WAITING)
        assert scene.forward.progress == "0 connections, 0 B", "the detail says what it waits for"
        assert scene.forward.detail == scene.forward.waits_for != ""


async def test_many_connections_are_carried_by_one_tunnel() -> None:
    async with forwarding(ready("web-1")) as scene:
        pairs = [await scene.connect() for _ in range(50)]
        await scene.until(lambda: scene.forward.figures.open == 50)
        assert scene.forward.quit_question == "50 connections are open"
        for number, (_, writer) in enumerate(pairs):
            writer.write(b"%03d" % number)
        assert [await reader.readexactly(3) for reader, _ in pairs] == [b"%03d" % number for number in range(50)]
        assert scene.ports.opened == ["web-1"]
        for _, writer in pairs:
            writer.close()


async def test_a_pod_being_deleted_is_left_before_it_stops_and_its_connections_go_on() -> None:
    async with forwarding(ready("web-1", created=5), ready("web-2")) as scene:
        reader, writer = await scene.connect()
        writer.write(b"one")
        assert await reader.readexactly(3) == b"one"
        scene.set_pods(terminating("web-1"), ready("web-2"))
        await scene.until(lambda: scene.forward.pod == "web-2")
        assert await scene.ask(b"new") == b"new"
        assert scene.ports.connected == [("web-1", 8080), ("web-2", 8080)]
        writer.write(b"two")
        assert await reader.readexactly(3) == b"two"
        assert scene.forward.figures.moves == 1
        assert scene.texts == ["moved to web-2: web-1 is being deleted"]
        old = scene.ports.tunnel("web-1")
        writer.close()
        await scene.until(lambda: old not in scene.ports.tunnels)
        assert scene.forward.figures.cut == 0


async def test_a_connection_that_breaks_with_its_pod_is_reset_and_counted_as_cut() -> None:
    async with forwarding(ready("web-1", created=5), ready("web-2")) as scene:
        reader, writer = await scene.connect()
        writer.write(b"one")
        assert await reader.readexactly(3) == b"one"
        scene.set_pods(ready("web-2"))
        await scene.until(lambda: scene.forward.pod == "web-2")
        scene.ports.tunnel("web-1").lose()
        assert await closed(reader)
        await scene.until(lambda: scene.forward.figures.open == 0)
        assert (scene.forward.figures.cut, scene.forward.figures.failed) == (1, 0)
        assert scene.texts == ["moved to web-2: web-1 is gone", "tunnel lost"]
        writer.close()


@pytest.mark.parametrize(
    "gone", [unready("web-1"), pod("web-1", labels={"app": "web"}, phase="Failed", reason="Evicted")]
)
async def test_a_pod_that_is_not_ready_or_evicted_is_left(gone: Pod) -> None:
    async with forwarding(ready("web-1", created=5), ready("web-2")) as scene:
        scene.set_pods(gone, ready("web-2"))
        await scene.until(lambda: scene.forward.pod == "web-2")


async def test_a_newer_pod_does_not_take_over_while_the_current_one_serves() -> None:
    async with forwarding(ready("web-1")) as scene:
        scene.set_pods(ready("web-1"), ready("web-2", created=1))
        assert await scene.ask(b"x") == b"x"
        assert scene.ports.connected == [("web-1", 8080)]


async def test_without_a_ready_pod_it_waits_says_why_and_comes_back() -> None:
    async with forwarding(ready("web-1")) as scene:
        scene.set_pods()
        await scene.until_state(JobState.WAITING)
        assert scene.forward.waits_for == "deploy/web has no pods"
        asking = asyncio.create_task(scene.ask(b"later"))
        await scene.until(lambda: scene.forward.figures.open == 1)
        scene.set_pods(ready("web-2"))
        assert await asking == b"later"
        assert scene.texts[-1] == "moved to web-2: web-1 is gone"
        assert scene.forward.state is JobState.RUNNING
        assert scene.forward.waits_for == ""


async def test_a_connection_waits_for_a_pod_for_a_bounded_time() -> None:
    async with forwarding(unready("web-1")) as scene:
        reader, writer = await scene.connect()
        await scene.until(lambda: scene.forward.figures.open == 1)
        await scene.clock.advance(CONNECT_SECONDS - 1)
        assert scene.forward.figures.open == 1
        await scene.clock.advance(2)
        assert await closed(reader)
        await scene.until(lambda: scene.forward.figures.open == 0)
        assert (scene.forward.figures.failed, scene.forward.figures.cut) == (1, 0)
        assert scene.texts[-1].startswith("web-1")
        writer.close()


async def test_a_lost_server_is_tried_again_with_backoff_and_connections_wait() -> None:
    async with forwarding(ready("web-1")) as scene:
        await scene.clock.advance(60)
        lost = ConnectionFailedError("server refused the connection")
        scene.ports.failures = [lost, lost]
        scene.ports.tunnels[0].lose()
        await scene.until_state(JobState.WAITING)
        assert scene.forward.waits_for == "server refused the connection"
        asking = asyncio.create_task(scene.ask(b"held"))
        await scene.until(lambda: scene.forward.figures.open == 1)
        await scene.clock.advance(0.4)
        await scene.until(lambda: len(scene.ports.opened) == 3)
        await scene.clock.advance(0.1)
        assert len(scene.ports.opened) == 3
        await scene.clock.advance(1)
        assert await asking == b"held"
        assert scene.texts == ["waiting: server refused the connection", "back: connections go to web-1"]
        assert scene.forward.figures.moves == 0


async def test_a_tunnel_that_breaks_at_once_is_not_opened_again_in_a_loop() -> None:
    async with forwarding(ready("web-1")) as scene:
        scene.ports.tunnels[0].lose()
        await scene.until_state(JobState.WAITING)
        assert len(scene.ports.opened) == 1
        await scene.clock.advance(0.4)
        await scene.until_state(JobState.RUNNING)
        assert len(scene.ports.opened) == 2


async def test_a_pod_whose_node_does_not_answer_is_replaced_by_another() -> None:
    def fail(scene: Scene) -> None:
        scene.ports.failures = [UnavailableError("error dialing backend", code=502)]

    async with forwarding(ready("web-1", created=5), ready("web-2"), prepare=fail) as scene:
        assert scene.ports.opened == ["web-1", "web-2"]
        assert await scene.ask(b"x") == b"x"


@pytest.mark.parametrize("error", [ForbiddenError("no"), StreamsUnsupportedError("SPDY alone")])
async def test_what_trying_again_does_not_help_fails_at_the_start(error: Exception) -> None:
    def fail(scene: Scene) -> None:
        scene.ports.failures = [error]  # type: ignore[list-item]

    async with forwarding(ready("web-1"), prepare=fail) as scene:
        await scene.forward.wait_ended()
        assert scene.forward.state is JobState.FAILED
        assert scene.forward.error is error
        with pytest.raises(ConnectionRefusedError):
            await scene.connect()


async def test_a_permission_that_is_lost_later_is_waited_for() -> None:
    async with forwarding(ready("web-1")) as scene:
        await scene.clock.advance(60)
        scene.ports.failures = [ForbiddenError("no longer")]
        scene.ports.tunnels[0].lose()
        await scene.until_state(JobState.WAITING)
        assert scene.forward.waits_for == "no longer"
        await scene.clock.advance(1)
        await scene.until_state(JobState.RUNNING)


async def test_a_pod_that_is_gone_before_the_watch_knows_it_is_waited_out() -> None:
    async with forwarding(ready("web-1")) as scene:
        await scene.clock.advance(60)
        scene.ports.failures = [NotFoundError("no such pod", code=404)]
        scene.ports.tunnels[0].lose()
        await scene.until_state(JobState.WAITING)
        scene.set_pods(ready("web-2"))
        await scene.until(lambda: scene.forward.pod == "web-2")


# -- retries of a connection ------------------------------------------------------------------------------------------


async def test_a_refused_connection_goes_to_another_pod_with_what_the_client_has_sent() -> None:
    async with forwarding(ready("web-1", created=5), ready("web-2")) as scene:
        scene.ports.refusing = {("web-1", 8080)}
        assert await scene.ask(b"GET /") == b"GET /"
        assert scene.ports.connected[-1] == ("web-2", 8080)
        assert scene.forward.figures.errors == 0


async def test_a_refused_connection_is_reset_when_there_is_no_other_pod() -> None:
    async with forwarding(ready("web-1")) as scene:
        scene.ports.refusing = {("web-1", 8080)}
        reader, writer = await scene.connect()
        assert await closed(reader)
        await scene.until(lambda: scene.forward.figures.failed == 1)
        assert scene.texts == ["connection refused"]
        assert scene.ports.connected == [("web-1", 8080)]
        writer.close()


async def test_what_a_pod_may_have_read_is_never_sent_to_another() -> None:
    def break_off(connection: FakeConnection, data: bytes) -> None:
        connection.answer(PortClosedError("connection reset by peer"))

    async with forwarding(ready("web-1", created=5), ready("web-2")) as scene:
        scene.ports.server = break_off
        reader, writer = await scene.connect()
        writer.write(b"POST /order")
        assert await closed(reader)
        await scene.until(lambda: scene.forward.figures.cut == 1)
        assert len(scene.ports.connected) == 1
        writer.close()


async def test_an_end_without_an_answer_by_a_pod_that_is_left_counts_as_cut() -> None:
    async with forwarding(ready("web-1", created=5), ready("web-2")) as scene:
        scene.ports.server = lambda _connection, _data: None
        reader, writer = await scene.connect()
        writer.write(b"GET /")
        await scene.until(lambda: scene.forward.figures.sent == 5)
        scene.set_pods(terminating("web-1"), ready("web-2"))
        await scene.until(lambda: scene.forward.pod == "web-2")
        scene.ports.tunnel("web-1").connections[0].answer(b"")
        assert await closed(reader)
        await scene.until(lambda: scene.forward.figures.cut == 1)
        assert scene.texts[-1] == "web-1 ended the connection without an answer"
        writer.close()


async def test_an_end_after_an_answer_by_a_pod_that_is_left_is_counted_apart() -> None:
    async with forwarding(ready("web-1", created=5), ready("web-2")) as scene:
        reader, writer = await scene.connect()
        writer.write(b"1")
        await reader.readexactly(1)
        scene.set_pods(terminating("web-1"), ready("web-2"))
        await scene.until(lambda: scene.forward.pod == "web-2")
        scene.ports.tunnel("web-1").connections[0].answer(b"")
        assert await reader.read() == b""
        writer.close()
        await scene.until(lambda: scene.forward.figures.open == 0)
        assert (scene.forward.figures.cut, scene.forward.figures.ended_with_pod) == (0, 1)


async def test_an_idle_connection_that_a_pod_ends_while_it_is_left_gets_another_pod() -> None:
    async with forwarding(ready("web-1", created=5), ready("web-2")) as scene:
        reader, writer = await scene.connect()
        await scene.until(lambda: bool(scene.ports.connected))
        scene.set_pods(terminating("web-1"), ready("web-2"))
        await scene.until(lambda: scene.forward.pod == "web-2")
        scene.ports.tunnel("web-1").connections[0].answer(b"")
        writer.write(b"late")
        assert await reader.readexactly(4) == b"late"
        writer.close()


async def test_an_idle_connection_moves_with_the_tunnel() -> None:
    async with forwarding(ready("web-1", created=5), ready("web-2")) as scene:
        reader, writer = await scene.connect()
        await scene.until(lambda: bool(scene.ports.connected))
        scene.set_pods(ready("web-2"))
        await scene.until(lambda: scene.forward.pod == "web-2")
        scene.ports.tunnel("web-1").lose()
        writer.write(b"late")
        assert await reader.readexactly(4) == b"late"
        assert scene.ports.connected[-1] == ("web-2", 8080)
        assert scene.forward.figures.cut == 0
        writer.close()


async def test_more_than_is_kept_is_not_sent_again() -> None:
    async with forwarding(ready("web-1", created=5), ready("web-2")) as scene:
        scene.ports.server = lambda _connection, _data: None
        reader, writer = await scene.connect()
        writer.write(bytes(REPLAY_BYTES + 1))
        await scene.until(lambda: scene.forward.figures.sent == REPLAY_BYTES + 1)
        error = PortClosedError("connection refused")
        error.was_refused = True
        scene.ports.tunnel("web-1").connections[0].answer(error)
        assert await closed(reader)
        assert len(scene.ports.connected) == 1
        writer.close()


# -- ends ------------------------------------------------------------------------------------------------------------


async def test_a_client_that_ends_its_direction_still_gets_the_answer() -> None:
    def answer_at_the_end(connection: FakeConnection, data: bytes) -> None:
        if not data:
            connection.answer(bytes(connection.written)[::-1])
            connection.answer(b"")

    async with forwarding(ready("web-1")) as scene:
        scene.ports.server = answer_at_the_end
        reader, writer = await scene.connect()
        writer.write(b"abc")
        writer.write_eof()
        assert await reader.read() == b"cba"
        await scene.until(lambda: scene.forward.figures.open == 0)
        assert scene.forward.figures.errors == 0
        writer.close()


async def test_a_pod_that_ends_its_direction_still_gets_what_the_client_sends() -> None:
    received = bytearray()

    def end_at_once(connection: FakeConnection, data: bytes) -> None:
        if not received:
            connection.answer(b"bye")
            connection.answer(b"")
        received.extend(data)

    async with forwarding(ready("web-1")) as scene:
        scene.ports.server = end_at_once
        reader, writer = await scene.connect()
        writer.write(b"1")
        assert await reader.read() == b"bye"
        writer.write(b"23")
        await scene.until(lambda: bytes(received) == b"123")
        writer.close()
        await scene.until(lambda: scene.forward.figures.open == 0)
        assert scene.forward.figures.errors == 0


async def test_a_client_that_never_ends_is_left_when_the_pod_has_ended() -> None:
    async with forwarding(ready("web-1")) as scene:
        scene.ports.server = lambda connection, _data: connection.answer(b"")
        reader, writer = await scene.connect()
        writer.write(b"1")
        assert await reader.read() == b""
        assert scene.forward.figures.open == 1
        await scene.until(lambda: not scene.ports.tunnels[0].connections)
        await scene.clock.advance(11)
        await scene.clock.advance(11)
        await scene.until(lambda: scene.forward.figures.open == 0)
        writer.close()


async def test_a_pod_that_never_ends_is_left_when_the_client_has_ended() -> None:
    async with forwarding(ready("web-1")) as scene:
        scene.ports.server = lambda _connection, _data: None  # as over v4, which passes no end on
        _reader, writer = await scene.connect()
        writer.write(b"1")
        writer.write_eof()
        await scene.until(lambda: bool(scene.ports.tunnels[0].connections) and scene.forward.figures.sent == 1)
        await scene.until(lambda: scene.ports.tunnels[0].connections[0].has_eof)
        await scene.clock.advance(SILENT_SECONDS + 1)
        await scene.clock.advance(SILENT_SECONDS + 1)
        await scene.until(lambda: scene.forward.figures.open == 0)
        assert scene.forward.figures.errors == 0
        writer.close()


async def test_a_client_that_breaks_off_is_no_error() -> None:
    async with forwarding(ready("web-1")) as scene:
        scene.ports.server = lambda _connection, _data: None
        _reader, writer = await scene.connect()
        writer.write(b"1")
        await scene.until(lambda: scene.forward.figures.sent == 1)
        reset = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
        writer.transport.abort()
        await scene.until(lambda: scene.forward.figures.open == 0)
        assert scene.forward.figures.errors == 0
        assert not scene.ports.tunnels[0].connections


async def test_a_slow_pod_slows_the_client() -> None:
    async with forwarding(ready("web-1")) as scene:
        scene.ports.server = lambda connection, _data: connection.hold_writes()
        _reader, writer = await scene.connect()
        writer.write(bytes(64 << 20))
        await scene.until(lambda: scene.forward.figures.sent > 0)
        for _ in range(50):
            await asyncio.sleep(0)
        assert scene.forward.figures.sent <= 600_000
        assert writer.transport.get_write_buffer_size() > 0
        writer.transport.abort()


async def test_a_system_that_accepts_no_connections_is_reported_once(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = asyncio.get_running_loop()
    accept, errors = loop.sock_accept, [OSError(errno.EMFILE, "Too many open files") for _ in range(2)]

    async def failing(listening: socket.socket) -> tuple[socket.socket, object]:
        if errors:
            raise errors.pop()
        return await accept(listening)

    monkeypatch.setattr(loop, "sock_accept", failing)
    async with forwarding(ready("web-1")) as scene:
        for left in (1, 0):
            await scene.until(lambda left=left: len(errors) == left)  # type: ignore[misc]
            await scene.clock.advance(1)
        assert await scene.ask(b"hello") == b"hello"
        assert scene.texts == ["cannot accept connections: Too many open files"]


async def test_a_client_that_is_gone_when_it_is_accepted_ends_no_forward(monkeypatch: pytest.MonkeyPatch) -> None:
    class GoneSocket(socket.socket):
        def setsockopt(self, *_: object) -> None:
            raise OSError(errno.EINVAL, "Invalid argument")  # as macOS does

    loop = asyncio.get_running_loop()
    accept = loop.sock_accept

    async def accept_gone(listening: socket.socket) -> tuple[socket.socket, object]:
        client, address = await accept(listening)
        gone = GoneSocket(fileno=client.detach())
        gone.setblocking(False)
        return gone, address

    monkeypatch.setattr(loop, "sock_accept", accept_gone)
    async with forwarding(ready("web-1")) as scene:
        await scene.connect()
        await scene.until(lambda: bool(scene.ports.connected) or scene.forward.state.has_ended)
        assert scene.forward.state is JobState.RUNNING


async def test_stopping_resets_open_connections_and_closes_the_listener() -> None:
    async with forwarding(ready("web-1")) as scene:
        reader, writer = await scene.connect()
        writer.write(b"1")
        await reader.readexactly(1)
        await scene.forward.stop()
        await scene.forward.stop()
        assert await closed(reader)
        assert scene.forward.state is JobState.STOPPED
        assert not scene.forward.can_stop
        with pytest.raises(ConnectionRefusedError):
            await scene.connect()
        writer.close()


async def test_one_audit_record_covers_a_forward(tmp_path: Path) -> None:
    audit = tmp_path / "audit.jsonl"
    async with forwarding(ready("web-1"), audit=audit) as scene:
        await scene.ask(b"secret")
        await scene.ask(b"secret")
        port = scene.port
    opened, ended = (json.loads(line) for line in audit.read_text().splitlines())
    assert (opened["event"], ended["event"], ended["outcome"]) == ("open", "close", "done")
    assert opened["action"] == "forward"
    assert opened["command"] == [f"{port}→8080"]
    assert "secret" not in audit.read_text()


async def test_cancelling_its_task_ends_it() -> None:
    async with forwarding(ready("web-1")) as scene:
        forward: Forward = scene.forward
        other = asyncio.create_task(forward.stop())
        await other
        assert forward.state is JobState.STOPPED
