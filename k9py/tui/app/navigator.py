"""Opens screens: the one place that knows all of them.

Invariant: a screen is imported when it is opened first, so that the home screen is there sooner.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from textual.app import App
from textual.screen import Screen

from k9py.api.errors import KdashError, RefusedError
from k9py.api.meta import ObjectRef
from k9py.api.resource_type import ResourceType
from k9py.diagnosis.problem import Problem
from k9py.tui.context import AppContext
from k9py.tui.screens.home import HomeScreen

if TYPE_CHECKING:
    from k9py.tui.app.resource_navigator import ResourceNavigator


class ScreenNavigator:
    """Opens screens of an app."""

    def __init__(self, app: App[Any], context: AppContext, home: HomeScreen) -> None:
        self._app = app
        self._context = context
        self._home = home

    @cached_property
    def _resources(self) -> ResourceNavigator:
        from k9py.tui.app.resource_navigator import ResourceNavigator

        return ResourceNavigator(self._app, self._context, self.open_object)

    def open_object(self, key: ObjectRef) -> None:
        """Open an object's own screen; what has none is described. See `resource_navigator` for what opens what."""
        from k9py.tui.screens.containers import ContainersScreen
        from k9py.tui.screens.rollout import RolloutScreen
        from k9py.tui.screens.service import ServiceScreen

        connected = self._context.connected
        is_watched = connected is not None and not key.group and connected.cluster.queries.object(key) is not None
        match key.kind:
            case "Deployment" | "StatefulSet" | "DaemonSet" if is_watched:
                self._app.push_screen(RolloutScreen(self._context, key))
            case "Service" if is_watched:
                self._app.push_screen(ServiceScreen(self._context, key))
            case "Pod" if not key.group:
                self._app.push_screen(ContainersScreen(self._context, key))
            case _ if not self._resources.open_related(key):
                self.open_description(key)

    # -- tables of any type -------------------------------------------------------------------------------------------

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
        from k9py.tui.browse.request import ResourceRequest

        self._resources.list(ResourceRequest(resource_type, namespaces, label_selector, field_selector), select=select)

    def open_owner(self, subject: ObjectRef | None) -> None:
        """Select the object that controls another one, in a table of its type."""
        if subject is not None:
            self._resources.open_owner(subject)

    def open_tree(self, subject: ObjectRef | None) -> None:
        """Show the owners and dependents of an object."""
        from k9py.tui.screens.tree import TreeScreen

        if subject is not None:
            self._app.push_screen(TreeScreen(self._context, subject))

    # -- problems -----------------------------------------------------------------------------------------------------

    def open_problems(self) -> None:
        """List the problems of the cluster; a screen that does is gone back to."""
        from k9py.tui.screens.problems import ProblemsScreen

        if any(isinstance(screen, ProblemsScreen) for screen in self._app.screen_stack):
            while not isinstance(self._app.screen, ProblemsScreen):
                self._app.pop_screen()
        else:
            self._app.push_screen(ProblemsScreen(self._context))

    def open_jobs(self) -> None:
        """List what runs in the background; a screen that does is gone back to, and closed by the same key."""
        from k9py.tui.screens.jobs import JobsScreen

        if isinstance(self._app.screen, JobsScreen):
            self._app.pop_screen()
        elif any(isinstance(screen, JobsScreen) for screen in self._app.screen_stack):
            while not isinstance(self._app.screen, JobsScreen):
                self._app.pop_screen()
        else:
            self._app.push_screen(JobsScreen(self._context))

    def open_chain(self, problem: Problem) -> None:
        """Show what a problem explains, and its evidence."""
        from k9py.tui.screens.problem_chain import ProblemChainScreen

        self._app.push_screen(ProblemChainScreen(self._context, problem))

    def open_timeline(self, subject: ObjectRef | None) -> None:
        """Show what changed: of an object and all that it depends on, or of the whole scope."""
        from k9py.tui.screens.timeline import TimelineScreen

        self._app.push_screen(TimelineScreen(self._context, subject))

    # -- one object ---------------------------------------------------------------------------------------------------

    def open_logs(self, subject: ObjectRef | None, *, previous: bool, full: bool = False, container: str = "") -> None:
        """Show an object's logs on a screen of their own; `full`: the lines alone; `container`: only those of one.

        What home's log is searched for, filtered by and highlighted is taken along.
        """
        from k9py.tui.screens.logs import LogScreen

        if subject is None:
            return
        home = self._home
        queries = home.logs.queries if self._app.screen is home and home.logs.subject == subject else ()
        self._app.push_screen(
            LogScreen(self._context, subject, previous=previous, full=full, queries=queries, container=container)
        )

    def open_description(self, subject: ObjectRef | None) -> None:
        """Describe an object."""
        from k9py.tui.screens.describe import DescribeScreen

        if subject is not None:
            self._app.push_screen(DescribeScreen(self._context, subject))

    def open_yaml(self, subject: ObjectRef | None) -> None:
        """Show an object as YAML."""
        from k9py.tui.screens.yaml import YamlScreen

        if subject is not None:
            self._app.push_screen(YamlScreen(self._context, subject))

    def open_diff(self, workload: ObjectRef, *revisions: int) -> None:
        """Show what changed between two revisions, between one and now, or since the previous one.

        Args:
            workload: A Deployment, StatefulSet or DaemonSet.
            revisions: At most two numbers.
        """
        from k9py.tui.screens.difference import DifferenceScreen, compared_sides

        connected = self._context.connected
        try:
            if connected is None:
                raise RefusedError("not connected", "wait until the cluster is back")
            older, newer = compared_sides(connected.cluster.queries, workload, *revisions)
        except KdashError as error:
            self._context.show_error("Diff", error)
            return
        self._app.push_screen(DifferenceScreen(self._context, workload, older, newer, is_chosen=bool(revisions)))

    def open_help(self, screen: Screen[Any]) -> None:
        """List the keys of a screen."""
        from k9py.tui.screens.help import HelpScreen, key_groups

        self._app.push_screen(HelpScreen(key_groups(screen)))
