"""What operations need of the app besides dialogs and keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from k9py.actions.keys import KeyNames
from k9py.api.meta import ObjectRef
from k9py.runtime.background_jobs import BackgroundJobs
from k9py.tui.options import AppOptions
from k9py.tui.session import Connected


class OperationsHost(Protocol):
    """The app that shows the operations. `KdashApp` implements it."""

    options: AppOptions
    jobs: BackgroundJobs

    @property
    def key_names(self) -> KeyNames:
        """The current keys."""
        ...

    @property
    def connected(self) -> Connected | None:
        """The cluster that is shown, None while there is none."""
        ...

    @property
    def context_name(self) -> str:
        """Name of the context."""
        ...

    def show_message(self, text: str, *, failed: bool = False, stays: bool = False) -> None:
        """Show a transient message; with `stays`, until it has surely been seen."""

    def notify_terminal(self, text: str) -> None:
        """Notify the terminal that something has ended."""

    def clear_marks(self, keys: Sequence[ObjectRef]) -> None:
        """Clear these of the selection: they are being changed."""

    def show_progress(self) -> None:
        """Show the progress of the operations."""
