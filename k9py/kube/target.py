"""Resolves options into one cluster, one user and the namespace: where to connect, as whom.

Owns: the choice of the context, the in-cluster fallback, and reading certificate material the entries name.
Blocks on small files: call it from a thread. Needs neither the client nor aiohttp.
"""

from __future__ import annotations

import base64
import binascii
import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from k9py.kube.kubeconfig import DEMO_HINT, Cluster, Entry, Kubeconfig, User, read_kubeconfig
from k9py.kube.options import ConnectOptions
from k9py.kube.proxy import proxy_for
from k9py.objects.errors import ConfigError
from k9py.objects.text import printable

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
class Endpoint:
    """How to reach the API server. `ca` is PEM, None for the system's authorities."""

    server: str
    ca: bytes | None = None
    insecure: bool = False
    tls_server_name: str | None = None
    proxy: str | None = None
    compression: bool = True
    exec_extension: object = None

    @property
    def is_tls(self) -> bool:
        return self.server.startswith("https://")


@dataclass(frozen=True, slots=True)
class Target:
    """Everything a connection is made from; the user's secrets are still where the kubeconfig keeps them."""

    info: ConnectionInfo
    endpoint: Endpoint
    user: Entry[User]


def resolve(options: ConnectOptions, environ: Mapping[str, str], *, service_account: Path = SERVICE_ACCOUNT) -> Target:
    """Choose the context and read its cluster.

    Raises:
        ConfigError: no kubeconfig, no such context, or an entry that cannot be used.
    """
    config = read_kubeconfig(options.kubeconfig, environ)
    if not config.contexts and not config.current_context:
        if not options.kubeconfig and not options.context and _in_pod(environ, service_account):
            return _in_cluster(environ, service_account)
        raise _no_kubeconfig(config)
    return _from_context(config, options.context, environ)


def _no_kubeconfig(config: Kubeconfig) -> ConfigError:
    if not config.paths:
        return ConfigError("There is no kubeconfig, so kdash does not know which cluster to show", DEMO_HINT)
    shown = printable(", ".join(map(str, config.paths)))
    return ConfigError(f"The kubeconfig {shown} has no contexts", DEMO_HINT)


def _from_context(config: Kubeconfig, wanted: str | None, environ: Mapping[str, str]) -> Target:
    name = wanted or config.current_context
    if not name:
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
    if user is None:
        if user_name:
            raise ConfigError(
                f"The context {printable(name)} names the user {printable(user_name)}, "
                "which the kubeconfig does not define",
                "Add that user, or correct the context: `kubectl config view` shows both.",
            )
        user = Entry(User(), context.directory)
    endpoint = _endpoint(cluster_name, cluster, user.value, environ)
    namespace = context.value.namespace or "default"
    return Target(ConnectionInfo(name, cluster_name, user_name, endpoint.server, namespace), endpoint, user)


def _known(config: Kubeconfig) -> str:
    names = sorted(config.contexts)
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return f"There are: {printable(', '.join(names[:10]))}{more}."


def _suggestion(name: str, config: Kubeconfig) -> str:
    close = difflib.get_close_matches(name, config.contexts, n=1, cutoff=0.6)
    return f"Did you mean {printable(close[0])}? {_known(config)}" if close else _known(config)


def _endpoint(name: str, entry: Entry[Cluster], user: User, environ: Mapping[str, str]) -> Endpoint:
    cluster = entry.value
    server = _server(name, cluster, user)
    insecure = bool(cluster.insecure_skip_tls_verify)
    extension = next(
        (one.extension for one in cluster.extensions or () if one.name == "client.authentication.k8s.io/exec"), None
    )
    return Endpoint(
        server,
        ca=material(entry, cluster.certificate_authority_data, cluster.certificate_authority, "certificate-authority"),
        insecure=insecure,
        tls_server_name=cluster.tls_server_name or None,
        proxy=proxy_for(server, cluster.proxy_url, environ),
        compression=not cluster.disable_compression,
        exec_extension=extension,
    )


def _server(name: str, cluster: Cluster, user: User) -> str:
    given = cluster.server or ""
    server = given.rstrip("/")
    if not server:
        raise ConfigError(f"The cluster {printable(name)} has no server", "Set its server in the kubeconfig.")
    if "://" not in given:  # client-go's rule: TLS when anything speaks of TLS
        secure = cluster.certificate_authority or cluster.certificate_authority_data or cluster.insecure_skip_tls_verify
        server = (
            f"{'https' if secure or user.client_certificate or user.client_certificate_data else 'http'}://{server}"
        )
    if not _is_url(server):
        raise ConfigError(
            f"The cluster {printable(name)} has a server that is no URL of an API server: {printable(server)[:200]}",
            "Set its server to https://HOST:PORT in the kubeconfig.",
        )
    return server


def _is_url(server: str) -> bool:
    try:
        parts = urlsplit(server)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, or an address with one bracket
        return False


def material(entry: Entry[Cluster] | Entry[User], data: str | None, path: str | None, what: str) -> bytes | None:
    """Return a certificate or key given as base64 data (preferred) or as a path; None when given as neither.

    Raises:
        ConfigError: the data is not base64, or the file is missing or unreadable.
    """
    if data:
        try:
            return base64.b64decode("".join(data.split()), validate=True)
        except (binascii.Error, ValueError) as error:
            raise ConfigError(f"{what}-data is not base64", f"Correct {what}-data in the kubeconfig.") from error
    if not path:
        return None
    return read_material(entry.path(path), what)


def read_material(path: Path, what: str) -> bytes:
    """Return a file's content.

    Raises:
        ConfigError: it is missing or cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"The file of {what} cannot be read: {printable(str(path))}: {error.strerror}",
            f"Correct {what} in the kubeconfig, or put the file there.",
        ) from error


def _in_pod(environ: Mapping[str, str], service_account: Path) -> bool:
    return bool(environ.get("KUBERNETES_SERVICE_HOST")) and (service_account / "token").exists()


def _in_cluster(environ: Mapping[str, str], service_account: Path) -> Target:
    host, port = environ["KUBERNETES_SERVICE_HOST"], environ.get("KUBERNETES_SERVICE_PORT") or "443"
    server = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
    try:
        namespace = (service_account / "namespace").read_text("utf-8").strip() or "default"
    except OSError:  # older clusters do not mount it
        namespace = "default"
    endpoint = Endpoint(
        server,
        ca=read_material(service_account / "ca.crt", "the service account's certificate authority"),
        proxy=proxy_for(server, None, environ),
    )
    user = Entry(User(token_file=str(service_account / "token")), service_account)
    return Target(ConnectionInfo(IN_CLUSTER, IN_CLUSTER, "service account", server, namespace), endpoint, user)
