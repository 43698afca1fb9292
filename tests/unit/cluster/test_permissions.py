"""What the user may do, from the rules of a namespace: allowed, forbidden, and not known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from k9py.api.errors import ForbiddenError
from k9py.api.standard_types import standard_type
from k9py.cluster.permissions import KEPT_SECONDS, Permissions

PODS = standard_type("", "Pod")
DEPLOYMENTS = standard_type("apps", "Deployment")
Rule = dict[str, Any]


def rule(verbs: str, groups: str, resources: str, names: str = "") -> Rule:
    found: Rule = {"verbs": verbs.split(), "apiGroups": groups.split() or [""], "resources": resources.split()}
    return found | ({"resourceNames": names.split()} if names else {})


class Server:
    def __init__(self, status: Mapping[str, Any] | None) -> None:
        self.status = status
        self.now = 0.0
        self.reads = 0

    async def rules(self, namespace: str) -> Mapping[str, Any]:
        self.reads += 1
        if self.status is None:
            raise ForbiddenError("you may not ask", code=403)
        return self.status


async def read(*rules: Rule, incomplete: bool = False) -> Permissions:
    server = Server({"resourceRules": list(rules), "incomplete": incomplete})
    permissions = Permissions(server.rules, lambda: server.now)
    assert await permissions.read("shop")
    return permissions


@pytest.mark.parametrize(
    ("granted", "subresource", "expected"),
    [
        (rule("delete", "", "pods"), "", True),
        (rule("*", "*", "*"), "", True),
        (rule("*", "*", "*"), "eviction", True),
        (rule("delete", "", "pods", "web-0"), "", True),
        (rule("delete", "", "pods", "web-1"), "", False),
        (rule("delete", "", "pods"), "eviction", False),
        (rule("delete", "", "*/eviction"), "eviction", True),
        (rule("get list", "", "pods"), "", False),
        (rule("delete", "apps", "pods"), "", False),
    ],
)
async def test_rules_decide_as_the_server_does(granted: Rule, subresource: str, expected: bool) -> None:
    permissions = await read(granted)
    assert permissions.allows("delete", PODS, "shop", name="web-0", subresource=subresource) is expected


async def test_an_incomplete_answer_forbids_nothing() -> None:
    permissions = await read(rule("get", "", "pods"), incomplete=True)
    assert permissions.allows("get", PODS, "shop") is True
    assert permissions.allows("patch", DEPLOYMENTS, "shop") is None


async def test_what_was_not_read_or_may_not_be_asked_is_unknown() -> None:
    server = Server(None)
    permissions = Permissions(server.rules, lambda: server.now)
    assert permissions.allows("get", PODS, "shop") is None
    assert not await permissions.read("shop")
    assert permissions.allows("get", PODS, "shop") is None


async def test_a_namespace_is_asked_for_once_a_minute() -> None:
    server = Server({"resourceRules": []})
    permissions = Permissions(server.rules, lambda: server.now)
    assert permissions.claim("shop")
    assert not permissions.claim("shop")
    assert permissions.claim("data")
    server.now = KEPT_SECONDS
    assert permissions.claim("shop")
