"""One command in all pods of a workload: which pods, how many at a time, and what is kept of each."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from k9py.api.errors import ConnectionFailedError, ForbiddenError, ReadOnlyError, RefusedError
from k9py.api.meta import ObjectRef
from k9py.api.streams import CommandEnd, ContainerRef, OutputChannel
from k9py.operations.access_records import AccessRecords
from k9py.operations.audit import AuditLog, Identity
from k9py.remote.run_everywhere import KEPT_OUTPUT, PodRun, PodTarget, RunState, find_targets, run_in_pods
from k9py.remote.run_results import grouped, output_lines, runs_json, summary, worst_exit_code
from k9py.session import ClusterSession
from tests.unit.remote.fake_stream import FakeStream

WEB = ObjectRef("Deployment", "shop", "web")
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
OUT, ERR = OutputChannel.STDOUT, OutputChannel.STDERR

Behave = Callable[[str, FakeStream], None]


def pod(name: str, *, phase: str = "Running", state: str = "running", **more: Any) -> dict[str, Any]:
    states = {"running": {"running": {}}, "crashing": {"waiting": {"reason": "CrashLoopBackOff"}}}
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-1", "uid": "rs", "controller": True}
    return {
        "metadata": {"name": name, "namespace": "shop", "uid": f"uid-{name}", "ownerReferences": [owner], **more},
        "spec": {"containers": [{"name": "app", "image": "app:1"}]},
        "status": {"phase": phase, "containerStatuses": [{"name": "app", "state": states[state]}]},
    }


class FakeConnection:
    """A Deployment with these pods; `behave` decides what the command does in each."""

    def __init__(self, pods: Sequence[dict[str, Any]] = (), behave: Behave = lambda name, stream: None) -> None:
        self._pods, self._behave = pods, behave
        self.running = self.most = 0
        self.refused: dict[str, Exception] = {}
        self.streams: dict[str, FakeStream] = {}
        self.opened = asyncio.Event()

    async def get(self, ref: ObjectRef, subresource: str = "") -> dict[str, Any]:
        return {"metadata": {"name": ref.name, "uid": "web"}, "spec": {"selector": {"matchLabels": {"app": "web"}}}}

    async def list(self, kind: str, namespace: str, **selectors: str) -> list[dict[str, Any]]:
        if kind == "ReplicaSet":
            owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "web", "controller": True}
            return [{"metadata": {"name": "web-1", "namespace": "shop", "uid": "rs", "ownerReferences": [owner]}}]
        return list(self._pods)

    @asynccontextmanager
    async def open_exec(self, container: ContainerRef, command: Sequence[str]) -> AsyncIterator[FakeStream]:
        if error := self.refused.get(container.pod):
            raise error
        self.running += 1
        self.most = max(self.most, self.running)
        stream = self.streams[container.pod] = FakeStream()
        self._behave(container.pod, stream)
        self.opened.set()
        try:
            async with stream.opened():
                yield stream
        finally:
            self.running -= 1


class Clock:
    """Each reading is a second after the last one."""

    def __init__(self) -> None:
        self._seconds = 0.0

    def monotonic(self) -> float:
        self._seconds += 1
        return self._seconds


def session(connection: FakeConnection, audit: Path | None = None, *, read_only: bool = False) -> ClusterSession:
    accesses = AccessRecords(
        AuditLog(audit),
        Identity("ctx", "eve", "host"),
        read_only=read_only,
        is_replay=False,
        now=lambda: NOW,
        new_id=lambda: "id",
    )
    fake = SimpleNamespace(connection=connection, writer=SimpleNamespace(accesses=accesses), clock=Clock())
    return cast(ClusterSession, fake)


def targets(*names: str) -> tuple[PodTarget, ...]:
    return tuple(PodTarget(ContainerRef("shop", name, "app"), f"uid-{name}") for name in names)


def says(text: bytes = b"", code: int = 0) -> Behave:
    def behave(name: str, stream: FakeStream) -> None:
        if text:
            stream.write(text)
        stream.finish(CommandEnd(code))

    return behave


async def test_every_pod_that_serves_is_a_target_and_one_that_cannot_run_has_the_reason() -> None:
    pods = [
        pod("web-c", state="crashing"),
        pod("web-a"),
        pod("web-b", phase="Pending", state="crashing"),
        pod("web-gone", deletionTimestamp="2026-11-30T12:00:00Z"),
        pod("web-done", phase="Succeeded"),
    ]
    found = await find_targets(session(FakeConnection(pods)), WEB)
    assert [target.container.pod for target in found] == ["web-a", "web-b", "web-c"]
    assert [bool(target.obstacle) for target in found] == [False, True, True]
    assert "CrashLoopBackOff" in found[2].obstacle
    assert found[0] == PodTarget(ContainerRef("shop", "web-a", "app"), "uid-web-a")


@pytest.mark.parametrize(
    ("pods", "container", "expected"),
    [
        ([], "", "it has none"),
        ([pod("a", phase="Failed")], "", "all have finished or are being deleted"),
        ([pod("a")], "nope", "has no container nope"),
        ([pod("a", state="crashing")], "", "is in CrashLoopBackOff: it waits to be started again"),
    ],
)
async def test_where_no_pod_can_run_it_the_reason_is_an_error(
    pods: list[dict[str, Any]], container: str, expected: str
) -> None:
    with pytest.raises(RefusedError, match=expected):
        await find_targets(session(FakeConnection(pods)), WEB, container)


async def test_results_keep_the_order_of_the_pods_and_only_a_few_run_at_once() -> None:
    connection = FakeConnection(behave=lambda name, stream: None)
    names = [f"web-{number}" for number in range(9)]
    running = asyncio.create_task(run_in_pods(session(connection), targets(*names), ["date"], parallel=3))
    for _ in range(9):
        await connection.opened.wait()
        connection.opened.clear()
        assert connection.running <= 3
        latest = max(name for name, stream in connection.streams.items() if stream.is_open)  # not in order
        connection.streams[latest].write(latest.encode())
        connection.streams[latest].finish(CommandEnd(0))
        if len(connection.streams) == len(names):
            for stream in connection.streams.values():
                stream.finish(CommandEnd(0))
            break
    runs = await running
    assert connection.most == 3
    assert [run.container.pod for run in runs] == names
    assert all(run.state is RunState.ENDED for run in runs)
    assert runs[0].seconds > 0


async def test_a_pod_that_fails_does_not_disturb_the_others() -> None:
    def behave(name: str, stream: FakeStream) -> None:
        match name:
            case "a":
                stream.write(b"fine")
                stream.write(b"but", ERR)
                stream.finish(CommandEnd(3, "NonZeroExitCode", "exit 3"))
            case "b":
                stream.write(b"half")
                stream.finish(ConnectionFailedError("The stream was lost", "look inside"))
            case _:
                stream.finish(
                    CommandEnd(None, "InternalError", 'Internal error occurred: exec: "x": executable file not found')
                )

    connection = FakeConnection(behave=behave)
    connection.refused["c"] = ForbiddenError("may not \x1b[31mcreate", "ask")
    runs = await run_in_pods(
        session(connection), (*targets(*"abcd"), PodTarget(ContainerRef("shop", "e"), "", "down")), ["x"]
    )
    states = [(run.state, run.exit_code) for run in runs]
    not_run = RunState.NOT_RUN
    assert states == [(RunState.ENDED, 3), (RunState.LOST, None), (not_run, None), (not_run, 127), (not_run, None)]
    assert (runs[0].stdout, runs[0].stderr, runs[0].error) == (b"fine", b"but", "")
    assert (runs[1].stdout, runs[1].error, runs[1].hint) == (b"half", "The stream was lost", "look inside")
    assert (runs[2].error, runs[4].error) == ("may not create", "down")
    assert worst_exit_code(runs) == 127
    assert summary(runs) == "5 pods: 3 not run, 1 exit 3, 1 lost"


async def test_output_beyond_the_limit_is_read_and_counted_but_not_kept() -> None:
    def behave(name: str, stream: FakeStream) -> None:
        for _ in range(5):
            stream.write(bytes(KEPT_OUTPUT // 4))
        stream.write(b"end", ERR)
        stream.finish(CommandEnd(0))

    (run,) = await run_in_pods(session(FakeConnection(behave=behave)), targets("a"), ["yes"])
    assert len(run.stdout) + len(run.stderr) == KEPT_OUTPUT
    assert run.dropped == KEPT_OUTPUT // 4 + 3
    assert output_lines(run)[-1] == f"… {run.dropped:,} more bytes, not kept"


async def test_each_pod_is_in_the_audit_with_the_command_and_without_its_output(tmp_path: Path) -> None:
    audit = tmp_path / "audit.jsonl"
    await run_in_pods(session(FakeConnection(behave=says(b"s3cr3t", 4)), audit), targets("a", "b"), ["cat", "/x"])
    lines = [json.loads(line) for line in audit.read_text().splitlines()]
    assert "s3cr3t" not in audit.read_text()
    assert sorted((line["event"], line.get("exit_code")) for line in lines) == [
        ("close", 4),
        ("close", 4),
        ("open", None),
        ("open", None),
    ]
    assert all(line["command"] == ["cat", "/x"] for line in lines)


async def test_a_read_only_session_runs_nothing() -> None:
    connection = FakeConnection(behave=says())
    with pytest.raises(ReadOnlyError):
        await run_in_pods(session(connection, read_only=True), targets("a"), ["rm"])
    assert not connection.streams


async def test_cancelling_closes_every_stream() -> None:
    connection = FakeConnection()
    running = asyncio.create_task(run_in_pods(session(connection), targets("a", "b"), ["sleep", "9"]))
    while connection.running < 2:
        await connection.opened.wait()
        connection.opened.clear()
    running.cancel()
    await asyncio.wait([running])
    assert connection.running == 0


def run_of(name: str, text: bytes = b"", code: int | None = 0, **more: Any) -> PodRun:
    state = RunState.ENDED if code is not None else RunState.LOST
    return PodRun(ContainerRef("shop", name, "app"), state, code, output=((OUT, text),) if text else (), **more)


def test_pods_with_the_same_answer_are_one_group_and_the_largest_is_first() -> None:
    runs = [run_of("a", b"1"), run_of("b", b"2"), run_of("c", b"2"), run_of("d", b"2", 1), run_of("e", b"2", seconds=9)]
    groups = [[run.container.pod for run in group.runs] for group in grouped(runs)]
    assert groups == [["b", "c", "e"], ["a"], ["d"]]


def test_output_is_printable_lines() -> None:
    run = run_of("a", b"one\r\n\x1b[2J\x1b]0;title\x07two\tx\n\xff\n\n", error="lost")
    assert output_lines(run) == ("one", "two    x", "\N{REPLACEMENT CHARACTER}", "", "lost")


def test_an_unknown_end_is_never_success() -> None:
    assert worst_exit_code([run_of("a"), run_of("b", code=None)]) == 2
    assert worst_exit_code([run_of("a"), run_of("b", code=1)]) == 1
    assert worst_exit_code([]) == 0


def test_json_has_every_pod_with_its_streams() -> None:
    run = PodRun(
        ContainerRef("shop", "a", "app"),
        RunState.ENDED,
        1,
        output=((OUT, b"x\xff"), (ERR, b"y"), (OUT, b"z")),
        seconds=1.23456,
    )
    assert runs_json([run]) == [
        {
            "namespace": "shop",
            "pod": "a",
            "container": "app",
            "state": "ended",
            "exit_code": 1,
            "error": None,
            "stdout": "x\N{REPLACEMENT CHARACTER}z",
            "stderr": "y",
            "output_dropped": 0,
            "seconds": 1.235,
        }
    ]
