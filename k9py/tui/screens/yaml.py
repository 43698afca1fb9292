"""An object of any type as YAML, kept current: coloured, searched, managedFields folded, the values of a Secret masked.

Invariants: a value of a Secret is shown only after its audit line has been stored, and only one at a time; what looks
like a secret in any other object is hidden until a key shows it.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any, ClassVar

from textual.binding import BindingType

from k9py.actions.action import Action, ActionScope
from k9py.api.errors import KdashError
from k9py.api.meta import ObjectRef
from k9py.api.plural import count_noun
from k9py.api.redaction import redact
from k9py.resources.describe.json_fields import JsonObject, list_at, object_at, text_at
from k9py.resources.secret_values import is_secret, masked_secret, secret_sizes
from k9py.tui.bindings import bindings
from k9py.tui.context import AppContext
from k9py.tui.dialogs.choose import ChooseDialog
from k9py.tui.dialogs.filtered_list import ChoiceItem
from k9py.tui.live_object import LiveObject
from k9py.tui.screens.live_text_screen import LiveTextScreen
from k9py.tui.widgets.toned_text import TextLine, TextSpan, yaml_lines
from k9py.tui.workers import start_worker
from k9py.tui.yaml_text import yaml_text
from k9py.views.values import Tone


class YamlScreen(LiveTextScreen):
    """The whole object."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(ActionScope.YAML)

    def __init__(self, context: AppContext, subject: ObjectRef) -> None:
        super().__init__(context, subject, "YAML")
        self.revealed = ""
        """Key of the value of a Secret that is shown."""
        self._revealed_value: Any = None
        """The value that was revealed, as it is in the Secret: another one is not shown without its audit line."""
        self.yaml = ""
        """The text that is shown, without notices."""
        self._has_managed_fields = False
        self._drawn: tuple[object, ...] = ()
        self._drawn_lines: list[TextLine] = []

    async def draw(self, live: LiveObject, body: dict[str, Any]) -> list[TextLine]:
        if self.revealed and object_at(body, "data").get(self.revealed) != self._revealed_value:
            self.app_context.show_message(f"{self.revealed} has changed and is hidden again", stays=True)
            self.revealed = ""
        drawn = (id(body), self.shows_secrets, self.revealed, self._has_managed_fields)
        if drawn == self._drawn:
            return self._drawn_lines
        managers = len(list_at(body, "metadata", "managedFields"))
        folded = self.app_context.key_names.fill(
            f"managedFields: {count_noun(managers, 'entry', 'entries')} · {{yaml.managed_fields}} unfolds"
        )
        shown = await asyncio.to_thread(self._shown_body, body)
        self.yaml = await asyncio.to_thread(
            partial(yaml_text, shown, has_managed_fields=self._has_managed_fields, folded=folded)
        )
        self._drawn_lines = await asyncio.to_thread(yaml_lines, self.yaml)
        self._drawn = drawn
        return self._drawn_lines

    def _shown_body(self, body: JsonObject) -> JsonObject:
        if is_secret(self.subject):
            return masked_secret(body, self.revealed)
        shown: JsonObject = body if self.shows_secrets else redact(body)
        return shown

    def _notices(self, live: LiveObject) -> list[TextLine]:
        if not self.revealed:
            return super()._notices(live)
        text = self.app_context.key_names.fill(f"{self.revealed} is shown decoded · {{yaml.reveal}} hides it")
        return [*super()._notices(live), (TextSpan(text, Tone.WARN),), ()]

    def applies(self, action: Action) -> bool:
        if action.id in ("yaml.reveal", "text.secrets"):
            return is_secret(self.subject) == (action.id == "yaml.reveal")
        return super().applies(action)

    def shown_yaml(self) -> str:
        return self.yaml

    def show_yaml(self) -> None:
        """Bring it up to date now."""
        self.show()

    def action_managed_fields(self) -> None:
        """Fold or unfold managedFields."""
        self._has_managed_fields = not self._has_managed_fields
        self.show()

    # -- secrets ------------------------------------------------------------------------------------------------------

    def action_secrets(self) -> None:
        """Show or hide what looks like a secret; the values of a Secret are shown one at a time."""
        if is_secret(self.subject):
            message = self.app_context.key_names.fill("{yaml.reveal} shows one value of a Secret")
            self.app_context.show_message(message)
        else:
            super().action_secrets()

    def action_reveal(self) -> None:
        """Choose a value of a Secret and show it decoded; hide the one that is shown."""
        body = self.live.body() if self.live is not None else None
        if not is_secret(self.subject) or body is None:
            self.app_context.show_message(f"{self.subject.qualified_kind} has no values to reveal", failed=True)
        elif self.revealed:
            self.revealed = ""
            self.show()
        else:
            self._choose_value(secret_sizes(body))

    def _choose_value(self, sizes: dict[str, str]) -> None:
        if not sizes:
            self.app_context.show_message("this Secret has no values", failed=True)
            return

        def reveal(key: str | None) -> None:
            if key is not None:
                start_worker(self, partial(self._reveal, key), group="reveal", exclusive=True)

        choices = [ChoiceItem(key, key, size) for key, size in sizes.items()]
        self.app.push_screen(ChooseDialog("Reveal one value (audited)", choices), reveal)

    async def _reveal(self, key: str) -> None:
        """Show a value once its audit line has been stored."""
        connected, live = self.app_context.connected, self.live
        body = live.body() if live is not None else None
        if connected is None or body is None:
            return
        try:
            uid = text_at(body, "metadata", "uid")
            await asyncio.to_thread(connected.writer.record_reveal, self.subject, uid, key)
        except KdashError as error:
            self.app_context.show_error("Reveal", error)
            return
        self.revealed, self._revealed_value = key, object_at(body, "data").get(key)
        self.show()
