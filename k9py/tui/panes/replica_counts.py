"""How far a rollout is, as two bars: pods of the new revision, and available pods."""

from __future__ import annotations

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.renderables.bar import Bar as BarRenderable
from textual.widgets import ProgressBar, Static

from k9py.rollouts.status import RolloutStatus
from k9py.tui.tones import FAILING_TONES
from k9py.views.values import Tone


class _Track(BarRenderable):
    """Textual's bar, whose track differs without colour too."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = self.width or options.max_width
        full = min(width, round(max(0.0, self.highlight_range[1])))
        yield Text.assemble(("━" * full, self.highlight_style), ("─" * (width - full), self.background_style), end="")


class ReplicaBar(ProgressBar):
    """A bar of pods; hidden while the desired number is unknown."""

    BAR_RENDERABLE = _Track
    DEFAULT_CSS = """
    ReplicaBar { width: 16; height: 1; margin: 0 1 0 0; }
    ReplicaBar Bar { width: 16; }
    ReplicaBar Bar > .bar--bar { color: $primary; background: $border-blurred; }
    ReplicaBar Bar > .bar--complete { color: $success; background: $border-blurred; }
    ReplicaBar.-fail Bar > .bar--bar { color: $error; }
    ReplicaBar.-warn Bar > .bar--bar { color: $warning; }
    ReplicaBar.-unknown { display: none; }
    .-narrow ReplicaBar, .-narrow ReplicaBar Bar { width: 10; }
    """

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(total=1, show_percentage=False, show_eta=False, id=id)

    def show(self, count: int, desired: int | None, tone: Tone) -> None:
        """Show a number of pods.

        Args:
            desired: the full bar; None when it is unknown.
            tone: of the rollout.
        """
        self.set_class(desired is None, "-unknown")
        self.set_class(tone in FAILING_TONES, "-fail")
        self.set_class(tone is Tone.WARN, "-warn")
        if desired is not None and (self.total, self.progress) != (desired, min(count, desired)):
            self.update(total=desired, progress=min(count, desired))


class ReplicaCounts(Horizontal):
    """Both bars with their numbers."""

    DEFAULT_CSS = """
    ReplicaCounts { height: 1; width: 1fr; padding: 0 2; }
    ReplicaCounts Static { width: auto; height: 1; margin: 0 3 0 0; }
    .-short ReplicaCounts, .-narrow ReplicaCounts { padding: 0 1; }
    .-narrow ReplicaCounts Static { margin: 0 2 0 0; }
    ReplicaCounts #ready { width: 1fr; margin: 0; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    def __init__(self) -> None:
        super().__init__(id="counts")
        self._updated, self._available = ReplicaBar(id="updated"), ReplicaBar(id="available")
        self._texts = [Static("", markup=False, id=name) for name in ("updated-text", "available-text", "ready")]
        self._shown: tuple[str, ...] = ()

    def compose(self) -> ComposeResult:
        yield self._updated
        yield self._texts[0]
        yield self._available
        yield self._texts[1]
        yield self._texts[2]

    def show(self, status: RolloutStatus, tone: Tone) -> None:
        """Show how far the rollout is."""
        desired = status.desired
        self._updated.show(status.updated, desired, tone)
        self._available.show(status.available, desired, Tone.PLAIN)
        of = "" if desired is None else f" of {desired}"
        revision = "" if status.revision is None else f" · revision {status.revision}"
        rest = f"{status.ready} ready{revision}" if desired is not None else f"desired pods unknown{revision}"
        texts = (f"{status.updated}{of} updated", f"{status.available}{of} available", rest)
        if texts != self._shown:
            self._shown = texts
            for widget, text in zip(self._texts, texts, strict=True):
                widget.update(text)
