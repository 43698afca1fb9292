"""What is reported about the main process of a container before and after attaching to it."""

from __future__ import annotations

import pytest

from k9py.remote.attaching import MainProcess, how_to_detach, no_input_note
from k9py.remote.leave_keys import LEAVE_KEYS


@pytest.mark.parametrize(
    ("process", "before", "after"),
    [
        (MainProcess(), "it takes no input · Ctrl+C detaches", "it takes no input: its spec does not set stdin"),
        (
            MainProcess(has_stdin=True),
            "Ctrl+C detaches · kdash attach -i types to it",
            "its spec sets no tty: kdash attach -i types to it",
        ),
        (MainProcess(has_stdin=True, has_tty=True), f"Ctrl+C goes to it, {LEAVE_KEYS} detaches", ""),
    ],
)
def test_whether_it_takes_input_is_reported_before_and_after(process: MainProcess, before: str, after: str) -> None:
    assert (how_to_detach(process), no_input_note(process)) == (before, after)
