"""The command lines of the read-only verbs, such as `kdash get`: options, help, what is refused without a request.

Invariant: importing this module imports nothing heavy. To add a read-only verb: a function like these, its action in
`actions/catalog/cli_only.py`, and its core beside this module.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import click

from k9py.api.selector_text import SelectorError, check_field_selector, parse_label_selector
from k9py.cli.command_line import (
    merge_arguments,
    merge_scoped_arguments,
    subcommand,
    with_cluster_options,
    with_output_formats,
    with_read_options,
)
from k9py.cli.objects.options import ApiResourcesOptions, EventOptions, GetOptions, TopOptions


def _label_selector(_context: click.Context, _option: click.Parameter, text: str) -> str:
    try:
        parse_label_selector(text)
    except SelectorError as error:
        example = "use app=web,tier!=cache or 'app in (web,api)'"
        raise click.BadParameter(f"{text!r} is not a label selector: {error}; {example}.") from error
    return text.strip()


def _field_selector(_context: click.Context, _option: click.Parameter, text: str) -> str:
    try:
        check_field_selector(text)
    except SelectorError as error:
        raise click.BadParameter(f"{text!r} is not a field selector: {error}.") from error
    return text


selector_option = click.option(
    "-l",
    "--selector",
    "label_selector",
    default="",
    callback=_label_selector,
    metavar="SELECTOR",
    help="Only objects with these labels.",
)
fields_option = click.option(
    "--field-selector",
    default="",
    callback=_field_selector,
    metavar="SELECTOR",
    help="Only objects with these fields, such as status.phase!=Running.",
)
_sort_by = click.option(
    "--sort-by",
    default="",
    metavar="COLUMN",
    help="Sort by a column, or by .metadata.name, .metadata.creationTimestamp or .lastTimestamp; -COLUMN: descending.",
)
_headers = click.option("--no-headers", is_flag=True, help="No line of column titles.")

_GET_EXAMPLES: Final = """\
kdash get pods -A --sort-by -restarts
kdash get events --sort-by .lastTimestamp
kdash get pods -L app --show-labels
kdash get deploy,svc -l app=cart -o wide
kdash get certificates.cert-manager.io/web -o yaml
kdash get pods --field-selector status.phase!=Running -w
"""


@subcommand("get", examples=_GET_EXAMPLES)
@click.argument("operands", nargs=-1, metavar="TYPE[,TYPE] [NAME...] | TYPE/NAME...")
@selector_option
@fields_option
@click.option("-w", "--watch", is_flag=True, help="Keep printing what changes, until Ctrl+C.")
@_sort_by
@click.option("--reverse", is_flag=True, help="Print the rows in the opposite order.")
@click.option(
    "-L", "--label-columns", multiple=True, metavar="KEY[,KEY]", help="A column for each of these labels; repeatable."
)
@click.option("--show-labels", "shows_labels", is_flag=True, help="A column with all labels.")
@_headers
@with_read_options("table", "wide", "json", "yaml", "name", default="table")
def get(context: click.Context, /, operands: Sequence[str], **given: Any) -> None:
    """Run `kdash get`."""
    output = given["output"]
    given["label_columns"] = tuple(
        key for keys in given["label_columns"] for part in keys.split(",") if (key := part.strip())
    )
    arguments, scope = merge_scoped_arguments(context, given)
    options = GetOptions(output=output or ("json" if arguments.json else "table"), **given)
    if not operands:
        raise click.UsageError("Name what to list: kdash get pods, kdash get deploy,svc, or kdash get TYPE/NAME.")
    from k9py.cli.objects import get as core
    from k9py.cli.session import run

    context.exit(run(arguments, lambda invocation: core.get(invocation, operands, scope, options)))


@subcommand("api-resources", examples="kdash api-resources -o wide\nkdash api-resources --api-group apps\n")
@click.option("--api-group", metavar="GROUP", help='Only types of this group; "" is the core group.')
@click.option(
    "--namespaced", type=bool, metavar="true|false", help="Only types with namespaces, or only those without."
)
@_headers
@with_output_formats("table", "wide", "json", "name", default="table")
def api_resources(context: click.Context, /, **given: Any) -> None:
    """Run `kdash api-resources`."""
    output = given["output"]
    arguments = merge_arguments(context, given)
    options = ApiResourcesOptions(output=output or ("json" if arguments.json else "table"), **given)
    from k9py.cli.objects import api_resources as core
    from k9py.cli.session import run

    context.exit(run(arguments, lambda invocation: core.api_resources(invocation, options)))


@subcommand(
    "describe", examples="kdash describe pod checkout-7d9c\nkdash describe svc/cart deploy/cart\nkdash describe jobs\n"
)
@click.argument("operands", nargs=-1, metavar="TYPE [NAME...] | TYPE/NAME... | NAME")
@click.option("--show-secrets", is_flag=True, help="Show values that look like secrets (hidden otherwise).")
@with_cluster_options
def describe(context: click.Context, /, operands: Sequence[str], show_secrets: bool, **given: Any) -> None:
    """Run `kdash describe`."""
    arguments = merge_arguments(context, given)
    if not operands:
        raise click.UsageError("Name what to describe: kdash describe TYPE NAME, TYPE/NAME, or NAME.")
    from k9py.cli.objects import describe as core
    from k9py.cli.session import run

    context.exit(run(arguments, lambda invocation: core.describe(invocation, operands, shows_secrets=show_secrets)))


@subcommand("events", examples="kdash events --for deploy/checkout -w\nkdash events -A --types Warning\n")
@click.option("--for", "about", default="", metavar="TYPE/NAME", help="Only events of this object.")
@click.option(
    "--types", type=click.Choice(("Normal", "Warning"), case_sensitive=False), multiple=True, help="Only this type."
)
@click.option("-w", "--watch", is_flag=True, help="Keep printing new events, until Ctrl+C.")
@_headers
@with_read_options("table", "json", default="table")
def events(context: click.Context, /, **given: Any) -> None:
    """Run `kdash events`."""
    arguments, scope = merge_scoped_arguments(context, given)
    options = EventOptions(**given)
    if options.about.count("/") != 1:
        if options.about:
            raise click.UsageError(f"{options.about!r} names no object: use --for TYPE/NAME, such as deploy/checkout.")
    elif scope.all_namespaces:
        raise click.UsageError("--for and -A exclude each other: -n names the namespace of the object.")
    from k9py.cli.objects import events as core
    from k9py.cli.session import run

    context.exit(run(arguments, lambda invocation: core.events(invocation, scope, options)))


@subcommand("top", examples="kdash top pods -A --sort-by memory\nkdash top nodes\n")
@click.argument(
    "what", type=click.Choice(("pods", "pod", "po", "nodes", "node", "no"), case_sensitive=False), metavar="pods|nodes"
)
@click.argument("names", nargs=-1, metavar="[NAME...]")
@selector_option
@click.option("--sort-by", type=click.Choice(("cpu", "memory", "name")), default="name", help="Largest first.")
@_headers
@with_read_options("table", "json", default="table")
def top(context: click.Context, /, what: str, names: Sequence[str], **given: Any) -> None:
    """Run `kdash top`."""
    arguments, scope = merge_scoped_arguments(context, given)
    options = TopOptions(of_nodes=what.startswith("no"), names=tuple(names), **given)
    from k9py.cli.objects import top as core
    from k9py.cli.session import run

    context.exit(run(arguments, lambda invocation: core.top(invocation, scope, options)))
