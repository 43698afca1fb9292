"""The exit codes of triage."""

from __future__ import annotations

from collections.abc import Iterable

from k9py.api.severity import Severity
from k9py.diagnosis.problem import Problem, TriageReport
from k9py.views.exit_codes import ExitCode, exit_code_of_cause


def ranking_code(report: TriageReport, *, complete: bool) -> ExitCode:
    """Return FAILING when something is down, degraded or stuck; else UNKNOWN when the verdict is not complete."""
    severities = {problem.severity for problem in report.problems}
    if any(severity <= Severity.STUCK for severity in severities):
        return ExitCode.FAILING
    is_known = complete and report.is_complete and Severity.UNKNOWN not in severities
    return ExitCode.DONE if is_known else ExitCode.UNKNOWN


def object_code(problems: Iterable[Problem], *, complete: bool) -> ExitCode:
    """Return the exit code of the worst cause of an object's problems; DONE when there is nothing but warnings.

    Args:
        problems: worst first.
    """
    for problem in problems:
        if problem.severity <= Severity.STUCK:
            kind = problem.root.kind
            return ExitCode.FAILING if kind is None else exit_code_of_cause(kind)
        if problem.severity is Severity.UNKNOWN:
            return ExitCode.UNKNOWN
    return ExitCode.DONE if complete else ExitCode.UNKNOWN
