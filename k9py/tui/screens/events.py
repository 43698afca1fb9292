"""The events of the whole scope: newest first, the message of the one under the cursor in full below."""

from __future__ import annotations

from k9py.tui.screens.resources import ResourceScreen


class EventsScreen(ResourceScreen):
    """Events."""
