"""Runs subcommands in this process against the simulator over HTTP, with their own streams and the cluster's time."""

from __future__ import annotations

import copy
import io
import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from k9py.cli.command_line import CommandArguments
from k9py.cli.console import Console
from k9py.cli.session import Invocation, run_and_report
from k9py.kube.options import ConnectOptions
from k9py.runtime.clock import Clock, SystemClock
from k9py.simulator.clock import RealClock
from k9py.simulator.faults import RequestMatch
from k9py.simulator.registry.resources import by_kind
from k9py.simulator.server import Simulator
from k9py.simulator.state import SimulatorState

Core = Callable[[Invocation], Awaitable[int]]


class ClusterTime(SystemClock):
    """The cluster's wall clock; waiting is real."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    def now(self) -> datetime:
        return self._simulator.clock.now()


@dataclass(frozen=True, slots=True)
class CommandResult:
    """The result of a command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Shell:
    """Runs commands; `answers` are typed at prompts, None: not interactive."""

    simulator: Simulator
    directory: Path
    user: str = "admin"
    namespace: str = "shop"
    prompts: list[str] = field(default_factory=list)
    clock: Clock | None = None

    @property
    def audit_path(self) -> Path:
        return self.directory / "state" / "audit.jsonl"

    @property
    def audit(self) -> list[dict[str, Any]]:
        """The audit lines with the outcome of a write, without `begin` lines."""
        if not self.audit_path.exists():
            return []
        records = [json.loads(line) for line in self.audit_path.read_text("utf-8").splitlines()]
        return [line for line in records if line["event"] != "begin"]

    def writes(self) -> int:
        """Return the number of writes sent so far, without dry runs."""
        return sum(
            RequestMatch(verb).matches(request.verb, request.resource, request.path) and "dryRun" not in request.path
            for request in self.simulator.requests
            for verb in ("patch", "delete", "update")
        )

    async def run(
        self,
        core: Core,
        *,
        json: bool = False,
        read_only: bool = False,
        namespace: str | None = None,
        answers: Iterator[Callable[[], str]] | None = None,
    ) -> CommandResult:
        """Run a command until it ends."""
        out, err = io.StringIO(), io.StringIO()
        config = self.simulator.write_kubeconfig(self.directory / "config", user=self.user, namespace=self.namespace)

        async def read() -> str:
            assert answers is not None
            self.prompts.append(err.getvalue().splitlines()[-1])
            return next(answers)()

        clock: Clock = self.clock or (
            self.simulator.clock if isinstance(self.simulator.clock, RealClock) else ClusterTime(self.simulator)
        )
        invocation = Invocation(
            arguments=CommandArguments(json=json, read_only=read_only, namespace=namespace),
            console=Console(out, err, read, is_interactive=answers is not None),
            connect_options=ConnectOptions(kubeconfig=str(config)),
            audit_path=self.audit_path,
            clock=clock,
        )
        code = await run_and_report(invocation, core)
        return CommandResult(code, out.getvalue(), err.getvalue())


def edit(
    simulator: Simulator,
    change: Callable[[dict[str, Any]], None],
    key: tuple[str, str, str] = ("Deployment", "shop", "checkout"),
) -> None:
    """Change an object's spec as another user."""

    def run(state: SimulatorState) -> None:
        kind, namespace, name = key
        obj = copy.deepcopy(state.storage.get(by_kind(kind), namespace, name))
        assert obj is not None
        change(obj["spec"])
        state.storage.update(by_kind(kind), obj)

    simulator.call(run)


def image(name: str) -> Callable[[dict[str, Any]], None]:
    """Return a change that sets the first container's image."""

    def change(spec: dict[str, Any]) -> None:
        spec["template"]["spec"]["containers"][0]["image"] = name

    return change


def spec_of(simulator: Simulator, kind: str, namespace: str, name: str) -> dict[str, Any]:
    """Return an object's stored spec."""

    def read(state: SimulatorState) -> dict[str, Any]:
        obj = state.storage.get(by_kind(kind), namespace, name)
        assert obj is not None
        return copy.deepcopy(obj["spec"])

    return simulator.call(read)
