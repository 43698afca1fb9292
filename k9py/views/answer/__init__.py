"""The answer on the home screen: what is wrong with an object, what changed, and what to do, one line each.

Pure: values in, styled lines out. Invariants: an unknown state is never called healthy; a key is only named if it is
possible now; an undo is only suggested to the revision that the undo key itself would choose.
To add a step for a kind of cause: `steps.py`. To render another kind of change: `changed.py`.
"""

from k9py.views.answer.compose import Answer, everything_healthy, rollout_answer, service_answer, stale
from k9py.views.answer.facts import RolloutFacts, compared_revision
from k9py.views.answer.problem import problem_answer
from k9py.views.answer.steps import Keys

__all__ = [
    "Answer",
    "Keys",
    "RolloutFacts",
    "compared_revision",
    "everything_healthy",
    "problem_answer",
    "rollout_answer",
    "service_answer",
    "stale",
]
