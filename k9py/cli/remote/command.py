"""`kdash exec`, `kdash attach` and `kdash shell` as click sees them.

Invariant: importing this imports nothing heavy. Everything after `--` is the command, whatever it looks like.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, Final

import click

from k9py.actions.registry import CLI_VERBS
from k9py.cli.command_line import Subcommand, merge_arguments, with_cluster_options, with_output_formats
from k9py.cli.remote.targets import ContainerOptions, parse_container_target

COMMAND: Final = "kdash.command"
"""Key of the words after the first `--` in `click.Context.meta`."""

_EXEC_EXAMPLES: Final = """\
kdash exec web-7d9-x2x -- ls -l /etc
kdash exec deploy/web -c app -it -- sh
kdash exec -i web-7d9-x2x -- tar xf - -C /tmp <files.tar
kdash exec deploy/web --all -- cat /etc/resolv.conf
"""
_ATTACH_EXAMPLES: Final = """\
kdash attach web-7d9-x2x
kdash attach deploy/console -it
"""
_SHELL_EXAMPLES: Final = """\
kdash shell deploy/web
kdash shell web-7d9-x2x -c sidecar
"""
_container = click.option(
    "-c", "--container", metavar="NAME", default="", help="Container; default: the pod's default one, else the first."
)
_stdin = click.option("-i", "--stdin", is_flag=True, help="Pass standard input on.")
_tty = click.option("-t", "--tty", is_flag=True, help="With a terminal; needs -i.")
_operands = click.argument("operands", nargs=-1, metavar="POD | KIND/NAME")


class CommandAfterDashes(Subcommand):
    """A command of which everything after the first `--` belongs to another command."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Set the words of the other command aside."""
        if "--" in args:
            position = args.index("--")
            ctx.meta[COMMAND] = tuple(args[position + 1 :])
            args = args[:position]
        return super().parse_args(ctx, args)

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """Return the pieces of the usage line."""
        return [*super().collect_usage_pieces(ctx), "-- COMMAND [WORD]..."]


def _help(verb: str, examples: str) -> dict[str, str]:
    described = CLI_VERBS[verb]
    return {"short_help": described.short_help, "help": f"{described.help}\n\n\b\n{examples}"}


@click.command("exec", cls=CommandAfterDashes, **_help("exec", _EXEC_EXAMPLES))
@_operands
@click.option("--all", "everywhere", is_flag=True, help="In all pods, results side by side; without input.")
@_tty
@_stdin
@_container
@with_cluster_options
def exec_(
    context: click.Context,
    /,
    operands: Sequence[str],
    container: str,
    stdin: bool,
    tty: bool,
    everywhere: bool,
    **given: Any,
) -> None:
    """Run `kdash exec`."""
    if everywhere and (stdin or tty):
        raise click.UsageError("With --all the command has neither input nor terminal: leave -i and -t out.")
    command: tuple[str, ...] = context.meta.get(COMMAND, ())
    if not command:
        raise click.UsageError("Name the command after two dashes: kdash exec POD -- COMMAND.")
    if given["output"] is not None and not everywhere:
        raise click.UsageError("The output is the command's: -o needs --all.")
    arguments, named = merge_arguments(context, given), parse_container_target(operands)
    from k9py.cli.remote import everywhere as all_pods
    from k9py.cli.remote import execute
    from k9py.cli.session import run

    if everywhere:
        context.exit(
            run(
                arguments,
                lambda invocation: all_pods.execute_everywhere(
                    invocation, named, container, command, as_json=arguments.json
                ),
            )
        )
    options = ContainerOptions(container, stdin, tty)
    context.exit(run(arguments, lambda invocation: execute.execute(invocation, named, options, command)))


@click.command("attach", cls=Subcommand, **_help("attach", _ATTACH_EXAMPLES))
@_operands
@_tty
@_stdin
@_container
@with_output_formats()
def attach(
    context: click.Context, /, operands: Sequence[str], container: str, stdin: bool, tty: bool, **given: Any
) -> None:
    """Run `kdash attach`."""
    arguments, named = merge_arguments(context, given), parse_container_target(operands)
    from k9py.cli.remote import execute
    from k9py.cli.session import run

    options = ContainerOptions(container, stdin, tty)
    context.exit(run(arguments, lambda invocation: execute.attach(invocation, named, options)))


@click.command("shell", cls=Subcommand, **_help("shell", _SHELL_EXAMPLES))
@_operands
@_container
@with_output_formats()
def shell(context: click.Context, /, operands: Sequence[str], container: str, **given: Any) -> None:
    """Run `kdash shell`."""
    arguments, named = merge_arguments(context, given), parse_container_target(operands)
    if not sys.stdin.isatty():
        raise click.UsageError("A shell needs a terminal; without one, run a command: kdash exec POD -- COMMAND.")
    from k9py.cli.remote import execute
    from k9py.cli.session import run

    options = ContainerOptions(container, stdin=True, tty=True)
    context.exit(run(arguments, lambda invocation: execute.shell(invocation, named, options)))
