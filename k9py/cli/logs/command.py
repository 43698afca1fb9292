"""The command line of `kdash logs`: its options and help, and what is rejected before any request.

Invariant: importing this module imports nothing heavy.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import click

from k9py.api.selector_text import SelectorError, parse_label_selector
from k9py.cli.command_line import merge_arguments, parse_duration, subcommand, with_output_formats
from k9py.cli.logs.options import DEFAULT_FOLLOW_TAIL, LogOptions
from k9py.cli.targets import LOG_USAGE, parse_log_target

_EPILOG: Final = """\b
Queries of --include and --exclude:
  timeout|refused           a regular expression; lower-case letters match both cases
  level>=warn               by level
  pod=web-1 container=app   by source; also node= and revision=
  .status>=500 .path~^/api  by a field of JSON and logfmt lines
  !health                   excludes
  All terms must match; separate them with blanks.

\b
Gaps, restarts and other messages go to standard error.
"""


def label_selector(text: str) -> str:
    """Return a label selector as it was typed. Raises click.BadParameter unless the API can parse it."""
    try:
        parse_label_selector(text)
    except SelectorError as error:
        example = "use app=web,tier!=cache or 'app in (web,api)'"
        raise click.BadParameter(f"{text!r} is not a label selector: {error}; {example}.") from error
    if not text.strip():
        raise click.BadParameter("an empty selector selects every pod: name what to read.")
    return text.strip()


def _parse_since(text: str) -> int:
    """Return seconds of the past, at least one. Raises click.BadParameter."""
    seconds = int(parse_duration(text))
    if seconds < 1:
        raise click.BadParameter(f"{text!r} is less than a second: use 90s, 10m or 1h30m.")
    return seconds


_EXAMPLES: Final = """\
kdash logs deploy/checkout -f
kdash logs svc/web --since 10m --include 'level>=warn'
kdash logs -l app=web -o json | jq .message
"""


@subcommand("logs", examples=_EXAMPLES, epilog=_EPILOG)
@click.argument("arguments", nargs=-1, metavar="[KIND/NAME | NAME]")
@click.option("-l", "--selector", type=label_selector, metavar="SELECTOR", help="Read the pods with these labels.")
@click.option("-f", "--follow", is_flag=True, help="Keep printing new lines; new pods join.")
@click.option("--since", type=_parse_since, metavar="TIME", help="Lines newer than 90s, 10m or 1h30m.")
@click.option(
    "--tail",
    type=click.IntRange(min=0),
    metavar="LINES",
    help=f"Last LINES lines per container; default: all, {DEFAULT_FOLLOW_TAIL} with -f and without --since.",
)
@click.option("-p", "--previous", is_flag=True, help="Logs of the previous container, before its last restart.")
@click.option(
    "-c",
    "--container",
    "containers",
    multiple=True,
    metavar="NAME",
    help="Only this container, also an init or ephemeral one; repeatable.",
)
@click.option("--include", multiple=True, metavar="QUERY", help="Only lines that match; repeated: any of them.")
@click.option("--exclude", multiple=True, metavar="QUERY", help="Skip lines that match; repeated: any of them.")
@click.option("--highlight", multiple=True, metavar="REGEX", help="Highlight matches; repeatable.")
@click.option("--timestamps", is_flag=True, help="Start each line with its timestamp (UTC).")
@click.option("--prefix/--no-prefix", default=None, help="Start each line with pod/container; default: if several.")
@click.option(
    "--raw",
    is_flag=True,
    help="Lines exactly as written, with escape sequences, which are otherwise removed, even into a pipe.",
)
@click.option(
    "--max-streams",
    type=click.IntRange(min=1, max=1000),
    default=60,
    show_default=True,
    metavar="NUMBER",
    help="Containers read at once; more take turns.",
)
@with_output_formats("raw", "json", "pretty", default="pretty on a terminal, raw into a pipe")
def logs(context: click.Context, /, arguments: Sequence[str], selector: str | None, **given: Any) -> None:
    """Run `kdash logs`."""
    form = given["output"]
    command_arguments, target = merge_arguments(context, given), parse_log_target(arguments)
    if (target is None) == (selector is None):
        raise click.UsageError(
            f"Name what to read: {LOG_USAGE}, or -l SELECTOR."
            if target is None
            else f"{target} and -l cannot be combined: use one of them."
        )
    if given["previous"] and given["follow"]:
        raise click.UsageError("-p and -f cannot be combined: a previous container writes no more lines.")
    if given["raw"] and (form not in (None, "raw") or command_arguments.json):
        raise click.UsageError("--raw prints lines as written: leave out -o.")
    options = LogOptions(
        target=target,
        selector=selector or "",
        output=form or ("json" if command_arguments.json else None),
        **given,
    )
    from k9py.cli.logs.selection import parse_highlights, parse_selection

    selection, highlights = parse_selection(options.include, options.exclude), parse_highlights(options.highlight)
    from k9py.cli.logs.run import print_logs
    from k9py.cli.session import run

    context.exit(run(command_arguments, lambda invocation: print_logs(invocation, options, selection, highlights)))
