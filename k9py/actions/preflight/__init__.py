"""What the cluster knows that pushes back on a write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from k9py.actions.change import Change, ChangeWarning
from k9py.actions.patcher import Reader


async def preflight(reader: Reader, obj: Mapping[str, Any], change: Change) -> tuple[ChangeWarning, ...]:
    """Return what the cluster knows that pushes back on a change, loudest first."""
    return ()
