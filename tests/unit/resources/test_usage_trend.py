"""Trends in tables and of one pod."""

from __future__ import annotations

from array import array

import msgspec

from k9py.api.metrics import Usage, UsageHistory
from k9py.api.pods import Pod
from k9py.resources.catalog import node as node_catalog
from k9py.resources.catalog import pod as pod_catalog
from k9py.resources.usage_trend import trend_columns, usage_line
from k9py.views.values import Row, Tone
from tests.factories import NOW
from tests.unit.resources.recorded import Context

MEBI = 2**20
CLIMBING = UsageHistory(array("f", [0.1] * 3), array("f", [10 * MEBI, 50 * MEBI, 100 * MEBI]))


def pod(limits: dict[str, str] | None) -> Pod:
    body = {
        "metadata": {"name": "cart", "namespace": "shop"},
        "spec": {"containers": [{"name": "app", "resources": {"limits": limits or {}}}]},
    }
    return msgspec.convert(body, Pod)


def shown(row: Row, columns: tuple[object, ...]) -> dict[str, str]:
    return {
        column.id: column.live(row, NOW)  # type: ignore[attr-defined]
        for column in columns
        if getattr(column, "id", "").endswith("_trend")
    }


def test_the_trend_of_a_pod_ends_at_its_limits() -> None:
    context = Context(NOW, Usage(0.1, 100 * MEBI), CLIMBING)
    row = pod_catalog.row(pod({"cpu": "1", "memory": "100Mi"}), context)
    assert shown(row, pod_catalog.COLUMNS) == {"cpu_trend": "▁▁▁", "memory_trend": "▁▅█"}
    tones = {column.id: cell.tone for column, cell in zip(pod_catalog.COLUMNS, row.cells, strict=True)}
    assert (tones["cpu_trend"], tones["memory_trend"]) == (Tone.PLAIN, Tone.FAIL)


def test_what_is_not_measured_has_no_bars() -> None:
    row = pod_catalog.row(pod({"cpu": "1"}), Context(NOW))
    assert shown(row, pod_catalog.COLUMNS) == {"cpu_trend": "–", "memory_trend": "–"}


def test_what_grew_most_sorts_first() -> None:
    context = Context(NOW, Usage(0.1, 100 * MEBI), CLIMBING)
    row = pod_catalog.row(pod({"cpu": "1", "memory": "100Mi"}), context)
    cells = dict(zip((column.id for column in pod_catalog.COLUMNS), row.cells, strict=True))
    assert cells["memory_trend"].sort < cells["cpu_trend"].sort


def test_the_trends_of_nodes_are_wide_columns_too() -> None:
    titles = [column(0).title for column in trend_columns()]
    assert [column.title for column in node_catalog.COLUMNS if column.id.endswith("_trend") and column.wide] == titles


def test_the_line_of_a_pod_has_bars_amount_and_percent_of_the_limit() -> None:
    line = usage_line(pod({"memory": "100Mi"}), Usage(0.1, 95 * MEBI), CLIMBING, "metrics 42s ago")
    text = "".join(piece for piece, _ in line)
    assert text == "  CPU ▇▇▇ 100m · no limit  MEM ▁▅█ 95Mi · 95% of its limit 100Mi  · metrics 42s ago"
    assert ("▁▅█", Tone.WARN) in line


def test_the_line_of_a_pod_without_metrics_is_the_reason_alone() -> None:
    assert usage_line(pod(None), None, None, "metrics not installed") == (("  metrics not installed", Tone.MUTED),)
    assert usage_line(pod(None), None, None, "") == ()
