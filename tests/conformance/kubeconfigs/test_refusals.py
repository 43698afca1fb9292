"""Kubeconfigs that kubectl refuses, kdash refuses too, with a reason: each case as small as possible.

A case contains a part of kdash's error; kubectl must refuse as well.
"""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Final

import pytest

from tests.conformance.kubeconfigs.clients import both
from tests.conformance.kubeconfigs.servers import Servers
from tests.conformance.kubeconfigs.writing import (
    ALICE,
    CA,
    EXEC,
    PLUGIN,
    TLS,
    Encoded,
    Files,
    answering,
    case,
    config,
    named,
    plugin,
)
from tests.unit.kube.kubeconfigs import encoded, pem

REFUSED: Final[dict[str, tuple[Files, dict[str, str], str]]] = {
    "a number as a name": (named("12"), {}, "contexts[0].name is a number, and must be text\nPut it in quotes."),
    "an octal number as a name": (named("0o17"), {}, "contexts[0].name is a number"),
    "a hexadecimal number as a name": (named("0x1F"), {}, "contexts[0].name is a number"),
    "a float as a name": (named("1e3"), {}, "contexts[0].name is a number"),
    "no as a name": (named("no"), {}, "contexts[0].name is true or false (as are yes, no"),
    "infinity as a name": (named(".inf"), {}, "infinity"),
    "a wrong type in an unused entry": (
        config().replace("users:\n", "users:\n- {name: v, user: {token: 5}}\n"),
        {},
        "users[0].user.token is a number",
    ),
    "no base64 in an unused entry": (
        config().replace("users:\n", "users:\n- {name: v, user: {client-key-data: '!'}}\n"),
        {},
        "has client-key-data that is not base64, in the user v",
    ),
    "blanks in base64": (config(TLS.replace("LS0t", "LS0t ", 1)), {}, "Write certificate-authority-data on one line."),
    "a user defined twice": (
        config().replace("users:\n", "users:\n- {name: u}\n"),
        {},
        "defines the user u more than once",
    ),
    "another kind": (config().replace("kind: Config", "kind: Pod"), {}, "it is of kind Pod"),
    "UTF-16 without a mark": (Encoded(config(), "utf-16-le"), {}, "without a byte order mark"),
    "a list": ("- a\n", {}, "the whole file is a list"),
    "a broken file beside a good one": (
        {"a": "{{{", "b": config()},
        {"KUBECONFIG": "{dir}/b:{dir}/a"},
        "/a is not valid YAML",
    ),
    "missing files": (config(), {"KUBECONFIG": "{dir}/gone:{dir}/lost"}, "/lost, which do not exist"),
    "KUBECONFIG of separators": ({"home/.kube/config": config()}, {"KUBECONFIG": ":"}, "names no file"),
    "a token and a name": (config(user="token: t, username: me"), {}, "both a token and a password"),
    "a token file and a name": (
        {"config": config(user="tokenFile: f, username: me"), "f": "t"},
        {},
        "both a tokenFile and a password",
    ),
    "two certificates": (config(user=f"{ALICE}, client-certificate: x"), {}, "both client-certificate and client-"),
    "two keys": (config(user=f"{ALICE}, client-key: x"), {}, "both client-key and client-key-data"),
    "a certificate without a key": (
        config(user=f"client-certificate-data: {encoded('alice.crt')}"),
        {},
        "has a client-certificate but no client-key",
    ),
    "two authorities": (
        {"config": config(TLS + ", certificate-authority: f"), "f": pem("ca.crt")},
        {},
        "both certificate-authority",
    ),
    "an authority that is not used": (config(TLS + ", insecure-skip-tls-verify: true"), {}, "would ignore it"),
    "groups without a user": (config(user="token: t, as-groups: [a]"), {}, "but no `as`"),
    "extra values without a user, and without values": (
        config(user="token: t, as-user-extra: {a: ~}"),
        {},
        "but no `as`",
    ),
    "a plugin without a mode": (
        config(user="exec: {apiVersion: client.authentication.k8s.io/v1, command: x}"),
        {},
        "Set exec.interactiveMode: IfAvailable",
    ),
    "a plugin with a mode of its own": (
        config(user="exec: {apiVersion: client.authentication.k8s.io/v1, command: x, interactiveMode: Sometimes}"),
        {},
        "an interactiveMode that does not exist: Sometimes",
    ),
    "a plugin and a provider": (
        config(user=f"{EXEC}, auth-provider: {{name: oidc}}"),
        {},
        "both exec and auth-provider",
    ),
    "a plugin of a removed version, beside a token": (
        config(
            user=f"token: t, exec: {{{PLUGIN.replace('v1,', 'v1alpha1,')}, command: x}}",
        ),
        {},
        "which Kubernetes clients no longer support",
    ),
    "a variable without a name": (plugin(answering(), env="[~]"), {}, "an environment variable without a name"),
    "a provider without an issuer": (config(user="auth-provider: {name: oidc}"), {}, "without idp-issuer-url"),
    "a plugin that prints nothing": (plugin("#!/bin/sh\n"), {}, "printed nothing"),
    "a plugin that prints twice": (plugin(answering() + "echo '{}'\n"), {}, "did not answer with an ExecCredential"),
    "a plugin with a strange expiry": (
        plugin(answering('{"token": "T", "expirationTimestamp": "tomorrow"}')),
        {},
        'an invalid expirationTimestamp: "tomorrow"',
    ),
    "a proxy without a scheme": (
        config(TLS + ", proxy-url: 'localhost:@proxy'"),
        {},
        "an invalid proxy-url",
    ),
    "a SOCKS proxy that is not there": (
        config(TLS + ", proxy-url: 'socks5://localhost:1'"),
        {},
        "SOCKS proxy for https://localhost:@tls cannot be reached",
    ),
    "a path without a scheme": (config("server: 'localhost:@plain/x'"), {}, "a path but no scheme"),
    "a control character in the server": (
        config(f'server: "https://localhost:@tls/\\tx", {CA}'),
        {},
        "a server that is not a valid URL",
    ),
    "a certificate and a key that were swapped": (
        config(user=ALICE.replace("certificate", "?").replace("key", "certificate").replace("?", "key")),
        {},
        "client-certificate is a key, and client-key a certificate: swap them",
    ),
    "a key in place of a certificate": (
        config(user=ALICE.replace(encoded("alice.crt"), encoded("alice.key"))),
        {},
        "client-certificate is a key",
    ),
    "a certificate in place of a key": (
        config(user=ALICE.replace(encoded("alice.key"), encoded("alice.crt"))),
        {},
        "client-key is a certificate",
    ),
    "aliases that repeat too much": (
        "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
        + "".join(
            f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n"
            for before, name in itertools.pairwise("abcdefghijklmnopqrst")
        )
        + config(),
        {},
        "its aliases repeat too much",
    ),
    "YAML of another version": ("%YAML 1.2\n---\n" + config(), {}, "it is YAML 1.2, not 1.1"),
    "a number in a provider's settings": (
        config(user="auth-provider: {name: oidc, config: {idp-issuer-url: 'https://localhost:1', client-id: 12}}"),
        {},
        "users[0].user.auth-provider.config.client-id is a number, and must be text\nPut it in quotes.",
    ),
    "a tilde in KUBECONFIG": (
        {"home/.kube/other": config()},
        {"KUBECONFIG": "~/.kube/other"},
        "KUBECONFIG names ~/.kube/other, which does not exist\nOnly the shell replaces ~",
    ),
    "a plugin that is a directory": (
        {"config": config(user=EXEC), "plugin/program": answering()},
        {},
        "plugin cannot be run: it is a directory",
    ),
    "a directory as a file": (
        {"d/config": config()},
        {"KUBECONFIG": "{dir}/d"},
        "cannot be read: Is a directory\nName the file in it",
    ),
    "a tilde that means home": (
        {
            "config": config("server: 'https://localhost:@tls', certificate-authority: '~/ca.crt'"),
            "home/ca.crt": pem("ca.crt"),
        },
        {},
        "~ is not the home directory",
    ),
}


@pytest.mark.parametrize(("given", "environ", "expected"), REFUSED.values(), ids=REFUSED)
async def test_kdash_refuses_what_kubectl_refuses_and_says_why(
    tmp_path: Path, servers: Servers, given: Files, environ: dict[str, str], expected: str
) -> None:
    kubectl_result, kdash_result = await both(case(servers, given, **environ), tmp_path, servers)
    assert kubectl_result.error != ""
    assert expected.replace("@tls", str(servers.tls_port)) in kdash_result.error
    assert kdash_result.seen == ()
