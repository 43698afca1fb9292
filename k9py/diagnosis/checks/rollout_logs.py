"""Compare the logs of the revisions of a rollout: errors that only pods of the new one write, again and again.

The last lines of one pod of each revision are compared by their templates (`logs/templates`), for rollouts that are
under way or younger than 30 minutes, as long as pods of both revisions exist. Invariant: only ready pods are compared:
what keeps another one from being ready is found there. Errors of a start alone are no finding.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from k9py.api.kinds import DAEMON_SET, DEPLOYMENT, STATEFUL_SET
from k9py.api.plural import count_noun
from k9py.api.pods import Pod
from k9py.api.severity import Severity
from k9py.api.text import printable, shorten
from k9py.api.workloads import Workload
from k9py.diagnosis.check import check
from k9py.diagnosis.finding import Evidence, Finding, NextStep
from k9py.diagnosis.graph import Graph, Unread
from k9py.diagnosis.proof import log_evidence, without_time
from k9py.diagnosis.settling import is_recent
from k9py.diagnosis.undo_steps import undo_steps
from k9py.logs.parsing.level import Level, level_of
from k9py.logs.templates.template import TemplateMiner
from k9py.rollouts.cohorts import cohorts
from k9py.rollouts.revisions import Revision
from k9py.rollouts.status import RolloutState

_YOUNG: Final = timedelta(minutes=30)
_SETTLED: Final = timedelta(seconds=60)
"""A new pod must have been ready for so long; an old one has to have run for `_OBSERVED`."""
_OBSERVED: Final = timedelta(minutes=3)
_MOVING: Final = (RolloutState.PROGRESSING, RolloutState.STALLED, RolloutState.PAUSED)
_MAX_LINES: Final = 200
_MAX_CONTAINERS: Final = 3
_AGAIN: Final = 2
"""An error that was written once may be chance."""
_SHOWN: Final = 2
_MAX_SHOWN: Final = 100

_miner: Final = TemplateMiner()


@check(
    "rollout-new-log-errors",
    "pods of a new revision log errors that those of the old one do not",
    subjects=(DEPLOYMENT, STATEFUL_SET, DAEMON_SET),
    reads=("Pod", "ReplicaSet", "ControllerRevision"),
    source="https://kubernetes.io/docs/concepts/cluster-administration/logging/",
    remedy="look at the log of a new pod; roll back if these errors matter",
)
def new_log_errors(workload: Workload, graph: Graph) -> Iterator[Finding]:
    """Yield which errors are new in a rollout that is under way or has just ended."""
    health = graph.workload_health(workload.key)
    if health is None or workload.metadata.deletion_timestamp is not None:
        return
    changed = health.status.changed_at
    is_young = changed is not None and graph.now - changed < _YOUNG
    if health.status.state not in _MOVING and not is_young:
        return
    revisions = graph.revisions_of(workload.key)
    if len(revisions) < 2:
        return
    groups = cohorts(revisions, graph.pods_of(workload.key))
    current = next((group for group in groups if group.is_current), None)
    old_pods = [pod for group in groups if group.revision is not None and not group.is_current for pod in group.pods]
    new = _longest_ready(current.pods if current is not None else (), graph.now)
    old = _longest_ready(old_pods, graph.now)
    if current is None or current.revision is None or new is None or old is None:
        return
    since = _ready_since(new)
    if since is None or is_recent(since, graph, _SETTLED) or is_recent(_ready_since(old), graph, _OBSERVED):
        return
    for container in (new.spec.containers or ())[:_MAX_CONTAINERS]:
        if any(each.name == container.name for each in old.spec.containers or ()):
            yield from _compared(workload, current.revision, container.name, new, old, graph)


def _compared(
    workload: Workload, revision: Revision, container: str, new: Pod, old: Pod, graph: Graph
) -> Iterator[Finding]:
    """Yield the finding about one container."""
    before, after = graph.last_lines(old, container), graph.last_lines(new, container)
    if isinstance(before, Unread) or isinstance(after, Unread) or not after:
        return
    known = {template for template, _, _ in _errors((before or ())[-_MAX_LINES:])}
    lines = after[-_MAX_LINES:]
    fresh = [
        (template, example)
        for template, example, numbers in _errors(lines)
        if template not in known and len(numbers) >= _AGAIN and numbers[-1] >= len(lines) // 2
    ]
    if not fresh:
        return
    shown = "; ".join(_cut(template) for template, _ in fresh[:_SHOWN])
    more = f" and {len(fresh) - _SHOWN} more" if len(fresh) > _SHOWN else ""
    number = f" in revision {revision.number}" if revision.number else " in the new revision"
    evidence: list[Evidence] = [log_evidence(new, container, example) for _, example in fresh[:5]]
    yield Finding(
        Severity.WARNING,
        "NewLogErrors",
        f"{count_noun(len(fresh), 'new error template')}{number}: {shown}{more}",
        workload.key,
        _ready_since(new),
        container=printable(container),
        evidence=tuple(evidence),
        next_steps=(
            NextStep(f"look at the log of {printable(new.name)}", "object.logs", new.key),
            *undo_steps(workload.key, graph),
        ),
    )


@lru_cache(maxsize=64)
def _errors(lines: tuple[str, ...]) -> tuple[tuple[str, str, tuple[int, ...]], ...]:
    """Return the error templates of some lines, each with its last line and the numbers of its lines."""
    found: dict[str, tuple[str, list[int]]] = {}
    for number, line in enumerate(lines):
        text = printable(without_time(line))
        if level_of(text) < Level.ERROR:
            continue
        template = _miner.template_of(text).text.partition(" {")[0]
        _, numbers = found.get(template, ("", []))
        found[template] = text, [*numbers, number]
    return tuple((template, example, tuple(numbers)) for template, (example, numbers) in found.items())


def _longest_ready(pods: Sequence[Pod], now: datetime) -> Pod | None:
    """Return the pod that has been ready for the longest time, None when none is ready."""
    ready = [pod for pod in pods if pod.is_ready and not pod.is_terminating]
    return min(ready, key=lambda pod: (_ready_since(pod) or now, pod.name), default=None)


def _ready_since(pod: Pod) -> datetime | None:
    for condition in pod.status.conditions or ():
        if condition.type == "Ready":
            return condition.last_transition_time
    return None


def _cut(template: str) -> str:
    text = shorten(template)
    return text if len(text) <= _MAX_SHOWN else f"{text[: _MAX_SHOWN - 1]}…"
