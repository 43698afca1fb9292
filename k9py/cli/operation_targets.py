"""The objects that a writing command names, of any type: `cm/app`, `pod a b`, `certificates.cert-manager.io/web`.

Invariant: imports only click, so that a command's help is fast. Which type a word means is known only with a cluster:
`resolve` in `k9py/cli/operations.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import click

from k9py.cli.targets import ObjectArgument

_TYPE: Final = re.compile(r"(?=.{1,253}\Z)[A-Za-z][-A-Za-z0-9.]*", re.ASCII)
_NAME: Final = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9](?:[-A-Za-z0-9.:_]*[A-Za-z0-9])?", re.ASCII)
"""Names of most types are RFC 1123 subdomains, those of RBAC may have colons; other text could change the path."""


@dataclass(frozen=True, slots=True)
class TypedName:
    """A type as it was typed, and the name of an object."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"


NamedTarget = ObjectArgument | TypedName


def parse_typed_names(words: Sequence[str], *, bare_type: str = "") -> tuple[TypedName, ...]:
    """Return the objects of `TYPE/NAME...` or `TYPE NAME...` in order, without duplicates.

    Args:
        bare_type: the type of names without one: `NAME...`; "": it has to be named.

    Raises:
        click.UsageError: no object, or an incomplete or invalid name.
    """
    if not words:
        raise click.UsageError("Name an object: TYPE/NAME, such as cm/app or pod/web-0.")
    has_slash = any("/" in word for word in words)
    named = tuple(dict.fromkeys(_with_slash(words, bare_type) if has_slash else _after_type(words, bare_type)))
    for item in named:
        if not _TYPE.fullmatch(item.kind):
            raise click.UsageError(f"{item.kind!r} is not a resource type.")
        if not _NAME.fullmatch(item.name) or ".." in item.name:
            raise click.UsageError(f"{item.name!r} is not a valid name: use letters, digits, '-' and '.'.")
    return named


def _with_slash(words: Sequence[str], bare_type: str) -> Iterator[TypedName]:
    for word in words:
        kind, slash, name = word.partition("/")
        if bare_type and not slash:
            kind, slash, name = bare_type, "/", word
        if not slash or not kind or not name or "/" in name:
            raise click.UsageError(f"{word!r} needs a type and one name: TYPE/NAME.")
        yield TypedName(kind, name)


def _after_type(words: Sequence[str], bare_type: str) -> Iterator[TypedName]:
    from k9py.api.resource_types import STANDARD  # decodes: not for a command's help

    kind, *names = words
    known = STANDARD.find(kind)
    if bare_type and known is None:
        kind, names = bare_type, list(words)
    if not names:
        if known is not None:
            raise click.UsageError(f"{kind!r} needs a name: {kind}/NAME.")
        raise click.UsageError(f"{kind!r} is no type and name: use TYPE/NAME, such as cm/{kind} or pod/{kind}.")
    for name in names:
        yield TypedName(kind, name)
