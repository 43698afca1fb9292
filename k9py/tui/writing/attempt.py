"""The way every change goes: the object read by its uid, the plan made ready, confirmed, written and followed.

Invariants: from the key that was under the cursor to the write one object is meant, by uid; what was confirmed is what
is changed, or nothing is, and the person is told why. Steps that may fail raise KdashError, and `Attempt.run` alone
turns that into a dialog. Keys typed while a dialog is on its way wait for it; a confirmation is never typed ahead: what
is confirmed has been seen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar

from k9py.api.errors import KdashError, NotFoundError, RefusedError
from k9py.api.meta import ObjectKey
from k9py.operations.plan import WritePlan, WriteResult, is_remedy
from k9py.operations.prepare import DryRun, prepare
from k9py.operations.remarks import remarks
from k9py.rollouts.semantic_diff import semantic_diff
from k9py.rollouts.template_diff import template_diff
from k9py.tui.dialogs.confirm import ConfirmDialog
from k9py.tui.dialogs.dialog import Dialog
from k9py.tui.dialogs.message import MessageDialog
from k9py.tui.dialogs.question import Question, QuestionItem, TargetStatus, TemplateDifference
from k9py.tui.key_order import KeyHold
from k9py.tui.session import Connected
from k9py.tui.writing.board import Board
from k9py.tui.writing.following import Ended, Follower
from k9py.tui.writing.standing import standing_of
from k9py.views.values import Tone

if TYPE_CHECKING:
    from k9py.tui.app.kdash_app import KdashApp

ResultT = TypeVar("ResultT")


class Declined(Enum):
    """How a person declined what was to be confirmed: altogether, or to go one step back."""

    ALTOGETHER = "altogether"
    BACK = "back"


@dataclass(frozen=True, slots=True)
class Meant:
    """The object that was under the cursor; uid "" when it was not in the picture."""

    key: ObjectKey
    uid: str


class Attempt:
    """One attempt to change something.

    Args:
        title: what is tried, for the dialog that tells of a failure.
    """

    def __init__(self, app: KdashApp, board: Board, title: str) -> None:
        self.app = app
        self.board = board
        self.title = title
        self._hold: KeyHold | None = None
        self._cancel: Callable[[], None] = lambda: None

    # -- life ---------------------------------------------------------------------------------------------------------

    def hold_keys(self, cancel: Callable[[], None] | None = None) -> None:
        """Keep back what is typed until the next dialog is there; Esc ends the attempt."""
        if cancel is not None:
            self._cancel = cancel
        self._hold = self.app.hold_keys(self._cancel)

    def _let_keys_go(self, *, drop: bool = False) -> None:
        hold, self._hold = self._hold, None
        if hold is not None and drop:
            hold.drop()
        elif hold is not None:
            hold.release()

    async def run(self, steps: Callable[[Attempt], Awaitable[None]]) -> None:
        """Take the steps; tell of a failure."""
        try:
            await steps(self)
        except KdashError as error:
            self._let_keys_go(drop=True)
            await self.ask(MessageDialog.of_error(self.title, error))
        finally:
            self._let_keys_go(drop=True)

    # -- what the steps need ------------------------------------------------------------------------------------------

    @property
    def connected(self) -> Connected:
        """The cluster to change.

        Raises:
            RefusedError: there is none.
        """
        connected = self.app.connected
        if connected is None:
            raise RefusedError("there is no cluster to change", "wait until it is connected, or choose another with c")
        return connected

    def place(self, namespace: str) -> str:
        """Return namespace and context in words."""
        return f"namespace {namespace} · context {self.app.context}"

    async def read(self, meant: Meant) -> Mapping[str, Any]:
        """Read the object as the server has it now, and make sure it is the one that was meant.

        Raises:
            RefusedError: it is gone, or another one has taken its name.
        """
        key = meant.key
        try:
            found = await self.connected.connection.get(key)
        except NotFoundError as error:
            raise RefusedError(f"{key} is no longer there", "nothing was changed") from error
        if meant.uid and found.get("metadata", {}).get("uid", "") != meant.uid:
            raise RefusedError(f"{key} was deleted and made anew", "nothing was changed: look at it again first")
        return found

    async def or_back(self, work: Coroutine[Any, Any, ResultT]) -> ResultT | Declined:
        """Wait for what the next dialog needs, with the keys held; Esc gives it up, which is one step back."""
        given_up: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._hold = self.app.hold_keys(lambda: None if given_up.done() else given_up.set_result(None))
        task = asyncio.ensure_future(work)
        try:
            both: set[asyncio.Future[Any]] = {task, given_up}
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if not given_up.done():
                return await task
        finally:
            given_up.cancel()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        self._hold = None
        return Declined.BACK

    async def ask(self, dialog: Dialog[ResultT], *, keep_typed: bool = True) -> ResultT | None:
        """Show a dialog and return its answer; keys typed ahead reach it, unless it has to be seen first."""
        if not keep_typed:
            self.app.discard_typed_keys()
        answered = self.app.push_screen(dialog, wait_for_dismiss=True)
        if self._hold is not None:  # Esc typed before the dialog is drawn means what it means in the dialog
            self._hold = self.app.hold_keys(lambda: self._dismiss(dialog))
        dialog.call_after_refresh(self._let_keys_go)
        try:
            answer: ResultT | None = await answered
        except asyncio.CancelledError:
            if self.app.is_running and self.app.screen is dialog:  # given up just as it came up
                self.app.pop_screen()
            raise
        return answer

    @staticmethod
    def _dismiss(dialog: Dialog[Any]) -> None:
        dialog.dismiss(None)

    async def standing(self, key: ObjectKey, *, mends: bool, now: datetime | None = None) -> TargetStatus:
        """Return how the object stands, and what to say first of that.

        Args:
            now: the moment of the ages that are said; None: the present one.
        """
        now = now or self.app.options.clock.now()
        return await standing_of(self.connected.cluster.queries, key, now, mends=mends)

    # -- the end they share -------------------------------------------------------------------------------------------

    async def prepare(self, found: Mapping[str, Any], change: WritePlan, what: str) -> DryRun:
        """Let the server try the change, and gather what pushes back on it."""
        connected = self.connected
        with self.board.asking(change.key, what, "dry-running…"):
            return await prepare(connected.writer, connected.connection, found, change)

    async def rehearse(self, found: Mapping[str, Any], change: WritePlan) -> DryRun:
        """Do the same without a word of it: a dialog says so itself."""
        connected = self.connected
        return await prepare(connected.writer, connected.connection, found, change)

    async def confirm(
        self,
        found: Mapping[str, Any],
        change: WritePlan,
        verb: str,
        what: str,
        *,
        planned: Mapping[str, Any] | None = None,
    ) -> DryRun | Declined:
        """Ask whether to make the change.

        Args:
            verb: on the button.
            what: the change in words, for the strip.
            planned: the pod template that is put in, shown when the server could not try it.
        """
        prepared = await self.or_back(self.prepare(found, change, what))
        if isinstance(prepared, Declined):
            return prepared
        key = prepared.plan.key
        question = await self.question(
            prepared, verb, planned, standing=await self.standing(key, mends=is_remedy(change))
        )
        answer = await self.ask(ConfirmDialog(question), keep_typed=False)
        return prepared if answer else Declined.BACK if answer is None else Declined.ALTOGETHER

    async def question(
        self,
        prepared: DryRun,
        verb: str,
        planned: Mapping[str, Any] | None = None,
        *,
        standing: TargetStatus | None = None,
    ) -> Question:
        """Return what is to be read before a change is confirmed."""
        change, key = prepared.plan, prepared.plan.key
        return Question(
            verb=verb,
            object=f"{key.kind} {key.name}",
            place=self.place(key.namespace),
            before_after=change.before_after,
            warnings=change.warnings,
            template=_template_change(prepared, planned),
            is_dry_run=prepared.is_verified,
            status=standing,
        )

    async def question_of_all(
        self, verb: str, object_words: str, prepared: Sequence[DryRun], notes: Sequence[str]
    ) -> Question:
        """Return what is to be read before several changes are confirmed, made one after the other."""
        items = [
            QuestionItem(
                f"{one.plan.key.kind} {one.plan.key.namespace}/{one.plan.key.name}",
                one.plan.before_after,
                one.plan.warnings,
                await self.standing(one.plan.key, mends=is_remedy(one.plan)),
            )
            for one in prepared
        ]
        return Question(
            verb=verb,
            object=object_words,
            place=f"context {self.app.context}, one after the other, in this order",
            items=items,
            notes=notes,
            is_dry_run=all(one.is_verified for one in prepared),
        )

    async def write_and_follow(
        self,
        prepared: DryRun,
        what: str,
        *,
        stay: bool = True,
        rings: bool = True,
        on_written: Callable[[], None] | None = None,
    ) -> Ended:
        """Write what was confirmed and follow it to its end; `on_written` is called between the two."""
        connected, change = self.connected, prepared.plan
        entry = self.board.begin(change.key, what)
        entry.say("writing…")
        try:
            written = await connected.writer.write(
                change, dry_run=False, before=prepared.before, previewed=prepared.after
            )
        except BaseException:
            entry.drop()
            raise
        self._tell(written, is_alone=stay)
        if on_written is not None:
            on_written()
        return await Follower(self.app, connected, entry, written, rings=rings).to_the_end(stay=stay)

    def _tell(self, written: WriteResult, *, is_alone: bool) -> None:
        """Tell what a person should know of the write: in a dialog, in passing where it is one of several."""
        self.app.writing.is_audited &= not written.audit_problem
        found = remarks(written)
        if found and is_alone:
            first, *others = found
            self.app.push_screen(MessageDialog(f"{self.title}: done", first, "; ".join(others), tone=Tone.WARN))
        elif found:
            self.app.show_message("; ".join(found), failed=True, stays=True)


def _template_change(prepared: DryRun, planned: Mapping[str, Any] | None) -> TemplateDifference | None:
    """Return how the pod template changes, None when the change does not touch it or that is not known."""
    before = prepared.template_before
    after = prepared.template_after if prepared.is_verified else planned
    if not before or not after:
        return None
    lines = template_diff(before, after)
    if not lines and prepared.plan.operation not in ("undo", "set-image"):
        return None
    return TemplateDifference(semantic_diff(before, after), lines)
