"""Prove findings about pods: their status, the log line that shows a failure, and the revision that it came with.

Invariant: an evidence quotes, it does not conclude; a log that has not been read adds nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from k9py.api.pods import Pod, StateTerminated
from k9py.api.workloads import CONTROLLER_REVISION_HASH, POD_TEMPLATE_HASH
from k9py.diagnosis.container_case import ContainerCase
from k9py.diagnosis.finding import Evidence, NextStep
from k9py.diagnosis.graph import Graph, Unread
from k9py.diagnosis.log_errors import log_error
from k9py.diagnosis.proof import event_evidence, field, log_evidence
from k9py.diagnosis.terminations import exit_meaning, exit_text
from k9py.diagnosis.undo_steps import undo_steps
from k9py.logs.failing_line import failing_line


def waiting_evidence(case: ContainerCase) -> Evidence:
    """Return what the status reports of a waiting container."""
    waiting = case.waiting
    text = f"{waiting.reason}: {waiting.message}".rstrip(": ") if waiting else ""
    return field(case.pod, f"{case.field}.state.waiting", text)


def termination_evidence(case: ContainerCase, ended: StateTerminated, *, explains: bool = False) -> Evidence:
    """Return what the status reports of a container that ended: `exit 137, SIGKILL (Error): …`.

    Args:
        explains: with what is known of the exit code, where nothing else explains it.
    """
    state = "state" if case.terminated is ended else "lastState"
    left, meaning = ended.message.strip(), exit_meaning(ended) if explains else ""
    more = f": {left}" if left else f" - {meaning}" if meaning else ""
    text = f"{exit_text(ended)} ({ended.reason or 'no reason'}){more}"
    return field(case.pod, f"{case.field}.{state}.terminated", text, ended.finished_at)


def newest_event(case: ContainerCase, reason: str, part: str = "") -> tuple[Evidence, ...]:
    """Return the newest event about a container with a reason whose message contains a text, as evidence."""
    for event in case.own_events:
        if event.reason == reason and part in event.message:
            return (event_evidence(case.pod, event),)
    return ()


def last_line(case: ContainerCase, graph: Graph) -> str:
    """Return the line of the log of the run that ended last which shows why it did, "" when none is known."""
    lines = graph.last_lines(case.pod, case.status.name, previous=case.terminated is None)
    if lines is None or isinstance(lines, Unread):
        return ""
    return failing_line([line.encode(errors="replace") for line in lines]) or ""


def named_line(case: ContainerCase, line: str) -> tuple[Evidence, ...]:
    """Return a log line as evidence, with the name of its error where the line has other words for it."""
    if not line:
        return ()
    error = log_error(line)
    name = f"{error.text}: " if error is not None and error.text.lower() not in line.lower() else ""
    return (log_evidence(case.pod, case.status.name, name + line),)


class FailingRevision(NamedTuple):
    """The newest revision of a workload, when only its pods fail.

    Args:
        since: when it was created, None when unknown.
    """

    evidence: tuple[Evidence, ...] = ()
    next_steps: tuple[NextStep, ...] = ()
    since: datetime | None = None


def failing_revision(pod: Pod, graph: Graph) -> FailingRevision:
    """Return the newest revision of the pod's workload if pods of an older one are ready and none of the newest are."""
    workload = graph.workload_of(pod)
    if workload is None:
        return FailingRevision()
    revisions = graph.revisions_of(workload)
    current = next((revision for revision in revisions if revision.is_current), None)
    mine = revision_hash(pod)
    if current is None or not mine or current.pod_template_hash != mine:
        return FailingRevision()
    ready = {revision_hash(each) for each in graph.pods_of(workload) if each.is_ready and not each.is_terminating}
    older = next((each for each in revisions if each is not current and each.pod_template_hash in ready), None)
    if older is None or mine in ready:
        return FailingRevision()
    text = f"only pods of revision {current.number} fail, those of revision {older.number} are ready"
    since = None if current.was_reused else current.created_at
    return FailingRevision(
        (field(workload, "revision", text, current.created_at),),
        undo_steps(workload, graph, older.number),
        since,
    )


def revision_hash(pod: Pod) -> str:
    """Return the value of the label that ties a pod to its revision, "" without one."""
    return pod.metadata.label(POD_TEMPLATE_HASH) or pod.metadata.label(CONTROLLER_REVISION_HASH)
