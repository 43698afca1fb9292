"""What the sources of a log are called."""

from __future__ import annotations

from k9py.logs.source import LogTarget
from k9py.tui.logs.labels import labels_for


def pod(name: str, revision: str = "", container: str = "app") -> LogTarget:
    return LogTarget("shop", name, container, revision=revision)


def named(*targets: LogTarget, subject: str = "checkout", names: dict[str, str] | None = None) -> list[str]:
    labels = labels_for(targets, subject, names)
    return [labels.label(target) for target in targets]


def test_pods_of_one_revision_are_told_by_the_end_of_their_names() -> None:
    assert named(pod("checkout-7d4d9-98ffd", "7d4d9"), pod("checkout-7d4d9-abcde", "7d4d9")) == ["98ffd", "abcde"]


def test_the_revision_stands_first_where_there_are_two() -> None:
    new, old = pod("checkout-7d4d9-98ffd", "7d4d9"), pod("checkout-576bb-5g89r", "576bb")
    assert named(new, old, names={"7d4d9": "revision 7"}) == ["r7 98ffd", "576bb 5g89r"]


def test_a_pod_of_a_stateful_set_is_told_by_its_whole_name() -> None:
    first, other = pod("db-0", "db-6f7"), pod("db-1", "db-6f7", "exporter")
    assert named(first, other, subject="db") == ["db-0/app", "db-1/exporter"]


def test_a_pod_of_a_daemon_set_is_told_by_the_end_of_its_name() -> None:
    assert named(pod("agent-x7k2p", "5d9"), pod("agent-q1w2e", "5d9"), subject="agent") == ["x7k2p", "q1w2e"]


def test_pods_of_several_workloads_keep_their_owners_names() -> None:
    assert named(pod("web-7d4d9-98ffd", "7d4d9"), pod("web-canary-abc-x1", "abc"), subject="web") == [
        "7d4d9 web-98ffd",
        "abc web-canary-x1",
    ]


def test_a_pod_of_nobody_is_told_by_its_whole_name() -> None:
    assert named(pod("debug"), subject="debug") == ["debug"]
