"""Say why objects that a check asked for have not been read."""

from __future__ import annotations

from typing import Final

from k9py.api.errors import ForbiddenError, KdashError, NotRecordedError
from k9py.api.text import bounded
from k9py.cluster.health import KindHealth
from k9py.diagnosis.graph import Unread

NOT_SERVED: Final = "not served"

_MAX_REASON: Final = 300


def unread_reason(health: KindHealth, before: Unread) -> Unread:
    """Return why something has not been read; while it is tried again, the reason stays what it was."""
    error = health.error
    if error is None or health.retry_at is None:
        return before
    if health.is_unserved:
        return Unread(NOT_SERVED)
    return Unread(_reason(error))


def _reason(error: KdashError) -> str:
    text = bounded(str(error), _MAX_REASON)
    if isinstance(error, NotRecordedError):
        return text
    return f"forbidden: {text}" if isinstance(error, ForbiddenError) and "forbidden" not in text else text
