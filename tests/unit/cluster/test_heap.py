"""When loaded objects are moved out of the garbage collector's sight."""

from __future__ import annotations

from k9py.cluster.heap import STEP, Heap


def test_a_big_load_is_moved_step_by_step_and_a_small_cluster_never() -> None:
    moves: list[int] = []
    heap = Heap(freeze=lambda: moves.append(1))
    heap.added(STEP - 1)
    assert moves == []
    heap.added(1)
    assert len(moves) == 1
    for _ in range(STEP * 2):
        heap.added(1)
    assert len(moves) == 3


def test_what_is_alive_is_moved_as_loading_begins_and_when_a_kind_is_read_and_given_back_at_the_end() -> None:
    told: list[str] = []
    heap = Heap(freeze=lambda: told.append("freeze"), unfreeze=lambda: told.append("unfreeze"))
    heap.begin()
    heap.loaded()
    assert told == ["freeze"]
    heap.added(3)
    heap.loaded()
    heap.end()
    assert told == ["freeze", "freeze", "unfreeze"]
