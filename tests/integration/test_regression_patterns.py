"""The demo's regression is found in its logs: exactly the seeded patterns and no others."""

from __future__ import annotations

from k9py.logs.line import LogLine
from k9py.logs.source import LogTarget
from k9py.logs.templates.compare import compare_patterns
from k9py.logs.templates.counts import PatternCounts
from k9py.simulator.log_generators.applications import AFTER_IMAGE
from tests.unit.simulator.cluster import ClusterUnderTest, running_cluster

TAIL = 200


def newest_lines(cluster: ClusterUnderTest) -> tuple[list[LogLine], str, set[str]]:
    """Return the tails of checkout's pods as one stream, the new revision, and the old ones."""
    lines: list[LogLine] = []
    new, old = "", set()
    for pod in cluster.pods():
        metadata = pod["metadata"]
        if metadata["labels"]["app"] != "checkout":
            continue
        revision = metadata["labels"]["pod-template-hash"]
        if pod["spec"]["containers"][0]["image"] == AFTER_IMAGE:
            new = revision
        else:
            old.add(revision)
        log = cluster.state.log_source.open(pod, "app")
        assert log is not None
        target = LogTarget("shop", metadata["name"], "app", metadata["uid"], revision=revision)
        lines += [LogLine(target, line.timestamp, line.text) for line in log.read()[-TAIL:]]
    return sorted(lines, key=lambda line: str(line.timestamp)), new, old


async def test_what_is_new_what_stopped_and_what_comes_more_often_is_found_at_first_sight() -> None:
    async with running_cluster("regression") as cluster:
        lines, new, old = newest_lines(cluster)
    counts = PatternCounts()
    counts.add(0, lines, lambda: False)
    comparison = compare_patterns(counts, new, old)
    rows = [(row.change, row.level.name, row.template.partition(":")[0].partition(" {")[0]) for row in comparison.rows]
    assert [row for row in rows if row[0] != "same"] == [
        ("new", "ERROR", "could not apply the voucher"),
        ("new", "WARN", "retrying payment authorisation, attempt <num> of <num>"),
        ("stopped", "INFO", "tax table read from the cache"),
        ("more", "WARN", "slow answer from shipping"),
    ]
