"""Imports what is opened first from home, in a thread, once the cluster is live: no key then waits for an import.

Invariant: nothing here is imported before the first frame, nor while the lists load. A module that fails to import
fails again where it is used, with its own error.
"""

from __future__ import annotations

import asyncio
import gc
from importlib import import_module
from typing import Final

from k9py.operations.registry import operation_modules

MODULES: Final = (
    "k9py.tui.app.resource_navigator",
    "k9py.tui.dialogs.command_line",
    "k9py.tui.palette.open_query",
    "k9py.resources.catalog.pod",
    "k9py.tui.screens.rollout",
    "k9py.tui.screens.containers",
    "k9py.tui.screens.describe",
    "k9py.tui.operations.front_end",
    "k9py.tui.operations.choose",
)
"""In the order in which they are likely to be needed."""


async def preload() -> None:
    """Import the modules, one after the other."""
    for module in (*MODULES, *operation_modules()):
        await asyncio.to_thread(_import, module)
    gc.freeze()  # modules stay: see `runtime/gc_tuner.py`


def _import(module: str) -> None:
    try:
        import_module(module)
    except ImportError:
        return
