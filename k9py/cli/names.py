"""Which names a command takes: checked before anything is asked, so that a slip is told at once."""

from __future__ import annotations

import click


def check_namespace(name: str) -> None:
    """Raise click.UsageError unless it is an RFC 1123 label, as namespace names are."""
    if not _is_dns_label(name):
        raise click.UsageError(f"{name!r} is not a namespace name: lower-case letters, digits and '-', 63 at most.")


def _is_dns_label(name: str) -> bool:
    plain = name.replace("-", "a")
    return (
        0 < len(name) <= 63
        and name.isascii()
        and plain.isalnum()
        and name == name.lower()
        and name[0] != "-"
        and name[-1] != "-"
    )
