"""Templates that differ in one word seen with many values become one."""

from __future__ import annotations

from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from k9py.logs.templates import merging
from k9py.logs.templates.counts import PatternCounts
from k9py.logs.templates.merging import MIN_DISTINCT_PATHS, MIN_DISTINCT_SEVERE_WORDS, MIN_DISTINCT_WORDS
from tests.unit.logs.templates.lines import NEW, OLD, counted, line, never

_NAMES = [f"{first}{second}" for first in "abcdefghij" for second in ("nna", "ob", "eo", "im", "oe", "lan", "ert", "y")]


def patterns(counts: PatternCounts) -> dict[str, int]:
    return {
        entry.template.text: sum(tally.count for tally in entry.tallies.values()) for entry in counts.patterns.values()
    }


def test_a_word_seen_with_many_values_is_a_value_and_nothing_counted_is_lost() -> None:
    lines = [line(NEW, at, f"user {name} logged in") for at, name in enumerate(_NAMES)]
    before = patterns(counted(lines[: MIN_DISTINCT_WORDS - 1]))
    assert len(before) == MIN_DISTINCT_WORDS - 1
    assert patterns(counted(lines)) == {"user <word> logged in": len(lines)}


def test_a_merged_pattern_has_the_counts_of_all_revisions_and_the_first_example() -> None:
    lines = [line(OLD if at % 2 else NEW, at, f"user {name} logged in") for at, name in enumerate(_NAMES)]
    (pattern,) = counted(lines).patterns.values()
    assert {revision: tally.count for revision, tally in pattern.tallies.items()} == {"new": 40, "old": 40}
    assert (pattern.tallies["new"].first_number, pattern.tallies["new"].example) == (0, "user anna logged in")
    assert pattern.tallies["old"].last_number == len(lines) - 1


def test_failures_are_merged_later_than_news() -> None:
    lines = [line(NEW, at, f"ERROR cannot load {name} now") for at, name in enumerate(_NAMES)]
    assert len(patterns(counted(lines[: MIN_DISTINCT_SEVERE_WORDS - 1]))) == MIN_DISTINCT_SEVERE_WORDS - 1
    assert patterns(counted(lines)) == {"ERROR cannot load <word> now": len(lines)}


def test_paths_stay_apart_until_there_are_too_many() -> None:
    lines = [line(NEW, at, f"handled GET /{name} well") for at, name in enumerate(_NAMES)]
    assert len(patterns(counted(lines[: MIN_DISTINCT_PATHS - 1]))) == MIN_DISTINCT_PATHS - 1
    assert patterns(counted(lines)) == {"handled GET <word> well": len(lines)}


def test_short_lines_and_other_levels_stay_apart() -> None:
    assert len(patterns(counted(line(NEW, at, f"user {name}") for at, name in enumerate(_NAMES)))) == len(_NAMES)
    levels = ("INFO", "WARN", "ERROR", "DEBUG")
    compared = patterns(counted(line(NEW, at, f"{level} is it so") for at, level in enumerate(levels * 9)))
    assert compared == {f"{level} is it so": 9 for level in levels}


def test_names_of_fields_are_no_values() -> None:
    lines = [line(NEW, at, f'{{"msg":"one thing done","{name}":1}}') for at, name in enumerate(_NAMES)]
    assert len(patterns(counted(lines))) == len(_NAMES)


def test_two_values_in_one_line_are_found_one_after_the_other() -> None:
    lines = [line(NEW, 0, f"user {who} came from {where} today") for who in _NAMES[:20] for where in _NAMES[20:40]]
    assert patterns(counted(lines)) == {"user <word> came from <word> today": 400}


def test_the_name_of_a_value_stays() -> None:
    lines = [line(NEW, at, f"logged in user={name} by password") for at, name in enumerate(_NAMES)]
    assert patterns(counted(lines)) == {"logged in user=<word> by password": len(lines)}


@given(st.lists(st.lists(st.sampled_from(["aa", "bb", "cc", "x=dd", "x=ee", "7", "/p"]), min_size=1, max_size=5)))
def test_whatever_is_merged_each_line_stays_counted_in_the_pattern_its_template_leads_to(
    lines: list[list[str]],
) -> None:
    texts = [" ".join(tokens) for tokens in lines]
    with patch.multiple(merging, MIN_DISTINCT_WORDS=2, MIN_DISTINCT_PATHS=3, MIN_CONSTANT=1):
        counts = counted(line(NEW, at, text) for at, text in enumerate(texts))
        assert sum(patterns(counts).values()) == len(texts)
        assert all(entry.template is template for template, entry in counts.patterns.items())
        again = set(counts.patterns)
        counts.add(len(texts), [line(NEW, 0, text) for text in texts], never)
        assert set(counts.patterns) <= again, "a line seen before leads to a pattern there is"
