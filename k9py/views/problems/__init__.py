"""Problems as text: the same words on the dashboard and in the shell.

Pure: a `Problem` or `TriageReport` in, cells and styled lines out; all of it is printable. Invariants: a text names the
object that it is about unless it stands beside it; a suspect is never called a cause; what was not read is said.
`texts` has the single clauses, `chain` the tree of one problem, `steps` what helps, `table` the rows, `coverage` what
a report is based on.
"""

from k9py.views.problems.chain import ChainLine, ChainPart, chain_lines
from k9py.views.problems.coverage import coverage_text, empty_text, hidden_text, unread_kinds_text, unread_texts
from k9py.views.problems.steps import ProblemStep, problem_steps, step_line
from k9py.views.problems.texts import (
    cause_text,
    explains_text,
    finding_text,
    object_text,
    problem_lines,
    subject_text,
    suspect_text,
)

__all__ = [
    "ChainLine",
    "ChainPart",
    "ProblemStep",
    "cause_text",
    "chain_lines",
    "coverage_text",
    "empty_text",
    "explains_text",
    "finding_text",
    "hidden_text",
    "object_text",
    "problem_lines",
    "problem_steps",
    "step_line",
    "subject_text",
    "suspect_text",
    "unread_kinds_text",
    "unread_texts",
]
