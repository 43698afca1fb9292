"""The subcommands of `kdash` as click sees them: options and help, then the work in a module imported only then.

Invariant: importing this imports nothing heavy. Options that say which cluster is meant may stand before the subcommand
or behind it; behind wins. To add a subcommand: a function like these, registered in `COMMANDS`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

import click

from k9py.cli.names import check_namespace
from k9py.cli.options import Arguments, CommandArguments, WriteOptions
from k9py.cli.targets import parse_images, parse_target, parse_targets

_Function = Callable[..., Any]

_SCENARIO: Final = re.compile(r"(shop|bad-release|crashloop|failures|no-endpoints|big)(:\d+)?")
_DURATION: Final = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?")


def duration(text: str) -> float:
    """Return the seconds that `90`, `90s`, `10m` or `1h30m` mean. Raises click.BadParameter."""
    found = _DURATION.fullmatch(text.strip())
    if found is None or not any(found.groups()):
        raise click.BadParameter(f"{text!r} is no length of time: 90s, 10m or 1h30m.")
    hours, minutes, seconds = (int(one or 0) for one in found.groups())
    return float(hours * 3600 + minutes * 60 + seconds)


def revision(text: str) -> str:
    """Return a revision's number or the word `now`, as they were typed. Raises click.BadParameter."""
    if text != "now" and not (text.isascii() and text.isdigit() and int(text) > 0):
        raise click.BadParameter(f"{text!r} is neither a revision's number nor 'now'.")
    return text


class Subcommand(click.Command):
    """A command whose bare `--demo` does not swallow the word behind it."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse, once each bare `--demo` says which."""
        following = [*args[1:], ""] if args else []
        named = [
            "--demo=shop" if one == "--demo" and not _SCENARIO.fullmatch(after) else one
            for one, after in zip(args, following, strict=True)
        ]
        return super().parse_args(ctx, named)


def _where(function: _Function) -> _Function:
    """Add the options that say which cluster is meant, and how to answer."""
    for option in (
        click.option("--no-color", is_flag=True, help="No colours."),
        click.option("-o", "--output", type=click.Choice(["text", "json"]), help="Form of the answer."),
        click.option("--readonly", "read_only", is_flag=True, help="Refuse every write."),
        click.option("--demo", is_flag=False, flag_value="shop", metavar="[=SCENARIO]", help="Use a demo cluster."),
        click.option("-n", "--namespace", metavar="NAME", help="Namespace; default: the context's."),
        click.option("--kubeconfig", metavar="FILE", help="Kubeconfig file."),
        click.option("--context", metavar="NAME", help="Context of the kubeconfig to use."),
    ):
        function = option(function)
    return click.pass_context(function)


def _how(function: _Function) -> _Function:
    """Add the options every write has."""
    for option in (
        click.option(
            "--timeout",
            type=duration,
            default="10m",
            show_default=True,
            metavar="TIME",
            help="How long to wait at most.",
        ),
        click.option("--wait", is_flag=True, help="Follow the rollout to its end; the exit code tells the cause."),
        click.option("-y", "--yes", is_flag=True, help="Write without asking; needed without a terminal."),
        click.option("--dry-run", is_flag=True, help="Show what would be, as the server tries it; store nothing."),
    ):
        function = option(function)
    return function


_words = click.argument("words", nargs=-1, metavar="KIND/NAME")
_many_words = click.argument("words", nargs=-1, metavar="KIND/NAME...")


def _arguments(context: click.Context, given: dict[str, Any]) -> CommandArguments:
    """Merge what stands before the subcommand with what stands behind it; `given` loses what is merged."""
    before: Arguments = context.obj or Arguments()
    own = {
        name: given.pop(name)
        for name in ("context", "kubeconfig", "namespace", "demo", "read_only", "output", "no_color")
    }
    if len(before.namespaces) > 1:
        raise click.UsageError("One namespace at a time: give -n once.")
    merged = CommandArguments(
        kubeconfig=own["kubeconfig"] or before.kubeconfig,
        context=own["context"] or before.context,
        namespace=next(iter(before.namespaces), None) if own["namespace"] is None else own["namespace"],
        demo=before.demo if own["demo"] is None else own["demo"],
        read_only=own["read_only"] or before.read_only,
        json=(own["output"] or before.output) == "json",
        no_color=own["no_color"] or before.no_color,
    )
    if merged.demo is not None and (merged.kubeconfig or merged.context):
        raise click.UsageError("--demo brings its own cluster: leave out --kubeconfig and --context.")
    if merged.namespace is not None:
        check_namespace(merged.namespace)
    return merged


def _options(given: dict[str, Any]) -> WriteOptions:
    return WriteOptions(
        dry_run=given.pop("dry_run"), yes=given.pop("yes"), wait=given.pop("wait"), timeout=given.pop("timeout")
    )


@click.command(cls=Subcommand, short_help="Revisions: images, causes, pods, who and when.")
@_words
@click.option(
    "--revision",
    "number",
    type=click.IntRange(min=1),
    metavar="NUMBER",
    help="Show this one alone, with its pod template.",
)
@_where
def history(context: click.Context, /, words: Sequence[str], number: int | None, **given: Any) -> None:
    """Show the revisions of a workload: images, change-cause, pods alive, who made them and when."""
    arguments, named = _arguments(context, given), parse_target(words)
    from k9py.cli import history as core
    from k9py.cli.session import run

    context.exit(run(arguments, lambda invocation: core.history(invocation, named, number)))


@click.command(cls=Subcommand, short_help="What differs between revisions, or a revision and now.")
@_words
@click.option(
    "--from", "older", type=revision, metavar="REVISION", help="The same.  [default: the revision before --to]"
)
@click.option(
    "--to",
    "newer",
    type=revision,
    metavar="REVISION",
    default="now",
    show_default=True,
    help="A revision's number, or now.",
)
@click.option("--yaml", is_flag=True, help="The plain YAML difference with context instead of its meaning.")
@_where
def diff(
    context: click.Context, /, words: Sequence[str], older: str | None, newer: str, yaml: bool, **given: Any
) -> None:
    """Show what differs between two revisions of a workload, or between a revision and now."""
    arguments, named = _arguments(context, given), parse_target(words)
    from k9py.cli import history as core
    from k9py.cli.session import run

    context.exit(run(arguments, lambda invocation: core.diff(invocation, named, older, newer, yaml=yaml)))


@click.command(cls=Subcommand, short_help="Where a rollout stands and why; --wait to its end.")
@_words
@click.option("--wait", is_flag=True, help="Follow it to its end: each change of words goes to standard error.")
@click.option(
    "--timeout", type=duration, default="10m", show_default=True, metavar="TIME", help="How long to wait at most."
)
@_where
def status(context: click.Context, /, words: Sequence[str], wait: bool, timeout: float, **given: Any) -> None:
    """Tell where a rollout stands and why it does not get on; the exit code tells the cause."""
    arguments, named = _arguments(context, given), parse_target(words)
    from k9py.cli import status as core
    from k9py.cli.session import run

    context.exit(run(arguments, lambda invocation: core.status(invocation, named, wait=wait, timeout=timeout)))


@click.command(cls=Subcommand, short_help="Go back to an earlier revision, mid-rollout too.")
@_words
@click.option(
    "--to-revision",
    type=click.IntRange(min=0),
    default=0,
    metavar="NUMBER",
    help="Its number.  [default: the one before]",
)
@click.option("--delete-stuck-pods", "delete_stuck", is_flag=True, help="Delete pods a StatefulSet leaves stuck, too.")
@_how
@_where
def undo(context: click.Context, /, words: Sequence[str], to_revision: int, delete_stuck: bool, **given: Any) -> None:
    """Go back to an earlier revision, also in the middle of a failing rollout."""
    arguments, options, named = _arguments(context, given), _options(given), parse_target(words)
    from k9py.cli.plans import undoing
    from k9py.cli.session import run
    from k9py.cli.writing import write

    planner = undoing(to_revision, delete_stuck=delete_stuck)
    context.exit(run(arguments, lambda its: write(its, (named,), "undo", planner, options, delete_stuck=delete_stuck)))


@click.command(cls=Subcommand, short_help="Replace every pod, of several in turn.")
@_many_words
@_how
@_where
def restart(context: click.Context, /, words: Sequence[str], **given: Any) -> None:
    """Replace every pod, one workload after the other; the first that fails ends it."""
    arguments, options, targets = _arguments(context, given), _options(given), parse_targets(words)
    from k9py.cli.plans import restarting
    from k9py.cli.session import run
    from k9py.cli.writing import write

    context.exit(run(arguments, lambda its: write(its, targets, "restart", restarting(), options)))


@click.command(cls=Subcommand, short_help="Set the number of pods, of several in turn.")
@_many_words
@click.option("--replicas", type=click.IntRange(min=0), required=True, metavar="NUMBER", help="How many pods.")
@_how
@_where
def scale(context: click.Context, /, words: Sequence[str], replicas: int, **given: Any) -> None:
    """Set the number of pods, one workload after the other; the first that fails ends it."""
    arguments, options, targets = _arguments(context, given), _options(given), parse_targets(words)
    from k9py.cli.plans import scaling
    from k9py.cli.session import run
    from k9py.cli.writing import write

    context.exit(run(arguments, lambda its: write(its, targets, "scale", scaling(replicas), options)))


@click.command("set-image", cls=Subcommand, short_help="Give containers other images.")
@click.argument("words", nargs=-1, metavar="KIND/NAME CONTAINER=IMAGE...")
@_how
@_where
def set_image(context: click.Context, /, words: Sequence[str], **given: Any) -> None:
    """Give containers other images."""
    arguments, options = _arguments(context, given), _options(given)
    names, images = parse_images(words)
    named = parse_target(names)
    from k9py.cli.plans import setting_images
    from k9py.cli.session import run
    from k9py.cli.writing import write

    context.exit(run(arguments, lambda its: write(its, (named,), "set-image", setting_images(images), options)))


@click.command(cls=Subcommand, short_help="Hold a Deployment's rollout.")
@_words
@_how
@_where
def pause(context: click.Context, /, words: Sequence[str], **given: Any) -> None:
    """Hold a Deployment's rollout: changes are stored, but not rolled out."""
    arguments, options, named = _arguments(context, given), _options(given), parse_target(words)
    from k9py.cli.plans import pausing
    from k9py.cli.session import run
    from k9py.cli.writing import write

    context.exit(run(arguments, lambda its: write(its, (named,), "pause", pausing(), options)))


@click.command(cls=Subcommand, short_help="Let a paused rollout go on.")
@_words
@_how
@_where
def resume(context: click.Context, /, words: Sequence[str], **given: Any) -> None:
    """Let a paused Deployment's rollout go on."""
    arguments, options, named = _arguments(context, given), _options(given), parse_target(words)
    from k9py.cli.plans import resuming
    from k9py.cli.session import run
    from k9py.cli.writing import write

    context.exit(run(arguments, lambda its: write(its, (named,), "resume", resuming(), options)))


COMMANDS: Final = (history, diff, status, undo, restart, scale, set_image, pause, resume)
