"""Patches: merge, JSON and strategic."""

from typing import Any

import pytest

from k9py.simulator.apiserver.patch import json_patch, merge_patch
from k9py.simulator.apiserver.strategic_merge_patch import strategic_merge
from k9py.simulator.status_errors import StatusError


@pytest.mark.parametrize(
    ("target", "patch", "merged"),
    [
        ({"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": None}}, {"a": {"c": 2}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": "x"}, {"a": {"b": {"c": None}}}, {"a": {"b": {}}}),
    ],
)
def test_merge_patch(target: Any, patch: Any, merged: Any) -> None:
    assert merge_patch(target, patch) == merged


@pytest.mark.parametrize(
    ("operations", "patched"),
    [
        ([{"op": "add", "path": "/a/-", "value": 3}], {"a": [1, 2, 3]}),
        ([{"op": "add", "path": "/a/0", "value": 0}], {"a": [0, 1, 2]}),
        ([{"op": "remove", "path": "/a/0"}], {"a": [2]}),
        ([{"op": "replace", "path": "/a", "value": []}], {"a": []}),
        (
            [{"op": "test", "path": "/a/1", "value": 2}, {"op": "add", "path": "/b~1c", "value": 1}],
            {"a": [1, 2], "b/c": 1},
        ),
        ([{"op": "copy", "from": "/a", "path": "/b"}], {"a": [1, 2], "b": [1, 2]}),
        ([{"op": "move", "from": "/a/0", "path": "/b"}], {"a": [2], "b": 1}),
    ],
)
def test_json_patch(operations: list[Any], patched: Any) -> None:
    original = {"a": [1, 2]}
    assert json_patch(original, operations) == patched
    assert original == {"a": [1, 2]}


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "test", "path": "/a", "value": 9},
        {"op": "replace", "path": "/nope/deeper", "value": 1},
        {"op": "remove", "path": "/nope"},
        {"op": "remove", "path": "/a/7"},
        {"op": "dance", "path": "/a"},
        {"path": "/a"},
        "text",
    ],
)
def test_a_json_patch_that_does_not_fit_is_refused(operation: Any) -> None:
    with pytest.raises(StatusError) as refused:
        json_patch({"a": [1]}, [operation])
    assert (refused.value.code, refused.value.reason) == (422, "Invalid")


def _template(*containers: Any) -> dict[str, Any]:
    return {"spec": {"containers": list(containers)}}


def test_containers_merge_by_name() -> None:
    present = _template(
        {"name": "app", "image": "a:1", "env": [{"name": "X", "value": "1"}]}, {"name": "proxy", "image": "p:1"}
    )
    patch = _template({"name": "app", "image": "a:2"})
    assert strategic_merge(present, patch) == _template(
        {"name": "app", "image": "a:2", "env": [{"name": "X", "value": "1"}]}, {"name": "proxy", "image": "p:1"}
    )


def test_a_new_container_comes_last_and_the_order_can_be_set() -> None:
    present = _template({"name": "a"}, {"name": "b"})
    assert strategic_merge(present, _template({"name": "c"}))["spec"]["containers"] == [
        {"name": "a"},
        {"name": "b"},
        {"name": "c"},
    ]
    ordered = {"spec": {"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}]}}
    assert strategic_merge(present, ordered)["spec"]["containers"] == [{"name": "b"}, {"name": "a"}]


def test_an_element_is_deleted_by_its_key() -> None:
    patch = _template({"name": "b", "$patch": "delete"})
    assert strategic_merge(_template({"name": "a"}, {"name": "b"}), patch) == _template({"name": "a"})


def test_a_part_is_replaced_as_a_whole() -> None:
    present = {"spec": {"template": {"metadata": {"labels": {"a": "1"}}, "spec": {"x": 1}}}}
    patch = {"spec": {"template": {"$patch": "replace", "spec": {"y": 2}}}}
    assert strategic_merge(present, patch) == {"spec": {"template": {"spec": {"y": 2}}}}


def test_retained_keys_drop_the_others() -> None:
    present = {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}}
    patch = {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}
    assert strategic_merge(present, patch) == {"strategy": {"type": "Recreate"}}


def test_null_takes_a_field_away() -> None:
    assert strategic_merge({"metadata": {"labels": {"a": "1", "b": "2"}}}, {"metadata": {"labels": {"a": None}}}) == {
        "metadata": {"labels": {"b": "2"}}
    }


def test_plain_lists_are_replaced_and_finalizers_are_a_set() -> None:
    assert strategic_merge({"args": ["a", "b"]}, {"args": ["c"]}) == {"args": ["c"]}
    assert strategic_merge({"finalizers": ["a"]}, {"finalizers": ["a", "b"]}) == {"finalizers": ["a", "b"]}
    assert strategic_merge({"finalizers": ["a", "b"]}, {"$deleteFromPrimitiveList/finalizers": ["a"]}) == {
        "finalizers": ["b"]
    }


def test_ports_merge_by_what_names_them_where_they_stand() -> None:
    service = {"spec": {"ports": [{"port": 80, "targetPort": 1}]}}
    assert strategic_merge(service, {"spec": {"ports": [{"port": 80, "targetPort": 2}]}}) == {
        "spec": {"ports": [{"port": 80, "targetPort": 2}]}
    }
    present = _template({"name": "a", "ports": [{"containerPort": 80}]})
    patched = strategic_merge(present, _template({"name": "a", "ports": [{"containerPort": 80, "name": "http"}]}))
    assert patched == _template({"name": "a", "ports": [{"containerPort": 80, "name": "http"}]})


def test_an_element_without_its_key_is_refused() -> None:
    with pytest.raises(StatusError, match="does not contain declared merge key: name"):
        strategic_merge(_template(), _template({"image": "a"}))
