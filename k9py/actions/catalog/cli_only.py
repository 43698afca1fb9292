"""What only the shell has a verb for; the dashboard shows the same on its screens."""

from __future__ import annotations

from typing import Final

from k9py.actions.action import Action, ActionScope, CliVerb, HelpGroup


def _verb(action_id: str, title: str, text: str, cli: CliVerb) -> Action:
    return Action(action_id, title, text, group=HelpGroup.INSPECT, scope=ActionScope.CLI, cli=cli)


ACTIONS: Final = (
    _verb(
        "workload.history",
        "History",
        "Revisions of a workload",
        CliVerb(
            "history",
            "Revisions: images, causes, pods, who and when.",
            "Show the revisions of a workload: images, change-cause, pods, who made them and when.",
        ),
    ),
    _verb(
        "workload.status",
        "Status",
        "Rollout status and what blocks it",
        CliVerb(
            "status",
            "Show the status of a rollout, Job or pod, and what blocks it.",
            "Show the status of a rollout, Job or pod, and what blocks it; the exit code names the cause.",
        ),
    ),
    _verb(
        "cli.get",
        "Get",
        "Objects of any type",
        CliVerb(
            "get",
            "List objects of any type; -w prints changes.",
            "List objects of any type: every name that kubectl knows, of custom resources too.",
        ),
    ),
    _verb(
        "cli.api_resources",
        "API resources",
        "Resource types of the cluster",
        CliVerb(
            "api-resources",
            "List the resource types of the cluster.",
            "List the resource types of the cluster: names, short names, group and version, kind.",
        ),
    ),
    _verb(
        "cli.events",
        "Events",
        "Events, the newest last",
        CliVerb(
            "events",
            "List events, the newest last; -w follows.",
            "List events in the order they were seen, the newest last.",
        ),
    ),
    _verb(
        "cli.top",
        "Top",
        "CPU and memory of pods or nodes",
        CliVerb(
            "top",
            "Show CPU and memory of pods or nodes.",
            "Show CPU and memory of pods or nodes, with their share of requests, limits or capacity.",
        ),
    ),
)
