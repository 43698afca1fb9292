"""`kdash logs` run in this process against the simulator, with its streams observed while it runs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from k9py.cli.command_line import CommandArguments
from k9py.cli.console import Console
from k9py.cli.logs.options import LogOptions
from k9py.cli.logs.run import print_logs
from k9py.cli.logs.selection import parse_highlights, parse_selection
from k9py.cli.session import Invocation, run_and_report
from k9py.cli.targets import ObjectArgument
from k9py.kube.options import ConnectOptions
from k9py.simulator.server import Simulator
from k9py.simulator.state import ContainerLogRun, SimulatorState
from tests.cli.recorded_stream import PATIENCE, RecordedStream
from tests.cli.shell import ClusterTime
from tests.unit.simulator.scripted_logs import ScriptedRun


@dataclass
class Run:
    """A run of the command and its streams."""

    out: RecordedStream
    err: RecordedStream
    task: asyncio.Task[int] | None = None

    async def code(self) -> int:
        """Return the exit code at its end."""
        assert self.task is not None
        async with asyncio.timeout(PATIENCE):
            return await self.task

    @property
    def lines(self) -> list[str]:
        return self.out.getvalue().splitlines()

    @property
    def values(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines]


@dataclass
class LogShell:
    """Runs `kdash logs` as a user, in a namespace."""

    simulator: Simulator
    directory: Path
    user: str = "admin"
    namespace: str = "shop"

    @asynccontextmanager
    async def started(
        self, target: ObjectArgument | None = None, *, is_terminal: bool = False, no_color: bool = False, **given: Any
    ) -> AsyncIterator[Run]:
        """Run it; end it at the end of the block if it has not ended by itself."""
        options = LogOptions(target=target, **given)
        run = Run(RecordedStream(is_terminal=is_terminal), RecordedStream(is_terminal=is_terminal))
        config = self.simulator.write_kubeconfig(self.directory / "config", user=self.user, namespace=self.namespace)
        invocation = Invocation(
            arguments=CommandArguments(no_color=no_color),
            console=Console(run.out, run.err, _nobody, is_interactive=False),
            connect_options=ConnectOptions(kubeconfig=str(config)),
            audit_path=None,
            clock=ClusterTime(self.simulator),
        )
        selection, highlights = parse_selection(options.include, options.exclude), parse_highlights(options.highlight)
        run.task = asyncio.ensure_future(
            run_and_report(invocation, lambda its: print_logs(its, options, selection, highlights))
        )
        try:
            yield run
        finally:
            run.task.cancel()
            await asyncio.gather(run.task, return_exceptions=True)

    async def ran(self, target: ObjectArgument | None = None, **given: Any) -> tuple[int, Run]:
        """Run it to its end."""
        async with self.started(target, **given) as run:
            return await run.code(), run


async def _nobody() -> str:
    raise AssertionError("nobody is asked")


class Written:
    """A log source in which a test defines what each container wrote, per pod or for all pods."""

    def __init__(self, *texts: str, by_pod: dict[str, Sequence[str]] | None = None, ended: bool = False) -> None:
        self._texts = texts
        self._by_pod = by_pod or {}
        self._ended = ended
        self._runs: dict[tuple[str, str, bool], ScriptedRun] = {}

    def open(self, pod: dict[str, Any], container: str, *, previous: bool = False) -> ContainerLogRun | None:
        return self.run(pod["metadata"]["name"], container, previous=previous)

    def run(self, pod: str, container: str = "app", *, previous: bool = False) -> ScriptedRun:
        """Return the run of a container, to write more lines."""
        key = (pod, container, previous)
        if key not in self._runs:
            texts = ("last words",) if previous else self._by_pod.get(pod, self._texts)
            self._runs[key] = ScriptedRun(*texts)
            if self._ended:
                self._runs[key].end()
        return self._runs[key]


def write_logs(simulator: Simulator, logs: Written) -> None:
    """Let the containers of a cluster write the lines of a test."""

    def put(state: SimulatorState) -> None:
        state.log_source = logs

    simulator.call(put)
