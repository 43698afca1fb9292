"""Checks before a write: what will reject it, revert it, or make it disruptive.

One function per check, one module per family.

The checks that need only the object are called by the plans; those that need the cluster by `preflight`, from `Facts`
gathered for this one write. No result means no warning; an unreadable fact is a warning too. To add a check: a function
that yields `ChangeWarning`s, called in `checks.py` (or by the plans it matters to); the data it needs becomes a fact in
`facts.py`.
"""

from __future__ import annotations

from k9py.operations.preflight.checks import preflight

__all__ = ["preflight"]
