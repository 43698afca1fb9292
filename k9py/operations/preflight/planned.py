"""The pod template a change will leave: from its patch where that brings one, else the present one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from k9py.operations.plan import WritePlan


def planned_template(obj: Mapping[str, Any], change: WritePlan) -> Mapping[str, Any]:
    """Return the pod template as it will be, but for images and the restart's annotation, which no check asks for."""
    if change.operation == "undo":
        patch = change.request.patch
        if isinstance(patch, Mapping):
            return _template(patch)
        for operation in patch or ():
            if operation.get("path") == "/spec/template":
                value: Mapping[str, Any] = operation["value"]
                return value
    return _template(obj)


def _template(obj: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = (obj.get("spec") or {}).get("template") or {}
    return found
