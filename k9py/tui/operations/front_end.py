"""The dashboard as a front end of operations: dialogs ask, the log shows, the terminal is notified at the end.

Invariants: a failure becomes a dialog in `run` alone. Keys typed before a dialog opens wait for it; a confirmation is
never typed ahead: only a visible dialog can be confirmed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, TypeVar

from k9py.api.errors import ConflictError, KdashError, RefusedError
from k9py.api.meta import ObjectRef
from k9py.cluster.cluster import Cluster
from k9py.operations.delete_stuck_pods import StuckPodDeleter
from k9py.operations.front_end import Confirmed, Decision, InputRequest, Proposal, Proposals, SeveralRefusedError
from k9py.operations.notes import audit_note, result_notes
from k9py.operations.operation import Operation, RemediableError, Remedy, name_of
from k9py.operations.plan import Tracking, WriteResult
from k9py.operations.proposing import OperationSession
from k9py.operations.result import OperationResult
from k9py.operations.run_options import RunOptions
from k9py.operations.runner import OperationRunner
from k9py.operations.target import LiveTargets, TargetSnapshot
from k9py.operations.track import TrackedEnd
from k9py.operations.watched_reader import WatchedReader
from k9py.rollouts.status import RolloutStatus
from k9py.runtime.clock import Clock
from k9py.tui.dialogs.confirm import ConfirmDialog
from k9py.tui.dialogs.dialog import Dialog, place_text
from k9py.tui.dialogs.message import MessageDialog
from k9py.tui.dialogs.question import CurrentStatus, Question
from k9py.tui.key_order import KeyHold, OrderedKeys
from k9py.tui.keys import key_of_operation
from k9py.tui.operations.confirmation import question, question_of_several, refused_dialog
from k9py.tui.operations.end_text import end_text, show_several_end
from k9py.tui.operations.host import OperationsHost
from k9py.tui.operations.operation_job import OperationJob, job_of
from k9py.tui.operations.operation_log import OperationLog, OperationStatus
from k9py.tui.operations.stuck_pods import delete_stuck_pods
from k9py.tui.operations.target_status import target_status
from k9py.tui.session import Connected
from k9py.tui.workers import start_worker
from k9py.views.values import Tone

ResultT = TypeVar("ResultT")


class DashboardFrontEnd:
    """One run of one operation.

    Args:
        app: shows dialogs and holds keys.
        host: the same app, for everything else.
        log: where the status of each write is shown.
        heading: what is done to what, for the title of a dialog.
        on_unaudited: called when an audit line of a write that was made is missing.
    """

    def __init__(
        self,
        app: OrderedKeys[Any],
        host: OperationsHost,
        log: OperationLog,
        operation: Operation[Any],
        targets: Sequence[TargetSnapshot],
        heading: str,
        on_unaudited: Callable[[], None],
    ) -> None:
        self._app = app
        self._host = host
        self._on_unaudited = on_unaudited
        self.heading = heading
        self.current: ObjectRef | None = None
        """The object of several that is being changed, while those after it can still be left out."""
        self._log = log
        self._operation = operation
        self._targets = tuple(targets)
        self._hold: KeyHold | None = None
        self._cancel: Callable[[], None] = lambda: None
        self._statuses: dict[ObjectRef, OperationStatus] = {}
        self._bulk_title = ""
        self._stops = False
        self._is_running = False
        self._reported: KdashError | None = None
        self._remedy: Remedy | None = None
        self._job: OperationJob
        self._ended = asyncio.Event()
        self.results: Sequence[OperationResult] = ()
        """Of the run, as far as it has come."""

    # -- the run ------------------------------------------------------------------------------------------------------

    async def run(self, inputs: Mapping[str, Any]) -> None:
        """Run the operation; report a failure in a dialog."""
        is_bulk = len(self._targets) > 1
        self._job = job_of(self._host.jobs, self._operation, self._targets, self.clock.now, self.stop)
        try:
            connected = self.connected
            runner = OperationRunner(
                self._session(connected), self, RunOptions(together=True, watches_recovery=not is_bulk)
            )
            self.results = runner.results
            await runner.run(self._operation, self._targets, **inputs)
            if self._is_running and is_bulk:
                show_several_end(runner, self._bulk_title, self._log, self._host)
            self._is_running, self.current = False, None
            if (error := runner.results[-1].error) is not None:
                self._job.end(error.message)
                await self._show_error(error)
        except KdashError as error:
            self._job.end(error.message)
            await self._show_error(error)
        finally:
            self._job.end()
            self._is_running = False
            self.current = None
            self._release_keys(discard=True)
            self._ended.set()

    async def wait(self) -> None:
        """Wait until the run has ended."""
        await self._ended.wait()

    @property
    def clock(self) -> Clock:
        """The clock of what is shown."""
        return self._host.options.clock

    @property
    def context(self) -> str:
        """Name of the context."""
        return self._host.context_name

    @property
    def connected(self) -> Connected:
        """The cluster to change. Raises RefusedError: there is none."""
        connected = self._host.connected
        if connected is None:
            raise RefusedError("there is no cluster to change", "wait until it is connected, or choose another context")
        return connected

    def _session(self, connected: Connected) -> OperationSession:
        cluster, connection, writer = connected.cluster, connected.connection, connected.writer
        clock = self.clock

        @asynccontextmanager
        async def watch(_: ObjectRef) -> AsyncIterator[Cluster]:
            yield cluster

        reader = WatchedReader(connection, cluster)
        return OperationSession(writer, reader, LiveTargets(cluster, connection, writer, clock), clock, watch)

    async def _show_error(self, error: KdashError) -> None:
        self._release_keys(discard=True)
        if error is self._reported:
            if self._remedy is not None:
                await self._take(self._remedy)
            return
        if not isinstance(error, RemediableError):
            await self.ask(MessageDialog.of_error(self.heading, error))
            return
        remedy = error.remedy
        offer = (key_of_operation(self._app, remedy.operation), remedy.label)
        dialog = MessageDialog(self.heading, error.message, error.hint, tone=Tone.WARN, offer=offer)
        if await self.ask(dialog, keep_typed=False):
            await self._take(remedy)

    async def _take(self, remedy: Remedy) -> None:
        self._remedy = None
        self.hold_keys()
        self._operation = self._host.options.operations[remedy.operation]
        await self.run(remedy.inputs)

    # -- keys and dialogs ---------------------------------------------------------------------------------------------

    def hold_keys(self, cancel: Callable[[], None] | None = None) -> None:
        """Hold typed keys until the next dialog is open; Esc cancels the run."""
        if cancel is not None:
            self._cancel = cancel
        self._hold = self._app.hold_keys(self._cancel)

    def release_keys(self) -> None:
        """Hold no keys any longer, and drop those that were held."""
        self._release_keys(discard=True)

    def _release_keys(self, *, discard: bool = False) -> None:
        hold, self._hold = self._hold, None
        if hold is not None and discard:
            hold.drop()
        elif hold is not None:
            hold.release()

    async def ask(self, dialog: Dialog[ResultT], *, keep_typed: bool = True) -> ResultT | None:
        """Show a dialog and return its answer; keys typed ahead reach it, unless it has to be seen first."""
        if not keep_typed:
            self._app.discard_typed_keys()
        answered = self._app.push_screen(dialog, wait_for_dismiss=True)
        if self._hold is not None:  # Esc typed before the dialog is drawn means what it means in the dialog
            self._hold = self._app.hold_keys(partial(_dismiss, dialog))
        dialog.call_after_refresh(self._release_keys)
        try:
            answer: ResultT | None = await answered
        except asyncio.CancelledError:
            if self._app.is_running and self._app.screen is dialog:  # cancelled just as it opened
                self._app.pop_screen()
            raise
        return answer

    def place(self, namespace: str) -> str:
        """Return namespace and context, for a dialog."""
        return place_text(namespace, self._host.context_name)

    # -- asking -------------------------------------------------------------------------------------------------------

    async def while_preparing(self, key: ObjectRef, title: str, work: Coroutine[Any, Any, ResultT]) -> ResultT | None:
        """Await the work with the keys held; Esc cancels it, which is one step back."""
        given_up: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._hold = self._app.hold_keys(lambda: None if given_up.done() else given_up.set_result(None))
        task = asyncio.ensure_future(work)
        try:
            with self._log.dry_running(key, title):
                both: set[asyncio.Future[Any]] = {task, given_up}
                await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
                if not given_up.done():
                    return await task
        finally:
            given_up.cancel()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        self._hold = None
        return None

    async def choose(self, request: InputRequest) -> Any | Confirmed | None:
        """Ask for inputs in the dialog of their type."""
        from k9py.tui.operations.choose import choose  # with its dialogs and the editor: after the first frame

        return await choose(self, self._app, self._host.options, request)

    async def confirm(self, proposals: Proposals) -> Decision:
        """Ask in a dialog whether to do it."""
        answer = await self.ask(ConfirmDialog(await self.question(proposals)), keep_typed=False)
        return Decision.YES if answer else Decision.BACK if answer is None else Decision.NO

    async def starts_over(self, error: ConflictError) -> bool:
        """Show what others changed, and offer to begin again with the object as it is now."""
        self._reported = error
        hint = "Nothing was written. To see the object as it is now, and confirm again, start over."
        dialog = MessageDialog(self.heading, error.message, hint, tone=Tone.WARN, offer=("", "Start over"))
        return await self.ask(dialog, keep_typed=False) is True

    async def refused(self, error: SeveralRefusedError) -> None:
        """Show the refusals above what passed."""
        self._release_keys(discard=True)
        self._reported = error.proposals.refusals[-1].error
        if await self.ask(refused_dialog(error, self._host.context_name), keep_typed=False):
            self._remedy = error.remedy

    async def question(self, proposals: Proposals) -> Question:
        """Return the question that confirms the proposals."""
        queries, now = self.connected.cluster.queries, self.clock.now()

        async def status(proposal: Proposal) -> CurrentStatus | None:
            plan = proposal.plan
            return await target_status(queries, proposal.key, now, is_remedy=plan is not None and plan.is_remedy)

        if len(self._targets) == 1:
            [proposal] = proposals.items
            return question(proposal, self.place(proposal.key.namespace), await status(proposal))
        statuses = [await status(proposal) for proposal in proposals.items]
        return question_of_several(proposals, statuses, self._host.context_name)

    # -- reporting ----------------------------------------------------------------------------------------------------

    def writing(self, proposal: Proposal, number: int, count: int) -> None:
        """Begin the status of a write."""
        title = proposal.planned.title
        if number == 1 and self._operation.takes_several:
            self._host.clear_marks([target.key for target in self._targets])
        if len(self._targets) > 1:
            self._is_running = True
            self._bulk_title = f"{title} {number} of {count}"
            title = self._bulk_title + (" · stops after this one" if self._stops else "")
            self.current = None if self._stops else proposal.key
        elif self._operation.can_stop:
            self._is_running, self.current = True, proposal.key
            self._bulk_title = title
        status = self._statuses[proposal.key] = self._log.begin(proposal.key, title)
        status.set_text("writing…")
        self._job.begin(status, number)

    def written(self, proposal: Proposal, result: WriteResult) -> None:
        """Report the notes about a write: in a dialog, or as a transient message when it is one of several."""
        is_done = result.plan.tracking is Tracking.NONE and proposal.planned.follow is None
        status = self._statuses[proposal.key]
        if result.plan.request.verb == "create" and result.plan.key != proposal.key:
            status.set_created(result.plan.key)
        else:
            status.set_text("done" if is_done else "accepted", Tone.OK if is_done else Tone.BUSY)
        if not is_done:
            self._job.list()
        if result.audit_problem:
            self._on_unaudited()
        notes = result_notes(result)
        if notes and len(self._targets) == 1:
            first, *others = notes
            self._app.push_screen(MessageDialog(f"{self.heading}: done", first, "; ".join(others), tone=Tone.WARN))
        elif notes:
            self._host.show_message("; ".join(notes), failed=True, stays=True)

    async def offer_stuck_pods(self, stuck: StuckPodDeleter) -> None:
        """Offer to delete them in a dialog of its own, while the rollout is tracked."""
        start_worker(self._app, partial(delete_stuck_pods, self, self._host, self._statuses, stuck), group="write")

    def progress(self, key: ObjectRef, status: RolloutStatus | None, *, is_recovering: bool) -> None:
        """Show the status of a rollout, or that a pod is terminating."""
        text = "terminating" if status is None else status.summary
        self._statuses[key].set_text(f"recovering: {text}" if is_recovering else text, status=status)

    def report(self, key: ObjectRef, text: str) -> None:
        """Show the progress of what follows a write."""
        self._statuses[key].set_text(text)

    def note(self, text: str) -> None:
        """Show what there is to know as a transient message."""
        self._host.show_message(text, stays=True)

    def ended(self, result: OperationResult, end: TrackedEnd) -> None:
        """Show the end, and notify the terminal unless it is one of several."""
        status = self._statuses.get(result.key)
        if status is None or end.is_interrupted:
            return
        text, tone = end_text(end)
        status.set_text(text, tone)
        if status.is_current and len(self._targets) == 1 and result.key == self._targets[0].key:
            self._host.notify_terminal(f"kdash: {name_of(result.key)}, {status.shown.what}: {text}")

    def failed(self, result: OperationResult, error: KdashError) -> None:
        """Remove the status of what was not written, end that of what was; `run` shows the error."""
        status = self._statuses.get(result.key)
        if status is None:
            return
        if result.written is None:
            status.remove()
        else:
            status.set_text(f"no longer tracked: {error.message}", Tone.WARN)

    def interrupted(self, result: OperationResult) -> None:
        """Show nothing: kdash is quitting, or shows another cluster."""

    def audit_problem(self, problem: str) -> None:
        """Report that an audit line is missing."""
        self._on_unaudited()
        if self._app.is_running:
            self._host.show_message(audit_note(problem), failed=True, stays=True)

    def is_superseded(self, key: ObjectRef) -> bool:
        """Return whether another operation on the object has begun, or this one was dismissed at its end."""
        status = self._statuses.get(key)
        return status is not None and not status.is_current

    # -- several ------------------------------------------------------------------------------------------------------

    @property
    def running_bulk(self) -> str:
        """The action and the number of objects, "" when nothing is running."""
        if not self._is_running:
            return ""
        return f"{self._operation.id} of {len(self._targets)}" if len(self._targets) > 1 else self._operation.id

    def stops(self) -> bool:
        """Return whether the user asked to stop after the current object."""
        return self._stops

    def stop(self) -> None:
        """Stop after the current object."""
        self._stops = True
        status = None if self.current is None else self._statuses.get(self.current)
        self.current = None
        if status is not None:
            after = "after this one" if len(self._targets) > 1 else "soon"
            status.set_title(f"{self._bulk_title} · stops {after}")


def _dismiss(dialog: Dialog[Any]) -> None:
    dialog.dismiss(None)
