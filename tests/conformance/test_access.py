"""kubectl and rights: `auth can-i`, `auth whoami`, and the messages of refusals."""

import pytest

from k9py.simulator.apiserver.authorization import Rule
from k9py.simulator.server import Simulator
from tests.conformance.kubectl import Kubectl
from tests.unit.simulator.objects import add_namespace

_ME = 'User "system:serviceaccount:shop:viewer"'


@pytest.fixture(autouse=True)
def shop(simulator: Simulator) -> None:
    simulator.call(add_namespace)


async def test_an_administrator_may_do_everything(kubectl: Kubectl) -> None:
    assert (await kubectl("auth", "can-i", "*", "*")).out == "yes\n"


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        (("list", "pods"), "yes"),
        (("get", "pods", "--subresource=log"), "yes"),
        (("patch", "deployments.apps", "--subresource=scale"), "yes"),
        (("patch", "deployments.apps"), "no"),
        (("list", "pods", "-A"), "no"),
        (("list", "secrets"), "no"),
    ],
)
async def test_a_viewer_may_do_what_the_rules_say(kubectl: Kubectl, asked: tuple[str, ...], answer: str) -> None:
    shown = await kubectl("auth", "can-i", *asked, user="viewer", code=0 if answer == "yes" else 1)
    assert shown.out.split()[0] == answer


async def test_rules_are_listed(kubectl: Kubectl) -> None:
    shown = await kubectl("auth", "can-i", "--list", user="viewer")
    assert ["pods/log", "[]", "[]", "[get", "list", "watch]"] in shown.rows()


async def test_who_am_i(kubectl: Kubectl) -> None:
    assert "system:serviceaccount:shop:viewer" in (await kubectl("auth", "whoami", user="viewer")).out


async def test_a_refusal_names_verb_resource_and_scope(kubectl: Kubectl) -> None:
    shown = await kubectl("get", "pods", "-A", user="viewer", code=1)
    assert shown.err == (
        f"Error from server (Forbidden): pods is forbidden: {_ME} cannot list resource "
        '"pods" in API group "" at the cluster scope\n'
    )


async def test_an_unknown_token_must_log_in(kubectl: Kubectl) -> None:
    shown = await kubectl("get", "pods", user="stranger", code=1)
    assert "You must be logged in to the server" in shown.err


async def test_rules_are_listed_with_names_and_as_incomplete(kubectl: Kubectl, simulator: Simulator) -> None:
    named = Rule(("get", "update"), ("",), ("configmaps",), ("shop",), ("settings",))
    simulator.add_user("limited", (named,), unlisted=(Rule(("list",), ("",), ("secrets",)),))
    shown = await kubectl("auth", "can-i", "--list", user="limited")
    assert ["configmaps", "[]", "[settings]", "[get", "update]"] in shown.rows()
    assert "Warning: the list may be incomplete: webhook authorizer does not support user rule resolution" in shown.err
    assert (await kubectl("auth", "can-i", "get", "configmaps/settings", user="limited")).out == "yes\n"
    assert (await kubectl("auth", "can-i", "get", "configmaps/other", user="limited", code=1)).out == "no\n"
    assert (await kubectl("auth", "can-i", "list", "secrets", user="limited")).out.startswith("yes")
