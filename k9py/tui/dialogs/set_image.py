"""Change container images: the current image is filled in, its tag selected so that typing replaces it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.widgets import Button, Input, OptionList, Static
from textual.widgets.input import Selection
from textual.widgets.option_list import Option

from k9py.api.text import printable
from k9py.tui.bindings import bindings
from k9py.tui.dialogs.continue_dialog import ContinueDialog
from k9py.tui.dialogs.question import CurrentStatus, status_lines
from k9py.views.values import Tone

WIDTH: Final = 96
MANY_HINT: Final = "{list.up}{list.down} container · Enter continue · {dialog.cancel} cancel"
"""The line of keys where there are several containers."""


def tag_span(image: str) -> tuple[int, int]:
    """Return start and end of an image's tag (and digest); the end of the text twice where it has none."""
    at = image.find("@")
    name_end = at if at >= 0 else len(image)
    colon = image.rfind(":", image.rfind("/", 0, name_end) + 1, name_end)
    if colon >= 0:
        return colon + 1, len(image)
    return (at + 1 if at >= 0 else len(image)), len(image)


class SetImageDialog(ContinueDialog[Mapping[str, str]]):
    """Returns the changed images by container; the next dialog confirms them.

    Args:
        name: kind and name of the object.
        place: namespace and context, as text.
        images: by container, init containers first.
        check: returns why these images cannot be set, "" when they can.
        status: the workload's current status.
        typed: what was typed before, by container, when the user came back from the next dialog.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings("list.down", "list.up")
    DEFAULT_CSS = f"""
    SetImageDialog > .box {{ width: {WIDTH}; }}
    SetImageDialog OptionList {{ max-height: 8; }}
    SetImageDialog #asked {{ height: 1; margin: 0; }}
    """
    HINT = "Enter continue · {dialog.cancel} cancel"

    def __init__(
        self,
        name: str,
        place: str,
        images: Mapping[str, str],
        *,
        check: Callable[[Mapping[str, str]], str],
        typed: Mapping[str, str] | None = None,
        status: CurrentStatus | None = None,
    ) -> None:
        super().__init__(f"Set image of {name}")
        self.images = dict(images)
        self.typed = {**images, **(typed or {})}
        self._names = tuple(images)
        self._at = 0
        self._place = place
        self._check = check
        self._status = status

    def compose_body(self) -> ComposeResult:
        yield self.place_paragraph(self._place, status_lines(self._status, self.text_width(WIDTH)))
        if len(self._names) > 1:
            listing = OptionList(id="containers", markup=False, compact=True)
            listing.can_focus = False
            yield listing
        yield Static("", id="asked", markup=False)
        yield Input(id="image", compact=True, select_on_focus=False)
        yield self.paragraph(id="wrong")
        with Horizontal(classes="buttons"):
            yield Button("Cancel", compact=True, id="cancel")
            yield Button("Continue", compact=True, id="confirm")

    def on_mount(self) -> None:
        """Start with the requested container, its tag selected."""
        self.query_one("#wrong").display = False
        self._fill()
        self._go_to(self._at)
        self.set_initial_focus(self.query_one(Input))

    def begin_with(self, name: str) -> None:
        """Start with that container, unless another one was changed before."""
        changed = [container for container in self._names if self.typed[container] != self.images[container]]
        name = changed[0] if changed else name
        if name in self._names:
            self._at = self._names.index(name)

    def _fill(self) -> None:
        if len(self._names) < 2:
            return
        listing = self.query_one(OptionList)
        listing.clear_options()
        width = max(len(printable(name)) for name in self._names)
        for name in self._names:
            is_changed = self.typed[name] != self.images[name]
            listing.add_option(
                Option(
                    self.toned(
                        (f"{name:<{width}}  ", Tone.ACCENT),
                        (self.typed[name], Tone.PLAIN if is_changed else Tone.MUTED),
                    )
                )
            )
        listing.highlighted = self._at
        self.query_one(".box").border_subtitle = f" {self.with_keys(MANY_HINT)} "

    def _go_to(self, at: int) -> None:
        self._at = at
        name = self._names[at]
        self.query_one("#asked", Static).update(self.toned(("new image of ", Tone.MUTED), (name, Tone.ACCENT)))
        entry = self.query_one(Input)
        entry.value = self.typed[name]
        entry.selection = Selection(*tag_span(entry.value))
        if len(self._names) > 1:
            self.query_one(OptionList).highlighted = at

    def action_move(self, by: int) -> None:
        """Go to another container; the text typed for this one is kept."""
        self._go_to((self._at + by) % len(self._names))

    @on(Input.Changed)
    def _edited(self, event: Input.Changed) -> None:
        name = self._names[self._at]
        if self.typed[name] != event.value:
            self.typed[name] = event.value
            self._fill()
            self.query_one("#wrong").display = False

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        self._go_to(event.option_index)

    def submit(self) -> None:
        changed = {name: typed.strip() for name, typed in self.typed.items() if typed.strip() != self.images[name]}
        why = self._check(changed) if changed else "no change yet: type another tag or image"
        if not why:
            self.dismiss(changed)
            return
        wrong = self.query_one("#wrong", Static)
        wrong.update(self.toned((f"{Tone.FAIL.symbol} ", Tone.FAIL), (why, Tone.PLAIN)))
        wrong.display = True
