"""A sample operation and its action, as a new pair of modules or a plugin would bring them: nothing else knows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from k9py.actions.action import Action, ActionScope, ActionTarget, CliVerb, Permission, TypedCommand
from k9py.actions.host import ActionHost
from k9py.api.errors import RefusedError
from k9py.api.write_request import WriteRequest
from k9py.operations.operation import Operation, PlannedTarget
from k9py.operations.plan import WritePlan
from k9py.operations.preconditions import guarded, target_version
from k9py.operations.target import Target

TEAM: Final = "example.com/team"


@dataclass(frozen=True, slots=True)
class TeamInputs:
    """The team that a workload belongs to."""

    team: str


class NameTeam(Operation[TeamInputs]):
    """Annotate a workload with its team."""

    id = "name-team"
    label = "Name team"

    def inputs(self, *, team: str = "shop", **given: Any) -> TeamInputs:
        return TeamInputs(team)

    def title(self, inputs: TeamInputs) -> str:
        return f"name team {inputs.team}"

    async def plan(self, target: Target, inputs: TeamInputs) -> PlannedTarget:
        about = target_version(target.raw)
        present = dict((target.raw.get("metadata") or {}).get("annotations") or {})
        if present.get(TEAM) == inputs.team:
            raise RefusedError(f"{about.text} belongs to {inputs.team} already", "")
        patch = guarded({"metadata": {"annotations": {TEAM: inputs.team}}}, about)
        plan = WritePlan(
            operation=self.id,
            label=self.label,
            key=about.key,
            uid=about.uid,
            resource_version=about.resource_version,
            generation=about.generation,
            request=WriteRequest(about.key, patch, "merge"),
            summary=f"name the team of {about.text}",
            before_after=(("team", present.get(TEAM, "none"), inputs.team),),
        )
        return PlannedTarget(target, plan, self.title(inputs))


def _allowed(target: ActionTarget) -> str | None:
    return "a DaemonSet belongs to nobody" if target.key.kind == "DaemonSet" else None


def _name_team(host: ActionHost, argument: str | None) -> None:
    host.operate("workload.name_team", **({"team": argument} if argument else {}))


def _parse(operands: Sequence[str]) -> tuple[Sequence[str], Mapping[str, Any]]:
    teams = [word.removeprefix("team=") for word in operands if word.startswith("team=")]
    if len(teams) != 1:
        raise ValueError("Name one team: team=NAME")
    return [word for word in operands if not word.startswith("team=")], {"team": teams[0]}


OPERATIONS: Final = (NameTeam(),)
ACTIONS: Final = (
    Action(
        "workload.name_team",
        "Name team",
        "Name the team it belongs to",
        keys=("ctrl+t",),
        scope=ActionScope.WORKLOAD,
        run=_name_team,
        command=TypedCommand("team", argument="team"),
        cli=CliVerb("team", "Name the team.", "Name the team of a workload.", metavar="team=NAME", parse=_parse),
        permission=Permission("patch"),
        writes=True,
        operation="name-team",
        allowed=_allowed,
        footer=100,
    ),
)
