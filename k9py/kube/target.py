"""Resolves options into one cluster, one user and the namespace: where to connect, as whom.

Owns: the choice of the context, the in-cluster fallback, and reading certificate material the entries name.
Blocks on small files: call it from a thread. Needs neither the client nor aiohttp.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from k9py.api.errors import ConfigError
from k9py.api.text import printable
from k9py.kube.kubeconfig import DEMO_HINT, Entry, Kubeconfig, missing_hint, read_kubeconfig
from k9py.kube.kubeconfig_file import decode_base64
from k9py.kube.kubeconfig_schema import Cluster, User
from k9py.kube.options import ConnectOptions
from k9py.kube.proxy import proxy_for
from k9py.kube.server_url import is_loopback, parse_server
from k9py.kube.validation import check_cluster, check_user

IN_CLUSTER = "in-cluster"
"""The context's name when we run in a pod and use its service account."""
SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


@dataclass(frozen=True, slots=True)
class ConnectionInfo:
    """What the header shows of a connection. `server` is the URL without a trailing slash."""

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
        proxy_url: the proxy as the kubeconfig names it, to tell exec plugins; None when the environment does.
        authorization: the header that stood in the server's URL; it goes before every other credential.
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
        """Without TLS no credential is sent, as by kubectl; what goes to this machine itself nobody else can read."""
        return self.is_tls or (self.proxy is None and is_loopback(urlsplit(self.server).hostname or ""))


@dataclass(frozen=True, slots=True)
class ConnectionTarget:
    """Everything a connection is made from; the user's secrets are still where the kubeconfig keeps them.

    Args:
        undefined_user: the user the context names, when the kubeconfig does not define it: kubectl then goes without.
    """

    info: ConnectionInfo
    endpoint: ServerEndpoint
    user: Entry[User]
    undefined_user: str = ""


def resolve_target(
    options: ConnectOptions, environ: Mapping[str, str], *, service_account: Path = SERVICE_ACCOUNT
) -> ConnectionTarget:
    """Choose the context and read its cluster.

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
        raise ConfigError(error.message, f"{error.hint} {_missing(config, environ)}.".strip()) from error


def _no_kubeconfig(config: Kubeconfig, environ: Mapping[str, str]) -> ConfigError:
    if config.paths:
        shown = printable(", ".join(map(str, config.paths)))
        also = f", and {_missing(config, environ)}" if config.missing else ""
        return ConfigError(f"The kubeconfig {shown} has no contexts{also}", DEMO_HINT)
    why = _missing(config, environ) if config.missing else "KUBECONFIG is set, but names no file"
    hint = missing_hint(config.missing)
    return ConfigError(f"There is no kubeconfig, so kdash does not know which cluster to show: {why}", hint)


def _missing(config: Kubeconfig, environ: Mapping[str, str]) -> str:
    """Say which files were looked for in vain."""
    shown = printable(", ".join(map(str, config.missing)))[:500]
    does = "do" if len(config.missing) > 1 else "does"
    if environ.get("KUBECONFIG"):
        return f"KUBECONFIG names {shown}, which {does} not exist"
    return f"{shown} {does} not exist"


def _from_context(config: Kubeconfig, wanted: str | None, environ: Mapping[str, str]) -> ConnectionTarget:
    name = wanted or config.current_context
    if not name and "" not in config.contexts:
        raise ConfigError(
            "The kubeconfig sets no current context", f"Choose one: `kdash --context NAME`. {_known(config)}"
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
        return ConnectionTarget(info, endpoint, Entry(User(), context.directory), user_name)
    check_user(user_name, user.value, is_tls=endpoint.is_tls)
    return ConnectionTarget(info, endpoint, user)


def _known(config: Kubeconfig) -> str:
    names = sorted(config.contexts)
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return f"There are: {printable(', '.join(names[:10]))}{more}."


def _suggestion(name: str, config: Kubeconfig) -> str:
    close = difflib.get_close_matches(name, config.contexts, n=1, cutoff=0.6)
    return f"Did you mean {printable(close[0])}? {_known(config)}" if close else _known(config)


def _endpoint(name: str, entry: Entry[Cluster], environ: Mapping[str, str]) -> ServerEndpoint:
    cluster = entry.value
    server = parse_server(name, cluster.server or "")
    is_tls = server.url.startswith("https://")
    check_cluster(name, cluster, is_tls=is_tls)
    extension = next(
        (one.extension for one in cluster.extensions or () if one.name == "client.authentication.k8s.io/exec"), None
    )
    return ServerEndpoint(
        server.url,
        ca=read_certificate_data(
            entry, cluster.certificate_authority_data, cluster.certificate_authority, "certificate-authority"
        ),
        insecure=bool(cluster.insecure_skip_tls_verify),
        tls_server_name=cluster.tls_server_name or None,
        proxy=proxy_for(server.url, cluster.proxy_url, environ, cluster=name),
        compression=not cluster.disable_compression,
        exec_extension=extension,
        authorization=server.authorization,
        proxy_url=cluster.proxy_url or None,
    )


def read_certificate_data(
    entry: Entry[Cluster] | Entry[User], data: str | None, path: str | None, what: str
) -> bytes | None:
    """Return a certificate or key given as base64 data (preferred) or as a path; None when given as neither.

    Raises:
        ConfigError: the data is not base64, or the file is missing or unreadable.
    """
    if data:
        try:
            return decode_base64(data)
        except ValueError as error:
            raise ConfigError(f"{what}-data is not base64", f"Correct {what}-data in the kubeconfig.") from error
    if not path:
        return None
    return read_credential_file(entry.path(path), what)


def read_credential_file(path: Path, what: str) -> bytes:
    """Return a file's content.

    Raises:
        ConfigError: it is missing or cannot be read.
    """
    try:
        return path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        hint = f"Correct {what} in the kubeconfig, or put the file there."
        if "~" in path.parts:
            hint = f"In a kubeconfig ~ does not stand for the home directory: write {what} with its whole path."
        why = getattr(error, "strerror", None) or str(error)
        raise ConfigError(f"The file of {what} cannot be read: {printable(str(path))}: {why}", hint) from error


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
    user = Entry(User(token_file=str(service_account / "token")), service_account)
    return ConnectionTarget(
        ConnectionInfo(IN_CLUSTER, IN_CLUSTER, "service account", server, namespace), endpoint, user
    )
