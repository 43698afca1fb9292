"""The command line of `kdash logs`: its options and help, and what is refused before anything is asked.

Invariant: importing this imports nothing heavy.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import click

from k9py.cli.command_line import merge_arguments, parse_duration, subcommand, with_output_formats
from k9py.cli.logs.options import FOLLOWED_PAST, LogOptions
from k9py.cli.targets import parse_log_target

_EPILOG: Final = """\b
Queries of --include and --exclude:
  timeout|refused           a regular expression; small letters alone match both cases
  level>=warn               by level
  pod=web-1 container=app   by source; also node= and revision=
  .status>=500 .path~^/api  by a field of JSON and logfmt lines
  !health                   leaves out
  Words with blanks between must all hold.

\b
Gaps, restarts and other remarks go to standard error.
"""

_LABEL_NAME: Final = r"(?:[a-z0-9][-a-z0-9.]*/)?[A-Za-z0-9](?:[-\w.]*[A-Za-z0-9])?"
_LABEL_VALUE: Final = r"(?:[A-Za-z0-9](?:[-\w.]*[A-Za-z0-9])?)?"
_REQUIREMENT: Final = (
    rf"\s*(?:!\s*{_LABEL_NAME}"
    rf"|{_LABEL_NAME}(?:\s*(?:==?|!=)\s*{_LABEL_VALUE}|\s*[<>]\s*\d+"
    rf"|\s+(?:in|notin)\s*\(\s*{_LABEL_VALUE}(?:\s*,\s*{_LABEL_VALUE})*\s*\))?)\s*"
)
_SELECTOR: Final = re.compile(rf"{_REQUIREMENT}(?:,{_REQUIREMENT})*", re.ASCII)


def label_selector(text: str) -> str:
    """Return a label selector as it was typed. Raises click.BadParameter unless the API can read it."""
    if not _SELECTOR.fullmatch(text):
        raise click.BadParameter(f"{text!r} is no label selector: app=web,tier!=cache or 'app in (web,api)'.")
    return text.strip()


def _past(text: str) -> int:
    """Return seconds of the past, one at least. Raises click.BadParameter."""
    seconds = int(parse_duration(text))
    if seconds < 1:
        raise click.BadParameter(f"{text!r} is no time that has passed: 90s, 10m or 1h30m.")
    return seconds


_EXAMPLES: Final = """\
kdash logs deploy/checkout -f
kdash logs svc/web --since 10m --include 'level>=warn'
kdash logs -l app=web -o json | jq .message
"""


@subcommand("logs", examples=_EXAMPLES, epilog=_EPILOG)
@click.argument("words", nargs=-1, metavar="[KIND/NAME]")
@click.option("-l", "--selector", type=label_selector, metavar="SELECTOR", help="The pods with these labels instead.")
@click.option("-f", "--follow", is_flag=True, help="Go on as lines come; new pods join.")
@click.option("--since", type=_past, metavar="TIME", help="Only lines of the last so long: 90s, 10m, 1h30m.")
@click.option(
    "--tail",
    type=click.IntRange(min=0),
    metavar="LINES",
    help=f"So many last lines of each container; default: all, {FOLLOWED_PAST} with -f and without --since.",
)
@click.option("-p", "--previous", is_flag=True, help="The run before the last restart of each container.")
@click.option(
    "-c",
    "--container",
    "containers",
    multiple=True,
    metavar="NAME",
    help="Only this one, init and ephemeral containers too; may be repeated.",
)
@click.option("--include", multiple=True, metavar="QUERY", help="Only lines where this holds; repeated: any of them.")
@click.option("--exclude", multiple=True, metavar="QUERY", help="No lines where this holds; repeated: none of them.")
@click.option("--highlight", multiple=True, metavar="REGEX", help="Mark what matches; may be repeated.")
@click.option("--timestamps", is_flag=True, help="Begin each line with its time, UTC.")
@click.option("--prefix/--no-prefix", default=None, help="Begin each line with pod/container; default: if several.")
@click.option(
    "--raw",
    is_flag=True,
    help="Lines exactly as they were written, escape sequences too; without it those are taken out, even into a pipe.",
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
def logs(context: click.Context, /, words: Sequence[str], selector: str | None, **given: Any) -> None:
    """Run `kdash logs`."""
    form = given["output"]
    arguments, named = merge_arguments(context, given), parse_log_target(words)
    if (named is None) == (selector is None):
        raise click.UsageError(
            "Name what to read: deploy/NAME, sts/NAME, ds/NAME, svc/NAME, pod/NAME, or -l SELECTOR."
            if named is None
            else f"{named} and -l exclude each other: name one object, or the pods with some labels."
        )
    if given["previous"] and given["follow"]:
        raise click.UsageError("-p and -f exclude each other: a run that has ended has nothing to follow.")
    if given["raw"] and (form not in (None, "raw") or arguments.json):
        raise click.UsageError("--raw prints lines as they were written: leave out -o.")
    options = LogOptions(
        named=named,
        selector=selector or "",
        output=form or ("json" if arguments.json else None),
        **given,
    )
    from k9py.cli.logs.choosing import choice, patterns

    chosen, marked = choice(options.include, options.exclude), patterns(options.highlight)
    from k9py.cli.logs import running
    from k9py.cli.session import run

    context.exit(run(arguments, lambda invocation: running.logs(invocation, options, chosen, marked)))
