"""The kubeconfig of a simulated cluster.

Invariant: written as JSON (which every YAML parser reads), readable by its owner only (mode 0600).
"""

import json
import os
from pathlib import Path
from typing import Any


def kubeconfig(server: str, token: str, *, user: str, context: str, namespace: str = "") -> dict[str, Any]:
    """Return a kubeconfig with one cluster, one user and one context, all current."""
    entry: dict[str, Any] = {"cluster": context, "user": user}
    if namespace:
        entry["namespace"] = namespace
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": context,
        "clusters": [{"name": context, "cluster": {"server": server}}],
        "users": [{"name": user, "user": {"token": token}}],
        "contexts": [{"name": context, "context": entry}],
    }


def write_private(path: Path, value: dict[str, Any]) -> None:
    """Write JSON to a file that only its owner may read; an existing file is replaced."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(value, file, indent=2)
        file.write("\n")
