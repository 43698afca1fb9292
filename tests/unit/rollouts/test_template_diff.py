"""The template diff: readable for what people change, empty exactly for equal templates."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k9py.rollouts.template_diff import template_diff
from tests.recordings import body, items


def template(**container: Any) -> dict[str, Any]:
    app = {"name": "app", "image": "registry.example.com/a:1", **container}
    return {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [app], "restartPolicy": "Always"}}


def lines(old: dict[str, Any], new: dict[str, Any], context: int = 0) -> list[str]:
    return [f"{line.sign} {line.text}" for line in template_diff(old, new, context=context)]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            template(),
            template(image="registry.example.com/a:2"),
            ["@ spec.containers[app]", "- image: registry.example.com/a:1", "+ image: registry.example.com/a:2"],
        ),
        (
            template(env=[{"name": "MODE", "value": "safe"}, {"name": "N", "value": "1"}]),
            template(env=[{"name": "MODE", "value": "fast"}, {"name": "N", "value": "1"}]),
            ["@ spec.containers[app].env[MODE]", "- value: safe", "+ value: fast"],
        ),
        (
            template(env=[{"name": "A", "value": "1"}]),
            template(
                env=[
                    {"name": "A", "value": "1"},
                    {"name": "DB", "valueFrom": {"secretKeyRef": {"name": "db", "key": "url"}}},
                ]
            ),
            [
                "@ spec.containers[app].env",
                "+ - name: DB",
                "+   valueFrom:",
                "+     secretKeyRef:",
                "+       key: url",
                "+       name: db",
            ],
        ),
        (
            template(resources={"limits": {"memory": "128Mi"}}),
            template(resources={"limits": {"memory": "256Mi"}}),
            ["@ spec.containers[app].resources.limits", "- memory: 128Mi", "+ memory: 256Mi"],
        ),
        (
            template(readinessProbe={"httpGet": {"path": "/ready", "port": "http"}, "periodSeconds": 5}),
            template(readinessProbe={"httpGet": {"path": "/health", "port": "http"}, "periodSeconds": 5}),
            ["@ spec.containers[app].readinessProbe.httpGet", "- path: /ready", "+ path: /health"],
        ),
        (
            template(args=["--a", "--b"]),
            template(args=["--a", "--c"]),
            ["@ spec.containers[app].args", "- - --b", "+ - --c"],
        ),
        (
            template(args=["set -e\nrun one\n"]),
            template(args=["set -e\nrun two\n"]),
            [
                "@ spec.containers[app].args",
                "- - |", "-   set -e", "-   run one", "-   ",
                "+ - |", "+   set -e", "+   run two", "+   ",
            ],
        ),
        (
            template(env=[{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]),
            template(env=[{"name": "B", "value": "2"}, {"name": "A", "value": "1"}]),
            ["@ spec.containers[app].env", "- (order: A, B)", "+ (order: B, A)"],
        ),
        (template(stdin=True), template(stdin=1), ["@ spec.containers[app]", "- stdin: true", "+ stdin: 1"]),
        (template(value="1"), template(value=1), ["@ spec.containers[app]", '- value: "1"', "+ value: 1"]),
    ],
)  # fmt: skip
def test_changes_are_shown_where_they_are(old: dict[str, Any], new: dict[str, Any], expected: list[str]) -> None:
    assert lines(old, new) == expected


def test_an_inserted_container_is_one_block() -> None:
    new = template()
    new["spec"]["containers"].insert(0, {"name": "proxy", "image": "p:1"})
    assert lines(template(), new) == ["@ spec.containers", "+ - name: proxy", "+   image: p:1"]


def test_context_is_bounded_and_indented() -> None:
    diff_lines = lines(template(tty=True, ports=[]), template(tty=True, ports=[], image="x:2"), context=1)
    assert diff_lines == [
        "@ spec.containers",
        "  - name: app",
        "-   image: registry.example.com/a:1",
        "+   image: x:2",
        "    ports: []",
    ]


def test_hash_labels_and_nulls_are_not_differences() -> None:
    new = copy.deepcopy(template())
    new["metadata"]["labels"]["pod-template-hash"] = "abc"
    new["metadata"]["creationTimestamp"] = None
    assert lines(template(), new) == []


def test_recorded_undo_differs_by_the_image_alone() -> None:
    present = body("undo-kubectl", 0)["spec"]["template"]
    target = next(
        replica_set
        for replica_set in items("undo-kubectl", 2)
        if replica_set["metadata"]["name"] == "checkout-8584c6bfc9"
    )
    assert lines(present, target["spec"]["template"]) == [
        "@ spec.containers[app]",
        "- image: registry.example.com/checkout:badimage",
        "+ image: registry.example.com/checkout:1.1.0",
    ]


def test_what_a_terminal_would_act_on_never_comes_out() -> None:
    diff_lines = lines(template(), template(image="a\x1b]0;owned\x07b", command=["\x1b[2J", "x\x00y"]))
    assert all(line.isprintable() for line in diff_lines)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "b", "a\nb", "true", "\x1b[2J"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "value", "image", "env", "ports"]), inner, max_size=3)
    ),
    max_leaves=12,
)
TEMPLATES = st.dictionaries(st.sampled_from(["metadata", "spec", "containers", "name"]), JSON, max_size=3)


@given(TEMPLATES)
def test_equal_templates_have_no_difference(obj: dict[str, Any]) -> None:
    assert template_diff(obj, copy.deepcopy(obj)) == ()


@given(TEMPLATES, TEMPLATES)
def test_a_difference_one_way_is_a_difference_the_other_way_and_has_a_changed_line(
    old: dict[str, Any], other: dict[str, Any]
) -> None:
    there, back = template_diff(old, other), template_diff(other, old)
    assert bool(there) == bool(back)
    assert bool(there) == any(line.sign in "+-" for line in there)
    assert all(line.text.isprintable() for line in there)
    assert sum(line.sign == "+" for line in there) == sum(line.sign == "-" for line in back)
