"""What a person should know of a write that was made: said the same way by both front ends."""

from __future__ import annotations

from k9py.api.text import printable
from k9py.operations.plan import WriteResult
from k9py.operations.stored import differences_text


def audit_remark(problem: str) -> str:
    """Say that an audit line is missing."""
    return f"the audit line was not stored: {printable(problem)}"


def remarks(written: WriteResult) -> tuple[str, ...]:
    """Return them, one sentence each: what was stored otherwise, an audit line that is missing, how it was proven."""
    found: list[str] = []
    if written.differences:
        found.append(differences_text(written.differences))
    if written.audit_problem:
        found.append(audit_remark(written.audit_problem))
    if written.proof_note:
        found.append(printable(written.proof_note))
    return tuple(found)
