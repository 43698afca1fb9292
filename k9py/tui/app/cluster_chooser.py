"""Chooses what part of which cluster is shown: namespaces and contexts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from textual.app import App

from k9py.api.errors import ConfigError
from k9py.kube.kubeconfig import list_contexts
from k9py.tui.context import AppContext
from k9py.tui.dialogs.choose import ChooseDialog
from k9py.tui.dialogs.filtered_list import ChoiceItem
from k9py.tui.options import AppOptions
from k9py.tui.session import Connected, options_for_context
from k9py.tui.workers import start_worker


class ClusterScopeChooser:
    """Asks for a namespace or context, and shows what was chosen.

    Args:
        app: Shows the dialogs.
        context: Its options and session.
        set_options: Takes the options of the choice.
        connect: Connects to what the options name.
        leave: Calls a function, after asking where something would be lost with the cluster that is left.
        on_scope_changed: Called when other namespaces are watched.
    """

    def __init__(
        self,
        app: App[Any],
        context: AppContext,
        *,
        set_options: Callable[[AppOptions], None],
        connect: Callable[[], None],
        leave: Callable[[Callable[[], None]], None],
        on_scope_changed: Callable[[], None],
    ) -> None:
        self._app = app
        self._context = context
        self._set_options = set_options
        self._connect = connect
        self._leave = leave
        self._on_scope_changed = on_scope_changed

    def show_namespaces(self, names: tuple[str, ...]) -> None:
        """Show these namespaces; none: all of them."""
        connected = self._context.connected
        if connected is None:
            self._context.show_message("not connected", failed=True)
            return
        self._set_options(replace(self._context.options, namespaces=names))
        start_worker(self._app, partial(self._change_scope, connected, names), group="scope", exclusive=True)

    async def _change_scope(self, connected: Connected, names: tuple[str, ...]) -> None:
        from k9py.cluster.scope import choose_scope  # imports the client: only once there is a connection

        connection, cluster = connected.connection, connected.cluster
        choice = await choose_scope(connection, names, context_namespace=connection.info.namespace)
        await cluster.set_scope(choice.scope, choice.notice)
        self._on_scope_changed()

    def choose_namespace(self) -> None:
        """Ask for a namespace."""
        from k9py.tui.dialogs.check import CheckDialog  # only when it is opened

        connected = self._context.connected
        if connected is None:
            self._context.show_message("not connected", failed=True)
            return
        scope = connected.cluster.scope
        names = sorted(namespace.name for namespace in connected.cluster.stores.namespaces.values())
        items = [ChoiceItem("", "all namespaces"), *[ChoiceItem(name, name) for name in names]]
        current = "" if scope.is_cluster else scope.namespaces[0]
        checked = scope.namespaces if len(scope.namespaces) > 1 else ()

        def chosen(names: tuple[str, ...] | None) -> None:
            if names is not None:
                self.show_namespaces(() if "" in names else names)

        dialog = CheckDialog("Namespaces", items, checked=checked, current=current, or_current=True, free=True)
        self._app.push_screen(dialog, chosen)

    def choose_context(self) -> None:
        """Ask for a context."""
        try:
            entries = list_contexts(self._context.options.connect.kubeconfig)
        except ConfigError as error:
            self._context.show_error("Contexts", error)
            return
        items = [ChoiceItem(entry.name, entry.name, f"{entry.cluster} · {entry.namespace}") for entry in entries]
        current = self._context.context_name or next((entry.name for entry in entries if entry.is_current), None)

        def chosen(name: str | None) -> None:
            if name is not None:
                self.show_context(name)

        self._app.push_screen(ChooseDialog("Context", items, current=current), chosen)

    def show_context(self, name: str) -> None:
        """Connect to the cluster of a context; the current one is connected to again.

        Raises:
            ConfigError: There is no such context; what is shown stays.
        """
        options = self._context.options
        known = [entry.name for entry in list_contexts(options.connect.kubeconfig)]
        if name not in known:
            raise ConfigError(f'context "{name}" not found', f"Available: {', '.join(known)}.")

        def connect() -> None:
            self._set_options(options_for_context(self._context.options, name))
            self._connect()

        self._leave(connect)
