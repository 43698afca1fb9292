"""Runs a credential plugin (client-go credential plugins, `client.authentication.k8s.io`).

Owns: one run of the program: what it is told, what it may touch, how long it may take, who hears what it says, what its
failure means. Invariants: it never sees our terminal (no stdin, a session of its own), its output is bounded, and
neither it nor what it started outlives the run. When to run it is decided in `credentials`; its answer is read in
`exec_answer`.
kubernetes_asyncio's runner is not used: it hands over the terminal's stdin and loses a certificate beside a token.
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
from k9py.kube.sign_in import SignIn, SignInListener, StderrLines
from k9py.kube.target import ServerEndpoint

SILENCE: Final = 120.0
"""Seconds a plugin may take without a word."""
SILENCE_AFTER_WORDS: Final = 900.0
"""Seconds it may take after it last spoke: a person is signing in, and device codes are good for 15 minutes."""
_PAUSE: Final = 0.25
"""Seconds after which a line that has not ended is shown: it is a question, or the plugin waits inside it."""
_POLL: Final = 0.02
"""Seconds between two looks at whether the program has ended."""
_HEARD_AT_ONCE: Final = 8192
"""Bytes of stderr worked on in one turn of the event loop."""
_MAX_OUTPUT = 1 << 20
_MAX_COMPLAINT = 4096


class SignInCancelledError(ConfigError):
    """The person has cancelled the plugin; it is not started again by itself."""


@dataclass(frozen=True, slots=True)
class ExecPlugin:
    """A plugin as the kubeconfig describes it.

    Args:
        directory: of the kubeconfig; a command with a slash is relative to it.
        environ: the environment the plugin inherits, before the kubeconfig's own additions.
        listener: told what the plugin says.
        silence: seconds without a word; `silence_after_words` once it has spoken.
    """

    config: ExecConfig
    directory: Path
    endpoint: ServerEndpoint
    environ: Mapping[str, str]
    listener: SignInListener | None = None
    silence: float = SILENCE
    silence_after_words: float = SILENCE_AFTER_WORDS

    @property
    def name(self) -> str:
        return printable(self.config.command)[:200]

    async def run(self) -> ExecCredential:
        """Run the plugin once.

        Raises:
            SignInCancelledError: the listener has cancelled it.
            ConfigError: it is missing, fails (with what it said on stderr), is too slow, or answers nonsense.
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
            why = getattr(error, "strerror", None) or str(error)
            raise ConfigError(
                f"The credential plugin {self.name} cannot be run: {printable(why)}", self._install_hint()
            ) from error
        child_processes.register(process.pid)
        talk = _Talk(self, process)
        try:
            output = await talk.hold()
        finally:
            if not talk.has_answered:
                await _end(process)
            _close_pipes(process)
            child_processes.unregister(process.pid)
            talk.end()
        complaint = bytes(talk.complaint)
        if process.returncode != 0:
            raise self.failed(f"failed with exit code {process.returncode}", complaint)
        try:
            return parse_exec_credential(output, self.config.api_version)
        except ExecCredentialError as error:
            raise self.failed(str(error), complaint) from None

    def failed(self, what: str, complaint: bytes) -> ConfigError:
        """Return the error for a run that gave nothing; `complaint` is the end of its stderr."""
        said = printable(complaint.decode("utf-8", "replace").strip())
        message = f"The credential plugin {self.name} {what}"
        if said:
            message += f": {said if len(said) <= 1000 else '… ' + said[-1000:]}"
        hint = "Run `kubectl get namespaces` in a shell: it runs the same plugin, and may let you sign in."
        if self.config.interactive_mode == "Always":
            hint = (
                "Its interactiveMode is Always: it wants to ask questions at the terminal, which kdash does not lend. "
                "Run `kubectl get namespaces` in a shell to sign in there, then start kdash again."
            )
        return ConfigError(message, hint)

    def _program(self) -> str:
        """Return the program's path; a bare name is looked for on our own PATH, as by kubectl."""
        command = self.config.command
        if os.path.dirname(command):
            command = str(self.directory / command)
        program = shutil.which(command, path=self.environ.get("PATH"))
        if program is None:
            if os.path.isdir(command) and os.path.dirname(command):
                raise ConfigError(
                    f"The credential plugin {self.name} cannot be run: it is a directory",
                    "Name the program in it: correct exec.command in the kubeconfig.",
                )
            if os.path.isfile(command) and os.path.dirname(command):
                raise ConfigError(
                    f"The credential plugin {self.name} cannot be run: it is not executable",
                    f"Run `chmod +x {printable(command)}`.",
                )
            raise ConfigError(f"The credential plugin {self.name} is not installed", self._install_hint())
        return program

    def _install_hint(self) -> str:
        ours = "Install it and make sure it is on the PATH; the kubeconfig's user names it under exec."
        theirs = printable(self.config.install_hint or "").strip()[:1000]
        return f"{theirs} ({ours})" if theirs else ours

    def _environment(self) -> dict[str, str]:
        environment = dict(self.environ)
        for variable in self.config.env or ():
            name, equals, rest = f"{variable.name}={variable.value}".partition("=")  # a name may hold "=": Go splits so
            environment[name] = rest if equals else ""
        spec: dict[str, Any] = {"interactive": False}
        if self.config.provide_cluster_info:
            spec["cluster"] = self._cluster_information()
        told = {"apiVersion": self.config.api_version, "kind": "ExecCredential", "spec": spec}
        environment["KUBERNETES_EXEC_INFO"] = msgspec.json.encode(told).decode()
        return environment

    def _cluster_information(self) -> dict[str, Any]:
        endpoint = self.endpoint
        given = {
            "server": endpoint.server,
            "tls-server-name": endpoint.tls_server_name,
            "insecure-skip-tls-verify": endpoint.insecure or None,
            "certificate-authority-data": endpoint.ca,  # bytes become base64
            "proxy-url": endpoint.proxy_url,
            "disable-compression": None if endpoint.compression else True,
        }
        return {name: value for name, value in given.items() if value is not None} | {"config": endpoint.exec_extension}


@dataclass(slots=True)
class _Talk:
    """One run: hears what the plugin says, keeps the end of it, and gives up when it is silent for too long."""

    plugin: ExecPlugin
    process: asyncio.subprocess.Process
    complaint: bytearray = field(default_factory=bytearray)
    _words: StderrLines = field(default_factory=StderrLines)
    _sign_in: SignIn | None = None
    _cancelled: asyncio.Event = field(default_factory=asyncio.Event)
    _timeout: asyncio.Timeout | None = None
    has_answered: bool = False

    async def hold(self) -> bytes:
        """Return what it printed, once it has ended."""
        working = asyncio.ensure_future(self._work())
        cancelled = asyncio.ensure_future(self._cancelled.wait())
        try:
            await asyncio.wait({working, cancelled}, return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                raise SignInCancelledError(
                    f"You cancelled the sign-in with {self.plugin.name}",
                    "Try again (on screen: Ctrl+R) to be asked anew, or sign in with its own command in a shell.",
                )
            return working.result()
        finally:
            for task in (working, cancelled):
                task.cancel()
            await asyncio.gather(working, cancelled, return_exceptions=True)

    def end(self) -> None:
        """Tell the listener that it is over."""
        if self._sign_in is not None and self.plugin.listener is not None:
            self.plugin.listener.on_end(self._sign_in)

    async def _work(self) -> bytes:
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        try:
            async with asyncio.timeout(self.plugin.silence) as self._timeout:
                async with asyncio.TaskGroup() as tasks:
                    hearing = tasks.create_task(self._hear(self.process.stderr))
                    reading = tasks.create_task(_head(self.process.stdout, _MAX_OUTPUT))
                    output = await reading
                    await _ended(self.process)
                    self.has_answered = True
                    await asyncio.wait({hearing}, timeout=_PAUSE)  # a browser it started may keep stderr open
                    hearing.cancel()
        except TimeoutError:
            silence = self.plugin.silence if self._sign_in is None else self.plugin.silence_after_words
            since = "" if self._sign_in is None else " of its last words"
            raise self.plugin.failed(f"did not answer within {silence:g} s{since}", bytes(self.complaint)) from None
        return output

    async def _hear(self, stream: asyncio.StreamReader) -> None:
        while True:
            try:
                async with asyncio.timeout(_PAUSE if self._words.is_inside_line else None):
                    chunk = await stream.read(_HEARD_AT_ONCE)
            except TimeoutError:
                self._tell(self._words.flush())
                continue
            if not chunk:
                self._tell(self._words.flush())
                return
            self.complaint += chunk
            del self.complaint[:-_MAX_COMPLAINT]
            self._tell(self._words.feed(chunk))

    def _tell(self, lines: list[str]) -> None:
        if not lines:
            return
        if self._sign_in is None:
            self._sign_in = SignIn(self.plugin.name, self._cancelled.set)
        if self._timeout is not None and not self._timeout.expired():
            self._timeout.reschedule(asyncio.get_running_loop().time() + self.plugin.silence_after_words)
        for line in lines:
            self._sign_in.add(line)
            if self.plugin.listener is not None:
                self.plugin.listener.on_output(self._sign_in, line)


async def _head(stream: asyncio.StreamReader, limit: int) -> bytes:
    """Read to the end, and keep what comes first."""
    kept = bytearray()
    while chunk := await stream.read(65536):
        kept += chunk[: limit - len(kept)]
    return bytes(kept)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Leave nothing running: the plugin and what it started, when it was cancelled or too slow."""
    try:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        elif process.returncode is None:
            process.kill()
    except (ProcessLookupError, PermissionError):
        pass
    await _ended(process)


def _close_pipes(process: asyncio.subprocess.Process) -> None:
    """Let go of the pipes, which something the plugin has left behind may keep open; asyncio offers no other way."""
    process._transport.close()  # type: ignore[attr-defined]


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Wait for the end of the program alone: asyncio's own wait also waits for whoever has inherited its pipes."""
    waiting = asyncio.ensure_future(process.wait())
    try:
        while process.returncode is None:
            await asyncio.wait({waiting}, timeout=_POLL)
    finally:
        waiting.cancel()
