"""Jobs and CronJobs (batch/v1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from k9py.api.standard_types import standard_type
from k9py.api.times import duration, parse_rfc3339
from k9py.resources.describe.describer import (
    PODS,
    DescribeContext,
    Describer,
    Description,
    RelatedRequest,
    Unread,
    pod_requests,
)
from k9py.resources.describe.json_fields import (
    JsonObject,
    int_at,
    list_at,
    object_at,
    objects_at,
    scalar_text,
    text_at,
    value_at,
)
from k9py.resources.describe.lines import moment, query_selector, selector_text, unknown_line, value_line
from k9py.resources.describe.pods import pod_template
from k9py.resources.describe.workloads import owned_pods, pods_section
from k9py.views.describe import DescribeLine, Section, line, section
from k9py.views.values import Tone

_JOBS: Final = "jobs"
_OF_JOBS: Final = "job-name"
"""A label of all pods of Jobs, which servers before 1.27 set too."""
MAX_JOBS: Final = 20
"""Runs of a CronJob listed, the newest."""


def _job_requests(body: JsonObject) -> tuple[RelatedRequest, ...]:
    return pod_requests(body, query_selector(object_at(body, "spec", "selector")))


def _job(body: JsonObject, context: DescribeContext) -> Description:
    spec, status, now = object_at(body, "spec"), object_at(body, "status"), context.now
    failed = int_at(status, "failed")
    counts = (
        f"{int_at(status, 'active')} Active ({int_at(status, 'ready')} Ready)"
        f" / {int_at(status, 'succeeded')} Succeeded / {failed} Failed"
    )
    started, ended = parse_rfc3339(status.get("startTime")), _ended_at(body)
    lasted = duration(((ended or now) - started).total_seconds()) if started else ""
    head = (
        _result_line(body),
        line("pods statuses", counts, Tone.FAIL if failed else Tone.PLAIN),
        line("started", moment(status.get("startTime"), now)),
        line("completed at", moment(status.get("completionTime"), now)),
        line("duration", lasted if ended or not lasted else f"{lasted} so far"),
        value_line("completed indexes", status, "completedIndexes"),
        value_line("failed indexes", status, "failedIndexes", tone=Tone.FAIL),
        line("suspend", "true: no pods are started" if spec.get("suspend") else "false"),
    )
    settings = (*job_settings(spec), line("selector", selector_text(spec.get("selector"))))
    pods = owned_pods(body, context)
    urgent = () if isinstance(pods, Unread) else (pods_section(pods),)
    template = pod_template(object_at(spec, "template"), context)
    return Description(
        head,
        urgent=urgent,
        findings=tuple(_job_findings(body, pods)),
        details=(section("Settings", settings), *_policies(spec), *template),
    )


def _failed_condition(body: JsonObject) -> JsonObject | None:
    """Return the condition that says why a Job has failed; `FailureTarget` is the same before its pods have ended."""
    true = {text_at(c, "type"): c for c in objects_at(body, "status", "conditions") if text_at(c, "status") == "True"}
    return true.get("Failed") or true.get("FailureTarget")


def _ended_at(body: JsonObject) -> datetime | None:
    """Return when a Job completed or failed, None while it runs. Only a success sets its completion time."""
    completed = parse_rfc3339(object_at(body, "status").get("completionTime"))
    failed = _failed_condition(body)
    return completed or (parse_rfc3339(failed.get("lastTransitionTime")) if failed is not None else None)


def _result_line(body: JsonObject) -> DescribeLine | None:
    failed = _failed_condition(body)
    if failed is not None:
        return line("failed", _reason(failed), Tone.FAIL)
    for condition in objects_at(body, "status", "conditions"):
        if text_at(condition, "status") == "True" and text_at(condition, "type") in ("Complete", "Suspended"):
            return line("result", text_at(condition, "type"), Tone.OK)
    return None


def _reason(condition: JsonObject) -> str:
    return f"{text_at(condition, 'reason')}: {text_at(condition, 'message')}"


def _job_findings(job: JsonObject, pods: tuple[JsonObject, ...] | Unread) -> Iterator[DescribeLine]:
    """Yield why a Job has failed, and how its last failed pod ended."""
    condition = _failed_condition(job)
    if condition is None:
        return
    yield line(text_at(condition, "reason") or "Failed", text_at(condition, "message"), Tone.FAIL)
    if last := _last_failure(() if isinstance(pods, Unread) else pods):
        yield last


def _last_failure(pods: Sequence[JsonObject]) -> DescribeLine | None:
    """Return which container of the newest failed pod ended with which exit code; None where no pod is left."""
    newest = max(
        (pod for pod in pods if text_at(pod, "status", "phase") == "Failed"),
        key=lambda pod: text_at(pod, "metadata", "creationTimestamp"),
        default=None,
    )
    if newest is None:
        return None
    name, fields = text_at(newest, "metadata", "name"), ("initContainerStatuses", "containerStatuses")
    for status in (status for field in fields for status in objects_at(newest, "status", field)):
        ended = object_at(status, "state", "terminated")
        if exit_code := int_at(ended, "exitCode"):
            message = text_at(ended, "message").strip()
            text = f"container {text_at(status, 'name')}: exit code {exit_code}{f': {message}' if message else ''}"
            return line(name, f"{text_at(ended, 'reason') or 'Error'} · {text}", Tone.FAIL)
    reason = ": ".join(filter(None, (text_at(newest, "status", "reason"), text_at(newest, "status", "message"))))
    return line(name, reason or "Failed", Tone.FAIL)


def job_settings(spec: JsonObject) -> tuple[DescribeLine, ...]:
    """Return how often and how long a Job may run its pods."""
    deadline, time_to_live = text_at(spec, "activeDeadlineSeconds"), text_at(spec, "ttlSecondsAfterFinished")
    return (
        value_line("parallelism", spec, "parallelism"),
        value_line("completions", spec, "completions"),
        value_line("completion mode", spec, "completionMode"),
        value_line("backoff limit", spec, "backoffLimit"),
        value_line("backoff limit per index", spec, "backoffLimitPerIndex"),
        value_line("max failed indexes", spec, "maxFailedIndexes"),
        line("active deadline seconds", f"{deadline}s" if deadline else ""),
        line("TTL seconds after finished", time_to_live),
        value_line("pod replacement", spec, "podReplacementPolicy"),
        value_line("managed by", spec, "managedBy"),
    )


def _policies(spec: JsonObject) -> Iterator[Section]:
    failures = [line(text_at(r, "action"), _failure_rule(r)) for r in objects_at(spec, "podFailurePolicy", "rules")]
    if failures:
        yield section("Pod failure policy", failures)
    successes = [line("succeeds", scalar_text(rule)) for rule in objects_at(spec, "successPolicy", "rules")]
    if successes:
        yield section("Success policy", successes)


def _failure_rule(rule: JsonObject) -> str:
    if codes := object_at(rule, "onExitCodes"):
        container = text_at(codes, "containerName")
        values = ", ".join(map(scalar_text, list_at(codes, "values")))
        word = "in" if text_at(codes, "operator") == "In" else "not in"
        return f"exit code {word} [{values}]{f' of container {container}' if container else ''}"
    conditions = (f"{text_at(c, 'type')}={text_at(c, 'status')}" for c in objects_at(rule, "onPodConditions"))
    return f"pod condition {', '.join(conditions)}"


def _cron_requests(body: JsonObject) -> tuple[RelatedRequest, ...]:
    namespace = text_at(body, "metadata", "namespace")
    return (
        RelatedRequest(_JOBS, standard_type("batch", "Job"), namespace),
        RelatedRequest(PODS, standard_type("", "Pod"), namespace, _OF_JOBS),
    )


def _own_jobs(body: JsonObject, jobs: Sequence[JsonObject]) -> list[JsonObject]:
    """Return the Jobs that a CronJob has started and that still exist, newest first."""
    uid = text_at(body, "metadata", "uid")
    own = [job for job in jobs if any(text_at(o, "uid") == uid for o in objects_at(job, "metadata", "ownerReferences"))]
    return sorted(own, key=lambda job: text_at(job, "metadata", "creationTimestamp"), reverse=True)


def _last_run(body: JsonObject, context: DescribeContext) -> Iterator[DescribeLine]:
    """Yield why the newest Job that has ended failed; nothing when it succeeded."""
    jobs = context.objects(_JOBS)
    if isinstance(jobs, Unread):
        return
    results = ((job, _result_line(job)) for job in _own_jobs(body, jobs))
    ended = next((job for job, result in results if result is not None and result.text != "Suspended"), None)
    condition = None if ended is None else _failed_condition(ended)
    if ended is None or condition is None:
        return
    started = moment(value_at(ended, "status", "startTime"), context.now)
    text = f"Job {text_at(ended, 'metadata', 'name')} failed: {_reason(condition)}, started {started or '?'}"
    yield line("last run", text, Tone.FAIL)
    pods = owned_pods(ended, context)
    if not isinstance(pods, Unread) and (last := _last_failure(pods)):
        yield last


def _runs(body: JsonObject, context: DescribeContext) -> Section:
    """Return a line for each Job that the CronJob has started and that still exists, newest first."""
    jobs = context.objects(_JOBS)
    if isinstance(jobs, Unread):
        return section("Jobs", [unknown_line("", jobs)])
    own = _own_jobs(body, jobs)
    return section("Jobs", [_run(job, context.now) for job in own[:MAX_JOBS]] or [line("", "none", Tone.MUTED)])


def _run(job: JsonObject, now: datetime) -> DescribeLine:
    name, started = text_at(job, "metadata", "name"), moment(value_at(job, "status", "startTime"), now)
    result = _result_line(job)
    if result is None:
        return line(name, f"{int_at(job, 'status', 'active')} active, started {started or '?'}", Tone.BUSY)
    tone = Tone.FAIL if result.label == "failed" else Tone.PLAIN
    return line(name, f"{'Failed: ' if tone is Tone.FAIL else ''}{result.text}, started {started or '?'}", tone)


def _cron_job(body: JsonObject, context: DescribeContext) -> Description:
    spec, status, now = object_at(body, "spec"), object_at(body, "status"), context.now
    active = [text_at(reference, "name") for reference in objects_at(status, "active")]
    job = object_at(spec, "jobTemplate", "spec")
    deadline = text_at(spec, "startingDeadlineSeconds")
    suspended = spec.get("suspend") is True
    head = (
        value_line("schedule", spec, "schedule"),
        line("time zone", text_at(spec, "timeZone") or "that of the controller manager"),
        line("suspend", "true: no jobs are started" if suspended else "false", Tone.WARN if suspended else Tone.PLAIN),
        line("last schedule time", moment(status.get("lastScheduleTime"), now) or "never"),
        line("last successful time", moment(status.get("lastSuccessfulTime"), now) or "never"),
        line("active jobs", ", ".join(active) or "none"),
        value_line("concurrency policy", spec, "concurrencyPolicy"),
        line("starting deadline seconds", f"{deadline}s" if deadline else ""),
    )
    settings = (
        value_line("successful job history limit", spec, "successfulJobsHistoryLimit"),
        value_line("failed job history limit", spec, "failedJobsHistoryLimit"),
        *job_settings(job),
        line("selector", selector_text(job.get("selector"))),
    )
    template = pod_template(object_at(job, "template"), context)
    return Description(
        head,
        urgent=(_runs(body, context),),
        findings=tuple(_last_run(body, context)),
        details=(section("Settings", settings), *_policies(job), *template),
    )


DESCRIBERS = (Describer("Job", _job, _job_requests), Describer("CronJob", _cron_job, _cron_requests))
