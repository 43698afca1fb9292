"""What screens, panes and dialogs may ask of the app: they get an `AppContext` and never look the app up.

Invariant: nothing here imports a screen, pane or dialog, so every one of them may import this.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from textual.screen import Screen

from k9py.actions.host import RemoteActions
from k9py.actions.keys import KeyNames
from k9py.api.errors import KdashError
from k9py.api.meta import ObjectRef
from k9py.api.resource_type import ResourceType
from k9py.diagnosis.problem import Problem
from k9py.operations.result import OperationResult
from k9py.operations.target import TargetSnapshot
from k9py.runtime.background_jobs import BackgroundJob, BackgroundJobs
from k9py.tui.options import AppOptions
from k9py.tui.palette.history import PaletteHistory
from k9py.tui.problems import ShownProblems
from k9py.tui.session import Connected, ReconnectingSession
from k9py.tui.widgets.line_view import LineViewOptions
from k9py.views.background_jobs import SavedForward


class RunningOperation(Protocol):
    """One run of an operation."""

    @property
    def results(self) -> Sequence[OperationResult]:
        """One for each target that was started, as far as it has come."""
        ...

    async def wait(self) -> None:
        """Wait until the run has ended."""
        ...


class OperationControl(Protocol):
    """Starts operations and knows their progress."""

    def start(self, operation_id: str, targets: Sequence[TargetSnapshot], **inputs: Any) -> None:
        """Start an operation on one or several objects."""
        ...

    def begin(self, operation_id: str, targets: Sequence[TargetSnapshot], **inputs: Any) -> RunningOperation | None:
        """Start as `start` does and return the run, None when it cannot begin now."""
        ...

    def snapshot(self, key: ObjectRef) -> TargetSnapshot:
        """Return an object as it is in the store now."""
        ...

    @property
    def running_bulk(self) -> str:
        """The operation on several objects that can still be stopped, "" when there is none."""
        ...

    def stop(self) -> None:
        """Stop after the current object."""
        ...

    @property
    def created(self) -> ObjectRef | None:
        """The object that the operation which is shown has created beside its target, None when there is none."""
        ...

    def dismiss(self) -> bool:
        """Hide the progress of operations; False when none was shown."""
        ...


class Navigator(Protocol):
    """Opens screens."""

    def open_object(self, key: ObjectRef) -> None:
        """Open an object's own screen."""
        ...

    def open_logs(self, subject: ObjectRef | None, *, previous: bool, full: bool = False, container: str = "") -> None:
        """Show an object's logs; `full`: the lines alone; `container`: only those of one container."""
        ...

    def open_description(self, subject: ObjectRef | None) -> None:
        """Describe an object."""
        ...

    def open_yaml(self, subject: ObjectRef | None) -> None:
        """Show an object as YAML."""
        ...

    def open_resources(
        self,
        resource_type: ResourceType,
        *,
        namespaces: tuple[str, ...] | None = None,
        label_selector: str = "",
        field_selector: str = "",
        select: ObjectRef | None = None,
    ) -> None:
        """List the objects of a type; a screen that lists the same is reused.

        Args:
            namespaces: None: those of the dashboard; (): the whole cluster.
            label_selector, field_selector: As the server takes them.
            select: The object under the cursor at first; without a namespace, the first of that name.
        """
        ...

    def open_owner(self, subject: ObjectRef | None) -> None:
        """Select the object that controls another one, in a table of its type."""
        ...

    def open_timeline(self, subject: ObjectRef | None) -> None:
        """Show what changed: of an object and all that it depends on, or of the whole scope."""
        ...

    def open_tree(self, subject: ObjectRef | None) -> None:
        """Show the owners and dependents of an object."""
        ...

    def open_problems(self) -> None:
        """List the problems of the cluster."""
        ...

    def open_jobs(self) -> None:
        """List what runs in the background."""
        ...

    def open_chain(self, problem: Problem) -> None:
        """Show what a problem explains, and its evidence."""
        ...

    def open_diff(self, workload: ObjectRef, *revisions: int) -> None:
        """Show what changed between two revisions, between one and now, or since the previous one."""
        ...

    def open_help(self, screen: Screen[Any]) -> None:
        """List the keys of a screen."""
        ...


class ClusterChooser(Protocol):
    """Chooses what part of which cluster is shown."""

    def choose_namespace(self) -> None:
        """Ask for a namespace."""
        ...

    def show_namespaces(self, names: tuple[str, ...]) -> None:
        """Show these namespaces; none: all of them."""
        ...

    def choose_context(self) -> None:
        """Ask for a context."""
        ...

    def show_context(self, name: str) -> None:
        """Connect to the cluster of a context. Raises ConfigError."""
        ...


class Forwards(Protocol):
    """Starts port-forwards, and knows those of the config file."""

    @property
    def revision(self) -> int:
        """Another number whenever the config file was read."""
        ...

    @property
    def saved(self) -> Sequence[SavedForward]:
        """The forwards of the config file for this context that do not run."""
        ...

    def read_saved(self) -> None:
        """Read the config file, beside the tick."""
        ...

    async def start_saved(self, name: str) -> bool:
        """Start a forward of the config file; False when it has none of that name for this context."""
        ...

    def explain_nothing_selected(self, argument: str) -> None:
        """Show that no object is selected, and that an argument is no saved forward either, unless it is a port."""
        ...

    def start_by_key(self, key: str) -> None:
        """Start the forward of the config file that has a key; report when there is none."""
        ...

    def begin(self, target: ObjectRef, ports: str) -> None:
        """Forward ports of an object; "": ask for them."""
        ...

    def restart(self, job: BackgroundJob) -> None:
        """Start a forward that has ended again, in its place."""
        ...

    def restart_reason(self, job: BackgroundJob) -> str:
        """Return why a job cannot be started again, "" when it can."""
        ...

    def saved_name(self, job: BackgroundJob) -> str:
        """Return the name that a job has in the config file, "" for none."""
        ...

    def config_lines(self, job: BackgroundJob) -> str:
        """Return a forward as lines for the config file, "" for a job of another kind."""
        ...

    def config_reason(self, job: BackgroundJob) -> str:
        """Return why there are no lines for the config file, "" when there are."""
        ...


class AppContext(Protocol):
    """The dashboard, as its screens see it."""

    @property
    def options(self) -> AppOptions:
        """What the dashboard was started with, and what was chosen since."""
        ...

    @property
    def line_view_options(self) -> LineViewOptions:
        """How views of lines are redrawn."""
        ...

    @property
    def session(self) -> ReconnectingSession:
        """The connection to the cluster, or the attempt to make one."""
        ...

    @property
    def connected(self) -> Connected | None:
        """The cluster that is shown, None while there is none."""
        ...

    @property
    def context_name(self) -> str:
        """Name of the context, "" while only the kubeconfig knows it."""
        ...

    @property
    def operations(self) -> OperationControl:
        """The one way to change the cluster."""
        ...

    @property
    def remote(self) -> RemoteActions:
        """The way into containers and to their ports."""
        ...

    @property
    def jobs(self) -> BackgroundJobs:
        """What runs in the background."""
        ...

    @property
    def forwards(self) -> Forwards:
        """Starts port-forwards."""
        ...

    @property
    def problems(self) -> ShownProblems:
        """The problems of the cluster."""
        ...

    @property
    def navigator(self) -> Navigator:
        """Opens screens."""
        ...

    @property
    def clusters(self) -> ClusterChooser:
        """Chooses what part of which cluster is shown."""
        ...

    @property
    def palette_history(self) -> PaletteHistory:
        """The lines that were run in this session."""
        ...

    @property
    def key_names(self) -> KeyNames:
        """The current keys."""
        ...

    @property
    def can_retry(self) -> bool:
        """Whether something waits that could be tried again now."""
        ...

    def retry_connection(self) -> None:
        """Connect again now, or restart every watch that is not live."""
        ...

    def show_theme(self, name: str) -> None:
        """Use a theme; "": the next one. Raises ConfigError."""
        ...

    def show_message(self, text: str, *, failed: bool = False, stays: bool = False) -> None:
        """Show a transient message, until the next key or a timeout.

        Args:
            failed: It reports a failure.
            stays: It is not the answer to a key, so the next key does not clear it.
        """
        ...

    def show_error(self, title: str, error: KdashError) -> None:
        """Show an error with its hint in a dialog."""
        ...

    def refresh_header(self) -> None:
        """Bring the header of every screen up to date."""
        ...
