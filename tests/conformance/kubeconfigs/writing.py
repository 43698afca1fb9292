"""Writes kubeconfigs for the tests: short text in which the ports of the servers are inserted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tests.conformance.kubeconfigs.clients import Case
from tests.conformance.kubeconfigs.servers import Servers
from tests.unit.kube.kubeconfigs import encoded

CA = f"certificate-authority-data: {encoded('ca.crt')}"
ALICE = f"client-certificate-data: {encoded('alice.crt')}, client-key-data: {encoded('alice.key')}"
TLS = f"server: 'https://localhost:@tls', {CA}"
PLAIN = "server: 'http://nowhere.test:@plain', proxy-url: 'http://localhost:@proxy'"
PLUGIN = "apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never"
EXEC = f"exec: {{{PLUGIN}, command: ./plugin}}"
CLUSTER = f"clusters: [{{name: c, cluster: {{{TLS}}}}}]\n"
CONTEXT = "contexts: [{name: x, context: {cluster: c, user: u}}]\ncurrent-context: x\n"
USER = "users: [{name: u, user: {token: t}}]\n"


def config(cluster: str = TLS, user: str = "token: t", context: str = "cluster: c, user: u") -> str:
    """Return a kubeconfig of one context, each entry given as the inside of a YAML flow mapping."""
    return (
        "apiVersion: v1\nkind: Config\n"
        f"clusters:\n- name: c\n  cluster: {{{cluster}}}\n"
        f"users:\n- name: u\n  user: {{{user}}}\n"
        f"contexts:\n- name: x\n  context: {{{context}}}\n"
        "current-context: x\n"
    )


@dataclass(frozen=True, slots=True)
class Encoded:
    """Text that is not written as UTF-8."""

    text: str
    encoding: str


Content = str | bytes | Encoded
Files = Content | Mapping[str, Content]


def case(servers: Servers, given: Files, **environ: str) -> Case:
    """Return a case in whose text `@tls`, `@plain` and `@proxy` are the servers' ports; bytes stay unchanged."""
    files = given if isinstance(given, Mapping) else {"config": given}

    def placed(text: str) -> str:
        for name, port in servers.places().items():
            text = text.replace(f"@{name}", port)
        return text

    def encoded_content(content: Content) -> bytes:
        match content:
            case bytes():
                return content
            case Encoded(text, encoding):
                return placed(text).encode(encoding)
            case _:
                return placed(content).encode()

    files_written = {name: encoded_content(content) for name, content in files.items()}
    return Case(files_written, {name: placed(value) for name, value in environ.items()})


def answering(status: str = '{"token": "t"}', *, when: str = "true") -> str:
    """Return a credential plugin that answers in JSON, if a shell's condition holds."""
    version = "client.authentication.k8s.io/v1"
    return printing(f'{{"apiVersion": "{version}", "kind": "ExecCredential", "status": {status}}}', when=when)


def printing(text: str, *, when: str = "true") -> str:
    """Return a program that prints a text."""
    return f"#!/bin/sh\n{when} || exit 3\ncat <<'END'\n{text}\nEND\n"


def plugin(program: str, **fields: str) -> dict[str, Content]:
    """Return a kubeconfig whose credential plugin is this program, with further fields of its entry."""
    inside = "".join(f", {name}: {value}" for name, value in fields.items())
    return {"config": config(user=f"exec: {{{PLUGIN}, command: ./plugin{inside}}}"), "plugin": program}


def named(name: str) -> str:
    """Return a kubeconfig whose one context has this name, as it is written there."""
    return CLUSTER + USER + CONTEXT.replace("name: x", f"name: {name}").replace("context: x", f"context: {name}")
