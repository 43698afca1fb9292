"""Services and rollouts without a screen: plain tables, stable JSON, and the exit code that sums them up.

Invariant: `json_values` keys are snake_case and only ever added to; scripts rely on them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from k9py.cluster.health import ClusterHealth
from k9py.cluster.views import RolloutView, ServiceView
from k9py.objects.text import printable
from k9py.rollouts.status import RolloutState
from k9py.tables import rollouts, services
from k9py.tables.tones import rank_of, rollout_tone, service_tone
from k9py.tables.values import Cell, Column, Row, Tone
from k9py.triage.finding import Finding

ALL_WELL = 0
FAILING = 1
COULD_NOT_TELL = 2


@dataclass(frozen=True, slots=True)
class PlainTable:
    """A table to print: as many cells a row as columns; ages are already in words."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    tones: tuple[Tone, ...]


def plain_tables(
    service_views: Iterable[ServiceView], rollout_views: Iterable[RolloutView], now: datetime
) -> tuple[PlainTable, PlainTable]:
    """Return the two tables, failing first."""
    return (
        _table("Services", services.COLUMNS, [services.row(one, now) for one in service_views], now),
        _table("Rollouts", rollouts.COLUMNS, [rollouts.row(one, now) for one in rollout_views], now),
    )


def exit_code(health: ClusterHealth, service_views: Iterable[ServiceView], rollout_views: Iterable[RolloutView]) -> int:
    """Return 1 when something is failing; else 2 when anything could not be told; else 0.

    What is known to fail is told even where other things are not known. Progressing and paused are not failing.
    """
    tones = {service_tone(one) for one in service_views} | {rollout_tone(one) for one in rollout_views}
    if Tone.FAIL in tones:
        return FAILING
    if Tone.UNKNOWN in tones or not health.is_whole:
        return COULD_NOT_TELL
    return ALL_WELL


def json_values(
    health: ClusterHealth,
    service_views: Iterable[ServiceView],
    rollout_views: Iterable[RolloutView],
    *,
    context: str = "",
    notice: str = "",
) -> dict[str, Any]:
    """Return everything as JSON values; unknown is null, times are RFC 3339."""
    service_list, rollout_list = list(service_views), list(rollout_views)
    return {
        "context": printable(context),
        "notice": printable(notice),
        "health": {
            "state": health.state.value,
            "since": _time(health.since),
            "forbidden_kinds": list(health.forbidden),
            "error": printable(health.error.message) if health.error else None,
        },
        "services": [_service(one) for one in sorted(service_list, key=_by(service_tone))],
        "rollouts": [_rollout(one) for one in sorted(rollout_list, key=_by(rollout_tone))],
        "exit_code": exit_code(health, service_list, rollout_list),
    }


def _service(view: ServiceView) -> dict[str, Any]:
    return {
        "namespace": printable(view.key.namespace),
        "name": printable(view.key.name),
        "type": printable(view.type),
        "ready_endpoints": view.ready,
        "total_endpoints": view.total,
        "ports": [{"port": one.port, "protocol": one.protocol, "name": printable(one.name)} for one in view.ports],
        "workloads": [{"kind": one.kind, "name": printable(one.name)} for one in view.workloads],
        "external_name": printable(view.external_name) or None,
        "verdict": _verdict(service_tone(view)),
        "findings": _findings(view.findings),
    }


def _rollout(view: RolloutView) -> dict[str, Any]:
    status = view.status
    return {
        "namespace": printable(view.namespace),
        "name": printable(view.key.name),
        "kind": view.kind,
        "state": status.state.value,
        "words": printable(status.words),
        "cause": status.cause.value if status.cause else None,
        "reason": printable(status.reason) or None,
        "desired": status.desired,
        "ready": status.ready if status.state is not RolloutState.UNKNOWN else None,
        "updated": status.updated if status.state is not RolloutState.UNKNOWN else None,
        "available": status.available if status.state is not RolloutState.UNKNOWN else None,
        "revision": status.revision,
        "images": [printable(one) for one in status.images],
        "paused": status.paused,
        "changed_at": _time(view.changed_at),
        "verdict": _verdict(rollout_tone(view)),
        "findings": _findings(view.findings),
    }


def _findings(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    return [
        {
            "severity": one.severity.name.lower(),
            "reason": printable(one.reason),
            "message": printable(one.message),
            "about": {
                "kind": one.about.kind,
                "namespace": printable(one.about.namespace),
                "name": printable(one.about.name),
            },
            "since": _time(one.since),
        }
        for one in findings
    ]


def _verdict(tone: Tone) -> str:
    match tone:
        case Tone.FAIL:
            return "failing"
        case Tone.UNKNOWN:
            return "unknown"
        case Tone.WARN:
            return "warning"
        case Tone.BUSY:
            return "changing"
    return "well"


def _time(at: datetime | None) -> str | None:
    return at.isoformat().replace("+00:00", "Z") if at else None


def _by(tone: Callable[[Any], Tone]) -> Callable[[Any], tuple[int, str, str, str]]:
    return lambda view: (rank_of(tone(view)), view.key.namespace, view.key.name, view.key.kind)


def _table(title: str, columns: tuple[Column, ...], rows: list[Row], now: datetime) -> PlainTable:
    rows.sort(key=lambda one: (one.rank, one.key.namespace, one.key.name, one.key.kind))
    return PlainTable(title, columns, tuple(_cells(one, columns, now) for one in rows), tuple(one.tone for one in rows))


def _cells(row: Row, columns: tuple[Column, ...], now: datetime) -> tuple[Cell, ...]:
    return tuple(
        Cell(column.live(row, now), cell.tone, cell.sort) if column.live else cell
        for column, cell in zip(columns, row.cells, strict=True)
    )
