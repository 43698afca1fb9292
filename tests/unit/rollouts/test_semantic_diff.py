"""The semantic diff: keyed by container, as text, and empty exactly if the template diff is."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k9py.rollouts.semantic_diff import SemanticChange, semantic_diff
from k9py.rollouts.template_diff import template_diff
from k9py.views.semantic_diff import semantic_diff_lines
from tests.recordings import body, items
from tests.unit.rollouts.test_template_diff import TEMPLATES, template

RESTARTED = "kubectl.kubernetes.io/restartedAt"


def pod(metadata: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    obj = template()
    obj["spec"] |= spec
    obj["metadata"] |= metadata or {}
    return obj


def changes(old: dict[str, Any], new: dict[str, Any]) -> list[tuple[str, str, str, str | None, str | None]]:
    return [
        (change.family, change.subject, change.field, change.before, change.after) for change in semantic_diff(old, new)
    ]


def within(old: dict[str, Any], new: dict[str, Any]) -> list[tuple[str, str, str | None, str | None]]:
    """Return the changes of container app, given as keys of it."""
    diff = changes(template(**old), template(**new))
    assert {change[1] for change in diff} <= {"container app"}
    return [(family, what, before, after) for family, _, what, before, after in diff]


def ref(kind: str, name: str, key: str) -> dict[str, Any]:
    return {"valueFrom": {kind: {"name": name, "key": key}}}


HTTP = {"httpGet": {"path": "/ready", "port": 8080, "scheme": "HTTP"}, "periodSeconds": 10, "timeoutSeconds": 1}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"image": "a:1"}, {"image": "a:2"}, [("image", "image", "a:1", "a:2")]),
        (
            {"env": [{"name": "MODE", "value": "safe"}]},
            {"env": [{"name": "MODE", "value": "fast"}, {"name": "DEBUG"}]},
            [("env", "MODE", "safe", "fast"), ("env", "DEBUG", None, '""')],
        ),
        (
            {"env": [{"name": "DB", **ref("secretKeyRef", "db", "url")}]},
            {"env": [{"name": "DB", **ref("configMapKeyRef", "settings", "db")}]},
            [("env", "DB", "Secret db key url", "ConfigMap settings key db")],
        ),
        (
            {"env": [{"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}]},
            {},
            [("env", "IP", "field status.podIP", None)],
        ),
        (
            {"env": [{"name": "DB_PASSWORD", "value": "hunter2"}]},
            {"env": [{"name": "DB_PASSWORD", "value": "hunter3"}]},
            [("env", "DB_PASSWORD", "•••••• (hidden)", "•••••• (hidden, another value)")],
        ),
        (
            {"env": [{"name": "URL", "value": "postgres://shop:one@db/shop"}]},
            {"env": [{"name": "URL", "value": "postgres://shop:one@db/cart"}]},
            [("env", "URL", "postgres://shop:••••••@db/shop", "postgres://shop:••••••@db/cart")],
        ),
        (
            {"env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]},
            {"env": [{"name": "B", "value": "2"}, {"name": "A", "value": "1"}]},
            [("env", "order of variables", "A, B", "B, A")],
        ),
        (
            {"envFrom": [{"configMapRef": {"name": "settings"}}]},
            {"envFrom": [{"configMapRef": {"name": "settings-2"}}, {"secretRef": {"name": "keys"}, "prefix": "K_"}]},
            [
                ("references", "environment from", "ConfigMap settings", "ConfigMap settings-2"),
                ("references", "environment from", None, "Secret keys as K_*"),
            ],
        ),
        ({"command": ["run"]}, {"command": ["run", "a b"]}, [("command", "command", "run", "run 'a b'")]),
        (
            {"args": ["--level=info", "--port=1"]},
            {"args": ["--level=debug", "--port=1", "--token=abc"]},
            [
                ("command", "argument 1", "--level=info", "--level=debug"),
                ("command", "argument 3", None, "--token=••••••"),
            ],
        ),
        (
            {"args": ["--password", "one"]},
            {"args": ["--password", "two"]},
            [("command", "argument 2", "••••••", "•••••• (differs in a hidden part)")],
        ),
        ({}, {"readinessProbe": HTTP}, [("probe", "readiness probe", None, "http :8080/ready every 10s")]),
        (
            {"readinessProbe": HTTP},
            {"readinessProbe": {**HTTP, "timeoutSeconds": 5, "httpGet": {"path": "/up", "port": 8080}}},
            [
                ("probe", "readiness probe", "http :8080/ready", "http :8080/up"),
                ("probe", "readiness probe timeout", "1s", "5s"),
            ],
        ),
        (
            {"livenessProbe": {"exec": {"command": ["cat", "/ok"]}}},
            {"livenessProbe": {"tcpSocket": {"port": "http"}}},
            [("probe", "liveness probe", "exec cat /ok", "tcp :http")],
        ),
        (
            {"resources": {"limits": {"memory": "128Mi"}, "requests": {"cpu": "1"}}},
            {"resources": {"limits": {"memory": "256Mi"}, "requests": {"cpu": "1000m"}}},
            [
                ("resources", "memory limit", "128Mi", "256Mi"),
                ("resources", "cpu request", "1", "1000m (the same amount)"),
            ],
        ),
        (
            {"ports": [{"name": "http", "containerPort": 80}]},
            {"ports": [{"name": "http", "containerPort": 8080}, {"containerPort": 9, "protocol": "UDP"}]},
            [("ports", "port http", "80/TCP", "8080/TCP"), ("ports", "port 9", None, "9/UDP")],
        ),
        (
            {"volumeMounts": [{"name": "data", "mountPath": "/data"}]},
            {"volumeMounts": [{"name": "data", "mountPath": "/data", "subPath": "a", "readOnly": True}]},
            [("mounts", "mount /data", "volume data", "volume data, sub path a, read only")],
        ),
        (
            {"securityContext": {"runAsUser": 1}},
            {"securityContext": {"runAsUser": 2, "privileged": True}},
            [("other", "securityContext.privileged", None, "true"), ("other", "securityContext.runAsUser", "1", "2")],
        ),
    ],
)  # fmt: skip
def test_a_containers_change_is_rendered_as_text(old: dict[str, Any], new: dict[str, Any], expected: list[Any]) -> None:
    assert within(old, new) == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            pod(volumes=[{"name": "v", "configMap": {"name": "a"}}, {"name": "w", "emptyDir": {}}]),
            pod(volumes=[{"name": "v", "secret": {"secretName": "b"}}]),
            [("volumes", "volume v", "ConfigMap a", "Secret b"), ("volumes", "volume w", "empty dir", None)],
        ),
        (
            pod(serviceAccountName="a", serviceAccount="a"),
            pod(serviceAccountName="b", serviceAccount="b"),
            [("service-account", "ServiceAccount", "a", "b")],
        ),
        (
            pod(nodeSelector={"disk": "ssd"}, tolerations=[]),
            pod(tolerations=[{"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}], priorityClassName="high"),
            [
                ("scheduling", "node selector disk", "ssd", None),
                ("scheduling", "toleration", None, "gpu:NoSchedule"),
                ("scheduling", "priority class", None, "high"),
            ],
        ),
        (
            pod({"annotations": {"checksum": "1"}}),
            pod({"annotations": {"checksum": "2", RESTARTED: "2026-11-22T12:00:00Z"}, "labels": {"app": "b"}}),
            [
                ("restart", "restarted at", None, "2026-11-22T12:00:00Z"),
                ("annotations", "checksum", "1", "2"),
                ("labels", "app", "a", "b"),
            ],
        ),
        (
            pod(imagePullSecrets=[{"name": "a"}], terminationGracePeriodSeconds=30),
            pod(imagePullSecrets=[{"name": "b"}], terminationGracePeriodSeconds=60),
            [
                ("references", "pull secret", "Secret a", "Secret b"),
                ("other", "terminationGracePeriodSeconds", "30", "60"),
            ],
        ),
    ],
)
def test_a_pods_change_is_rendered_as_text(old: dict[str, Any], new: dict[str, Any], expected: list[Any]) -> None:
    diff = changes(old, new)
    assert {change[1] for change in diff} == {"pod"}
    assert [(family, what, before, after) for family, _, what, before, after in diff] == expected


def test_containers_are_matched_by_name_and_come_and_go_as_one_change() -> None:
    new = template(image="registry.example.com/a:2")
    new["spec"]["containers"].insert(0, {"name": "proxy", "image": "p:1", "env": [{"name": "A", "value": "1"}]})
    new["spec"]["initContainers"] = [{"name": "mesh", "image": "m:1", "restartPolicy": "Always"}]
    assert changes(template(), new) == [
        ("container", "container proxy", "container", None, "p:1"),
        ("image", "container app", "image", "registry.example.com/a:1", "registry.example.com/a:2"),
        ("container", "sidecar mesh", "container", None, "m:1"),
    ]


def test_containers_in_another_order_are_a_change() -> None:
    first, two = {"name": "a", "image": "a:1"}, {"name": "b", "image": "b:1"}
    diff = changes(pod(containers=[first, two]), pod(containers=[two, first]))
    assert diff == [("container", "pod", "order of containers", "a, b", "b, a")]


def test_recorded_undo_is_one_change_of_an_image() -> None:
    present = body("undo-kubectl", 0)["spec"]["template"]
    target = next(
        replica_set
        for replica_set in items("undo-kubectl", 2)
        if replica_set["metadata"]["name"] == "checkout-8584c6bfc9"
    )
    assert changes(present, target["spec"]["template"]) == [
        (
            "image",
            "container app",
            "image",
            "registry.example.com/checkout:badimage",
            "registry.example.com/checkout:1.1.0",
        )
    ]


def test_lines_are_grouped_by_subject() -> None:
    lines = semantic_diff_lines(semantic_diff(template(image="a:1"), template(image="a:2", tty=True)))
    assert ["".join(text for text, _ in line) for line in lines] == [
        "container app",
        "  image  a:1 → a:2",
        "  tty    added true",
    ]


def test_templates_that_are_the_same_have_a_line_that_says_so() -> None:
    assert semantic_diff_lines(()) == semantic_diff_lines(semantic_diff(template(), template()))
    assert semantic_diff_lines(())[0][0][0] == "the pod template is the same"


def test_of_long_values_the_part_that_differs_is_shown() -> None:
    old, new = ({"env": [{"name": "RULES", "value": f"{'a' * 900}{end}"}]} for end in ("one", "two"))
    assert within(old, new) == [("env", "RULES", f"…{'a' * 40}one", f"…{'a' * 40}two")]


def said_of(diff: tuple[SemanticChange, ...]) -> str:
    return "".join(f"{change.subject}{change.field}{change.before or ''}{change.after or ''}" for change in diff)


@pytest.mark.parametrize("odd", [5, "text", [1], [None], [{}], [{"name": 5}], {"name": "app"}, True, [[]]])
@pytest.mark.parametrize(
    "key",
    [
        "env", "envFrom", "command", "args", "readinessProbe", "resources", "ports", "volumeMounts", "image",
        "volumes", "tolerations", "nodeSelector", "affinity", "topologySpreadConstraints", "imagePullSecrets",
    ],
)  # fmt: skip
def test_wrong_types_are_shown_and_never_raise(key: str, odd: Any) -> None:
    for old, new in (
        (template(), template(**{key: odd})),
        (pod(), pod(**{key: odd})),
        (template(**{key: []}), template(**{key: odd})),
    ):
        assert semantic_diff(old, new)
        assert semantic_diff(new, old)


KEYS = ["name", "value", "env", "ports", "containerPort", "secretKeyRef", "valueFrom", "limits", "resources", "httpGet",
        "readinessProbe", "args", "image", "volumeMounts", "mountPath", "key"]  # fmt: skip
PIECES = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 1) | st.sampled_from(["", "a", "app", "a\x1b[2J", "1Gi"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=16,
)
IN_CONTAINERS = ("image", "env", "envFrom", "ports", "args", "readinessProbe", "resources", "volumeMounts", "tty")
IN_SPECS = ("initContainers", "volumes", "tolerations", "serviceAccount", "serviceAccountName", "nodeSelector")
CONTAINERS = st.lists(
    st.fixed_dictionaries({"name": st.sampled_from(["app", "b"])}, optional=dict.fromkeys(IN_CONTAINERS, PIECES)),
    max_size=2,
)
SPECS = st.fixed_dictionaries({"containers": CONTAINERS}, optional=dict.fromkeys(IN_SPECS, PIECES))
METADATA = st.fixed_dictionaries({}, optional={"labels": PIECES, "annotations": PIECES})
WHOLE = st.fixed_dictionaries({"spec": SPECS}, optional={"metadata": METADATA})


@given(TEMPLATES | WHOLE, TEMPLATES | WHOLE)
def test_semantic_diff_is_empty_exactly_if_the_template_diff_is(old: dict[str, Any], other: dict[str, Any]) -> None:
    diff = semantic_diff(old, other)
    assert bool(diff) == bool(template_diff(old, other))
    assert said_of(diff).isprintable()
    assert all(change.before != change.after for change in diff)
    assert semantic_diff(old, copy.deepcopy(old)) == ()


@given(st.text(min_size=6).filter(lambda value: value not in "•••••• (hidden, another value) container API_TOKEN"))
def test_a_secrets_value_is_never_shown(value: str) -> None:
    secret = [{"name": "API_TOKEN", "value": value}]
    for diff in (semantic_diff(template(), template(env=secret)), semantic_diff(template(env=secret), template())):
        assert diff
        assert value not in said_of(diff)
