"""Runs a credential plugin (client-go credential plugins, `client.authentication.k8s.io`).

Owns: one run of the program: its input, its environment, how long it may take, who is notified of its output, and what
its failure means. Invariants: it never gets our terminal (no stdin, a session of its own), its output is bounded, and
neither it nor what it started outlives the run. `credentials` decides when to run it; `exec_credential` decodes its
output.
kubernetes_asyncio's runner is not used: it passes on the terminal's stdin and drops a token's certificate.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec

from k9py.api.errors import ConfigError
from k9py.api.text import printable
from k9py.kube import child_processes
from k9py.kube.exec_credential import ExecCredential, ExecCredentialError, parse_exec_credential
from k9py.kube.kubeconfig_schema import ExecConfig
from k9py.kube.sign_in import SignIn, SignInCancelledError, SignInListener, StderrLines
from k9py.kube.target import ServerEndpoint

SILENCE_TIMEOUT: Final = 120.0
"""Seconds a plugin may run without printing anything."""
SIGN_IN_TIMEOUT: Final = 900.0
"""Seconds it may run after its last output: a person is signing in, and device codes are valid for 15 minutes."""
_PROMPT_DELAY: Final = 0.25
"""Seconds after which an incomplete line is shown: it is a question, or the plugin waits inside it."""
_POLL_INTERVAL: Final = 0.02
"""Seconds between two checks whether the program has ended."""
_STDERR_CHUNK: Final = 8192
"""Bytes of stderr processed in one step of the event loop."""
_MAX_OUTPUT: Final = 1 << 20
_MAX_STDERR_TAIL: Final = 4096


@dataclass(frozen=True, slots=True)
class ExecPlugin:
    """A plugin as the kubeconfig describes it.

    Args:
        directory: of the kubeconfig; a command with a slash is relative to it.
        endpoint: the server, which the kubeconfig may tell the plugin about (provideClusterInfo).
        environ: the environment that the plugin inherits, before the kubeconfig's own additions.
        listener: notified of the plugin's output.
        silence_timeout: seconds without output; `sign_in_timeout` after the first output.
    """

    config: ExecConfig
    directory: Path
    endpoint: ServerEndpoint
    environ: Mapping[str, str]
    listener: SignInListener | None = None
    silence_timeout: float = SILENCE_TIMEOUT
    sign_in_timeout: float = SIGN_IN_TIMEOUT

    @property
    def name(self) -> str:
        return printable(self.config.command)[:200]

    async def run(self) -> ExecCredential:
        """Run the plugin once.

        Raises:
            SignInCancelledError: the person cancelled it.
            ConfigError: it is missing, fails (the message quotes its stderr), is too slow, or prints no credential.
        """
        program = self._program()
        try:
            process = await asyncio.create_subprocess_exec(
                program,
                *(self.config.args or ()),
                env=self._environment(),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:  # ValueError: a NUL in an argument or a variable
            reason = getattr(error, "strerror", None) or str(error)
            raise ConfigError(
                f"The credential plugin {self.name} cannot be run: {printable(reason)}", self._install_hint()
            ) from error
        child_processes.register(process.pid)
        run = _PluginRun(self, process)
        try:
            output = await run.wait()
        finally:
            if not run.has_ended:
                await _kill(process)
            _close_pipes(process)
            child_processes.unregister(process.pid)
            run.notify_end()
        stderr_tail = bytes(run.stderr_tail)
        if process.returncode != 0:
            raise self.failure(f"failed with exit code {process.returncode}", stderr_tail)
        try:
            return parse_exec_credential(output, self.config.api_version)
        except ExecCredentialError as error:
            raise self.failure(str(error), stderr_tail) from None

    def failure(self, problem: str, stderr_tail: bytes) -> ConfigError:
        """Return the error for a run without a credential.

        Args:
            problem: completes "The credential plugin X".
            stderr_tail: the end of its stderr.
        """
        stderr = printable(stderr_tail.decode("utf-8", "replace").strip())
        message = f"The credential plugin {self.name} {problem}"
        if stderr:
            message += f": {stderr if len(stderr) <= 1000 else '… ' + stderr[-1000:]}"
        hint = "Run `kubectl get namespaces` in a shell: it runs the same plugin, and may let you sign in."
        if self.config.interactive_mode == "Always":
            hint = (
                "Its interactiveMode is Always: it needs the terminal, which kdash does not give to plugins. "
                "Run `kubectl get namespaces` in a shell to sign in there, then start kdash again."
            )
        return ConfigError(message, hint)

    def _program(self) -> str:
        """Return the program's path; a bare name is looked up on the PATH of kdash, as kubectl does."""
        command = self.config.command
        if os.path.dirname(command):
            command = str(self.directory / command)
        program = shutil.which(command, path=self.environ.get("PATH"))
        if program is None:
            if os.path.isdir(command) and os.path.dirname(command):
                raise ConfigError(
                    f"The credential plugin {self.name} cannot be run: it is a directory",
                    "Set exec.command in the kubeconfig to the program in it.",
                )
            if os.path.isfile(command) and os.path.dirname(command):
                raise ConfigError(
                    f"The credential plugin {self.name} cannot be run: it is not executable",
                    f"Run `chmod +x {printable(command)}`.",
                )
            raise ConfigError(f"The credential plugin {self.name} is not installed", self._install_hint())
        return program

    def _install_hint(self) -> str:
        hint = "Install it and make sure it is on the PATH; the kubeconfig's user names it under exec."
        install_hint = printable(self.config.install_hint or "").strip()[:1000]
        return f"{install_hint} ({hint})" if install_hint else hint

    def _environment(self) -> dict[str, str]:
        environment = dict(self.environ)
        for variable in self.config.env or ():
            # A name may contain "=": Go joins and splits again, so the name ends at the first one.
            name, _, value = f"{variable.name}={variable.value}".partition("=")
            environment[name] = value
        spec: dict[str, Any] = {"interactive": False}
        if self.config.provide_cluster_info:
            spec["cluster"] = self._cluster_info()
        exec_info = {"apiVersion": self.config.api_version, "kind": "ExecCredential", "spec": spec}
        environment["KUBERNETES_EXEC_INFO"] = msgspec.json.encode(exec_info).decode()
        return environment

    def _cluster_info(self) -> dict[str, Any]:
        endpoint = self.endpoint
        fields = {
            "server": endpoint.server,
            "tls-server-name": endpoint.tls_server_name,
            "insecure-skip-tls-verify": endpoint.insecure or None,
            "certificate-authority-data": endpoint.ca,  # bytes become base64
            "proxy-url": endpoint.proxy_url,
            "disable-compression": None if endpoint.compression else True,
        }
        return {name: value for name, value in fields.items() if value is not None} | {
            "config": endpoint.exec_extension
        }


@dataclass(slots=True)
class _PluginRun:
    """One run: forwards the plugin's output, keeps the end of it, and gives up when there is none for too long."""

    plugin: ExecPlugin
    process: asyncio.subprocess.Process
    stderr_tail: bytearray = field(default_factory=bytearray)
    has_ended: bool = False
    _lines: StderrLines = field(default_factory=StderrLines)
    _sign_in: SignIn | None = None
    _cancelled: asyncio.Event = field(default_factory=asyncio.Event)
    _timeout: asyncio.Timeout | None = None

    async def wait(self) -> bytes:
        """Return the plugin's stdout once it has ended."""
        output = asyncio.ensure_future(self._output())
        cancelled = asyncio.ensure_future(self._cancelled.wait())
        try:
            await asyncio.wait({output, cancelled}, return_when=asyncio.FIRST_COMPLETED)
            if not output.done():
                raise SignInCancelledError(
                    f"You cancelled the sign-in with {self.plugin.name}",
                    "Retry to start it again, or sign in with its own command in a shell.",
                )
            return output.result()
        finally:
            for task in (output, cancelled):
                task.cancel()
            await asyncio.gather(output, cancelled, return_exceptions=True)

    def notify_end(self) -> None:
        """Notify the listener that the run has ended."""
        if self._sign_in is not None and self.plugin.listener is not None:
            self.plugin.listener.on_end(self._sign_in)

    async def _output(self) -> bytes:
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        try:
            async with asyncio.timeout(self.plugin.silence_timeout) as self._timeout:
                async with asyncio.TaskGroup() as tasks:
                    stderr_task = tasks.create_task(self._read_stderr(self.process.stderr))
                    stdout_task = tasks.create_task(_read_bounded(self.process.stdout, _MAX_OUTPUT))
                    output = await stdout_task
                    await _wait_for_exit(self.process)
                    self.has_ended = True
                    await asyncio.wait({stderr_task}, timeout=_PROMPT_DELAY)  # a browser it started may hold stderr
                    stderr_task.cancel()
        except TimeoutError:
            if self._sign_in is None:
                problem = f"did not answer within {self.plugin.silence_timeout:g} s"
            else:
                problem = f"did not answer within {self.plugin.sign_in_timeout:g} s of its last output"
            raise self.plugin.failure(problem, bytes(self.stderr_tail)) from None
        return output

    async def _read_stderr(self, stream: asyncio.StreamReader) -> None:
        while True:
            try:
                async with asyncio.timeout(_PROMPT_DELAY if self._lines.is_inside_line else None):
                    chunk = await stream.read(_STDERR_CHUNK)
            except TimeoutError:
                self._notify(self._lines.flush())
                continue
            if not chunk:
                self._notify(self._lines.flush())
                return
            self.stderr_tail += chunk
            del self.stderr_tail[:-_MAX_STDERR_TAIL]
            self._notify(self._lines.feed(chunk))

    def _notify(self, lines: list[str]) -> None:
        """Notify the listener of new lines, and give the plugin more time."""
        if not lines:
            return
        if self._sign_in is None:
            self._sign_in = SignIn(self.plugin.name, self._cancelled.set)
        if self._timeout is not None and not self._timeout.expired():
            self._timeout.reschedule(asyncio.get_running_loop().time() + self.plugin.sign_in_timeout)
        for line in lines:
            self._sign_in.add(line)
            if self.plugin.listener is not None:
                self.plugin.listener.on_output(self._sign_in, line)


async def _read_bounded(stream: asyncio.StreamReader, limit: int) -> bytes:
    """Read the stream to its end, and return the first `limit` bytes."""
    kept = bytearray()
    while chunk := await stream.read(65536):
        kept += chunk[: limit - len(kept)]
    return bytes(kept)


async def _kill(process: asyncio.subprocess.Process) -> None:
    """Kill the plugin and what it started, after it was cancelled or was too slow."""
    try:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        elif process.returncode is None:
            process.kill()
    except (ProcessLookupError, PermissionError):
        pass
    await _wait_for_exit(process)


def _close_pipes(process: asyncio.subprocess.Process) -> None:
    """Close the pipes, which a program that the plugin started may hold open; asyncio has no public way to do it."""
    process._transport.close()  # type: ignore[attr-defined]


async def _wait_for_exit(process: asyncio.subprocess.Process) -> None:
    """Wait until the program itself has ended: asyncio's own wait also waits for everyone who inherited its pipes."""
    exit_task = asyncio.ensure_future(process.wait())
    try:
        while process.returncode is None:
            await asyncio.wait({exit_task}, timeout=_POLL_INTERVAL)
    finally:
        exit_task.cancel()
