"""kdash names the root of every fault in the corpus and nothing else, and no problem of healthy clusters in motion.

`pytest tests/corpus -s` prints precision and recall of each family.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.corpus.cases import Case, cases
from tests.corpus.clusters import problems_of
from tests.corpus.gaps import GAPS
from tests.corpus.judging import Verdict, judge, summary

_VERDICTS: dict[str, list[Verdict]] = defaultdict(list)


@pytest.fixture(scope="module", autouse=True)
def _print_precision_and_recall() -> Iterator[None]:
    yield
    print()
    for family, verdicts in sorted(_VERDICTS.items()):
        print(summary(family, verdicts))


@pytest.mark.parametrize("case", [*cases("faults"), *cases("healthy")], ids=lambda case: case.name)
def test_problems_are_the_roots_and_nothing_else(case: Case) -> None:
    verdict = judge(case, problems_of(case))
    _VERDICTS[case.family].append(verdict)
    if case.name in GAPS and not verdict.is_right:
        pytest.xfail(GAPS[case.name])
    assert verdict.is_right, "\n".join((case.about, *verdict.lines))


@pytest.mark.parametrize("case", [*cases("faults"), *cases("healthy")], ids=lambda case: case.name)
def test_problems_do_not_depend_on_the_order_of_the_objects(case: Case) -> None:
    objects = list(case.objects)
    random.Random(case.name).shuffle(objects)

    assert problems_of(replace(case, objects=objects)) == problems_of(case)


def test_the_corpus_is_as_large_as_promised() -> None:
    assert sum(len(case.expected) for case in cases("faults")) >= 90
    assert len(cases("healthy")) >= 20
    assert not any(case.expected for case in cases("healthy"))


def test_every_gap_is_a_case() -> None:
    assert GAPS.keys() <= {case.name for case in (*cases("faults"), *cases("healthy"))}
