"""Whether a cluster and a user can be used as the kubeconfig describes them.

Owns: the combinations kubectl refuses (client-go's `clientcmd/validation.go` and `rest/transport.go`), in words that
say which of two fields to remove. Only the context in use is checked. To add a rule: a line in one of the generators.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from k9py.api.errors import ConfigError
from k9py.api.text import printable
from k9py.kube.kubeconfig_schema import Cluster, ExecConfig, User

EXEC_VERSIONS: Final = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")
_MODES: Final = ("Never", "IfAvailable", "Always")
_REMOVED_PROVIDERS: Final = ("gcp", "azure")


def check_cluster(name: str, cluster: Cluster, *, is_tls: bool) -> None:
    """Refuse a cluster that contradicts itself. Raises ConfigError."""
    for problem in _of_cluster(cluster, is_tls=is_tls):
        raise ConfigError(f"The cluster {printable(name)} {problem[0]}", problem[1])


def check_user(name: str, user: User, *, is_tls: bool) -> None:
    """Refuse a user that contradicts itself. Raises ConfigError."""
    shown = f"The user {printable(name)}" if name else "The user without a name"
    for problem in _of_user(user):
        raise ConfigError(f"{shown} {problem[0]}", problem[1])
    if is_tls:
        for problem in _used_with_tls(user):
            raise ConfigError(f"{shown} {problem[0]}", problem[1])


def has_own_credentials(user: User) -> bool:
    """Tell whether a user has a token, a password or a certificate: then a plugin is not asked, as by kubectl."""
    return has_header(user) or bool(user.client_certificate or user.client_certificate_data)


def has_header(user: User) -> bool:
    """Tell whether the kubeconfig itself holds what goes into the Authorization header."""
    return bool(user.token or user.token_file or user.username)


def _of_cluster(cluster: Cluster, *, is_tls: bool) -> Iterator[tuple[str, str]]:
    has_ca = bool(cluster.certificate_authority or cluster.certificate_authority_data)
    if cluster.certificate_authority and cluster.certificate_authority_data:
        yield _both("certificate-authority")
    if is_tls and cluster.insecure_skip_tls_verify and has_ca:
        yield (
            "has a certificate authority, and insecure-skip-tls-verify that would ignore it",
            "Remove insecure-skip-tls-verify from the kubeconfig to have the server verified.",
        )


def _of_user(user: User) -> Iterator[tuple[str, str]]:
    if user.token and (user.username or user.password):
        yield ("has a token and a name and password, of which only one can be sent", "Remove one of them.")
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
        yield from _of_plugin(user.exec)
    if (user.impersonate_uid or user.impersonate_groups or user.impersonate_extra) and not user.impersonate:
        yield ("has as-uid, as-groups or as-user-extra but no `as`", "Name the user to impersonate with `as`.")


def _of_plugin(plugin: ExecConfig) -> Iterator[tuple[str, str]]:
    shown = printable(plugin.command)[:200]
    if not plugin.command:
        yield ("has exec without a command", "Name the credential plugin to run under exec.command.")
    if not plugin.api_version:
        yield (
            f"runs {shown} without saying in which API version it answers",
            f"Set exec.apiVersion: {EXEC_VERSIONS[0]} in the kubeconfig.",
        )
    if any(not one.name for one in plugin.env or ()):
        yield (f"runs {shown} with an environment variable without a name", "Correct exec.env in the kubeconfig.")
    mode = plugin.interactive_mode or ("IfAvailable" if plugin.api_version == EXEC_VERSIONS[1] else "")
    if not mode:
        yield (
            f"runs {shown} without saying whether it talks to a person, which {EXEC_VERSIONS[0]} requires",
            "Set exec.interactiveMode: IfAvailable in the kubeconfig (or Never, or Always).",
        )
    elif mode not in _MODES:
        yield (
            f"runs {shown} with an interactiveMode that does not exist: {printable(mode)[:100]}",
            f"Set exec.interactiveMode to one of {', '.join(_MODES)}.",
        )


def _used_with_tls(user: User) -> Iterator[tuple[str, str]]:
    if (user.username or user.password) and user.token_file:
        yield ("has a tokenFile and a name and password, of which only one can be sent", "Remove one of them.")
    if user.exec is not None and user.exec.api_version not in EXEC_VERSIONS:
        shown, version = printable(user.exec.command)[:200], printable(user.exec.api_version)[:200]
        yield (
            f"runs the credential plugin {shown} in {version}, which Kubernetes clients no longer speak",
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
            "Create the kubeconfig's entry anew with your cloud's command: it will use an exec plugin.",
        )
    else:
        yield (
            f"has an auth-provider that does not exist: {printable(provider.name) or '(without a name)'}",
            "Only oidc is left; other ways to sign in are exec plugins.",
        )


def _both(field: str) -> tuple[str, str]:
    return (f"has both {field} and {field}-data", f"Remove one of them: {field}-data is what kubectl would take.")
