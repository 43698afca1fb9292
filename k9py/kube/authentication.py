"""Chooses how the user of a context authenticates: static credentials, an exec plugin, or OpenID Connect.

Owns: the order of precedence, which is kubectl's. To add a way to authenticate: a coroutine that fetches a
`Credential`, and a branch in `credentials_for`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from k9py.api.text import printable
from k9py.kube.credentials import Credential, Credentials, RenewedCredentials, StaticCredentials, header_safe
from k9py.kube.exec_plugin import ExecPlugin
from k9py.kube.kubeconfig import KubeconfigEntry
from k9py.kube.kubeconfig_schema import KubeconfigUser, has_authorization, has_static_credentials
from k9py.kube.oidc import OidcTokens
from k9py.kube.sign_in import SignInListener
from k9py.kube.target import ConnectionTarget
from k9py.runtime.clock import Clock


def credentials_for(
    target: ConnectionTarget,
    environ: Mapping[str, str],
    clock: Clock,
    *,
    reload: Callable[[], KubeconfigEntry[KubeconfigUser]] | None = None,
    sign_in: SignInListener | None = None,
) -> Credentials:
    """Return the source of the user's credentials.

    What the kubeconfig itself contains takes precedence over a plugin or provider that it also names; nothing secret is
    sent without TLS. Source: client-go's rest/transport.go.

    Args:
        environ: the environment that a plugin inherits.
        clock: decides about expiry and intervals.
        reload: reads the user from the kubeconfig again; see `StaticCredentials`.
        sign_in: notified of a plugin's output.
    """
    user, endpoint = target.user.value, target.endpoint
    static = StaticCredentials(target.user, reload, withheld=_withheld(target))
    if not endpoint.is_tls:
        return static
    if user.exec is not None and not has_static_credentials(user):
        plugin = ExecPlugin(user.exec, target.user.directory, endpoint, environ, sign_in)

        async def from_plugin() -> Credential:
            fetched = await plugin.run()
            authorization = f"Bearer {header_safe(fetched.token)}" if fetched.token else None
            return Credential(authorization, fetched.certificate, expires_at=fetched.expires_at)

        return RenewedCredentials(f"the credential plugin {plugin.name}", from_plugin, static, clock)
    if user.auth_provider is not None and not has_authorization(user):
        tokens = OidcTokens(user.auth_provider, target.user.directory, clock.now)

        async def from_provider() -> Credential:
            token, expires_at = await tokens.fetch()
            return Credential(f"Bearer {header_safe(token)}", expires_at=expires_at)

        return RenewedCredentials("the OpenID Connect provider", from_provider, static, clock)
    return static


def _withheld(target: ConnectionTarget) -> str:
    """Return why no credentials may be sent, "" when they may."""
    if not target.endpoint.allows_credentials:
        return "without TLS (http://) kdash sends no credentials"
    if target.undefined_user:
        return f"the kubeconfig does not define the user {printable(target.undefined_user)} that the context names"
    return ""
