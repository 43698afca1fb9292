"""When loaded objects are moved out of the garbage collector's sight."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from k9py.runtime.gc_tuner import FREEZE_STEP, FULL_COLLECTION_FACTOR, GcTuner


@pytest.fixture(autouse=True)
def _thresholds() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


def test_a_large_load_is_frozen_step_by_step_and_a_small_cluster_never() -> None:
    freezes: list[int] = []
    tuner = GcTuner(freeze=lambda: freezes.append(1))
    tuner.add(FREEZE_STEP - 1)
    assert freezes == []
    tuner.add(1)
    assert len(freezes) == 1
    for _ in range(FREEZE_STEP * 2):
        tuner.add(1)
    assert len(freezes) == 3


def test_it_freezes_at_the_start_and_when_a_kind_is_loaded_and_unfreezes_at_the_end() -> None:
    calls: list[str] = []
    tuner = GcTuner(freeze=lambda: calls.append("freeze"), unfreeze=lambda: calls.append("unfreeze"))
    tuner.start()
    tuner.freeze_added()
    assert calls == ["freeze"]
    tuner.add(3)
    tuner.freeze_added()
    tuner.stop()
    assert calls == ["freeze", "freeze", "unfreeze"]


def test_full_collections_are_rare_between_start_and_stop() -> None:
    before = gc.get_threshold()
    tuner = GcTuner(freeze=lambda: None, unfreeze=lambda: None)
    tuner.start()
    assert gc.get_threshold() == (*before[:2], before[2] * FULL_COLLECTION_FACTOR)
    tuner.stop()
    assert gc.get_threshold() == before
