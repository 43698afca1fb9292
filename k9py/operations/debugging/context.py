"""What a debugging operation reads around its target: the namespace and the node; unreadable is unknown, no failure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from k9py.api.errors import ConnectionFailedError, KdashError, NotFoundError
from k9py.api.meta import ObjectRef
from k9py.operations.debugging.profiles import DebugStyle, Level
from k9py.operations.debugging.warnings import REFUSED_BY_POD_SECURITY, admitted_profile, state_of_node
from k9py.operations.plan import PreflightWarning
from k9py.operations.target import Target

_REFUSED: Final = re.compile(REFUSED_BY_POD_SECURITY + r" \"(?P<level>baseline|restricted)")

_WITHOUT_REQUESTS: Final = "must specify"
"""Part of the message of a quota on requests or limits (kubernetes/pkg/quota/v1, `Constraints`)."""


async def namespace_of(target: Target, namespace: str) -> Mapping[str, Any] | None:
    """Return a Namespace, None when it cannot be read. Raises ConnectionFailedError."""
    try:
        return await target.read(ObjectRef("Namespace", "", namespace))
    except ConnectionFailedError:
        raise
    except KdashError:
        return None


async def node_of(target: Target, name: str) -> tuple[PreflightWarning, ...]:
    """Return the warnings about a node, none when it cannot be read or is "". Raises ConnectionFailedError."""
    if not name:
        return ()
    try:
        return tuple(state_of_node(await target.read(ObjectRef("Node", "", name)), name))
    except NotFoundError:
        return tuple(state_of_node(None, name, is_missing=True))
    except ConnectionFailedError:
        raise
    except KdashError:
        return ()


def hint_after(error: KdashError | None, profile: str, style: DebugStyle) -> str:
    """Return what helps after a refusal by PodSecurity or a quota, "" after any other end."""
    if error is not None and _WITHOUT_REQUESTS in error.message:
        return "its quota wants requests, which a debug container has none of: " + (
            "choose another namespace"
            if style is DebugStyle.NODE
            else "change a container of the copy (with a command) in place of adding one"
        )
    refused = None if error is None else _REFUSED.search(error.message)
    if refused is None:
        return ""
    level: Level = "restricted" if refused["level"] == "restricted" else "baseline"
    if style is DebugStyle.NODE:
        return f"choose a namespace that does not enforce {level}, such as kube-system"
    if admitted_profile(level, profile, style) == profile:
        return f"the namespace enforces {level}, which the pod itself violates"
    return f"the namespace enforces {level}: choose the profile {level}"
