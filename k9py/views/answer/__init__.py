"""The answer on the first screen: what is wrong with one object, what changed, and what to do, a line each.

Pure: values in, lines with tones out. Invariants: unknown is never said to be healthy; a key is only named when the
screen says it is possible now; an undo is suggested only to the revision the undo key itself would choose.
To say more of a kind of cause: its steps in `steps.py`. To word another kind of change: `changed.py`.
"""

from k9py.views.answer.compose import Answer, Keys, everything_healthy, rollout_answer, service_answer, stale
from k9py.views.answer.facts import RolloutFacts, compared_revision

__all__ = [
    "Answer",
    "Keys",
    "RolloutFacts",
    "compared_revision",
    "everything_healthy",
    "rollout_answer",
    "service_answer",
    "stale",
]
