"""The offer to delete the pods that block the rollback of a StatefulSet, in a dialog while the rollout is tracked.

Invariant: what is deleted was shown, with its cause, after the controller had observed the rollback.
"""

from __future__ import annotations

from collections.abc import Mapping

from k9py.api.errors import KdashError, UnavailableError
from k9py.api.meta import ObjectRef
from k9py.operations.delete_stuck_pods import StuckPodDeleter
from k9py.operations.operation import name_of
from k9py.tui.dialogs.message import MessageDialog
from k9py.tui.dialogs.stuck_pods import StuckPodsDialog
from k9py.tui.operations.asker import Asker
from k9py.tui.operations.host import OperationsHost
from k9py.tui.operations.operation_log import OperationStatus


async def delete_stuck_pods(
    asker: Asker, host: OperationsHost, statuses: Mapping[ObjectRef, OperationStatus], stuck: StuckPodDeleter
) -> None:
    """Ask whether to delete the pods that are still stuck, and delete them; report a failure in a dialog.

    Args:
        statuses: of the writes of this run; those of deletions that failed are removed.
    """
    heading = f"Delete the stuck pods of {stuck.key.name}"
    try:
        try:
            await stuck.wait_until_observed()
        except UnavailableError as error:
            host.show_message(f"{heading}: {error.message}", failed=True, stays=True)
            return
        pods = await stuck.still_stuck()
        if not pods:
            return
        queries, now = asker.connected.cluster.queries, asker.clock.now()
        causes = {pod.key: queries.pod_findings(pod.key, now) for pod in pods}
        lines = [(pod.name, pod.uid, causes[pod.key][0].message if causes[pod.key] else "not ready") for pod in pods]
        dialog = StuckPodsDialog(name_of(stuck.key), asker.place(stuck.key.namespace), lines)
        if await asker.ask(dialog, keep_typed=False):
            await stuck.delete(pods)
    except KdashError as error:
        for pod in stuck.pods:
            if (status := statuses.get(pod.key)) is not None and not status.shown.is_done:
                status.remove()
        await asker.ask(MessageDialog.of_error(heading, error))
