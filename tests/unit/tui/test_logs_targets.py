"""Why there is nothing to read of an object without pods."""

from __future__ import annotations

import pytest

from k9py.api.meta import KubeObject
from k9py.api.pods import Pod
from k9py.tui.logs.targets import no_pods_text
from tests import factories as make
from tests.unit.cluster.world import World


@pytest.mark.parametrize(
    ("subject", "message"),
    [
        (make.service("cart", selector={"tier": "web", "app": "crat"}), "no pod matches app=crat,tier=web, so no logs"),
        (make.service("cart", selector={}), "no selector, and no endpoint names a pod: no logs"),
        (make.service("cart", type_="ExternalName", selector={}), "an ExternalName service has no pods"),
        (make.deployment("cart", replicas=0), "scaled to 0: no pods, so no logs"),
        (make.stateful_set("db", replicas=0), "scaled to 0: no pods, so no logs"),
        (make.deployment("cart", replicas=3), ""),
    ],
)
def test_it_is_said_why_an_object_has_no_pods(subject: KubeObject, message: str) -> None:
    text = no_pods_text(World(subject).queries, subject.key)
    assert text.startswith(message)
    assert bool(text) is bool(message)
    assert no_pods_text(World(subject, unknown=[Pod.KIND]).queries, subject.key) == "pods not loaded yet"
