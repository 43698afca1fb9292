"""Failing pods that no table of the first screen shows: which pods of Jobs still count."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from k9py.api.meta import Meta, OwnerReference
from k9py.api.pods import Pod, PodStatus
from k9py.views.other_pods import (
    OtherPod,
    failing_other_pods,
    is_replaced,
    job_family,
    other_pod_values,
    other_pods_text,
)
from tests import factories as make
from tests.unit.cluster.world import World


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


def pod(name: str, job: str, minute: int, phase: str = "Failed") -> Pod:
    owner = OwnerReference("Job", job, job, controller=True)
    created = datetime(2026, 1, 1, 12, minute, tzinfo=UTC)
    return Pod(Meta(name, "shop", creation_timestamp=created, owner_references=(owner,)), status=PodStatus(phase=phase))


@pytest.mark.parametrize(
    ("failed", "later", "is_replaced_"),
    [
        (pod("a", "nightly-29474640", 1), pod("b", "nightly-29474645", 2, "Succeeded"), True),
        (pod("a", "migrate", 1), pod("b", "migrate", 2, "Running"), True),
        (pod("a", "migrate", 2), pod("b", "migrate", 1, "Running"), False),
        (pod("a", "migrate", 1), pod("b", "other", 2, "Running"), False),
        (pod("a", "parallel", 1, "Running"), pod("b", "parallel", 2, "Running"), False),
    ],
    ids=["a later run", "a retry", "an earlier pod", "another Job", "it still runs and crashes"],
)
def test_only_a_pod_that_failed_for_good_is_replaced_by_a_later_one(
    failed: Pod, later: Pod, is_replaced_: bool
) -> None:
    assert is_replaced(failed, (failed, later)) is is_replaced_


def test_failing_pods_without_a_service_or_workload_are_named_with_their_reason() -> None:
    bare = make.pod("bare", labels={"app": "x"}, phase="Failed", reason="Evicted", statuses=())
    well = make.pod("well", labels={"app": "x"})
    served = make.pod("served", labels={"app": "cart"}, phase="Failed", reason="Evicted", statuses=())
    world = World(bare, well, served, make.service("cart", selector={"app": "cart"}))
    pods = failing_other_pods(world.queries, make.NOW)
    assert pods == (OtherPod(bare.key, "Evicted", None),)
    assert other_pods_text(pods) == "1 other pod failing: shop/bare (Evicted)"
    assert other_pods_text(pods * 12).endswith("shop/bare (Evicted) and 2 more")
    assert other_pods_text(()) == ""
    assert other_pod_values(pods) == [{"namespace": "shop", "name": "bare", "reason": "Evicted", "owner": None}]


def test_unread_pods_are_unknown_and_not_none() -> None:
    assert failing_other_pods(World(unknown=["Pod"]).queries, make.NOW) is None
    assert other_pod_values(None) is None
