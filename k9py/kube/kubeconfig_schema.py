"""The entries of a kubeconfig as typed values, and the combinations of fields that cannot be used.

Owns: the fields of client-go's `clientcmd/api/v1` under the kubeconfig's own names; null is the same as absent. Also
the combinations that kubectl refuses (client-go's `clientcmd/validation.go` and `rest/transport.go`), with a message
that names the field to remove or add. Only the context in use is validated.
To read another field: add it to the Struct; a list in which null stands for "" is named in `kubeconfig`.
To add a rule: a `yield` in one of the generators.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from k9py.api.errors import ConfigError
from k9py.api.text import printable

EXEC_VERSIONS: Final = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")
_INTERACTIVE_MODES: Final = ("Never", "IfAvailable", "Always")
_REMOVED_PROVIDERS: Final = ("gcp", "azure")


class Extension(msgspec.Struct, frozen=True):
    """A named extension of a cluster; `client.authentication.k8s.io/exec` is passed to exec plugins."""

    name: str = ""
    extension: Any = None


class KubeconfigCluster(msgspec.Struct, frozen=True, rename="kebab"):
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
    """clientcmd v1 AuthProviderConfig, which exec plugins have replaced; Kubernetes clients still support `oidc`."""

    name: str = ""
    config: dict[str, str] | None = None


class KubeconfigUser(msgspec.Struct, frozen=True, rename="kebab"):
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


class KubeconfigContext(msgspec.Struct, frozen=True):
    """clientcmd v1 Context."""

    cluster: str | None = None
    user: str | None = None
    namespace: str | None = None
    extensions: tuple[Extension, ...] | None = None


class NamedCluster(msgspec.Struct, frozen=True):
    name: str = ""
    cluster: KubeconfigCluster | None = None


class NamedUser(msgspec.Struct, frozen=True):
    name: str = ""
    user: KubeconfigUser | None = None


class NamedContext(msgspec.Struct, frozen=True):
    name: str = ""
    context: KubeconfigContext | None = None


class Preferences(msgspec.Struct, frozen=True):
    colors: bool | None = None
    extensions: tuple[Extension, ...] | None = None


class KubeconfigFile(msgspec.Struct, frozen=True, rename="kebab"):
    """clientcmd v1 Config: one kubeconfig file."""

    kind: str | None = None
    api_version: str | None = msgspec.field(name="apiVersion", default=None)
    clusters: tuple[NamedCluster, ...] | None = None
    users: tuple[NamedUser, ...] | None = None
    contexts: tuple[NamedContext, ...] | None = None
    current_context: str | None = None
    preferences: Preferences | None = None
    extensions: tuple[Extension, ...] | None = None


def check_cluster(name: str, cluster: KubeconfigCluster, *, is_tls: bool) -> None:
    """Raise ConfigError when the fields of a cluster contradict each other."""
    for problem, hint in _cluster_problems(cluster, is_tls=is_tls):
        raise ConfigError(f"The cluster {printable(name)} {problem}", hint)


def check_user(name: str, user: KubeconfigUser, *, is_tls: bool) -> None:
    """Raise ConfigError when the fields of a user contradict each other, or name what kdash does not support."""
    shown = f"The user {printable(name)}" if name else "The user without a name"
    for problem, hint in _user_problems(user):
        raise ConfigError(f"{shown} {problem}", hint)
    if is_tls:
        for problem, hint in _sign_in_problems(user):
            raise ConfigError(f"{shown} {problem}", hint)


def has_static_credentials(user: KubeconfigUser) -> bool:
    """Return whether a user has a token, a password or a certificate: then no plugin runs, as with kubectl."""
    return has_authorization(user) or bool(user.client_certificate or user.client_certificate_data)


def has_authorization(user: KubeconfigUser) -> bool:
    """Return whether the kubeconfig itself contains the value of the Authorization header."""
    return bool(user.token or user.token_file or user.username)


def _cluster_problems(cluster: KubeconfigCluster, *, is_tls: bool) -> Iterator[tuple[str, str]]:
    has_ca = bool(cluster.certificate_authority or cluster.certificate_authority_data)
    if cluster.certificate_authority and cluster.certificate_authority_data:
        yield _both("certificate-authority")
    if is_tls and cluster.insecure_skip_tls_verify and has_ca:
        yield (
            "has both a certificate authority and insecure-skip-tls-verify, which would ignore it",
            "Remove insecure-skip-tls-verify from the kubeconfig to have the server verified.",
        )


def _user_problems(user: KubeconfigUser) -> Iterator[tuple[str, str]]:
    if user.token and (user.username or user.password):
        yield ("has both a token and a password: only one can be sent", "Remove one of them.")
    if user.client_certificate or user.client_certificate_data:
        if user.client_certificate and user.client_certificate_data:
            yield _both("client-certificate")
        if user.client_key and user.client_key_data:
            yield _both("client-key")
        if not user.client_key and not user.client_key_data:
            yield ("has a client-certificate but no client-key", "Add client-key or client-key-data to the user.")
    if user.exec is not None:
        if user.auth_provider is not None:
            yield ("has both exec and auth-provider", "Remove auth-provider: exec plugins have replaced it.")
        yield from _plugin_problems(user.exec)
    if (user.impersonate_uid or user.impersonate_groups or user.impersonate_extra) and not user.impersonate:
        yield ("has as-uid, as-groups or as-user-extra but no `as`", "Name the user to impersonate with `as`.")


def _plugin_problems(plugin: ExecConfig) -> Iterator[tuple[str, str]]:
    shown = printable(plugin.command)[:200]
    if not plugin.command:
        yield ("has exec without a command", "Set exec.command to the credential plugin.")
    if not plugin.api_version:
        yield (
            f"runs {shown} but does not say in which apiVersion it answers",
            f"Set exec.apiVersion: {EXEC_VERSIONS[0]} in the kubeconfig.",
        )
    if any(not variable.name for variable in plugin.env or ()):
        yield (f"runs {shown} with an environment variable without a name", "Correct exec.env in the kubeconfig.")
    mode = plugin.interactive_mode or ("IfAvailable" if plugin.api_version == EXEC_VERSIONS[1] else "")
    if not mode:
        yield (
            f"runs {shown} but does not say whether it is interactive, which {EXEC_VERSIONS[0]} requires",
            "Set exec.interactiveMode: IfAvailable in the kubeconfig (or Never, or Always).",
        )
    elif mode not in _INTERACTIVE_MODES:
        yield (
            f"runs {shown} with an interactiveMode that does not exist: {printable(mode)[:100]}",
            f"Set exec.interactiveMode to one of {', '.join(_INTERACTIVE_MODES)}.",
        )


def _sign_in_problems(user: KubeconfigUser) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with how a user signs in; it is only used with TLS."""
    if (user.username or user.password) and user.token_file:
        yield ("has both a tokenFile and a password: only one can be sent", "Remove one of them.")
    if user.exec is not None and user.exec.api_version not in EXEC_VERSIONS:
        shown, version = printable(user.exec.command)[:200], printable(user.exec.api_version)[:200]
        yield (
            f"runs the credential plugin {shown} in {version}, which Kubernetes clients no longer support",
            f"Update the plugin, and set apiVersion: {EXEC_VERSIONS[0]} in the kubeconfig.",
        )
    provider = user.auth_provider
    if provider is None or provider.name == "oidc":
        for field in ("idp-issuer-url", "client-id"):
            if provider is not None and not (provider.config or {}).get(field):
                yield (f"has the auth-provider oidc without {field}", f"Add {field} to its config.")
    elif provider.name in _REMOVED_PROVIDERS:
        yield (
            f"has the auth-provider {provider.name}, which was removed from Kubernetes clients in 1.26",
            "Create the kubeconfig entry again with your cloud's command: it will use an exec plugin.",
        )
    else:
        yield (
            f"has an auth-provider that does not exist: {printable(provider.name) or '(without a name)'}",
            "Use oidc, or an exec plugin for any other way to sign in.",
        )


def _both(field: str) -> tuple[str, str]:
    return (f"has both {field} and {field}-data", f"Remove one of them: kubectl would use {field}-data.")
