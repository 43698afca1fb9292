"""Runs a credential plugin (client-go credential plugins, `client.authentication.k8s.io`).

Owns: one run of the program: what it is told, what it may touch, how long it may take, what its failure means.
Invariants: it never sees our terminal (no stdin, a session of its own), its output is bounded, and it does not outlive
the run. When to run it is decided in `credentials`.
kubernetes_asyncio's runner is not used: it hands over the terminal's stdin and loses a certificate beside a token.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from k9py.kube.kubeconfig import ExecConfig
from k9py.kube.target import Endpoint
from k9py.kube.tls import ClientCertificate
from k9py.objects.errors import ConfigError
from k9py.objects.text import printable

TIMEOUT = 120.0
"""Seconds a plugin may take: a person may be signing in with a browser."""
_MAX_OUTPUT = 1 << 20
_MAX_COMPLAINT = 4096
_SUPPORTED = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")


class _Status(msgspec.Struct, rename="camel"):
    token: str | None = None
    client_certificate_data: str | None = None
    client_key_data: str | None = None
    expiration_timestamp: datetime | None = None


class _ExecCredential(msgspec.Struct, rename="camel"):
    api_version: str = ""
    kind: str = ""
    status: _Status | None = None


@dataclass(frozen=True, slots=True)
class PluginCredential:
    """What the plugin gave: a token, a certificate, or both. `expires_at` None means not known."""

    token: str | None
    certificate: ClientCertificate | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class ExecPlugin:
    """A plugin as the kubeconfig describes it.

    Args:
        directory: of the kubeconfig; a command with a slash is relative to it.
        environ: the environment the plugin inherits, before the kubeconfig's own additions.
        timeout: seconds.
    """

    config: ExecConfig
    directory: Path
    endpoint: Endpoint
    environ: Mapping[str, str]
    timeout: float = TIMEOUT

    @property
    def name(self) -> str:
        return printable(self.config.command)[:200]

    async def run(self) -> PluginCredential:
        """Run the plugin once.

        Raises:
            ConfigError: it is missing, fails (with what it said on stderr), is too slow, or answers nonsense.
        """
        if self.config.api_version not in _SUPPORTED:
            raise ConfigError(
                f"The credential plugin {self.name} speaks {printable(self.config.api_version) or 'no API version'}, "
                "which Kubernetes clients no longer do",
                "Update the plugin, and set apiVersion: client.authentication.k8s.io/v1 in the kubeconfig.",
            )
        environment = self._environment()
        program = self._program(environment)
        try:
            process = await asyncio.create_subprocess_exec(
                program,
                *(self.config.args or ()),
                env=environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise ConfigError(
                f"The credential plugin {self.name} cannot be run: {error.strerror}", self._install_hint()
            ) from error
        try:
            output, complaint = await self._talk(process)
        finally:
            await _end(process)
        if process.returncode != 0:
            raise self._failed(f"failed with exit code {process.returncode}", complaint)
        return self._parse(output, complaint)

    async def _talk(self, process: asyncio.subprocess.Process) -> tuple[bytes, bytes]:
        assert process.stdout is not None
        assert process.stderr is not None
        complaint = bytearray()
        try:
            async with asyncio.timeout(self.timeout):
                output, _, _ = await asyncio.gather(
                    _head(process.stdout, _MAX_OUTPUT), _tail(process.stderr, complaint), process.wait()
                )
        except TimeoutError:
            raise self._failed(f"did not answer within {self.timeout:g} s", bytes(complaint)) from None
        return output, bytes(complaint)

    def _program(self, environment: Mapping[str, str]) -> str:
        command = self.config.command
        if os.path.dirname(command):
            command = str(self.directory / Path(command).expanduser())
        program = shutil.which(command, path=environment.get("PATH"))
        if program is None:
            raise ConfigError(f"The credential plugin {self.name} is not installed", self._install_hint())
        return program

    def _install_hint(self) -> str:
        ours = "Install it and make sure it is on the PATH; the kubeconfig's user names it under exec."
        theirs = printable(self.config.install_hint or "").strip()[:1000]
        return f"{theirs} ({ours})" if theirs else ours

    def _environment(self) -> dict[str, str]:
        environment = dict(self.environ)
        environment.update({one.name: one.value for one in self.config.env or ()})
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
            "proxy-url": endpoint.proxy,
            "config": endpoint.exec_extension,
        }
        return {name: value for name, value in given.items() if value is not None}

    def _parse(self, output: bytes, complaint: bytes) -> PluginCredential:
        try:
            answer = msgspec.json.decode(output, type=_ExecCredential)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise self._failed("did not answer with an ExecCredential in JSON", complaint) from None
        if answer.kind != "ExecCredential" or answer.status is None:
            raise self._failed("did not answer with an ExecCredential that has a status", complaint)
        if answer.api_version != self.config.api_version:
            raise self._failed(
                f"answered in {printable(answer.api_version)[:100]}, not in {printable(self.config.api_version)}",
                complaint,
            )
        status = answer.status
        certificate = None
        if status.client_certificate_data and status.client_key_data:
            certificate = ClientCertificate(status.client_certificate_data.encode(), status.client_key_data.encode())
        elif status.client_certificate_data or status.client_key_data:
            raise self._failed("gave a client certificate and key of which one is missing", complaint)
        if not status.token and certificate is None:
            raise self._failed("gave neither a token nor a client certificate", complaint)
        expires_at = status.expiration_timestamp
        if expires_at is not None and expires_at.tzinfo is None:
            expires_at = expires_at.replace(tzinfo=UTC)
        return PluginCredential(status.token or None, certificate, expires_at)

    def _failed(self, what: str, complaint: bytes) -> ConfigError:
        said = printable(complaint.decode("utf-8", "replace").strip())
        message = f"The credential plugin {self.name} {what}"
        if said:
            message += f": {said if len(said) <= 1000 else '… ' + said[-1000:]}"
        hint = "Run `kubectl get namespaces` in a shell: it runs the same plugin, and may let you sign in."
        return ConfigError(message, hint)


async def _head(stream: asyncio.StreamReader, limit: int) -> bytes:
    """Read to the end, and keep what comes first."""
    kept = bytearray()
    while chunk := await stream.read(65536):
        kept += chunk[: limit - len(kept)]
    return bytes(kept)


async def _tail(stream: asyncio.StreamReader, kept: bytearray) -> None:
    """Read to the end, and keep what comes last: the cause of a failure."""
    while chunk := await stream.read(65536):
        kept += chunk
        del kept[:-_MAX_COMPLAINT]


async def _end(process: asyncio.subprocess.Process) -> None:
    """Leave nothing running: the plugin and what it started, when it was cancelled or too slow."""
    if process.returncode is not None:
        return
    try:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    except ProcessLookupError:
        pass
    await process.wait()
