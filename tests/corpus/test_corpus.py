"""kdash names the root of every fault in the corpus and nothing else, and says nothing about healthy clusters in motion.

`pytest tests/corpus -s` prints precision and recall of each family.
"""

from __future__ import annotations

from collections import defaultdict

import pytest

from tests.corpus.cases import Case, cases
from tests.corpus.clusters import problems_of
from tests.corpus.judging import Verdict, judge

_VERDICTS: dict[str, list[Verdict]] = defaultdict(list)


@pytest.fixture(scope="module", autouse=True)
def _print_precision_and_recall() -> object:
    yield
    print()
    for family, verdicts in sorted(_VERDICTS.items()):
        expected = sum(each.expected for each in verdicts)
        claimed = sum(each.claimed for each in verdicts)
        false = sum(len(each.false) for each in verdicts)
        recalled = sum(each.recalled for each in verdicts)
        right = sum(each.is_right for each in verdicts)
        precision = f"{(claimed - false) / claimed:7.1%}" if claimed else "      -"
        recall = f"{recalled / expected:7.1%}" if expected else "      -"
        print(f"{family:<12} {len(verdicts):>3} cases {right:>3} right   precision {precision}   recall {recall}")


@pytest.mark.parametrize("case", [*cases("faults"), *cases("healthy")], ids=lambda case: case.name)
def test_problems_are_the_roots_and_nothing_else(case: Case) -> None:
    verdict = judge(case, problems_of(case))
    _VERDICTS[case.family].append(verdict)
    lines = (
        *(f"missed {line}" for line in verdict.missed),
        *(f"incomplete {line}" for line in verdict.incomplete),
        *(f"false {line}" for line in verdict.false),
    )
    assert not lines, "\n".join((case.about, *lines))


def test_the_corpus_is_as_large_as_promised() -> None:
    assert sum(len(case.expected) for case in cases("faults")) >= 90
    assert len(cases("healthy")) >= 20
    assert not any(case.expected for case in cases("healthy"))
