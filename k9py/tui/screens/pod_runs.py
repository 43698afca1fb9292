"""A command that runs in all pods of an object: what each answered, side by side; Enter shows the whole output.

Invariants: a row is a pod, so that the keys of pods work on it; pods that failed come first once they have ended.
Leaving the screen closes the streams of commands that still run: what they have started in a container may run on.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from datetime import datetime

from textual.app import ComposeResult

from k9py.actions.action import Action
from k9py.api.errors import KdashError
from k9py.api.kinds import POD
from k9py.api.meta import ObjectRef
from k9py.api.plural import count_noun
from k9py.api.text import bounded, printable
from k9py.cluster.change_feed import Changes
from k9py.remote.run_everywhere import PodRun, PodTarget, RunState, run_in_pods
from k9py.remote.run_results import COLUMNS, grouped, outcome, output_lines, run_row, summary
from k9py.tui.context import AppContext
from k9py.tui.panes.table_pane import RowSource, TablePane
from k9py.tui.screens.paned_screen import SinglePaneScreen
from k9py.tui.screens.text_screen import TextScreen
from k9py.tui.session import Connected
from k9py.tui.widgets.live_table.table import LiveTable
from k9py.tui.widgets.toned_lines import TonedLines
from k9py.tui.widgets.toned_text import TextSpan
from k9py.tui.workers import start_worker
from k9py.views.values import Row, StyledLine, Tone


class PodRunsScreen(SinglePaneScreen[TablePane]):
    """The runs of one command.

    Args:
        subject: whose pods.
        targets: where it runs; it is started when the screen is.
        command: its words.
    """

    follows_scope = True
    footer_begins_with = ("table.select", "object.logs", "object.describe", "object.shell", "pane.filter")
    DEFAULT_CSS = """
    PodRunsScreen #command { background: $surface; padding: 0 2; max-height: 4; }
    """

    def __init__(
        self,
        context: AppContext,
        connected: Connected,
        subject: ObjectRef,
        targets: Sequence[PodTarget],
        command: Sequence[str],
    ) -> None:
        super().__init__(context)
        self.subject = subject
        self._connected = connected
        self._targets = tuple(targets)
        self._command = tuple(command)
        self._keys = [POD.key(target.container.namespace, target.container.pod) for target in targets]
        self._uids = {key: target.uid for key, target in zip(self._keys, targets, strict=True)}
        self.runs = {key: PodRun(target.container) for key, target in zip(self._keys, targets, strict=True)}
        self._changed: set[ObjectRef] = set(self._keys)
        self.command = TonedLines(id="command", wraps=True)
        self.pane = TablePane(
            "Run",
            COLUMNS,
            clock=context.options.clock,
            options=context.line_view_options,
            state=context.options.table_state,
            remember_as="pod-runs",
            id="runs",
        )

    def compose_panes(self) -> ComposeResult:
        yield self.command
        yield self.pane

    @property
    def crumbs(self) -> tuple[str, ...]:
        return (f"{printable(self.subject.kind)} {printable(self.subject.name)}", "run")

    # -- data ---------------------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Start the command."""
        self.show_pane(self.pane)
        self.pane.set_source(RowSource(lambda: self._keys, self._row))
        self.tick(Changes())
        start_worker(self, self._run_command, group="runs")

    async def _run_command(self) -> None:
        try:
            await run_in_pods(self._connected, self._targets, self._command, on_change=self._take)
        except KdashError as error:
            self.app_context.show_error("run in pods", error)

    def _take(self, index: int, run: PodRun) -> None:
        self.runs[self._keys[index]] = run
        self._changed.add(self._keys[index])

    def _row(self, key: ObjectRef, _now: datetime) -> Row | None:
        run = self.runs.get(key)
        return None if run is None else run_row(run)

    def tick(self, changes: Changes) -> None:
        """Show what has changed."""
        if self._changed:
            changed, self._changed = self._changed, set()
            self.pane.update_rows(changed)
            self.command.show(self._head())
            self.refresh_bindings()

    def _head(self) -> list[StyledLine]:
        """Return what is run, and how far it is."""
        runs = list(self.runs.values())
        over = [run for run in runs if run.is_over]
        lines: list[StyledLine] = [(("$ ", Tone.MUTED), (bounded(shlex.join(self._command), 400), Tone.ACCENT))]
        if len(over) < len(runs):
            lines.append(((f"{len(over)} of {count_noun(len(runs), 'pod')} answered", Tone.BUSY),))
        else:
            answers = len(grouped([run for run in runs if run.state is RunState.ENDED]))
            alike = count_noun(answers, "different answer") if answers > 1 else "all answer the same" if answers else ""
            tone = Tone.OK if all(run.exit_code == 0 for run in runs) else Tone.FAIL
            lines.append(((summary(runs), tone), (f" · {alike}" if alike and len(runs) > 1 else "", Tone.MUTED)))
        return lines

    # -- targets and keys ---------------------------------------------------------------------------------------------

    def target(self) -> ObjectRef | None:
        return self.pane.table.cursor_key

    def pod_target(self) -> ObjectRef | None:
        return self.pane.table.cursor_key

    def uid_of(self, ref: ObjectRef) -> str:
        return self._uids.get(ref, "") or super().uid_of(ref)

    def keep_cursor(self, acted_on: ObjectRef | None) -> None:
        self.pane.table.pin_cursor()

    def title_of(self, action: Action) -> str:
        return "Output" if action.id == "table.select" else super().title_of(action)

    def on_live_table_highlighted(self, event: LiveTable.Highlighted) -> None:
        """Show the keys of the pod."""
        self.refresh_bindings()

    def on_live_table_selected(self, event: LiveTable.Selected) -> None:
        """Show the whole output of the pod."""
        key = self.pane.table.cursor_key
        if key is None:
            return
        run = self.runs[key]
        if run.is_over:
            self.app.push_screen(RunOutputScreen(self.app_context, key, run, self._command))
        else:
            self.app_context.show_message(f"the command is {outcome(run)[0]} there: wait for its end")

    def step_back(self) -> None:
        """Clear the filter, then go back, which stops reading what still runs."""
        if self.clear_filter():
            return
        if left := sum(not run.is_over for run in self.runs.values()):
            self.app_context.show_message(
                f"stopped waiting for {count_noun(left, 'pod')}: the command may run on there"
            )
        super().step_back()


class RunOutputScreen(TextScreen):
    """The whole output of a command in one pod.

    Args:
        subject: the pod.
        run: the command there, over.
    """

    def __init__(self, context: AppContext, subject: ObjectRef, run: PodRun, command: Sequence[str]) -> None:
        super().__init__(context, subject, "Output")
        self._run_shown = run
        self._command_shown = tuple(command)

    @property
    def crumbs(self) -> tuple[str, ...]:
        return (f"{printable(self.subject.kind)} {printable(self.subject.name)}", "output")

    def show(self) -> None:
        """Show the lines."""
        run = self._run_shown
        code, tone = outcome(run)
        how = f"exit {code}" if run.exit_code is not None else code
        head = (TextSpan("$ ", Tone.MUTED), TextSpan(bounded(shlex.join(self._command_shown), 400), Tone.ACCENT))
        end = (TextSpan(how, tone), TextSpan(f" after {run.seconds:.1f}s" if run.seconds else "", Tone.MUTED))
        lines = output_lines(run)
        shown = [(TextSpan(line),) for line in lines] or [(TextSpan("no output", Tone.MUTED),)]
        self.pane.text.set_lines([head, end, (), *shown])
