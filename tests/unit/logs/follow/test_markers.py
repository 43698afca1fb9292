"""When a marker is shown: once for each event, and not for an interruption that did not matter."""

from __future__ import annotations

from k9py.api.errors import ConnectionFailedError
from k9py.logs.follow.markers import DEDUP_SECONDS, MIN_REPORTED_SECONDS, MarkerDedup, StreamMarkers
from tests.unit.logs.follow.scripted_source import SteppingClock

CUT = ConnectionFailedError("cut off")


class Recorded:
    """Two streams of one view, and the markers they show."""

    def __init__(self) -> None:
        self.clock = SteppingClock()
        self.shown: list[tuple[str, str]] = []
        dedup = MarkerDedup(self.clock)
        self.markers, self.other = (
            StreamMarkers(self.clock, lambda marker, text: self.shown.append((marker, text)), dedup) for _ in range(2)
        )


def test_an_interruption_that_is_quickly_proven_harmless_shows_nothing() -> None:
    recorded = Recorded()
    recorded.markers.report_interruption(CUT, immediately=False)
    recorded.clock.seconds += MIN_REPORTED_SECONDS / 2
    assert recorded.markers.report_continuation()
    assert recorded.shown == []
    assert (recorded.markers.reason, recorded.markers.disconnected_seconds) == ("", None)


def test_a_long_interruption_is_shown_when_it_is_over() -> None:
    recorded = Recorded()
    recorded.markers.report_interruption(CUT, immediately=False)
    recorded.clock.seconds += 12
    assert recorded.markers.report_continuation()
    assert recorded.shown == [("note", "reconnected after 12s: no lines missing")]
    assert not recorded.markers.report_continuation(), "there was no further interruption"


def test_what_concerns_all_streams_is_shown_by_the_first_and_again_only_later() -> None:
    recorded = Recorded()
    for markers in (recorded.markers, recorded.other):
        markers.report_interruption(CUT, immediately=True)
    assert recorded.shown == [("note", "log interrupted: cut off")]
    recorded.clock.seconds += DEDUP_SECONDS
    recorded.other.report_interruption(CUT, immediately=True)
    assert len(recorded.shown) == 2


def test_an_error_of_the_node_is_shown_once_whatever_numbers_it_contains() -> None:
    recorded = Recorded()
    for number in range(3):
        recorded.markers.report_node_error(f"node error: pid {number}", CUT)
    assert recorded.shown == [("note", "node error: pid 0")]


def test_a_gap_names_the_time_without_a_connection() -> None:
    recorded = Recorded()
    recorded.markers.set_disconnected()
    recorded.clock.seconds += 5
    recorded.markers.report_gap("log rotated", None, None)
    assert recorded.shown == [
        ("gap", "log rotated while disconnected for 5s: lines between the start and now may be missing")
    ]
