"""Compare containers, init containers and sidecars, matched by name: images, commands, ports, resources.

A container that was added or removed is one change. Invariant: keys without a family are compared as `other`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final

from k9py.api.quantities import parse_quantity
from k9py.rollouts.semantic_diff.commands import diff_command
from k9py.rollouts.semantic_diff.environment import diff_env, diff_env_from, diff_mounts
from k9py.rollouts.semantic_diff.model import (
    ORDER,
    Compare,
    SemanticChange,
    change,
    diff_by_key,
    diff_other,
    diff_section,
    name_of,
    short_text,
)
from k9py.rollouts.semantic_diff.probes import diff_probe
from k9py.rollouts.template_diff import json_equal

_IMAGE_FIELDS: Final = {"image": "image", "imagePullPolicy": "pull policy"}


def diff_containers(subject: str, key: str, old: Any, new: Any) -> Iterator[SemanticChange]:
    """Yield what differs between two lists of containers; nothing if their names are missing or not unique."""
    before, after = _by_name(old), _by_name(new)
    if before is None or after is None:
        return
    for name in (*after, *(name for name in before if name not in after)):
        removed, added = before.get(name), after.get(name)
        container = f"{_type(key, added if added is not None else removed)} {name}"
        if removed is None or added is None:
            images = (
                None if side is None else short_text(side.get("image")) or "no image" for side in (removed, added)
            )
            yield change("container", container, "container", *images)
        else:
            diff_args = partial(diff_command, program=_program(added) or _program(removed))
            yield from diff_section(container, "", removed, added, {**_FAMILIES, "args": diff_args})
    kept_old = [name for name in before if name in after]
    kept_new = [name for name in after if name in before]
    if kept_old != kept_new:
        field = "order of init containers" if key == "initContainers" else "order of containers"
        yield change("container", subject, field, ", ".join(kept_old), ", ".join(kept_new))


def _by_name(value: Any) -> dict[str, Mapping[str, Any]] | None:
    if value is not None and not isinstance(value, list):
        return None
    containers: dict[str, Mapping[str, Any]] = {}
    for container in value or ():
        name = name_of(container) if isinstance(container, Mapping) else None
        if name is None or name in containers:
            return None
        containers[name] = container
    return containers


def _program(container: Mapping[str, Any] | None) -> str:
    command = (container or {}).get("command")
    return str(command[0]) if isinstance(command, list) and command else ""


def _type(key: str, container: Mapping[str, Any] | None) -> str:
    if key != "initContainers":
        return "container"
    return "sidecar" if container is not None and container.get("restartPolicy") == "Always" else "init container"


def _diff_image(subject: str, key: str, old: Any, new: Any) -> Iterator[SemanticChange]:
    yield change("image", subject, _IMAGE_FIELDS[key], old, new)


def _diff_ports(subject: str, key: str, old: Any, new: Any) -> Iterator[SemanticChange]:
    """Yield the declared ports that changed, by name, or by number if they have none."""

    def make(name: str, before: str | None, after: str | None) -> SemanticChange:
        return change("ports", subject, "order of ports" if name == ORDER else f"port {name}", before, after)

    yield from diff_by_key(old, new, _port_key, _port_text, make)


def _port_key(port: Mapping[str, Any]) -> str | None:
    name = port.get("name") or port.get("containerPort")
    return None if name is None else short_text(name)


def _port_text(port: Mapping[str, Any]) -> str:
    text = f"{short_text(port.get('containerPort')) or '?'}/{short_text(port.get('protocol')) or 'TCP'}"
    if port.get("hostPort"):
        text += f", host port {short_text(port['hostPort'])}"
    return f"{text} on {short_text(port['hostIP'])}" if port.get("hostIP") else text


def _diff_resources(subject: str, key: str, old: Any, new: Any) -> Iterator[SemanticChange]:
    """Yield `memory limit`, `cpu request` and the like; the same amount written differently is marked as such."""
    before, after = old if old is not None else {}, new if new is not None else {}
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return
    for part, label in (("limits", "limit"), ("requests", "request")):
        removed, added = before.get(part), after.get(part)
        if json_equal(removed, added):
            continue
        if not all(side is None or isinstance(side, Mapping) for side in (removed, added)) or not (removed or added):
            yield from diff_other(subject, f"{key}.{part}", removed, added, "resources")
            continue
        removed, added = removed or {}, added or {}
        for name in sorted({*removed, *added}):
            amount, new_amount = removed.get(name), added.get(name)
            if not json_equal(amount, new_amount):
                is_same = _is_same_amount(amount, new_amount)
                text = f"{short_text(new_amount)} (the same amount)" if is_same else new_amount
                yield change("resources", subject, f"{name} {label}", amount, text)
    for name in sorted({*before, *after} - {"limits", "requests"}):
        yield from diff_other(subject, f"{key}.{name}", before.get(name), after.get(name), "resources")


def _is_same_amount(amount: Any, other: Any) -> bool:
    if not isinstance(amount, (str, int, float)) or not isinstance(other, (str, int, float)):
        return False
    try:
        return parse_quantity(amount) == parse_quantity(other)
    except (ValueError, ArithmeticError):
        return False


_FAMILIES: Final[dict[str, Compare]] = {
    "image": _diff_image,
    "imagePullPolicy": _diff_image,
    "env": diff_env,
    "envFrom": diff_env_from,
    "command": diff_command,
    "args": diff_command,
    "readinessProbe": diff_probe,
    "livenessProbe": diff_probe,
    "startupProbe": diff_probe,
    "resources": _diff_resources,
    "ports": _diff_ports,
    "volumeMounts": diff_mounts,
    "volumeDevices": diff_mounts,
}
"""The family of each key of a container."""
