"""The subcommands of `kdash` as click sees them: options and help, then the work in a module imported only then.

Invariant: importing this imports nothing heavy. A command that writes needs nothing here: it is made from its action
(`operation_command.py`). To add another one: a function like these (a longer command line is a module of its own, as
`logs`), registered in `COMMANDS`; its help is that of its action in `k9py/actions/catalog/`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import click

from k9py.actions.registry import ACTIONS
from k9py.cli.apply import apply
from k9py.cli.command_line import (
    merge_arguments,
    merge_scoped_arguments,
    parse_duration,
    parse_revision,
    subcommand,
    with_cluster_options,
    with_output_formats,
    with_read_options,
)
from k9py.cli.debug_command import debug
from k9py.cli.delete import delete
from k9py.cli.forward.command import forward
from k9py.cli.logs.command import logs
from k9py.cli.objects.command import api_resources, describe, events, get, top
from k9py.cli.operation_command import operation_command
from k9py.cli.remote.command import attach, exec_, shell
from k9py.cli.remote.cp_command import cp
from k9py.cli.targets import parse_status_target, parse_target

_operand = click.argument("operands", nargs=-1, metavar="KIND/NAME | NAME")
_show_secrets = click.option(
    "--show-secrets", is_flag=True, help="Show values in the pod template that look like secrets (hidden otherwise)."
)


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


_STATUS_EXAMPLES: Final = """\
kdash status -A                       every problem, worst first
kdash status -n shop --watch          and what changes
kdash status deploy/checkout --wait   a gate after a deploy
"""


@subcommand("status", examples=_STATUS_EXAMPLES)
@click.argument("operands", nargs=-1, metavar="[KIND/NAME | NAME]")
@click.option(
    "--wait",
    is_flag=True,
    help="Wait until the rollout or the Job ends, or the pod is ready; progress goes to standard error.",
)
@click.option(
    "--timeout",
    type=parse_duration,
    default="10m",
    show_default=True,
    metavar="TIME",
    help="Maximum time to wait, such as 90s or 10m.",
)
@click.option("-w", "--watch", is_flag=True, help="Without an object: print what changes, until Ctrl+C.")
@with_read_options("text", "json", default="text", everywhere=True)
def status(
    context: click.Context, /, operands: Sequence[str], wait: bool, timeout: float, watch: bool, **given: Any
) -> None:
    """Run `kdash status`."""
    arguments, scope = merge_scoped_arguments(context, given)
    from k9py.cli.session import run

    if not operands:
        if wait:
            raise click.UsageError("--wait needs an object to wait for: kdash status deploy/NAME --wait.")
        from k9py.cli.triage import ranking as triage

        context.exit(run(arguments, lambda invocation: triage.ranking(invocation, scope, watch=watch)))
    if watch:
        raise click.UsageError("--watch prints the problems of namespaces; for one object use --wait.")
    if scope.all_namespaces or len(scope.namespaces) > 1:
        raise click.UsageError("an object has one namespace: use -n once, and no -A.")
    named = parse_status_target(operands)
    from k9py.cli import status as core

    context.exit(run(arguments, lambda invocation: core.status(invocation, named, wait=wait, timeout=timeout)))


@subcommand(
    "timeline",
    examples="kdash timeline deploy/checkout --since 3h\nkdash timeline -A --since 15m\nkdash timeline -o json\n",
)
@click.argument("operands", nargs=-1, metavar="[KIND/NAME | NAME]")
@click.option(
    "--since",
    type=parse_duration,
    default="1h",
    show_default=True,
    metavar="TIME",
    help="How far to go back, such as 15m, 1h or 24h.",
)
@click.option("--no-headers", is_flag=True, help="No line of column titles.")
@with_read_options("table", "json", default="table")
def timeline(context: click.Context, /, operands: Sequence[str], since: float, no_headers: bool, **given: Any) -> None:
    """Run `kdash timeline`."""
    arguments, scope = merge_scoped_arguments(context, given)
    if operands and (scope.all_namespaces or len(scope.namespaces) > 1):
        raise click.UsageError("An object is in one namespace: use -n once, and no -A.")
    if since <= 0:
        raise click.UsageError("--since must be longer than 0 seconds, such as 15m or 1h.")
    from k9py.cli import timeline as core
    from k9py.cli.session import run

    context.exit(
        run(arguments, lambda invocation: core.timeline(invocation, operands, scope, since, headers=not no_headers))
    )


@subcommand("why", examples="kdash why svc/checkout\nkdash why pvc/data-db-0 -o json\nkdash why checkout\n")
@click.argument("operands", nargs=-1, metavar="KIND/NAME | NAME")
@with_cluster_options
def why(context: click.Context, /, operands: Sequence[str], **given: Any) -> None:
    """Run `kdash why`."""
    arguments = merge_arguments(context, given)
    if not operands:
        raise click.UsageError("Name an object: kdash why KIND/NAME; kdash status lists all problems.")
    from k9py.cli.session import run
    from k9py.cli.triage import why as core

    context.exit(run(arguments, lambda invocation: core.why(invocation, operands)))


@subcommand(
    "capsule", examples="kdash capsule svc/checkout\nkdash capsule -n shop -f incident.md\nkdash --replay incident.md\n"
)
@click.argument("operands", nargs=-1, metavar="[KIND/NAME | NAME]")
@click.option(
    "-f",
    "--file",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="File to write; default: a name with the time.",
)
@with_read_options("text", "json", default="text", everywhere=True)
def capsule(context: click.Context, /, operands: Sequence[str], file: str | None, **given: Any) -> None:
    """Run `kdash capsule`."""
    arguments, scope = merge_scoped_arguments(context, given)
    if operands and (scope.all_namespaces or len(scope.namespaces) > 1):
        raise click.UsageError("an object has one namespace: use -n once, and no -A.")
    from k9py.cli.session import run
    from k9py.cli.triage import capsule as core

    context.exit(run(arguments, lambda invocation: core.capsule(invocation, operands, scope, file)))


@subcommand("checks")
@with_output_formats("text", "json", default="text")
def checks(context: click.Context, /, **given: Any) -> None:
    """Run `kdash checks`."""
    arguments = merge_arguments(context, given)
    from k9py.cli.console import system_console
    from k9py.cli.process import run_printing
    from k9py.cli.triage.checks import list_checks

    context.exit(run_printing(lambda: list_checks(system_console(no_color=arguments.no_color), json=arguments.json)))


COMMANDS: Final = (
    apply,
    debug,
    delete,
    history,
    diff,
    status,
    timeline,
    why,
    capsule,
    checks,
    logs,
    forward,
    get,
    api_resources,
    describe,
    events,
    top,
    exec_,
    attach,
    shell,
    cp,
    *(
        operation_command(action)
        for action in ACTIONS
        if action.operation and action.cli is not None and not action.cli.has_own_function
    ),
)
