"""Services and rollouts for `kdash --once`: plain tables, stable JSON, and the exit code that sums them up.

Invariant: `json_values` keys are snake_case and are only ever added; scripts rely on them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from k9py.api.severity import Severity
from k9py.api.text import printable
from k9py.api.times import rfc3339
from k9py.cluster.health import ClusterHealth
from k9py.cluster.views import RolloutView, ServiceView
from k9py.diagnosis.finding import Finding
from k9py.rollouts.status import RolloutState
from k9py.views import rollouts, services
from k9py.views.exit_codes import ExitCode
from k9py.views.other_pods import OtherPod, other_pod_values
from k9py.views.tones import COUNTED_SEVERITIES, count_text
from k9py.views.values import Cell, Column, Row, Tone


@dataclass(frozen=True, slots=True)
class PlainTable:
    """A table to print: as many cells per row as columns; ages are text."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    tones: tuple[Tone, ...]


def plain_tables(
    service_views: Iterable[ServiceView], rollout_views: Iterable[RolloutView], now: datetime
) -> tuple[PlainTable, PlainTable]:
    """Return the two tables, worst first."""
    return (
        _table("Services", services.COLUMNS, [services.row(view, now) for view in service_views], now),
        _table("Rollouts", rollouts.COLUMNS, [rollouts.row(view, now) for view in rollout_views], now),
    )


def overview_exit_code(
    health: ClusterHealth,
    service_views: Iterable[ServiceView],
    rollout_views: Iterable[RolloutView],
    other_pods: Sequence[OtherPod] | None = (),
) -> ExitCode:
    """Return FAILING if anything fails; else UNKNOWN if anything is unknown; else DONE.

    Failing is what is down, degraded or stuck, and a failing pod of no Service or workload. A known failure is reported
    even if other things are unknown. Warnings and running rollouts are no failures.
    """
    severities = {view.severity for view in service_views} | {view.severity for view in rollout_views}
    if other_pods or severities & {Severity.DOWN, Severity.DEGRADED, Severity.STUCK}:
        return ExitCode.FAILING
    if other_pods is None or Severity.UNKNOWN in severities or not health.is_complete:
        return ExitCode.UNKNOWN
    return ExitCode.DONE


def summary_text(service_views: Iterable[ServiceView], rollout_views: Iterable[RolloutView]) -> str:
    """Return how many there are of each severity: `1 down · 15 healthy`; a service and its workload count once."""
    counts = Counter(view.severity for view in rollout_views)
    counts.update(view.severity for view in service_views if not view.is_explained_by_workload)
    return " · ".join(count_text(severity, counts[severity]) for severity in COUNTED_SEVERITIES if counts[severity])


def json_values(
    health: ClusterHealth,
    service_views: Iterable[ServiceView],
    rollout_views: Iterable[RolloutView],
    other_pods: Sequence[OtherPod] | None = (),
    *,
    context: str = "",
    notice: str = "",
) -> dict[str, Any]:
    """Return everything as JSON values; unknown is null, times are RFC 3339.

    Args:
        other_pods: failing pods that belong to no Service or workload; None: unknown.
    """
    service_list, rollout_list = list(service_views), list(rollout_views)
    return {
        "context": printable(context),
        "notice": printable(notice),
        "health": {
            "state": health.state.value,
            "since": rfc3339(health.since),
            "forbidden_kinds": list(health.forbidden),
            "behind_kinds": list(health.stale_optional_kinds),
            "missing_kinds": list(health.unserved_kinds),
            "error": printable(health.error.message) if health.error else None,
        },
        "summary": {"services": _counts(service_list), "rollouts": _counts(rollout_list)},
        "services": [_service(view) for view in sorted(service_list, key=_position)],
        "rollouts": [_rollout(view) for view in sorted(rollout_list, key=_position)],
        "other_pods": other_pod_values(other_pods),
        "exit_code": int(overview_exit_code(health, service_list, rollout_list, other_pods)),
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
        "ports": [{"port": port.port, "protocol": port.protocol, "name": printable(port.name)} for port in view.ports],
        "workloads": [{"kind": key.kind, "name": printable(key.name)} for key in view.workloads],
        "external_name": printable(view.external_name) or None,
        "verdict": _verdict(view.severity),
        "findings": _findings(view.findings),
    }


def _rollout(view: RolloutView) -> dict[str, Any]:
    status = view.status
    is_known = status.state is not RolloutState.UNKNOWN
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
        "ready": status.ready if is_known else None,
        "updated": status.updated if is_known else None,
        "available": status.available if is_known else None,
        "revision": status.revision,
        "images": [printable(image) for image in status.images],
        "paused": status.paused,
        "changed_at": rfc3339(view.changed_at),
        "changed_by": printable(view.changed_by) or None,
        "verdict": _verdict(view.severity),
        "findings": _findings(view.findings),
    }


def _findings(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    return [
        {
            "severity": finding.severity.label,
            "reason": printable(finding.reason),
            "message": printable(finding.message),
            "about": {
                "kind": finding.about.kind,
                "namespace": printable(finding.about.namespace),
                "name": printable(finding.about.name),
            },
            "since": rfc3339(finding.since),
        }
        for finding in findings
    ]


def _counts(views: Iterable[ServiceView | RolloutView]) -> dict[str, int]:
    counts = Counter(view.severity for view in views)
    return {severity.label: counts[severity] for severity in (*COUNTED_SEVERITIES, Severity.IDLE)}


def _verdict(severity: Severity) -> str:
    """Return the coarser value from before there were severities; scripts rely on it."""
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


def _position(view: ServiceView | RolloutView) -> tuple[int, str, str, str]:
    return (view.severity, view.key.namespace, view.key.name, view.key.kind)


def _table(title: str, columns: tuple[Column, ...], rows: list[Row], now: datetime) -> PlainTable:
    rows.sort(key=lambda row: (row.rank, row.key.namespace, row.key.name, row.key.kind))
    return PlainTable(title, columns, tuple(_cells(row, columns, now) for row in rows), tuple(row.tone for row in rows))


def _cells(row: Row, columns: tuple[Column, ...], now: datetime) -> tuple[Cell, ...]:
    return tuple(
        Cell(column.live(row, now), cell.tone, cell.sort) if column.live else cell
        for column, cell in zip(columns, row.cells, strict=True)
    )
