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
    f"{word}{suffix}": kind for kind, words in _WORDS.items() for word in words for suffix in ("", ".apps", ".v1.apps")
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


def parse_targets(words: Sequence[str]) -> tuple[ObjectArgument, ...]:
    """Return the workloads of the arguments in order, without duplicates.

    Raises:
        click.UsageError: no argument, an unsupported kind, or an incomplete name.
    """
    found = tuple(dict.fromkeys(_each(words, _KINDS, "workload", "deploy/NAME, sts/NAME or ds/NAME")))
    if not found:
        raise click.UsageError("Name a workload: deploy/NAME, sts/NAME or ds/NAME.")
    return found


def parse_target(words: Sequence[str]) -> ObjectArgument:
    """Return the only workload of the arguments. Raises click.UsageError, also for several."""
    found = parse_targets(words)
    if len(found) > 1:
        raise click.UsageError(f"One workload at a time: not {found[1]} as well.")
    return found[0]


def parse_log_target(words: Sequence[str]) -> ObjectArgument | None:
    """Return the workload, service or pod of the arguments; None without arguments.

    Raises:
        click.UsageError: an unsupported kind, an incomplete name, or several objects.
    """
    some = "deploy/NAME, sts/NAME, ds/NAME, svc/NAME or pod/NAME"
    found = tuple(dict.fromkeys(_each(words, _LOG_WORDS, "pod, service or workload", some)))
    if len(found) > 1:
        raise click.UsageError(f"One at a time: not {found[1]} as well; -l takes the pods of several by their labels.")
    return found[0] if found else None


def parse_images(words: Sequence[str]) -> tuple[tuple[str, ...], dict[str, str]]:
    """Split `deploy/x app=image:2` into the workload arguments and the images by container.

    Raises:
        click.UsageError: no image, or an incomplete one.
    """
    images: dict[str, str] = {}
    for word in words:
        container, equals, image = word.partition("=")
        if not equals:
            continue
        if not container or not image:
            raise click.UsageError(f"{word!r} does not say which container gets which image: app=IMAGE")
        if images.setdefault(container, image) != image:
            raise click.UsageError(f"Container {container!r} is given two images.")
    if not images:
        raise click.UsageError("Name a container and its new image: app=registry.example.com/shop/checkout:1.2.3")
    return tuple(word for word in words if "=" not in word), images


def _each(words: Sequence[str], kinds: Mapping[str, str], what: str, some: str) -> Iterator[ObjectArgument]:
    rest = iter(words)
    for word in rest:
        kind, slash, name = word.partition("/")
        if not slash:
            name = next(rest, "")
            if "/" in name:
                name = ""
        known = kinds.get(kind.lower())
        if known is None:
            is_name = not slash and not name and kind.lower() not in _LOG_WORDS and _NAME.fullmatch(kind)
            meant = f"did you mean deploy/{kind}? Otherwise {some}" if is_name else some
            raise click.UsageError(f"{word!r} names no {what}: {meant}.")
        if not name or "/" in name:
            raise click.UsageError(f"{word!r} needs one name: {kind}/NAME.")
        if not _NAME.fullmatch(name):
            raise click.UsageError(f"{name!r} is not a {what}'s name: lower-case letters, digits, '-' and '.'.")
        yield ObjectArgument(known, name)
