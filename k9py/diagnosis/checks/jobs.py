"""Check Jobs: failed and why, with the last line of the pod that failed; retrying, suspended, or without a running pod.

Invariant: a failed Job that a later run of the same work made up for is no problem. The reasons are those of the Job
controller (pkg/controller/job/job_controller.go).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from k9py.api.batch import CronJob, Job
from k9py.api.causes import CauseKind
from k9py.api.kinds import JOB, POD
from k9py.api.meta import Condition, ObjectRef, find_condition
from k9py.api.plural import count_noun
from k9py.api.pods import Pod
from k9py.api.severity import Severity
from k9py.api.text import printable, shorten
from k9py.diagnosis.check import check
from k9py.diagnosis.finding import Evidence, Finding, NextStep
from k9py.diagnosis.graph import Graph, Unread
from k9py.diagnosis.late_jobs import what_pods_waited_for
from k9py.diagnosis.nodes import node_failure
from k9py.diagnosis.pods import pod_findings
from k9py.diagnosis.proof import condition_evidence, field, log_evidence, without_time
from k9py.diagnosis.service_dependencies import services_it_waits_for
from k9py.diagnosis.terminations import exit_text
from k9py.logs.failing_line import failing_line

_DOCS: Final = "https://kubernetes.io/docs/concepts/workloads/controllers/job/"
_GRACE: Final = timedelta(seconds=20)
"""The controller creates the first pod of a Job within this time."""
_OLD: Final = timedelta(days=1)
"""A failure that nobody repaired for so long is only a warning."""
_MAX_PODS: Final = 50
_LOG_LINES: Final = 20
_PLAIN: Final = frozenset({"", "Error", "Completed"})
_GENERATED_LABELS: Final = frozenset(
    {
        "controller-uid",
        "job-name",
        "batch.kubernetes.io/controller-uid",
        "batch.kubernetes.io/job-name",
        "pod-template-hash",
    }
)
_QUEUES: Final = ("kueue.x-k8s.io/", "scheduling.volcano.sh/", "jobset.sigs.k8s.io/")
"""Labels and annotations of queues that suspend Jobs until there is room for them."""


def finished(job: Job) -> Condition | None:
    """Return the condition Complete or Failed of a Job that has ended."""
    for type_ in ("Failed", "Complete"):
        condition = find_condition(job.status.conditions, type_)
        if condition is not None and condition.status == "True":
            return condition
    return None


def failure(job: Job) -> Condition | None:
    """Return the condition Failed, or that it is about to fail (FailureTarget), None when it has not failed."""
    for type_ in ("Failed", "FailureTarget"):
        condition = find_condition(job.status.conditions, type_)
        if condition is not None and condition.status == "True":
            return condition
    return None


@check(
    "job-health",
    "a Job has failed, or none of its pods runs",
    subjects=(JOB,),
    reads=("Pod", "Event"),
    source=_DOCS,
    remedy="look at what its pods report",
)
def job_health(job: Job, graph: Graph) -> Iterator[Finding]:
    """Yield that a Job does not do its work."""
    if job.metadata.deletion_timestamp is not None:
        return
    pods = _pods(job, graph)
    failed = failure(job)
    if failed is not None:
        if not _made_up_for(job, graph):
            done = f", {job.status.succeeded} of {_completions(job)} completions" if _completions(job) > 1 else ""
            yield Finding(
                _severity(failed.last_transition_time, graph),
                failed.reason or "Failed",
                f"Job failed{done}",
                job.key,
                failed.last_transition_time,
                is_effect=True,
            )
        return
    if finished(job) is not None or job.spec.suspend:
        return
    active = [pod for pod in pods if not pod.is_terminating and pod.status.phase in ("", "Pending", "Running")]
    began = job.status.start_time or job.metadata.creation_timestamp
    if not pods:
        yield from _without_pods(job, began, graph)
    elif active and all(_is_stuck(pod, graph) for pod in active):
        message = f"0 of {count_noun(len(active), 'pod')} running"
        causes = tuple(pod.key for pod in active)[:_MAX_PODS]
        yield Finding(Severity.DEGRADED, "NoRunningPods", message, job.key, began, caused_by=causes, is_effect=True)


def _without_pods(job: Job, began: datetime | None, graph: Graph) -> Iterator[Finding]:
    """Yield that no pod of a Job exists. Between two tries, the controller waits up to 10 minutes (back-off)."""
    if began is None or job.status.failed or job.status.active or not graph.has_read(POD):
        return
    if graph.now - began < _GRACE:
        graph.look_again(began + _GRACE)
        return
    wanted = 1 if job.spec.parallelism is None else job.spec.parallelism
    if wanted and job.status.succeeded < _completions(job):
        message = f"0 of {count_noun(wanted, 'pod')} created"
        yield Finding(Severity.DEGRADED, "NoPods", message, job.key, began, is_effect=True)


@check(
    "job-failed",
    "a Job has failed: too many retries, its deadline, a failure policy, failed indexes",
    subjects=(JOB,),
    reads=("Pod", "Job", "Service", "Event"),
    source=_DOCS + "#handling-pod-and-container-failures",
    remedy="repair what fails and run the Job again",
)
def job_failed(job: Job, graph: Graph) -> Iterator[Finding]:
    """Yield why a Job failed."""
    failed = failure(job)
    if failed is None or job.metadata.deletion_timestamp is not None:
        return
    pods = _failed(_pods(job, graph))
    made_up_for = _made_up_for(job, graph)
    last = pods[-1] if pods else None
    evidence: list[Evidence] = [condition_evidence(job, failed)]
    causes: tuple[Finding | ObjectRef, ...] = ()
    message = _reason_text(job, failed)
    is_late = failed.reason == "DeadlineExceeded"
    if last is not None and not is_late:
        detail, causes = _exit(last, graph, evidence)
        message += f": {detail}" if detail else ""
    elif is_late and (waited := what_pods_waited_for(job, graph)) is not None:
        message += f": {waited.text}"
        evidence.append(waited.evidence)
    root = Finding(
        Severity.INFO if made_up_for else _severity(failed.last_transition_time, graph),
        failed.reason or "Failed",
        message + made_up_for,
        job.key,
        failed.last_transition_time,
        CauseKind.DEADLINE if is_late else CauseKind.CRASH,
        evidence=tuple(evidence),
        caused_by=() if made_up_for or is_late else (*causes, *_found_elsewhere(pods)),
        next_steps=(NextStep("look at the log of its last pod", "object.logs"),),
    )
    yield root
    if not made_up_for:
        yield from _of_pods(pods, root)


def _reason_text(job: Job, failed: Condition) -> str:
    """Return why the controller gave up."""
    spec, status = job.spec, job.status
    match failed.reason:
        case "BackoffLimitExceeded":
            limit = 6 if spec.backoff_limit is None else spec.backoff_limit
            return f"failed: its pods failed more often than backoffLimit {limit} allows"
        case "DeadlineExceeded":
            limit_text = f" of {spec.active_deadline_seconds}s" if spec.active_deadline_seconds is not None else ""
            return f"failed: it ran longer than its activeDeadlineSeconds{limit_text}"
        case "PodFailurePolicy":
            return f"failed by its podFailurePolicy: {shorten(failed.message)}"
        case "FailedIndexes":
            return f"failed: indexes {printable(status.failed_indexes) or '?'} failed"
        case "MaxFailedIndexesExceeded":
            limit_text = f" {spec.max_failed_indexes}" if spec.max_failed_indexes is not None else ""
            indexes = printable(status.failed_indexes) or "?"
            return f"failed: more indexes failed ({indexes}) than maxFailedIndexes{limit_text} allows"
    return f"failed: {shorten(failed.message) or printable(failed.reason) or 'for an unknown reason'}"


@check(
    "job-retrying",
    "the pods of a Job fail and are replaced",
    subjects=(JOB,),
    reads=("Pod", "Service"),
    source=_DOCS + "#pod-backoff-failure-policy",
    remedy="look at what its failed pods report",
)
def job_retrying(job: Job, graph: Graph) -> Iterator[Finding]:
    """Yield that a Job uses up its retries."""
    is_over = finished(job) is not None or failure(job) is not None
    if is_over or not job.status.failed or job.metadata.deletion_timestamp is not None:
        return
    limit = 6 if job.spec.backoff_limit is None else job.spec.backoff_limit
    is_near = job.status.failed >= 2 or job.status.failed >= limit
    evidence: list[Evidence] = [field(job, "status.failed", job.status.failed)]
    pods = _failed(_pods(job, graph))
    detail, causes = _exit(pods[-1], graph, evidence) if pods else ("", ())
    message = f"its pods fail and are retried (backoffLimit {limit})" + (f": {detail}" if detail else "")
    root = Finding(
        Severity.WARNING if is_near else Severity.INFO,
        "Retrying",
        message,
        job.key,
        job.status.start_time,
        evidence=tuple(evidence),
        caused_by=(*causes, *_found_elsewhere(pods)) if is_near else (),
    )
    yield root
    if is_near:
        yield from _of_pods(pods, root)


@check(
    "job-suspended",
    "a Job is suspended",
    subjects=(JOB,),
    source=_DOCS + "#suspending-a-job",
    remedy="set spec.suspend to false",
)
def job_suspended(job: Job, graph: Graph) -> Iterator[Finding]:
    """Yield that a Job waits until somebody resumes it; queues suspend Jobs on purpose."""
    if not job.spec.suspend or finished(job) is not None or job.metadata.deletion_timestamp is not None:
        return
    keys = (*(job.metadata.labels or ()), *(job.metadata.annotations or ()))
    is_queued = any(key.startswith(_QUEUES) for key in keys) or job.metadata.controller is not None
    suspended = find_condition(job.status.conditions, "Suspended")
    since = suspended.last_transition_time if suspended is not None else None
    who, at = suspender(job)
    created = job.metadata.creation_timestamp
    was_running = at is not None and created is not None and at > created
    yield Finding(
        Severity.WARNING if was_running and not is_queued else Severity.INFO,
        "Suspended",
        f"suspended{who}: it does not run until it is resumed",
        job.key,
        since or at,
        evidence=(field(job, "spec.suspend", "true", at),),
        next_steps=(NextStep("set spec.suspend to false", "object.edit"),),
    )


def suspender(obj: Job | CronJob) -> tuple[str, datetime | None]:
    """Return who suspended an object, as ` by kubectl-patch`, and when; "" and None where that is unknown."""
    owners = [entry for entry in obj.metadata.managed_fields or () if entry.owns_pause]
    if len(owners) != 1:
        return "", None
    return f" by {printable(owners[0].manager)}", owners[0].time


def _pods(job: Job, graph: Graph) -> tuple[Pod, ...]:
    """Return the pods of a Job, () when they have not been read."""
    owned = graph.owned(job, POD)
    return () if isinstance(owned, Unread) else owned


def _failed(pods: Sequence[Pod]) -> list[Pod]:
    """Return the failed pods, the one that ended last at the end."""
    return sorted((pod for pod in pods if pod.status.phase == "Failed"), key=lambda pod: (_ended(pod), pod.name))


def _ended(pod: Pod) -> float:
    times = [
        state.finished_at.timestamp()
        for status in pod.status.container_statuses or ()
        if status.state is not None and (state := status.state.terminated) is not None and state.finished_at is not None
    ]
    return max(times, default=0.0)


def _of_pods(pods: Sequence[Pod], root: Finding) -> Iterator[Finding]:
    """Yield that pods failed: the finding about their Job explains each, unless another check finds out more."""
    for pod in pods[-_MAX_PODS:]:
        if not _is_plain(pod):
            continue
        texts = [
            f"container {printable(status.name)} failed ({exit_text(ended)})"
            for status in pod.statuses()
            if status.state is not None and (ended := status.state.terminated) is not None and ended.exit_code
        ]
        message = texts[0] if texts else node_failure(pod) or "pod failed"
        yield Finding(Severity.WARNING, "Failed", message, pod.key, root.since, caused_by=(root,))


def _failing_line(lines: Sequence[str]) -> str:
    """Return the line that shows the failure among the last ones, else the last."""
    return failing_line([without_time(line).encode(errors="replace") for line in lines[-_LOG_LINES:]]) or ""


def _found_elsewhere(pods: Sequence[Pod]) -> tuple[ObjectRef, ...]:
    """Return the failed pods that other checks explain."""
    return tuple(pod.key for pod in pods[-_MAX_PODS:] if not _is_plain(pod))


def _is_plain(pod: Pod) -> bool:
    """Return whether a failed pod shows no more than exit codes.

    What its node did to it, a lack of memory, and a command that cannot start are found by the checks of pods.
    """
    reasons = {
        status.state.terminated.reason
        for status in pod.statuses()
        if status.state is not None and status.state.terminated is not None
    }
    return not pod.status.reason and reasons <= _PLAIN


def _exit(pod: Pod, graph: Graph, evidence: list[Evidence]) -> tuple[str, tuple[Finding | ObjectRef, ...]]:
    """Return how the failed container of a pod ended, with its last log line, and the Services that it waits for.

    Args:
        evidence: is extended by both.
    """
    for status in pod.statuses():
        ended = status.state.terminated if status.state is not None else None
        if ended is None or ended.exit_code == 0:
            continue
        container = printable(status.name)
        how = exit_text(ended) if ended.reason in _PLAIN else f"{printable(ended.reason)}, {exit_text(ended)}"
        text = f"container {container} failed ({how})"
        evidence.append(field(pod, f"status.containerStatuses[{container}].state.terminated", exit_text(ended)))
        lines = graph.last_lines(pod, status.name)
        line = (_failing_line(lines) if isinstance(lines, tuple) else "") or ended.message
        if line:
            evidence.append(log_evidence(pod, container, line))
            text += f": {shorten(line)}"
        containers = (*(pod.spec.containers or ()), *(pod.spec.init_containers or ()))
        container_spec = next((each for each in containers if each.name == status.name), None)
        texts = (*(lines if isinstance(lines, tuple) else ())[-5:], ended.message)
        return text, () if container_spec is None else services_it_waits_for(pod, container_spec, graph, texts)
    return "", ()


def _is_stuck(pod: Pod, graph: Graph) -> bool:
    """Return whether a pod will not run by itself."""
    return any(finding.severity <= Severity.STUCK for finding in pod_findings(pod, graph.now, events=graph.events(pod)))


def _completions(job: Job) -> int:
    """Return how many pods must succeed; without a number, one."""
    return 1 if job.spec.completions is None else job.spec.completions


def _severity(since: datetime | None, graph: Graph) -> Severity:
    if since is None:
        return Severity.DEGRADED
    graph.look_again(since + _OLD)
    return Severity.WARNING if graph.now - since > _OLD else Severity.DEGRADED


def _made_up_for(job: Job, graph: Graph) -> str:
    """Return what makes the failure of a Job a matter of the past: a later run of the same work; "" when nothing does.

    The same work: a Job of the same CronJob, or with the same labels. Of the failed runs of a CronJob the last counts.
    """
    created = job.metadata.creation_timestamp
    if created is None:
        return ""
    found = graph.list(JOB, job.namespace)
    if isinstance(found, Unread):
        return ""
    labels, has_failed = _own_labels(job), False
    for other in found:
        at = other.metadata.creation_timestamp
        if other.uid == job.uid or at is None or at <= created:
            continue
        is_same = other.owner_uid == job.owner_uid if job.owner_uid else bool(labels) and labels == _own_labels(other)
        ended = finished(other) if is_same else None
        if ended is not None and ended.type == "Complete":
            return "; a later run succeeded"
        has_failed |= ended is not None and bool(job.owner_uid)
    return "; a later run failed too" if has_failed else ""


def _own_labels(job: Job) -> dict[str, str]:
    """Return the labels of its pods that the controller did not make."""
    return {key: value for key, value in job.spec.template.labels.items() if key not in _GENERATED_LABELS}
