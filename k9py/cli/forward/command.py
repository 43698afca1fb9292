"""The command line of `kdash forward`: its options and help, and what is rejected before any request.

Invariant: importing this module imports nothing heavy.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import click

from k9py.cli.command_line import merge_arguments, subcommand, with_output_formats
from k9py.cli.targets import ObjectArgument, parse_named

FORWARD_KINDS: Final = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "Service", "Pod")
"""Kinds that can be named; of a bare name, earlier ones come first."""
_USAGE: Final = "deploy/NAME, sts/NAME, ds/NAME, rs/NAME, job/NAME, svc/NAME or pod/NAME"
_EXAMPLES: Final = """\
kdash forward deploy/web 8080:80
kdash forward svc/web                      its only port; a free local port below 1024
kdash forward svc/web 8443:https :9090     by name; :9090 takes any free local port
kdash forward web                          a saved forward, else the object web
"""
_EPILOG: Final = """Each line of standard output begins with what a client connects to.
"""


def split_operands(operands: Sequence[str]) -> tuple[ObjectArgument, tuple[str, ...]]:
    """Return the object that the operands name, and the words of its ports.

    Raises:
        click.UsageError: no object, one that has no ports, or an incomplete name.
    """
    if not operands:
        raise click.UsageError(f"Name what to forward to: {_USAGE}.")
    from k9py.api.resource_types import STANDARD  # decodes: not for a command's help

    count = 2 if "/" not in operands[0] and STANDARD.find(operands[0]) is not None else 1
    named = parse_named(
        operands[:count], FORWARD_KINDS, what="pod, service or workload", usage=_USAGE, lacks="ports to forward"
    )
    return named[0], tuple(operands[count:])


@subcommand("forward", examples=_EXAMPLES, epilog=_EPILOG)
@click.argument("operands", nargs=-1, metavar="KIND/NAME [[LOCAL:]PORT]... | SAVED")
@click.option(
    "--address",
    default="",
    metavar="IP",
    help="Address to listen on; several with commas. localhost is 127.0.0.1 and ::1. Default: 127.0.0.1.",
)
@with_output_formats("text", "json")
def forward(context: click.Context, /, operands: Sequence[str], address: str, **given: Any) -> None:
    """Run `kdash forward`."""
    arguments = merge_arguments(context, given)
    word = operands[0] if len(operands) == 1 and "/" not in operands[0] else ""
    named, words = _split_or_saved(operands, is_word=bool(word))
    from k9py.api.errors import KdashError
    from k9py.forwarding.listeners import LOOPBACK, parse_addresses
    from k9py.forwarding.ports import parse_ports

    try:
        ports = parse_ports(words)
        parse_addresses(address or LOOPBACK)
    except KdashError as error:
        raise click.UsageError(f"{error.message}; {error.hint}.") from error
    from k9py.cli.forward.run import forward_ports
    from k9py.cli.forward.saved import ForwardArguments
    from k9py.cli.session import run

    wanted = ForwardArguments(named, ports, address, arguments.namespace or "", word)
    context.exit(run(arguments, lambda invocation: forward_ports(invocation, wanted)))


def _split_or_saved(operands: Sequence[str], *, is_word: bool) -> tuple[ObjectArgument | None, tuple[str, ...]]:
    """Return what `split_operands` does; None for a bare word that only a saved forward can be called."""
    try:
        return split_operands(operands)
    except click.UsageError:
        if not is_word:
            raise
        return None, ()
