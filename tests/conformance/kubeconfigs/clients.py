"""Runs kubectl and kdash with the same kubeconfig files, and returns what each of them did."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from k9py.api.errors import KdashError
from k9py.kube.connect import connect
from k9py.kube.options import ConnectOptions
from tests.conformance.kubeconfigs.servers import SeenRequest, Servers
from tests.conformance.kubectl import find_kubectl

SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Case:
    """Files by name, relative to a directory of their own, and how the client is run.

    Args:
        files: their content; the first is given with `--kubeconfig` unless `environ` has KUBECONFIG.
        environ: further environment; `{dir}` stands for the directory.
    """

    files: Mapping[str, bytes]
    environ: Mapping[str, str] = field(default_factory=dict)
    context: str = ""


@dataclass(frozen=True, slots=True)
class ClientResult:
    """What a client did: the requests that the server saw, and its error, "" when it succeeded."""

    seen: tuple[SeenRequest, ...]
    error: str = ""

    @property
    def wanted_to_ask(self) -> bool:
        """kubectl asks for a name and a password where the kubeconfig has no credentials; nobody answered."""
        return self.error.strip() == "error: EOF"


async def both(case: Case, directory: Path, servers: Servers) -> tuple[ClientResult, ClientResult]:
    """Return the results of kubectl and of kdash."""
    return await kubectl(case, directory, servers), await kdash(case, directory, servers)


def written(case: Case, directory: Path) -> tuple[str | None, dict[str, str]]:
    """Write the files; return what `--kubeconfig` is, and the environment."""
    for name, content in case.files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(0o755 if content.startswith(b"#!") else 0o644)
    environ = {"HOME": str(directory / "home"), "PATH": "/usr/bin:/bin"}
    environ |= {name: value.replace("{dir}", str(directory)) for name, value in case.environ.items()}
    given = None if "KUBECONFIG" in environ else str(directory / next(iter(case.files)))
    return given, environ


async def kubectl(case: Case, directory: Path, servers: Servers) -> ClientResult:
    """Ask the server's version with kubectl."""
    given, environ = written(case, directory)
    arguments: list[str] = []
    if given is not None:
        arguments += ["--kubeconfig", given]
    if case.context:
        arguments += ["--context", case.context]
    process = await asyncio.create_subprocess_exec(
        find_kubectl(),
        *arguments,
        "get",
        "--raw",
        "/version",
        env=environ,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(SECONDS):
            _, complaint = await process.communicate()
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.communicate()
    return ClientResult(tuple(servers.taken()), "" if process.returncode == 0 else complaint.decode())


async def kdash(case: Case, directory: Path, servers: Servers) -> ClientResult:
    """Ask the server's version with kdash."""
    given, environ = written(case, directory)
    try:
        connection = await connect(ConnectOptions(given, case.context or None), environ=environ)
        try:
            await connection.server_version()
        finally:
            await connection.aclose()
    except KdashError as error:
        return ClientResult(tuple(servers.taken()), f"{error.message}\n{error.hint}")
    return ClientResult(tuple(servers.taken()))
