"""`kdash apply -f FILE|DIR|-`: apply manifests. Importing this imports nothing heavy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from k9py.cli.command_line import WriteOptions, merge_arguments, pop_write_options, subcommand, with_write_options

if TYPE_CHECKING:
    from k9py.cli.session import Invocation

_EXAMPLES = """kdash apply -f app.yaml
  kdash apply -f manifests/ -R --dry-run
  cat app.yaml | kdash apply -f - --yes"""


@subcommand("apply", examples=f"  {_EXAMPLES}")
@click.option(
    "-f",
    "--filename",
    "names",
    multiple=True,
    required=True,
    metavar="FILE|DIR|-",
    help="A file, a directory with *.yaml, *.yml and *.json, or - for standard input. Repeatable.",
)
@click.option("-R", "--recursive", is_flag=True, help="Read the directories in a directory too.")
@click.option("--force-conflicts", "force", is_flag=True, help="Take over fields that other managers own.")
@with_write_options
def apply(context: click.Context, /, names: Sequence[str], recursive: bool, force: bool, **given: Any) -> None:
    """Run `kdash apply`."""
    arguments, options = merge_arguments(context, given), pop_write_options(given)
    from k9py.cli.session import run

    context.exit(
        run(arguments, lambda invocation: apply_files(invocation, names, options, recursive=recursive, force=force))
    )


async def apply_files(
    invocation: Invocation, names: Sequence[str], options: WriteOptions, *, recursive: bool = False, force: bool = False
) -> int:
    """Apply the manifests of files; everything is read before the cluster is asked. Raises KdashError."""
    from k9py.cli.operation_front_end import require_confirmation
    from k9py.cli.operations import run_in_session
    from k9py.cli.selected_objects import read_files
    from k9py.cli.session import open_session
    from k9py.operations.apply import find_manifests
    from k9py.operations.manifest import ManifestError
    from k9py.operations.target import TargetSnapshot

    documents = await read_files(names, recursive=recursive)
    if not documents:
        raise ManifestError("there is no object to apply", "")
    require_confirmation(invocation, options)
    async with open_session(invocation) as session:
        manifests = await find_manifests(documents, session.connection.find_type, session.namespace)
        snapshots = [TargetSnapshot(ref, may_be_absent=True) for ref in manifests]
        return await run_in_session(
            invocation, session, "apply", snapshots, options, together=True, manifests=manifests, force=force
        )
