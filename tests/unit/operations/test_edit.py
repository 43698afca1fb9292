"""Edits: what is sent, what cannot be edited, and what a conflict shows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from k9py.api.errors import RefusedError
from k9py.operations.drafts import Draft, kept_texts, new_draft
from k9py.operations.edit import (
    Edit,
    EditError,
    EditInputs,
    conflict_text,
    edit_text,
    plan_edit,
    without_comments,
)
from k9py.operations.external_editor import editor_command
from k9py.operations.plan import Tracking
from tests import factories as make

SECRET = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "token", "namespace": "shop", "uid": "u", "resourceVersion": "7"},
    "data": {"key": "b2xk"},
}


@dataclass
class ATarget:
    raw: dict[str, Any]


def edited(obj: dict[str, Any], *changes: tuple[str, str]) -> str:
    text = edit_text(obj)
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


def test_only_the_difference_is_sent_with_its_preconditions() -> None:
    obj = make.raw_deployment(replicas=3)
    plan = plan_edit(obj, edited(obj, ("replicas: 3", "replicas: 4")))
    metadata = {"uid": obj["metadata"]["uid"], "resourceVersion": obj["metadata"]["resourceVersion"]}
    assert plan.request.patch == {"spec": {"replicas": 4}, "metadata": metadata}
    assert plan.request.is_strict
    assert (plan.replicas, plan.starts_rollout, plan.tracking) == (4, False, Tracking.ROLLOUT)


def test_a_changed_template_starts_a_rollout() -> None:
    obj = make.raw_deployment()
    plan = plan_edit(obj, edited(obj, ("checkout:1.0.0", "checkout:2.0.0")))
    assert plan.starts_rollout
    assert plan.before_after == ()


def test_a_secret_is_never_shown() -> None:
    plan = plan_edit(SECRET, edited(SECRET, ("b2xk", "bmV3")))
    assert "b2xk" not in str(plan.before_after)
    assert "bmV3" not in str(plan.before_after)
    assert plan.tracking is Tracking.NONE


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("kind: Deployment", "kind: StatefulSet", "kind, name and namespace cannot be edited"),
        ("name: checkout\n", "name: other\n", "kind, name and namespace cannot be edited"),
        ("apiVersion: apps/v1", "apiVersion: apps/v2", "apiVersion is apps/v1 and cannot be edited"),
        ("kind: Deployment", "kind: Deployment\n---\napiVersion: v1", "line"),
    ],
)
def test_what_an_object_is_cannot_be_edited(old: str, new: str, message: str) -> None:
    obj = make.raw_deployment()
    with pytest.raises(EditError, match=message):
        plan_edit(obj, edit_text(obj).replace(old, new, 1))


def test_what_the_server_owns_is_left_alone() -> None:
    obj = make.raw_deployment()
    with pytest.raises(RefusedError, match="was not changed"):
        plan_edit(obj, edited(obj, (f"uid: {obj['metadata']['uid']}", "uid: other")))


def test_a_conflict_shows_both_versions_and_keeps_both_changes() -> None:
    base = make.raw_deployment(replicas=3)
    mine = {**base, "spec": {**base["spec"], "replicas": 4, "paused": True}}
    theirs = {**base, "spec": {**base["spec"], "replicas": 6, "minReadySeconds": 7}}
    comments, text = conflict_text(base, mine, theirs, "it was changed by ann")
    assert comments[0] == "it was changed by ann"
    assert "  spec.minReadySeconds: absent -> 7" in comments
    assert any(line.startswith("  CONFLICT: you set spec.replicas to 4") for line in comments)
    assert not any("CONFLICT" in line and "paused" in line for line in comments)
    for line in ("  replicas: 4\n", "  paused: true\n", "  minReadySeconds: 7\n"):
        assert line in text


def test_drafts_are_private_and_never_replace_each_other(tmp_path: Path) -> None:
    first, second = (new_draft(tmp_path / "drafts", "ConfigMap shop/../app") for _ in range(2))
    assert first.path != second.path
    assert first.path.parent == tmp_path / "drafts"
    assert kept_texts(second) == (first.path,)
    first.write("a: b")
    assert first.path.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "drafts").stat().st_mode & 0o777 == 0o700
    first.discard()
    assert not first.path.exists()


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"KUBE_EDITOR": "sh -c 'x y'", "EDITOR": "cat"}, ("sh", "-c", "x y")),
        ({"VISUAL": "cat", "EDITOR": "sh"}, ("cat",)),
        ({"KUBE_EDITOR": " ", "EDITOR": "sh"}, ("sh",)),
        ({}, ()),
    ],
)
def test_the_editor_is_chosen_as_kubectl_does(environ: dict[str, str], words: tuple[str, ...]) -> None:
    assert editor_command({"PATH": "/bin:/usr/bin", **environ}) == words


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("  replicas: 3", "  replicas: : 3", "mapping values are not allowed here"),
        ("  replicas: 3", "  replicas: 3\n  replicas: 4", "key 'replicas' is given twice, first in line {before}"),
        ("apiVersion: apps/v1", "api: apps/v1", "apiVersion is missing"),
    ],
)
async def test_lines_are_counted_in_the_file_that_is_opened_again(old: str, new: str, problem: str) -> None:
    target = ATarget(make.raw_deployment(replicas=3))
    text = without_comments(edited(target.raw, (old, new)))
    draft = Draft(Path("unused"))
    with pytest.raises(EditError) as caught:
        plan_edit(target.raw, text)
    again = await Edit().ask_again(EditInputs(text, draft=draft), caught.value, [target], [target])  # type: ignore[list-item]
    assert again is not None
    shown = edit_text(target.raw, again.problem, text=text).splitlines()
    number = shown.index(new.splitlines()[-1]) + 1
    assert shown[1] == f"# line {number}: {problem.format(before=number - 1)}"
    assert again.line == number
