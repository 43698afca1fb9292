"""The way of every change: read, plan, server dry-run, confirm, write, follow.

Invariant: from the key that was under the cursor to the write, one object is meant, by uid: what was confirmed is what
is changed, or nothing is, and the person is told why. Each step runs in a worker of the app; the steps that may fail
raise KdashError, and `_run` alone turns that into a dialog.

To add an action: a coroutine like `_restart` that ends in `_confirm_and_write`.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from k9py.actions.change import Change, Written
from k9py.actions.restart import plan_restart
from k9py.actions.scale import plan_scale
from k9py.actions.undo import nothing_to_undo, plan_undo, revision_template
from k9py.objects.errors import KdashError, NotFoundError, RefusedError
from k9py.objects.meta import ObjectKey
from k9py.objects.policy import HorizontalPodAutoscaler
from k9py.rollouts.revisions import Revision
from k9py.rollouts.status import RolloutState, RolloutStatus
from k9py.rollouts.template_diff import DiffLine, template_diff
from k9py.rollouts.undo_target import undo_target
from k9py.tables.values import Tone
from k9py.tui.dialogs.confirm import ConfirmDialog, Question
from k9py.tui.dialogs.message import MessageDialog
from k9py.tui.dialogs.scale import ScaleDialog
from k9py.tui.dialogs.undo import UndoDialog
from k9py.tui.progress import Followed
from k9py.tui.session import Connected
from k9py.tui.work import start

if TYPE_CHECKING:
    from k9py.tui.app import KdashApp

FOLLOW_SECONDS = 900.0
"""How long a rollout is followed: longer than the default progress deadline of ten minutes."""

_OUTCOMES = {
    RolloutState.STALLED: Tone.FAIL,
    RolloutState.PAUSED: Tone.WARN,
    RolloutState.COMPLETE: Tone.OK,
    RolloutState.SCALED_TO_ZERO: Tone.OK,
}


@dataclass(slots=True)
class _Way:
    """One change on its way, by the time it began."""

    followed: Followed
    began: float


class Writing:
    """Begins changes and follows them."""

    def __init__(self, app: KdashApp) -> None:
        self._app = app
        self._ways: dict[ObjectKey, _Way] = {}

    # -- what is said -------------------------------------------------------------------------------------------------

    @property
    def latest(self) -> tuple[Followed | None, int]:
        """The change to show, and how many others are on their way."""
        if not self._ways:
            return None, 0
        now = self._app.options.clock.monotonic()
        *others, last = self._ways.values()
        shown = last.followed
        if not shown.is_done:
            shown = replace(shown, seconds=max(0.0, now - last.began))
        return shown, sum(not other.followed.is_done for other in others)

    def outcome_of(self, key: ObjectKey) -> Followed | None:
        """How the last change of an object stands, None when there was none (or it was sent away)."""
        way = self._ways.get(key)
        return None if way is None else way.followed

    def dismiss_done(self) -> bool:
        """Stop showing what has ended; False when there is nothing of the kind."""
        done = [key for key, way in self._ways.items() if way.followed.is_done]
        for key in done:
            del self._ways[key]
        self._app.show_progress()
        return bool(done)

    def forget(self) -> None:
        """Forget every change: another cluster is being shown."""
        self._ways.clear()
        self._app.workers.cancel_group(self._app, "write")

    def _say(
        self, key: ObjectKey, what: str, words: str, tone: Tone = Tone.BUSY, *, status: RolloutStatus | None = None
    ) -> None:
        way = self._ways.pop(key, None)
        began = way.began if way is not None else self._app.options.clock.monotonic()
        followed = Followed(key, what, words, tone)
        if status is not None:
            followed = replace(followed, desired=status.desired, updated=status.updated, available=status.available)
        self._ways[key] = _Way(followed, began)
        self._app.show_progress()

    def _unsay(self, key: ObjectKey) -> None:
        self._ways.pop(key, None)
        self._app.show_progress()

    # -- beginnings ---------------------------------------------------------------------------------------------------

    def scale(self, key: ObjectKey, replicas: int | None) -> None:
        """Scale to that number; None asks for it."""
        self._begin(key, "Scale", partial(self._scale, key, replicas))

    def restart(self, key: ObjectKey) -> None:
        """Replace every pod."""
        self._begin(key, "Restart", partial(self._restart, key))

    def undo(self, key: ObjectKey, revision: int | None) -> None:
        """Roll back to a revision; None asks for it."""
        self._begin(key, "Undo", partial(self._undo, key, revision))

    def _begin(self, key: ObjectKey, verb: str, steps: Callable[[], Coroutine[Any, Any, None]]) -> None:
        start(self._app, partial(self._run, key, verb, steps), group="write")

    async def _run(self, key: ObjectKey, verb: str, steps: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            await steps()
        except KdashError as error:
            self._unsay(key)
            await self._app.push_screen_wait(MessageDialog.of_error(f"{verb} {key.kind} {key.name}", error))

    def _connected(self) -> Connected:
        connected = self._app.connected
        if connected is None:
            raise RefusedError("there is no cluster to change", "wait until it is connected, or choose another with c")
        return connected

    async def _read(self, connected: Connected, key: ObjectKey) -> Mapping[str, Any]:
        """Read the object as the server has it now, and make sure it is the one on the screen.

        Raises:
            RefusedError: it is gone, or another one has taken its name.
        """
        seen = connected.cluster.queries.workload(key)
        try:
            found = await connected.connection.get(key)
        except NotFoundError as error:
            raise RefusedError(f"{key} is no longer there", "nothing was changed") from error
        uid = found.get("metadata", {}).get("uid", "")
        if seen is not None and uid != seen.uid:
            raise RefusedError(f"{key} was deleted and made anew", "nothing was changed: look at it again first")
        return found

    # -- the actions --------------------------------------------------------------------------------------------------

    async def _scale(self, key: ObjectKey, replicas: int | None) -> None:
        connected = self._connected()
        found = await self._read(connected, key)
        autoscaler = connected.cluster.queries.autoscaler_of(key)
        if replicas is None:
            status = found.get("status", {})
            replicas = await self._app.push_screen_wait(
                ScaleDialog(
                    f"{key.kind} {key.name}",
                    self._place(key),
                    _replicas(found),
                    ready=status.get("readyReplicas", 0),
                    autoscaler=_autoscaler_words(autoscaler),
                )
            )
        if replicas is None:
            return
        change = plan_scale(found, replicas, autoscaler=autoscaler)
        await self._confirm_and_write(connected, change, "Scale", f"scale to {replicas}")

    async def _restart(self, key: ObjectKey) -> None:
        connected = self._connected()
        found = await self._read(connected, key)
        change = plan_restart(found, self._app.options.clock.now())
        await self._confirm_and_write(connected, change, "Restart", "restart")

    async def _undo(self, key: ObjectKey, number: int | None) -> None:
        connected = self._connected()
        found = await self._read(connected, key)
        queries = connected.cluster.queries
        revisions = queries.revisions_of(key)
        chosen: Revision | None
        if number is not None:
            chosen = next((one for one in revisions if one.number == number), None)
            if chosen is None:
                known = ", ".join(str(one.number) for one in revisions) or "none"
                raise RefusedError(f"{key} has no revision {number}", f"revisions: {known}")
        else:
            target = undo_target(revisions)
            if target is None:
                kept_in = "ReplicaSet" if key.kind == "Deployment" else "ControllerRevision"
                raise nothing_to_undo(found, read=connected.cluster.knows(kept_in))
            chosen = await self._app.push_screen_wait(
                UndoDialog(
                    f"{key.kind} {key.name}",
                    self._place(key),
                    revisions,
                    suggested=target,
                    load=lambda one: self._difference(connected, found, one),
                    now=self._app.options.clock.now,
                )
            )
        if chosen is None:
            return
        revision_object = await self._revision_object(connected, chosen)
        change = plan_undo(found, revision_object, pods=queries.pods_of(key))
        difference = template_diff(_template(found), revision_template(revision_object))
        await self._confirm_and_write(connected, change, "Undo", f"undo to revision {chosen.number}", difference)

    async def _revision_object(self, connected: Connected, revision: Revision) -> Mapping[str, Any]:
        try:
            return await connected.connection.get(revision.key)
        except NotFoundError as error:
            raise RefusedError(f"revision {revision.number} is no longer kept", "choose another revision") from error

    async def _difference(
        self, connected: Connected, found: Mapping[str, Any], revision: Revision
    ) -> Sequence[DiffLine]:
        then = revision_template(await self._revision_object(connected, revision))
        return template_diff(_template(found), then)

    # -- the end they share -------------------------------------------------------------------------------------------

    def _place(self, key: ObjectKey) -> str:
        return f"namespace {key.namespace} · context {self._app.context}"

    async def _confirm_and_write(
        self, connected: Connected, change: Change, verb: str, what: str, difference: Sequence[DiffLine] = ()
    ) -> None:
        key = change.key
        self._say(key, what, "asking the server…")
        change = (await connected.writer.rehearse(change)).change
        tried = all(warning.code != "not-tried" for warning in change.warnings)
        self._unsay(key)
        question = Question(
            verb=verb,
            object=f"{key.kind} {key.name}",
            place=self._place(key),
            before_after=change.before_after,
            warnings=change.warnings,
            diff=difference,
            checked="the server has checked it (dry-run)" if tried else "",
        )
        if not await self._app.push_screen_wait(ConfirmDialog(question)):
            return
        self._say(key, what, "writing…")
        written = await connected.writer.write(change, dry_run=False)
        if written.audit_problem:
            self._app.say(written.audit_problem, failed=True)
        await self._follow(connected, written, what)

    async def _follow(self, connected: Connected, written: Written, what: str) -> None:
        from k9py.cluster.follow import follow

        key, clock = written.change.key, self._app.options.clock
        began = clock.monotonic()
        self._say(key, what, "accepted")
        last: RolloutStatus | None = None
        async for status in follow(connected.cluster, key, generation=_generation(written), timeout=FOLLOW_SECONDS):
            last = status
            self._say(key, what, status.words, status=status)
        took = f"{clock.monotonic() - began:.0f} s"
        if last is None:
            self._say(key, what, "it is no longer there", Tone.WARN)
        elif last.state in (RolloutState.COMPLETE, RolloutState.SCALED_TO_ZERO):
            self._say(key, what, f"converged in {took}", Tone.OK)
        elif last.state in _OUTCOMES:
            self._say(key, what, last.words, _OUTCOMES[last.state])
        else:
            self._say(key, what, f"{last.words}; not followed any longer", Tone.WARN)


def _template(found: Mapping[str, Any]) -> Mapping[str, Any]:
    template: Mapping[str, Any] = found.get("spec", {}).get("template", {})
    return template


def _replicas(found: Mapping[str, Any]) -> int:
    """Return the replicas asked for; the API's default is 1."""
    replicas = found.get("spec", {}).get("replicas")
    return 1 if replicas is None else int(replicas)


def _generation(written: Written) -> int:
    """Return the generation the write made; a Scale does not tell, but a changed number is always the next one."""
    generation = written.result.get("metadata", {}).get("generation")
    return int(generation) if generation else written.change.generation + 1


def _autoscaler_words(autoscaler: HorizontalPodAutoscaler | None) -> str:
    if autoscaler is None:
        return ""
    spec = autoscaler.spec
    least = 1 if spec.min_replicas is None else spec.min_replicas
    bounds = f"between {least} and {spec.max_replicas}"
    return f"HorizontalPodAutoscaler {autoscaler.name} sets this number, {bounds}"
