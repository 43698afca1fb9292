"""The text for where the tracking of an operation ended; a new outcome is a new case here."""

from __future__ import annotations

from k9py.operations.track import TrackedEnd
from k9py.views.values import Tone


def end_text(end: TrackedEnd) -> tuple[str, Tone]:
    """Return where tracking ended, as the strip shows it."""
    seconds = round(end.seconds)
    match end.outcome:
        case "converged" if end.is_recovered:
            return f"recovered: done{f' after {seconds}s' if seconds else ''}", Tone.OK
        case "converged" if end.status is None and end.text:
            return end.text, Tone.OK
        case "converged":
            return f"done{f' in {seconds}s' if seconds else ''}", Tone.OK
        case "gone" if end.is_expected:
            return f"gone{f' after {seconds}s' if seconds else ''}", Tone.OK
        case "stalled":
            return end.text, Tone.FAIL
        case "paused" if end.is_expected:
            return end.text, Tone.OK
    return end.text, Tone.WARN
