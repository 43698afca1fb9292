"""How the end of an operation is shown: where its tracking ended, or a run over several objects did.

A new outcome is a new case in `end_text`.
"""

from __future__ import annotations

from k9py.operations.notes import audit_note
from k9py.operations.runner import OperationRunner
from k9py.operations.track import TrackedEnd
from k9py.tui.operations.host import OperationsHost
from k9py.tui.operations.operation_log import OperationLog
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


def show_several_end(runner: OperationRunner, title: str, log: OperationLog, host: OperationsHost) -> None:
    """Show how a run over several objects ended, in the status of the last one."""
    text, tone = several_end(runner)
    last = runner.results[-1]
    status = log.status_of(last.key) or log.begin(last.key, title)
    status.set_title(title)
    status.set_text(text, tone)
    host.notify_terminal(f"kdash: {title}: {text}")
