"""`kdash status` without an object: all problems of some namespaces, worst first; with --watch what changes.

Invariant: the output is that of the Problems screen, from the same functions.
"""

from __future__ import annotations

from k9py.api.text import printable
from k9py.cli.command_line import ScopeArguments
from k9py.cli.session import Invocation, open_session
from k9py.cli.triage.exit_code import ranking_code
from k9py.cli.triage.read import TriagedCluster, triaged, warnings_of
from k9py.cli.triage.watch import print_differences
from k9py.diagnosis.problem import TriageReport
from k9py.session import ClusterSession
from k9py.views.exit_codes import ExitCode
from k9py.views.problems.report import ranking_lines
from k9py.views.triage_json import report_values


async def ranking(invocation: Invocation, scope: ScopeArguments, *, watch: bool) -> ExitCode:
    """Print the problems; return FAILING when something is down, degraded or stuck. Raises KdashError.

    Args:
        watch: print the differences until cancelled.
    """
    async with open_session(invocation) as session:
        namespaces = () if scope.all_namespaces else scope.namespaces or (session.namespace,)
        async with triaged(invocation, session, namespaces) as read:
            report = read.report()
            code = ranking_code(report, complete=read.complete)
            if watch:
                await print_differences(invocation, read.cluster, report)
            else:
                _print(invocation, session, read, report, code)
            invocation.console.print_warnings(warnings_of(read))
    return code


def _print(
    invocation: Invocation, session: ClusterSession, read: TriagedCluster, report: TriageReport, code: ExitCode
) -> None:
    console, now = invocation.console, invocation.clock.now()
    if invocation.arguments.json:
        values = report_values(report)
        namespaces = [printable(name) for name in read.cluster.scope.namespaces]
        console.print_json(
            {"context": printable(session.context), "namespaces": namespaces, **values, "exit_code": int(code)}
        )
        return
    for line in ranking_lines(report, now):
        console.print(console.render(line).rstrip())
