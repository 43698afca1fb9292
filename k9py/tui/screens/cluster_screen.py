"""What every screen on the cluster has: header, progress, keys, and the actions on the object under the cursor.

Invariants: `target()` is read once when an action begins; from then on the action carries that key, wherever the cursor
goes. On a Service what acts on workloads goes to the one behind it; of several the person chooses. What is not allowed
is greyed out, and says why when its key is pressed all the same.

To add a screen: subclass, `compose_body`, `target`, and `tick` if it shows live data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from k9py.api.errors import KdashError
from k9py.api.kinds import POD, WORKLOAD_KINDS
from k9py.api.meta import ObjectKey
from k9py.cluster.change_feed import Changes
from k9py.operations.target import TargetSnapshot
from k9py.tui import keymap
from k9py.tui.commands import COMMANDS, Command, parse
from k9py.tui.dialogs.command_line import CommandLine
from k9py.tui.dialogs.message import MessageDialog
from k9py.tui.key_bar import KeyBar
from k9py.tui.progress import ProgressStrip
from k9py.tui.screens.aim import Aim, choose_workload
from k9py.tui.screens.disabled_reasons import no_workload_message, workload_disabled_reason
from k9py.tui.sign_in_bar import SignInBar
from k9py.tui.widgets.header_bar import HeaderBar, NoticeBar
from k9py.tui.workers import start_worker

if TYPE_CHECKING:
    from k9py.tui.app import KdashApp

ON_WORKLOADS = frozenset({*keymap.WRITES, "difference"}) - keymap.ON_PODS
"""Actions that go to a workload, on a Service to one behind it."""

ON_OBJECTS = frozenset({*keymap.WRITES, *ON_WORKLOADS, "logs", "previous_logs", "describe", "yaml"})
"""Actions that need an object under the cursor."""

ON_MARKED = frozenset({"scale", "restart"})
"""Actions that take all that is marked, when something is."""


class ClusterScreen(Screen[None]):
    """Base of home, details, logs and texts."""

    BINDINGS: ClassVar[list[BindingType]] = [*keymap.CLUSTER_SCREEN]
    AUTO_FOCUS = ""
    is_log_screen: ClassVar[bool] = False
    """It is about logs: their keys come first in its help."""
    stop_with: ClassVar[str] = "x"
    """What stops several changes that are made one after the other, as the strip of progress says it."""
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-roomy"), (200, "-wide")]  # noqa: RUF012 (as Screen declares it)
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]  # noqa: RUF012

    DEFAULT_CSS = """
    ClusterScreen { background: $background; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.header = HeaderBar(id="header")
        self.notice = NoticeBar(id="notice")
        self.sign_in = SignInBar(id="sign-in")
        self.progress = ProgressStrip(id="progress")
        self._aim: Aim | None = None

    @property
    def kdash(self) -> KdashApp:
        """The app, by its own type."""
        return cast("KdashApp", self.app)

    @property
    def follows_logs(self) -> bool:
        """True while it follows logs itself: home's need not be followed meanwhile."""
        return self.is_log_screen

    def compose(self) -> ComposeResult:
        yield self.header
        yield KeyBar(id="keys")
        yield self.notice
        yield self.sign_in
        yield from self.compose_body()
        yield self.progress

    def compose_body(self) -> ComposeResult:
        """Yield what is between the bars."""
        raise NotImplementedError

    def target(self) -> ObjectKey | None:
        """Return the object the keys act on now."""
        return None

    def pod_target(self) -> ObjectKey | None:
        """Return the pod under the cursor, None when there is none."""
        return None

    def present_aim(self) -> Aim:
        """Return what is under the cursor now, for what is typed before it acts."""
        return Aim(self.target(), self.pod_target())

    @property
    def aimed(self) -> ObjectKey | None:
        """The object an action is meant for: under the cursor now, or when the typing of its command began."""
        return self.target() if self._aim is None else self._aim.target

    @property
    def aimed_pod(self) -> ObjectKey | None:
        """The pod an action is meant for, None when there is none."""
        return self.pod_target() if self._aim is None else self._aim.pod

    def marked(self) -> Mapping[ObjectKey, str]:
        """Return the marked objects with the uid each had when it was marked."""
        return {}

    def tick(self, changes: Changes) -> None:
        """Take in what changed; called at most ten times a second, and only while the screen can be seen."""

    def tick_hidden(self, changes: Changes) -> None:
        """Take in only what others show of this screen, while another covers it; `tick` gets the same changes later."""

    def session_changed(self) -> None:
        """Start anew: there is another cluster, another scope, or none."""

    def on_mount(self) -> None:
        """Say from the start what the header says elsewhere."""
        self.call_later(self.kdash.draw_header)

    # -- what is allowed ----------------------------------------------------------------------------------------------

    def refusal(self, action: str) -> str:
        """Return why an action is not possible now, "" when it is."""
        if action == "all_namespaces" or action == "namespaces":
            return "" if self.kdash.connected else "not connected"
        if action == "stop":
            return "" if self.kdash.operations.running_bulk else "nothing to stop: no further change is waiting"
        if action == "retry":
            return "" if self.kdash.can_retry else "everything is live"
        if action not in ON_OBJECTS:
            return ""
        if action in keymap.ON_PODS:
            return self._pod_refusal()
        if action in ON_MARKED and self.marked():
            return self._read_only
        target = self.aimed
        if target is None or self.kdash.connected is None:
            return "nothing is selected"
        if action in keymap.WRITES and self._read_only:
            return self._read_only
        if action not in ON_WORKLOADS:
            return ""
        behind = self._workloads_at(target)
        if not behind:
            return no_workload_message(target)
        refusals = [workload_disabled_reason(action, one, self.kdash.connected.cluster) for one in behind]
        return "" if "" in refusals else refusals[0]

    def _workloads_at(self, target: ObjectKey) -> tuple[ObjectKey, ...]:
        """Return the workload itself, those behind a Service, or the one a pod belongs to."""
        connected = self.kdash.connected
        if target.kind == "Service" and connected is not None:
            return connected.cluster.queries.backends_of(target)
        if target.kind == POD.name and connected is not None:
            workload = connected.cluster.queries.workload_of(target)
            return () if workload is None else (workload,)
        return (target,) if target.kind in WORKLOAD_KINDS else ()

    @property
    def _read_only(self) -> str:
        return "read-only: kdash was started with --readonly" if self.kdash.options.read_only else ""

    def _pod_refusal(self) -> str:
        if self.aimed_pod is None or self.kdash.connected is None:
            return "no pod is selected: choose one in a list of pods (Enter on a rollout shows them)"
        return self._read_only

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey out what is not possible now; what is only of use without a connection is not there with one."""
        if action == "retry" and not self.kdash.can_retry:
            return False
        return None if self.refusal(action) else super().check_action(action, parameters)

    # -- looking ------------------------------------------------------------------------------------------------------

    def action_logs(self) -> None:
        """Show the logs of everything behind the object."""
        self.keep_cursor(self.aimed)
        self.kdash.open_logs(self.aimed, previous=False)

    def action_previous_logs(self) -> None:
        """Show the logs of the containers that ran before."""
        self.keep_cursor(self.aimed)
        self.kdash.open_logs(self.aimed, previous=True)

    def action_describe(self) -> None:
        """Show facts, findings and events."""
        self.keep_cursor(self.aimed)
        self.kdash.open_describe(self.aimed)

    def action_yaml(self) -> None:
        """Show the object as the server has it."""
        self.keep_cursor(self.aimed)
        self.kdash.open_yaml(self.aimed)

    def action_difference(self) -> None:
        """Show what changed from the revision before to the present one."""
        self.begin_difference()

    def begin_difference(self, *revisions: int) -> None:
        """Show what changed between these revisions, or from one to now; none: from the one before the present one."""
        from k9py.tui.screens.difference import open_difference

        self._act("difference", lambda target: open_difference(self, *revisions, target=target))

    # -- changing -----------------------------------------------------------------------------------------------------

    def action_scale(self) -> None:
        """Ask for a number of replicas."""
        self.begin_scale(None)

    def begin_scale(self, replicas: int | None) -> None:
        """Scale to that number; None asks for it."""
        marked = self.marked()
        if marked and not self.refusal("scale"):
            self.kdash.operations.start("scale", _snapshots(marked), replicas=replicas)
        else:
            self._act("scale", lambda target: self._start("scale", target, replicas=replicas))

    def action_restart(self) -> None:
        """Replace every pod of what is marked, or under the cursor."""
        marked = self.marked()
        if marked and not self.refusal("restart"):
            self.kdash.operations.start("restart", _snapshots(marked))
        else:
            self._act("restart", partial(self._start, "restart"))

    def action_undo(self) -> None:
        """Ask for a revision to go back to."""
        self.begin_undo(None)

    def begin_undo(self, revision: int | None) -> None:
        """Go back to that revision; None asks for it."""
        self._act("undo", lambda target: self._start("undo", target, revision=revision))

    def action_zero(self) -> None:
        """Scale to zero, or back to as many as before."""
        self._act("zero", partial(self._start, "zero"))

    def action_set_image(self) -> None:
        """Ask for images."""
        self.begin_set_image(None)

    def begin_set_image(self, images: Mapping[str, str] | None) -> None:
        """Set images by container ("": the only one); None asks for them."""
        self._act("set_image", lambda target: self._start("set-image", target, images=images))

    def action_pause(self) -> None:
        """Pause the rollout, or resume it."""
        self.begin_pause(None)

    def begin_pause(self, paused: bool | None) -> None:
        """Pause or resume; None: the other of the two."""
        self._act("pause", lambda target: self._start("pause", target, paused=paused))

    def action_delete_pod(self) -> None:
        """Delete the pod under the cursor."""
        pod = self._writable_pod("delete_pod")
        if pod is not None:
            self._start("delete-pod", pod)

    def action_evict(self) -> None:
        """Evict the pod under the cursor."""
        pod = self._writable_pod("evict")
        if pod is not None:
            self._start("evict", pod)

    def action_stop(self) -> None:
        """Begin no further one of several."""
        if self.kdash.operations.running_bulk:
            self.kdash.operations.stop()
        else:
            self.kdash.show_message(self.refusal("stop"), failed=True)

    def _start(self, operation_id: str, target: ObjectKey, **inputs: Any) -> None:
        operations = self.kdash.operations
        operations.start(operation_id, (operations.snapshot(target),), **inputs)

    def _writable_pod(self, action: str) -> ObjectKey | None:
        refusal = self.refusal(action) or self.lost_target_message()
        if refusal:
            self.kdash.show_message(refusal, failed=True)
            return None
        self.keep_cursor(self.aimed_pod)
        return self.aimed_pod

    def _act(self, action: str, do: Callable[[ObjectKey], None]) -> None:
        """Do something to the workload under the cursor, or to the one behind the Service there; of several ask which.

        When it is not possible now, say why.
        """
        refusal, target, connected = (
            self.refusal(action) or self.lost_target_message(),
            self.aimed,
            self.kdash.connected,
        )
        if refusal or target is None or connected is None:
            self.kdash.show_message(refusal or "nothing is selected", failed=True)
            return
        self.keep_cursor(target)
        behind = self._workloads_at(target)
        if len(behind) == 1:
            do(behind[0])
            return
        choose_workload(self.kdash, connected.cluster, action, f"Service {target.name}", behind, do)

    def keep_cursor(self, acted_on: ObjectKey | None) -> None:
        """Keep the cursor on what the person acts on: to act on a row is to choose it."""

    def lost_target_message(self) -> str:
        """Return that the object the person chose went away and nobody chose the present one, "" when that is not so.

        Said once: the same key pressed again means the present one.
        """
        return ""

    # -- where --------------------------------------------------------------------------------------------------------

    def action_namespaces(self) -> None:
        """Choose a namespace."""
        self.kdash.choose_namespace()

    def action_all_namespaces(self) -> None:
        """Show all namespaces."""
        self.kdash.show_namespaces(())

    def action_contexts(self) -> None:
        """Choose another cluster."""
        self.kdash.choose_context()

    # -- program ------------------------------------------------------------------------------------------------------

    def action_retry(self) -> None:
        """Try again now instead of waiting."""
        self.kdash.retry_now()

    def action_help(self) -> None:
        """Show all keys."""
        from k9py.tui.screens.help import HelpScreen, key_groups

        self.app.push_screen(HelpScreen(key_groups(self)))

    def action_back(self) -> None:
        """Take one step back: dismiss how a change stands, else what the screen itself would take back."""
        if not self.kdash.operations.dismiss():
            self.step_back()

    def action_leave(self) -> None:
        """Take one step back; how a change stands stays in sight."""
        self.step_back()

    def step_back(self) -> None:
        """Go back to where we came from."""
        self.dismiss(None)

    def action_command_line(self) -> None:
        """Ask for a command."""

        aim = self.present_aim()

        def run(line: str | None) -> None:
            if line:
                self.run_line(line, aim)

        self.app.push_screen(CommandLine(COMMANDS), run)

    def run_line(self, line: str, aim: Aim | None = None) -> None:
        """Run a command as typed.

        Args:
            aim: what was under the cursor when the typing began; None: what is there now.
        """
        try:
            command, argument = parse(line)
        except KdashError as error:
            self.app.push_screen(MessageDialog.of_error(f":{line}", error))
            return
        self.run_command(command, argument, aim)

    def run_command(self, command: Command, argument: str, aim: Aim | None = None) -> None:
        """Run a command on this screen, on what was under the cursor when its typing began."""

        async def run() -> None:
            self._aim = aim
            try:
                await command.run(self, argument)
            except KdashError as error:
                self.app.push_screen(MessageDialog.of_error(f":{command.name}", error))
            finally:
                self._aim = None

        start_worker(self, run, group="command")


def _snapshots(marked: Mapping[ObjectKey, str]) -> list[TargetSnapshot]:
    return [TargetSnapshot(key, uid) for key, uid in marked.items()]
