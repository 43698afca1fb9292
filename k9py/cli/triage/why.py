"""`kdash why KIND/NAME`: what is wrong with one object, down to the root, with evidence, suspects and what helps.

Invariant: an object without a finding is only called fine as far as everything could be read.
"""

from __future__ import annotations

from collections.abc import Sequence

from k9py.api.meta import ObjectRef
from k9py.api.severity import Severity
from k9py.api.text import printable
from k9py.cli.session import Invocation, open_session
from k9py.cli.triage.behind import problems_behind
from k9py.cli.triage.commands import step_command
from k9py.cli.triage.exit_code import object_code
from k9py.cli.triage.read import TriagedCluster, triaged, warnings_of
from k9py.cli.triage.targets import existing_object
from k9py.diagnosis.problem import Problem
from k9py.session import ClusterSession
from k9py.views.exit_codes import ExitCode
from k9py.views.problems.coverage import coverage_text, unread_texts
from k9py.views.problems.report import why_lines
from k9py.views.triage_json import object_values, report_values


async def why(invocation: Invocation, operands: Sequence[str]) -> ExitCode:
    """Print what is wrong with an object; return the exit code of its cause. Raises KdashError."""
    async with open_session(invocation) as session:
        ref = await existing_object(session, operands)
        namespaces = (ref.namespace,) if ref.namespace else ()
        async with triaged(invocation, session, namespaces) as read:
            problems = read.cluster.triage.problems_of(ref)
            if all(problem.severity > Severity.STUCK for problem in problems):
                known = frozenset(problem.root.about for problem in problems)
                behind = problems_behind(ref, read.cluster)
                problems = (*(each for each in behind if each.root.about not in known), *problems)
            code = object_code(problems, complete=read.complete)
            _print(invocation, session, read, ref, problems, code)
            invocation.console.print_warnings(warnings_of(read))
    return code


def _print(
    invocation: Invocation,
    session: ClusterSession,
    read: TriagedCluster,
    ref: ObjectRef,
    problems: Sequence[Problem],
    code: ExitCode,
) -> None:
    console, now, report = invocation.console, invocation.clock.now(), read.report()
    if invocation.arguments.json:
        values = report_values(report, problems)
        console.print_json(
            {"context": printable(session.context), "object": object_values(ref), **values, "exit_code": int(code)}
        )
        return
    for index, problem in enumerate(problems):
        if index:
            console.print()
        for line in why_lines(problem, now, step_command):
            console.print(console.render(line).rstrip())
    if not problems:
        console.print(f"{printable(str(ref))}: nothing found, {coverage_text(report)}")
        for text in unread_texts(report.unread):
            console.print(text)
