"""Whose pods' logs are read, where other objects are between a workload and its pods."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from k9py.api.batch import Job, JobStatus
from k9py.api.kinds import JOB, REPLICA_SET
from k9py.api.meta import OwnerReference, WorkloadMeta
from k9py.api.pods import Pod
from k9py.cli.logs.pods import PodSelection
from tests.factories.meta import before


@dataclass(frozen=True)
class _Job:
    name: str
    seconds_ago: float
    active: int = 0
    owner: str = "cron"


def owned(name: str, owner: str, seconds_ago: float = 0) -> WorkloadMeta:
    reference = OwnerReference(kind="X", name=owner, uid=owner, controller=True)
    return WorkloadMeta(
        name=name,
        namespace="shop",
        uid=name,
        owner_references=(reference,),
        creation_timestamp=before(seconds_ago),
    )


@pytest.mark.parametrize(
    ("jobs", "pods"),
    [
        ([], []),
        ([_Job("old", 20), _Job("new", 10)], ["new-pod"]),
        ([_Job("old", 30, active=1), _Job("done", 20), _Job("new", 10)], ["new-pod", "old-pod"]),
        ([_Job("other", 5, owner="somebody"), _Job("new", 10)], ["new-pod"]),
    ],
)
def test_a_cron_job_has_the_pods_of_its_running_and_its_newest_job(jobs: list[_Job], pods: list[str]) -> None:
    objects = [
        Job(metadata=owned(job.name, job.owner, job.seconds_ago), status=JobStatus(active=job.active)) for job in jobs
    ]
    every_pod = [Pod(metadata=owned(f"{name}-pod", name)) for name in ("old", "done", "new", "other")]
    selection = PodSelection("CronJob shop/cron", "shop", "job-name", owner_uid="cron", between=JOB)
    assert [pod.name for pod in selection.own_pods(every_pod, objects)] == pods
    assert selection.between_selector == "", "jobs do not have the labels of their pods"


def test_where_what_is_between_is_unknown_the_selector_decides() -> None:
    selection = PodSelection("Deployment shop/web", "shop", "app=web", owner_uid="web", between=REPLICA_SET)
    pod = Pod(metadata=owned("web-1", "set"))
    assert selection.own_pods([pod], None) == (pod,)
    assert selection.own_pods([pod], []) == ()
