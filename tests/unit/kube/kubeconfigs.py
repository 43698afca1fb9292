"""Factories for kubeconfigs: only what a test names differs from a plain one."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

CERTS = Path(__file__).parent / "certs"


def pem(name: str) -> bytes:
    return (CERTS / name).read_bytes()


def encoded(name: str) -> str:
    """Return a certificate or key in the form of the kubeconfig's `-data` fields."""
    return base64.b64encode(pem(name)).decode()


def kubeconfig(
    directory: Path,
    *,
    cluster: Mapping[str, Any] | None = None,
    user: Mapping[str, Any] | None = None,
    name: str = "shop",
    namespace: str | None = None,
    current: str | None = None,
    file: str = "config",
) -> Path:
    """Write a kubeconfig of one context; its cluster and user are named after it."""
    context = {"cluster": name, "user": name} | ({"namespace": namespace} if namespace else {})
    return write(
        directory / file,
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": name, "cluster": dict(cluster or {"server": "http://127.0.0.1:1"})}],
            "users": [{"name": name, "user": dict(user or {})}],
            "contexts": [{"name": name, "context": context}],
            "current-context": name if current is None else current,
        },
    )


def write(path: Path, content: Mapping[str, Any]) -> Path:
    path.write_text(yaml.safe_dump(dict(content)))
    return path


def environ(home: Path, **variables: str) -> dict[str, str]:
    """Return an environment of a person whose home is `home`: nothing of this machine reaches a test."""
    return {"HOME": str(home), "PATH": "/usr/bin:/bin", **variables}


def plugin_user(command: str, args: Sequence[str] = (), **fields: Any) -> dict[str, Any]:
    """Return a user with an exec plugin."""
    plain = {"apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never"}
    return {"exec": {**plain, "command": command, "args": list(args), **fields}}
