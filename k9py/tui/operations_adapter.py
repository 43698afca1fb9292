"""Starts operations by their ids through the coroutines of `tui/writing`.

Interim: goes once `operations/` has the one write path, whose own `start` takes the same arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from k9py.actions.action import Target
from k9py.actions.host import TargetRef
from k9py.api.meta import ObjectKey
from k9py.tui.session import Connected
from k9py.tui.writing import Writing


class WritingOperations:
    """The operations of one session.

    Args:
        writing: Runs them.
        connected: Return the cluster that is shown.
        marked: Return the marked objects with their uids: those are changed one after the other.
    """

    def __init__(
        self, writing: Writing, connected: Callable[[], Connected | None], marked: Callable[[], Mapping[ObjectKey, str]]
    ) -> None:
        self._writing = writing
        self._connected = connected
        self._marked = marked

    def snapshot(self, key: ObjectKey) -> TargetRef:
        """Return an object as it is in the store now."""
        connected = self._connected()
        known = connected.cluster.queries.object(key) if connected is not None else None
        return Target(key, "" if known is None else known.uid)

    @property
    def running_bulk(self) -> str:
        """The operation on several objects that can still be stopped, "" when there is none."""
        return self._writing.stoppable

    def stop(self) -> None:
        """Stop after the current object."""
        self._writing.stop()

    def dismiss(self) -> bool:
        """Hide the progress of operations; False when none was shown."""
        return self._writing.dismiss()

    def start(self, operation_id: str, targets: Sequence[TargetRef], **inputs: Any) -> None:
        """Start an operation on one or several objects."""
        writing = self._writing
        key = targets[0].key
        uids = {target.key: target.uid for target in targets}
        is_marked = uids == self._marked()
        match operation_id:
            case "scale" if is_marked:
                writing.scale_several(uids, **inputs)
            case "restart" if is_marked:
                writing.restart_several(uids)
            case "set-image":
                writing.set_image(key, **inputs)
            case "delete-pod":
                writing.delete_pod(key)
            case _:
                getattr(writing, operation_id)(key, *inputs.values())
