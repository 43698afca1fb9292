"""`kdash exec KIND/NAME --all -- COMMAND`: run a command in all pods of an object, and print what they answer together.

Invariants: standard output has only the results; the same answer of several pods is printed once; after Ctrl+C
what is known so far is printed too. The exit code is the worst of all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Final

from rich.cells import cell_len

from k9py.api.text import printable
from k9py.cli.console import Console
from k9py.cli.remote.targets import described, resolve_container_target
from k9py.cli.session import Invocation, explain_not_found, open_session
from k9py.cli.targets import ObjectArgument
from k9py.remote.run_everywhere import PodRun, find_targets, run_in_pods
from k9py.remote.run_results import RunGroup, grouped, outcome, runs_json, summary, worst_exit_code
from k9py.views.values import StyledLine, Tone

_GAP: Final = "  "


async def execute_everywhere(
    invocation: Invocation, named: ObjectArgument, container: str, command: Sequence[str], *, as_json: bool
) -> int:
    """Run a command in all pods of an object; return the worst exit code. Raises KdashError."""
    console = invocation.console
    async with open_session(invocation) as session:
        session.writer.accesses.refuse(f"exec in the pods of {described(session, named)}")
        ref = await resolve_container_target(session, named)
        with explain_not_found(ref):
            targets = await find_targets(session, ref, container)
        for defaulted in dict.fromkeys(target.defaulted for target in targets if target.defaulted):
            console.print_err(f"kdash: using {defaulted}")
        runs = [PodRun(target.container) for target in targets]

        def note(index: int, run: PodRun) -> None:
            runs[index] = run

        def report() -> None:
            if as_json:
                values = {"object": str(ref), "command": list(command), "exit_code": worst_exit_code(runs)}
                console.print_json({**values, "pods": runs_json(runs)})
            else:
                _print(console, runs)

        try:
            await run_in_pods(session, targets, command, on_change=note)
        except asyncio.CancelledError:
            report()
            raise
        report()
        return worst_exit_code(runs)


def _print(console: Console, runs: Sequence[PodRun]) -> None:
    for line in table_lines(grouped(runs)):
        console.print(console.render(line).rstrip())
    console.print_err(summary(runs))


def table_lines(groups: Sequence[RunGroup]) -> Iterator[StyledLine]:
    """Yield a table with pod, exit code and output.

    Each pod has a row. Output of several lines that pods have in common is printed once, below their rows.
    """
    pods = max([3, *(cell_len(printable(run.container.pod)) for group in groups for run in group.runs)])
    codes = max([4, *(cell_len(outcome(run)[0]) for group in groups for run in group.runs)])
    yield ((f"{'POD':<{pods}}{_GAP}{'EXIT':>{codes}}{_GAP}OUTPUT", Tone.PLAIN),)
    is_apart = any(len(group.lines) > 1 for group in groups)
    for index, group in enumerate(groups):
        if index and is_apart:
            yield (("", Tone.PLAIN),)
        lines = group.lines
        if len(lines) <= 1:
            lines = lines * len(group.runs)
        elif len(group.runs) > 1:
            lines = (*[f"{len(lines)} lines, as below"] * len(group.runs), *lines)
        for run, line in zip_longest(group.runs, lines, fillvalue=None):
            pod = "" if run is None else printable(run.container.pod)
            code, tone = ("", Tone.PLAIN) if run is None else outcome(run)
            yield (
                (pod + " " * (pods - cell_len(pod)) + _GAP, Tone.PLAIN),
                (f"{code:>{codes}}", tone),
                (f"{_GAP}{line or ''}", Tone.PLAIN),
            )
