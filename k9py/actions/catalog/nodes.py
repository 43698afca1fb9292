"""Cordon, uncordon and drain a Node."""

from __future__ import annotations

from typing import Final

from k9py.actions.action import Action, ActionScope, CliOption, CliVerb, Permission, TypedCommand, of_kinds
from k9py.actions.host import ActionHost


def _cordon(host: ActionHost, _argument: str | None) -> None:
    host.operate(CORDON.id)


def _uncordon(host: ActionHost, _argument: str | None) -> None:
    host.operate(UNCORDON.id)


def _drain(host: ActionHost, _argument: str | None) -> None:
    host.operate(DRAIN.id)


CORDON: Final = Action(
    "node.cordon",
    "Cordon",
    "Cordon the Node: no new pods on it",
    keys=("t",),
    scope=ActionScope.KIND,
    run=_cordon,
    command=TypedCommand("cordon"),
    cli=CliVerb(
        "cordon",
        "Keep new pods off a Node.",
        "Mark Nodes as unschedulable.",
        takes_several=True,
        any_type=True,
        bare_type="node",
    ),
    permission=Permission("patch", "nodes"),
    writes=True,
    operation="cordon",
    takes_marked=True,
    allowed=of_kinds("cordoned", "Node"),
    footer=106,
)
UNCORDON: Final = Action(
    "node.uncordon",
    "Uncordon",
    "Uncordon the Node: pods may be placed on it again",
    keys=("u",),
    scope=ActionScope.KIND,
    run=_uncordon,
    command=TypedCommand("uncordon"),
    cli=CliVerb(
        "uncordon",
        "Let new pods onto a Node.",
        "Mark Nodes as schedulable.",
        takes_several=True,
        any_type=True,
        bare_type="node",
    ),
    permission=Permission("patch", "nodes"),
    writes=True,
    operation="uncordon",
    takes_marked=True,
    allowed=of_kinds("uncordoned", "Node"),
    footer=107,
)
DRAIN: Final = Action(
    "node.drain",
    "Drain",
    "Drain the Node: cordon it and evict its pods",
    keys=("r",),
    scope=ActionScope.KIND,
    run=_drain,
    command=TypedCommand("drain"),
    cli=CliVerb(
        "drain",
        "Cordon a Node and evict its pods.",
        "Cordon a Node and evict its pods, as their disruption budgets allow. Pods of DaemonSets stay.",
        any_type=True,
        bare_type="node",
        options=(
            CliOption("--force", "force", "Also evict pods without a controller; they are gone.", is_flag=True),
            CliOption(
                "--delete-emptydir-data",
                "deletes_data",
                "Also evict pods with emptyDir volumes; their data is lost.",
                is_flag=True,
            ),
            CliOption("--grace-period", "grace_seconds", "Seconds each pod has to terminate.", default=None),
        ),
    ),
    permission=Permission("patch", "nodes"),
    writes=True,
    operation="drain",
    allowed=of_kinds("drained", "Node"),
    footer=108,
)
ACTIONS: Final = (CORDON, UNCORDON, DRAIN)
