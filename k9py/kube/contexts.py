"""The contexts a person can choose from. Reads YAML alone: the client is not imported for this."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from k9py.kube.kubeconfig import read_kubeconfig


@dataclass(frozen=True, slots=True)
class ContextEntry:
    """One context; `namespace` is "default" when it names none. The text is not yet made printable."""

    name: str
    cluster: str
    user: str
    namespace: str
    is_current: bool


def list_contexts(kubeconfig: str | None = None, environ: Mapping[str, str] | None = None) -> tuple[ContextEntry, ...]:
    """Return the contexts of the kubeconfig files, by name; empty when there is no kubeconfig.

    Raises:
        ConfigError: a file is missing (given by hand), unreadable or malformed.
    """
    config = read_kubeconfig(kubeconfig, environ)
    return tuple(
        ContextEntry(
            name,
            entry.value.cluster or "",
            entry.value.user or "",
            entry.value.namespace or "default",
            name == config.current_context,
        )
        for name, entry in sorted(config.contexts.items())
    )
