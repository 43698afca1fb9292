"""How a change is made from the dashboard: read, plan, server dry-run, confirm, write, follow, written down.

`attempt` is the way every change goes, `actions` and `pods` say what is particular to each, `sequence` takes several
objects one after the other, `following` goes along to the end, `board` holds what is said of them meanwhile, and
`writing` begins them all. To add an action: a coroutine in `actions` that takes an `Attempt`, a method of `Writing`.
"""

from k9py.tui.writing.following import FOLLOW_SECONDS
from k9py.tui.writing.writing import Writing

__all__ = ["FOLLOW_SECONDS", "Writing"]
