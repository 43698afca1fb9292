"""What can be copied of objects: names, a kubectl command, the YAML. Pure.

Invariant: what goes into a shell is quoted, so that a name from a cluster is never a command.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from typing import Final

from k9py.api.meta import ObjectRef
from k9py.api.resource_types import ResourceTypes
from k9py.api.text import printable

NAME: Final = "name"
NAMESPACED_NAME: Final = "namespace/name"
COMMAND: Final = "kubectl"
YAML: Final = "yaml"


def names(refs: Iterable[ObjectRef]) -> str:
    """Return the names of objects, one per line."""
    return "\n".join(printable(ref.name) for ref in refs)


def namespaced_names(refs: Iterable[ObjectRef]) -> str:
    """Return `namespace/name` of objects, one per line; of an object without namespace its name."""
    return "\n".join(printable(f"{ref.namespace}/{ref.name}" if ref.namespace else ref.name) for ref in refs)


def kubectl_commands(refs: Sequence[ObjectRef], types: ResourceTypes, context: str) -> str:
    """Return the commands that print objects as YAML, one per line.

    Args:
        refs: The objects.
        types: Of the server they are in.
        context: Of the kubeconfig; "" leaves it out.
    """
    return "\n".join(_command(ref, types, context) for ref in refs)


def _command(ref: ObjectRef, types: ResourceTypes, context: str) -> str:
    resource_type = types.of_ref(ref)
    kind = ref.qualified_kind
    words = ["kubectl", *(("--context", context) if context else ()), *(("-n", ref.namespace) if ref.namespace else ())]
    words += ["get", resource_type.qualified_name if resource_type else kind.lower(), ref.name, "-o", "yaml"]
    return " ".join(shlex.quote(printable(word)) for word in words)
