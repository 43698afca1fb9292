"""The dashboard as one app: the session, the tick that pulls what changed, and the ways between screens.

Invariants: the first frame is painted before the Kubernetes client is imported; nothing is pushed to the screen, the
tick pulls (ten times a second at most); a lost cluster is a state on the screen, never an exit.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import ClassVar, Final

from textual.binding import BindingType
from textual.command import Provider
from textual.screen import Screen
from textual.worker import Worker

from k9py.api.errors import ConfigError, KdashError
from k9py.api.meta import ObjectKey
from k9py.cluster.change_feed import Changes
from k9py.cluster.health import ClusterState
from k9py.config.terminal import redraws_per_second
from k9py.kube.kubeconfig import list_contexts
from k9py.tui import keymap
from k9py.tui.answered_keys import AnsweredKeys
from k9py.tui.commands import CommandProvider
from k9py.tui.crash import CrashReport
from k9py.tui.dialogs.choose import ChoiceItem, ChooseDialog
from k9py.tui.dialogs.message import MessageDialog
from k9py.tui.header import header_segments, notice_segments
from k9py.tui.options import AppOptions
from k9py.tui.palettes import THEMES
from k9py.tui.screens.cluster_screen import ClusterScreen
from k9py.tui.screens.home import HomeScreen
from k9py.tui.session import Connected, Session, SessionState, Unreachable, options_for_context
from k9py.tui.terminal.notification import notification_sequence
from k9py.tui.theme import ThemedApp
from k9py.tui.widgets.line_view import LineViewOptions
from k9py.tui.workers import start_worker
from k9py.tui.writing import Writing
from k9py.views.values import Tone

STAYS_SECONDS: Final = 10.0
"""How long a message stands that no key takes away."""


class KdashApp(CrashReport[int], AnsweredKeys[int], ThemedApp[int]):
    """`kdash`. Returns the process's exit code."""

    BINDINGS: ClassVar[list[BindingType]] = [*keymap.APP]
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {CommandProvider}
    ENABLE_COMMAND_PALETTE = True
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
        self.options = options
        self.line_view_options = LineViewOptions(
            redraws_per_second=options.redraws_per_second, can_paint=self.can_paint
        )
        self.session = Session(options, self._session_changed, self._sign_in_changed)
        self.writing = Writing(self)
        self.home = HomeScreen(self)
        self._session_worker: Worker[None] | None = None
        self._pending: dict[ClusterScreen, Changes] = {}
        self._second = -1
        self._toast_stays = False
        self._drawn_counts: Mapping[Tone, int] = {}
        self._could_retry = False

    @property
    def connected(self) -> Connected | None:
        """The cluster that is shown, None while there is none."""
        return self.session.connected

    @property
    def context(self) -> str:
        """Name of the context, "" while only the kubeconfig knows it."""
        connected = self.connected
        return connected.connection.info.context if connected else self.options.connect.context or ""

    # -- life ---------------------------------------------------------------------------------------------------------

    def get_default_screen(self) -> Screen[None]:
        return self.home

    def on_mount(self) -> None:
        """Begin to pull; connect once the first frame is painted."""
        self.set_class(self.monochrome, "-monochrome")
        rate = self.options.redraws_per_second or redraws_per_second(os.environ)
        self.set_interval(1.0 / rate, self._tick)
        self.draw_header()
        self.call_after_refresh(self._start_session)

    async def on_unmount(self) -> None:
        """Write down what is not followed any longer."""
        await self.writing.close()

    def _start_session(self) -> None:
        if self._exit:  # left before the first frame
            return
        if self._session_worker is not None:
            self._session_worker.cancel()
        self.session = Session(self.options, self._session_changed, self._sign_in_changed)
        self._session_changed(self.session.state)
        self._session_worker = start_worker(self, self.session.run, group="session", exclusive=True)

    def _session_changed(self, state: SessionState) -> None:
        if state is not self.session.state:
            return
        self._pending.clear()
        for screen in self._cluster_screens():
            screen.session_changed()
            screen.refresh_bindings()
        self.draw_header()

    def _sign_in_changed(self) -> None:
        """Show with the next tick what a credential plugin says: it may say much at once."""
        self._second = -1

    def _cluster_screens(self) -> list[ClusterScreen]:
        return [screen for screen in self.screen_stack if isinstance(screen, ClusterScreen)]

    # -- the tick -----------------------------------------------------------------------------------------------------

    def _tick(self) -> None:
        if not self.is_running:
            return  # the app is closing: its screens lose their widgets one by one
        connected = self.connected
        changes = connected.cluster.feed.drain() if connected is not None else Changes()
        visible = True
        for screen in reversed(self.screen_stack):
            if isinstance(screen, ClusterScreen):
                waiting = merge_changes(self._pending.pop(screen, None), changes)
                if visible and screen.is_mounted:
                    screen.tick(waiting)
                else:
                    if screen.is_mounted:
                        screen.tick_hidden(changes)
                    if waiting:
                        self._pending[screen] = waiting
            visible = visible and screen.is_modal
        second = int(self.options.clock.monotonic())
        counts = dict(self.home.counts)  # rows are made in slices, after the change that asked for them
        if changes or second != self._second or counts != self._drawn_counts:
            self._second, self._drawn_counts = second, counts
            self.draw_header()

    @property
    def can_retry(self) -> bool:
        """Tell whether something waits that could be tried again now."""
        match self.session.state:
            case Connected(cluster=cluster):
                health = cluster.health
                return health.state not in (ClusterState.LIVE, ClusterState.PARTIAL) or bool(
                    health.stale_optional_kinds
                )
            case state:
                return isinstance(state, Unreachable)

    def retry_now(self) -> None:
        """Try again now whatever waits: to connect, or every watch that is not live."""
        match self.session.state:
            case Connected(connection=connection, cluster=cluster):
                connection.retry_now()
                cluster.retry_now()
                self.show_message("trying again now")
            case _:
                self.session.retry()

    def draw_header(self) -> None:
        """Bring every header in step."""
        could_retry, self._could_retry = self._could_retry, self.can_retry
        if could_retry is not self._could_retry:
            for screen in self._cluster_screens():
                screen.refresh_bindings()
        segments = header_segments(
            self.session.state,
            self.context,
            self.home.counts,
            self.options.clock.now(),
            read_only=self.options.read_only,
            demo=self.options.demo,
        )
        notice = notice_segments(self.session.state)
        sign_in = self.session.sign_in if self.connected is not None else None
        for screen in self._cluster_screens():
            screen.header.set_segments(segments)
            screen.notice.set_notices(notice)
            screen.sign_in.show(sign_in)
        self.show_progress()

    def show_progress(self) -> None:
        """Say on every screen how the changes of this session fare."""
        self.home.show_changes_under_way(self.writing.board.acting)
        followed, more = self.writing.latest
        can_stop = followed is not None and self.writing.can_stop_after(followed.key)
        for screen in self._cluster_screens():
            if screen.progress.is_mounted:
                screen.progress.show(followed, more, stop_with=screen.stop_with if can_stop else "")

    # -- ways ---------------------------------------------------------------------------------------------------------

    def open_logs(self, subject: ObjectKey | None, *, previous: bool, full: bool = False) -> None:
        """Show an object's logs on a screen of their own; `full`: the lines alone.

        What home's log is searched for, filtered by and highlighted goes with it.
        """
        from k9py.tui.screens.logs import LogScreen

        if subject is not None:
            seen = self.home.logs
            texts = seen.queries if self.screen is self.home and seen.subject == subject else ()
            self.push_screen(LogScreen(self, subject, previous=previous, full=full, texts=texts))

    def open_describe(self, subject: ObjectKey | None) -> None:
        """Show an object's facts, findings and events."""
        from k9py.tui.screens.text import DescribeScreen

        if subject is not None:
            self.push_screen(DescribeScreen(self, subject))

    def open_yaml(self, subject: ObjectKey | None) -> None:
        """Show an object as the server has it."""
        from k9py.tui.screens.text import YamlScreen

        if subject is not None:
            self.push_screen(YamlScreen(self, subject))

    def open_object(self, key: ObjectKey) -> None:
        """Show an object's own screen."""
        from k9py.tui.screens.rollout import RolloutScreen
        from k9py.tui.screens.service import ServiceScreen

        match key.kind:
            case "Deployment" | "StatefulSet" | "DaemonSet":
                self.push_screen(RolloutScreen(self, key))
            case "Service":
                self.push_screen(ServiceScreen(self, key))
            case _:
                self.open_describe(key)

    def show_message(self, text: str, *, failed: bool = False, stays: bool = False) -> None:
        """Say something for a moment, or until the next key: it answers the key before.

        Args:
            stays: It answers no key and is not to be missed: a key does not take it away.
        """
        self._toast_stays |= stays
        timeout = STAYS_SECONDS if stays else 4
        self.notify(text, severity="error" if failed else "information", markup=False, timeout=timeout)
        if stays:
            self.set_timer(STAYS_SECONDS, self._let_toasts_go)

    def _let_toasts_go(self) -> None:
        self._toast_stays = False

    def before_key(self) -> None:
        """Take away what was said of the key before: on the next screen or dialog it would be read as being of that."""
        if len(self._notifications) and not self._toast_stays:
            self.clear_notifications()

    def notify_terminal(self, text: str) -> None:
        """Tell the terminal that something has come to its end, in the way the options say."""
        said = notification_sequence(text, self.options.notify)
        if said and self._driver is not None and not self._closed:
            self._driver.write(said)
            self._driver.flush()

    def clear_marks(self) -> None:
        """What was marked is being changed: the marks have served."""
        self.home.clear_marks()

    def show_error(self, title: str, error: KdashError) -> None:
        """Tell of a failure with its hint."""
        self.push_screen(MessageDialog.of_error(title, error))

    # -- where --------------------------------------------------------------------------------------------------------

    def show_namespaces(self, names: tuple[str, ...]) -> None:
        """Show these namespaces; none: all of them."""
        connected = self.connected
        if connected is None:
            self.show_message("not connected", failed=True)
            return
        self.options = replace(self.options, namespaces=names)
        self.session.options = self.options
        start_worker(self, partial(self._rescope, connected, names), group="scope", exclusive=True)

    async def _rescope(self, connected: Connected, names: tuple[str, ...]) -> None:
        from k9py.cluster.scope import choose_scope

        connection, cluster = connected.connection, connected.cluster
        choice = await choose_scope(connection, names, context_namespace=connection.info.namespace)
        await cluster.set_scope(choice.scope, choice.notice)
        self.pop_to_home()
        self._session_changed(self.session.state)

    def pop_to_home(self) -> None:
        """Leave every screen above home."""
        while len(self.screen_stack) > 1:
            self.pop_screen()

    def choose_namespace(self) -> None:
        """Ask which namespace to show."""
        connected = self.connected
        if connected is None:
            self.show_message("not connected", failed=True)
            return
        scope = connected.cluster.scope
        names = sorted(one.name for one in connected.cluster.stores.namespaces.values())
        choices = [ChoiceItem("", "all namespaces"), *[ChoiceItem(name, name) for name in names]]
        current = "" if scope.is_cluster else scope.namespaces[0]

        def chosen(name: str | None) -> None:
            if name is not None:
                self.show_namespaces((name,) if name else ())

        self.push_screen(ChooseDialog("Namespace", choices, current=current, free=True), chosen)

    def choose_context(self) -> None:
        """Ask which cluster to show."""
        try:
            entries = list_contexts(self.options.connect.kubeconfig)
        except ConfigError as error:
            self.show_error("Contexts", error)
            return
        choices = [ChoiceItem(one.name, one.name, f"{one.cluster} · {one.namespace}") for one in entries]
        current = self.context or next((one.name for one in entries if one.is_current), None)

        def chosen(name: str | None) -> None:
            if name is not None:
                self.show_context(name)

        self.push_screen(ChooseDialog("Context", choices, current=current), chosen)

    def show_context(self, name: str) -> None:
        """Connect to another cluster; choosing the present one connects anew.

        Raises:
            ConfigError: there is no such context; what is shown stays.
        """
        known = [one.name for one in list_contexts(self.options.connect.kubeconfig)]
        if name not in known:
            raise ConfigError(f"there is no context named {name}", f"there are: {', '.join(known)}")
        self.options = options_for_context(self.options, name)
        self.writing.forget()
        self.pop_to_home()
        self._start_session()

    def show_theme(self, name: str) -> None:
        """Choose a theme by its name; "" takes the next one."""
        names = list(THEMES)
        if name and name not in THEMES:
            raise ConfigError(f"no theme {name!r}", f"themes: {', '.join(names)}")
        present = next((known for known, theme in THEMES.items() if theme.name == self.theme), names[-1])
        self.theme = THEMES[name or names[(names.index(present) + 1) % len(names)]].name

    # -- keys ---------------------------------------------------------------------------------------------------------

    async def action_quit(self) -> None:
        """Leave kdash."""
        self.exit(0)

    def action_cancel_sign_in(self) -> None:
        """Cancel the credential plugin that waits for the person."""
        if self.session.sign_in is None:
            self.show_message("no sign-in is waiting", failed=True)
        else:
            self.session.sign_in.cancel()

    def action_redraw(self) -> None:
        """Draw the whole screen anew."""
        self.forget_screen()
        self.refresh(layout=True)


def merge_changes(first: Changes | None, second: Changes) -> Changes:
    """Return what changed in both."""
    if not first:
        return second
    if not second:
        return first
    return Changes(
        services=first.services | second.services,
        rollouts=first.rollouts | second.rollouts,
        pods=first.pods | second.pods,
        kinds=first.kinds | second.kinds,
        health=first.health or second.health,
        everything=first.everything or second.everything,
    )
