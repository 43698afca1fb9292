"""What only the shell has a verb for; the dashboard shows the same on its screens."""

from __future__ import annotations

from typing import Final

from k9py.actions.action import Action, ActionScope, CliVerb, HelpGroup


def _verb(action_id: str, title: str, text: str, cli: CliVerb) -> Action:
    return Action(action_id, title, text, group=HelpGroup.INSPECT, scope=ActionScope.CLI, cli=cli)


ACTIONS: Final = (
    _verb(
        "cli.exec",
        "Exec",
        "Run a command in a container",
        CliVerb(
            "exec",
            "Run a command in a container; -it with a terminal.",
            "Run a command in a container of a pod, or of the newest ready pod of a workload or Service. The exit code"
            " is the command's: 127 if there is no such program, 126 if it cannot be run; if kdash cannot reach it, one"
            " of those of kdash. A pipe gets every byte; without -t a terminal gets text alone, no escape sequences."
            " Ctrl+] three times quickly leaves a terminal that does not answer.",
        ),
    ),
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
        "All problems, or the status of one rollout",
        CliVerb(
            "status",
            "What is wrong, worst first; or how a rollout, Job or pod stands.",
            "Without an object: everything that is wrong in some namespaces, root causes first, worst first; the exit"
            " code is 1 if something is down, degraded or stuck, 2 if that is unknown. With one: the status of a"
            " rollout, Job or pod and what blocks it; the exit code names the cause.",
        ),
    ),
    _verb(
        "object.why",
        "Why",
        "What is wrong with an object, down to the root",
        CliVerb(
            "why",
            "What is wrong with an object, down to the root cause.",
            "Show what is wrong with an object of any kind: the root cause, the chain to it with its evidence, what"
            " changed shortly before, and what helps. The exit code names the cause.",
        ),
    ),
    _verb(
        "cli.capsule",
        "Capsule",
        "The incident in one file",
        CliVerb(
            "capsule",
            "Write an incident into one file; --replay opens it.",
            "Write what is known of an incident into one file: objects without secrets, problems, timeline, events,"
            " logs and actions. It is readable as Markdown, and kdash --replay FILE opens it without a cluster.",
        ),
    ),
    _verb(
        "cli.checks",
        "Checks",
        "Everything that is checked",
        CliVerb(
            "checks",
            "List the checks behind status and why.",
            "List the checks behind status, why and the Problems screen: what each finds, what it looks at, the source"
            " of its rule, and what helps. A check is muted by its id in the configuration.",
        ),
    ),
    _verb(
        "cli.forward",
        "Port-forward",
        "Forward local ports to a pod, a workload or a Service",
        CliVerb(
            "forward",
            "Forward local ports to ready pods; survives their end.",
            "Forward local ports to a pod, to a workload or to a Service (whose target port is used), until Ctrl+C."
            " When the pod goes, new connections go to another ready one; the local port stays. Addresses are printed"
            " on standard output, what happens on standard error.",
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
