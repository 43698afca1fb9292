"""What a rollout's screen reads besides what is watched: who made it, and the log line that explains a failure.

Invariant: each is read once per state of the rollout; what cannot be read is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from textual.dom import DOMNode

from k9py.api.errors import KdashError
from k9py.api.meta import ObjectRef
from k9py.cluster.failing_line import read_failing_line
from k9py.cluster.views import RolloutView
from k9py.rollouts.cohort_status import FailingContainer
from k9py.tui.context import AppContext
from k9py.tui.workers import start_worker

Failure = tuple[FailingContainer, object]
"""A failing container and what identifies its run."""


class RolloutReader:
    """Reads for one rollout.

    Args:
        owner: Runs the requests.
        context: The cluster.
        subject: The rollout.
        on_fields: Called when its fields have been read.
        on_failing_line: Called when the log line has been read.
    """

    def __init__(
        self,
        owner: DOMNode,
        context: AppContext,
        subject: ObjectRef,
        *,
        on_fields: Callable[[], None],
        on_failing_line: Callable[[], None],
    ) -> None:
        self._owner = owner
        self._context = context
        self._subject = subject
        self._on_fields = on_fields
        self._on_failing_line = on_failing_line
        self.fields: Mapping[str, Any] | None = None
        """Its managed fields and pod template; None before they are read, empty when they cannot be."""
        self.failing_line = ""
        """What the failing container wrote last, or why that is not known; "" when none fails."""
        self._fields_of: tuple[str, int] | None = None
        self._failure: Failure | None = None

    def clear(self) -> None:
        """Forget everything: there is another cluster, or none."""
        self.fields = self._fields_of = self._failure = None

    def request_fields(self, view: RolloutView) -> None:
        """Read its fields, unless they were read for this generation."""
        if self._fields_of != (view.uid, view.generation):
            self._fields_of = (view.uid, view.generation)
            start_worker(self._owner, self._read_fields, group="authors", exclusive=True)

    async def _read_fields(self) -> None:
        connected = self._context.connected
        if connected is None:
            return
        try:
            raw = await connected.connection.get(self._subject)
        except KdashError:
            self.fields = {}  # nobody is named then
        else:
            self.fields = {
                "metadata": {"managedFields": raw.get("metadata", {}).get("managedFields", [])},
                "spec": {"template": raw.get("spec", {}).get("template", {})},
            }
        self._on_fields()

    def request_failing_line(self, failure: Failure | None) -> None:
        """Read the last log line of a failing container, unless it was read for this run; None: none fails."""
        if failure == self._failure:
            return
        self._failure = failure
        self.failing_line = "" if failure is None else "reading…"
        if failure is not None:
            start_worker(
                self._owner, partial(self._read_failing_line, failure[0]), group="failing-line", exclusive=True
            )

    async def _read_failing_line(self, container: FailingContainer) -> None:
        connected = self._context.connected
        if connected is None:
            return
        line = await read_failing_line(connected.connection, container)
        if self._failure is not None and self._failure[0] == container:
            self.failing_line = "log not readable" if line is None else line or "nothing written"
            self._on_failing_line()
