"""The subcommands of `kdash` as click sees them: options and help, then the work in a module imported only then.

Invariant: importing this imports nothing heavy. To add a subcommand: a function like these (a longer command line is a
module of its own, as `logs`), registered in `COMMANDS`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import click

from k9py.cli.command_line import (
    Subcommand,
    merge_arguments,
    parse_duration,
    parse_revision,
    pop_write_options,
    with_cluster_options,
    with_write_options,
)
from k9py.cli.logs.command import logs
from k9py.cli.targets import parse_images, parse_target, parse_targets

_words = click.argument("words", nargs=-1, metavar="KIND/NAME")
_show_secrets = click.option(
    "--show-secrets", is_flag=True, help="Show values in the pod template that look like secrets (hidden otherwise)."
)
_many_words = click.argument("words", nargs=-1, metavar="KIND/NAME...")


@click.command(cls=Subcommand, short_help="Revisions: images, causes, pods, who and when.")
@_words
@click.option(
    "--revision",
    "number",
    type=click.IntRange(min=1),
    metavar="NUMBER",
    help="Show this one alone, with its pod template.",
)
@_show_secrets
@with_cluster_options
def history(
    context: click.Context, /, words: Sequence[str], number: int | None, show_secrets: bool, **given: Any
) -> None:
    """Show the revisions of a workload: images, change-cause, pods alive, who made them and when."""
    if show_secrets and number is None:
        raise click.UsageError("--show-secrets is about a pod template: name one with --revision")
    arguments, named = merge_arguments(context, given), parse_target(words)
    from k9py.cli import history as core
    from k9py.cli.session import run

    context.exit(run(arguments, lambda invocation: core.history(invocation, named, number, shows_secrets=show_secrets)))


@click.command(cls=Subcommand, short_help="What differs between revisions, or a revision and now.")
@_words
@click.option(
    "--from", "older", type=parse_revision, metavar="REVISION", help="The same.  [default: the revision before --to]"
)
@click.option(
    "--to",
    "newer",
    type=parse_revision,
    metavar="REVISION",
    default="now",
    show_default=True,
    help="A revision's number, or now.",
)
@click.option("--yaml", is_flag=True, help="The plain YAML difference with context instead of its meaning.")
@_show_secrets
@with_cluster_options
def diff(
    context: click.Context,
    /,
    words: Sequence[str],
    older: str | None,
    newer: str,
    yaml: bool,
    show_secrets: bool,
    **given: Any,
) -> None:
    """Show what differs between two revisions of a workload, or between a revision and now."""
    if show_secrets and not yaml:
        raise click.UsageError("--show-secrets needs --yaml")
    arguments, named = merge_arguments(context, given), parse_target(words)
    from k9py.cli import history as core
    from k9py.cli.session import run

    context.exit(
        run(
            arguments,
            lambda invocation: core.diff(invocation, named, older, newer, yaml=yaml, shows_secrets=show_secrets),
        )
    )


@click.command(cls=Subcommand, short_help="Where a rollout stands and why; --wait to its end.")
@_words
@click.option("--wait", is_flag=True, help="Follow it to its end: each change of words goes to standard error.")
@click.option(
    "--timeout", type=parse_duration, default="10m", show_default=True, metavar="TIME", help="Maximum time to wait."
)
@with_cluster_options
def status(context: click.Context, /, words: Sequence[str], wait: bool, timeout: float, **given: Any) -> None:
    """Tell where a rollout stands and why it does not get on; the exit code tells the cause."""
    arguments, named = merge_arguments(context, given), parse_target(words)
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
    help="Its number.  [default: the one before, if something is wrong]",
)
@click.option("--delete-stuck-pods", "delete_stuck", is_flag=True, help="Delete pods a StatefulSet leaves stuck, too.")
@with_write_options
@with_cluster_options
def undo(context: click.Context, /, words: Sequence[str], to_revision: int, delete_stuck: bool, **given: Any) -> None:
    """Go back to an earlier revision, also in the middle of a failing rollout."""
    arguments, options, named = merge_arguments(context, given), pop_write_options(given), parse_target(words)
    from k9py.cli.plans import undoing
    from k9py.cli.session import run
    from k9py.cli.writing import write

    planner = undoing(to_revision, delete_stuck=delete_stuck)
    context.exit(run(arguments, lambda its: write(its, (named,), "undo", planner, options, delete_stuck=delete_stuck)))


@click.command(cls=Subcommand, short_help="Replace every pod, of several in turn.")
@_many_words
@with_write_options
@with_cluster_options
def restart(context: click.Context, /, words: Sequence[str], **given: Any) -> None:
    """Replace every pod, one workload after the other; the first that fails ends it."""
    arguments, options, targets = merge_arguments(context, given), pop_write_options(given), parse_targets(words)
    from k9py.cli.plans import restarting
    from k9py.cli.session import run
    from k9py.cli.writing import write

    context.exit(run(arguments, lambda its: write(its, targets, "restart", restarting(), options)))


@click.command(cls=Subcommand, short_help="Set the number of pods, of several in turn.")
@_many_words
@click.option("--replicas", type=click.IntRange(min=0), required=True, metavar="NUMBER", help="How many pods.")
@with_write_options
@with_cluster_options
def scale(context: click.Context, /, words: Sequence[str], replicas: int, **given: Any) -> None:
    """Set the number of pods, one workload after the other; the first that fails ends it."""
    arguments, options, targets = merge_arguments(context, given), pop_write_options(given), parse_targets(words)
    from k9py.cli.plans import scaling
    from k9py.cli.session import run
    from k9py.cli.writing import write

    context.exit(run(arguments, lambda its: write(its, targets, "scale", scaling(replicas), options)))


@click.command("set-image", cls=Subcommand, short_help="Give containers other images.")
@click.argument("words", nargs=-1, metavar="KIND/NAME CONTAINER=IMAGE...")
@with_write_options
@with_cluster_options
def set_image(context: click.Context, /, words: Sequence[str], **given: Any) -> None:
    """Give containers other images."""
    arguments, options = merge_arguments(context, given), pop_write_options(given)
    names, images = parse_images(words)
    named = parse_target(names)
    from k9py.cli.plans import setting_images
    from k9py.cli.session import run
    from k9py.cli.writing import write

    context.exit(run(arguments, lambda its: write(its, (named,), "set-image", setting_images(images), options)))


@click.command(cls=Subcommand, short_help="Hold a Deployment's rollout.")
@_words
@with_write_options
@with_cluster_options
def pause(context: click.Context, /, words: Sequence[str], **given: Any) -> None:
    """Hold a Deployment's rollout: changes are stored, but not rolled out."""
    arguments, options, named = merge_arguments(context, given), pop_write_options(given), parse_target(words)
    from k9py.cli.plans import pausing
    from k9py.cli.session import run
    from k9py.cli.writing import write

    context.exit(run(arguments, lambda its: write(its, (named,), "pause", pausing(), options)))


@click.command(cls=Subcommand, short_help="Let a paused rollout go on.")
@_words
@with_write_options
@with_cluster_options
def resume(context: click.Context, /, words: Sequence[str], **given: Any) -> None:
    """Let a paused Deployment's rollout go on."""
    arguments, options, named = merge_arguments(context, given), pop_write_options(given), parse_target(words)
    from k9py.cli.plans import resuming
    from k9py.cli.session import run
    from k9py.cli.writing import write

    context.exit(run(arguments, lambda its: write(its, (named,), "resume", resuming(), options)))


COMMANDS: Final = (history, diff, status, logs, undo, restart, scale, set_image, pause, resume)
