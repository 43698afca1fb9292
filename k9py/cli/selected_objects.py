"""Find the objects that a writing command selects or that are in files, and run its operation on all of them.

Invariants: a selection is of one namespace unless the whole cluster was asked for; what is written is exactly what was
listed, by uid, and is confirmed by one answer: the number is typed for `--all` and for more than `MOST_CONFIRMED`.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from k9py.api.kinds import MetadataKind
from k9py.api.meta import ObjectRef
from k9py.api.text import printable
from k9py.cli.command_line import ScopeArguments, WriteOptions
from k9py.cli.objects.listing import Scope, list_objects
from k9py.cli.objects.types import types_named
from k9py.cli.operation_front_end import require_confirmation
from k9py.cli.operations import run_in_session
from k9py.cli.selection import Selection
from k9py.cli.session import CommandSession, Invocation, open_session
from k9py.operations.apply import find_manifests
from k9py.operations.manifest import Document, read_documents
from k9py.operations.manifest_files import read_path
from k9py.operations.target import TargetSnapshot

MOST_CONFIRMED: Final = 10
"""Objects up to which y confirms."""


async def run_on_selected(
    invocation: Invocation, selection: Selection, operation_id: str, options: WriteOptions, **inputs: Any
) -> int:
    """Run an operation on what is selected; return the exit code. Raises KdashError."""
    documents = await read_files(selection.files, recursive=selection.recursive)
    async with open_session(invocation) as session:
        if documents:
            snapshots = await _in_files(session, documents)
        else:
            snapshots = await _selected(invocation, session, selection)
        if not snapshots:
            return 0
        require_confirmation(invocation, options)
        return await run_in_session(
            invocation,
            session,
            operation_id,
            snapshots,
            options,
            together=True,
            confirmed_by_number=selection.is_all or len(snapshots) > MOST_CONFIRMED,
            **inputs,
        )


async def read_files(names: Sequence[str], *, recursive: bool) -> tuple[Document, ...]:
    """Return the objects of files, directories and standard input ("-"). Raises ManifestError."""
    documents: list[Document] = []
    for name in names:
        if name == "-":
            documents += read_documents(await asyncio.to_thread(sys.stdin.read), "stdin")
        else:
            documents += await asyncio.to_thread(read_path, Path(name), recursive=recursive)
    return tuple(documents)


async def _in_files(session: CommandSession, documents: Sequence[Document]) -> list[TargetSnapshot]:
    """Return the objects of manifests, those that others need last: the reverse of the order they are applied in."""
    manifests = await find_manifests(documents, session.connection.find_type, session.namespace)
    return [TargetSnapshot(ref, may_be_absent=True) for ref in reversed(manifests)]


async def _selected(invocation: Invocation, session: CommandSession, selection: Selection) -> list[TargetSnapshot]:
    """List what is selected; what is being deleted already is left out."""
    [word] = selection.operands
    scope = Scope.of(
        session,
        ScopeArguments(all_namespaces=selection.all_namespaces),
        label_selector=selection.label_selector,
        field_selector=selection.field_selector,
    )
    snapshots: list[TargetSnapshot] = []
    is_terminating: list[ObjectRef] = []
    for resource_type in await types_named(session, word):
        for value in (await list_objects(session, MetadataKind(resource_type), scope)).objects:
            ref = resource_type.ref(value.namespace, value.name)
            if value.metadata.deletion_timestamp is not None:
                is_terminating.append(ref)
            else:
                snapshots.append(TargetSnapshot(ref, value.uid, may_be_absent=True))
    for ref in is_terminating:
        invocation.console.print_err(f"kdash: {printable(str(ref))} is being deleted already")
    if not snapshots and not is_terminating:
        where = "" if selection.all_namespaces else f" in {printable(session.namespace)}"
        chosen = " ".join(filter(None, (selection.label_selector, selection.field_selector)))
        matching = f" that match {printable(chosen)}" if chosen else ""
        invocation.console.print_err(f"kdash: no {printable(word)}{where}{matching}")
    return snapshots
