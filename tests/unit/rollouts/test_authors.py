"""Authors of an object: newest first, and named for a revision only if a time proves it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from k9py.rollouts.authors import Author, authors, revision_authors, template_author
from k9py.rollouts.revisions import Revision, revisions
from tests.factories.meta import NOW, before
from tests.factories.workloads import deployment, replica_set
from tests.recordings import exchanges

DEPLOYMENT = deployment(revision=3)


def entry(manager: str, at: datetime | None, *, template: bool = True, subresource: str = "") -> dict[str, Any]:
    fields: dict[str, Any] = {
        "manager": manager,
        "operation": "Update",
        "fieldsV1": {"f:spec": {"f:template" if template else "f:replicas": {}}},
    }
    if at is not None:
        fields["time"] = at.isoformat().replace("+00:00", "Z")
    return fields | ({"subresource": subresource} if subresource else {})


def raw(*entries: Any) -> dict[str, Any]:
    return {"metadata": {"managedFields": list(entries)}}


def found_revisions(*ages: float) -> tuple[Revision, ...]:
    """Return revisions 1, 2, ... of those ages in seconds; the third is current."""
    owned = [
        replica_set(DEPLOYMENT, f"r{number}", revision=number, created=before(age))
        for number, age in enumerate(ages, start=1)
    ]
    return revisions(DEPLOYMENT, owned)


def by_revision(obj: dict[str, Any], *ages: float) -> dict[str, str]:
    return {name: author.manager for name, author in revision_authors(obj, found_revisions(*ages)).items()}


def test_authors_come_newest_first_and_status_writers_are_left_out() -> None:
    obj = raw(
        entry("scaler", None, template=False, subresource="scale"),
        entry("kubectl-client-side-apply", before(900)),
        entry("kube-controller-manager", before(1), subresource="status"),
        {"manager": "old-controller", "operation": "Update", "fieldsV1": {"f:status": {}}},
        entry("kubectl-edit", before(30), template=False),
    )
    assert [(author.manager, author.subresource) for author in authors(obj)] == [
        ("kubectl-edit", ""),
        ("kubectl-client-side-apply", ""),
        ("scaler", "scale"),
    ]
    assert template_author(obj) == Author("kubectl-client-side-apply", "Update", before(900), "")


def test_recorded_set_image_is_the_newest_author_of_the_template() -> None:
    obj = exchanges("statefulset")
    recorded = next(
        exchange["response"]["body"] for exchange in obj if "kubectl-rollout" in str(exchange["response"]["body"])
    )
    sets = recorded.get("items", [recorded])
    replica_set = next(x for x in sets if "kubectl-rollout" in str(x["metadata"]["managedFields"]))
    assert template_author(replica_set) == Author(
        "kubectl-rollout", "Update", datetime(2026, 11, 22, 6, 49, tzinfo=UTC), ""
    )


def test_revisions_have_the_author_whose_change_began_them() -> None:
    obj = raw(entry("apply", before(3000)), entry("ci", before(1000)), entry("kubectl-set", before(50)))
    assert by_revision(obj, 2999, 998, 49) == {
        "checkout-r1": "apply",
        "checkout-r2": "ci",
        "checkout-r3": "kubectl-set",
    }


def test_a_revision_no_time_proves_has_no_author() -> None:
    obj = raw(entry("ci", before(50)))
    assert by_revision(obj, 2999, 998, 49) == {"checkout-r3": "ci"}
    assert by_revision(raw(entry("replicas", before(998), template=False)), 2999, 998, 49) == {}


def test_a_revision_reused_has_the_author_of_now() -> None:
    assert by_revision(raw(entry("kubectl-undo", before(5))), 2000, 1000, 3000) == {"checkout-r3": "kubectl-undo"}


def test_who_left_a_revision_seconds_after_it_was_made_did_not_make_it() -> None:
    obj = raw(entry("apply", before(3000)), entry("kdash", before(55)))
    assert by_revision(obj, 2999, 58, 5000) == {"checkout-r1": "apply", "checkout-r3": "kdash"}


def test_who_first_made_a_revision_is_not_named_for_going_back_to_it() -> None:
    # A `kubectl rollout undo` that only removes a field leaves no managed fields entry.
    obj = raw(entry("apply", before(3000)), entry("kubectl-set", before(2000)))
    [current] = [revision for revision in found_revisions(3000, 1000, 2000) if revision.is_current]
    assert "checkout-r3" not in by_revision(obj, 3000, 1000, 2000)
    again = msgspec.structs.replace(current, was_reused=True)
    assert revision_authors(obj, [again]) == {}


def test_who_wrote_a_template_that_has_no_revision_yet_is_not_named_for_the_one_before() -> None:
    obj = raw(entry("apply", before(3000)), entry("kdash", before(5)))
    obj["spec"] = {"paused": True, "template": {"spec": {"containers": [{"image": "registry.example.com/other:9"}]}}}
    assert by_revision(obj, 3000, 1000, 50) == {"checkout-r1": "apply"}


def test_a_later_write_of_other_fields_does_not_move_when_a_revision_was_made() -> None:
    obj = raw(entry("apply", before(5)))
    authors = revision_authors(obj, found_revisions(3000, 1000, 50))
    assert authors == {"checkout-r3": Author("apply", "Update", before(50), "")}


def test_a_current_revision_that_began_long_after_every_author_has_none() -> None:
    assert by_revision(raw(entry("apply", before(3000))), 3000, 1000, 50) == {"checkout-r1": "apply"}


@pytest.mark.parametrize(
    "obj",
    [
        {},
        {"metadata": None},
        {"metadata": {"managedFields": 5}},
        raw(None, 5, {}, {"manager": 3}, {"manager": "a", "fieldsV1": [1], "time": 7}),
        raw({"manager": "a", "fieldsV1": {"f:spec": "x"}, "time": "yesterday"}, {"manager": "b", "time": "2026-11-22"}),
    ],
)
def test_odd_json_names_nobody_for_the_template(obj: dict[str, Any]) -> None:
    assert template_author(obj) is None
    assert revision_authors(obj, found_revisions(1)) == {}
    assert all(author.at is None for author in authors(obj))


def test_what_a_terminal_would_act_on_never_comes_out() -> None:
    managers = authors(raw(entry("evil\x1b[2J\nmanager", NOW + timedelta(seconds=1))))
    assert [author.manager for author in managers] == ["evil manager"]
    assert msgspec.json.encode(managers)


def test_of_several_authors_one_without_a_time_leaves_it_open_who_was_last() -> None:
    timeless, timed = entry("kubectl", None), entry("kubectl-create", before(900))
    assert template_author(raw(timeless, timed)) is None
    assert template_author(raw(timeless)) == Author("kubectl", "Update", None, "")
    scaled = entry("curl", None, template=False, subresource="scale")
    named = template_author(raw(scaled, timed))
    assert named is not None
    assert named.manager == "kubectl-create"


def test_who_made_one_revision_is_not_named_for_another_a_few_seconds_later() -> None:
    obj = raw(entry("kubectl-create", before(63)), entry("kdash", before(10)))
    assert by_revision(obj, 63, 60, 10) == {"checkout-r1": "kubectl-create", "checkout-r3": "kdash"}
