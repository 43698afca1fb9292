"""`kdash --once`: read the cluster once, print services and rollouts, and sum them up in the exit code.

Invariant: standard output holds the answer alone (so that `--output json` can be piped); what qualifies it goes to
standard error. It waits for every kind's first list, or until that plainly fails; never longer than `DEADLINE`.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable, Iterable
from contextlib import ExitStack
from datetime import datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text

from k9py.cli.demo import Demo
from k9py.cli.options import Arguments
from k9py.cluster.cluster import Cluster
from k9py.cluster.health import ClusterHealth, ClusterState
from k9py.cluster.scope import choose_scope
from k9py.cluster.views import RolloutView, ServiceView
from k9py.informer.clock import SystemClock
from k9py.kube.connect import connect
from k9py.kube.connection import Connection
from k9py.kube.options import ConnectOptions
from k9py.objects.text import printable
from k9py.settings.terminal import wants_colour
from k9py.tables.plain import COULD_NOT_TELL, PlainTable, exit_code, json_values, plain_tables
from k9py.tables.values import Tone

DEADLINE = 120.0
"""Seconds after which what has been read so far is printed, with exit code 2 unless something is failing."""

Connector = Callable[[ConnectOptions], Awaitable[Connection]]

_STYLES = {Tone.OK: "green", Tone.BUSY: "cyan", Tone.WARN: "yellow", Tone.FAIL: "bold red", Tone.UNKNOWN: "magenta"}


def run_once(arguments: Arguments) -> int:
    """Print the cluster as it is and return the exit code: 0 all well, 1 something failing, 2 could not tell.

    Raises:
        KdashError: no connection could be made, or nothing could be read.
    """
    return asyncio.run(_once(arguments))


async def _once(arguments: Arguments) -> int:
    clock = SystemClock()
    with ExitStack() as stack:
        options = ConnectOptions(kubeconfig=arguments.kubeconfig, context=arguments.context)
        connector: Connector = connect
        if arguments.demo is not None:
            demo = stack.enter_context(Demo(arguments.demo))
            options, connector = demo.options, demo.connect
        connection = await connector(options)
        try:
            choice = await choose_scope(connection, arguments.namespaces, context_namespace=connection.info.namespace)
            async with Cluster(connection, choice.scope, clock, notice=choice.notice) as cluster:
                complete = await _read(cluster)
                health, now = cluster.health, clock.now()
                ask = cluster.queries
                services = [view for key in ask.service_keys() if (view := ask.service_view(key, now)) is not None]
                rollouts = [seen for key in ask.rollout_keys() if (seen := ask.rollout_view(key, now)) is not None]
                notice = cluster.notice
        finally:
            await connection.aclose()
    if health.state in (ClusterState.UNREACHABLE, ClusterState.FORBIDDEN) and health.error is not None and not rollouts:
        raise health.error
    if arguments.output == "json":
        values = json_values(health, services, rollouts, context=connection.info.context, notice=notice)
        print(json.dumps(values, indent=2, ensure_ascii=False))
    else:
        _print_tables(services, rollouts, now, colour=not arguments.no_color and wants_colour(os.environ))
    for remark in _remarks(notice, health, complete=complete):
        print(f"kdash: {remark}", file=sys.stderr)
    status = exit_code(health, services, rollouts)
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
    return bool(health.kinds) and all(one.state is not ClusterState.LOADING for one in health.kinds.values())


def _remarks(notice: str, health: ClusterHealth, *, complete: bool) -> Iterable[str]:
    """What a reader must know before trusting the answer."""
    if notice:
        yield printable(notice)
    if health.forbidden:
        yield f"no right to read: {', '.join(health.forbidden)}"
    if not complete:
        yield f"not everything had been read after {DEADLINE:.0f} s"
    if health.error is not None and not health.is_live:
        yield printable(health.error.message)


def _print_tables(services: list[ServiceView], rollouts: list[RolloutView], now: datetime, *, colour: bool) -> None:
    """Print both tables: fitted to a terminal, in full width into a pipe."""
    is_terminal = sys.stdout.isatty()
    console = Console(
        no_color=not colour, color_system="auto" if colour else None, highlight=False, markup=False, emoji=False
    )
    for plain in plain_tables(services, rollouts, now):
        table = _table(plain)
        if not is_terminal:
            console.width = max(console.measure(table).maximum, 40)
        console.print(table)


def _table(plain: PlainTable) -> Table:
    table = Table(
        title=plain.title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0)
    )
    table.add_column("", width=1)
    for column in plain.columns:
        table.add_column(
            column.title,
            justify="right" if column.align_right else "left",
            no_wrap=True,
            overflow="ellipsis",
            header_style="bold",
        )
    for cells, tone in zip(plain.rows, plain.tones, strict=True):
        table.add_row(
            Text(tone.symbol, style=_STYLES.get(tone, "")),
            *(Text(cell.text, style=_STYLES.get(cell.tone, "")) for cell in cells),
        )
    return table
