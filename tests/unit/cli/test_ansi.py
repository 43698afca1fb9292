"""The colours of command output: one escape sequence for each tone."""

from __future__ import annotations

import re

import pytest

from k9py.cli.ansi import TONE_SGR, paint, paint_tone
from k9py.views.values import Tone


@pytest.mark.parametrize("tone", [tone for tone in Tone if tone is not Tone.PLAIN])
def test_each_tone_has_a_colour_of_its_own(tone: Tone) -> None:
    assert re.fullmatch(r"\x1b\[[0-9;]+mtext\x1b\[0m", paint_tone("text", tone))
    assert [other for other in TONE_SGR if TONE_SGR[other] == TONE_SGR[tone]] == [tone]


def test_what_needs_no_colour_is_left_as_it_is() -> None:
    assert paint_tone("text", Tone.PLAIN) == "text"
    assert paint("text", "") == "text"
    assert paint("", "31") == ""
