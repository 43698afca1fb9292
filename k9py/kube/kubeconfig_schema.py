"""What stands in a kubeconfig, as typed values.

Owns: the fields of client-go's `clientcmd/api/v1`, in the kubeconfig's own words. Null is the same as absent.
To read a further field: add it to the Struct. A list in which null stands for "" is named in `kubeconfig_file`.
"""

from __future__ import annotations

from typing import Any

import msgspec


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
    name: str = ""
    value: str = ""


class ExecConfig(msgspec.Struct, frozen=True, rename="camel"):
    """clientcmd v1 ExecConfig: how to run a credential plugin."""

    command: str = ""
    api_version: str = ""
    args: tuple[str, ...] | None = None
    env: tuple[EnvironmentVariable, ...] | None = None
    install_hint: str | None = None
    provide_cluster_info: bool | None = None
    interactive_mode: str | None = None


class AuthProvider(msgspec.Struct, frozen=True):
    """The older way to plug in credentials; only `oidc` is still supported by Kubernetes clients."""

    name: str = ""
    config: dict[str, str] | None = None


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
    extensions: tuple[Extension, ...] | None = None


class Context(msgspec.Struct, frozen=True):
    """clientcmd v1 Context."""

    cluster: str | None = None
    user: str | None = None
    namespace: str | None = None
    extensions: tuple[Extension, ...] | None = None


class NamedCluster(msgspec.Struct, frozen=True):
    name: str = ""
    cluster: Cluster | None = None


class NamedUser(msgspec.Struct, frozen=True):
    name: str = ""
    user: User | None = None


class NamedContext(msgspec.Struct, frozen=True):
    name: str = ""
    context: Context | None = None


class Preferences(msgspec.Struct, frozen=True):
    colors: bool | None = None
    extensions: tuple[Extension, ...] | None = None


class File(msgspec.Struct, frozen=True, rename="kebab"):
    """One kubeconfig file."""

    kind: str | None = None
    api_version: str | None = msgspec.field(name="apiVersion", default=None)
    clusters: tuple[NamedCluster, ...] | None = None
    users: tuple[NamedUser, ...] | None = None
    contexts: tuple[NamedContext, ...] | None = None
    current_context: str | None = None
    preferences: Preferences | None = None
    extensions: tuple[Extension, ...] | None = None
