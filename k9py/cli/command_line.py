"""What all command lines share: parsed options as values, durations, names, and the options of clusters and writes.

Invariant: importing this module imports nothing heavy. Options that select the cluster may come before or after the
subcommand; after wins.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import click

from k9py.actions.registry import CLI_VERBS

Output = Literal["table", "json"]

THEME_NAMES = ("dark", "light", "colour-blind", "colour-blind-light")
"""Themes of the dashboard. Listed here because `kdash --help` must not import Textual."""


@dataclass(frozen=True, slots=True)
class Arguments:
    """The parsed command line.

    Args:
        kubeconfig, context: as kubectl's; None means its defaults.
        namespaces: the values of -n in order, without duplicates; empty: -n not given.
        all_namespaces: -A was given.
        demo: name of the demo scenario, None for a real cluster.
        replay: file of an incident capsule, None for a real cluster.
        read_only: refuse every write.
        once: print and exit.
        output: of `--once`.
        no_color: no colours, whatever the environment says.
        theme: one of `THEME_NAMES`.
        mouse: handle the mouse; otherwise the terminal selects text as usual.
    """

    kubeconfig: str | None = None
    context: str | None = None
    namespaces: tuple[str, ...] = ()
    all_namespaces: bool = False
    demo: str | None = None
    replay: str | None = None
    read_only: bool = False
    once: bool = False
    output: Output = "table"
    no_color: bool = False
    theme: str = "dark"
    mouse: bool = True


@dataclass(frozen=True, slots=True)
class CommandArguments:
    """The options of every subcommand.

    Args:
        kubeconfig, context: as kubectl's; None means its defaults.
        namespace: of all named objects; None means the context's.
        demo: name of the demo scenario, None for a real cluster.
        replay: file of an incident capsule, None for a real cluster.
        read_only: refuse every write.
        json: print JSON.
        no_color: no colours, whatever the environment says.
    """

    kubeconfig: str | None = None
    context: str | None = None
    namespace: str | None = None
    demo: str | None = None
    replay: str | None = None
    read_only: bool = False
    json: bool = False
    no_color: bool = False


@dataclass(frozen=True, slots=True)
class ScopeArguments:
    """The namespaces that a command reads.

    Args:
        namespaces: the values of -n in order, without duplicates; empty: the context's.
        all_namespaces: -A was given.
    """

    namespaces: tuple[str, ...] = ()
    all_namespaces: bool = False


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """The options of every write.

    Args:
        dry_run: show the change and write nothing.
        yes: do not ask for confirmation.
        wait: follow the rollout until it is done.
        timeout: seconds to follow it at most.
    """

    dry_run: bool = False
    yes: bool = False
    wait: bool = False
    timeout: float = 600.0


def check_namespace(name: str) -> None:
    """Check that a namespace name is an RFC 1123 label. Raises click.UsageError."""
    if not _is_dns_label(name):
        raise click.UsageError(
            f"{name!r} is not a valid namespace name: use lower-case letters, digits and '-', at most 63."
        )


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


Function = Callable[..., Any]
Option = Callable[[Function], Function]
"""Adds an option to a command."""

SCENARIOS: Final = ("shop", "bad-release", "crashloop", "failures", "regression", "no-endpoints", "jobs", "big")
"""What `--demo` takes."""
_SCENARIO: Final = re.compile(rf"({'|'.join(SCENARIOS)})(:\d+)?")
_DURATION: Final = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?")


def parse_duration(text: str) -> float:
    """Parse `90`, `90s`, `10m` or `1h30m` to seconds. Raises click.BadParameter."""
    match = _DURATION.fullmatch(text.strip())
    if match is None or not any(match.groups()):
        raise click.BadParameter(f"{text!r} is not a duration: use 90s, 10m or 1h30m.")
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return float(hours * 3600 + minutes * 60 + seconds)


def parse_revision(text: str) -> str:
    """Check a revision number or `now` and return it as text. Raises click.BadParameter."""
    if text != "now" and not (text.isascii() and text.isdigit() and int(text) > 0):
        raise click.BadParameter(f"{text!r} is neither a revision number nor 'now'.")
    return text


class Subcommand(click.Command):
    """A command whose bare `--demo` does not take the following argument as its value."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse after giving each bare `--demo` its default."""
        following = [*args[1:], ""] if args else []
        named = [
            "--demo=shop" if argument == "--demo" and not _SCENARIO.fullmatch(following_argument) else argument
            for argument, following_argument in zip(args, following, strict=True)
        ]
        return super().parse_args(ctx, named)


def subcommand(
    verb: str, *, examples: str = "", cls: type[Subcommand] = Subcommand, **attributes: Any
) -> Callable[[Function], click.Command]:
    """Return what makes a function the subcommand of a verb, with the help of its action.

    Args:
        verb: One of `CLI_VERBS`.
        examples: Command lines, shown below the help.
        cls: The command's class.
        attributes: Of `click.command`.
    """
    described = CLI_VERBS[verb]
    text = f"{described.help}\n\n\b\n{examples}" if examples else described.help
    return click.command(verb, cls=cls, short_help=described.short_help, help=text, **attributes)


def with_cluster_options(function: Function) -> Function:
    """Add the options that select the cluster and the output format."""
    return with_output_formats("text", "json")(function)


def with_output_formats(*outputs: str, default: str = "", writes: bool = False) -> Callable[[Function], Function]:
    """Return a decorator that adds the cluster options, for a command with its own output formats.

    Args:
        outputs: the values of `--output`; none: the command has no such option.
        default: describes the default format, for the help.
        writes: the command writes, so its help shows --readonly.
    """
    form = f"Output format; default: {default}." if default else "Output format."
    output = click.option("-o", "--output", type=click.Choice(outputs), help=form) if outputs else _unchanged
    namespace = click.option("-n", "--namespace", metavar="NAME", help="Namespace; default: the context's.")

    def add(function: Function) -> Function:
        added: list[Option] = [*_cluster_options(output, writes=writes), namespace]
        for option in added:
            function = option(function)
        return click.pass_context(function)

    return add


def _unchanged(function: Function) -> Function:
    """Add no option."""
    return function


def _cluster_options(output: Option, *, writes: bool) -> Sequence[Option]:
    """Return the options of every subcommand but the namespace, last in the help first."""
    return (
        click.option("--no-color", is_flag=True, help="No colours."),
        output,
        click.option("--readonly", "read_only", is_flag=True, hidden=not writes, help="Refuse every write."),
        click.option("--replay", metavar="FILE", help="Use an incident capsule, without a cluster."),
        click.option("--demo", is_flag=False, flag_value="shop", metavar="[=SCENARIO]", help="Use a demo cluster."),
        click.option("--kubeconfig", metavar="FILE", help="Kubeconfig file."),
        click.option("--context", metavar="NAME", help="Kubeconfig context to use."),
    )


def with_read_options(*outputs: str, default: str = "", everywhere: bool = False) -> Callable[[Function], Function]:
    """Return a decorator that adds the cluster options, of which -n is repeatable and -A reads the whole cluster.

    Args:
        outputs: the values of `--output`.
        default: describes the default format, for the help.
        everywhere: without -n it reads all that may be listed.
    """
    scope = "all that you may list" if everywhere else "the context's"
    form = f"Output format; default: {default}." if default else "Output format."

    def add(function: Function) -> Function:
        options = _cluster_options(click.option("-o", "--output", type=click.Choice(outputs), help=form), writes=False)
        several = click.option(
            "-n",
            "--namespace",
            "namespaces",
            metavar="NAME",
            multiple=True,
            help=f"Namespace, repeatable; default: {scope}.",
        )
        everywhere = click.option("-A", "--all-namespaces", is_flag=True, help="All namespaces.")
        added: list[Option] = [*options, everywhere, several]
        for option in added:
            function = option(function)
        return click.pass_context(function)

    return add


def with_write_options(function: Function) -> Function:
    """Add the options of every write, and those that select the cluster and the output format."""
    function = with_output_formats("text", "json", writes=True)(function)
    for option in (
        click.option(
            "--timeout",
            type=parse_duration,
            default="10m",
            show_default=True,
            metavar="TIME",
            help="Maximum time to wait, such as 90s, 10m or 1h30m.",
        ),
        click.option("--wait", is_flag=True, help="Wait until the rollout is done; the exit code shows the cause."),
        click.option("-y", "--yes", is_flag=True, help="Do not ask for confirmation; required without a terminal."),
        click.option("--dry-run", is_flag=True, help="Server-side dry run: show the change, write nothing."),
    ):
        function = option(function)
    return function


def merge_arguments(context: click.Context, given: dict[str, Any]) -> CommandArguments:
    """Merge the options before the subcommand with those after it; merged options are removed from `given`."""
    before: Arguments = context.obj or Arguments()
    if len(before.namespaces) > 1:
        raise click.UsageError("Only one namespace is allowed: use -n once.")
    after = given.pop("namespace")
    return _merge(before, given, next(iter(before.namespaces), None) if after is None else after)


def merge_scoped_arguments(context: click.Context, given: dict[str, Any]) -> tuple[CommandArguments, ScopeArguments]:
    """Merge as `merge_arguments` does, for a command that reads several namespaces (`with_read_options`)."""
    before: Arguments = context.obj or Arguments()
    after = tuple(dict.fromkeys(given.pop("namespaces")))
    all_after = given.pop("all_namespaces")
    if after and all_after:
        raise click.UsageError("-n and -A exclude each other: use -n for some namespaces, or -A for all.")
    if not after and not all_after:
        after, all_after = before.namespaces, before.all_namespaces
    for name in after:
        check_namespace(name)
    return _merge(before, given, next(iter(after), None)), ScopeArguments(after, all_after)


def _merge(before: Arguments, given: dict[str, Any], namespace: str | None) -> CommandArguments:
    names = ("context", "kubeconfig", "demo", "replay", "read_only", "no_color")
    after = {"output": given.pop("output", None), **{name: given.pop(name) for name in names}}
    arguments = CommandArguments(
        kubeconfig=after["kubeconfig"] or before.kubeconfig,
        context=after["context"] or before.context,
        namespace=namespace,
        demo=before.demo if after["demo"] is None else after["demo"],
        replay=after["replay"] or before.replay,
        read_only=after["read_only"] or before.read_only,
        json=(after["output"] or before.output) == "json",
        no_color=after["no_color"] or before.no_color,
    )
    if arguments.demo is not None and (arguments.kubeconfig or arguments.context):
        raise click.UsageError("--demo has its own cluster: omit --kubeconfig and --context.")
    if arguments.replay is not None and (arguments.kubeconfig or arguments.context or arguments.demo is not None):
        raise click.UsageError("--replay has its own cluster: omit --kubeconfig, --context and --demo.")
    if arguments.namespace is not None:
        check_namespace(arguments.namespace)
    return arguments


def pop_write_options(given: dict[str, Any]) -> WriteOptions:
    """Remove the write options from `given` and return them."""
    return WriteOptions(
        dry_run=given.pop("dry_run"), yes=given.pop("yes"), wait=given.pop("wait"), timeout=given.pop("timeout")
    )
