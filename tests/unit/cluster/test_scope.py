"""What is watched when permissions are missing, and the notice about it."""

from __future__ import annotations

import pytest

from k9py.api.errors import ConnectionFailedError
from k9py.cluster.scope import Scope, ScopeChoice, choose_scope
from tests.unit.cluster.server import FakeServer

EVERYWHERE = ("pods", "")
SHOP = ("pods", "shop")
BANK = ("pods", "bank")

CASES: list[tuple[str, tuple[str, ...], set[tuple[str, str]], ScopeChoice]] = [
    ("all rights", (), set(), ScopeChoice(Scope())),
    (
        "only the context's namespace",
        (),
        {EVERYWHERE},
        ScopeChoice(Scope(("shop",)), "no permission to list pods in all namespaces: showing namespace shop only"),
    ),
    (
        "workloads everywhere, pods nowhere",
        (),
        {EVERYWHERE, SHOP},
        ScopeChoice(Scope(), "no permission to list pods: their status is unknown"),
    ),
    (
        "not even that",
        (),
        {EVERYWHERE, SHOP, ("deployments", "")},
        ScopeChoice(
            Scope(("shop",)),
            "no permission to list pods in all namespaces or in namespace shop: choose one with -n",
        ),
    ),
    ("named", ("bank",), set(), ScopeChoice(Scope(("bank",)))),
    ("named twice", ("bank", "shop", "bank"), set(), ScopeChoice(Scope(("bank", "shop")))),
    ("named, with no right to the cluster", ("bank",), {EVERYWHERE}, ScopeChoice(Scope(("bank",)))),
    (
        "one of those named is refused",
        ("bank", "shop"),
        {BANK},
        ScopeChoice(Scope(("shop",)), "no permission to list pods in namespace bank: showing namespace shop only"),
    ),
    (
        "all of those named are refused",
        ("bank", "shop"),
        {BANK, SHOP},
        ScopeChoice(Scope(("bank", "shop")), "no permission to list pods in namespaces bank, shop"),
    ),
]


@pytest.mark.parametrize("silent", [False, True], ids=["access reviews", "no access reviews"])
@pytest.mark.parametrize(
    ("wanted", "forbidden", "choice"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
async def test_a_scope_is_what_was_requested_or_names_what_is_missing(
    wanted: tuple[str, ...], forbidden: set[tuple[str, str]], choice: ScopeChoice, silent: bool
) -> None:
    server = FakeServer()
    server.forbidden, server.silent = forbidden, silent
    assert await choose_scope(server, wanted, context_namespace="shop") == choice


async def test_a_server_that_does_not_answer_is_no_reason_to_show_less() -> None:
    server = FakeServer()
    server.down = ConnectionFailedError("refused")
    assert await choose_scope(server, ()) == ScopeChoice(Scope())
    assert await choose_scope(server, ("bank",)) == ScopeChoice(Scope(("bank",)))
