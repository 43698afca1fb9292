"""The command line as the front end of one operation: prints the plan, asks at the terminal, reports.

Invariant: notes about the result, and all prompts, go to standard error; nothing is confirmed but at a terminal or by
--yes.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, Final, TypeVar

from k9py.api.errors import ConflictError, KdashError, RefusedError
from k9py.api.meta import ObjectRef
from k9py.api.plural import pluralize
from k9py.api.text import printable
from k9py.api.times import duration
from k9py.cli.command_line import WriteOptions
from k9py.cli.operation_output import plan_lines, summary_lines
from k9py.cli.session import CommandSession, Invocation, report_error
from k9py.cli.tracking import ProgressPrinter
from k9py.cli.undo_default import choose_revision
from k9py.operations.batch_results import refusal_hint, refusal_text
from k9py.operations.delete_stuck_pods import StuckPodDeleter
from k9py.operations.drafts import Draft
from k9py.operations.edit import EditInputs
from k9py.operations.editing import edit_once
from k9py.operations.external_editor import default_editor, editor_command, run_editor
from k9py.operations.front_end import Confirmed, Decision, InputRequest, Proposal, Proposals, SeveralRefusedError
from k9py.operations.notes import audit_note, result_notes
from k9py.operations.operation import RemediableError
from k9py.operations.pause import PausedError
from k9py.operations.plan import WriteResult
from k9py.operations.result import OperationResult
from k9py.operations.target import FetchedTarget, Target
from k9py.operations.track import TrackedEnd
from k9py.operations.undo import UndoInputs
from k9py.rollouts.status import RolloutStatus
from k9py.views.rollouts import KIND_SHORT_NAMES
from k9py.views.values import Tone

T = TypeVar("T")
_DETAILED: Final = 10
"""Objects up to which the plan of each is printed in full."""
_PROBLEM_LINES: Final = 5
"""Lines about a refused text that are printed; all of them are in the text."""


def require_confirmation(invocation: Invocation, options: WriteOptions) -> None:
    """Raise RefusedError when nobody can confirm a write; what else is wrong with it is said before."""
    if not (options.yes or options.dry_run or invocation.console.is_interactive):
        hint = "use --yes to skip the question, or --dry-run to preview"
        raise RefusedError("not confirmed: no terminal to ask on; nothing was written", hint)


def _stuck_pods_hint(stuck: StuckPodDeleter) -> str:
    place, name = printable(stuck.key.namespace), printable(stuck.key.name)
    workload = f"{KIND_SHORT_NAMES.get(stuck.key.kind, stuck.key.kind)}/{name}"
    pods = " ".join(printable(pod.name) for pod in stuck.pods)
    return f"kdash undo {workload} -n {place} --delete-stuck-pods, or kubectl delete pod -n {place} {pods}"


class ConsoleFrontEnd:
    """Prints and asks. Notes about the result, and all prompts, go to standard error."""

    def __init__(
        self,
        invocation: Invocation,
        session: CommandSession,
        options: WriteOptions,
        *,
        confirmed_by_number: bool = False,
    ) -> None:
        self._confirmed_by_number = confirmed_by_number
        self._invocation = invocation
        self._console = invocation.console
        self._clock = invocation.clock
        self._is_json = invocation.arguments.json
        self._session = session
        self._options = options
        self._printer = ProgressPrinter(invocation.console)
        self._reported = ""
        self._reported_error: KdashError | None = None

    async def while_preparing(self, key: ObjectRef, title: str, work: Coroutine[Any, Any, T]) -> T | None:
        """Await the work without showing it."""
        return await work

    async def choose(self, request: InputRequest) -> Any | Confirmed | None:
        """Return the default, or refuse: a command does not ask for inputs."""
        [target] = request.targets
        if isinstance(request.inputs, EditInputs):
            return await self._edit(target, request.inputs)
        if isinstance(request.inputs, UndoInputs):
            assert isinstance(target, FetchedTarget)
            revision = await choose_revision(self._session.connection, target, request.inputs)
            return UndoInputs(revision=revision, deletes_stuck_pods=request.inputs.deletes_stuck_pods)
        name = printable(str(target.key))
        raise RefusedError(f"{request.operation.title(request.inputs)} of {name} needs a value", "use an option for it")

    async def _edit(self, target: Target, inputs: EditInputs) -> EditInputs | None:
        """Open the editor; why it is opened again is printed too, and written at the top of the text."""
        if not self._console.is_interactive:
            raise RefusedError("an editor needs a terminal", "kdash apply -f changes objects without one")
        command = editor_command(self._invocation.environ) or default_editor()
        if not command:
            raise RefusedError("no editor is chosen", "set KUBE_EDITOR, VISUAL or EDITOR")
        for line in inputs.problem[:_PROBLEM_LINES]:
            self._console.print_err(f"kdash: {printable(line)}")

        async def edit(draft: Draft) -> bool:
            await run_editor(command, draft.path)
            return True

        return await edit_once(target.raw, inputs, self._invocation.drafts, edit, self.note)

    async def confirm(self, proposals: Proposals) -> Decision:
        """Show the plan, and ask unless the options answer."""
        options = self._options
        if all(proposal.plan is not None for proposal in proposals.items):
            require_confirmation(self._invocation, options)
        self._print_plan(proposals)
        if options.dry_run:
            self._print("dry run: nothing was changed")
            return Decision.PREVIEW
        typed = next(
            (item.plan.typed_confirmation for item in proposals.items if item.plan and item.plan.typed_confirmation), ""
        )
        if self._confirmed_by_number or (typed and len(proposals.items) > 1):
            typed = str(len(proposals.items))
        if options.yes or await self._is_agreed(typed):
            return Decision.YES
        return Decision.NO

    async def starts_over(self, error: ConflictError) -> bool:
        """Print what others changed, and ask whether to begin again; without a question to answer, the run ends."""
        if self._options.yes or self._options.dry_run or not self._console.is_interactive:
            return False
        self._console.print_err(f"kdash: {printable(error.message)}")
        self._reported_error = error
        return await self._console.confirm("Nothing was written. Start over with the object as it is now?")

    async def refused(self, error: SeveralRefusedError) -> None:
        """Print the plans that passed, then each refusal with its place."""
        self._print_plan(error.proposals)
        for refusal in error.proposals.refusals:
            self._console.print_err(f"kdash: {printable(refusal_text(refusal))}")
            if hint := refusal_hint(refusal, error.remedy):
                self._console.print_err(f"  hint: {printable(hint)}")
        self._console.print_err(f"kdash: {printable(error.message)}; {printable(error.hint)}")

    def _print_plan(self, proposals: Proposals) -> None:
        """Print the plan: on standard output for a dry run, otherwise on standard error."""
        for proposal in proposals.items:
            self._console.print_warnings(proposal.target.warnings)
        if self._is_json and (self._options.dry_run or self._options.yes):
            return
        if len(proposals.items) > _DETAILED:
            for line in summary_lines(proposals):
                self._print_line(self._console.render(line))
        else:
            for proposal in proposals.items:
                self._print_proposal(proposal)
        for note in proposals.notes:
            self.note(note)
        if len(proposals.items) > 1:
            self._print_line(f"{len(proposals.items)} objects")

    def _print_proposal(self, proposal: Proposal) -> None:
        lines = list(plan_lines(proposal, self._session.context))
        if proposal.planned.deletes_stuck_pods:
            stuck = proposal.planned.stuck_pods
            names = ", ".join(printable(pod.name) for pod in stuck)
            what = f"pod {names}" if len(stuck) == 1 else f"pods one at a time: {names}"
            lines.append(((f"  then deletes the stuck {what}", Tone.WARN),))
        for line in lines:
            self._print_line(self._console.render(line))

    def _print_line(self, line: str) -> None:
        (self._console.print if self._options.dry_run else self._console.print_err)(line)

    async def _is_agreed(self, typed: str) -> bool:
        """Ask; `typed` not "": it has to be typed."""
        agreed = False
        try:
            if typed:
                agreed = await self._console.ask(f"Type {printable(typed)} to confirm:") == typed
            else:
                agreed = await self._console.confirm("Apply?")
        finally:
            if not agreed:
                self._console.print_err("kdash: nothing was written")
        return agreed

    def writing(self, proposal: Proposal, number: int, count: int) -> None:
        """Do nothing: nothing is printed before the server's response."""

    def written(self, proposal: Proposal, result: WriteResult) -> None:
        """Print the notes about the write, and that it is done."""
        for note in result_notes(result):
            self._console.print_err(f"kdash: {note}")
        self._print(f"{printable(str(proposal.key))} unchanged" if result.is_unchanged else printable(result.plan.done))

    async def offer_stuck_pods(self, stuck: StuckPodDeleter) -> None:
        """Delete the stuck pods if that is part of the undo or is confirmed now; otherwise print how to do it."""
        if not stuck.is_confirmed:
            names = ", ".join(printable(pod.name) for pod in stuck.pods)
            which = f"pod {names} still runs" if len(stuck.pods) == 1 else f"pods {names} still run"
            block = pluralize(len(stuck.pods), "blocks", "block")
            self._console.print_err(f"kdash: rolled back, but {which} another revision and {block} the rollout")
            self._console.print_err(f"  hint: {_stuck_pods_hint(stuck)}")
            if self._options.yes or not await self._console.confirm(f"Delete {names} now?"):
                return
        await stuck.delete(stuck.pods)

    def progress(self, key: ObjectRef, status: RolloutStatus | None, *, is_recovering: bool) -> None:
        """Print each new text once."""
        self._printer.print(key, status)

    def report(self, key: ObjectRef, text: str) -> None:
        """Print each new text once."""
        if text != self._reported:
            self._reported = text
            self._console.print_err(f"{printable(str(key))}: {printable(text)}")

    def note(self, text: str) -> None:
        """Print it on standard error."""
        self._console.print_err(f"kdash: {printable(text)}")

    def ended(self, result: OperationResult, end: TrackedEnd) -> None:
        """Print how the operation ended."""
        written = result.written
        if end.is_interrupted and written is not None and written.plan.container:
            self._console.print_err(f"kdash: no longer waited for: container {printable(written.plan.container)}")
        elif end.is_interrupted:
            self._console.print_err("kdash: no longer tracked; the change stays and its rollout continues")
        elif result.is_stuck_pod:
            return  # its workload is still to come
        elif end.outcome == "converged" and end.status is not None:
            self._print(f"rollout complete after {duration(end.seconds)}")
        else:
            self._print(f"{printable(str(result.key))}: {end.text}")

    def failed(self, result: OperationResult, error: KdashError) -> None:
        """Print what went wrong and what can be done about it; for a remedy, its command."""
        if error is self._reported_error:
            return
        if isinstance(error, PausedError):
            workload = f"{KIND_SHORT_NAMES.get(result.key.kind, result.key.kind)}/{result.key.name}"
            error.hint = f"resume it first: kdash resume {workload} -n {result.key.namespace}"
        elif isinstance(error, RemediableError) and error.remedy.flag:
            error.hint = f"{error.remedy.flag} takes these fields over"
        report_error(self._console, error)

    def interrupted(self, result: OperationResult) -> None:
        """Print that the outcome of a write is unknown."""
        self._console.print_err("kdash: interrupted before the server answered: it is not known whether it was written")

    def audit_problem(self, problem: str) -> None:
        """Print that an audit line is missing."""
        self._console.print_err(f"kdash: {audit_note(problem)}")

    def is_superseded(self, key: ObjectRef) -> bool:
        """Return False: a command makes one write at a time."""
        return False

    def stops(self) -> bool:
        """Return False: Ctrl+C stops a command."""
        return False

    def _print(self, text: str) -> None:
        if not self._is_json:
            self._console.print(text)
