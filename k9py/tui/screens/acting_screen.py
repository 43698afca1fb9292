"""A screen whose keys act on the object under the cursor: the `ActionHost` of the dashboard.

Invariants: the target is read once when an action begins; from then on the action carries that key, wherever the cursor
goes. On a Service, what acts on workloads goes to the workload it selects; of several the user chooses. What is not
possible is greyed out, and its key says why.

To add an action: a module in `k9py/actions/catalog/`; nothing here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from k9py.actions.action import Action, ActionScope
from k9py.actions.commands import CommandEntry
from k9py.actions.host import RemoteActions
from k9py.api.errors import KdashError
from k9py.api.meta import ObjectRef
from k9py.kube.kubeconfig import list_contexts
from k9py.operations.target import TargetSnapshot
from k9py.tui.bindings import action_id_of
from k9py.tui.capsules import write_capsule
from k9py.tui.context import OperationControl
from k9py.tui.dialogs.message import MessageDialog
from k9py.tui.screens.target_screen import TargetScreen
from k9py.tui.screens.targets import CursorTargets, choose_workload, kind_commands
from k9py.tui.workers import start_worker

if TYPE_CHECKING:
    from k9py.tui.palette.entry import PaletteEntry
    from k9py.tui.palette.source import PaletteSource


class ActingScreen(TargetScreen):
    """Base of every screen that shows an object of the cluster.

    Args:
        context: The app, as screens see it.
    """

    # -- what is possible ---------------------------------------------------------------------------------------------

    def disabled_reason(self, action_id: str) -> str:
        """Return why an action is not possible now, "" when it is."""
        action = self._actions.by_id[action_id]
        if reason := action.ready(self):
            return reason
        with self.acting_on(action_id):
            match action.scope:
                case ActionScope.POD:
                    return self._pod_reason(action)
                case ActionScope.WORKLOAD | ActionScope.DIFF:
                    return self._workload_reason(action)
                case ActionScope.OBJECT | ActionScope.KIND | ActionScope.CONTAINER:
                    return self._object_reason(action)
        return ""

    def applies(self, action: Action) -> bool:
        """Return whether an action can ever be possible on what this screen shows: the footer lists those."""
        return True

    def commands_of_kind(self) -> Sequence[Action]:
        """Return what is typed to change an object of the kind that is shown, where no key of all kinds does it."""
        shown = self.shown_object()
        return () if shown is None else kind_commands(self._actions, shown)

    footer_begins_with: ClassVar[tuple[str, ...]] = ()
    """Ids of the actions that the footer begins with, whatever their own places."""

    def first_in_footer(self) -> tuple[str, ...]:
        """Return the ids of the actions that the footer begins with now."""
        return self.footer_begins_with

    def title_of(self, action: Action) -> str:
        """Return what the footer of this screen calls an action."""
        return action.title

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disable what is not possible now; what only helps without a connection is not bound with one."""
        action_id = action_id_of(action, parameters)
        if not action_id:
            return super().check_action(action, parameters)
        if action_id == "app.retry" and not self.can_retry:
            return False
        return None if self.disabled_reason(action_id) else True

    # -- running an action --------------------------------------------------------------------------------------------

    async def action_perform(self, action_id: str) -> None:
        """Run an action whose key was pressed."""
        await self._run(self._actions.by_id[action_id], None)

    async def _run(self, action: Action, argument: str | None) -> None:
        if action.run is None:
            await self.run_native(action.native)
            return
        with self.acting_on(action.id):
            running = action.run(self, argument)
            if running is not None:
                await running

    async def run_native(self, action: str) -> None:
        """Run a Textual action, such as "app.quit"."""
        await self.run_action(action)

    def run_line(self, line: str, typed_on: CursorTargets | None = None) -> None:
        """Run a command as typed.

        Args:
            line: What was typed.
            typed_on: What was under the cursor when the typing began; None: what is there now.
        """
        from k9py.resources.query import ResourceQuery  # after the first frame, as all of the palette
        from k9py.tui.palette.open_query import open_query
        from k9py.tui.palette.resolve import CommandLineRun

        try:
            match self._palette_source().meaning(line):
                case CommandLineRun(entry=entry, argument=argument):
                    self.run_command(entry, argument, typed_on)
                case ResourceQuery() as query:
                    open_query(self.app.push_screen, self.app_context, query)
        except KdashError as error:
            self.app.push_screen(MessageDialog.of_error(f":{line}", error))

    def takes_line(self, line: str) -> bool:
        """Return whether this screen itself understands a line that is neither a command nor a query."""
        return False

    def _palette_source(self) -> PaletteSource:
        from k9py.tui.palette.source import PaletteSource

        context = self.app_context
        names = context.key_names
        bound = {active.binding.id for active in self.active_bindings.values()}
        unbound = {action.id for action in self._actions.in_scope(ActionScope.KIND)} - bound
        return PaletteSource(
            self._commands,
            context.palette_history,
            lambda: self.app_context.connected,
            lambda: [entry.name for entry in list_contexts(context.options.connect.kubeconfig)],
            lambda action_id: names(action_id) if names.keys(action_id) and action_id not in unbound else "",
            self.takes_line,
            frozenset(action.id for action in self.commands_of_kind() if action.scope is ActionScope.KIND),
        )

    def run_command(self, entry: CommandEntry, argument: str, typed_on: CursorTargets | None = None) -> None:
        """Run a command on what was under the cursor when its typing began."""

        async def run() -> None:
            self._typed_on = typed_on
            try:
                await self._run(entry.action, argument)
            except KdashError as error:
                self.app.push_screen(MessageDialog.of_error(f":{entry.name}", error))
            finally:
                self._typed_on = None

        start_worker(self, run, group="command")

    # -- ActionHost ---------------------------------------------------------------------------------------------------

    @property
    def operations(self) -> OperationControl:
        """The one way to change the cluster."""
        return self.app_context.operations

    @property
    def can_retry(self) -> bool:
        """Whether something waits that could be tried again now."""
        return self.app_context.can_retry

    def operate(self, action_id: str, **inputs: Any) -> None:
        """Start an action's operation on the marked rows or on the target under the cursor."""
        action, operations = self._actions.by_id[action_id], self.app_context.operations
        if action.scope is ActionScope.POD:
            pod = self._acting_pod_or_message(action_id)
            if pod is not None:
                operations.start(action.operation, [self._snapshot(pod)], **inputs)
        elif action.takes_marked and (marked := self.marked()) and not self.disabled_reason(action_id):
            targets = [TargetSnapshot(key, uid) for key, uid in marked.items()]
            operations.start(action.operation, targets, **inputs)
        elif action.scope in (ActionScope.OBJECT, ActionScope.KIND):
            target = self._acting_object_or_message(action_id)
            if target is not None:
                operations.start(action.operation, [self._snapshot(target)], **inputs)
        else:
            self._on_workload(action, lambda key: operations.start(action.operation, [self._snapshot(key)], **inputs))

    def _acting_pod_or_message(self, action_id: str) -> ObjectRef | None:
        reason = self.disabled_reason(action_id) or self.lost_target_message()
        if reason:
            self.app_context.show_message(reason, failed=True)
            return None
        self.keep_cursor(self.acting_pod)
        return self.acting_pod

    def _acting_object_or_message(self, action_id: str) -> ObjectRef | None:
        reason = self.disabled_reason(action_id) or self.lost_target_message()
        if reason:
            self.app_context.show_message(reason, failed=True)
            return None
        self.keep_cursor(self.acting_object)
        return self.acting_object

    def _on_workload(self, action: Action, do: Callable[[ObjectRef], None]) -> None:
        """Do something to the workload under the cursor, or to one that the Service there selects."""
        context = self.app_context
        reason = self.disabled_reason(action.id) or self.lost_target_message()
        target, connected = self.acting_target, context.connected
        if reason or target is None or connected is None:
            context.show_message(reason or "nothing is selected", failed=True)
            return
        self.keep_cursor(target)
        workloads = self._workloads_at(action, target)
        if len(workloads) == 1:
            do(workloads[0])
        else:
            owner = f"Service {target.name}"
            choose_workload(self.app.push_screen, context, connected.cluster, action, owner, workloads, do)

    @property
    def remote(self) -> RemoteActions:
        """The way into containers."""
        return self.app_context.remote

    @property
    def container_under_cursor(self) -> str:
        """Name of the container under the cursor in the list of a pod's containers, "" everywhere else."""
        return ""

    @property
    def has_target(self) -> bool:
        """Whether an object is selected."""
        return self.acting_object is not None

    def acting_on_target(self) -> ObjectRef | None:
        """Return the object under the cursor, and keep the cursor on it; say so when nothing is selected."""
        target = self.acting_object
        self.keep_cursor(target)
        if target is None:
            self.app_context.show_message("nothing is selected", failed=True)
        return target

    def apply(self, path: str) -> None:
        """Apply the manifests of a file or directory; "": those of a text that is typed or pasted."""
        if self.read_only_text:
            self.app_context.show_message(f"read-only: {self.read_only_text}", failed=True)
            return
        from k9py.tui.operations.applying import apply_manifests

        start_worker(self, partial(apply_manifests, self.app, self.app_context, path), group="apply")

    def show_logs(self, *, previous: bool) -> None:
        """Show the logs of the target."""
        self.keep_cursor(self.acting_target)
        self.app_context.navigator.open_logs(self.acting_target, previous=previous)

    def show_description(self) -> None:
        """Describe the target."""
        self.keep_cursor(self.acting_target)
        self.app_context.navigator.open_description(self.acting_target)

    def show_yaml(self) -> None:
        """Show the target as YAML."""
        self.keep_cursor(self.acting_target)
        self.app_context.navigator.open_yaml(self.acting_target)

    def copy_objects(self) -> None:
        """Ask what to copy of the marked objects or of the target."""
        from k9py.tui.object_copy import open_copy_menu

        target = self.acting_target
        refs = list(self.marked()) or ([] if target is None else [target])
        if refs:
            self.keep_cursor(target)
            open_copy_menu(self, self.app_context, refs, self.shown_yaml)
        else:
            self.app_context.show_message("nothing is selected", failed=True)

    def shown_yaml(self) -> str:
        """Return the YAML that the screen shows, "" when it shows none."""
        return ""

    def show_diff(self, *revisions: int) -> None:
        """Show what changed between two revisions, between one and now, or since the previous one."""
        navigator = self.app_context.navigator
        self._on_workload(
            self._actions.by_id["workload.diff"], lambda workload: navigator.open_diff(workload, *revisions)
        )

    def show_owner(self) -> None:
        """Go to the object that controls the target."""
        self.keep_cursor(self.acting_target)
        self.app_context.navigator.open_owner(self.acting_target)

    def show_created(self) -> None:
        """Go to the object that the last operation has created."""
        created = self.operations.created
        if created is None:
            self.app_context.show_message("nothing was created", failed=True)
        else:
            self.app_context.navigator.open_object(created)

    def show_timeline(self) -> None:
        """Show what changed."""
        self.keep_cursor(self.acting_target)
        self.app_context.navigator.open_timeline(self.acting_object)

    def show_tree(self) -> None:
        """Show what the target belongs to, and what belongs to it."""
        self.keep_cursor(self.acting_target)
        self.app_context.navigator.open_tree(self.acting_target)

    def show_problems(self) -> None:
        """List the problems of the cluster."""
        self.app_context.navigator.open_problems()

    def write_capsule(self) -> None:
        """Write what is known of the target, or of everything that is watched, into a file."""
        context, target = self.app_context, self.acting_object
        start_worker(self, partial(write_capsule, context, target), group="capsule", exclusive=True)

    def choose_namespace(self) -> None:
        """Ask for a namespace."""
        self.app_context.clusters.choose_namespace()

    def show_namespaces(self, names: tuple[str, ...]) -> None:
        """Show these namespaces; none: all of them."""
        self.app_context.clusters.show_namespaces(names)

    def choose_context(self) -> None:
        """Ask for a context."""
        self.app_context.clusters.choose_context()

    def show_context(self, name: str) -> None:
        """Connect to the cluster of a context. Raises ConfigError."""
        self.app_context.clusters.show_context(name)

    def show_theme(self, name: str) -> None:
        """Use a theme; "": the next one. Raises ConfigError."""
        self.app_context.show_theme(name)

    def retry_connection(self) -> None:
        """Connect again now, or restart every watch that is not live."""
        self.app_context.retry_connection()

    def show_help(self) -> None:
        """List the keys."""
        self.app_context.navigator.open_help(self)

    def open_command_line(self) -> None:
        """Ask for a command."""
        from k9py.tui.dialogs.command_line import CommandLine

        typed_on = self.cursor_targets()

        def run(choice: PaletteEntry | str | None) -> None:
            if choice is None:
                return
            line = choice if isinstance(choice, str) else choice.line
            self.app_context.palette_history.add(line)
            if not isinstance(choice, str) and choice.ref is not None:
                self.app_context.navigator.open_object(choice.ref)
            else:
                self.run_line(line, typed_on)

        self.app.push_screen(CommandLine(self._palette_source()), run)

    def go_back(self, *, dismiss: bool) -> None:
        """Go one step back; with `dismiss`, hide the progress of an operation first."""
        if not (dismiss and self.operations.dismiss()):
            self.step_back()

    def step_back(self) -> None:
        """Return to the screen below."""
        self.dismiss(None)
