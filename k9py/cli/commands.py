"""The subcommands of `kdash` as click sees them: options and help, then the work in a module imported only then.

Invariant: importing this imports nothing heavy. To add a subcommand: a function like these (a longer command line is a
module of its own, as `logs`), registered in `COMMANDS`; its help is that of its action
in `k9py/actions/catalog/`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NoReturn

import click

from k9py.cli.command_line import (
    merge_arguments,
    parse_duration,
    parse_revision,
    pop_write_options,
    subcommand,
    with_cluster_options,
    with_write_options,
)
from k9py.cli.logs.command import logs
from k9py.cli.targets import ObjectArgument, parse_images, parse_target, parse_targets

_operand = click.argument("operands", nargs=-1, metavar="KIND/NAME")
_show_secrets = click.option(
    "--show-secrets", is_flag=True, help="Show values in the pod template that look like secrets (hidden otherwise)."
)
_operands = click.argument("operands", nargs=-1, metavar="KIND/NAME...")


@subcommand("history")
@_operand
@click.option(
    "--revision",
    "number",
    type=click.IntRange(min=1),
    metavar="NUMBER",
    help="Show only this revision, with its pod template.",
)
@_show_secrets
@with_cluster_options
def history(
    context: click.Context, /, operands: Sequence[str], number: int | None, show_secrets: bool, **given: Any
) -> None:
    """Run `kdash history`."""
    if show_secrets and number is None:
        raise click.UsageError("--show-secrets is about a pod template: name one with --revision")
    arguments, named = merge_arguments(context, given), parse_target(operands)
    from k9py.cli import history as core
    from k9py.cli.session import run

    context.exit(run(arguments, lambda invocation: core.history(invocation, named, number, shows_secrets=show_secrets)))


@subcommand("diff")
@_operand
@click.option(
    "--from",
    "older",
    type=parse_revision,
    metavar="REVISION",
    help='Revision to compare from: a number or "now".  [default: the one before --to]',
)
@click.option(
    "--to",
    "newer",
    type=parse_revision,
    metavar="REVISION",
    default="now",
    show_default=True,
    help='Revision to compare to: a number or "now".',
)
@click.option("--yaml", is_flag=True, help="Show a YAML diff with context instead of the summary.")
@_show_secrets
@with_cluster_options
def diff(
    context: click.Context,
    /,
    operands: Sequence[str],
    older: str | None,
    newer: str,
    yaml: bool,
    show_secrets: bool,
    **given: Any,
) -> None:
    """Run `kdash diff`."""
    if show_secrets and not yaml:
        raise click.UsageError("--show-secrets needs --yaml")
    arguments, named = merge_arguments(context, given), parse_target(operands)
    from k9py.cli import history as core
    from k9py.cli.session import run

    context.exit(
        run(
            arguments,
            lambda invocation: core.diff(invocation, named, older, newer, yaml=yaml, shows_secrets=show_secrets),
        )
    )


@subcommand("status")
@_operand
@click.option("--wait", is_flag=True, help="Wait until the rollout ends; progress goes to standard error.")
@click.option(
    "--timeout", type=parse_duration, default="10m", show_default=True, metavar="TIME", help="Maximum time to wait."
)
@with_cluster_options
def status(context: click.Context, /, operands: Sequence[str], wait: bool, timeout: float, **given: Any) -> None:
    """Run `kdash status`."""
    arguments, named = merge_arguments(context, given), parse_target(operands)
    from k9py.cli import status as core
    from k9py.cli.session import run

    context.exit(run(arguments, lambda invocation: core.status(invocation, named, wait=wait, timeout=timeout)))


@subcommand("undo")
@_operand
@click.option(
    "--to-revision",
    type=click.IntRange(min=0),
    default=0,
    metavar="NUMBER",
    help="Revision to roll back to.  [default: the previous one, if something is wrong]",
)
@click.option(
    "--delete-stuck-pods", "delete_stuck", is_flag=True, help="Also delete pods that block a StatefulSet's rollback."
)
@with_write_options
@with_cluster_options
def undo(
    context: click.Context, /, operands: Sequence[str], to_revision: int, delete_stuck: bool, **given: Any
) -> None:
    """Run `kdash undo`."""
    targets = (parse_target(operands),)
    _run(context, given, "undo", targets, revision=to_revision or None, deletes_stuck_pods=delete_stuck)


@subcommand("restart")
@_operands
@with_write_options
@with_cluster_options
def restart(context: click.Context, /, operands: Sequence[str], **given: Any) -> None:
    """Run `kdash restart`."""
    _run(context, given, "restart", parse_targets(operands))


@subcommand("scale")
@_operands
@click.option(
    "--replicas", type=click.IntRange(min=0), required=True, metavar="NUMBER", help="Number of replicas to set."
)
@with_write_options
@with_cluster_options
def scale(context: click.Context, /, operands: Sequence[str], replicas: int, **given: Any) -> None:
    """Run `kdash scale`."""
    _run(context, given, "scale", parse_targets(operands), replicas=replicas)


@subcommand("set-image")
@click.argument("operands", nargs=-1, metavar="KIND/NAME CONTAINER=IMAGE...")
@with_write_options
@with_cluster_options
def set_image(context: click.Context, /, operands: Sequence[str], **given: Any) -> None:
    """Run `kdash set-image`."""
    names, images = parse_images(operands)
    _run(context, given, "set-image", (parse_target(names),), images=images)


@subcommand("pause")
@_operand
@with_write_options
@with_cluster_options
def pause(context: click.Context, /, operands: Sequence[str], **given: Any) -> None:
    """Run `kdash pause`."""
    _run(context, given, "pause", (parse_target(operands),))


@subcommand("resume")
@_operand
@with_write_options
@with_cluster_options
def resume(context: click.Context, /, operands: Sequence[str], **given: Any) -> None:
    """Run `kdash resume`."""
    _run(context, given, "resume", (parse_target(operands),))


def _run(
    context: click.Context,
    given: dict[str, Any],
    operation_id: str,
    targets: Sequence[ObjectArgument],
    **inputs: Any,
) -> NoReturn:
    """Run an operation and exit with its code."""
    arguments, options = merge_arguments(context, given), pop_write_options(given)
    from k9py.cli.operations import run_operation
    from k9py.cli.session import run

    context.exit(run(arguments, lambda invocation: run_operation(invocation, targets, operation_id, options, **inputs)))


COMMANDS: Final = (history, diff, status, logs, undo, restart, scale, set_image, pause, resume)
