"""Go along with what was written to its end, say how it stands, ring, and complete its audit line.

Invariant: what was written leaves a second audit line with its outcome, also when kdash is left meanwhile; a rollout
that stalled is watched on, and its recovery is said as loudly as the stall was.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from k9py.operations.plan import WriteResult
from k9py.operations.remarks import audit_remark
from k9py.rollouts.status import RolloutState, RolloutStatus
from k9py.tui.session import Connected
from k9py.tui.writing.board import Entry
from k9py.views.values import Tone

if TYPE_CHECKING:
    from k9py.tui.app.kdash_app import KdashApp

FOLLOW_SECONDS: Final = 900.0
"""How long a rollout is followed: longer than the default progress deadline of ten minutes."""

RECOVERY_SECONDS: Final = 3600.0
"""How long one that stalled is watched on, should it recover."""

POD_SECONDS: Final = 300.0
"""How long a pod that is ending is followed: longer than most grace periods."""

_CONVERGED: Final = frozenset({RolloutState.COMPLETE, RolloutState.SCALED_TO_ZERO})


@dataclass(frozen=True, slots=True)
class Ended:
    """Where it ended: the audit's word for it, what is said, and the tone."""

    outcome: str
    words: str
    tone: Tone

    @property
    def is_well(self) -> bool:
        """Say whether it came to a good end."""
        return self.outcome in ("converged", "gone") and self.tone is Tone.OK


class Follower:
    """Follows one write.

    Args:
        entry: where it is said.
        rings: tell the terminal at the end; not for one of several.
    """

    def __init__(
        self, app: KdashApp, connected: Connected, entry: Entry, written: WriteResult, *, rings: bool = True
    ) -> None:
        self._app = app
        self._connected = connected
        self._entry = entry
        self._written = written
        self._rings = rings
        self._clock = app.options.clock
        self._began = self._clock.monotonic()
        self._stalled = False

    @property
    def _seconds(self) -> float:
        return self._clock.monotonic() - self._began

    def _took(self, word: str) -> str:
        """Return ` in 2 s`; "" where it was done at once."""
        seconds = round(self._seconds)
        return f" {word} {seconds} s" if seconds else ""

    async def to_the_end(self, *, stay: bool = False) -> Ended:
        """Follow until it has converged or will not by itself.

        Args:
            stay: when it stalled, go on watching: it may recover.
        """
        try:
            self._entry.say("accepted")
            if self._written.plan.key.kind == "Pod":
                return self._end(await self._pod())
            ended = self._end(await self._rollout())
            while stay and ended.outcome == "stalled" and self._entry.is_current and await self._moves_again():
                self._stalled = True
                ended = self._end(await self._rollout())
            return ended
        except asyncio.CancelledError:
            self._complete(Ended("not-followed", "kdash was left, or shows another cluster", Tone.WARN))
            raise

    def _end(self, ended: Ended) -> Ended:
        self._entry.say(ended.words, ended.tone)
        self._complete(ended)
        if self._rings and self._entry.is_current:
            key = self._entry.key
            self._app.notify_terminal(f"kdash: {key.kind} {key.name}, {self._entry.followed.what}: {ended.words}")
        return ended

    def _complete(self, ended: Ended) -> None:
        problem = self._connected.writer.follow_up(self._written, ended.outcome, ended.words, self._seconds)
        self._app.writing.is_audited &= not problem
        if problem and self._app.is_running:
            self._app.show_message(audit_remark(problem), failed=True, stays=True)

    # -- rollouts -----------------------------------------------------------------------------------------------------

    async def _rollout(self) -> Ended:
        from k9py.cluster.rollout_tracking import track_rollout

        last: RolloutStatus | None = None
        generation = None if self._stalled else self._written.generation
        async for status in track_rollout(
            self._connected.cluster, self._entry.key, generation=generation, timeout=FOLLOW_SECONDS
        ):
            last = status
            if not self._entry.is_current and last.state not in _CONVERGED:
                return Ended("not-followed", "another change of it began", Tone.WARN)
            self._entry.say(f"moving again: {status.summary}" if self._stalled else status.summary, status=status)
        return self._ended(last)

    def _ended(self, last: RolloutStatus | None) -> Ended:
        if last is None:
            return Ended("gone", "it is no longer there", Tone.WARN)
        match last.state:
            case RolloutState.COMPLETE | RolloutState.SCALED_TO_ZERO:
                words = f"recovered: done{self._took('after')}" if self._stalled else f"done{self._took('in')}"
                return Ended("converged", words, Tone.OK)
            case RolloutState.STALLED:
                return Ended("stalled", last.summary, Tone.FAIL)
            case RolloutState.PAUSED:
                asked = self._written.plan.operation == "pause"
                return Ended("paused", last.summary, Tone.OK if asked else Tone.WARN)
        return Ended("not-followed", f"{last.summary}; not followed any longer", Tone.WARN)

    async def _moves_again(self) -> bool:
        """Wait until the stalled rollout stands otherwise; False when it does not, is gone, or nobody wants to know."""
        cluster, key = self._connected.cluster, self._entry.key
        feed = cluster.open_feed()
        try:
            async with asyncio.timeout(RECOVERY_SECONDS):
                while self._entry.is_current:
                    feed.drain()
                    view = cluster.queries.rollout_view(key, cluster.clock.now())
                    if view is None and cluster.has_synced(key.kind):
                        return False
                    if view is not None and view.status.state is not RolloutState.STALLED:
                        return True
                    await feed.changed()
        except TimeoutError:
            pass
        finally:
            cluster.close_feed(feed)
        return False

    # -- pods ---------------------------------------------------------------------------------------------------------

    async def _pod(self) -> Ended:
        cluster, change = self._connected.cluster, self._written.plan
        feed = cluster.open_feed()
        try:
            async with asyncio.timeout(POD_SECONDS):
                while True:
                    feed.drain()
                    pod = cluster.queries.pod(change.key)
                    if pod is None or pod.uid != change.uid:
                        return Ended("gone", f"gone{self._took('after')}", Tone.OK)
                    if pod.is_terminating:
                        self._entry.say("ending")
                    await feed.changed()
        except TimeoutError:
            return Ended("not-followed", "it has not ended; not followed any longer", Tone.WARN)
        finally:
            cluster.close_feed(feed)
