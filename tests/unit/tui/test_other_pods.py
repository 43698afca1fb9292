"""What the Jobs of one CronJob have in common."""

from __future__ import annotations

import pytest

from k9py.tui.browse.other_pods import job_family


@pytest.mark.parametrize(
    ("job", "family"),
    [
        ("nightly-29474645", "nightly"),
        ("stock-sync-29474640", "stock-sync"),
        ("migrate", "migrate"),
        ("v2-12", "v2-12"),
    ],
)
def test_the_jobs_of_a_cronjob_are_one_family(job: str, family: str) -> None:
    assert job_family(job) == family
