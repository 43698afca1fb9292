"""Reads and merges kubeconfig files into typed entries.

Owns: where kubeconfigs are looked for and how several become one. The rules are client-go's
(tools/clientcmd/loader.go): of several files the first that names an entry, or sets the current context, wins; relative
paths are relative to the file that names them; files listed in KUBECONFIG may be missing, one given by hand may not.
kubernetes_asyncio's merger is not used: it takes the last current-context, and importing it costs the first frame.

To read a further field: add it to the Struct, in the kubeconfig's own words.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec
import yaml

from k9py.objects.errors import ConfigError
from k9py.objects.text import printable

DEMO_HINT = "Set KUBECONFIG or give --kubeconfig PATH. No cluster at hand? Run `kdash --demo`."


class Extension(msgspec.Struct, frozen=True):
    """A named extension of a cluster; `client.authentication.k8s.io/exec` is handed to exec plugins."""

    name: str = ""
    extension: Any = None


class Cluster(msgspec.Struct, frozen=True, rename="kebab"):
    """clientcmd v1 Cluster."""

    server: str | None = None
    tls_server_name: str | None = None
    insecure_skip_tls_verify: bool | None = None
    certificate_authority: str | None = None
    certificate_authority_data: str | None = None
    proxy_url: str | None = None
    disable_compression: bool | None = None
    extensions: tuple[Extension, ...] | None = None


class EnvironmentVariable(msgspec.Struct, frozen=True):
    name: str
    value: str = ""


class ExecConfig(msgspec.Struct, frozen=True, rename="camel"):
    """clientcmd v1 ExecConfig: how to run a credential plugin."""

    command: str
    api_version: str = ""
    args: tuple[str, ...] | None = None
    env: tuple[EnvironmentVariable, ...] | None = None
    install_hint: str | None = None
    provide_cluster_info: bool | None = None
    interactive_mode: str | None = None


class AuthProvider(msgspec.Struct, frozen=True):
    """The older way to plug in credentials; only `oidc` is still supported by Kubernetes clients."""

    name: str = ""
    config: dict[str, Any] | None = None


class User(msgspec.Struct, frozen=True, rename="kebab"):
    """clientcmd v1 AuthInfo."""

    client_certificate: str | None = None
    client_certificate_data: str | None = None
    client_key: str | None = None
    client_key_data: str | None = None
    token: str | None = None
    token_file: str | None = msgspec.field(name="tokenFile", default=None)
    impersonate: str | None = msgspec.field(name="as", default=None)
    impersonate_uid: str | None = msgspec.field(name="as-uid", default=None)
    impersonate_groups: tuple[str, ...] | None = msgspec.field(name="as-groups", default=None)
    impersonate_extra: dict[str, tuple[str, ...]] | None = msgspec.field(name="as-user-extra", default=None)
    username: str | None = None
    password: str | None = None
    auth_provider: AuthProvider | None = None
    exec: ExecConfig | None = None


class Context(msgspec.Struct, frozen=True):
    """clientcmd v1 Context."""

    cluster: str | None = None
    user: str | None = None
    namespace: str | None = None


class _NamedCluster(msgspec.Struct, frozen=True):
    name: str
    cluster: Cluster | None = None


class _NamedUser(msgspec.Struct, frozen=True):
    name: str
    user: User | None = None


class _NamedContext(msgspec.Struct, frozen=True):
    name: str
    context: Context | None = None


class _File(msgspec.Struct, frozen=True, rename="kebab"):
    clusters: tuple[_NamedCluster, ...] | None = None
    users: tuple[_NamedUser, ...] | None = None
    contexts: tuple[_NamedContext, ...] | None = None
    current_context: str | None = None


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Entry(Generic[T]):
    """An entry and the directory of the file it stands in: its relative paths start there."""

    value: T
    directory: Path

    def path(self, text: str) -> Path:
        """Return a path the entry names, made absolute."""
        return self.directory / Path(text).expanduser()


@dataclass(frozen=True, slots=True)
class Kubeconfig:
    """Several files, merged. `paths` are those that were read; `current_context` is "" when none is set."""

    clusters: Mapping[str, Entry[Cluster]]
    users: Mapping[str, Entry[User]]
    contexts: Mapping[str, Entry[Context]]
    current_context: str
    paths: tuple[Path, ...]


def candidate_paths(kubeconfig: str | None, environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Return the files to look at, in the order of precedence."""
    if kubeconfig:
        return (Path(kubeconfig).expanduser(),)
    listed = [part for part in environ.get("KUBECONFIG", "").split(os.pathsep) if part]
    if listed:
        return tuple(dict.fromkeys(Path(part).expanduser() for part in listed))
    home = environ.get("HOME") or environ.get("USERPROFILE") or os.path.expanduser("~")
    return (Path(home) / ".kube" / "config",)


def read_kubeconfig(kubeconfig: str | None = None, environ: Mapping[str, str] | None = None) -> Kubeconfig:
    """Read and merge the kubeconfig files. Blocks on files of a few KB.

    Returns:
        The merged configuration; `paths` is empty when no file exists.

    Raises:
        ConfigError: the file given by hand is missing, or a file cannot be read or understood.
    """
    environ = os.environ if environ is None else environ
    candidates = candidate_paths(kubeconfig, environ)
    if kubeconfig and not candidates[0].exists():
        raise ConfigError(f"The kubeconfig {printable(str(candidates[0]))} does not exist", DEMO_HINT)
    return _merge([(path, _read(path)) for path in candidates if path.exists()])


def _merge(files: Iterable[tuple[Path, _File]]) -> Kubeconfig:
    clusters: dict[str, Entry[Cluster]] = {}
    users: dict[str, Entry[User]] = {}
    contexts: dict[str, Entry[Context]] = {}
    current = ""
    paths: list[Path] = []
    for path, file in files:
        directory = path.absolute().parent
        for named_cluster in file.clusters or ():
            clusters.setdefault(named_cluster.name, Entry(named_cluster.cluster or Cluster(), directory))
        for named_user in file.users or ():
            users.setdefault(named_user.name, Entry(named_user.user or User(), directory))
        for named_context in file.contexts or ():
            contexts.setdefault(named_context.name, Entry(named_context.context or Context(), directory))
        current = current or file.current_context or ""
        paths.append(path)
    return Kubeconfig(clusters, users, contexts, current, tuple(paths))


def _read(path: Path) -> _File:
    shown = printable(str(path))
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(
            f"The kubeconfig {shown} cannot be read: {error.strerror}", "Check the file's owner and mode."
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"The kubeconfig {shown} is not UTF-8 text", "Save it as UTF-8.") from error
    try:
        content = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise ConfigError(
            f"The kubeconfig {shown} is not valid YAML: {_where(error)}",
            "Correct that line; `kubectl config view --kubeconfig FILE` checks it too.",
        ) from error
    try:
        return msgspec.convert({} if content is None else content, _File)
    except msgspec.ValidationError as error:
        raise ConfigError(
            f"The kubeconfig {shown} has an entry of the wrong shape: {printable(str(error))[:300]}",
            "The path after the $ names the entry; correct it there.",
        ) from error


def _where(error: yaml.YAMLError) -> str:
    """Say where, and never quote the file: what stands there may be a token."""
    mark = getattr(error, "problem_mark", None)
    problem = printable(str(getattr(error, "problem", None) or "it cannot be parsed"))[:200]
    return f"line {mark.line + 1}, column {mark.column + 1}: {problem}" if mark is not None else problem
