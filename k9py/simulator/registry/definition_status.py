"""The conditions of a CustomResourceDefinition.

Invariant: pure; a condition whose status stays keeps its transition time. Wording: apiextensions-apiserver.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from k9py.simulator.clock import timestamp
from k9py.simulator.registry.cache import Object


def marked_terminating(definition: Object, now: datetime) -> Object:
    """Return a definition as its deletion marks it."""
    message = "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon"
    status = definition.get("status") or {}
    marked = condition("Terminating", "True", "InstanceDeletionPending", message)
    return {**definition, "status": {**status, "conditions": merged(status.get("conditions") or (), [marked], now)}}


def condition(kind: str, status: str, reason: str, message: str) -> Object:
    """Return a condition for `merged`, without its transition time."""
    return {"type": kind, "status": status, "reason": reason, "message": message}


def merged(held: Iterable[Object], new: Iterable[Object], now: datetime) -> list[Object]:
    """Return the conditions with new ones set; an unchanged status keeps its transition time."""
    result: dict[str, Object] = {entry["type"]: entry for entry in held}
    for entry in new:
        before: Mapping[str, Any] = result.get(entry["type"], {})
        same = before.get("status") == entry["status"]
        moment = before["lastTransitionTime"] if same else timestamp(now)
        kind, status = entry["type"], entry["status"]
        details = {"reason": entry["reason"], "message": entry["message"]}
        result[kind] = {"type": kind, "status": status, "lastTransitionTime": moment, **details}
    return list(result.values())
