"""Print what is wrong with the problems of each case: `python -m tests.corpus [-v] [pods/*] [healthy/*]`.

With -v every problem is printed, also of cases that are right.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from fnmatch import fnmatchcase

from tests.corpus.cases import cases
from tests.corpus.clusters import BrokenCheckError, problems_of
from tests.corpus.judging import Verdict, described, judge, summary


def main(arguments: list[str]) -> int:
    """Print the cases whose names match one of the patterns; return 1 if one of them is not right."""
    verbose = "-v" in arguments
    patterns = [each for each in arguments if each != "-v"] or ["*"]
    verdicts: dict[str, list[Verdict]] = defaultdict(list)
    broken = 0
    for case in (*cases("faults"), *cases("healthy")):
        if not any(fnmatchcase(case.name, pattern) for pattern in patterns):
            continue
        try:
            problems = problems_of(case)
        except BrokenCheckError as error:
            broken += 1
            print(f"{case.name}: {error}")
            continue
        verdict = judge(case, problems)
        verdicts[case.family].append(verdict)
        if verbose or not verdict.is_right:
            print(f"{case.name}: {case.about}")
            print("".join(f"    {line}\n" for line in verdict.lines), end="")
        if verbose:
            print("".join(f"    = {described(problem)}\n" for problem in problems), end="")
    print(*(summary(family, each) for family, each in sorted(verdicts.items())), sep="\n")
    return 1 if broken or not all(each.is_right for family in verdicts.values() for each in family) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
