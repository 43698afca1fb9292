"""Checks before a write: what will reject it, revert it, or make it disruptive.

One function per check, one module per family.

Checks that need only the object are called by the plans; those that need the cluster are called by `preflight` with the
`Facts` gathered for this write. No finding means no warning; what could not be read is a warning of its own.
To add a check: a function that yields `PreflightWarning`s, called in `checks.py` (or by the plans it matters to); the
data it needs becomes a fact in `facts.py`.
"""

from __future__ import annotations

from k9py.operations.preflight.checks import preflight

__all__ = ["preflight"]
