"""Which problems concern the namespaces that are watched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from k9py.api.kinds import (
    NAMESPACE,
    PERSISTENT_VOLUME,
    VALIDATING_WEBHOOK_CONFIGURATION,
    Kind,
)
from k9py.api.meta import KubeObject, ObjectRef
from k9py.api.severity import Severity
from k9py.cluster.scope import Scope
from k9py.cluster.triage.relevance import relevant
from k9py.diagnosis.finding import Finding
from k9py.diagnosis.problem import Effect, Problem
from tests import factories as make

SHOP = Scope(("shop",))
_KINDS: Mapping[str, Kind[Any]] = {
    kind.name: kind for kind in (NAMESPACE, PERSISTENT_VOLUME, VALIDATING_WEBHOOK_CONFIGURATION)
}


def of_cluster(kind: str, name: str, **body: Any) -> KubeObject:
    decoded: KubeObject = _KINDS[kind].decode(msgspec.json.encode({"kind": kind, "metadata": {"name": name}, **body}))
    return decoded


def hook(name: str, **selector: Any) -> KubeObject:
    return of_cluster("ValidatingWebhookConfiguration", name, webhooks=[{"name": "a.b.c", **selector}])


OBJECTS = (
    NAMESPACE.decode(
        msgspec.json.encode({"kind": "Namespace", "metadata": {"name": "shop", "labels": {"env": "prod"}}})
    ),
    hook("for-all"),
    hook("for-prod", namespaceSelector={"matchLabels": {"env": "prod"}}),
    hook("for-test", namespaceSelector={"matchLabels": {"env": "test"}}),
    of_cluster("PersistentVolume", "ours", spec={"claimRef": {"namespace": "shop", "name": "data"}}),
    of_cluster("PersistentVolume", "theirs", spec={"claimRef": {"namespace": "bank", "name": "data"}}),
)


class _Store:
    def get(self, ref: ObjectRef) -> KubeObject | None:
        return next((each for each in OBJECTS if each.key == ref), None)


def problem(about: ObjectRef, *effects: ObjectRef) -> Problem:
    finding = Finding(Severity.DEGRADED, "Broken", "is broken", about)
    below = tuple(Effect(Finding(Severity.DOWN, "Down", "is down", ref), (ref,)) for ref in effects)
    return Problem(finding, Severity.DEGRADED, about, (about,), below)


def concerns(given: Problem, scope: Scope = SHOP) -> bool:
    pods = [make.pod("web-1")]
    store: Any = _Store()
    return bool(relevant([given], scope, pods, lambda kind: store))


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        ("Namespace", "shop", True),
        ("Namespace", "bank", False),
        ("Node", make.pod("web-1").spec.node_name, True),
        ("Node", "another", False),
        ("PersistentVolume", "ours", True),
        ("PersistentVolume", "theirs", False),
        ("PersistentVolume", "unknown", True),
        ("ValidatingWebhookConfiguration", "for-all", True),
        ("ValidatingWebhookConfiguration", "for-prod", True),
        ("ValidatingWebhookConfiguration", "for-test", False),
        ("APIService", "v1beta1.metrics.k8s.io", True),
    ],
)
def test_what_belongs_to_the_whole_cluster_concerns_who_uses_it(kind: str, name: str, expected: bool) -> None:
    assert concerns(problem(ObjectRef(kind, "", name))) is expected
    assert concerns(problem(ObjectRef(kind, "", name)), Scope())


def test_what_explains_something_in_the_namespaces_concerns_them() -> None:
    node, web = ObjectRef("Node", "", "another"), ObjectRef("Pod", "shop", "web-1")
    assert concerns(problem(node, web))
    assert not concerns(problem(node, ObjectRef("Pod", "bank", "web-1")))
