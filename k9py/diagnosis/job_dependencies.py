"""Find the Jobs that an init container waits for in vain: `kubectl wait job/migrate`, `k8s-wait-for job migrate`.

Invariant: only a Job whose controller has given up, or none of whose pods has become ready for a minute, keeps a
container from ending; one that runs, or that does not exist yet, may still complete. To recognize another program: its
arguments in `_waited_jobs`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from k9py.api.batch import Job
from k9py.api.kinds import JOB
from k9py.api.lazy_pattern import lazy_pattern
from k9py.api.meta import ObjectRef, find_condition
from k9py.api.pods import Container
from k9py.diagnosis.graph import Graph
from k9py.diagnosis.service_names import expanded
from k9py.diagnosis.settling import is_recent

_NAME: Final = r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?"
_OF_KUBECTL: Final = lazy_pattern(rf"(?<![\w./-])jobs?(?:\.(?:v1\.)?batch)?/(?P<name>{_NAME})")
_OF_WAIT_FOR: Final = lazy_pattern(rf"(?<![\w./-])(?:job|job-we|job-wr|jobs) (?P<name>{_NAME})(?![\w=/])")
"""`job`, `job-we` (with errors) and `job-wr` (wait for ready) of github.com/groundnuty/k8s-wait-for, or kubectl."""
_MAX_JOBS: Final = 5
_STARTING: Final = timedelta(minutes=1)


def jobs_it_waits_for(container: Container, namespace: str, graph: Graph) -> tuple[ObjectRef, ...]:
    """Return the Jobs that an init container waits for in vain: what to put into `caused_by`."""
    failed: dict[ObjectRef, None] = {}
    for name in dict.fromkeys(_waited_jobs(container)):
        job = graph.get(JOB, name, namespace)
        if isinstance(job, Job) and (_has_failed(job) or _is_stuck(job, graph)):
            failed[job.key] = None
    return tuple(failed)[:_MAX_JOBS]


def _has_failed(job: Job) -> bool:
    condition = find_condition(job.status.conditions, "Failed")
    return condition is not None and condition.status == "True"


def _is_stuck(job: Job, graph: Graph) -> bool:
    """Return whether a Job has pods, and none of them has become ready for a minute after its start."""
    status = job.status
    is_idle = status.active > 0 and status.ready == 0 and not status.succeeded and not job.spec.suspend
    return is_idle and status.start_time is not None and not is_recent(status.start_time, graph, _STARTING)


def _waited_jobs(container: Container) -> Iterator[str]:
    variables = {variable.name: variable.value for variable in container.env or () if variable.value}
    line = " ".join(expanded(text, variables) for text in (*(container.command or ()), *(container.args or ())))
    for pattern in (_OF_KUBECTL, _OF_WAIT_FOR):
        for match in pattern.finditer(line):
            yield match["name"]
