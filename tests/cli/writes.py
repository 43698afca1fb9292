"""What the tests of the writing commands have in common: the commands as cores, what is typed, what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from k9py.cli.command_line import WriteOptions
from k9py.cli.plans import Planner, undoing
from k9py.cli.session import Invocation
from k9py.cli.targets import ObjectArgument
from k9py.cli.writing import write
from tests.cli.shell import Core, Ran, Shell, spec_of

CHECKOUT = ObjectArgument("Deployment", "checkout")
CART = ObjectArgument("Deployment", "cart")
PAYMENTS = ObjectArgument("Deployment", "payments")
DB = ObjectArgument("StatefulSet", "db")
GOOD = "registry.example.com/shop/checkout:2.7.1"
BAD = "registry.example.com/shop/checkout:2.8.0"
YES = WriteOptions(yes=True)
WAIT = WriteOptions(yes=True, wait=True)
DRY = WriteOptions(dry_run=True)


def doing(
    action: str, planner: Planner, *targets: ObjectArgument, options: WriteOptions = YES, delete_stuck: bool = False
) -> Core:
    def core(invocation: Invocation) -> Any:
        return write(invocation, targets or (CHECKOUT,), action, planner, options, delete_stuck=delete_stuck)

    return core


def undo(number: int = 0, *targets: ObjectArgument, options: WriteOptions = YES, delete_stuck: bool = False) -> Core:
    planner = undoing(number, delete_stuck=delete_stuck)
    return doing("undo", planner, *targets, options=options, delete_stuck=delete_stuck)


def says(*answers: str | Callable[[], str]) -> Iterator[Callable[[], str]]:
    """Return what is typed at the prompts; a function is called when its prompt is there."""
    return iter([one if callable(one) else (lambda text=one: text) for one in answers])


def checkout(shell: Shell) -> dict[str, Any]:
    return spec_of(shell.simulator, "Deployment", "shop", "checkout")


def image_of(spec: dict[str, Any]) -> str:
    return str(spec["template"]["spec"]["containers"][0]["image"])


def only_result(ran: Ran) -> dict[str, Any]:
    [result] = ran.json["results"]
    assert isinstance(result, dict)
    return result
