"""The dashboard app: it owns the session, the home screen, the tick that pulls what changed, and the messages.

Invariants: the first frame is painted before the Kubernetes client is imported; nothing is pushed to the screen, the
tick pulls (ten times a second at most); a lost cluster is a state on the screen, never an exit.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.console import RenderableType
from textual import events
from textual.binding import BindingType
from textual.screen import Screen
from textual.worker import Worker

from k9py.actions.action import ActionScope
from k9py.api.errors import ConfigError, KdashError
from k9py.api.meta import ObjectRef
from k9py.cluster.health import ClusterState
from k9py.config.forward_settings import KEYS as FORWARD_KEYS
from k9py.config.terminal import redraws_per_second
from k9py.runtime.background_jobs import BackgroundJobs
from k9py.tui.app.answered_keys import AnsweredKeys
from k9py.tui.app.cluster_chooser import ClusterScopeChooser
from k9py.tui.app.crash import CrashReport
from k9py.tui.app.header_updater import HeaderUpdater
from k9py.tui.app.messages import TransientMessages
from k9py.tui.app.navigator import ScreenNavigator
from k9py.tui.app.preloading import preload
from k9py.tui.app.ticker import ScreenTicker
from k9py.tui.bindings import bindings
from k9py.tui.dialogs.message import MessageDialog
from k9py.tui.dialogs.quit import QuitDialog, ask_to_quit
from k9py.tui.operations import Operations
from k9py.tui.options import AppOptions
from k9py.tui.palette.history import PaletteHistory
from k9py.tui.palettes import THEMES
from k9py.tui.problems import ShownProblems
from k9py.tui.remote.control import RemoteControl
from k9py.tui.remote.forward_control import ForwardControl
from k9py.tui.screens.cluster_screen import ClusterScreen
from k9py.tui.screens.home import HomeScreen
from k9py.tui.session import Connected, ReconnectingSession, SessionState, Unreachable
from k9py.tui.terminal.notification import notification_sequence
from k9py.tui.theme import ThemedApp
from k9py.tui.widgets.line_view import LineViewOptions
from k9py.tui.workers import start_worker
from k9py.views.background_jobs import ended_notice, losses, standstill_notice


class KdashApp(CrashReport[int], AnsweredKeys[int], TransientMessages[int], ThemedApp[int]):
    """`kdash`: the `AppContext` of its screens. Returns the process's exit code."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(ActionScope.APP)
    ENABLE_COMMAND_PALETTE = False
    TITLE = "kdash"

    CSS = """
    Toast { background: $panel; border-left: outer $primary; }
    Toast.-error { border-left: outer $error; }
    Button { background: $panel; }
    .-monochrome Pane:focus-within { border: heavy $border; }
    .-monochrome .-narrow Pane:focus-within, .-monochrome .-short Pane:focus-within { border: none; }
    Button:focus { background: $primary; color: $background; text-style: bold; }
    """

    def __init__(self, options: AppOptions) -> None:
        super().__init__(theme=options.theme, monochrome=options.monochrome)
        self.use_actions(options.actions)
        self.options = options
        self.line_view_options = LineViewOptions(
            redraws_per_second=options.redraws_per_second, can_paint=self.can_paint
        )
        self.session = self._new_session()
        self.operations = Operations(self, self)
        self.clusters = ClusterScopeChooser(
            self,
            self,
            set_options=self._set_options,
            connect=self._connect_again,
            leave=self._leave_cluster,
            on_scope_changed=self._scope_changed,
        )
        self.problems = ShownProblems(
            options.clock,
            options.triage_of,
            config_path=options.config_path,
            on_fault=lambda fault: self.show_message(fault, failed=True, stays=True),
            start=lambda work: start_worker(self, work, group="config"),
        )
        self.jobs = BackgroundJobs()
        self.exit_notice = ""
        """What the shell is to show after the end, "" for nothing."""
        self.forwards = ForwardControl(self, self)
        self.remote = RemoteControl(self, self)
        self.palette_history = PaletteHistory()
        self.home = HomeScreen(self)
        self.navigator = ScreenNavigator(self, self, self.home)
        self._header = HeaderUpdater(self, self.home)
        self._ticker = ScreenTicker()
        self._session_worker: Worker[None] | None = None
        self._has_preloaded = False

    @property
    def connected(self) -> Connected | None:
        """The cluster that is shown, None while there is none."""
        return self.session.connected

    @property
    def context_name(self) -> str:
        """Name of the context, "" while only the kubeconfig knows it."""
        connected = self.connected
        return connected.connection.info.context if connected else self.options.connect.context or ""

    def cluster_screens(self) -> list[ClusterScreen]:
        """Return the screens on the cluster, home first."""
        return [screen for screen in self.screen_stack if isinstance(screen, ClusterScreen)]

    # -- life ---------------------------------------------------------------------------------------------------------

    def get_default_screen(self) -> Screen[None]:
        return self.home

    def on_mount(self) -> None:
        """Start the tick; connect once the first frame is painted."""
        self.set_class(self.monochrome, "-monochrome")
        rate = self.options.redraws_per_second or redraws_per_second(os.environ)
        self.set_interval(1.0 / rate, self._tick)
        self.refresh_header()
        self.call_after_refresh(self._start_session)

    async def on_unmount(self) -> None:
        """Stop what runs in the background, remove what was created for debugging; complete the audit lines."""
        await self.jobs.stop_all()
        await self.remote.close()
        await self.operations.close()

    def _new_session(self) -> ReconnectingSession:
        return ReconnectingSession(self.options, self._session_changed, self._sign_in_changed)

    def _start_session(self) -> None:
        if self._exit:  # left before the first frame
            return
        if self._session_worker is not None:
            self._session_worker.cancel()
        self.session = self._new_session()
        self._session_changed(self.session.state)
        self._session_worker = start_worker(self, self.session.run, group="session", exclusive=True)

    def _session_changed(self, state: SessionState) -> None:
        if state is not self.session.state:
            return
        self._ticker.clear()
        for screen in self.cluster_screens():
            screen.session_changed()
            screen.refresh_bindings()
        self.refresh_header()

    def _sign_in_changed(self) -> None:
        """Show the output of a credential plugin with the next tick: it may print a lot at once."""
        self._header.invalidate()

    # -- another cluster, or another part of it -----------------------------------------------------------------------

    def _set_options(self, options: AppOptions) -> None:
        self.options = self.session.options = options

    def _leave_cluster(self, leave: Callable[[], None]) -> None:
        """Leave the cluster; ask first where something would be lost with it."""
        if not (lost := losses(self.jobs.running)):
            leave()
            return
        from k9py.tui.dialogs.losses import LossesDialog

        def leave_if(is_sure: bool | None) -> None:
            if is_sure:
                leave()

        note = "They end with the connection to this cluster."
        self.push_screen(LossesDialog("Leave this cluster?", lost, verb="Leave", note=note), leave_if)

    def _connect_again(self) -> None:
        start_worker(self, self.jobs.take_all().stop_all, group="jobs")
        self.operations.forget()
        self._pop_to_home()
        self._start_session()

    def _scope_changed(self) -> None:
        """Close the screens of single objects: they may not be in the scope any more."""
        while len(self.screen_stack) > 1 and not getattr(self.screen, "follows_scope", False):
            self.pop_screen()
        self._session_changed(self.session.state)

    def _pop_to_home(self) -> None:
        while len(self.screen_stack) > 1:
            self.pop_screen()

    # -- the tick -----------------------------------------------------------------------------------------------------

    def _tick(self) -> None:
        if not self.is_running:
            return  # the app is closing: its screens lose their widgets one by one
        connected = self.connected
        cluster = None if connected is None else connected.cluster
        self.problems.update(cluster)
        changes = self._ticker.tick(self.screen_stack, cluster)
        if connected is not None and not self._has_preloaded and connected.cluster.health.state is ClusterState.LIVE:
            self._has_preloaded = True
            start_worker(self, preload, group="preload")
        is_outdated = self._header.is_outdated()
        if changes or is_outdated:
            self.refresh_header()

    def refresh_header(self) -> None:
        """Bring the header of every screen up to date."""
        self._header.refresh()
        self.show_progress()

    def show_progress(self) -> None:
        """Show on every screen the progress of this session's operations."""
        self.home.show_changes_under_way(self.operations.acting)
        latest, others = self.operations.latest
        can_stop = latest is not None and self.operations.can_stop_after(latest.key)
        for screen in self.cluster_screens():
            if screen.progress.is_mounted:
                screen.progress.show(latest, others, stop_with=screen.stop_key if can_stop else "")

    # -- the connection -----------------------------------------------------------------------------------------------

    @property
    def can_retry(self) -> bool:
        """Whether something waits that could be tried again now."""
        match self.session.state:
            case Connected(cluster=cluster):
                health = cluster.health
                return health.state not in (ClusterState.LIVE, ClusterState.PARTIAL) or bool(
                    health.stale_optional_kinds
                )
            case state:
                return isinstance(state, Unreachable)

    def retry_connection(self) -> None:
        """Connect again now, or restart every watch that is not live."""
        match self.session.state:
            case Connected(connection=connection, cluster=cluster):
                connection.retry_now()
                cluster.retry_now()
                self.show_message("retrying now")
            case _:
                self.session.retry()

    # -- messages -----------------------------------------------------------------------------------------------------

    def notify_terminal(self, text: str) -> None:
        """Ring the bell or show a notification, depending on the options."""
        sequence = notification_sequence(text, self.options.notify)
        if sequence and self._driver is not None and not self._closed:
            self._driver.write(sequence)
            self._driver.flush()

    def show_error(self, title: str, error: KdashError) -> None:
        """Show an error with its hint in a dialog."""
        self.push_screen(MessageDialog.of_error(title, error))

    def clear_marks(self, keys: Sequence[ObjectRef]) -> None:
        """Unmark what is being changed now."""
        for screen in self.cluster_screens():
            screen.clear_marks(keys)

    # -- keys ---------------------------------------------------------------------------------------------------------

    def on_key(self, event: events.Key) -> None:
        """Start the forward of the config file that has a function key."""
        if event.key in FORWARD_KEYS and isinstance(self.screen, ClusterScreen):
            self.forwards.start_by_key(event.key)

    def show_theme(self, name: str) -> None:
        """Use a theme; "": the next one.

        Raises:
            ConfigError: There is no such theme.
        """
        names = list(THEMES)
        if name and name not in THEMES:
            raise ConfigError(f'unknown theme "{name}"', f"Available: {', '.join(names)}.")
        current = next((known for known, theme in THEMES.items() if theme.name == self.theme), names[-1])
        self.theme = THEMES[name or names[(names.index(current) + 1) % len(names)]].name

    def exit(self, result: int | None = None, return_code: int = 0, message: RenderableType | None = None) -> None:
        """Quit, and note first which forwards end."""
        self.exit_notice = self.exit_notice or ended_notice(self.jobs.running)
        super().exit(result, return_code, message)

    async def action_quit(self) -> None:
        """Quit kdash; ask first where something would be lost. The same key quits while that is asked."""
        lost = [] if isinstance(self.screen, QuitDialog) else losses(self.jobs.running)
        if lost:
            ask_to_quit(self, lost)
        else:
            self.exit(0)

    @property
    def stop_notice(self) -> str:
        """Which jobs stand still while the process is stopped."""
        return standstill_notice(self.jobs.running)

    def action_quit_now(self) -> None:
        """Quit kdash, whatever runs."""
        self.exit(0)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disable what has nothing to act on: its key is free for the screen then."""
        if action == "cancel_sign_in" and self.session.sign_in is None:
            return None
        return super().check_action(action, parameters)

    def action_cancel_sign_in(self) -> None:
        """Cancel the credential plugin that waits for the user."""
        if self.session.sign_in is None:
            self.show_message("no sign-in is waiting", failed=True)
        else:
            self.session.sign_in.cancel()

    def action_redraw(self) -> None:
        """Redraw the screen."""
        self.forget_screen()
        self.refresh(layout=True)
