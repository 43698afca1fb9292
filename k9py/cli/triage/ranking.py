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
from k9py.session import ClusterSession
from k9py.views.exit_codes import ExitCode
from k9py.views.problems.report import ranking_lines
from k9py.views.problems.scope import RankedReport, elsewhere_text, ranked_in
from k9py.views.triage_json import problem_values, report_values


async def ranking(invocation: Invocation, scope: ScopeArguments, *, watch: bool) -> ExitCode:
    """Print the problems; return FAILING when something is down, degraded or stuck. Raises KdashError.

    Args:
        scope: without namespaces: all that may be listed.
        watch: print the differences until cancelled.
    """
    async with open_session(invocation) as session, triaged(invocation, session, scope.namespaces) as read:
        report, muted = read.unmuted()
        ranked = ranked_in(report, scope.namespaces)
        code = ranking_code(ranked.report, complete=read.complete)
        if watch:
            await print_differences(invocation, read, scope.namespaces)
        else:
            _print(invocation, session, read, ranked, muted, code)
        invocation.console.print_warnings(warnings_of(read))
    return code


def _print(
    invocation: Invocation,
    session: ClusterSession,
    read: TriagedCluster,
    ranked: RankedReport,
    muted: int,
    code: ExitCode,
) -> None:
    console, now, report = invocation.console, invocation.clock.now(), ranked.report
    if invocation.arguments.json:
        values = {**report_values(report), "elsewhere": [problem_values(each) for each in ranked.elsewhere]}
        values["muted"] = muted
        namespaces = [printable(name) for name in read.cluster.scope.namespaces]
        console.print_json(
            {"context": printable(session.context), "namespaces": namespaces, **values, "exit_code": int(code)}
        )
        return
    lines = [console.render(line).rstrip() for line in ranking_lines(report, now)]
    lines[-1] = f"{printable(str(read.cluster.scope))}: {lines[-1]}" + (f" · {muted} muted" if muted else "")
    if text := elsewhere_text(ranked.elsewhere):
        lines.append(f"{text} (-A)")
    console.print("\n".join(lines))
