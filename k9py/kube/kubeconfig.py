"""Reads and merges kubeconfig files into typed entries.

Owns: where kubeconfigs are looked for and how several become one. The rules are client-go's
(tools/clientcmd/loader.go): of several files the first that names an entry, or sets the current context, wins; relative
paths are relative to the file that names them; files listed in KUBECONFIG may be missing, one given by hand may not.
`~` is the shell's and no one else's: where it is left over, kubectl looks for a directory of that name, and so do we.
kubernetes_asyncio's merger is not used: it takes the last current-context, and importing it costs the first frame.

What one file holds is read in `kubeconfig_file`; its fields are in `kubeconfig_schema`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from k9py.api.errors import ConfigError
from k9py.api.text import printable
from k9py.kube.kubeconfig_file import read_file
from k9py.kube.kubeconfig_schema import Cluster, Context, ExecConfig, File, User

__all__ = ["Cluster", "Context", "Entry", "ExecConfig", "Kubeconfig", "User", "read_kubeconfig"]

DEMO_HINT = "Set KUBECONFIG or give --kubeconfig PATH. No cluster at hand? Run `kdash --demo`."

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Entry(Generic[T]):
    """An entry and the directory of the file it stands in: its relative paths start there; `~` means nothing there."""

    value: T
    directory: Path

    def path(self, text: str) -> Path:
        """Return a path the entry names, made absolute."""
        return self.directory / text


@dataclass(frozen=True, slots=True)
class Kubeconfig:
    """Several files, merged.

    Args:
        current_context: "" when none is set.
        paths: the files that were read.
        missing: the files that were looked for in vain.
    """

    clusters: Mapping[str, Entry[Cluster]]
    users: Mapping[str, Entry[User]]
    contexts: Mapping[str, Entry[Context]]
    current_context: str
    paths: tuple[Path, ...]
    missing: tuple[Path, ...] = ()


def candidate_paths(kubeconfig: str | None, environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Return the files to look at, in the order of precedence."""
    if kubeconfig:
        return (Path(kubeconfig),)
    if named := environ.get("KUBECONFIG"):
        return tuple(dict.fromkeys(Path(part) for part in named.split(os.pathsep) if part))
    home = environ.get("HOME") or environ.get("USERPROFILE") or os.path.expanduser("~")
    return (Path(home) / ".kube" / "config",)


def missing_hint(missing: Iterable[Path]) -> str:
    """Return what can be done about files that were looked for in vain."""
    if any(path.parts[:1] and path.parts[0].startswith("~") for path in missing):
        return "Only the shell replaces ~, and not everywhere: write the whole path, or $HOME."
    return DEMO_HINT


def read_kubeconfig(kubeconfig: str | None = None, environ: Mapping[str, str] | None = None) -> Kubeconfig:
    """Read and merge the kubeconfig files. Blocks on files of a few KB.

    Returns:
        The merged configuration; `paths` is empty when no file exists.

    Raises:
        ConfigError: the file given by hand is missing, or a file cannot be read or understood.
    """
    environ = os.environ if environ is None else environ
    candidates = candidate_paths(kubeconfig, environ)
    files: list[tuple[Path, File]] = []
    missing: list[Path] = []
    for path in candidates:
        file = read_file(path)
        if file is None:
            missing.append(path)
        else:
            files.append((path, file))
    if kubeconfig and missing:
        raise ConfigError(f"The kubeconfig {printable(str(missing[0]))} does not exist", missing_hint(missing))
    return _merge(files, tuple(missing))


def _merge(files: Iterable[tuple[Path, File]], missing: tuple[Path, ...]) -> Kubeconfig:
    clusters: dict[str, Entry[Cluster]] = {}
    users: dict[str, Entry[User]] = {}
    contexts: dict[str, Entry[Context]] = {}
    current = ""
    paths: list[Path] = []
    for path, file in files:
        directory = path.absolute().parent
        for named_cluster in file.clusters or ():
            clusters.setdefault(named_cluster.name, Entry(named_cluster.cluster or Cluster(), directory))
        for named_user in file.users or ():
            users.setdefault(named_user.name, Entry(named_user.user or User(), directory))
        for named_context in file.contexts or ():
            contexts.setdefault(named_context.name, Entry(named_context.context or Context(), directory))
        current = current or file.current_context or ""
        paths.append(path)
    return Kubeconfig(clusters, users, contexts, current, tuple(paths), missing)
