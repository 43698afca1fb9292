"""SRC and DST of a copy: a local path, or a path in a container; kubectl's notation and more.

`POD:PATH`, `NAMESPACE/POD:PATH`, `KIND/NAME:PATH`, `NAMESPACE/KIND/NAME:PATH`; a path without a colon is local, and so
is one that begins with `/`, `./`, `../` or `~`, whatever follows; `-` is standard input or output.
Rule of the colon: kubectl's pkg/cmd/cp (extractFileSpec), which has no way to name a local file with one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from k9py.api.errors import RefusedError
from k9py.api.resource_types import STANDARD
from k9py.api.text import printable

STANDARD_STREAM: Final = "-"
KINDS_WITH_PODS: Final = ("Pod", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job")
_HINT: Final = "use POD:PATH, NAMESPACE/POD:PATH or KIND/NAME:PATH; a local path with a colon begins with ./"


@dataclass(frozen=True, slots=True)
class LocalEndpoint:
    """A path on this machine; "-": standard input or output."""

    path: str

    @property
    def is_stream(self) -> bool:
        """Whether it is standard input or output."""
        return self.path == STANDARD_STREAM


@dataclass(frozen=True, slots=True)
class RemoteEndpoint:
    """A path in a container.

    Args:
        kind, name: the pod, or the workload whose newest ready pod is meant.
        path: as typed; relative to the working directory of the container.
        namespace: "" for the default one.
    """

    kind: str
    name: str
    path: str
    namespace: str = ""


Endpoint = LocalEndpoint | RemoteEndpoint


def parse_endpoint(text: str) -> Endpoint:
    """Return what an argument of a copy names. Raises RefusedError: nothing that can be copied."""
    if not text:
        raise RefusedError("an empty path", _HINT)
    if text.startswith(("/", "./", "../", "~")) or ":" not in text:
        return LocalEndpoint(text)
    owner, _, path = text.partition(":")
    match owner.split("/"):
        case [name] if name:
            kind, namespace = "Pod", ""
        case [word, name] if name and (kind := _kind(word)):
            namespace = ""
        case [namespace, name] if namespace and name:
            kind = "Pod"
        case [namespace, word, name] if namespace and name and (kind := _kind(word)):
            pass
        case _:
            raise RefusedError(f"{printable(text)} names neither a local file nor one of a container", _HINT)
    if not path:
        raise RefusedError(f"{printable(text)} has no path", _HINT)
    return RemoteEndpoint(kind, name, path, namespace)


def _kind(word: str) -> str:
    """Return the kind with pods that a word names, "" if it names none."""
    resource_type = STANDARD.find(word)
    return resource_type.kind if resource_type is not None and resource_type.kind in KINDS_WITH_PODS else ""


def remote_word(path: str) -> str:
    """Return a path as a word of a command that cannot be taken for an option."""
    return path if path.startswith("/") else f"./{path}"
