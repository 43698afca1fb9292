"""Starts operations, and knows which of them are shown."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.worker import WorkerError

from k9py.api.meta import ObjectRef
from k9py.operations.operation import name_of
from k9py.operations.target import TargetSnapshot
from k9py.tui.key_order import OrderedKeys
from k9py.tui.operations.host import OperationsHost
from k9py.tui.operations.operation_log import OperationLog
from k9py.tui.progress import TrackedChange
from k9py.tui.workers import start_worker

if TYPE_CHECKING:
    from k9py.tui.operations.front_end import DashboardFrontEnd


class Operations:
    """Runs each operation in a worker of the app.

    Args:
        app: shows dialogs and holds keys; the workers are its own.
        host: the same app, for everything else.
    """

    def __init__(self, app: OrderedKeys[Any], host: OperationsHost) -> None:
        self._app = app
        self._host = host
        self.log = OperationLog(host.options.clock.monotonic, host.show_progress)
        self.is_audited = True
        """False once an audit line of a write that was made is missing."""
        self._bulk: DashboardFrontEnd | None = None

    # -- starting and stopping ----------------------------------------------------------------------------------------

    def start(self, operation_id: str, targets: Sequence[TargetSnapshot], **inputs: Any) -> None:
        """Run an operation; inputs that are left out are asked for. Several targets are confirmed together.

        Args:
            operation_id: of `AppOptions.operations`.
            targets: as they were under the cursor or selected; a target without a uid takes the one in the stores.
        """
        self.begin(operation_id, targets, **inputs)

    def begin(self, operation_id: str, targets: Sequence[TargetSnapshot], **inputs: Any) -> DashboardFrontEnd | None:
        """Start as `start` does and return the run, None when it cannot begin now."""
        from k9py.tui.operations.front_end import DashboardFrontEnd  # with all its dialogs: after the first frame

        operation = self._host.options.operations[operation_id]
        can_stop = len(targets) > 1 or operation.can_stop
        if can_stop and self.running_bulk:
            stop = self._host.key_names("operation.stop")
            self._host.show_message(f"{self.running_bulk} is running: {stop} stops it", failed=True)
            return None
        snapshots = [target if target.uid or target.may_be_absent else self.snapshot(target.key) for target in targets]
        name = name_of(snapshots[0].key) if len(snapshots) == 1 else f"{len(snapshots)} selected"
        heading = operation.heading(name)
        front_end = DashboardFrontEnd(
            self._app, self._host, self.log, operation, snapshots, heading, self._audit_line_missing
        )
        if can_stop:
            self._bulk = front_end
        worker = start_worker(self._app, partial(front_end.run, inputs), group="write")
        front_end.hold_keys(worker.cancel)
        return front_end

    def snapshot(self, key: ObjectRef) -> TargetSnapshot:
        """Return an object as it is in the informers' stores, without a uid when it is not there."""
        connected = self._host.connected
        present = connected.cluster.queries.object(key) if connected is not None else None
        return TargetSnapshot(key, "" if present is None else present.uid)

    @property
    def running_bulk(self) -> str:
        """What can be stopped before its next object, "" when nothing can."""
        return "" if self._bulk is None else self._bulk.running_bulk

    @property
    def created(self) -> ObjectRef | None:
        """The object that the operation which is shown has created beside its target, None when there is none."""
        shown, _ = self.log.latest
        return None if shown is None else shown.created

    def can_stop_after(self, key: ObjectRef) -> bool:
        """Return whether that object is being changed and those after it can still be left out."""
        return self._bulk is not None and self._bulk.current == key

    def stop(self) -> None:
        """Stop after the current object."""
        if self._bulk is not None:
            self._bulk.stop()

    def _audit_line_missing(self) -> None:
        self.is_audited = False

    # -- what is shown ------------------------------------------------------------------------------------------------

    @property
    def latest(self) -> tuple[TrackedChange | None, int]:
        """The operation to show, and how many others are under way."""
        return self.log.latest

    @property
    def acting(self) -> dict[ObjectRef, str]:
        """The running operation of each object."""
        return self.log.acting

    def status_of(self, key: ObjectRef) -> TrackedChange | None:
        """Return the status of the last operation on an object, None when there was none (or it was dismissed)."""
        status = self.log.status_of(key)
        return None if status is None else status.shown

    def dismiss(self) -> bool:
        """Stop showing the operations; running ones continue. False when nothing was shown."""
        return self.log.dismiss()

    # -- life ---------------------------------------------------------------------------------------------------------

    def forget(self) -> None:
        """Forget every operation: another cluster is being shown."""
        self.log.clear()
        self._bulk = None
        self._app.workers.cancel_group(self._app, "write")

    async def close(self) -> None:
        """End every operation, and wait until their ends are in the audit file."""
        for worker in [worker for worker in self._app.workers if worker.group == "write"]:
            worker.cancel()
            with suppress(WorkerError):
                await worker.wait()
