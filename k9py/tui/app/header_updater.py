"""Keeps the bars at the top of every screen in step: context, health, counts, notices, sign-in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from k9py.tui.context import AppContext
from k9py.tui.header import header_segments, notice_segments
from k9py.tui.screens.cluster_screen import ClusterScreen
from k9py.tui.screens.home import HomeScreen
from k9py.views.background_jobs import job_counts
from k9py.views.values import Tone


class HeaderApp(AppContext, Protocol):
    """The app, as this sees it."""

    def cluster_screens(self) -> Sequence[ClusterScreen]:
        """Return the screens on the cluster."""
        ...


class HeaderUpdater:
    """Fills the bars of all screens on the cluster.

    Args:
        app: Its session and screens.
        home: What counts services and rollouts.
    """

    def __init__(self, app: HeaderApp, home: HomeScreen) -> None:
        self._app = app
        self._home = home
        self._second = -1
        self._counts: tuple[Mapping[Tone, int], int, int] = ({}, -1, -1)
        self._could_retry = False

    def invalidate(self) -> None:
        """Fill them again with the next tick."""
        self._second = -1

    def is_outdated(self) -> bool:
        """Return whether a second or the counts have changed: rows are made in slices, after the change they show."""
        second = int(self._app.options.clock.monotonic())
        counts = (dict(self._home.counts), self._app.problems.version, self._app.jobs.revision)
        if second == self._second and counts == self._counts:
            return False
        self._second, self._counts = second, counts
        return True

    def refresh(self) -> None:
        """Fill the bars of every screen."""
        app = self._app
        could_retry, self._could_retry = self._could_retry, app.can_retry
        if could_retry is not self._could_retry:
            for screen in app.cluster_screens():
                screen.refresh_bindings()
        segments = header_segments(
            app.session.state,
            app.context_name,
            self._home.counts,
            app.options.clock.now(),
            read_only=app.options.read_only,
            is_replay=app.options.is_replay,
            embedded=app.options.embedded,
            problems=app.problems,
            jobs=job_counts(app.jobs.running, app.jobs.unseen_failures),
        )
        notices = notice_segments(app.session.state)
        sign_in = app.session.sign_in if app.connected is not None else None
        for screen in app.cluster_screens():
            screen.header.set_segments(segments)
            screen.notice.set_notices(notices)
            screen.sign_in.show(sign_in)
