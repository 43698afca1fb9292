"""The subcommand of an action that starts an operation, made from its `CliVerb`: options, help, and the run.

Invariant: importing this imports nothing heavy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from k9py.actions.action import Action, CliOption, CliVerb
from k9py.cli.command_line import (
    Subcommand,
    merge_arguments,
    pop_write_options,
    with_write_options,
)
from k9py.cli.operation_targets import NamedTarget, parse_typed_names
from k9py.cli.targets import parse_target, parse_targets

if TYPE_CHECKING:  # a command's help imports no operations
    from k9py.operations.registry import OperationRegistry


def operation_command(action: Action, operations: OperationRegistry | None = None) -> click.Command:
    """Return the subcommand of an action.

    Args:
        action: It has a verb and starts an operation.
        operations: Where its operation is found; None: among those of kdash.
    """
    verb = action.cli
    assert verb is not None, action.id
    assert action.operation, action.id

    def run_verb(context: click.Context, /, operands: Sequence[str], **given: Any) -> None:
        inputs = {option.input: given.pop(option.input) for option in verb.options}
        targets, parsed = _parse(verb, operands)
        arguments, options = merge_arguments(context, given), pop_write_options(given)
        from k9py.cli.operations import run_operation
        from k9py.cli.session import Invocation, run

        async def core(invocation: Invocation) -> int:
            if operations is not None:
                invocation = replace(invocation, operations=operations)
            return await run_operation(invocation, targets, action.operation, options, **inputs, **parsed)

        context.exit(run(arguments, core))

    function = with_write_options(run_verb)
    function = with_action_options(action)(function)
    name = "TYPE/NAME" if verb.any_type else "KIND/NAME"
    name = f"{name} | NAME" if verb.bare_type else name
    name = f"{name}..." if verb.takes_several else name
    function = click.argument("operands", nargs=-1, metavar=f"{name} {verb.metavar}".strip())(function)
    return click.command(verb.name, cls=Subcommand, short_help=verb.short_help, help=verb.help)(function)


def with_action_options(action: Action) -> Callable[[Any], Any]:
    """Return a decorator that adds the options of an action's verb."""
    assert action.cli is not None, action.id
    options = action.cli.options

    def add(function: Any) -> Any:
        for option in reversed(options):
            function = _option(option)(function)
        return function

    return add


def _option(option: CliOption) -> Any:
    if option.is_flag:
        return click.option(option.flag, option.input, is_flag=True, help=option.help)
    if option.choices:
        words = click.Choice(option.choices)
        return click.option(
            option.flag, option.input, type=words, default=option.choices[0], show_default=True, help=option.help
        )
    number = click.IntRange(min=0)
    if option.required:
        return click.option(option.flag, option.input, type=number, required=True, metavar="NUMBER", help=option.help)
    return click.option(
        option.flag, option.input, type=number, default=option.default, metavar="NUMBER", help=option.help
    )


def _parse(verb: CliVerb, operands: Sequence[str]) -> tuple[tuple[NamedTarget, ...], Mapping[str, Any]]:
    """Return the objects and inputs from the operands. Raises click.UsageError."""
    parsed: Mapping[str, Any] = {}
    if verb.parse is not None:
        try:
            operands, parsed = verb.parse(operands)
        except ValueError as error:
            raise click.UsageError(str(error)) from error
    if verb.any_type:
        named = parse_typed_names(operands, bare_type=verb.bare_type)
        if len(named) > 1 and not verb.takes_several:
            raise click.UsageError(f"{verb.name} takes one object; you named {' and '.join(map(str, named))}.")
        return named, parsed
    return parse_targets(operands) if verb.takes_several else (parse_target(operands),), parsed
