"""Runs the real kubectl against a simulated cluster.

Invariant: each kubectl has a home, a cache and a kubeconfig of its own; nothing else on the machine is read or written.
"""

import asyncio
import contextlib
import json
import os
import shutil
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from k9py.simulator.server import Simulator

SECONDS = 60.0  # until a kubectl that does not end is killed and its test fails


def find_kubectl() -> str:
    """Return the kubectl beside this Python (the wheel puts it there), else the one on the path.

    Raises:
        FileNotFoundError: there is none.
    """
    beside = Path(sys.executable).with_name("kubectl")
    path = str(beside) if beside.exists() else shutil.which("kubectl")
    if path is None:
        raise FileNotFoundError("kubectl is neither beside this Python nor on the path")
    return path


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a kubectl ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """Return what it printed with `-o json`."""
        return json.loads(self.out)

    def rows(self) -> list[list[str]]:
        """Return the table that it printed: a list of cells per line, without the heading."""
        return [line.split() for line in self.out.splitlines()[1:] if line.strip()]


class Running:
    """A kubectl that still runs: a watch, or a followed log."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def line(self) -> str:
        """Wait for the next line it prints; empty when it has ended."""
        assert self._process.stdout is not None
        async with asyncio.timeout(SECONDS):
            return (await self._process.stdout.readline()).decode().rstrip("\n")

    async def line_with(self, text: str) -> str:
        """Wait for a line that contains a text.

        Raises:
            AssertionError: it ended before.
        """
        while line := await self.line():
            if text in line:
                return line
        raise AssertionError(f"kubectl ended without a line with {text!r}")

    async def error_with(self, text: str) -> str:
        """Wait for a line of its error output that contains a text.

        Raises:
            AssertionError: it ended before.
        """
        assert self._process.stderr is not None
        async with asyncio.timeout(SECONDS):
            while line := (await self._process.stderr.readline()).decode():
                if text in line:
                    return line
        raise AssertionError(f"kubectl ended without an error with {text!r}")


class Kubectl:
    """kubectl for one simulated cluster; call it with its arguments."""

    def __init__(self, simulator: Simulator, home: Path) -> None:
        self._simulator = simulator
        self._home = home
        self._binary = find_kubectl()

    async def __call__(
        self,
        *args: str,
        user: str = "admin",
        namespace: str = "shop",
        stdin: str | None = None,
        code: int | None = 0,
        environment: Mapping[str, str] | None = None,
    ) -> Outcome:
        """Run kubectl to its end.

        Args:
            args: as on the command line.
            user: whose rights it has.
            namespace: the context's namespace.
            stdin: what it reads from `-f -`.
            code: the exit code it must end with; None takes any.
            environment: further variables of its environment.

        Raises:
            AssertionError: it ended with another code.
        """
        process = await self._start(args, user, namespace, stdin=asyncio.subprocess.PIPE, more=environment)
        try:
            async with asyncio.timeout(SECONDS):
                out, err = await process.communicate(None if stdin is None else stdin.encode())
        finally:
            await _end(process)
        assert process.returncode is not None
        outcome = Outcome(process.returncode, out.decode(), err.decode())
        if code is not None:
            assert outcome.code == code, (
                f"kubectl {' '.join(args)} ended with {outcome.code}: {outcome.out}{outcome.err}"
            )
        return outcome

    @contextlib.asynccontextmanager
    async def running(self, *args: str, user: str = "admin", namespace: str = "shop") -> AsyncIterator[Running]:
        """Run a kubectl that does not end (`-w`, `-f`); kill it at the end of the block."""
        process = await self._start(args, user, namespace, stdin=asyncio.subprocess.DEVNULL)
        try:
            yield Running(process)
        finally:
            await _end(process)

    async def _start(
        self,
        args: tuple[str, ...],
        user: str,
        namespace: str,
        *,
        stdin: int,
        more: Mapping[str, str] | None = None,
    ) -> asyncio.subprocess.Process:
        config = self._home / f"{user}-{namespace}-{self._simulator.url.rpartition(':')[2]}"
        self._simulator.write_kubeconfig(config, user=user, namespace=namespace, for_kubectl=True)
        environment = {
            "HOME": str(self._home),
            "KUBECACHEDIR": str(self._home / "cache"),
            "KUBECONFIG": str(config),
            "PATH": os.environ.get("PATH", ""),
            **(more or {}),
        }
        return await asyncio.create_subprocess_exec(
            self._binary,
            *args,
            env=environment,
            stdin=stdin,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )


async def _end(process: asyncio.subprocess.Process) -> None:
    """Kill a process that still runs, and read its remaining output so that its pipes close."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()
