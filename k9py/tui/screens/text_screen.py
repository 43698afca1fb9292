"""A screen with one pane of text about an object, searched with a key."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from k9py.actions.action import Action, ActionScope
from k9py.api.meta import ObjectRef
from k9py.tui.bindings import bindings
from k9py.tui.context import AppContext
from k9py.tui.panes.text_pane import TextPane
from k9py.tui.screens.paned_screen import SinglePaneScreen
from k9py.tui.screens.targets import applies_to, pod_of
from k9py.tui.widgets.filter_bar import FilterBar


class TextScreen(SinglePaneScreen[TextPane]):
    """Base of description, YAML and difference. What looks like a secret is hidden until a key shows it."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(ActionScope.TEXT_SCREEN)

    def __init__(self, context: AppContext, subject: ObjectRef, heading: str) -> None:
        super().__init__(context)
        self.subject = subject
        self.shows_secrets = False
        self.pane = TextPane(heading, options=context.line_view_options, id="text")

    def target(self) -> ObjectRef | None:
        return self.subject

    def applies(self, action: Action) -> bool:
        return applies_to(action, self.subject)

    def pod_target(self) -> ObjectRef | None:
        return pod_of(self.subject)

    def title_of(self, action: Action) -> str:
        return "Search" if action.id == "pane.filter" else action.title

    def _filter_bar(self) -> FilterBar | None:
        return self.pane.search_bar

    def on_mount(self) -> None:
        """Show the object."""
        self.show_pane(self.pane)
        self.pane.set_note("", narrowing=str(self.subject))
        self.show()

    def show(self) -> None:
        """Bring the text up to date."""
        raise NotImplementedError

    def action_secrets(self) -> None:
        """Show or hide what looks like a secret."""
        self.shows_secrets = not self.shows_secrets
        shown = self.app_context.key_names.fill("secret values are shown · {text.secrets} hides them")
        self.app_context.show_message(shown if self.shows_secrets else "secret values are hidden")
        self.show()

    def step_back(self) -> None:
        """End the search, then go back."""
        if not self.clear_filter():
            super().step_back()
