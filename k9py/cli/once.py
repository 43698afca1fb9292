"""`kdash --once`: list the cluster once, print services, rollouts and other failing pods, and sum up in the exit code.

Invariant: standard output has only the result (so that `--output json` can be piped); warnings go to standard error. It
waits for the first list of every kind, or until that has failed permanently, at most `DEADLINE` seconds, and shows
progress while it waits (`progress`).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable
from contextlib import ExitStack

from k9py.api.errors import NotFoundError
from k9py.api.text import printable
from k9py.cli.clusters import embedded_cluster
from k9py.cli.command_line import Arguments
from k9py.cli.console import system_console
from k9py.cli.exit_guard import run_guarded
from k9py.cli.progress import SignInPrinter, WaitProgress, is_settled, read_progress
from k9py.cli.tables import print_tables
from k9py.cluster.cluster import Cluster
from k9py.cluster.health import ClusterHealth, ClusterState
from k9py.cluster.scope import choose_scope
from k9py.config.terminal import wants_color
from k9py.kube import child_processes
from k9py.kube.connect import connect
from k9py.kube.connection import Connection
from k9py.kube.options import ConnectOptions
from k9py.runtime.clock import Clock, SystemClock
from k9py.views.exit_codes import ExitCode
from k9py.views.header import missing_apis_text
from k9py.views.other_pods import failing_other_pods, other_pods_text
from k9py.views.overview import json_values, overview_exit_code, plain_tables, summary_text

DEADLINE = 120.0
"""Seconds after which the objects read so far are printed, with exit code 2 unless something is failing."""

Connector = Callable[[ConnectOptions], Awaitable[Connection]]


def run_once(arguments: Arguments) -> int:
    """Print services and rollouts; return 0: nothing wrong, 1: something fails, 2: unknown.

    Raises:
        KdashError: the connection failed, or nothing could be read.
    """
    return run_guarded(_once(arguments), child_processes.kill_all)


async def _once(arguments: Arguments) -> int:
    console = system_console(no_color=arguments.no_color)
    clock: Clock = SystemClock()
    with ExitStack() as stack:
        options = ConnectOptions(arguments.kubeconfig, arguments.context, SignInPrinter(console.print_err))
        connector: Connector = connect
        embedded = embedded_cluster(arguments.demo, arguments.replay)
        if embedded is not None:
            stack.enter_context(embedded)
            options, connector, clock = embedded.options, embedded.connect, embedded.clock
        async with WaitProgress(console.err, clock, lambda: "connecting…"):
            connection = await connector(options)
        try:
            async with WaitProgress(console.err, clock, lambda: "checking permissions…"):
                namespace = connection.info.namespace
                choice = await choose_scope(connection, arguments.namespaces, context_namespace=namespace)
            async with Cluster(connection, choice.scope, clock, notice=choice.notice) as cluster:
                async with WaitProgress(console.err, clock, lambda: read_progress(cluster.health)):
                    complete = await read_cluster(cluster)
                health, now, queries = cluster.health, clock.now(), cluster.queries
                services = [
                    view for key in queries.service_keys() if (view := queries.service_view(key, now)) is not None
                ]
                rollouts = [
                    rollout for key in queries.rollout_keys() if (rollout := queries.rollout_view(key, now)) is not None
                ]
                other_pods = failing_other_pods(queries, now)
                notice = cluster.scope_notice
                missing = queries.missing_namespaces(cluster.scope.namespaces)
        finally:
            await connection.aclose()
    if health.state in (ClusterState.UNREACHABLE, ClusterState.FORBIDDEN) and health.error is not None and not rollouts:
        raise health.error
    if missing:
        message = f"no such namespace: {', '.join(map(printable, missing))}"
        if len(missing) == len(arguments.namespaces):
            raise NotFoundError(message, "choose another one with -n, or omit -n to see all", code=404)
        notice = f"{notice}; {message}" if notice else message
    if arguments.output == "json":
        values = json_values(health, services, rollouts, other_pods, context=connection.info.context, notice=notice)
        console.print_json(values)
    else:
        colour = wants_color(os.environ, no_color=arguments.no_color)
        print_tables(plain_tables(services, rollouts, now), console.out, width=console.width, colour=colour)
        if text := other_pods_text(other_pods or ()):
            console.print(text)
        console.print(summary_text(services, rollouts) or "no services or rollouts")
    console.print_warnings(_warnings(notice, health, complete=complete))
    status = overview_exit_code(health, services, rollouts, other_pods)
    return status if complete or status else ExitCode.UNKNOWN


async def read_cluster(cluster: Cluster) -> bool:
    """Wait until every kind is listed or has failed; return whether that was before the deadline."""
    try:
        async with asyncio.timeout(DEADLINE):
            while not _is_settled(cluster.health):
                await cluster.feed.changed()
                cluster.feed.drain()
    except TimeoutError:
        return False
    return True


def _is_settled(health: ClusterHealth) -> bool:
    return bool(health.kinds) and all(is_settled(kind) for kind in health.kinds.values())


def _warnings(notice: str, health: ClusterHealth, *, complete: bool) -> Iterable[str]:
    """Yield warnings about the completeness of the output."""
    if notice:
        yield printable(notice)
    if health.forbidden:
        yield f"no permission to read: {', '.join(health.forbidden)}"
    if health.unserved_kinds:
        yield missing_apis_text(health.unserved_kinds)
    for kind, why in health.decode_errors.items():
        yield f"skipped an unreadable {kind}: {printable(why)}"
    if health.stale_optional_kinds:
        yield f"stale: {', '.join(health.stale_optional_kinds)}"
    if not complete:
        yield f"incomplete: not everything was read within {DEADLINE:.0f}s"
    if health.error is not None and not health.is_live:
        yield printable(health.error.message)
