"""`kdash api-resources`: the resource types that the server has, by group and name, as kubectl lists them.

Invariant: a part of the API that does not answer is named on standard error and changes the exit code: its types are
unknown, not absent.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from k9py.api.errors import UnavailableError
from k9py.api.resource_type import ResourceType
from k9py.api.text import printable
from k9py.cli.objects.options import ApiResourcesOptions
from k9py.cli.objects.text_table import TextTable, print_table
from k9py.cli.session import Invocation, open_session, report_error
from k9py.views.exit_codes import ExitCode, exit_code_of_error
from k9py.views.values import Cell, Column

_COLUMNS = (
    Column("name", "NAME"),
    Column("short_names", "SHORTNAMES"),
    Column("api_version", "APIVERSION"),
    Column("namespaced", "NAMESPACED"),
    Column("kind", "KIND"),
)
_WIDE = (Column("verbs", "VERBS"), Column("categories", "CATEGORIES"))


async def api_resources(invocation: Invocation, options: ApiResourcesOptions) -> ExitCode:
    """Print the types; return the exit code. Raises KdashError."""
    console = invocation.console
    async with open_session(invocation) as session:
        discovered = await session.discover()
    types = sorted(
        (
            resource_type
            for resource_type in discovered.types
            if discovered.serves(resource_type)
            and options.api_group in (None, resource_type.group)
            and options.namespaced in (None, resource_type.namespaced)
        ),
        key=lambda resource_type: (resource_type.group, resource_type.plural),
    )
    match options.output:
        case "json":
            console.print_json([_values(resource_type) for resource_type in types])
        case "name":
            for resource_type in types:
                console.print(printable(resource_type.qualified_name))
        case _:
            _print_table(invocation, types, options)
    code = ExitCode.DONE
    for part, error in sorted(discovered.errors.items()):
        unread = UnavailableError(f"the types of {part} are not known: {error.message}", error.hint)
        report_error(console, unread)
        code = exit_code_of_error(unread)
    return code


def _print_table(invocation: Invocation, types: Sequence[ResourceType], options: ApiResourcesOptions) -> None:
    is_wide = options.output == "wide"
    rows = []
    for resource_type in types:
        texts = [
            resource_type.plural,
            ",".join(resource_type.short_names),
            resource_type.api_version,
            str(resource_type.namespaced).lower(),
            resource_type.kind,
        ]
        if is_wide:
            texts += [",".join(sorted(resource_type.verbs)), ",".join(resource_type.categories)]
        rows.append(tuple(Cell(printable(text)) for text in texts))
    columns = (*_COLUMNS, *_WIDE) if is_wide else _COLUMNS
    print_table(invocation.console, TextTable(columns, rows), headers=not options.no_headers)


def _values(resource_type: ResourceType) -> dict[str, Any]:
    return {
        "name": printable(resource_type.plural),
        "short_names": [printable(name) for name in resource_type.short_names],
        "api_version": printable(resource_type.api_version),
        "namespaced": resource_type.namespaced,
        "kind": printable(resource_type.kind),
        "verbs": sorted(map(printable, resource_type.verbs)),
        "categories": [printable(name) for name in resource_type.categories],
    }
