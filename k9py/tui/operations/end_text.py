"""The text for where the tracking of an operation ended; a new outcome is a new case here."""

from __future__ import annotations

from k9py.operations.notes import audit_note
from k9py.operations.runner import OperationRunner
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


def several_end(runner: OperationRunner) -> tuple[str, Tone]:
    """Return how a run on several objects ended; the hint of its failure gets what was left out."""
    last = runner.results[-1]
    done, count = len(runner.results), len(runner.results) + len(runner.not_started)
    left = ", ".join(str(key) for key in runner.not_started)
    not_started = f", not started: {left}" if left else ""
    if last.error is not None:
        text, tone = f"{last.error.message}{not_started}", Tone.FAIL
        stopped = f"stopped at {done} of {count}{not_started}"
        last.error.hint = f"{last.error.hint}; {stopped}" if last.error.hint else stopped
    elif not left and (last.end is None or last.end.is_expected):
        text, tone = f"all {done} done", Tone.OK
    else:
        end, tone = end_text(last.end) if last.end is not None else ("done", Tone.OK)
        if last.audit_problem:
            end = f"{end}, {audit_note(last.audit_problem)}"
        how = "stopped after" if last.is_good else "stopped at"
        text = f"{end}, {how} {done} of {count}{not_started}"
        tone = Tone.WARN if tone is Tone.OK else tone
    return text, tone
