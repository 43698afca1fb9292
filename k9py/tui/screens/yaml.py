"""An object as YAML, read from the server once; the key for YAML reads it again."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from k9py.api.errors import KdashError
from k9py.api.meta import ObjectRef
from k9py.api.redaction import redact
from k9py.tui.context import AppContext
from k9py.tui.screens.text_screen import TextScreen
from k9py.tui.widgets.toned_text import TextSpan, yaml_lines
from k9py.tui.workers import start_worker
from k9py.tui.yaml_text import yaml_text
from k9py.views.values import Tone


class YamlScreen(TextScreen):
    """The whole object."""

    def __init__(self, context: AppContext, subject: ObjectRef) -> None:
        super().__init__(context, subject, "YAML")

    def show(self) -> None:
        start_worker(self, self._read, group="yaml", exclusive=True)

    async def _read(self) -> None:
        connected = self.app_context.connected
        if connected is None:
            self.pane.text.set_text("not connected", Tone.WARN)
            return
        try:
            raw = await connected.connection.get(self.subject)
        except KdashError as error:
            self.pane.text.set_lines(((TextSpan(error.message, Tone.FAIL),), (TextSpan(error.hint, Tone.MUTED),)))
            return
        text = await asyncio.to_thread(_yaml, raw, self.shows_secrets)
        self.pane.text.set_lines(yaml_lines(text))

    def show_yaml(self) -> None:
        """Read it again."""
        self.show()


def _yaml(raw: Mapping[str, Any], shows_secrets: bool) -> str:
    return yaml_text(raw if shows_secrets else redact(raw))
