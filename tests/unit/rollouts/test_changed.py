"""Since when a revision is in use."""

from __future__ import annotations

from datetime import datetime

from k9py.rollouts.changed import revision_since
from k9py.rollouts.revisions import Revision
from tests import factories as make
from tests.factories import before


def revision(number: int, pod_hash: str, created_at: datetime | None, *, is_current: bool = False) -> Revision:
    return Revision(
        number=number,
        name=f"agent-{pod_hash}",
        uid=f"uid-{pod_hash}",
        kind="ControllerRevision",
        namespace="shop",
        images=(make.IMAGE,),
        change_cause="",
        created_at=created_at,
        replicas=None,
        ready=None,
        is_current=is_current,
        pod_template_hash=pod_hash,
    )


def test_a_revision_that_is_the_newest_is_in_use_since_it_was_made() -> None:
    now = revision(2, "bbb", before(60), is_current=True)
    assert revision_since(now, [now, revision(1, "aaa", before(9000))], ()) == before(60)


def test_one_that_an_undo_took_up_again_is_in_use_since_its_first_new_pod() -> None:
    now = revision(3, "aaa", before(9000), is_current=True)
    pods = [
        make.pod("agent-1", revision_hash="aaa", created=20),
        make.pod("agent-2", revision_hash="aaa", created=30),
        make.pod("agent-3", revision_hash="bbb", created=500),
    ]
    assert revision_since(now, [now, revision(2, "bbb", before(600))], pods) == before(30)


def test_before_its_first_pod_it_is_at_least_newer_than_the_one_before() -> None:
    now = revision(3, "aaa", before(9000), is_current=True)
    assert revision_since(now, [now, revision(2, "bbb", before(600))], ()) == before(600)


def test_what_is_not_known_is_not_said() -> None:
    assert revision_since(None, (), ()) is None
    assert revision_since(revision(1, "aaa", None, is_current=True), (), ()) is None
