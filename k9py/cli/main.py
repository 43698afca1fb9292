"""`kdash`: parse the command line, run it, and turn every error into a clear line and an exit code.

Invariant: `kdash --help`, `--version` and every subcommand's help import neither Textual nor kubernetes_asyncio nor
aiohttp, and no subcommand imports Textual. Exit codes: `views/exit_code_texts.py`.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Final

import click

from k9py import __version__
from k9py.api.errors import ConfigError, KdashError
from k9py.api.text import printable
from k9py.cli.command_line import SCENARIOS, THEME_NAMES, Arguments, Output, check_namespace
from k9py.cli.commands import COMMANDS
from k9py.cli.process import (
    configure_streams,
    default_sigint,
    discard_unwritable_output,
    drop_stale_terminal_size,
    run_printing,
)
from k9py.views.exit_code_texts import EXIT_CODE_TEXTS, ExitCode

EXIT_CODES = "\b\nExit codes:\n" + "".join(f"{code:3d}  {text}\n" for code, text in EXIT_CODE_TEXTS.items())

_KUBECTL: Final = {
    "rollout": "kubectl rollout undo is kdash undo; likewise restart, pause, resume, status and history.",
    "run": "A command in all pods: kdash exec KIND/NAME --all -- COMMAND; in one: kdash exec KIND/NAME -- COMMAND.",
    "set": "kubectl set image is kdash set-image.",
}
"""Commands of kubectl, and of the dashboard's command line, and what to use instead."""


class DashboardGroup(click.Group):
    """Opens the dashboard if no subcommand is given."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse; a bare `--demo` does not take the following subcommand as its value, nor a misspelt one."""
        following = [*args[1:], ""] if args else []
        named = [
            "--demo=shop" if argument == "--demo" and self._means_command(following_argument) else argument
            for argument, following_argument in zip(args, following, strict=True)
        ]
        return super().parse_args(ctx, named)

    def _means_command(self, word: str) -> bool:
        """Return whether a word is a command, or looks like one more than like a scenario."""
        near = difflib.get_close_matches(word, (*self.commands, *_KUBECTL, *SCENARIOS), n=1)
        return bool(near) and near[0] not in SCENARIOS

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the subcommand. Raises click.UsageError that lists the subcommands."""
        if args and args[0] not in self.commands:
            if args[0] in _KUBECTL:
                ctx.fail(f"unknown command {args[0]!r}. {_KUBECTL[args[0]]}")
            near = difflib.get_close_matches(args[0], self.commands, n=1)
            if near:
                ctx.fail(f"unknown command {args[0]!r}: did you mean {near[0]}?")
            ctx.fail(f"unknown command {args[0]!r}. Commands: {', '.join(self.list_commands(ctx))}.")
        return super().resolve_command(ctx, args)


@click.group(
    cls=DashboardGroup,
    invoke_without_command=True,
    subcommand_metavar="[COMMAND ...]",
    epilog=EXIT_CODES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option("--context", metavar="NAME", help="Kubeconfig context to use.")
@click.option("--kubeconfig", metavar="FILE", help="Kubeconfig file; default: $KUBECONFIG, ~/.kube/config, in-cluster.")
@click.option(
    "-n", "--namespace", "namespaces", metavar="NAME", multiple=True, help="Namespace to show; may be repeated."
)
@click.option("-A", "--all-namespaces", is_flag=True, help="Show all namespaces (the default if you may list them).")
@click.option(
    "--demo",
    is_flag=False,
    flag_value="shop",
    metavar="[=SCENARIO]",
    help="Open a demo cluster: shop, bad-release, crashloop, failures, regression, no-endpoints, jobs, big[:PODS].",
)
@click.option("--replay", metavar="FILE", help="Open an incident capsule (kdash capsule), without a cluster.")
@click.option("--readonly", "read_only", is_flag=True, help="Refuse every write.")
@click.option(
    "--once",
    is_flag=True,
    help="Print services and rollouts, then exit (0: healthy, 1: down, degraded or stuck, 2: unknown).",
)
@click.option(
    "-o",
    "--output",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="Output format of --once.",
)
@click.option("--no-color", is_flag=True, help="No colours (NO_COLOR and TERM=dumb do the same).")
@click.option("--no-mouse", is_flag=True, help="Do not capture the mouse: select text without holding Shift.")
@click.option("--theme", type=click.Choice(THEME_NAMES), default="dark", show_default=True, help="Colour theme.")
@click.version_option(__version__, "-V", "--version", prog_name="kdash")
@click.pass_context
def command(
    click_context: click.Context,
    context: str | None,
    kubeconfig: str | None,
    namespaces: tuple[str, ...],
    all_namespaces: bool,
    demo: str | None,
    replay: str | None,
    read_only: bool,
    once: bool,
    output: Output,
    no_color: bool,
    theme: str,
    no_mouse: bool,
) -> None:
    """Live services, rollouts and logs of a Kubernetes cluster; scale, restart and undo from the same screen.

    Without a cluster: kdash --demo

    Commands work without a screen, for scripts too: kdash status deploy/checkout --wait
    """
    arguments = Arguments(
        kubeconfig=kubeconfig,
        context=context,
        namespaces=tuple(dict.fromkeys(namespaces)),
        all_namespaces=all_namespaces,
        demo=demo,
        replay=replay,
        read_only=read_only,
        once=once,
        output=output,
        no_color=no_color,
        theme=theme,
        mouse=not no_mouse,
    )
    given = {
        name
        for name in ("output", "theme", "no_mouse", "all_namespaces", "once")
        if click_context.get_parameter_source(name) == click.core.ParameterSource.COMMANDLINE
    }
    _check(arguments, given, click_context.invoked_subcommand)
    click_context.obj = arguments
    if click_context.invoked_subcommand is None:
        click_context.exit(_run(arguments))


def _check(arguments: Arguments, given: Collection[str], subcommand: str | None) -> None:
    """Refuse option combinations of which one would be ignored.

    Args:
        given: the options on the command line, of those that are not always valid.
    """
    if arguments.all_namespaces and arguments.namespaces:
        raise click.UsageError("-n and -A exclude each other: use -n for some namespaces, or -A for all.")
    if arguments.demo is not None and (arguments.kubeconfig or arguments.context):
        raise click.UsageError("--demo has its own cluster: omit --kubeconfig and --context.")
    if arguments.replay is not None and (arguments.kubeconfig or arguments.context or arguments.demo is not None):
        raise click.UsageError("--replay has its own cluster: omit --kubeconfig, --context and --demo.")
    for option, name in (
        ("--once", "once"),
        ("-A", "all_namespaces"),
        ("--theme", "theme"),
        ("--no-mouse", "no_mouse"),
    ):
        if subcommand is not None and name in given and not _takes(subcommand, name):
            raise click.UsageError(f"{option} is not valid with {subcommand}.")
    if subcommand is None and "output" in given and not arguments.once:
        raise click.UsageError("--output requires --once: kdash --once --output json")
    for name in arguments.namespaces:
        check_namespace(name)


def _takes(subcommand: str, parameter: str) -> bool:
    return any(option.name == parameter for option in command.commands[subcommand].params)


def _run(arguments: Arguments) -> int:
    if arguments.once:
        with default_sigint():
            from k9py.cli.once import run_once

        return run_printing(lambda: run_once(arguments))
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise ConfigError("the dashboard needs a terminal", "for scripts: kdash --once, or kdash --once --output json")
    if not sys.stderr.isatty():  # Textual writes to it
        raise ConfigError("the dashboard needs a terminal on standard error too", "remove the 2> redirection")
    with default_sigint():
        from k9py.cli.dashboard import run_dashboard

    return run_dashboard(arguments)


for _subcommand in COMMANDS:
    command.add_command(_subcommand)


def main(argv: Sequence[str] | None = None) -> None:
    """Run `kdash` and exit the process; errors are printed on standard error with a hint."""
    try:
        configure_streams()
        drop_stale_terminal_size()
        status = command.main(args=None if argv is None else list(argv), prog_name="kdash", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        status = ExitCode.UNKNOWN
    except click.Abort:
        status = 130
    except KdashError as error:
        with suppress(OSError):  # the terminal may be gone
            click.echo(f"kdash: {printable(error.message)}", err=True)
            if error.hint_after_giving_up:
                click.echo(f"  hint: {printable(error.hint_after_giving_up)}", err=True)
        status = ExitCode.UNKNOWN
    except BrokenPipeError:
        status = ExitCode.UNKNOWN
    except KeyboardInterrupt:
        status = 130
    discard_unwritable_output()
    sys.exit(status)
