"""When a step back is suggested, and which roots it may end."""

from __future__ import annotations

from typing import Any

import pytest

from k9py.api.meta import ObjectRef
from k9py.api.severity import Severity
from k9py.diagnosis.finding import Finding
from k9py.diagnosis.undo_steps import undo_helps, undo_steps
from tests.factories.graph import GraphOfObjects
from tests.unit.diagnosis.timelines.world import deployment, replica_set

WEB = ObjectRef("Deployment", "shop", "web")


def _graph(*replica_sets: dict[str, Any]) -> GraphOfObjects:
    newest = replica_sets[-1]
    number = int(newest["metadata"]["annotations"]["deployment.kubernetes.io/revision"])
    workload = deployment(revision=number)
    template = newest["spec"]["template"]
    labels = {key: value for key, value in template["metadata"]["labels"].items() if key != "pod-template-hash"}
    workload["spec"]["template"] = {**template, "metadata": {**template["metadata"], "labels": labels}}
    return GraphOfObjects(workload, *replica_sets)


def _restarted(suffix: str, number: int, image: str) -> dict[str, Any]:
    revision = replica_set(suffix, number, image, 100)
    revision["spec"]["template"]["metadata"]["annotations"] = {
        "kubectl.kubernetes.io/restartedAt": "2026-11-22T11:00:00Z"
    }
    return revision


def _with(number: int, *, image: str = "reg/web:1", labels: Any = None, **container: Any) -> dict[str, Any]:
    revision = replica_set(f"r{number}", number, image, 1000 - number)
    revision["spec"]["template"]["spec"]["containers"][0] |= container
    revision["spec"]["template"]["metadata"]["labels"] |= labels or {}
    return revision


def _key(name: str, key: str) -> dict[str, Any]:
    return {"env": [{"name": "X", "valueFrom": {"configMapKeyRef": {"name": name, "key": key}}}]}


def test_a_mere_restart_is_never_rolled_back() -> None:
    first, again = replica_set("a", 1, "reg/web:1", 900), _restarted("b", 2, "reg/web:1")

    assert undo_steps(WEB, _graph(first, again)) == ()
    assert undo_steps(WEB, _graph(first, again), 1) == ()


def test_the_revision_before_a_restart_is_not_meant_but_the_one_with_another_template() -> None:
    revisions = (
        replica_set("a", 1, "reg/web:1", 900),
        replica_set("b", 2, "reg/web:2", 500),
        _restarted("c", 3, "reg/web:2"),
    )

    assert [step.text for step in undo_steps(WEB, _graph(*revisions))] == ["roll back to revision 1"]


@pytest.mark.parametrize(
    ("old", "new", "root", "helps"),
    [
        # The image alone differs: the older revision misses the same ConfigMap, quota and node.
        (_with(1, **_key("app", "A")), _with(2, image="reg/web:2", **_key("app", "A")), "ConfigMap/app", False),
        (_with(1), _with(2, image="reg/web:2"), "ResourceQuota/q", False),
        (_with(1), _with(2, image="reg/web:2"), "Node/n1", False),
        # What the template refers to differs.
        (_with(1, **_key("app", "A")), _with(2, **_key("app", "B")), "ConfigMap/app", True),
        (_with(1), _with(2, **_key("app", "A")), "ConfigMap/app", True),
        (_with(1, **_key("other", "A")), _with(2, **_key("app", "A")), "ConfigMap/app", True),
        (
            _with(1, resources={"requests": {"cpu": "1"}}),
            _with(2, resources={"requests": {"cpu": "9"}}),
            "ResourceQuota/q",
            True,
        ),
        (_with(1), _with(2, labels={"tier": "front"}), "NetworkPolicy/deny", True),
        # The root is the workload's own.
        (_with(1), _with(2, image="reg/web:2"), "Pod/web-r2-1", True),
    ],
)
def test_a_step_back_helps_where_the_older_revision_lacks_the_root(old: Any, new: Any, root: str, helps: bool) -> None:
    kind, _, name = root.partition("/")
    about = ObjectRef(kind, "" if kind == "Node" else "shop", name)
    (step,) = undo_steps(WEB, _graph(old, new))

    assert undo_helps(step, Finding(Severity.DOWN, "X", "is wrong", about)) is helps
