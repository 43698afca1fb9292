"""Notes about a completed write, worded the same way in both front ends."""

from __future__ import annotations

from k9py.api.text import printable
from k9py.operations.plan import WriteResult
from k9py.operations.stored import differences_text


def audit_note(problem: str) -> str:
    """Return that an audit line is missing, and why."""
    return f"the audit record was not stored: {printable(problem)}"


def result_notes(result: WriteResult) -> tuple[str, ...]:
    """Return one sentence for each: differences from the preview, a missing audit line, how the write was verified."""
    notes: list[str] = []
    if result.differences:
        notes.append(differences_text(result.differences))
    if result.audit_problem:
        notes.append(audit_note(result.audit_problem))
    if result.proof_note:
        notes.append(printable(result.proof_note))
    return tuple(notes)
