"""Former differences between kubectl and kdash: each case as small as possible.

A case contains what the server must see; kubectl must do the same.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Final

import pytest

from tests.conformance.kubeconfigs.clients import both
from tests.conformance.kubeconfigs.servers import Servers
from tests.conformance.kubeconfigs.writing import (
    ALICE,
    CA,
    CLUSTER,
    CONTEXT,
    EXEC,
    PLAIN,
    PLUGIN,
    TLS,
    USER,
    Content,
    Encoded,
    Files,
    answering,
    case,
    config,
    named,
    plugin,
    printing,
)
from tests.unit.kube.kubeconfigs import encoded, pem

TOKEN: Final = "Bearer t"
AUTHORIZED: Final[dict[str, tuple[Files, dict[str, str], str]]] = {
    "a token goes before a plugin": (config(user=f"token: t, {EXEC}"), {}, TOKEN),
    "a password goes before a plugin": (config(user=f"username: me, {EXEC}"), {}, "Basic bWU6"),
    "a token file goes before a plugin": ({"config": config(user=f"tokenFile: f, {EXEC}"), "f": "t\n"}, {}, TOKEN),
    "a certificate goes before a plugin": (config(user=f"{ALICE}, {EXEC}"), {}, ""),
    "a token goes before OpenID Connect": (
        config(user="token: t, auth-provider: {name: oidc, config: {idp-issuer-url: 'https://i', client-id: c}}"),
        {},
        TOKEN,
    ),
    "a token stands in for a token file that is missing": (config(user="token: t, tokenFile: gone"), {}, TOKEN),
    "a token stands in for a token file that is empty": (
        {"config": config(user="token: t, tokenFile: f"), "f": "\n"},
        {},
        TOKEN,
    ),
    "a token that is not ASCII": (config(user="token: tö"), {}, "Bearer tö"),
    "a key without a certificate is not used": (
        config(user=f"token: t, client-key-data: {encoded('alice.key')}"),
        {},
        TOKEN,
    ),
    "name and password in the server's URL": (
        config(f"server: 'https://me:pw@localhost:@tls', {CA}"),
        {},
        "Basic bWU6cHc=",
    ),
    "a user, cluster and context without a name": (
        f"clusters: [{{cluster: {{{TLS}}}}}]\nusers: [{{user: {{token: t}}}}]\ncontexts: [{{context: {{}}}}]\n",
        {},
        TOKEN,
    ),
    "an unused user with an empty plugin": (
        config().replace("users:\n", "users:\n- {name: v, user: {exec: {}}}\n"),
        {},
        TOKEN,
    ),
    "a date as a name": (named("2026-11-30"), {}, TOKEN),
    "a time as a name": (named("12:30:45"), {}, TOKEN),
    "a number too large for a float as a name": (named("1e400"), {}, TOKEN),
    "a number that is none as a name": (named("0o8"), {}, TOKEN),
    "null as a name": (named("~").replace("current-context: ~", ""), {}, TOKEN),
    "an equals sign as a name": (named("="), {}, TOKEN),
    "a tag nobody knows": (named("!colour x"), {}, TOKEN),
    "a number that a tag makes text": (named("!!str 12"), {}, TOKEN),
    "UTF-16, low byte first": (Encoded(config(), "utf-16"), {}, TOKEN),
    "UTF-8 with a byte order mark": (Encoded(config(), "utf-8-sig"), {}, TOKEN),
    "several documents: the first": (config() + "---\n{{{ no YAML", {}, TOKEN),
    "a marker before the first document": ("# ours\n---\n" + config(), {}, TOKEN),
    "what is unknown is left alone": (config() + "colour: [red]\n", {}, TOKEN),
    "a key given twice: the last": (config(user="token: x, token: t"), {}, TOKEN),
    "a merge goes over what stood before it": (config(user="token: x, <<: {token: t}"), {}, TOKEN),
    "of several merges the first": (config(user="<<: [{token: t}, {token: x}]"), {}, TOKEN),
    "null lists and fields": (config().replace("current", "extensions: ~\ncurrent") + "preferences: ~\n", {}, TOKEN),
    "of two files the first has a user, whole": (
        {"a": CLUSTER + USER, "b": "users: [{name: u, user: {token: x, as: bob}}]\n" + CONTEXT},
        {"KUBECONFIG": "{dir}/a:{dir}/gone:{dir}/b"},
        TOKEN,
    ),
    "a tilde in an entry is a directory's name": (
        {"config": config(user="tokenFile: '~/f'"), "~/f": "t", "home/f": "x"},
        {},
        TOKEN,
    ),
    "a tilde in KUBECONFIG leaves a file out": (
        {"a": config(), "home/.kube/b": config(user="token: x").replace("x\n", "z\n")},
        {"KUBECONFIG": "~/.kube/b:{dir}/a"},
        TOKEN,
    ),
    "an anchor that is given again": (
        "x: &t x\ny: &t t\n" + config(user="token: *t "),
        {},
        TOKEN,
    ),
    "YAML that says its version": ("%YAML 1.1\n---\n" + config(), {}, TOKEN),
    "a plugin answers in YAML": (
        plugin(printing("apiVersion: client.authentication.k8s.io/v1\nstatus: {token: t}")),
        {},
        TOKEN,
    ),
    "a plugin answers without a kind": (
        plugin(printing('{"apiVersion": "client.authentication.k8s.io/v1", "status": {"token": "t"}}')),
        {},
        TOKEN,
    ),
    "a plugin's credential never expires in year 1": (
        plugin(answering('{"token": "t", "expirationTimestamp": "0001-01-01T00:00:00Z"}')),
        {},
        TOKEN,
    ),
    "null arguments are empty ones": (plugin(answering(when='[ "$#$1$2" = 2a ]'), args="[~, a]"), {}, TOKEN),
    "a null variable is an empty one": (
        plugin(answering(when="[ -z ${A-unset} ]"), env="[{name: A, value: ~}]"),
        {},
        TOKEN,
    ),
    "a plugin is looked for on kubectl's own path": (
        {
            "config": config(user=f"exec: {{{PLUGIN}, command: plugin, env: [{{name: PATH, value: /usr/bin:/bin}}]}}"),
            "plugin": answering(),
        },
        {"PATH": "{dir}:/usr/bin:/bin"},
        TOKEN,
    ),
    "without TLS nothing secret is sent": (config(PLAIN), {}, ""),
    "without TLS no plugin runs": (config(PLAIN, f"exec: {{{PLUGIN}, command: /bin/false}}"), {}, ""),
    "without TLS a token file is not read": (config(PLAIN, "tokenFile: gone"), {}, ""),
    "without TLS a removed provider does not matter": (config(PLAIN, "auth-provider: {name: gcp}"), {}, ""),
    "without TLS a strange authority does not matter": (
        config(PLAIN + ", certificate-authority-data: aGk=, insecure-skip-tls-verify: true"),
        {},
        "",
    ),
}


@pytest.mark.parametrize(("given", "environ", "expected"), AUTHORIZED.values(), ids=AUTHORIZED)
async def test_kdash_authenticates_as_kubectl_does(
    tmp_path: Path, servers: Servers, given: Files, environ: dict[str, str], expected: str
) -> None:
    kubectl_result, kdash_result = await both(case(servers, given, **environ), tmp_path, servers)
    assert kdash_result.error == ""
    assert kubectl_result.error == ""
    assert kdash_result.seen == kubectl_result.seen
    assert dict(kdash_result.seen[0].headers).get("authorization", "") == expected


CONNECTIONS: Final[dict[str, tuple[str, dict[str, str], str]]] = {
    "proxy-url takes precedence over NO_PROXY": (
        TLS + ", proxy-url: 'http://localhost:@proxy'",
        {"NO_PROXY": "*"},
        "connect localhost:@tls",
    ),
    "SOCKS": (TLS + ", proxy-url: 'socks5://localhost:@proxy'", {}, "socks5 localhost:@tls"),
    "SOCKS, in capitals": (TLS + ", proxy-url: 'SOCKS5://localhost:@proxy'", {}, "socks5 localhost:@tls"),
    "SOCKS with a name and password": (
        TLS + ", proxy-url: 'socks5://me:p%40w@localhost:@proxy'",
        {},
        "socks5 localhost:@tls me:p@w",
    ),
    "SOCKS with a name alone": (TLS + ", proxy-url: 'socks5://me@localhost:@proxy'", {}, "socks5 localhost:@tls me:"),
    "SOCKS to an address": (
        f"server: 'https://127.0.0.1:@tls', {CA}, proxy-url: 'socks5://localhost:@proxy'",
        {},
        "socks5 127.0.0.1:@tls",
    ),
    "SOCKS resolves the name, and the TLS name is the cluster's": (
        f"server: 'https://nowhere.test:@tls', {CA}, tls-server-name: kube.test, proxy-url: 'socks5://localhost:@proxy'",
        {},
        "socks5 nowhere.test:@tls",
    ),
    "SOCKS without TLS": (
        "server: 'http://nowhere.test:@plain', proxy-url: 'socks5://localhost:@proxy'",
        {},
        "socks5 nowhere.test:@plain",
    ),
    "SOCKS from the environment": (
        f"server: 'https://nowhere.test:@tls', {CA}, tls-server-name: kube.test",
        {"HTTPS_PROXY": "socks5h://localhost:@proxy"},
        "socks5 nowhere.test:@tls",
    ),
    "an unknown scheme in the environment is HTTP": (
        f"server: 'https://nowhere.test:@tls', {CA}, tls-server-name: kube.test",
        {"HTTPS_PROXY": "tcp://localhost:@proxy"},
        "connect nowhere.test:@tls",
    ),
    "HTTPS in capitals keeps authority and TLS name": (
        f"server: 'HTTPS://LOCALHOST:@tls', {CA}, tls-server-name: kube.test",
        {},
        "",
    ),
    "y is true": ("server: 'https://localhost:@tls', insecure-skip-tls-verify: y", {}, ""),
    "line ends in base64": (TLS.replace("LS0t", '"LS0t\\r\\n', 1) + '"', {}, ""),
    "a path is cleaned, a query dropped": (f"server: 'https://localhost:@tls/a%20b//c/../d/?x=1', {CA}", {}, ""),
    "a host and a port are http": ("server: 'localhost:@plain'", {}, ""),
}


@pytest.mark.parametrize(("cluster", "environ", "proxy"), CONNECTIONS.values(), ids=CONNECTIONS)
async def test_kdash_connects_the_way_kubectl_does(
    tmp_path: Path, servers: Servers, cluster: str, environ: dict[str, str], proxy: str
) -> None:
    given = case(servers, config(cluster, "as: bob, token: t" if "https" in cluster.lower() else ""), **environ)
    kubectl_result, kdash_result = await both(given, tmp_path, servers)
    assert kdash_result.error == ""
    assert kubectl_result.error == ""
    assert kdash_result.seen == kubectl_result.seen
    assert kdash_result.seen[0].proxy == proxy.replace("@tls", str(servers.tls_port)).replace(
        "@plain", str(servers.plain_port)
    )


async def test_kdash_connects_where_kubectl_would_ask_for_a_name_and_a_password(
    tmp_path: Path, servers: Servers
) -> None:
    kubectl_result, kdash_result = await both(case(servers, config(user="")), tmp_path, servers)
    assert kubectl_result.wanted_to_ask
    assert kdash_result.seen[0].headers == ()


@pytest.mark.parametrize(
    ("certificate", "key"),
    [
        (("alice.crt", "bob.key"), ("alice.key",)),
        (("alice.key", "alice.crt"), ("bob.crt", "alice.key")),
        (("alice.crt",), ("alice.key", "bob.key")),
    ],
)
async def test_a_certificate_and_a_key_among_others_are_those_kubectl_takes(
    tmp_path: Path, servers: Servers, certificate: tuple[str, ...], key: tuple[str, ...]
) -> None:
    files: dict[str, Content] = {
        "config": config(user="client-certificate: c, client-key: k"),
        "c": b"".join(map(pem, certificate)),
        "k": b"".join(map(pem, key)),
    }
    kubectl_result, kdash_result = await both(case(servers, files), tmp_path, servers)
    assert (kubectl_result.error, kdash_result.error) == ("", "")
    assert kdash_result.seen == kubectl_result.seen
    assert kdash_result.seen[0].client == "alice"


async def test_a_plugin_receives_what_kubectl_sends_it(tmp_path: Path, servers: Servers) -> None:
    cluster = f"{TLS}, tls-server-name: kube.test, proxy-url: 'http://localhost:@proxy', disable-compression: true"
    extension = "extension: {a: 1, b: ~, c: 2026-11-30, d: yes}"
    cluster += f", extensions: [{{name: client.authentication.k8s.io/exec, {extension}}}]"
    token = '"$(printf %s "$KUBERNETES_EXEC_INFO" | base64 | tr -d \'\\n\')"'
    answer = '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"%s"}}'
    files: dict[str, Content] = {
        "config": config(cluster, f"exec: {{{PLUGIN}, command: ./plugin, provideClusterInfo: true}}"),
        "plugin": f"#!/bin/sh\nprintf '{answer}' {token}\n",
    }
    kubectl_result, kdash_result = await both(case(servers, files), tmp_path, servers)
    received = [
        json.loads(base64.b64decode(dict(result.seen[0].headers)["authorization"].removeprefix("Bearer ")))
        for result in (kubectl_result, kdash_result)
    ]
    assert received[0]["spec"]["cluster"]["config"] == {"a": 1, "b": None, "c": "2026-11-30", "d": True}
    assert received[1] == received[0]
