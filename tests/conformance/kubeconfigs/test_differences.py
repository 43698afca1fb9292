"""Differences between kubectl and kdash that were found and mended: each as small as it can be.

A case says what the server must see, or the words of kdash's refusal; kubectl must do the same, or refuse as well.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Final

import pytest

from tests.conformance.kubeconfigs.clients import both
from tests.conformance.kubeconfigs.world import World
from tests.conformance.kubeconfigs.writing import (
    ALICE,
    CA,
    PLAIN,
    PLUGIN,
    TLS,
    Content,
    Encoded,
    Files,
    answering,
    case,
    config,
    printing,
)
from tests.unit.kube.kubeconfigs import encoded, pem

TOKEN: Final = "Bearer t"
EXEC: Final = f"exec: {{{PLUGIN}, command: ./plugin}}"
CLUSTER: Final = f"clusters: [{{name: c, cluster: {{{TLS}}}}}]\n"
CONTEXT: Final = "contexts: [{name: x, context: {cluster: c, user: u}}]\ncurrent-context: x\n"
USER: Final = "users: [{name: u, user: {token: t}}]\n"


def plugin(program: str, **fields: str) -> dict[str, Content]:
    inside = "".join(f", {name}: {value}" for name, value in fields.items())
    return {"config": config(user=f"exec: {{{PLUGIN}, command: ./plugin{inside}}}"), "plugin": program}


def named(name: str) -> str:
    return CLUSTER + USER + CONTEXT.replace("name: x", f"name: {name}").replace("context: x", f"context: {name}")


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
async def test_kdash_is_let_in_as_kubectl_is(
    tmp_path: Path, world: World, given: Files, environ: dict[str, str], expected: str
) -> None:
    by_kubectl, by_kdash = await both(case(world, given, **environ), tmp_path, world)
    assert by_kdash.words == ""
    assert by_kubectl.words == ""
    assert by_kdash.seen == by_kubectl.seen
    assert dict(by_kdash.seen[0].headers).get("authorization", "") == expected


WAYS: Final[dict[str, tuple[str, dict[str, str], str]]] = {
    "proxy-url goes before NO_PROXY": (
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
    "a scheme nobody knows in the environment is HTTP": (
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


@pytest.mark.parametrize(("cluster", "environ", "proxy"), WAYS.values(), ids=WAYS)
async def test_kdash_goes_the_way_kubectl_goes(
    tmp_path: Path, world: World, cluster: str, environ: dict[str, str], proxy: str
) -> None:
    given = case(world, config(cluster, "as: bob, token: t" if "https" in cluster.lower() else ""), **environ)
    by_kubectl, by_kdash = await both(given, tmp_path, world)
    assert by_kdash.words == ""
    assert by_kubectl.words == ""
    assert by_kdash.seen == by_kubectl.seen
    assert by_kdash.seen[0].proxy == proxy.replace("@tls", str(world.tls_port)).replace("@plain", str(world.plain_port))


REFUSED: Final[dict[str, tuple[Files, dict[str, str], str]]] = {
    "a number as a name": (named("12"), {}, "contexts[0].name is a number, and must be text\nPut it in quotes."),
    "an octal number as a name": (named("0o17"), {}, "contexts[0].name is a number"),
    "a hexadecimal number as a name": (named("0x1F"), {}, "contexts[0].name is a number"),
    "a float as a name": (named("1e3"), {}, "contexts[0].name is a number"),
    "no as a name": (named("no"), {}, "contexts[0].name is true or false (in YAML so are yes, no"),
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
    "a token and a name": (config(user="token: t, username: me"), {}, "a token and a name and password"),
    "a token file and a name": (
        {"config": config(user="tokenFile: f, username: me"), "f": "t"},
        {},
        "a tokenFile and a",
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
    "an authority that is not asked": (config(TLS + ", insecure-skip-tls-verify: true"), {}, "would ignore it"),
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
    "a plugin of a version that is gone, beside a token": (
        config(
            user=f"token: t, exec: {{{PLUGIN.replace('v1,', 'v1alpha1,')}, command: x}}",
        ),
        {},
        "which Kubernetes clients no longer speak",
    ),
    "a variable without a name": (plugin(answering(), env="[~]"), {}, "an environment variable without a name"),
    "a provider without an issuer": (config(user="auth-provider: {name: oidc}"), {}, "without idp-issuer-url"),
    "a plugin that prints nothing": (plugin("#!/bin/sh\n"), {}, "printed nothing"),
    "a plugin that prints twice": (plugin(answering() + "echo '{}'\n"), {}, "did not answer with an ExecCredential"),
    "a plugin with a strange expiry": (
        plugin(answering('{"token": "T", "expirationTimestamp": "tomorrow"}')),
        {},
        'an expirationTimestamp that is no time: "tomorrow"',
    ),
    "a proxy without a scheme": (
        config(TLS + ", proxy-url: 'localhost:@proxy'"),
        {},
        "a proxy-url that cannot be used",
    ),
    "a SOCKS proxy that is not there": (
        config(TLS + ", proxy-url: 'socks5://localhost:1'"),
        {},
        "SOCKS proxy before https://localhost:@tls cannot be reached",
    ),
    "a path without a scheme": (config("server: 'localhost:@plain/x'"), {}, "a path but without a scheme"),
    "a control character in the server": (
        config(f'server: "https://localhost:@tls/\\tx", {CA}'),
        {},
        "no URL of an API",
    ),
    "a certificate and a key that were changed over": (
        config(user=ALICE.replace("certificate", "?").replace("key", "certificate").replace("?", "key")),
        {},
        "client-certificate is a key, and client-key a certificate: change them over",
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
    "YAML of another version": ("%YAML 1.2\n---\n" + config(), {}, "it is of YAML 1.2, not 1.1"),
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
        "~ does not stand for the home directory",
    ),
}


@pytest.mark.parametrize(("given", "environ", "words"), REFUSED.values(), ids=REFUSED)
async def test_kdash_refuses_what_kubectl_refuses_and_says_why(
    tmp_path: Path, world: World, given: Files, environ: dict[str, str], words: str
) -> None:
    by_kubectl, by_kdash = await both(case(world, given, **environ), tmp_path, world)
    assert by_kubectl.words != ""
    assert words.replace("@tls", str(world.tls_port)) in by_kdash.words
    assert by_kdash.seen == ()


async def test_kdash_connects_where_kubectl_would_ask_for_a_name_and_a_password(tmp_path: Path, world: World) -> None:
    by_kubectl, by_kdash = await both(case(world, config(user="")), tmp_path, world)
    assert by_kubectl.wanted_to_ask
    assert by_kdash.seen[0].headers == ()


@pytest.mark.parametrize(
    ("certificate", "key"),
    [
        (("alice.crt", "bob.key"), ("alice.key",)),
        (("alice.key", "alice.crt"), ("bob.crt", "alice.key")),
        (("alice.crt",), ("alice.key", "bob.key")),
    ],
)
async def test_a_certificate_and_a_key_among_others_are_those_kubectl_takes(
    tmp_path: Path, world: World, certificate: tuple[str, ...], key: tuple[str, ...]
) -> None:
    files: dict[str, Content] = {
        "config": config(user="client-certificate: c, client-key: k"),
        "c": b"".join(map(pem, certificate)),
        "k": b"".join(map(pem, key)),
    }
    by_kubectl, by_kdash = await both(case(world, files), tmp_path, world)
    assert (by_kubectl.words, by_kdash.words) == ("", "")
    assert by_kdash.seen == by_kubectl.seen
    assert by_kdash.seen[0].client == "alice"


async def test_a_plugin_is_told_what_kubectl_tells_it(tmp_path: Path, world: World) -> None:
    cluster = f"{TLS}, tls-server-name: kube.test, proxy-url: 'http://localhost:@proxy', disable-compression: true"
    extension = "extension: {a: 1, b: ~, c: 2026-11-30, d: yes}"
    cluster += f", extensions: [{{name: client.authentication.k8s.io/exec, {extension}}}]"
    token = '"$(printf %s "$KUBERNETES_EXEC_INFO" | base64 | tr -d \'\\n\')"'
    answer = '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"%s"}}'
    files: dict[str, Content] = {
        "config": config(cluster, f"exec: {{{PLUGIN}, command: ./plugin, provideClusterInfo: true}}"),
        "plugin": f"#!/bin/sh\nprintf '{answer}' {token}\n",
    }
    by_kubectl, by_kdash = await both(case(world, files), tmp_path, world)
    told = [
        json.loads(base64.b64decode(dict(did.seen[0].headers)["authorization"].removeprefix("Bearer ")))
        for did in (by_kubectl, by_kdash)
    ]
    assert told[0]["spec"]["cluster"]["config"] == {"a": 1, "b": None, "c": "2026-11-30", "d": True}
    assert told[1] == told[0]
