"""The results of one command in many pods: groups with the same output, rows of a table, JSON, the exit code. Pure.

Invariant: text of a container is printable before it leaves this module, except in JSON, where it is encoded. A run
whose end is unknown is never counted as done.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from k9py.api.kinds import POD
from k9py.api.plural import count_noun
from k9py.api.streams import OutputChannel
from k9py.api.text import printable
from k9py.remote.run_everywhere import PodRun, RunState
from k9py.views.exit_codes import ExitCode
from k9py.views.values import Cell, Column, Row, Tone

COLUMNS: Final = (
    Column("pod", "POD", min_width=12, max_width=60, sort_key="P"),
    Column("container", "CONTAINER", min_width=6, max_width=24, priority=2, sort_key="C"),
    Column("exit", "EXIT", min_width=4, max_width=8, align_right=True, sort_key="X"),
    Column("time", "TIME", min_width=5, max_width=8, align_right=True, priority=3, sort_key="I"),
    Column("lines", "LINES", min_width=5, max_width=7, align_right=True, priority=1, sort_key="N"),
    Column("output", "OUTPUT", min_width=12, max_width=400, grow=True, rest=True, sort_key="O"),
)
_WAITS: Final = -2
_RUNS: Final = -1
_NO_CODE: Final = 1000
"""Where runs without an exit code are sorted: those that failed last, after the highest code."""


@dataclass(frozen=True, slots=True)
class RunGroup:
    """Runs that ended alike.

    Args:
        runs: in their order.
        lines: their output, printable.
    """

    runs: tuple[PodRun, ...]
    lines: tuple[str, ...]

    @property
    def first(self) -> PodRun:
        return self.runs[0]


def grouped(runs: Sequence[PodRun]) -> tuple[RunGroup, ...]:
    """Return the runs in groups with the same exit code, error and output; the largest group first."""
    groups: dict[tuple[Any, ...], list[PodRun]] = {}
    for run in runs:
        groups.setdefault((run.exit_code, run.state, run.error, run.stdout, run.stderr, run.dropped), []).append(run)
    ordered = sorted(groups.values(), key=len, reverse=True)
    return tuple(RunGroup(tuple(group), output_lines(group[0])) for group in ordered)


def output_lines(run: PodRun) -> tuple[str, ...]:
    """Return what a command wrote as printable lines, and what was dropped of it or went wrong."""
    text = b"".join(data for _, data in run.output).decode("utf-8", "replace").replace("\r\n", "\n")
    lines = [printable(line.replace("\t", "    ")) for line in text.removesuffix("\n").split("\n")] if text else []
    if run.dropped:
        lines.append(f"… {count_noun(run.dropped, 'more byte')}, not kept")
    if run.error:
        lines.append(run.error)
    return tuple(lines)


def outcome(run: PodRun) -> tuple[str, Tone]:
    """Return the exit code of a run, or its state while there is none, with its tone."""
    match run.state:
        case RunState.ENDED:
            return str(run.exit_code), Tone.FAIL if run.exit_code else Tone.OK
        case RunState.RUNNING:
            return run.state.value, Tone.BUSY
        case RunState.WAITING:
            return run.state.value, Tone.MUTED
    return run.state.value, Tone.FAIL


def run_row(run: PodRun) -> Row:
    """Return the row of a pod; its output is the first line that says something."""
    lines = output_lines(run) if run.is_over else ()
    text, tone = outcome(run)
    order = {RunState.WAITING: _WAITS, RunState.RUNNING: _RUNS}.get(run.state, _NO_CODE)
    first = next((line for line in lines if line.strip()), "")
    cells = (
        Cell(printable(run.container.pod)),
        Cell(printable(run.container.container), Tone.MUTED),
        Cell(text, tone, order if run.exit_code is None else run.exit_code),
        Cell(f"{run.seconds:.1f}s" if run.is_over and run.seconds else "", Tone.MUTED, run.seconds),
        Cell(str(len(lines)) if lines else "", Tone.MUTED, len(lines)),
        Cell(first, Tone.FAIL if run.error and len(lines) == 1 else Tone.PLAIN),
    )
    is_bad = run.is_over and run.exit_code != 0
    return Row(POD.key(run.container.namespace, run.container.pod), cells, tone, rank=0 if is_bad else 1)


def worst_exit_code(runs: Sequence[PodRun]) -> int:
    """Return the highest exit code; UNKNOWN where a run has none and no other failed."""
    return max((ExitCode.UNKNOWN if run.exit_code is None else run.exit_code for run in runs), default=0)


def summary(runs: Sequence[PodRun]) -> str:
    """Return how the runs ended: `3 pods: 2 exit 0, 1 not run`."""
    counts = Counter(f"exit {run.exit_code}" if run.state is RunState.ENDED else run.state.value for run in runs)
    return f"{count_noun(len(runs), 'pod')}: " + ", ".join(f"{count} {what}" for what, count in counts.most_common())


def runs_json(runs: Sequence[PodRun]) -> list[dict[str, Any]]:
    """Return the runs as JSON values. Keys are only ever added.

    Output is UTF-8 text; what is not is replaced, and `output_dropped` counts the bytes that were not kept.
    """
    return [
        {
            "namespace": run.container.namespace,
            "pod": run.container.pod,
            "container": run.container.container,
            "state": run.state.value,
            "exit_code": run.exit_code,
            "error": run.error or None,
            "stdout": _text(run, OutputChannel.STDOUT),
            "stderr": _text(run, OutputChannel.STDERR),
            "output_dropped": run.dropped,
            "seconds": round(run.seconds, 3),
        }
        for run in runs
    ]


def _text(run: PodRun, wanted: OutputChannel) -> str:
    return b"".join(data for channel, data in run.output if channel is wanted).decode("utf-8", "replace")
