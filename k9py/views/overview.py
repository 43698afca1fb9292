"""Services and rollouts without a screen: plain tables, stable JSON, and the exit code that sums them up.

Invariant: `json_values` keys are snake_case and only ever added to; scripts rely on them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from k9py.api.severity import Severity
from k9py.api.text import printable
from k9py.cluster.health import ClusterHealth
from k9py.cluster.views import RolloutView, ServiceView
from k9py.diagnosis.finding import Finding
from k9py.rollouts.status import RolloutState
from k9py.views import rollouts, services
from k9py.views.tones import COUNTED_SEVERITIES, count_text
from k9py.views.values import Cell, Column, Row, Tone

ALL_WELL = 0
FAILING = 1
"""Something is down, degraded or stuck."""
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
    """Return the two tables, worst first."""
    return (
        _table("Services", services.COLUMNS, [services.row(one, now) for one in service_views], now),
        _table("Rollouts", rollouts.COLUMNS, [rollouts.row(one, now) for one in rollout_views], now),
    )


def overview_exit_code(
    health: ClusterHealth, service_views: Iterable[ServiceView], rollout_views: Iterable[RolloutView]
) -> int:
    """Return 1 when something is down, degraded or stuck; else 2 when anything could not be told; else 0.

    What is known to fail is told even where other things are not known. Warnings and what rolls out are no failures.
    """
    found = {one.severity for one in service_views} | {one.severity for one in rollout_views}
    if found & {Severity.DOWN, Severity.DEGRADED, Severity.STUCK}:
        return FAILING
    if Severity.UNKNOWN in found or not health.is_complete:
        return COULD_NOT_TELL
    return ALL_WELL


def summary_text(service_views: Iterable[ServiceView], rollout_views: Iterable[RolloutView]) -> str:
    """Return how many there are of each severity: `1 down · 15 healthy`; a service and its workload are one thing."""
    found = Counter(one.severity for one in rollout_views)
    found.update(one.severity for one in service_views if not one.is_explained_by_workload)
    return " · ".join(count_text(severity, found[severity]) for severity in COUNTED_SEVERITIES if found[severity])


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
            "behind_kinds": list(health.stale_optional_kinds),
            "missing_kinds": list(health.unserved_kinds),
            "error": printable(health.error.message) if health.error else None,
        },
        "summary": {"services": _counts(service_list), "rollouts": _counts(rollout_list)},
        "services": [_service(one) for one in sorted(service_list, key=_place)],
        "rollouts": [_rollout(one) for one in sorted(rollout_list, key=_place)],
        "exit_code": overview_exit_code(health, service_list, rollout_list),
    }


def _service(view: ServiceView) -> dict[str, Any]:
    return {
        "namespace": printable(view.key.namespace),
        "name": printable(view.key.name),
        "type": printable(view.type),
        "severity": view.severity.label,
        "serving": view.serving,
        "wanted": view.desired,
        "ready_endpoints": view.ready,
        "total_endpoints": view.total,
        "ports": [{"port": one.port, "protocol": one.protocol, "name": printable(one.name)} for one in view.ports],
        "workloads": [{"kind": one.kind, "name": printable(one.name)} for one in view.workloads],
        "external_name": printable(view.external_name) or None,
        "verdict": _verdict(view.severity),
        "findings": _findings(view.findings),
    }


def _rollout(view: RolloutView) -> dict[str, Any]:
    status = view.status
    return {
        "namespace": printable(view.namespace),
        "name": printable(view.key.name),
        "kind": view.kind,
        "severity": view.severity.label,
        "state": status.state.value,
        "words": printable(status.summary),
        "cause": status.cause_kind.value if status.cause_kind else None,
        "reason": printable(status.cause_message) or None,
        "serving": status.serving,
        "wanted": status.desired,
        "desired": status.desired,
        "ready": status.ready if status.state is not RolloutState.UNKNOWN else None,
        "updated": status.updated if status.state is not RolloutState.UNKNOWN else None,
        "available": status.available if status.state is not RolloutState.UNKNOWN else None,
        "revision": status.revision,
        "images": [printable(one) for one in status.images],
        "paused": status.paused,
        "changed_at": _time(view.changed_at),
        "changed_by": printable(view.changed_by) or None,
        "verdict": _verdict(view.severity),
        "findings": _findings(view.findings),
    }


def _findings(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    return [
        {
            "severity": one.severity.label,
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


def _counts(views: Iterable[ServiceView | RolloutView]) -> dict[str, int]:
    found = Counter(one.severity for one in views)
    return {severity.label: found[severity] for severity in (*COUNTED_SEVERITIES, Severity.IDLE)}


def _verdict(severity: Severity) -> str:
    """The coarser word of before there were severities; scripts rely on it."""
    match severity:
        case Severity.DOWN | Severity.DEGRADED | Severity.STUCK:
            return "failing"
        case Severity.UNKNOWN:
            return "unknown"
        case Severity.WARNING:
            return "warning"
        case Severity.ROLLING_OUT:
            return "changing"
    return "well"


def _time(at: datetime | None) -> str | None:
    return at.isoformat().replace("+00:00", "Z") if at else None


def _place(view: ServiceView | RolloutView) -> tuple[int, str, str, str]:
    return (view.severity, view.key.namespace, view.key.name, view.key.kind)


def _table(title: str, columns: tuple[Column, ...], rows: list[Row], now: datetime) -> PlainTable:
    rows.sort(key=lambda one: (one.rank, one.key.namespace, one.key.name, one.key.kind))
    return PlainTable(title, columns, tuple(_cells(one, columns, now) for one in rows), tuple(one.tone for one in rows))


def _cells(row: Row, columns: tuple[Column, ...], now: datetime) -> tuple[Cell, ...]:
    return tuple(
        Cell(column.live(row, now), cell.tone, cell.sort) if column.live else cell
        for column, cell in zip(columns, row.cells, strict=True)
    )
