"""`kdash --once`: read the cluster once, print services and rollouts, and sum them up in the exit code.

Invariant: standard output holds the answer alone (so that `--output json` can be piped); what qualifies it goes to
standard error. It waits for every kind's first list, or until that plainly fails; never longer than `DEADLINE`, and
never without saying what for (`waiting`).
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Iterable
from contextlib import ExitStack

from k9py.api.errors import NotFoundError
from k9py.api.text import printable
from k9py.cli.console import is_unicode, json_text
from k9py.cli.demo import DemoCluster
from k9py.cli.exit_guard import run_guarded
from k9py.cli.options import Arguments
from k9py.cli.printing import print_tables
from k9py.cli.sign_in import SignInPrinter
from k9py.cli.streams import terminal_columns
from k9py.cli.waiting import WaitProgress, is_settled, read_progress
from k9py.cluster.cluster import Cluster
from k9py.cluster.health import ClusterHealth, ClusterState
from k9py.cluster.scope import choose_scope
from k9py.config.terminal import wants_color
from k9py.kube import child_processes
from k9py.kube.connect import connect
from k9py.kube.connection import Connection
from k9py.kube.options import ConnectOptions
from k9py.runtime.clock import SystemClock
from k9py.views.header import missing_apis_text
from k9py.views.overview import COULD_NOT_TELL, json_values, overview_exit_code, plain_tables, summary_text

DEADLINE = 120.0
"""Seconds after which what has been read so far is printed, with exit code 2 unless something is failing."""

Connector = Callable[[ConnectOptions], Awaitable[Connection]]


def run_once(arguments: Arguments) -> int:
    """Print the cluster as it is; return 0: nothing wrong, 1: something down, degraded or stuck, 2: could not tell.

    Raises:
        KdashError: no connection could be made, or nothing could be read.
    """
    return run_guarded(_once(arguments), child_processes.kill_all)


async def _once(arguments: Arguments) -> int:
    clock = SystemClock()
    with ExitStack() as stack:
        options = ConnectOptions(arguments.kubeconfig, arguments.context, SignInPrinter(_say))
        connector: Connector = connect
        if arguments.demo is not None:
            demo = stack.enter_context(DemoCluster(arguments.demo))
            options, connector = demo.options, demo.connect
        async with WaitProgress(sys.stderr, clock, lambda: "connecting…"):
            connection = await connector(options)
        try:
            async with WaitProgress(sys.stderr, clock, lambda: "asking the server what may be read…"):
                place = connection.info.namespace
                choice = await choose_scope(connection, arguments.namespaces, context_namespace=place)
            async with Cluster(connection, choice.scope, clock, notice=choice.notice) as cluster:
                async with WaitProgress(sys.stderr, clock, lambda: read_progress(cluster.health)):
                    complete = await _read(cluster)
                health, now = cluster.health, clock.now()
                ask = cluster.queries
                services = [view for key in ask.service_keys() if (view := ask.service_view(key, now)) is not None]
                rollouts = [seen for key in ask.rollout_keys() if (seen := ask.rollout_view(key, now)) is not None]
                notice = cluster.scope_notice
                absent = ask.missing_namespaces(cluster.scope.namespaces)
        finally:
            await connection.aclose()
    if health.state in (ClusterState.UNREACHABLE, ClusterState.FORBIDDEN) and health.error is not None and not rollouts:
        raise health.error
    if absent:
        words = f"there is no namespace {', '.join(map(printable, absent))}"
        if len(absent) == len(arguments.namespaces):
            raise NotFoundError(words, "name another one with -n, or none to see all", code=404)
        notice = f"{notice}; {words}" if notice else words
    if arguments.output == "json":
        values = json_values(health, services, rollouts, context=connection.info.context, notice=notice)
        print(json_text(values, plain=not is_unicode(sys.stdout), indent=2))
    else:
        colour = wants_color(os.environ, no_color=arguments.no_color)
        width = terminal_columns(sys.stdout)
        print_tables(plain_tables(services, rollouts, now), sys.stdout, width=width, colour=colour)
        print(summary_text(services, rollouts) or "nothing to see")
    for remark in _remarks(notice, health, complete=complete):
        print(f"kdash: {remark}", file=sys.stderr)
    status = overview_exit_code(health, services, rollouts)
    return status if complete or status else COULD_NOT_TELL


async def _read(cluster: Cluster) -> bool:
    """Wait until every kind is read or has plainly failed; tell whether that was so before the deadline."""
    try:
        async with asyncio.timeout(DEADLINE):
            while not _is_settled(cluster.health):
                await cluster.feed.changed()
                cluster.feed.drain()
    except TimeoutError:
        return False
    return True


def _is_settled(health: ClusterHealth) -> bool:
    return bool(health.kinds) and all(is_settled(one) for one in health.kinds.values())


def _remarks(notice: str, health: ClusterHealth, *, complete: bool) -> Iterable[str]:
    """What a reader must know before trusting the answer."""
    if notice:
        yield printable(notice)
    if health.forbidden:
        yield f"no right to read: {', '.join(health.forbidden)}"
    if health.unserved_kinds:
        yield missing_apis_text(health.unserved_kinds)
    for kind, why in health.decode_errors.items():
        yield f"a {kind} is left out because it cannot be read: {printable(why)}"
    if health.stale_optional_kinds:
        yield f"not current: {', '.join(health.stale_optional_kinds)}"
    if not complete:
        yield f"not everything had been read after {DEADLINE:.0f} s"
    if health.error is not None and not health.is_live:
        yield printable(health.error.message)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
