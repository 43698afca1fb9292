"""Plan to create a Job: from a CronJob, as `kubectl create job --from` does, or again from a Job that has ended.

A Job's pod template cannot be changed and a finished Job does not run again, so a retry is another Job with the same
template; the old one and its logs stay. The new name is known before it is confirmed.
Source: kubectl pkg/cmd/create/create_job.go, `createJobFromCronJob`.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from k9py.api.errors import RefusedError
from k9py.api.meta import ObjectRef
from k9py.api.text import printable
from k9py.api.write_request import WriteRequest
from k9py.operations.operation import NoInputs, Operation, PlannedTarget
from k9py.operations.plan import PreflightWarning, Tracking, WarningLevel, WritePlan
from k9py.operations.preconditions import TargetVersion, target_version
from k9py.operations.target import Target
from k9py.operations.values import short
from k9py.operations.warnings import loudest_first

_LONGEST_NAME: Final = 63
"""The name of a Job becomes a label of its pods."""
_LETTERS: Final = "bcdfghjklmnpqrstvwxz2456789"
"""As in names that the server generates: no vowels, and no digits that look like letters."""
_OF_THE_JOB: Final = (
    "controller-uid",
    "job-name",
    "batch.kubernetes.io/controller-uid",
    "batch.kubernetes.io/job-name",
)
"""Labels that the Job controller adds: they name the old Job."""


def random_suffix() -> str:
    """Return five random letters for a name."""
    return "".join(secrets.choice(_LETTERS) for _ in range(5))


def plan_trigger(cron_job: Mapping[str, Any], suffix: str) -> WritePlan:
    """Plan to run a CronJob now. Raises RefusedError when it is no CronJob."""
    about = target_version(cron_job)
    if about.key.kind != "CronJob" or about.key.group:
        raise RefusedError(f"{about.text} cannot be triggered", "only a CronJob can")
    template = (cron_job.get("spec") or {}).get("jobTemplate") or {}
    meta = template.get("metadata") or {}
    owner = {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "name": about.key.name,
        "uid": about.uid,
        "controller": True,
    }
    metadata = {
        "name": _name(about.key.name, f"manual-{suffix}"),
        "namespace": about.key.namespace,
        "labels": meta.get("labels") or {},
        "annotations": {**(meta.get("annotations") or {}), "cronjob.kubernetes.io/instantiate": "manual"},
        "ownerReferences": [owner],
    }
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": template.get("spec") or {}}
    return _creation(about, job, "trigger", "Trigger", f"run {about.text} now", loudest_first(_of_cron_job(cron_job)))


def plan_retry(job: Mapping[str, Any], suffix: str) -> WritePlan:
    """Plan to run a Job again. Raises RefusedError when it is no Job, or is still running."""
    about = target_version(job)
    if about.key.kind != "Job" or about.key.group:
        raise RefusedError(f"{about.text} cannot be retried", "only a Job can")
    conditions = (job.get("status") or {}).get("conditions") or ()
    if not any(c.get("type") in ("Complete", "Failed") and c.get("status") == "True" for c in conditions):
        raise RefusedError(f"{about.text} has not ended", "it retries its pods by itself, up to its backoffLimit")
    meta = job.get("metadata") or {}
    spec = {key: value for key, value in (job.get("spec") or {}).items() if key not in ("selector", "manualSelector")}
    template = dict(spec.get("template") or {})
    template["metadata"] = {**(template.get("metadata") or {}), "labels": _own_labels(template.get("metadata") or {})}
    metadata = {
        "name": _name(about.key.name.partition("-retry-")[0], f"retry-{suffix}"),
        "namespace": about.key.namespace,
        "labels": _own_labels(meta),
        "annotations": {
            key: value
            for key, value in (meta.get("annotations") or {}).items()
            if not key.startswith(("kubectl.kubernetes.io/", "batch.kubernetes.io/"))
        },
    }
    if owners := meta.get("ownerReferences"):
        metadata["ownerReferences"] = owners
    again = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": metadata,
        "spec": {**spec, "template": template, "suspend": False},
    }
    return _creation(about, again, "retry", "Retry", f"run {about.text} again", ())


def _own_labels(meta: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in (meta.get("labels") or {}).items() if key not in _OF_THE_JOB}


def _name(base: str, suffix: str) -> str:
    """Return a name that fits, cut at the end of its first part."""
    return f"{base[: _LONGEST_NAME - len(suffix) - 1].rstrip('-.')}-{suffix}"


def _creation(
    about: TargetVersion,
    job: Mapping[str, Any],
    operation: str,
    label: str,
    summary: str,
    warnings: tuple[PreflightWarning, ...],
) -> WritePlan:
    key = ObjectRef("Job", about.key.namespace, str(job["metadata"]["name"]))
    containers = job["spec"].get("template", {}).get("spec", {}).get("containers") or ()
    images = ", ".join(printable(short(str(container.get("image", "")))) for container in containers)
    return WritePlan(
        operation=operation,
        label=label,
        key=key,
        uid="",
        resource_version="",
        generation=0,
        request=WriteRequest(key, job, verb="create"),
        summary=summary,
        done_text=f"{printable(str(key))} created",
        before_after=(("creates", "", f"Job {printable(key.name)}"), ("image", "", images or "none")),
        warnings=warnings,
        tracking=Tracking.NONE,
    )


def _of_cron_job(cron_job: Mapping[str, Any]) -> Iterator[PreflightWarning]:
    spec, status = cron_job.get("spec") or {}, cron_job.get("status") or {}
    policy = spec.get("concurrencyPolicy") or "Allow"
    if status.get("active") and policy != "Allow":
        message = f"a Job of it is running; concurrencyPolicy {printable(str(policy))} does not apply to this one"
        yield PreflightWarning(WarningLevel.CAUTION, "concurrent", message)
    elif status.get("active"):
        yield PreflightWarning(WarningLevel.NOTE, "concurrent", "a Job of it is running")


class Trigger(Operation[NoInputs]):
    """Run a CronJob now.

    Args:
        suffix: makes the end of the new Job's name.
    """

    id = "trigger"
    label = "Trigger"

    def __init__(self, suffix: Callable[[], str] = random_suffix) -> None:
        self.suffix = suffix

    def inputs(self, **given: Any) -> NoInputs:
        return NoInputs(**given)

    def title(self, inputs: NoInputs) -> str:
        return self.label.lower()

    async def plan(self, target: Target, inputs: NoInputs) -> PlannedTarget:
        return PlannedTarget(target, plan_trigger(target.raw, self.suffix()), self.title(inputs))


class Retry(Trigger):
    """Run a Job that has ended again, as another Job."""

    id = "retry"
    label = "Retry"

    async def plan(self, target: Target, inputs: NoInputs) -> PlannedTarget:
        return PlannedTarget(target, plan_retry(target.raw, self.suffix()), self.title(inputs))


OPERATIONS = (Trigger(), Retry())
