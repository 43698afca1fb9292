"""A change-cause is a revision's own or inherited: by time, text and managed fields."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
import pytest

from k9py.api.workloads import CHANGE_CAUSE
from k9py.rollouts.authors import unmark_rewritten_causes
from k9py.rollouts.revisions import Revision, mark_inherited_causes, revisions
from k9py.views.history import history_table, json_values, revision_lines
from k9py.views.revisions import revision_text, row
from k9py.views.values import Tone
from tests.factories.meta import NOW, before
from tests.factories.workloads import deployment, replica_set

DEPLOYMENT = deployment(revision=9)
Given = tuple[int, float, str]
"""A revision: its number, its age in seconds, its change-cause."""


def given_revisions(*given: Given, current: int = 9) -> tuple[Revision, ...]:
    owned = [
        replica_set(DEPLOYMENT, f"r{number}", revision=number, created=before(age), change_cause=cause)
        for number, age, cause in given
    ]
    return tuple(
        msgspec.structs.replace(revision, is_current=revision.number == current)
        for revision in revisions(DEPLOYMENT, owned)
    )


def inherited(those: tuple[Revision, ...]) -> dict[int, int]:
    return {
        revision.number: revision.cause_inherited_from
        for revision in those
        if revision.cause_inherited_from is not None
    }


def written(manager: str, at: datetime, *, cause: bool = True) -> dict[str, Any]:
    fields: dict[str, Any] = (
        {"f:metadata": {"f:annotations": {f"f:{CHANGE_CAUSE}": {}}}} if cause else {"f:spec": {"f:template": {}}}
    )
    return {"manager": manager, "time": at.isoformat(), "fieldsV1": fields}


def raw(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": {"managedFields": list(entries)}}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        # kubectl set image after a release: the annotation stays.
        (((4, 900, "release 2.7"), (5, 60, "release 2.7")), {5: 4}),
        # A chain of revisions leads back to the one it was written for.
        (((3, 900, "a"), (4, 600, "a"), (5, 300, "a"), (6, 60, "b")), {4: 3, 5: 3}),
        (((4, 900, "release 2.7"), (5, 60, "release 2.8")), {}),
        (((4, 900, ""), (5, 60, "")), {}),
        # The same text again, with another release in between: rewritten.
        (((3, 900, "hotfix"), (4, 600, "release"), (5, 60, "hotfix")), {}),
        # Revision 4 was undone to and is 6 now: it was there first, so the cause is its own and 5 has it from there.
        (((5, 300, "a"), (6, 900, "a")), {5: 6}),
        # 1 and 2, an undo to 1 (now 3), then an image was set: 4 has the text of the one it came from.
        (((2, 600, "b"), (3, 900, "a"), (4, 60, "a")), {4: 3}),
        # A revision that has no number yet.
        (((0, 1, "a"), (4, 900, "a")), {0: 4}),
    ],
)
def test_a_change_cause_equal_to_the_earlier_revision_is_inherited(
    given: tuple[Given, ...], expected: dict[int, int]
) -> None:
    assert inherited(given_revisions(*given)) == expected


def test_after_an_undo_the_cause_left_on_a_stateful_set_is_not_the_next_revisions_own() -> None:
    # 1 had none, 2 was set with a cause, an undo made 1 to 3 and left the annotation, then an image was set: 4.
    those = given_revisions((2, 600, "set image 2"), (3, 900, ""), (4, 60, "set image 2"))
    controller_revisions = [
        msgspec.structs.replace(revision, kind="ControllerRevision", cause_inherited_from=None) for revision in those
    ]
    assert inherited(mark_inherited_causes(controller_revisions)) == {4: 2}


SAME = ((4, 900.0, "stable"), (5, 600.0, "stable"), (6, 60.0, "stable"))


@pytest.mark.parametrize(
    ("obj", "expected"),
    [
        (raw(), {5: 4, 6: 4}),
        # Set with the image: its own.
        (raw(written("ci", before(61))), {5: 4}),
        # Set long before, for another revision.
        (raw(written("kubectl-annotate", before(890))), {5: 4, 6: 4}),
        (raw(written("ci", before(601))), {6: 4}),
        # Annotated afterwards, for the current revision.
        (raw(written("kubectl-annotate", before(5))), {5: 4}),
        # An author of the image but not of the annotation proves nothing.
        (raw(written("kubectl-set", before(61), cause=False)), {5: 4, 6: 4}),
        ({"metadata": {"managedFields": [None, {"time": "soon", "fieldsV1": []}]}}, {5: 4, 6: 4}),
    ],
)
def test_what_the_managed_fields_show_to_be_rewritten_is_its_own(obj: dict[str, Any], expected: dict[int, int]) -> None:
    assert inherited(unmark_rewritten_causes(obj, given_revisions(*SAME, current=6))) == expected


def test_tables_and_json_name_its_owner_and_never_show_it_as_its_own() -> None:
    newer, older = given_revisions((4, 900, "release 2.7"), (5, 60, "release 2.7"), current=5)
    expected = [("(from revision 4)", Tone.MUTED), ("release 2.7", Tone.PLAIN)]
    table = history_table(DEPLOYMENT.key, (newer, older), {}, NOW)
    at = [column.id for column in table.columns].index("cause")
    assert [(cells[at].text, cells[at].tone) for cells in table.rows] == expected
    shown = [row(revision, NOW).cells[4] for revision in (newer, older)]
    assert [(cell.text, cell.tone) for cell in shown] == expected
    values = json_values(DEPLOYMENT.key, (newer, older), {})["revisions"]
    assert [(revision["change_cause"], revision["change_cause_inherited_from"]) for revision in values] == [
        ("release 2.7", 4),
        ("release 2.7", None),
    ]
    assert ("change-cause", "release 2.7 (from revision 4)") in revision_lines(newer, None, NOW)
    assert revision_text(newer, NOW) == "revision 5 (60s ago)"
    assert revision_text(older, NOW) == "revision 4 (15m ago, release 2.7)"


def test_a_secret_in_a_change_cause_is_hidden() -> None:
    (revision,) = given_revisions((9, 60, "kubectl set env deploy/web API_TOKEN=hunter2"))
    assert revision.change_cause == "kubectl set env deploy/web API_TOKEN=••••••"
