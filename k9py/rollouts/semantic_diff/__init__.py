"""What changed between two pod templates, by meaning: keyed by container name, in words a person reads.

One module a family; each compares the values of one key. Invariants: `meaning_diff` is empty exactly when
`template_diff` is; a value that is plainly a secret is never shown; odd JSON is said, never raised on.
To add a family: its module with a `Compare`, its name in `change.Family`, its keys in `containers` or `template`.
"""

from k9py.rollouts.semantic_diff.change import Family, SemanticChange
from k9py.rollouts.semantic_diff.template import semantic_diff

__all__ = ["Family", "SemanticChange", "semantic_diff"]
