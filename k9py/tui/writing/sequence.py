"""Several objects changed one after the other: confirmed together, each followed to its end before the next begins.

Invariant: it stops before the next one at the first that stalls, is refused, or is not followed to a good end, and when
asked to; what was not begun is said and was not touched.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from k9py.api.errors import KdashError, RefusedError
from k9py.api.meta import ObjectKey
from k9py.operations.dry_run import DryRun
from k9py.operations.plan import WritePlan
from k9py.operations.restart import plan_restart
from k9py.operations.scale import plan_scale
from k9py.tui.dialogs.confirm import ConfirmDialog
from k9py.tui.dialogs.question import Question
from k9py.tui.dialogs.scale import ScaleDialog, ScalePreview
from k9py.tui.writing.actions import replicas_of
from k9py.tui.writing.attempt import Attempt, Meant
from k9py.views.values import Tone

AT_ONCE: Final = 4
"""How many objects are read and tried at the same time."""

Found = Mapping[str, Any]


class Several:
    """One run over several objects.

    Args:
        verb: in words, such as "restart".
        meant: the objects, in order.
    """

    def __init__(self, verb: str, meant: Sequence[Meant]) -> None:
        self.verb = verb
        self.meant = tuple(meant)
        self.is_running = False
        self.present: ObjectKey | None = None
        """The one that is being changed, while those behind it can still be left out."""
        self._stops = False
        self._rename: Callable[[], None] = lambda: None

    @property
    def words(self) -> str:
        """What is done to how many."""
        return f"{self.verb} of {len(self.meant)}"

    def stop(self) -> None:
        """Begin no further one."""
        self._stops = True
        self.present = None
        self._rename()

    async def restart(self, attempt: Attempt) -> None:
        """Restart them all."""
        found = await self._read(attempt)
        now = attempt.app.options.clock.now()
        changes = [plan_restart(one, now) for one in found]
        with attempt.board.asking(changes[0].key, self.words, "dry-running…"):
            question, prepared = await self._rehearse(attempt, found, changes, "Restart", ())
        if await attempt.ask(ConfirmDialog(question), keep_typed=False):
            await self._go(attempt, prepared, self.verb)

    async def scale(self, attempt: Attempt, replicas: int | None) -> None:
        """Scale them all to one number; None asks for it."""
        for one in self.meant:
            if one.key.kind == "DaemonSet":
                raise RefusedError(f"{one.key} has no number of replicas", "nothing was changed: unmark it")
        found = await self._read(attempt)
        if replicas is not None:
            question, prepared = await self._rehearse_scale(attempt, found, replicas)
            if await attempt.ask(ConfirmDialog(question), keep_typed=False):
                await self._go(attempt, prepared, f"scale to {replicas}")
            return

        async def rehearse(number: int) -> ScalePreview[tuple[int, Sequence[DryRun]]]:
            question, prepared = await self._rehearse_scale(attempt, found, number)
            return ScalePreview(question, (number, prepared))

        counts = sorted({replicas_of(one) for one in found})
        dialog: ScaleDialog[tuple[int, Sequence[DryRun]]] = ScaleDialog(
            f"{len(found)} marked",
            f"context {attempt.app.context}",
            counts[0],
            dry_run=rehearse,
            clock=attempt.app.options.clock,
            now=", ".join(str(one) for one in counts),
        )
        answer = await attempt.ask(dialog)
        if answer is not None:
            await self._go(attempt, answer[1], f"scale to {answer[0]}")

    async def _rehearse_scale(
        self, attempt: Attempt, found: Sequence[Found], replicas: int
    ) -> tuple[Question, Sequence[DryRun]]:
        queries = attempt.connected.cluster.queries
        others = [one for one in found if replicas_of(one) != replicas]
        if not others:
            raise RefusedError(f"all of them have {replicas} replicas already", "")
        left_out = [f"{_key(one)} has {replicas} already" for one in found if replicas_of(one) == replicas]
        changes = [plan_scale(one, replicas, autoscaler=queries.autoscaler_of(_key(one))) for one in others]
        return await self._rehearse(attempt, others, changes, "Scale", left_out)

    # -- the steps ----------------------------------------------------------------------------------------------------

    async def _read(self, attempt: Attempt) -> list[Found]:
        limit = asyncio.Semaphore(AT_ONCE)

        async def read(meant: Meant) -> Found:
            async with limit:
                return await attempt.read(meant)

        return list(await _together([read(one) for one in self.meant]))

    async def _rehearse(
        self, attempt: Attempt, found: Sequence[Found], changes: Sequence[WritePlan], verb: str, notes: Sequence[str]
    ) -> tuple[Question, Sequence[DryRun]]:
        """Let the server try them all; return what is to be read before they are confirmed."""
        limit = asyncio.Semaphore(AT_ONCE)

        async def prepare(obj: Found, change: WritePlan) -> DryRun:
            async with limit:
                try:
                    return await attempt.rehearse(obj, change)
                except KdashError as error:
                    error.message = f"{change.key}: {error.message}"
                    raise

        prepared = await _together([prepare(obj, change) for obj, change in zip(found, changes, strict=True)])
        count = len(prepared)
        name = f"{count} marked" if count > 1 else str(changes[0].key)
        return await attempt.question_of_all(verb, name, prepared, notes), prepared

    async def _go(self, attempt: Attempt, prepared: Sequence[DryRun], verb: str) -> None:
        """Make the changes that were confirmed."""
        self.verb = verb
        self.is_running = True
        try:
            await self._one_after_the_other(attempt, prepared)
        finally:
            self.is_running = False
            self.present = None

    async def _one_after_the_other(self, attempt: Attempt, prepared: Sequence[DryRun]) -> None:
        count, done = len(prepared), 0
        attempt.app.clear_marks()
        for number, one in enumerate(prepared, start=1):
            key, left = one.plan.key, [str(other.plan.key) for other in prepared[number:]]

            def what(number: int = number) -> str:
                return f"{self.verb} {number} of {count}{' · stops after this one' if self._stops else ''}"

            def rename(key: ObjectKey = key, what: Callable[[], str] = what) -> None:
                entry = attempt.board.entry_of(key)
                if entry is not None:
                    entry.rename(what())

            self._rename = rename
            self.present = None if self._stops else key
            try:
                ended = await attempt.write_and_follow(one, what(), stay=False, rings=False)
            except KdashError as error:
                self._finish(attempt, key, number, count, f"{error.message}{_not_begun(left)}", Tone.FAIL)
                error.hint = f"{error.hint}; " * bool(error.hint) + f"stopped at {number} of {count}{_not_begun(left)}"
                raise
            done = number
            if not ended.is_well:
                words = f"{ended.words}: stopped at {number} of {count}{_not_begun(left)}"
                self._finish(attempt, key, number, count, words, ended.tone if ended.tone is not Tone.OK else Tone.WARN)
                return
            if self._stops and left:
                words = f"{ended.words}, stopped after {number} of {count}{_not_begun(left)}"
                self._finish(attempt, key, number, count, words, Tone.WARN)
                return
        self._finish(attempt, prepared[-1].plan.key, done, count, f"all {count} done", Tone.OK)

    def _finish(self, attempt: Attempt, key: ObjectKey, number: int, count: int, words: str, tone: Tone) -> None:
        what = f"{self.verb} {number} of {count}"
        entry = attempt.board.entry_of(key) or attempt.board.begin(key, what)
        entry.rename(what)
        entry.say(words, tone)
        self._rename = lambda: None
        attempt.app.notify_terminal(f"kdash: {what}: {words}")


def _not_begun(left: Sequence[str]) -> str:
    return f", not begun: {', '.join(left)}" if left else ""


def _key(found: Found) -> ObjectKey:
    metadata = found.get("metadata") or {}
    return ObjectKey(str(found.get("kind", "")), str(metadata.get("namespace", "")), str(metadata.get("name", "")))


async def _together(work: Sequence[Any]) -> list[Any]:
    """Return the results in order; the first failure ends the others and is raised."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
