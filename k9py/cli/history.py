"""`kdash history` and `kdash diff`: a workload's revisions, who made them, and what differs between two.

Invariant: both only read, and both exit 0 whenever they could tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from k9py.api.errors import MissingPartError
from k9py.api.meta import ObjectKey
from k9py.api.redaction import redact
from k9py.api.text import printable
from k9py.cli.printing import print_tables
from k9py.cli.session import CommandSession, Invocation, explain_not_found, open_session
from k9py.cli.targets import ObjectArgument
from k9py.cluster.workload_snapshot import WorkloadSnapshot, read_workload
from k9py.operations.revision_template import revision_template
from k9py.operations.target import load_revision_outcomes, require_revisions
from k9py.operations.undo import history_limit_hint
from k9py.rollouts.authors import revision_authors
from k9py.rollouts.change_cause import unmark_rewritten_causes
from k9py.rollouts.revisions import Revision, current_revision
from k9py.rollouts.semantic_diff import SemanticChange, semantic_diff
from k9py.rollouts.template_diff import DiffLine, template_diff
from k9py.rollouts.undo_target import revision_of_number
from k9py.rollouts.yaml_lines import lines_of
from k9py.views import history as table
from k9py.views.exit_codes import ExitCode
from k9py.views.semantic_diff import semantic_diff_lines
from k9py.views.values import Tone

NOW: Final = "now"
"""The word for the pod template as it is, instead of a revision's number."""

_CONTEXT: Final = 3
"""Lines of context around a change, as `diff -u`."""

_SIGNS: Final = {"+": Tone.OK, "-": Tone.FAIL, "@": Tone.MUTED, " ": Tone.PLAIN}


async def history(
    invocation: Invocation, named: ObjectArgument, number: int | None, *, shows_secrets: bool = False
) -> int:
    """Print the revisions, or one of them with its pod template. Raises KdashError.

    Args:
        shows_secrets: show what looks like a secret in the pod template, which is hidden otherwise.
    """
    console, now = invocation.console, invocation.clock.now()
    async with open_session(invocation) as session:
        reading = await _reading(session, session.key(named))
        pasts = await load_revision_outcomes(session.connection, session.writer, reading)
    found = unmark_rewritten_causes(reading.raw, require_revisions(reading))
    authors = revision_authors(reading.raw, found)
    if number is None:
        if invocation.arguments.json:
            console.print_json(table.json_values(reading.key, found, authors, pasts, context=session.context))
        else:
            plain = table.history_table(reading.key, found, authors, now, pasts)
            print_tables((plain,), console.out, width=console.width, colour=console.colour)
    else:
        wanted = find_revision(reading, number)
        one = next(each for each in found if each.name == wanted.name)
        author, template = authors.get(one.name), revision_template(reading.revision_objects[one.name])
        template = template if shows_secrets else redact(template)
        if invocation.arguments.json:
            values = table.json_values(reading.key, (one,), authors, pasts, context=session.context)
            console.print_json({**values, "template": template})
        else:
            console.print(printable(str(reading.key)))
            for what, value in table.revision_lines(one, author, now):
                console.print(f"  {what + ':':<13} {value}")
            for line in lines_of("template", template):
                console.print(f"  {line}")
    console.print_warnings(reading.missing)
    return ExitCode.DONE


async def diff(
    invocation: Invocation,
    named: ObjectArgument,
    older: str | None,
    newer: str | None,
    *,
    yaml: bool,
    shows_secrets: bool = False,
) -> int:
    """Print what leads from one pod template to another: by meaning, or line by line. Raises KdashError.

    Args:
        older, newer: a revision's number or NOW; None: the revision before `newer`, and now.
        shows_secrets: show what looks like a secret in the YAML, which is hidden otherwise.
    """
    console = invocation.console
    async with open_session(invocation) as session:
        reading = await _reading(session, session.key(named))
    after = _side(reading, newer or NOW)
    before = _side(reading, older) if older is not None else _before(reading, after)
    changes = semantic_diff(before.template, after.template)
    lines = template_diff(before.template, after.template, context=_CONTEXT, shows_secrets=shows_secrets)
    if invocation.arguments.json:
        console.print_json(
            {
                "context": printable(session.context),
                "kind": reading.key.kind,
                "namespace": printable(reading.key.namespace),
                "name": printable(reading.key.name),
                "from": before.number,
                "to": after.number,
                "is_same": not changes,
                "changes": changes_json(changes),
                "yaml": [{"sign": one.sign, "text": one.text} for one in lines] if yaml else None,
            }
        )
    else:
        console.print(f"{printable(str(reading.key))}: from {before.words} to {after.words}")
        if yaml and changes:
            for line in lines:
                console.print(console.render(yaml_line(line)))
        else:
            for shown in semantic_diff_lines(changes):
                console.print(f"  {console.render(shown)}")
    console.print_warnings(reading.missing)
    return ExitCode.DONE


async def _reading(session: CommandSession, key: ObjectKey) -> WorkloadSnapshot:
    with explain_not_found(key):
        return await read_workload(session.connection, key)


def find_revision(reading: WorkloadSnapshot, number: int) -> Revision:
    """Return the revision of that number. Raises AbsentError when none has it, RefusedError when several have."""
    return revision_of_number(require_revisions(reading), number, str(reading.key))


def changes_json(changes: tuple[SemanticChange, ...]) -> list[dict[str, Any]]:
    """Return changes as JSON values; what is absent on a side is null."""
    return [
        {"family": one.family, "subject": one.subject, "what": one.field, "before": one.before, "after": one.after}
        for one in changes
    ]


def yaml_line(line: DiffLine) -> tuple[tuple[str, Tone], ...]:
    """Return a line of the plain difference, toned."""
    return ((f"{line.sign} {line.text}", _SIGNS[line.sign]),)


@dataclass(frozen=True, slots=True)
class _Side:
    """One side of a difference; `number` None: as it is now."""

    number: int | None
    template: Mapping[str, Any]

    @property
    def words(self) -> str:
        return NOW if self.number is None else f"revision {self.number}"


def _side(reading: WorkloadSnapshot, which: str) -> _Side:
    if which == NOW:
        return _Side(None, reading.template)
    one = find_revision(reading, int(which))
    return _Side(one.number, revision_template(reading.revision_objects[one.name]))


def _before(reading: WorkloadSnapshot, after: _Side) -> _Side:
    """Return the revision before another; before what is now, the one before the current one."""
    found = require_revisions(reading)
    number = after.number
    if number is None:
        # While it is not known which revision is in force, the newest is taken for it.
        current = current_revision(found) or (found[0] if found else None)
        if current is not None:
            template = revision_template(reading.revision_objects[current.name])
            if semantic_diff(template, reading.template):
                # What is wanted now has no revision yet: held by a pause, or not seen by the controller so far.
                return _Side(current.number, template)
        number = current.number if current is not None else 0
    for one in found:  # newest first
        if 0 < one.number < number:
            return _Side(one.number, revision_template(reading.revision_objects[one.name]))
    name = printable(str(reading.key))
    if len(found) <= 1:
        has = "only one revision" if found else "no revision yet"
        raise MissingPartError(f"there is nothing to compare: {name} has {has}", history_limit_hint(reading.raw))
    raise MissingPartError(
        f"there is nothing to compare: {name} has no revision before {number}", "name one with --from"
    )
