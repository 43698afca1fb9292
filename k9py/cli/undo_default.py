"""The revision `kdash undo` goes back to by default: the previous one, if something is wrong with the current one.

Invariant: it is never guessed. If the revision is ambiguous, RefusedError names the options.
"""

from __future__ import annotations

from datetime import datetime

from k9py.api.errors import RefusedError
from k9py.api.text import printable
from k9py.cluster.workload_snapshot import SnapshotReader, worst_other_rollout
from k9py.operations.stuck_pods import stuck_pods
from k9py.operations.target import FetchedTarget, RevisionHistory, is_unobserved
from k9py.operations.undo import UndoInputs, no_revision_error
from k9py.rollouts.revisions import Revision
from k9py.rollouts.undo_target import UndoTarget, is_starting, undo_target
from k9py.views.current_state import current_status_state, did_you_mean


async def choose_revision(reader: SnapshotReader, target: FetchedTarget, inputs: UndoInputs) -> Revision:
    """Return the default revision. Raises RefusedError when there is none, or it would be a guess."""
    history, snapshot, now = await target.history(), target.snapshot, target.clock.now()
    assert snapshot is not None
    current = history.current
    if inputs.deletes_stuck_pods:
        _refuse_to_guess(target, history)
    if current is not None and is_unobserved(snapshot, current):
        return current
    default = undo_target(history.revisions, history.outcomes)
    await _refuse_if_healthy(reader, target, history, default, now)
    if default is not None:
        return default.revision
    name = printable(str(target.key))
    left = [
        f"{revision.number}: {why}"
        for revision in history.revisions
        if revision.number and (why := history.outcomes[revision.uid].text(now))
    ]
    if left:
        raise RefusedError(
            f"no earlier revision of {name} is known to be better ({'; '.join(left)})",
            f"--to-revision {left[0].partition(':')[0]} rolls back anyway; kdash history shows them all",
        )
    raise no_revision_error(target.raw, read=current is not None or bool(history.revisions))


def _refuse_to_guess(target: FetchedTarget, history: RevisionHistory) -> None:
    """Refuse when pods of another revision block the one in force: perhaps an undo was made already.

    The previous revision would then be the broken one.
    """
    current = history.current
    stuck = stuck_pods(target.raw, current.name, target.pods()) if current is not None else ()
    if current is not None and stuck:
        names = ", ".join(printable(pod.name) for pod in stuck)
        raise RefusedError(
            f"{names} of another revision blocks revision {current.number}: it is unclear which one is meant",
            f"--to-revision {current.number} deletes the blocking pods; another number rolls back to that one",
        )


async def _refuse_if_healthy(
    reader: SnapshotReader, target: FetchedTarget, history: RevisionHistory, default: UndoTarget | None, now: datetime
) -> None:
    """Refuse when nothing is wrong with the workload: the revision then has to be named."""
    status, name = target.status(), printable(str(target.key))
    if default is None or status is None:
        return  # there is no earlier revision
    force = f"--to-revision {default.revision.number} rolls back anyway"
    if is_starting(status, history.revisions, history.outcomes):
        served = f"its revision served before and is starting its pods: {status.summary}"
        raise RefusedError(f"{name}: no release is to blame, {served}", force)
    if current_status_state(status, now).is_healthy:
        failing = await worst_other_rollout(reader, target.key, now)
        instead = "" if failing is None else f"; {did_you_mean(failing)}"
        raise RefusedError(f"nothing is wrong with {name}{instead}", force)
