"""The one way to say that something could not be read: never silence, never "fine"."""

from __future__ import annotations

from k9py.operations.plan import PreflightWarning, WarningLevel
from k9py.operations.preflight.facts import Unknown


def unknown(what: str, fact: Unknown, could: str) -> PreflightWarning:
    """Warn that something is not known.

    Args:
        what: in the plural, such as `autoscalers`.
        fact: why it is not known.
        could: what may be so: `one may set the number again`.
    """
    return PreflightWarning(WarningLevel.CAUTION, "unknown", f"{what}: unknown ({fact.why}); {could}")
