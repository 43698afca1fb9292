"""The JSON of triage: `kdash status`, `kdash why` and incident capsules.

Published and versioned: fields are added freely, but none is renamed, removed or given another meaning without another
version in `SCHEMA`. Invariants: every text is printable, every time is RFC 3339 in UTC or null. What is unknown is null
or listed in `unread`, never left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from k9py.api.meta import ObjectRef
from k9py.api.text import printable
from k9py.api.times import rfc3339
from k9py.diagnosis.finding import Evidence, Finding, NextStep
from k9py.diagnosis.problem import Effect, Problem, Suspect, TriageReport, UnreadKind
from k9py.diagnosis.undo_steps import UNDO, undo_helps

SCHEMA: Final = "kdash.triage/v1"


def object_values(ref: ObjectRef) -> dict[str, Any]:
    """Return an object: kind, namespace (null for one of the whole cluster), name, group ("" for a standard kind)."""
    return {
        "kind": printable(ref.kind),
        "namespace": printable(ref.namespace) or None,
        "name": printable(ref.name),
        "group": printable(ref.group),
    }


def report_values(report: TriageReport, problems: Iterable[Problem] | None = None) -> dict[str, Any]:
    """Return a report.

    Args:
        problems: those to show, None: all of the report.
    """
    shown = report.problems if problems is None else problems
    return {
        "schema": SCHEMA,
        "at": rfc3339(report.at),
        "looked_at": report.looked_at,
        "complete": report.is_complete and not report.unread,
        "unread": [_unread_values(each) for each in report.unread],
        "problems": [problem_values(problem) for problem in shown],
    }


def problem_values(problem: Problem) -> dict[str, Any]:
    """Return a problem: its root, what it explains, and the suspects."""
    return {
        "severity": problem.severity.label,
        "subject": object_values(problem.subject),
        **_finding_values(problem.root),
        "objects": [object_values(ref) for ref in problem.objects],
        "since": rfc3339(problem.since),
        "explained": problem.explained,
        "explains": [_effect_values(effect) for effect in problem.effects],
        "suspects": [_suspect_values(suspect) for suspect in problem.suspects],
        "next_steps": [
            _step_values(step, problem.subject)
            for step in problem.root.next_steps
            if step.action != UNDO or undo_helps(step, problem.root)
        ],
    }


def _finding_values(finding: Finding) -> dict[str, Any]:
    return {
        "check": printable(finding.check),
        "object": object_values(finding.about),
        "container": printable(finding.container) or None,
        "reason": printable(finding.reason),
        "cause": printable(finding.message),
        "kind": finding.kind.value if finding.kind else None,
        "since": rfc3339(finding.since),
        "remedy": printable(finding.remedy) or None,
        "evidence": [_evidence_values(each) for each in finding.evidence],
    }


def _effect_values(effect: Effect) -> dict[str, Any]:
    return {
        "severity": effect.finding.severity.label,
        **_finding_values(effect.finding),
        "objects": [object_values(ref) for ref in effect.objects],
        "explains": [_effect_values(each) for each in effect.effects],
    }


def _evidence_values(evidence: Evidence) -> dict[str, Any]:
    return {
        "source": evidence.source.value,
        "object": object_values(evidence.about),
        "where": printable(evidence.where),
        "text": printable(evidence.text),
        "at": rfc3339(evidence.at),
    }


def _suspect_values(suspect: Suspect) -> dict[str, Any]:
    return {
        "at": rfc3339(suspect.at),
        "object": object_values(suspect.about),
        "what": printable(suspect.what),
        "by": printable(suspect.by) or None,
        "source": printable(suspect.source),
    }


def _step_values(step: NextStep, subject: ObjectRef) -> dict[str, Any]:
    return {
        "text": printable(step.text),
        "action": step.action or None,
        "object": object_values(step.target or subject),
    }


def _unread_values(unread: UnreadKind) -> dict[str, Any]:
    return {
        "kind": printable(unread.kind),
        "namespace": printable(unread.namespace) or None,
        "reason": printable(unread.reason) or None,
    }
