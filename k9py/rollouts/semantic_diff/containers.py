"""Containers, init containers and sidecars, matched by name; one that came or went is one change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final

from k9py.rollouts.semantic_diff.change import Compare, SemanticChange, by_name, change, said, section
from k9py.rollouts.semantic_diff.command import command
from k9py.rollouts.semantic_diff.env import env
from k9py.rollouts.semantic_diff.images import images
from k9py.rollouts.semantic_diff.ports import ports
from k9py.rollouts.semantic_diff.probes import probes
from k9py.rollouts.semantic_diff.references import env_from
from k9py.rollouts.semantic_diff.resources import resources
from k9py.rollouts.semantic_diff.volumes import mounts

_FAMILIES: Final[dict[str, Compare]] = {
    "image": images,
    "imagePullPolicy": images,
    "env": env,
    "envFrom": env_from,
    "command": command,
    "args": command,
    "readinessProbe": probes,
    "livenessProbe": probes,
    "startupProbe": probes,
    "resources": resources,
    "ports": ports,
    "volumeMounts": mounts,
    "volumeDevices": mounts,
}
"""The family of each key of a container; keys that are not here are `other`."""


def containers(subject: str, key: str, old: Any, new: Any) -> Iterator[SemanticChange]:
    """Yield what differs between two lists of containers; nothing when they have no names of their own."""
    before, after = _named(old), _named(new)
    if before is None or after is None:
        return
    for name in (*after, *(one for one in before if one not in after)):
        gone, come = before.get(name), after.get(name)
        whose = f"{_kind(key, come if come is not None else gone)} {name}"
        if gone is None or come is None:
            sides = (None if one is None else said(one.get("image")) or "no image" for one in (gone, come))
            yield change("container", whose, "container", *sides)
        else:
            args = partial(command, program=_program(come) or _program(gone))
            yield from section(whose, "", gone, come, {**_FAMILIES, "args": args})
    kept_old, kept_new = [one for one in before if one in after], [one for one in after if one in before]
    if kept_old != kept_new:
        word = "init containers" if key == "initContainers" else "containers"
        yield change("container", subject, f"order of {word}", ", ".join(kept_old), ", ".join(kept_new))


def _named(value: Any) -> dict[str, Mapping[str, Any]] | None:
    if value is not None and not isinstance(value, list):
        return None
    found: dict[str, Mapping[str, Any]] = {}
    for one in value or ():
        name = by_name(one) if isinstance(one, Mapping) else None
        if name is None or name in found:
            return None
        found[name] = one
    return found


def _program(container: Mapping[str, Any]) -> str:
    words = container.get("command")
    return str(words[0]) if isinstance(words, list) and words else ""


def _kind(key: str, one: Mapping[str, Any] | None) -> str:
    if key != "initContainers":
        return "container"
    return "sidecar" if one is not None and one.get("restartPolicy") == "Always" else "init container"
