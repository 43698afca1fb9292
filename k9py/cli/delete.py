"""`kdash delete`: objects that are named, selected, or in files. Importing this imports nothing heavy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import click

from k9py.actions.catalog.delete import DELETE
from k9py.cli.command_line import merge_arguments, pop_write_options, subcommand, with_write_options
from k9py.cli.objects.command import fields_option, selector_option
from k9py.cli.operation_command import with_action_options
from k9py.cli.operation_targets import parse_typed_names
from k9py.cli.selection import Selection

if TYPE_CHECKING:
    from k9py.cli.session import Invocation

_EXAMPLES: Final = """\
kdash delete cm/app pod/web-0
kdash delete pods --field-selector status.phase=Failed -n shop
kdash delete deploy,svc -l app=cart --dry-run
kdash delete -f manifests/ -R
"""


@subcommand("delete", examples=_EXAMPLES)
@click.argument("operands", nargs=-1, metavar="[TYPE/NAME... | TYPE NAME... | TYPE[,TYPE]]")
@selector_option
@fields_option
@click.option("--all", "is_all", is_flag=True, help="All objects of the type in the namespace.")
@click.option("-A", "--all-namespaces", is_flag=True, help="Select in all namespaces.")
@click.option(
    "-f",
    "--filename",
    "files",
    multiple=True,
    metavar="FILE|DIR|-",
    help="The objects of a file, a directory, or - for standard input. Repeatable.",
)
@click.option("-R", "--recursive", is_flag=True, help="Read the directories in a directory too.")
@with_action_options(DELETE)
@with_write_options
def delete(context: click.Context, /, operands: Sequence[str], **given: Any) -> None:
    """Run `kdash delete`."""
    assert DELETE.cli is not None
    inputs = {option.input: given.pop(option.input) for option in DELETE.cli.options}
    selection = Selection(
        operands,
        given.pop("label_selector"),
        given.pop("field_selector"),
        is_all=given.pop("is_all"),
        all_namespaces=given.pop("all_namespaces"),
        files=tuple(given.pop("files")),
        recursive=given.pop("recursive"),
    )
    _check(selection, given["namespace"])
    arguments, options = merge_arguments(context, given), pop_write_options(given)
    from k9py.cli.session import run

    async def core(invocation: Invocation) -> int:
        from k9py.cli.operations import run_operation
        from k9py.cli.selected_objects import run_on_selected

        if selection.selects or selection.files:
            return await run_on_selected(invocation, selection, DELETE.operation, options, **inputs)
        return await run_operation(invocation, parse_typed_names(operands), DELETE.operation, options, **inputs)

    context.exit(run(arguments, core))


def _check(selection: Selection, namespace: str | None) -> None:
    """Check what the options mean together. Raises click.UsageError."""
    words = selection.operands
    if selection.files:
        if words or selection.selects or selection.all_namespaces:
            raise click.UsageError("-f names the objects: leave out types, names, selectors and -A.")
        return
    if selection.recursive:
        raise click.UsageError("-R is about -f.")
    if not selection.selects:
        if selection.all_namespaces:
            raise click.UsageError("-A needs -l, --field-selector or --all; names need one namespace.")
        parse_typed_names(words)
        return
    if len(words) != 1 or "/" in words[0]:
        raise click.UsageError("Name the types alone, with a selector or --all: kdash delete pods -l app=web.")
    if selection.is_all and (selection.label_selector or selection.field_selector):
        raise click.UsageError("--all and selectors exclude each other.")
    if selection.all_namespaces and namespace is not None:
        raise click.UsageError("-n and -A exclude each other.")
