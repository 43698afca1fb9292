"""`kdash why KIND/NAME`: what is wrong with one object, down to the root, with evidence, suspects and what helps.

Invariant: an object without a finding is only called fine as far as everything could be read.
"""

from __future__ import annotations

from collections.abc import Sequence

from k9py.api.kinds import is_workload
from k9py.api.meta import ObjectRef
from k9py.api.severity import Severity
from k9py.api.text import printable
from k9py.cli.session import Invocation, open_session
from k9py.cli.triage.commands import step_command
from k9py.cli.triage.exit_code import object_code
from k9py.cli.triage.read import TriagedCluster, triaged, warnings_of
from k9py.cli.triage.targets import check_existence, named_object
from k9py.diagnosis.dependencies import dependencies
from k9py.diagnosis.problem import Problem
from k9py.session import ClusterSession
from k9py.views.exit_codes import ExitCode
from k9py.views.problems.coverage import coverage_text
from k9py.views.problems.report import why_lines
from k9py.views.problems.scope import ranked_in
from k9py.views.triage_json import object_values, report_values


async def why(invocation: Invocation, operands: Sequence[str]) -> ExitCode:
    """Print what is wrong with an object; return the exit code of its cause. Raises KdashError."""
    async with open_session(invocation) as session:
        ref = await named_object(session, operands)
        is_namespace = ref.kind == "Namespace" and not ref.group
        namespaces = (ref.name,) if is_namespace else (ref.namespace,) if ref.namespace else ()
        async with triaged(invocation, session, namespaces) as read:
            problems = _problems_of(read, ref)
            if not problems:  # what does not exist may be the root of a problem
                await check_existence(session, ref)
            is_well = not any(problem.severity.is_problem for problem in problems)
            behind = _problems_behind(read, ref) if is_well else ()
            problems = (*behind, *problems)
            code = object_code(problems, complete=read.complete)
            _print(invocation, session, read, ref, problems, code, is_behind=bool(behind))
            invocation.console.print_warnings(warnings_of(read))
    return code


def _problems_of(read: TriagedCluster, ref: ObjectRef) -> tuple[Problem, ...]:
    """Return the problems that are about an object or explain it; of a Namespace, those of what is in it."""
    if ref.kind == "Namespace" and not ref.group:
        concerning = ranked_in(read.report(), (ref.name,)).report.problems
        return tuple(problem for problem in concerning if problem.severity is not Severity.INFO)
    return read.cluster.triage.problems_of(ref)


def _problems_behind(read: TriagedCluster, ref: ObjectRef) -> tuple[Problem, ...]:
    """Return the problems of the workloads behind an Ingress, Service or pod: they do not reach it, but concern it."""
    queries = read.cluster.queries
    workloads: tuple[ObjectRef, ...]
    match ref.kind:
        case "Ingress":
            refs = dependencies(ref, read.cluster.triage.graph()).refs
            workloads = tuple(sorted(filter(is_workload, refs), key=str))
        case "Service":
            workloads = queries.backends_of(ref)
        case "Pod":
            workload = queries.workload_of(ref)
            workloads = () if workload is None else (workload,)
        case _:
            return ()
    problems = (problem for each in workloads for problem in read.cluster.triage.problems_of(each))
    return tuple(dict.fromkeys(each for each in problems if each.severity.is_problem))


def _print(
    invocation: Invocation,
    session: ClusterSession,
    read: TriagedCluster,
    ref: ObjectRef,
    problems: Sequence[Problem],
    code: ExitCode,
    *,
    is_behind: bool,
) -> None:
    console, now, report = invocation.console, invocation.clock.now(), read.report()
    if invocation.arguments.json:
        values = report_values(report, problems)
        console.print_json(
            {"context": printable(session.context), "object": object_values(ref), **values, "exit_code": int(code)}
        )
        return
    lines: list[str] = []
    if not problems:
        lines.append(f"{printable(str(ref))}: nothing found, {coverage_text(report)}")
    elif is_behind:
        lines += [f"{printable(str(ref))}: itself is well; what is behind it is not:", ""]
    for index, problem in enumerate(problems):
        lines += [""] if index else []
        lines += [console.render(line).rstrip() for line in why_lines(problem, now, step_command)]
    console.print("\n".join(lines))
