"""The failing pods that belong to no Service or workload, as a live table; see `browse/other_pods`."""

from __future__ import annotations

from k9py.cluster.change_feed import Changes
from k9py.tui.screens.resources import ResourceScreen


class OtherPodsScreen(ResourceScreen):
    """Failing pods of Jobs, of operators' types, and pods that nothing controls."""

    heading = "other failing pods"

    def tick(self, changes: Changes) -> None:
        super().tick(changes)
        failing = self.app_context.other_pods.failing
        self.pane.narrow(failing, "of no Service or workload", empty_text="no other pod is failing")
