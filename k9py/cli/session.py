"""One run of a subcommand: its arguments, streams, clock and connection.

Invariant: a connection opened here is closed here. Only `run` turns errors into a clear line and an exit code.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from k9py import session
from k9py.api.errors import KdashError, NotFoundError
from k9py.api.meta import ObjectRef
from k9py.api.resource_types import STANDARD
from k9py.api.text import printable
from k9py.cli.clusters import embedded_cluster
from k9py.cli.command_line import CommandArguments
from k9py.cli.console import Console, system_console
from k9py.cli.exit_guard import run_guarded
from k9py.cli.process import run_printing
from k9py.cli.progress import SignInPrinter
from k9py.config.paths import audit_file, config_file, draft_directory
from k9py.kube import child_processes
from k9py.kube.connect import connect
from k9py.kube.connection import Connection
from k9py.kube.options import ConnectOptions
from k9py.operations.registry import OperationRegistry, built_in_operations
from k9py.remote.terminal import restore_raw_terminals
from k9py.runtime.clock import Clock, SystemClock
from k9py.session import ClusterSession
from k9py.views.exit_codes import exit_code_of_error

if TYPE_CHECKING:
    from k9py.cluster.change_history import HistoryEntry

_CLEAN_UPS: Final = (restore_raw_terminals, child_processes.kill_all)
"""What is done before the process ends by force."""

Connector = Callable[[ConnectOptions], Awaitable[Connection]]


@dataclass(frozen=True, slots=True)
class Invocation:
    """The environment of a subcommand; tests pass their own streams, clock and file.

    Args:
        connect_options: which cluster, and how to reach it.
        audit_path: the audit file, None writes none.
        operations: what can be written.
        environ: the environment variables that choose an editor.
        history: what was watched to change before, of a replayed capsule.
        config_path: of the config file; None reads none.
        scope: the namespaces that the cluster has, of a replayed capsule; (): those that one may read.
    """

    arguments: CommandArguments
    console: Console
    connect_options: ConnectOptions
    audit_path: Path | None
    clock: Clock = field(default_factory=SystemClock)
    connector: Connector = connect
    operations: OperationRegistry = field(default_factory=built_in_operations)
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    history: tuple[HistoryEntry, ...] = ()
    config_path: Path | None = None
    scope: tuple[str, ...] = ()

    @property
    def drafts(self) -> Path:
        """The directory of texts that are being edited, beside the audit file."""
        return draft_directory(self.environ) if self.audit_path is None else self.audit_path.with_name("drafts")


CommandSession = ClusterSession


@asynccontextmanager
async def open_session(invocation: Invocation) -> AsyncIterator[ClusterSession]:
    """Connect, and close the connection at the end. Raises KdashError."""
    arguments = invocation.arguments
    async with session.open_session(
        await invocation.connector(invocation.connect_options),
        invocation.clock,
        namespace=arguments.namespace or "",
        read_only=arguments.read_only,
        is_replay=arguments.replay is not None,
        audit_path=invocation.audit_path,
        history=invocation.history,
    ) as opened:
        yield opened


@contextmanager
def explain_not_found(key: ObjectRef) -> Iterator[None]:
    """Name the namespace in the error for a missing workload."""
    try:
        yield
    except NotFoundError as error:
        resource_type = STANDARD.of_ref(key)
        plural = resource_type.plural if resource_type is not None else key.kind.lower()
        hint = f"kdash get {plural} lists them"
        if key.namespace:
            hint = f"kdash get {plural} -n {printable(key.namespace)} lists them; -n chooses the namespace"
        raise NotFoundError(f"{printable(str(key))} not found", hint, code=error.code) from error


def run(arguments: CommandArguments, core: Callable[[Invocation], Awaitable[int]]) -> int:
    """Run a subcommand on this process's streams; return its exit code. Raises ConfigError: no such demo or capsule."""
    with ExitStack() as stack:
        console = system_console(no_color=arguments.no_color)
        invocation = Invocation(
            arguments=arguments,
            console=console,
            connect_options=ConnectOptions(arguments.kubeconfig, arguments.context, SignInPrinter(console.print_err)),
            audit_path=audit_file(os.environ),
            config_path=config_file(os.environ),
        )
        embedded = embedded_cluster(arguments.demo, arguments.replay)
        if embedded is not None:
            stack.enter_context(embedded)
            invocation = replace(
                invocation,
                arguments=replace(arguments, read_only=arguments.read_only or embedded.is_replay),
                connect_options=embedded.options,
                connector=embedded.connect,
                clock=embedded.clock,
                history=embedded.history,
                scope=embedded.scope,
            )
        return run_printing(lambda: run_guarded(run_and_report(invocation, core), *_CLEAN_UPS))


async def run_and_report(invocation: Invocation, core: Callable[[Invocation], Awaitable[int]]) -> int:
    """Run a subcommand; an error is printed on standard error with its hint and returned as exit code."""
    try:
        return await core(invocation)
    except KdashError as error:
        report_error(invocation.console, error)
        return exit_code_of_error(error)


def report_error(console: Console, error: KdashError) -> None:
    """Print an error and its hint."""
    console.print_err(f"kdash: {printable(error.message)}")
    if error.hint_after_giving_up:
        console.print_err(f"  hint: {printable(error.hint_after_giving_up)}")
