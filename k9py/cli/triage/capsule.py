"""`kdash capsule`: write what is known of an incident into one file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from k9py.api.text import printable
from k9py.capsule.make import capsule_name, make_capsule
from k9py.cli.command_line import ScopeArguments
from k9py.cli.session import Invocation, open_session
from k9py.cli.triage.read import triaged, warnings_of
from k9py.cli.triage.targets import existing_object
from k9py.views.exit_codes import ExitCode


async def capsule(invocation: Invocation, operands: Sequence[str], scope: ScopeArguments, file: str | None) -> ExitCode:
    """Write a capsule and print the name of its file. Raises KdashError.

    Args:
        operands: of one object, whose namespace is read; () for all that is in the scope.
    """
    async with open_session(invocation) as session:
        subject = await existing_object(session, operands) if operands else None
        namespaces = scope.namespaces
        if subject is not None:
            namespaces = (subject.namespace,) if subject.namespace else ()
        path = Path(file) if file is not None else Path(capsule_name(subject, session.clock.now()))
        async with triaged(invocation, session, namespaces) as read:
            await make_capsule(session, read.cluster, path, subject)
            if invocation.arguments.json:
                invocation.console.print_json({"file": str(path)})
            else:
                invocation.console.print(
                    f"wrote {printable(str(path))}; kdash --replay {printable(str(path))} opens it"
                )
            invocation.console.print_warnings(warnings_of(read))
    return ExitCode.DONE
