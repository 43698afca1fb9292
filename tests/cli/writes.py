"""Shared by the tests of writing commands: commands to run, typed answers, results."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from k9py.cli.command_line import WriteOptions
from k9py.cli.operations import run_operation
from k9py.cli.session import Invocation
from k9py.cli.targets import ObjectArgument
from tests.cli.shell import CommandResult, Core, Shell, spec_of

CHECKOUT = ObjectArgument("Deployment", "checkout")
CART = ObjectArgument("Deployment", "cart")
PAYMENTS = ObjectArgument("Deployment", "payments")
DB = ObjectArgument("StatefulSet", "db")
GOOD = "registry.example.com/shop/checkout:2.7.1"
BAD = "registry.example.com/shop/checkout:2.8.0"
YES = WriteOptions(yes=True)
WAIT = WriteOptions(yes=True, wait=True)
DRY = WriteOptions(dry_run=True)


@dataclass(frozen=True, slots=True)
class Inputs:
    """The inputs of an operation."""

    values: Mapping[str, Any] = field(default_factory=dict)


def restarting() -> Inputs:
    return Inputs()


def scaling(replicas: int) -> Inputs:
    return Inputs({"replicas": replicas})


def setting_images(images: Mapping[str, str]) -> Inputs:
    return Inputs({"images": images})


def pausing() -> Inputs:
    return Inputs()


def resuming() -> Inputs:
    return Inputs()


def undoing(revision: int, *, delete_stuck: bool) -> Inputs:
    return Inputs({"revision": revision or None, "deletes_stuck_pods": delete_stuck})


def doing(operation_id: str, inputs: Inputs, *targets: ObjectArgument, options: WriteOptions = YES) -> Core:
    def core(invocation: Invocation) -> Any:
        return run_operation(invocation, targets or (CHECKOUT,), operation_id, options, **inputs.values)

    return core


def undo(revision: int = 0, *targets: ObjectArgument, options: WriteOptions = YES, delete_stuck: bool = False) -> Core:
    return doing("undo", undoing(revision, delete_stuck=delete_stuck), *targets, options=options)


def says(*answers: str | Callable[[], str]) -> Iterator[Callable[[], str]]:
    """Return the answers to type at prompts; a function is called when its prompt appears."""
    return iter([reply if callable(reply) else (lambda text=reply: text) for reply in answers])


def checkout(shell: Shell) -> dict[str, Any]:
    return spec_of(shell.simulator, "Deployment", "shop", "checkout")


def image_of(spec: dict[str, Any]) -> str:
    return str(spec["template"]["spec"]["containers"][0]["image"])


def only_result(ran: CommandResult) -> dict[str, Any]:
    [result] = ran.json["results"]
    assert isinstance(result, dict)
    return result
