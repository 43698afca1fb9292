from __future__ import annotations

from typing import Any

from k9py.api.meta import ObjectRef
from k9py.tui.context import AppContext
from k9py.tui.terminal.terminal_app import TerminalApp


async def debug_object(app: TerminalApp[Any], context: AppContext, target: ObjectRef, image: str) -> None:
    """Not yet."""
