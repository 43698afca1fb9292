"""Start a coroutine function as a worker of a widget, screen or app: it ends with its owner.

A function is given, not a coroutine: a worker cancelled before its first step then leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from textual.dom import DOMNode
from textual.worker import Worker


def start_worker(
    owner: DOMNode, work: Callable[[], Coroutine[Any, Any, None]], *, group: str, exclusive: bool = False
) -> Worker[None]:
    """Start the work; `exclusive` cancels what the owner has running in the same group."""
    return owner.run_worker(work, group=group, exclusive=exclusive)
