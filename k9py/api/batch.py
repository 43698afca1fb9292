"""Jobs and CronJobs (batch/v1)."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from k9py.api.meta import Condition, KubeObject, KubeStruct, Present, WorkloadMeta
from k9py.api.pods import PodTemplate
from k9py.api.selectors import LabelSelector


class JobSpec(KubeStruct, frozen=True):
    """batch/v1 JobSpec."""

    parallelism: int | None = None
    completions: int | None = None
    backoff_limit: int | None = None
    backoff_limit_per_index: int | None = None
    max_failed_indexes: int | None = None
    active_deadline_seconds: int | None = None
    completion_mode: str = ""
    suspend: bool | None = None
    selector: LabelSelector | None = None
    template: PodTemplate = PodTemplate()


class JobStatus(KubeStruct, frozen=True):
    """batch/v1 JobStatus."""

    active: int = 0
    ready: int | None = None
    succeeded: int = 0
    failed: int = 0
    terminating: int | None = None
    failed_indexes: str = ""
    start_time: datetime | None = None
    completion_time: datetime | None = None
    conditions: tuple[Condition, ...] | None = None


class Job(KubeObject, frozen=True):
    """A Job (batch/v1)."""

    KIND: ClassVar[str] = "Job"

    metadata: WorkloadMeta
    spec: JobSpec = JobSpec()
    status: JobStatus = JobStatus()


class JobTemplate(KubeStruct, frozen=True):
    """batch/v1 JobTemplateSpec."""

    spec: JobSpec = JobSpec()


class CronJobSpec(KubeStruct, frozen=True):
    """batch/v1 CronJobSpec."""

    schedule: str = ""
    time_zone: str | None = None
    suspend: bool | None = None
    concurrency_policy: str = "Allow"
    starting_deadline_seconds: int | None = None
    job_template: JobTemplate = JobTemplate()


class CronJobStatus(KubeStruct, frozen=True):
    """batch/v1 CronJobStatus; of the active Jobs only their number is read."""

    active: tuple[Present, ...] | None = None
    last_schedule_time: datetime | None = None
    last_successful_time: datetime | None = None


class CronJob(KubeObject, frozen=True):
    """A CronJob (batch/v1)."""

    KIND: ClassVar[str] = "CronJob"

    metadata: WorkloadMeta
    spec: CronJobSpec = CronJobSpec()
    status: CronJobStatus = CronJobStatus()
