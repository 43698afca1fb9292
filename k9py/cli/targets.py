"""The objects a command names: `deploy/checkout` or `deploy checkout`, with kubectl's names for the kinds.

Invariant: imports only click, so that a command's help is fast. To add a name for a kind, add it to `_WORDS`, or to
`_LOG_WORDS` if only logs support it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import click

_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "Deployment": ("deploy", "deployment", "deployments"),
    "StatefulSet": ("sts", "statefulset", "statefulsets"),
    "DaemonSet": ("ds", "daemonset", "daemonsets"),
}
_KINDS: Final[Mapping[str, str]] = {
    f"{name}{suffix}": kind for kind, names in _WORDS.items() for name in names for suffix in ("", ".apps", ".v1.apps")
}
_LOG_WORDS: Final[Mapping[str, str]] = {
    **_KINDS,
    **dict.fromkeys(("svc", "service", "services"), "Service"),
    **dict.fromkeys(("po", "pod", "pods"), "Pod"),
}
_LABEL: Final = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_NAME: Final = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*", re.ASCII)
"""An RFC 1123 subdomain, as workload names are; other text could change the request path."""


@dataclass(frozen=True, slots=True)
class ObjectArgument:
    """An object on the command line: kind and name; the namespace is a separate option."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def parse_targets(arguments: Sequence[str]) -> tuple[ObjectArgument, ...]:
    """Return the workloads of the arguments in order, without duplicates.

    Raises:
        click.UsageError: no argument, an unsupported kind, or an incomplete name.
    """
    objects = tuple(dict.fromkeys(_each(arguments, _KINDS, "workload", "deploy/NAME, sts/NAME or ds/NAME")))
    if not objects:
        raise click.UsageError("Name a workload: deploy/NAME, sts/NAME or ds/NAME.")
    return objects


def parse_target(arguments: Sequence[str]) -> ObjectArgument:
    """Return the only workload of the arguments. Raises click.UsageError, also for several."""
    objects = parse_targets(arguments)
    if len(objects) > 1:
        context = click.get_current_context(silent=True)
        verb = (context.info_name if context is not None else "") or "this command"
        raise click.UsageError(f"{verb} takes one workload; you named {' and '.join(map(str, objects))}.")
    return objects[0]


def parse_log_target(arguments: Sequence[str]) -> ObjectArgument | None:
    """Return the workload, service or pod of the arguments; None without arguments.

    Raises:
        click.UsageError: an unsupported kind, an incomplete name, or several objects.
    """
    usage = "deploy/NAME, sts/NAME, ds/NAME, svc/NAME or pod/NAME"
    objects = tuple(dict.fromkeys(_each(arguments, _LOG_WORDS, "pod, service or workload", usage)))
    if len(objects) > 1:
        raise click.UsageError(f"Only one object is allowed, not also {objects[1]}; -l selects the pods of several.")
    return objects[0] if objects else None


def _each(arguments: Sequence[str], kinds: Mapping[str, str], what: str, usage: str) -> Iterator[ObjectArgument]:
    remaining = iter(arguments)
    for argument in remaining:
        kind, slash, name = argument.partition("/")
        if not slash:
            name = next(remaining, "")
            if "/" in name:
                name = ""
        known = kinds.get(kind.lower())
        if known is None:
            is_name = not slash and not name and kind.lower() not in _LOG_WORDS and _NAME.fullmatch(kind)
            suggestion = f"did you mean deploy/{kind}? Otherwise use {usage}" if is_name else f"use {usage}"
            raise click.UsageError(f"{argument!r} is not a {what}: {suggestion}.")
        if not name or "/" in name:
            raise click.UsageError(f"{argument!r} needs exactly one name: {kind}/NAME.")
        if not _NAME.fullmatch(name):
            raise click.UsageError(f"{name!r} is not a valid {what} name: use lower-case letters, digits, '-' and '.'.")
        yield ObjectArgument(known, name)
