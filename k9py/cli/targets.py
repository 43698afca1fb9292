"""The objects a command names: `deploy/checkout`, `deploy checkout`, or `checkout`; with kubectl's names of types.

Invariants: importing this imports only click, so that a command's help is fast. Standard types are known without a
cluster; which object a bare name means is decided with one (`resolve.py`). What a command cannot act on is refused
here, by its kind. To let another command name objects: the kinds it accepts, and `parse_named`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import click

WORKLOADS: Final = ("Deployment", "StatefulSet", "DaemonSet")
"""Kinds that have rollouts."""
LOG_KINDS: Final = (*WORKLOADS, "ReplicaSet", "Job", "CronJob", "Service", "Pod")
"""Kinds whose pods have logs; of a bare name, earlier ones come first."""
STATUS_KINDS: Final = (*WORKLOADS, "Job", "Pod")
"""Kinds that have a status to wait for."""
_WORKLOAD_USAGE: Final = "deploy/NAME, sts/NAME or ds/NAME"
_STATUS_USAGE: Final = "deploy/NAME, sts/NAME, ds/NAME, job/NAME or pod/NAME"
LOG_USAGE: Final = "deploy/NAME, sts/NAME, ds/NAME, rs/NAME, job/NAME, cronjob/NAME, svc/NAME or pod/NAME"
_LABEL: Final = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_NAME: Final = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*", re.ASCII)
"""An RFC 1123 subdomain, as workload names are; other text could change the request path."""


@dataclass(frozen=True, slots=True)
class ObjectArgument:
    """An object on the command line: kind and name; the namespace is a separate option.

    Args:
        kind: "" for a bare name.
        among: Of a bare name, the kinds it may be of.
    """

    kind: str
    name: str
    among: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.kind} {self.name}" if self.kind else self.name


def parse_targets(arguments: Sequence[str]) -> tuple[ObjectArgument, ...]:
    """Return the workloads of the arguments in order, without duplicates.

    Raises:
        click.UsageError: no argument, an unsupported kind, or an incomplete name.
    """
    objects = parse_named(arguments, WORKLOADS, what="workload", usage=_WORKLOAD_USAGE)
    if not objects:
        raise click.UsageError(f"Name a workload: {_WORKLOAD_USAGE}.")
    return objects


def parse_status_target(arguments: Sequence[str]) -> ObjectArgument:
    """Return the only workload, Job or pod of the arguments. Raises click.UsageError, also for several."""
    objects = parse_named(arguments, STATUS_KINDS, what="workload, Job or pod", usage=_STATUS_USAGE, lacks="rollout")
    if not objects:
        raise click.UsageError(f"Name a workload, Job or pod: {_STATUS_USAGE}.")
    return _only(objects)


def parse_target(arguments: Sequence[str]) -> ObjectArgument:
    """Return the only workload of the arguments. Raises click.UsageError, also for several."""
    return _only(parse_targets(arguments))


def _only(objects: Sequence[ObjectArgument]) -> ObjectArgument:
    if len(objects) > 1:
        context = click.get_current_context(silent=True)
        verb = (context.info_name if context is not None else "") or "this command"
        raise click.UsageError(f"{verb} takes one object; you named {' and '.join(map(str, objects))}.")
    return objects[0]


def parse_log_target(arguments: Sequence[str]) -> ObjectArgument | None:
    """Return the object of the arguments whose pods have logs; None without arguments.

    Raises:
        click.UsageError: an unsupported kind, an incomplete name, or several objects.
    """
    objects = parse_named(arguments, LOG_KINDS, what="pod, service or workload", usage=LOG_USAGE)
    if len(objects) > 1:
        raise click.UsageError(f"Only one object is allowed, not also {objects[1]}; -l selects the pods of several.")
    return objects[0] if objects else None


def parse_named(
    arguments: Sequence[str], kinds: Sequence[str], *, what: str, usage: str, lacks: str = ""
) -> tuple[ObjectArgument, ...]:
    """Return the objects that words name, in order, without duplicates.

    Args:
        kinds: Those that are accepted.
        what: What an accepted object is called.
        usage: How one is named.
        lacks: What objects of other kinds do not have; "": they are not a `what`.

    Raises:
        click.UsageError: a kind that is not accepted, or an incomplete or invalid name.
    """
    return tuple(dict.fromkeys(_each(arguments, kinds, what, usage, lacks)))


def _each(
    arguments: Sequence[str], kinds: Sequence[str], what: str, usage: str, lacks: str
) -> Iterator[ObjectArgument]:
    from k9py.api.resource_types import STANDARD  # decodes: not for a command's help

    remaining = list(arguments)
    while remaining:
        word = remaining.pop(0)
        type_name, slash, name = word.partition("/")
        resource_type = STANDARD.find(type_name)
        if not slash and resource_type is None:
            if not _NAME.fullmatch(word):
                raise click.UsageError(f"{word!r} is not a {what}: use {usage}.")
            yield ObjectArgument("", word, tuple(kinds))
            continue
        if resource_type is None or resource_type.kind not in kinds:
            if resource_type is not None and lacks:
                raise click.UsageError(f"a {resource_type.kind} has no {lacks}: use {usage}.")
            kind = f"a {resource_type.kind}, " if resource_type is not None else ""
            raise click.UsageError(f"{word!r} is {kind}not a {what}: use {usage}.")
        if not slash:
            name = remaining.pop(0) if remaining and "/" not in remaining[0] else ""
        if not name or "/" in name:
            raise click.UsageError(f"{word!r} needs exactly one name: {type_name}/NAME.")
        if not _NAME.fullmatch(name):
            raise click.UsageError(f"{name!r} is not a valid {what} name: use lower-case letters, digits, '-' and '.'.")
        yield ObjectArgument(resource_type.kind, name)
