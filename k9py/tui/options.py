"""What the dashboard is started with, as one value, and how it connects.

Invariant: importing this imports neither kubernetes_asyncio nor aiohttp: the connector is called after the first paint.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from k9py.actions.registry import BUILT_IN, ActionRegistry
from k9py.config.log_buffer import DEFAULT_BYTES
from k9py.config.table_state import TableState
from k9py.config.terminal import Clipboard, NotificationMode
from k9py.kube.options import ConnectOptions
from k9py.operations.registry import OperationRegistry, built_in_operations
from k9py.runtime.clock import Clock, SystemClock

if TYPE_CHECKING:
    from k9py.cluster.change_history import HistoryEntry
    from k9py.cluster.cluster import Cluster
    from k9py.kube.connection import Connection
    from k9py.resources.registry import ResourceRegistry
    from k9py.tui.problems import TriageSource

Connector = Callable[[ConnectOptions], Awaitable["Connection"]]
"""Connects to the cluster the options name. Raises KdashError."""


async def connect_lazily(options: ConnectOptions) -> Connection:
    """Connect; the client is imported only now."""
    from k9py.kube.connect import connect

    return await connect(options)


def triage_of(cluster: Cluster) -> TriageSource:
    """Return what finds the problems of a cluster."""
    return cluster.triage


def load_resources() -> ResourceRegistry:
    """Return the descriptors of kdash; they are imported only now."""
    from k9py.resources.registry import built_in_resources

    return built_in_resources()


@dataclass(frozen=True, slots=True)
class AppOptions:
    """How to start the dashboard.

    Args:
        connect: which cluster.
        connector: makes the connection; tests and the demo may bring their own.
        namespaces: those named with -n; empty means the context's.
        all_namespaces: -A: the whole cluster, whatever namespace the context has.
        read_only: every write is refused, below the user interface.
        audit_path: file of the audit lines; None writes none.
        is_replay: the cluster is a recording: its time stands still, nothing can be changed.
        embedded: what the header shows of a cluster in this process (`demo shop`), "" for a real one.
        monochrome: draw without colour; None asks the environment.
        theme: the first theme, one of `palettes.THEMES`.
        redraws_per_second: upper limit for redraws of live panes; None: 10, or 4 over SSH.
        notify: how the terminal is notified that an operation has ended.
        log_directory: where logs are saved; None refuses to.
        log_buffer: bytes of lines a log keeps.
        clipboard: whether the terminal takes copies.
        table_state: keeps the columns that were chosen.
        draft_directory: where texts are kept while they are edited; None refuses to edit.
        config_path: of the config file; None reads none.
        environ: the environment variables that choose an editor.
        clock: time, injected.
        history: what was watched to change before, of a replayed capsule.
        actions, operations: what can be done.
        resources: returns the types with columns of their own; called when the first table of such a type is opened.
        triage_of: returns what finds the problems of a cluster.
    """

    connect: ConnectOptions = field(default_factory=ConnectOptions)
    connector: Connector = connect_lazily
    namespaces: tuple[str, ...] = ()
    all_namespaces: bool = False
    read_only: bool = False
    audit_path: Path | None = None
    is_replay: bool = False
    embedded: str = ""
    monochrome: bool | None = None
    theme: str = "dark"
    redraws_per_second: float | None = None
    notify: NotificationMode = field(default_factory=NotificationMode)
    log_directory: Path | None = None
    log_buffer: int = DEFAULT_BYTES
    clipboard: Clipboard = field(default_factory=Clipboard)
    table_state: TableState = field(default_factory=TableState)
    draft_directory: Path | None = None
    config_path: Path | None = None
    environ: Mapping[str, str] = field(default_factory=dict)
    clock: Clock = field(default_factory=SystemClock)
    history: tuple[HistoryEntry, ...] = ()
    actions: ActionRegistry = BUILT_IN
    operations: OperationRegistry = field(default_factory=built_in_operations)
    resources: Callable[[], ResourceRegistry] = load_resources
    triage_of: Callable[[Cluster], TriageSource] = triage_of
