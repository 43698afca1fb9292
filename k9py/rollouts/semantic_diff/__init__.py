"""Compare two pod templates by their meaning: changes keyed by container name, as short texts.

Each family of changes has a function that compares the values of one key. Invariants: `semantic_diff` is empty exactly
if `template_diff` is; values that are plainly secret are never shown; malformed JSON is reported, never raised on.
To add a family: its name in `model.Family`, a `Compare`, and its keys in `containers` or `pods`.
"""

from k9py.rollouts.semantic_diff.model import Family, SemanticChange
from k9py.rollouts.semantic_diff.pods import semantic_diff

__all__ = ["Family", "SemanticChange", "semantic_diff"]
