"""The revision `kdash undo` rolls back to by default: the previous one, if something is wrong with the current one.

Invariant: it is never guessed. If the revision is ambiguous, RefusedError names the options.
"""

from __future__ import annotations

from datetime import datetime

from k9py.api.errors import RefusedError
from k9py.api.plural import pluralize
from k9py.api.text import printable
from k9py.cluster.workload_snapshot import SnapshotReader, worst_other_rollout
from k9py.operations.known_revisions import is_unobserved
from k9py.operations.stuck_pods import stuck_pods
from k9py.operations.target import FetchedTarget, RevisionHistory
from k9py.operations.undo import UndoInputs, no_revision_error
from k9py.rollouts.revision_outcome import was_undo_target
from k9py.rollouts.revisions import Revision
from k9py.rollouts.undo_target import UndoTarget, is_starting, undo_target
from k9py.views.current_state import current_status_state, did_you_mean


async def choose_revision(reader: SnapshotReader, target: FetchedTarget, inputs: UndoInputs) -> Revision:
    """Return the default revision. Raises RefusedError when there is none, or it would be a guess."""
    history, snapshot, now = await target.history(), target.snapshot, target.clock.now()
    assert snapshot is not None
    current = history.current
    if inputs.deletes_stuck_pods and (blocked := _blocked_revision(target, history)) is not None:
        return blocked
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


def _blocked_revision(target: FetchedTarget, history: RevisionHistory) -> Revision | None:
    """Return the current revision when an undo went back to it and stuck pods of another block it; None without any.

    The revision before is then the broken one.

    Raises:
        RefusedError: stuck pods block it, and it is not known whether an undo went back to it.
    """
    current = history.current
    stuck = stuck_pods(target.raw, current.name, target.pods()) if current is not None else ()
    if current is not None and stuck:
        if was_undo_target(current, history.revisions):
            return current
        names = ", ".join(printable(pod.name) for pod in stuck)
        which = f"pod {names} runs another revision" if len(stuck) == 1 else f"pods {names} run another revision"
        block = pluralize(len(stuck), "blocks", "block")
        raise RefusedError(
            f"{which} and {block} revision {current.number}: say which revision you want",
            f"--to-revision {current.number} --delete-stuck-pods replaces {pluralize(len(stuck), 'it', 'them')};"
            " another number rolls back to that revision",
        )
    return None


async def _refuse_if_healthy(
    reader: SnapshotReader, target: FetchedTarget, history: RevisionHistory, default: UndoTarget | None, now: datetime
) -> None:
    """Refuse when nothing is wrong with the workload: the revision then has to be named."""
    status, name = target.status(), printable(str(target.key))
    if default is None or status is None:
        return  # there is nothing to roll back to
    force = f"--to-revision {default.revision.number} rolls back anyway"
    if is_starting(status, history.revisions, history.outcomes):
        served = f"its revision served before and is starting its pods ({status.summary})"
        raise RefusedError(f"{name} is not failing because of a release: {served}", force)
    if current_status_state(status, now).is_healthy:
        failing = await worst_other_rollout(reader, target.key, now)
        instead = "" if failing is None else f"; {did_you_mean(failing, target.key.namespace)}"
        raise RefusedError(f"nothing is wrong with {name}{instead}", force)
