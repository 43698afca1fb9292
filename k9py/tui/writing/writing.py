"""Begins changes, and knows what is said of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from textual.worker import WorkerError

from k9py.api.meta import ObjectKey
from k9py.tui.progress import TrackedChange
from k9py.tui.workers import start_worker
from k9py.tui.writing import actions, pods
from k9py.tui.writing.attempt import Attempt, Meant
from k9py.tui.writing.board import Board
from k9py.tui.writing.sequence import Several

if TYPE_CHECKING:
    from k9py.tui.app.kdash_app import KdashApp

Marks = Mapping[ObjectKey, str]
"""Marked objects with the uid each had when it was marked."""


class Writing:
    """Begins changes; each goes its way in a worker of the app."""

    def __init__(self, app: KdashApp) -> None:
        self._app = app
        self.board = Board(app.options.clock.monotonic, app.show_progress)
        self.is_audited = True
        """False once a line of a change that was made is missing in the audit file."""
        self._several: Several | None = None

    # -- what is said -------------------------------------------------------------------------------------------------

    @property
    def latest(self) -> tuple[TrackedChange | None, int]:
        """The change to show, and how many others are on their way."""
        return self.board.latest

    def outcome_of(self, key: ObjectKey) -> TrackedChange | None:
        """How the last change of an object stands, None when there was none (or its end was dismissed)."""
        entry = self.board.entry_of(key)
        return None if entry is None else entry.followed

    def dismiss(self) -> bool:
        """Stop showing how changes stand; what is on its way goes on. False when nothing was shown."""
        return self.board.dismiss()

    def forget(self) -> None:
        """Forget every change: another cluster is being shown."""
        self.board.clear()
        self._several = None
        self._app.workers.cancel_group(self._app, "write")

    async def close(self) -> None:
        """End every attempt, and wait until what was written and is not followed any longer is written down."""
        for worker in [one for one in self._app.workers if one.group == "write"]:
            worker.cancel()
            with suppress(WorkerError):
                await worker.wait()

    # -- one object ---------------------------------------------------------------------------------------------------

    def scale(self, key: ObjectKey, replicas: int | None) -> None:
        """Scale to that number; None asks for it."""
        self._begin(key, "Scale", partial(actions.scale, meant=self._meant(key), replicas=replicas))

    def zero(self, key: ObjectKey) -> None:
        """Scale to zero, or back."""
        self._begin(key, "Scale", partial(actions.zero, meant=self._meant(key)))

    def restart(self, key: ObjectKey) -> None:
        """Replace every pod."""
        self._begin(key, "Restart", partial(actions.restart, meant=self._meant(key)))

    def undo(self, key: ObjectKey, revision: int | None) -> None:
        """Roll back to a revision; None asks for it."""
        self._begin(key, "Undo", partial(actions.undo, meant=self._meant(key), number=revision))

    def set_image(self, key: ObjectKey, images: Mapping[str, str] | None) -> None:
        """Set images by container ("": the only one); None asks for them."""
        self._begin(key, "Set image of", partial(actions.set_image, meant=self._meant(key), images=images))

    def pause(self, key: ObjectKey, paused: bool | None) -> None:
        """Pause or resume; None: the other of the two."""
        verb = "Pause or resume" if paused is None else "Pause" if paused else "Resume"
        self._begin(key, verb, partial(actions.pause, meant=self._meant(key), paused=paused))

    def delete_pod(self, key: ObjectKey) -> None:
        """Delete a pod."""
        self._begin(key, "Delete", partial(pods.delete, meant=self._meant(key)))

    def evict(self, key: ObjectKey) -> None:
        """Evict a pod."""
        self._begin(key, "Evict", partial(pods.evict, meant=self._meant(key)))

    def _meant(self, key: ObjectKey) -> Meant:
        connected = self._app.connected
        seen = connected.cluster.queries.object(key) if connected is not None else None
        return Meant(key, "" if seen is None else seen.uid)

    # -- several ------------------------------------------------------------------------------------------------------

    @property
    def stoppable(self) -> str:
        """What can be stopped before its next object, "" when nothing can."""
        several = self._several
        return several.words if several is not None and several.is_running else ""

    def can_stop_after(self, key: ObjectKey) -> bool:
        """Say whether that one is being changed, and those behind it can still be left out."""
        return self._several is not None and self._several.present == key

    def stop(self) -> None:
        """Stop after the present object."""
        if self._several is not None:
            self._several.stop()

    def restart_several(self, marks: Marks) -> None:
        """Restart the marked objects one after the other."""
        several = self._new("restart", marks)
        if several is not None:
            self._start(Attempt(self._app, self.board, f"Restart {len(marks)} marked"), several.restart)

    def scale_several(self, marks: Marks, replicas: int | None) -> None:
        """Scale the marked objects one after the other; None asks for the number."""
        several = self._new("scale", marks)
        if several is not None:
            steps = partial(several.scale, replicas=replicas)
            self._start(Attempt(self._app, self.board, f"Scale {len(marks)} marked"), steps)

    def _new(self, verb: str, marks: Marks) -> Several | None:
        if self.stoppable:
            self._app.show_message(f"{self.stoppable} is under way: x stops it", failed=True)
            return None
        self._several = Several(verb, [Meant(key, uid) for key, uid in marks.items()])
        return self._several

    # -- beginning ----------------------------------------------------------------------------------------------------

    def _begin(self, key: ObjectKey, verb: str, steps: Callable[[Attempt], Awaitable[None]]) -> None:
        self._start(Attempt(self._app, self.board, f"{verb} {key.kind} {key.name}"), steps)

    def _start(self, attempt: Attempt, steps: Callable[[Attempt], Awaitable[None]]) -> None:
        worker = start_worker(self._app, partial(attempt.run, steps), group="write")
        attempt.hold_keys(worker.cancel)
