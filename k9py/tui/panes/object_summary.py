"""The top of a detail screen: what the object is, its state, and what is wrong. `summary_lines` makes the text."""

from __future__ import annotations

from textual.widgets import Static

from k9py.api.text import printable
from k9py.tui.panes.summary_lines import Summary
from k9py.tui.theme import palette_for
from k9py.tui.tones import bullet, styled_text
from k9py.tui.widgets.toned_text import TextLine, fold, text_line
from k9py.views.values import StyledLine, Tone


class ObjectSummary(Static):
    """A summary with long lines folded; redrawn only when its text or the width changes."""

    DEFAULT_CSS = """
    ObjectSummary { height: auto; max-height: 9; width: 1fr; padding: 0 2; margin: 1 0 0 0; text-wrap: nowrap; }
    .-short ObjectSummary, .-narrow ObjectSummary { margin: 0; padding: 0 1; max-height: 5; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__("", markup=False, id=id)
        self.shown: Summary | None = None
        self._drawn: tuple[object, ...] = ()
        self._height = 0

    def show(self, summary: Summary) -> None:
        """Show a summary."""
        self.shown = summary
        palette = palette_for(self.app)
        width = self.app.size.width - self.styles.gutter.width
        drawn = (summary, width, palette.name)
        if drawn == self._drawn:
            return
        self._drawn = drawn
        lines = folded_summary(summary, width)
        text = styled_text(lines, palette)
        text.stylize("bold", 2, 2 + len(printable(summary.title)))
        is_same_height, self._height = self._height == len(lines), len(lines)
        self.update(text, layout=not is_same_height)

    def show_message(self, text: str, tone: Tone) -> None:
        """Show why there is no object (any more) instead of its summary."""
        self.show(Summary(text, "", tone, ()))

    def on_resize(self) -> None:
        """Fold to the new width."""
        if self.shown is not None:
            self.show(self.shown)


def folded_summary(summary: Summary, width: int) -> list[TextLine]:
    """Return the lines of a summary, each folded to at most `width` cells."""
    head: StyledLine = (
        (f"{bullet(summary.tone)} ", summary.tone),
        (summary.title, Tone.PLAIN),
        ("  ", Tone.PLAIN),
        (summary.state, summary.tone),
    )
    return [piece for line in (head, *summary.lines) for piece in fold(text_line(line), width, indent=2)]
