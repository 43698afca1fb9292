"""What a table of any type shows in place of rows, and at its edge."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from k9py.actions.registry import DEFAULT_KEYS
from k9py.api.errors import ForbiddenError, NotFoundError, UnresponsiveError
from k9py.api.meta import ObjectRef
from k9py.api.resource_type import ResourceType
from k9py.api.standard_types import standard_type
from k9py.cluster.health import ClusterState, KindHealth
from k9py.cluster.metrics import MetricsHealth, MetricsState
from k9py.tui.browse.request import ResourceRequest, title_of
from k9py.tui.browse.state_text import empty_text, metrics_text, state_text

PODS, NODES = standard_type("", "Pod"), standard_type("", "Node")
WIDGETS = ResourceType("example.com", "v1", "widgets", "Widget", ref_group="example.com")
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def health(state: ClusterState, error: Exception | None = None, *, synced: bool = True, count: int = 0) -> KindHealth:
    since = NOW - timedelta(seconds=90)
    return KindHealth("Pod", state, synced, count, error, since)  # type: ignore[arg-type]


LIVE = health(ClusterState.LIVE)
CRON_JOB = ObjectRef("CronJob", "shop", "nightly")


@pytest.mark.parametrize(
    ("request_", "known", "text"),
    [
        (ResourceRequest(PODS), LIVE, "no pods in namespace shop · 0 shows all namespaces"),
        (ResourceRequest(PODS, ()), LIVE, "no pods in all namespaces"),
        (ResourceRequest(PODS, ("a", "b")), LIVE, "no pods in namespaces a, b"),
        (ResourceRequest(NODES), LIVE, "no nodes"),
        (ResourceRequest(WIDGETS, ()), LIVE, "no widgets.example.com in all namespaces"),
        (
            ResourceRequest(PODS, None, "", "metadata.name=shpo"),
            LIVE,
            "no namespace and no pod in namespace shop is called shpo · nearest: namespace shop",
        ),
        (ResourceRequest(PODS, (), "", "metadata.name=xyz"), LIVE, "no namespace and no pod is called xyz"),
        (ResourceRequest(PODS, ("a",), "", "metadata.name=x-1"), LIVE, "no pod is called x-1 in namespace a"),
        (ResourceRequest(NODES, None, "", "metadata.name=n"), LIVE, "no node is called n"),
        (ResourceRequest(PODS, (), "app=x", "a=b"), LIVE, "no pods in all namespaces that match app=x, a=b"),
        (ResourceRequest(PODS, ("shop",), owner=CRON_JOB, owner_uid="u"), LIVE, "no pods of CronJob nightly"),
        (ResourceRequest(PODS), health(ClusterState.LOADING, synced=False), "loading…"),
        (ResourceRequest(PODS), health(ClusterState.LOADING, synced=False, count=1200), "loading 1,200 pods…"),
        (
            ResourceRequest(PODS),
            health(ClusterState.FORBIDDEN, ForbiddenError("jo cannot list pods"), synced=False),
            "jo cannot list pods · n chooses namespaces · Esc goes back",
        ),
        (
            ResourceRequest(PODS),
            health(ClusterState.UNREACHABLE, UnresponsiveError("no answer."), synced=False),
            "no answer · Ctrl+R retries now",
        ),
        (
            ResourceRequest(WIDGETS),
            health(ClusterState.STALE, NotFoundError("not found")),
            "gone: the server no longer serves widgets.example.com",
        ),
        (
            ResourceRequest(WIDGETS),
            health(ClusterState.UNREACHABLE, NotFoundError("not found"), synced=False),
            "the server does not serve widgets.example.com: unknown, not none",
        ),
    ],
)
def test_an_empty_table_shows_why(request_: ResourceRequest, known: KindHealth, text: str) -> None:
    shown, _ = empty_text(request_, known, scope=("shop",), keys=DEFAULT_KEYS, namespaces=("data", "shop"))
    assert shown == text


@pytest.mark.parametrize(
    ("known", "text"),
    [
        (LIVE, ""),
        (health(ClusterState.LOADING, synced=False), ""),
        (health(ClusterState.STALE, UnresponsiveError("no answer")), "stale for 90s: no answer, retrying now"),
        (health(ClusterState.LISTED), "listed 90s ago: this type cannot be watched · Ctrl+R lists it again"),
        (health(ClusterState.FORBIDDEN, ForbiddenError("jo cannot list pods")), "stale: jo cannot list pods"),
    ],
)
def test_rows_that_are_not_current_are_marked(known: KindHealth, text: str) -> None:
    assert state_text(PODS, known, NOW, DEFAULT_KEYS) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (3, "gone: the server no longer serves pods, shown as it was for 90s · Ctrl+R asks again"),
        (0, "gone: the server no longer serves pods for 90s · Ctrl+R asks again"),
    ],
)
def test_a_type_that_is_gone_offers_to_ask_again(count: int, text: str) -> None:
    gone = health(ClusterState.STALE, NotFoundError("not found"), count=count)
    assert state_text(PODS, gone, NOW, DEFAULT_KEYS) == text


def test_a_title_names_what_led_there_and_only_the_last_of_many() -> None:
    assert title_of(("nodes", "node-1", "pods")) == "nodes › node-1 › pods"
    assert title_of(("a", "b", "c", "d", "e")) == "… › b › c › d › e"


@pytest.mark.parametrize(
    ("state", "seconds", "text"),
    [
        (MetricsState.LIVE, 29, ""),
        (MetricsState.LIVE, 42, "metrics 42s ago"),
        (MetricsState.LIVE, None, ""),
        (MetricsState.UNAVAILABLE, 42, "metrics 42s ago · metrics unavailable"),
        (MetricsState.UNAVAILABLE, None, "metrics unavailable"),
        (MetricsState.NOT_INSTALLED, None, "metrics not installed"),
        (MetricsState.NOT_READ, None, ""),
    ],
)
def test_the_age_of_metrics_is_shown_when_they_are_old(state: MetricsState, seconds: int | None, text: str) -> None:
    measured_at = None if seconds is None else NOW - timedelta(seconds=seconds)
    assert metrics_text(MetricsHealth(state, measured_at), NOW) == text
