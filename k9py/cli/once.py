"""`kdash --once`: read the cluster once, print services and rollouts, and sum them up in the exit code.

Invariant: standard output holds the answer alone (so that `--output json` can be piped); what qualifies it goes to
standard error. It waits for every kind's first list, or until that plainly fails; never longer than `DEADLINE`.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import ExitStack
from datetime import datetime

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from k9py.cli.demo import Demo
from k9py.cli.options import Arguments
from k9py.cluster.cluster import Cluster
from k9py.cluster.health import ClusterHealth, ClusterState, KindHealth
from k9py.cluster.scope import choose_scope
from k9py.cluster.views import RolloutView, ServiceView
from k9py.informer.clock import SystemClock
from k9py.kube.connect import connect
from k9py.kube.connection import Connection
from k9py.kube.options import ConnectOptions
from k9py.objects.errors import NotFoundError, UnavailableError
from k9py.objects.text import printable
from k9py.settings.terminal import wants_colour
from k9py.tables.plain import COULD_NOT_TELL, PlainTable, exit_code, json_values, plain_tables
from k9py.tables.values import Tone

DEADLINE = 120.0
"""Seconds after which what has been read so far is printed, with exit code 2 unless something is failing."""

GAP = 2
"""Cells between columns."""

READABLE = 44
"""Cells the growing column keeps before others are left out."""

FULL_WIDTH = 1000
"""Cells a line may have where no terminal limits it."""

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
                absent = ask.absent_namespaces(cluster.scope.namespaces)
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
    return bool(health.kinds) and all(_has_settled(one) for one in health.kinds.values())


def _has_settled(one: KindHealth) -> bool:
    """A busy server that asks for a moment's patience (429: API priority and fairness) has not failed."""
    busy = isinstance(one.error, UnavailableError) and one.error.code == 429
    return one.state is not ClusterState.LOADING and not (one.state is ClusterState.UNREACHABLE and busy)


def _remarks(notice: str, health: ClusterHealth, *, complete: bool) -> Iterable[str]:
    """What a reader must know before trusting the answer."""
    if notice:
        yield printable(notice)
    if health.forbidden:
        yield f"no right to read: {', '.join(health.forbidden)}"
    for kind, why in health.unreadable.items():
        yield f"a {kind} is left out because it cannot be read: {printable(why)}"
    if not complete:
        yield f"not everything had been read after {DEADLINE:.0f} s"
    if health.error is not None and not health.is_live:
        yield printable(health.error.message)


def _print_tables(services: list[ServiceView], rollouts: list[RolloutView], now: datetime, *, colour: bool) -> None:
    """Print both tables: fitted to a terminal, in full width into a pipe."""
    console = Console(
        no_color=not colour, color_system="auto" if colour else None, highlight=False, markup=False, emoji=False
    )
    room = console.width if sys.stdout.isatty() else None
    console.width = room or FULL_WIDTH
    with console.capture() as captured:
        for plain in plain_tables(services, rollouts, now):
            console.print(_table(plain, fitted_widths(plain, room)))
    for line in captured.get().splitlines():
        print(line.rstrip())


def fitted_widths(plain: PlainTable, room: int | None) -> dict[int, int]:
    """Return the widths of the columns that fit in so many cells, by index; every column in full without a limit.

    The least important columns go first; the one that grows is cut to what the others leave.
    """
    widths = {
        index: max([cell_len(column.title), *(cell_len(cells[index].text) for cells in plain.rows)])
        for index, column in enumerate(plain.columns)
    }
    if room is None:
        return widths
    growing = [index for index, column in enumerate(plain.columns) if column.grow]
    least = {index: min(width, READABLE) if index in growing else width for index, width in widths.items()}
    while sum(least.values()) + GAP * len(least) + 1 > room:
        index = max(least, key=lambda index: (plain.columns[index].priority, index))
        if plain.columns[index].priority == 0:
            break
        del least[index]
    spare = room - 1 - sum(least.values()) - GAP * len(least)
    for index in growing:
        if index in least:
            least[index] = min(widths[index], least[index] + max(0, spare))
    return least


def _table(plain: PlainTable, widths: Mapping[int, int]) -> Table:
    table = Table(
        title=plain.title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, GAP, 0, 0)
    )
    table.add_column("", width=1)
    for index, width in widths.items():
        column = plain.columns[index]
        table.add_column(
            column.title,
            justify="right" if column.align_right else "left",
            width=width,
            no_wrap=True,
            overflow="ellipsis",
            header_style="bold",
        )
    for cells, tone in zip(plain.rows, plain.tones, strict=True):
        table.add_row(
            Text(tone.symbol, style=_STYLES.get(tone, "")),
            *(Text(cells[index].text, style=_STYLES.get(cells[index].tone, "")) for index in widths),
        )
    return table
