"""Whatever is dropped, from any container and however often: missing lines have a marker in their place."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from k9py.logs.follow.merge import Merge
from k9py.logs.line import LogLine
from tests.unit.logs.follow.scripted_source import START, DrivenClock, target

CONTAINERS = 3
STEPS = st.lists(
    st.one_of(
        st.tuples(st.integers(0, CONTAINERS - 1), st.integers(1, 12), st.integers(-3, 4), st.booleans()),
        st.just("drain"),
        st.integers(0, CONTAINERS - 1),
    ),
    max_size=30,
)


def missing_without_a_marker(given: list[LogLine], written: list[int]) -> list[str]:
    """Return each loss without a marker in its place: before the next line of the container, or at the end."""
    following, is_reported, texts = [0] * CONTAINERS, [False] * CONTAINERS, []
    for line in given:
        if line.marker == "gap":
            is_reported = [True] * CONTAINERS
        elif not line.marker:
            container, number = map(int, line.text.split())
            if number != following[container] and not is_reported[container]:
                texts.append(f"{container}: {following[container]} to {number - 1}")
            assert number >= following[container], "twice, or out of order"
            following[container], is_reported[container] = number + 1, False
    return texts + [
        f"{container}: from {following[container]}"
        for container in range(CONTAINERS)
        if following[container] != written[container] and not is_reported[container]
    ]


@given(STEPS)
@settings(max_examples=400, deadline=None)
async def test_every_dropped_line_is_covered_by_a_marker(steps: list[tuple[int, int, int, bool] | int | str]) -> None:
    clock = DrivenClock()
    merge = Merge(clock, max_lines=16, window=0.4)
    intakes, targets = [merge.add_input() for _ in range(CONTAINERS)], [target(f"p{n}") for n in range(CONTAINERS)]
    for intake in intakes:
        intake.open(holds_others=False)
    await clock.advance(2)  # what comes from now on is of now, not of the past
    merge.drain()
    written, second, output = [0] * CONTAINERS, [10] * CONTAINERS, list[LogLine]()
    for step in steps:
        if isinstance(step, str):
            await clock.advance(0.2)
            output += merge.drain()
            continue
        if isinstance(step, int):  # opened again: what comes now was written before, and is never dropped
            intakes[step].open(holds_others=False)
            continue
        container, count, stride, has_marker = step
        lines = []
        for _ in range(count):
            second[container] += stride
            at = START + timedelta(seconds=second[container])
            lines.append(LogLine(targets[container], at, f"{container} {written[container]}"))
            written[container] += 1
        if has_marker:
            lines.append(LogLine(targets[container], lines[-1].timestamp, "restarted", "start"))
        intakes[container].add(lines)
    await clock.advance(5)
    while not merge.is_empty:
        output += merge.drain()
    assert not missing_without_a_marker(output, written)
