"""Revisions that are the same but for a restart, told by their templates."""

from __future__ import annotations

import copy
from typing import Any

from k9py.api.errors import ForbiddenError
from k9py.api.meta import ObjectRef
from k9py.api.workloads import POD_TEMPLATE_HASH, RESTARTED_AT
from k9py.rollouts.revisions import Revision
from k9py.tui.logs.restarts import RestartedRevisions

TEMPLATE: dict[str, Any] = {
    "metadata": {"labels": {"app": "web"}, "annotations": {"team": "shop"}},
    "spec": {"containers": [{"name": "web", "image": "web:1", "env": [{"name": "MODE", "value": "plain"}]}]},
}


def revision(name: str) -> Revision:
    return Revision(1, name, name, "ReplicaSet", "shop", ("web:1",), "", None, 1, 1, False, name)


class Server:
    """Holds one ReplicaSet a name, and counts what is asked."""

    def __init__(self, **templates: dict[str, Any] | None) -> None:
        self.asked: list[str] = []
        self._templates = templates

    async def get(self, key: ObjectRef) -> dict[str, Any]:
        self.asked.append(key.name)
        template = self._templates[key.name]
        if template is None:
            raise ForbiddenError("no", "")
        return {"spec": {"template": template}}


def template(name: str, *, restarted: str = "", mode: str = "plain") -> dict[str, Any]:
    made = copy.deepcopy(TEMPLATE)
    made["metadata"]["labels"][POD_TEMPLATE_HASH] = name
    made["spec"]["containers"][0]["env"][0]["value"] = mode
    if restarted:
        made["metadata"]["annotations"][RESTARTED_AT] = restarted
    return made


async def test_a_restart_makes_the_same_revision_and_another_variable_another_one() -> None:
    server = Server(
        a=template("a"), b=template("b", restarted="2026-11-26T10:00:00Z"), c=template("c", mode="new"), d=None
    )
    restarts, all_of_them = RestartedRevisions(), [revision(name) for name in "abcd"]
    assert await restarts.load(server, all_of_them)
    assert restarts.same_as("b", "abcd") == ("a",)
    assert restarts.same_as("c", "abcd") == ()
    assert restarts.same_as("d", "abcd") == ()
    assert not await restarts.load(server, all_of_them)
    assert sorted(server.asked) == ["a", "b", "c", "d"]
