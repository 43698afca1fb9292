"""The summarized health of all watches: when it is live, partly live, or neither, and which kinds it names."""

from __future__ import annotations

from datetime import timedelta

import pytest

from k9py.api.errors import ConnectionFailedError, ExpiredError, ForbiddenError, NotFoundError, WatchCrashedError
from k9py.cluster.health import ESSENTIAL, ClusterState, WatchReport, summarize_health
from k9py.informer.health import Forbidden, Live, Loading, Stale, WatchHealth
from tests.factories import NOW

LIVE = Live(NOW)
CUT = ConnectionFailedError("cut off")
STALE = Stale(NOW, CUT, NOW)
REFUSED = Forbidden(ForbiddenError("may not list", code=403))
LIST_ONLY = Stale(NOW, ForbiddenError("may not watch", code=403))
CRASHED = Loading(0, WatchCrashedError("Reading pods failed"))
MISSING = Loading(0, NotFoundError("no such API", code=404))

OTHERS = ("Event", "Job", "Node")


def reports(**health: WatchHealth) -> list[WatchReport]:
    """Return a report of every kind; those not named are live."""
    kinds = (*sorted(ESSENTIAL), *OTHERS)
    all_health = {kind: health.get(kind, LIVE) for kind in kinds}
    return [
        WatchReport(kind, kind_health, not isinstance(kind_health, Loading), 1)
        for kind, kind_health in all_health.items()
    ]


@pytest.mark.parametrize(
    ("health", "state", "is_whole"),
    [
        ({}, ClusterState.LIVE, True),
        ({"Pod": Loading(5)}, ClusterState.LOADING, False),
        ({"Pod": STALE}, ClusterState.STALE, False),
        ({"Pod": LIST_ONLY}, ClusterState.STALE, True),
        ({"Pod": Loading(0, CUT)}, ClusterState.UNREACHABLE, False),
        ({"Pod": CRASHED}, ClusterState.UNREACHABLE, False),
        ({"Pod": Stale(NOW, WatchCrashedError("x"))}, ClusterState.STALE, False),
        ({"EndpointSlice": REFUSED}, ClusterState.PARTIAL, False),
        (dict.fromkeys(ESSENTIAL - {"Service"}, REFUSED), ClusterState.PARTIAL, False),
        ({"EndpointSlice": REFUSED, "Pod": STALE}, ClusterState.STALE, False),
        (dict.fromkeys(ESSENTIAL, REFUSED), ClusterState.FORBIDDEN, False),
        (dict.fromkeys(OTHERS, REFUSED), ClusterState.LIVE, True),
        ({"Event": STALE}, ClusterState.LIVE, True),
    ],
)
def test_live_only_while_every_essential_kind_is_watched(
    health: dict[str, WatchHealth], state: ClusterState, is_whole: bool
) -> None:
    folded = summarize_health(reports(**health))
    assert folded.state is state
    assert folded.is_live is (state is ClusterState.LIVE)
    assert folded.is_complete is is_whole


@pytest.mark.parametrize(
    ("health", "behind"),
    [
        ({"Event": STALE, "Job": Loading(0, CUT)}, ("Event", "Job")),
        ({"Event": CRASHED}, ("Event",)),
        ({"Event": Loading(3), "Job": REFUSED, "Node": LIST_ONLY}, ()),
        ({"Job": MISSING}, ()),
        ({"Event": Stale(NOW, ExpiredError("too old", code=410))}, ()),
        ({"Pod": STALE}, ()),
    ],
)
def test_optional_kinds_that_are_not_current_are_named(health: dict[str, WatchHealth], behind: tuple[str, ...]) -> None:
    assert summarize_health(reports(**health)).stale_optional_kinds == behind


def test_a_live_watch_that_is_overdue_is_stale_since_its_last_sign_of_life() -> None:
    silent_since = NOW - timedelta(hours=8)
    pods = WatchReport("Pod", LIVE, True, 1, silent_since=silent_since)
    folded = summarize_health([pods, *(report for report in reports() if report.kind != "Pod")])
    assert folded.state is ClusterState.STALE
    assert folded.since == silent_since
    assert not folded.is_complete
