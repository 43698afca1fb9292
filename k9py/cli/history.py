"""`kdash history` and `kdash diff`: a workload's revisions, their authors, and the difference between two.

Invariant: both only read, and exit 0 if they could read what they print.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from k9py.api.errors import MissingPartError
from k9py.api.meta import ObjectRef
from k9py.api.redaction import redact
from k9py.api.text import printable
from k9py.cli.resolve import resolve_argument
from k9py.cli.session import Invocation, explain_not_found, open_session
from k9py.cli.tables import print_tables
from k9py.cli.targets import ObjectArgument
from k9py.cluster.workload_snapshot import WorkloadSnapshot, read_workload
from k9py.operations.known_revisions import load_revision_outcomes, require_revisions
from k9py.operations.revision_template import revision_template
from k9py.operations.undo import history_limit_hint
from k9py.rollouts.authors import revision_authors, unmark_rewritten_causes
from k9py.rollouts.revisions import Revision, current_revision
from k9py.rollouts.semantic_diff import semantic_diff
from k9py.rollouts.template_diff import DiffLine, template_diff
from k9py.rollouts.undo_target import revision_of_number
from k9py.rollouts.yaml_lines import lines_of
from k9py.session import ClusterSession
from k9py.views import history as table
from k9py.views.exit_codes import ExitCode
from k9py.views.semantic_diff import changes_json, semantic_diff_lines
from k9py.views.values import Tone

NOW: Final = "now"
"""Names the current pod template in place of a revision number."""

_CONTEXT: Final = 3
"""Lines of context around a change, as in `diff -u`."""

_SIGNS: Final = {"+": Tone.OK, "-": Tone.FAIL, "@": Tone.MUTED, " ": Tone.PLAIN}


async def history(
    invocation: Invocation, named: ObjectArgument, number: int | None, *, shows_secrets: bool = False
) -> int:
    """Print the revisions, or one of them with its pod template. Raises KdashError.

    Args:
        shows_secrets: print values in the pod template that look like secrets.
    """
    console, now = invocation.console, invocation.clock.now()
    async with open_session(invocation) as session:
        snapshot = await _read_snapshot(session, session.key(await resolve_argument(session, named)))
        outcomes = await load_revision_outcomes(session.connection, session.writer, snapshot)
    revisions = unmark_rewritten_causes(snapshot.raw, require_revisions(snapshot))
    authors = revision_authors(snapshot.raw, revisions)
    if number is None:
        if invocation.arguments.json:
            console.print_json(table.json_values(snapshot.key, revisions, authors, outcomes, context=session.context))
        else:
            plain = table.history_table(snapshot.key, revisions, authors, now, outcomes)
            print_tables((plain,), console.out, width=console.width, colour=console.colour)
    else:
        wanted = find_revision(snapshot, number)
        revision = next(candidate for candidate in revisions if candidate.name == wanted.name)
        author, template = authors.get(revision.name), revision_template(snapshot.revision_objects[revision.name])
        template = template if shows_secrets else redact(template)
        if invocation.arguments.json:
            values = table.json_values(snapshot.key, (revision,), authors, outcomes, context=session.context)
            console.print_json({**values, "template": template})
        else:
            console.print(printable(str(snapshot.key)))
            for what, value in table.revision_lines(revision, author, now):
                console.print(f"  {what + ':':<13} {value}")
            for line in lines_of("template", template):
                console.print(f"  {line}")
    console.print_warnings(snapshot.missing)
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
    """Print the difference between two pod templates: semantic, or line by line. Raises KdashError.

    Args:
        older, newer: a revision number or NOW; None: the revision before `newer`, and NOW.
        shows_secrets: print values in the YAML that look like secrets.
    """
    console = invocation.console
    async with open_session(invocation) as session:
        snapshot = await _read_snapshot(session, session.key(await resolve_argument(session, named)))
    after = _side(snapshot, newer or NOW)
    before = _side(snapshot, older) if older is not None else _before(snapshot, after)
    changes = semantic_diff(before.template, after.template)
    lines = template_diff(before.template, after.template, context=_CONTEXT, shows_secrets=shows_secrets)
    if invocation.arguments.json:
        console.print_json(
            {
                "context": printable(session.context),
                "kind": snapshot.key.kind,
                "namespace": printable(snapshot.key.namespace),
                "name": printable(snapshot.key.name),
                "from": before.number,
                "to": after.number,
                "is_same": not changes,
                "changes": changes_json(changes),
                "yaml": [{"sign": line.sign, "text": line.text} for line in lines] if yaml else None,
            }
        )
    else:
        console.print(f"{printable(str(snapshot.key))}: from {before.label} to {after.label}")
        if yaml and changes:
            for line in lines:
                console.print(console.render(yaml_line(line)))
        else:
            for shown in semantic_diff_lines(changes):
                console.print(f"  {console.render(shown)}")
    console.print_warnings(snapshot.missing)
    return ExitCode.DONE


async def _read_snapshot(session: ClusterSession, key: ObjectRef) -> WorkloadSnapshot:
    with explain_not_found(key):
        return await read_workload(session.connection, key)


def find_revision(snapshot: WorkloadSnapshot, number: int) -> Revision:
    """Return the revision with a number. Raises AbsentError if none has it, RefusedError if several have."""
    return revision_of_number(require_revisions(snapshot), number, str(snapshot.key))


def yaml_line(line: DiffLine) -> tuple[tuple[str, Tone], ...]:
    """Return a line of the YAML diff with tones."""
    return ((f"{line.sign} {line.text}", _SIGNS[line.sign]),)


@dataclass(frozen=True, slots=True)
class _Side:
    """One side of a diff; `number` None: the current template."""

    number: int | None
    template: Mapping[str, Any]

    @property
    def label(self) -> str:
        return NOW if self.number is None else f"revision {self.number}"


def _side(snapshot: WorkloadSnapshot, label: str) -> _Side:
    if label == NOW:
        return _Side(None, snapshot.template)
    revision = find_revision(snapshot, int(label))
    return _Side(revision.number, revision_template(snapshot.revision_objects[revision.name]))


def _before(snapshot: WorkloadSnapshot, after: _Side) -> _Side:
    """Return the revision before a side; before NOW, the one before the current revision."""
    revisions = require_revisions(snapshot)
    number = after.number
    if number is None:
        # While the current revision is unknown, the newest one counts as current.
        current = current_revision(revisions) or (revisions[0] if revisions else None)
        if current is not None:
            template = revision_template(snapshot.revision_objects[current.name])
            if semantic_diff(template, snapshot.template):
                # The current template has no revision yet: the rollout is paused, or the controller lags behind.
                return _Side(current.number, template)
        number = current.number if current is not None else 0
    for revision in revisions:  # newest first
        if 0 < revision.number < number:
            return _Side(revision.number, revision_template(snapshot.revision_objects[revision.name]))
    name = printable(str(snapshot.key))
    if len(revisions) <= 1:
        has = "only one revision" if revisions else "no revision yet"
        raise MissingPartError(f"nothing to compare: {name} has {has}", history_limit_hint(snapshot.raw))
    raise MissingPartError(f"nothing to compare: {name} has no revision before {number}", "choose one with --from")
