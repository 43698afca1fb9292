"""What actions may do: the Protocol that every screen on the cluster implements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:  # `kdash --help` imports neither decoders nor operations
    from k9py.api.meta import ObjectRef
    from k9py.operations.target import TargetSnapshot


class OperationStarter(Protocol):
    """The one way from an action to a write."""

    def start(self, operation_id: str, targets: Sequence[TargetSnapshot], **inputs: Any) -> None:
        """Start an operation on one or several objects; it asks, writes, tracks and audits by itself.

        Args:
            operation_id: Such as "scale".
            targets: In the order in which they are changed.
            inputs: What was typed already; what is None is asked for.
        """
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


class RemoteActions(Protocol):
    """The way into containers and to their ports, for the object under the cursor.

    Each asks for what is not clear (which pod, which container), reports failures itself, and returns at once.
    """

    def open_shell(self, target: ObjectRef, container: str = "") -> None:
        """Open a shell in a container of a pod or of the newest ready pod of a workload; on a node: a node shell.

        Args:
            container: its name; "": the only one, or one that the person chooses.
        """
        ...

    def attach(self, target: ObjectRef, container: str = "") -> None:
        """Attach to the main process of a container; `container` as for `open_shell`."""
        ...

    def debug(self, target: ObjectRef, image: str = "", container: str = "") -> None:
        """Ask for a debug container, a copy of the pod, or a shell on its node.

        Args:
            image: of the debug container; "": that of the settings.
            container: the one under the cursor, "" when there is none.
        """
        ...

    def run_in_all(self, target: ObjectRef, command: str) -> None:
        """Run one command in all pods of a workload; "": ask for it."""
        ...

    def browse_files(self, target: ObjectRef, container: str = "", path: str = "") -> None:
        """Browse the files of a container; `container` as for `open_shell`.

        Args:
            path: a directory; "": the one that was shown last, else the working directory.
        """
        ...

    def forward(self, target: ObjectRef, ports: str) -> None:
        """Forward ports of a pod, a workload or a Service; "": ask for them."""
        ...

    async def start_saved_forward(self, name: str) -> bool:
        """Start a forward of the config file, or show why it cannot; False when it has none of that name."""
        ...

    def explain_no_forward(self, argument: str) -> None:
        """Show why nothing is forwarded: no object is selected, and the argument is no saved forward."""
        ...

    def show_jobs(self) -> None:
        """List what runs in the background."""
        ...


class ActionHost(Protocol):
    """A screen on the cluster, as actions see it."""

    @property
    def operations(self) -> OperationStarter:
        """Starts what changes the cluster."""
        ...

    @property
    def remote(self) -> RemoteActions:
        """The way into containers."""
        ...

    @property
    def has_target(self) -> bool:
        """Whether an object is selected."""
        ...

    def acting_on_target(self) -> ObjectRef | None:
        """Return the object under the cursor, and keep the cursor on it; say so when nothing is selected."""
        ...

    @property
    def container_under_cursor(self) -> str:
        """Name of the container under the cursor in the list of a pod's containers, "" everywhere else."""
        ...

    @property
    def is_connected(self) -> bool:
        """Whether there is a cluster."""
        ...

    @property
    def can_retry(self) -> bool:
        """Whether something waits that could be tried again now."""
        ...

    def operate(self, action_id: str, **inputs: Any) -> None:
        """Start an action's operation on the marked rows or on the target under the cursor."""
        ...

    def apply(self, path: str) -> None:
        """Apply the manifests of a file or directory; "": those of a text that is typed or pasted."""
        ...

    def show_logs(self, *, previous: bool) -> None:
        """Show the logs of the target; `previous`: of the containers that ran before."""
        ...

    def show_description(self) -> None:
        """Describe the target."""
        ...

    def show_yaml(self) -> None:
        """Show the target as YAML."""
        ...

    def copy_objects(self) -> None:
        """Ask what to copy of the marked objects or of the target."""
        ...

    def show_diff(self, *revisions: int) -> None:
        """Show what changed between two revisions, between one and now, or since the previous one."""
        ...

    def show_owner(self) -> None:
        """Go to the object that controls the target."""
        ...

    def show_created(self) -> None:
        """Go to the object that the last operation has created."""
        ...

    def show_timeline(self) -> None:
        """Show what changed: of the target and all that it depends on, without a target of all that is shown."""
        ...

    def show_tree(self) -> None:
        """Show what the target belongs to, and what belongs to it."""
        ...

    def show_problems(self) -> None:
        """List the problems of the cluster."""
        ...

    def write_capsule(self) -> None:
        """Write what is known of the target, or of everything that is watched, into a file."""
        ...

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

    def show_theme(self, name: str) -> None:
        """Use a theme; "": the next one. Raises ConfigError."""
        ...

    def retry_connection(self) -> None:
        """Connect again now, or restart every watch that is not live."""
        ...

    def show_help(self) -> None:
        """List the keys."""
        ...

    def open_command_line(self) -> None:
        """Ask for a command."""
        ...

    def go_back(self, *, dismiss: bool) -> None:
        """Go one step back; with `dismiss`, hide the progress of an operation first."""
        ...

    async def run_native(self, action: str) -> None:
        """Run a Textual action, such as "app.quit"."""
        ...
