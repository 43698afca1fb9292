"""Resolves options to one cluster, one user and a namespace: where to connect, and as whom.

Owns: the choice of the context, the in-cluster fallback, and reading the certificate files that the entries name.
Blocks on small files: call it in a thread. Needs neither the client library nor aiohttp.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from k9py.api.errors import ConfigError
from k9py.api.plural import pluralize
from k9py.api.text import printable
from k9py.kube.kubeconfig import (
    DEMO_HINT,
    Kubeconfig,
    KubeconfigEntry,
    decode_base64,
    missing_hint,
    read_kubeconfig,
)
from k9py.kube.kubeconfig_schema import KubeconfigCluster, KubeconfigUser, check_cluster, check_user
from k9py.kube.options import ConnectOptions
from k9py.kube.proxy import proxy_for
from k9py.kube.server_url import is_loopback, parse_server

IN_CLUSTER: Final = "in-cluster"
"""Name of the context when kdash runs in a pod and uses its service account."""
SERVICE_ACCOUNT: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_EXEC_EXTENSION: Final = "client.authentication.k8s.io/exec"


@dataclass(frozen=True, slots=True)
class ConnectionInfo:
    """A connection as the header shows it. `server` is the URL without a trailing slash."""

    context: str
    cluster: str
    user: str
    server: str
    namespace: str


@dataclass(frozen=True, slots=True)
class ServerEndpoint:
    """How to reach the API server.

    Args:
        ca: PEM, None for the system's authorities.
        proxy: URL of the proxy, None to connect directly.
        proxy_url: the proxy as the kubeconfig names it, for exec plugins; None when the environment names it.
        authorization: the header that the server's URL contains; it takes precedence over every other credential.
    """

    server: str
    ca: bytes | None = None
    insecure: bool = False
    tls_server_name: str | None = None
    proxy: str | None = None
    compression: bool = True
    exec_extension: object = None
    authorization: str | None = field(default=None, repr=False)
    proxy_url: str | None = None

    @property
    def is_tls(self) -> bool:
        return self.server.startswith("https://")

    @property
    def allows_credentials(self) -> bool:
        """Whether credentials may be sent: not without TLS, as with kubectl, except to this machine itself."""
        return self.is_tls or (self.proxy is None and is_loopback(urlsplit(self.server).hostname or ""))


@dataclass(frozen=True, slots=True)
class ConnectionTarget:
    """Everything that a connection needs; the user's secrets have not been read from their files yet.

    Args:
        undefined_user: the context's user, when the kubeconfig does not define it: kubectl then sends no credentials.
    """

    info: ConnectionInfo
    endpoint: ServerEndpoint
    user: KubeconfigEntry[KubeconfigUser]
    undefined_user: str = ""


def resolve_target(
    options: ConnectOptions, environ: Mapping[str, str], *, service_account: Path = SERVICE_ACCOUNT
) -> ConnectionTarget:
    """Choose the context and resolve its cluster and user.

    Args:
        service_account: directory of the in-cluster credentials, for tests.

    Raises:
        ConfigError: no kubeconfig, no such context, or an entry that cannot be used.
    """
    config = read_kubeconfig(options.kubeconfig, environ)
    if not config.contexts and not config.current_context:
        if not options.kubeconfig and not options.context and _in_pod(environ, service_account):
            return _in_cluster(environ, service_account)
        raise _no_kubeconfig(config, environ)
    try:
        return _from_context(config, options.context, environ)
    except ConfigError as error:
        if not config.missing:
            raise
        raise ConfigError(error.message, f"{error.hint} {_missing_files(config, environ)}.".strip()) from error


def _no_kubeconfig(config: Kubeconfig, environ: Mapping[str, str]) -> ConfigError:
    if config.paths:
        shown = printable(", ".join(map(str, config.paths)))
        missing = f", and {_missing_files(config, environ)}" if config.missing else ""
        return ConfigError(f"The kubeconfig {shown} has no contexts{missing}", DEMO_HINT)
    reason = _missing_files(config, environ) if config.missing else "KUBECONFIG is set, but names no file"
    return ConfigError(f"No kubeconfig: {reason}", missing_hint(config.missing))


def _missing_files(config: Kubeconfig, environ: Mapping[str, str]) -> str:
    """Return which files do not exist, to follow a colon or "and"."""
    shown = printable(", ".join(map(str, config.missing)))[:500]
    does = pluralize(len(config.missing), "does", "do")
    if environ.get("KUBECONFIG"):
        return f"KUBECONFIG names {shown}, which {does} not exist"
    return f"{shown} {does} not exist"


def _from_context(config: Kubeconfig, context_name: str | None, environ: Mapping[str, str]) -> ConnectionTarget:
    name = context_name or config.current_context
    if not name and "" not in config.contexts:
        raise ConfigError(
            "The kubeconfig sets no current context", f"Choose one: `kdash --context NAME`. {_available(config)}"
        )
    context = config.contexts.get(name)
    if context is None:
        raise ConfigError(f"There is no context named {printable(name)}", _suggestion(name, config))
    cluster_name, user_name = context.value.cluster or "", context.value.user or ""
    cluster = config.clusters.get(cluster_name)
    if cluster is None:
        raise ConfigError(
            f"The context {printable(name)} names the cluster {printable(cluster_name) or '(none)'}, "
            "which the kubeconfig does not define",
            "Add that cluster, or correct the context: `kubectl config view` shows both.",
        )
    user = config.users.get(user_name)
    endpoint = _endpoint(cluster_name, cluster, environ)
    namespace = context.value.namespace or "default"
    info = ConnectionInfo(name, cluster_name, user_name, endpoint.server, namespace)
    if user is None:
        return ConnectionTarget(info, endpoint, KubeconfigEntry(KubeconfigUser(), context.directory), user_name)
    check_user(user_name, user.value, is_tls=endpoint.is_tls)
    return ConnectionTarget(info, endpoint, user)


def _available(config: Kubeconfig) -> str:
    names = sorted(config.contexts)
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return f"Available: {printable(', '.join(names[:10]))}{more}."


def _suggestion(name: str, config: Kubeconfig) -> str:
    close = difflib.get_close_matches(name, config.contexts, n=1, cutoff=0.6)
    return f"Did you mean {printable(close[0])}? {_available(config)}" if close else _available(config)


def _endpoint(name: str, entry: KubeconfigEntry[KubeconfigCluster], environ: Mapping[str, str]) -> ServerEndpoint:
    cluster = entry.value
    server = parse_server(name, cluster.server or "")
    is_tls = server.url.startswith("https://")
    check_cluster(name, cluster, is_tls=is_tls)
    return ServerEndpoint(
        server.url,
        ca=read_certificate_data(
            entry, cluster.certificate_authority_data, cluster.certificate_authority, "certificate-authority"
        ),
        insecure=bool(cluster.insecure_skip_tls_verify),
        tls_server_name=cluster.tls_server_name or None,
        proxy=proxy_for(server.url, cluster.proxy_url, environ, cluster=name),
        compression=not cluster.disable_compression,
        exec_extension=next(
            (named.extension for named in cluster.extensions or () if named.name == _EXEC_EXTENSION), None
        ),
        authorization=server.authorization,
        proxy_url=cluster.proxy_url or None,
    )


def read_certificate_data(
    entry: KubeconfigEntry[KubeconfigCluster] | KubeconfigEntry[KubeconfigUser],
    data: str | None,
    path: str | None,
    field_name: str,
) -> bytes | None:
    """Return a certificate or key that is given as base64 data (preferred) or as a path; None when neither is set.

    Args:
        field_name: the field of the path, for errors; the field of the data is "<field_name>-data".

    Raises:
        ConfigError: the data is not base64, or the file is missing or unreadable.
    """
    if data:
        try:
            return decode_base64(data)
        except ValueError as error:
            raise ConfigError(
                f"{field_name}-data is not base64", f"Correct {field_name}-data in the kubeconfig."
            ) from error
    if not path:
        return None
    return read_credential_file(entry.resolve_path(path), field_name)


def read_credential_file(path: Path, field_name: str) -> bytes:
    """Return the content of a file.

    Args:
        field_name: the field of the kubeconfig that names the file, for errors.

    Raises:
        ConfigError: it is missing or cannot be read.
    """
    try:
        return path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        hint = f"Correct {field_name} in the kubeconfig, or put the file there."
        if "~" in path.parts:
            hint = f"In a kubeconfig, ~ is not the home directory: write the whole path of {field_name}."
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigError(f"The file of {field_name} cannot be read: {printable(str(path))}: {reason}", hint) from error


def _in_pod(environ: Mapping[str, str], service_account: Path) -> bool:
    return bool(environ.get("KUBERNETES_SERVICE_HOST")) and (service_account / "token").exists()


def _in_cluster(environ: Mapping[str, str], service_account: Path) -> ConnectionTarget:
    host, port = environ["KUBERNETES_SERVICE_HOST"], environ.get("KUBERNETES_SERVICE_PORT") or "443"
    server = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
    try:
        namespace = (service_account / "namespace").read_text("utf-8").strip() or "default"
    except OSError:  # older clusters do not mount it
        namespace = "default"
    endpoint = ServerEndpoint(
        server,
        ca=read_credential_file(service_account / "ca.crt", "the service account's certificate authority"),
        proxy=proxy_for(server, None, environ),
    )
    user = KubeconfigEntry(KubeconfigUser(token_file=str(service_account / "token")), service_account)
    return ConnectionTarget(
        ConnectionInfo(IN_CLUSTER, IN_CLUSTER, "service account", server, namespace), endpoint, user
    )
