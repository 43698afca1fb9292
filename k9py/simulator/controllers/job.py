"""The Job controller: runs pods until enough have succeeded or too many have failed.

Invariant: it creates and deletes pods and writes the Job's status. A finished Job (Complete or Failed) is not changed
again, only deleted after `ttlSecondsAfterFinished`. Only completionMode NonIndexed is simulated.
"""

from datetime import timedelta
from typing import Any

from k9py.simulator.clock import parse_timestamp, timestamp
from k9py.simulator.controllers.events import EventRecorder
from k9py.simulator.controllers.owner_references import controller_of, key_of
from k9py.simulator.controllers.pod_factory import pod_from_template
from k9py.simulator.controllers.pod_state import is_active, is_ready, is_terminating, phase_of
from k9py.simulator.controllers.work_queue import Key
from k9py.simulator.registry.resources import JOBS, PODS
from k9py.simulator.registry.storage import StorageEvent
from k9py.simulator.state import SimulatorState

Object = dict[str, Any]

_SUSPENDED = "Suspended"
_FIRST_BACKOFF = 10.0
_LONGEST_BACKOFF = 360.0


def job_labels(name: str, uid: str) -> dict[str, str]:
    """Return the labels of a Job's pods and selector."""
    return {
        "batch.kubernetes.io/controller-uid": uid,
        "batch.kubernetes.io/job-name": name,
        "controller-uid": uid,
        "job-name": name,
    }


def is_job_finished(job: Object) -> bool:
    conditions = (job.get("status") or {}).get("conditions") or ()
    return any(c["type"] in ("Complete", "Failed") and c["status"] == "True" for c in conditions)


class JobController:
    """Reconciles Jobs."""

    def __init__(self, state: SimulatorState) -> None:
        self._state = state
        self._storage = state.storage
        self._events = EventRecorder(state, "job-controller")

    def keys(self, change: StorageEvent) -> list[Key]:
        """Return the Jobs a change affects."""
        if change.resource is JOBS:
            return [key_of(change.obj)]
        if change.resource is PODS:
            owner = controller_of(change.obj)
            if owner is not None and owner["kind"] == "Job":
                return [(change.obj["metadata"]["namespace"], owner["name"])]
        return []

    def reconcile(self, key: Key) -> float | None:
        """Create pods, count them and finish the Job; return seconds until the next retry or the Job's removal."""
        job = self._storage.get(JOBS, *key)
        if job is None or job["metadata"].get("deletionTimestamp"):
            return None
        if is_job_finished(job):
            return self._remove_when_old(job)
        pods = self._pods(job)
        active = [pod for pod in pods if is_active(pod)]
        succeeded = sum(phase_of(pod) == "Succeeded" for pod in pods)
        failed = sum(phase_of(pod) == "Failed" for pod in pods)
        status: Object = dict(job.get("status") or {})
        self._write_suspension(job, status, active)
        completions = job["spec"].get("completions") or 1
        wait: float | None = None
        ended: tuple[str, str, str] | None = None
        if succeeded >= completions:
            ended = ("Complete", "CompletionsReached", "Reached expected number of succeeded pods")
        elif failed > job["spec"].get("backoffLimit", 6):
            ended = ("Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit")
            for pod in active:
                self._storage.delete(PODS, pod["metadata"]["namespace"], pod["metadata"]["name"])
        elif not job["spec"].get("suspend"):
            wait = self._start(job, pods, active, completions - succeeded, failed)
        self._write_status(job, status, ended)
        return wait

    def _write_suspension(self, job: Object, status: Object, active: list[Object]) -> None:
        """Suspend or resume the Job: its start time counts from the last time it was resumed."""
        now = timestamp(self._state.clock.now())
        conditions = [held for held in status.get("conditions") or () if held["type"] != _SUSPENDED]
        before = next((held for held in status.get("conditions") or () if held["type"] == _SUSPENDED), None)
        was_suspended = before is not None and before["status"] == "True"
        if not job["spec"].get("suspend"):
            status.setdefault("startTime", now)
            if was_suspended:
                status["conditions"] = [*conditions, _condition(_SUSPENDED, "JobResumed", "Job resumed", now, "False")]
                self._events.record(job, "Normal", "Resumed", "Job resumed")
            return
        status.pop("startTime", None)
        for pod in active:
            self._storage.delete(PODS, pod["metadata"]["namespace"], pod["metadata"]["name"])
        if not was_suspended:
            status["conditions"] = [*conditions, _condition(_SUSPENDED, "JobSuspended", "Job suspended", now)]
            self._events.record(job, "Normal", "Suspended", "Job suspended")

    def _pods(self, job: Object) -> list[Object]:
        owned = self._storage.owned_by(job["metadata"]["uid"])
        return [obj for resource, obj in owned if resource is PODS]

    def _start(self, job: Object, pods: list[Object], active: list[Object], left: int, failed: int) -> float | None:
        missing = min(job["spec"].get("parallelism", 1), left) - len(active)
        if missing <= 0:
            return None
        if failed:
            last = max(_finished_at(pod) for pod in pods if phase_of(pod) == "Failed")
            due = parse_timestamp(last) + timedelta(seconds=min(_LONGEST_BACKOFF, _FIRST_BACKOFF * 2 ** (failed - 1)))
            wait = (due - self._state.clock.now()).total_seconds()
            if wait > 0:
                return wait
        template = job["spec"]["template"]
        labels = job_labels(job["metadata"]["name"], job["metadata"]["uid"])
        for _ in range(missing):
            pod = pod_from_template(template, owner_resource=JOBS, owner=job, rng=self._state.rng, labels=labels)
            created = self._storage.create(PODS, pod)
            message = f"Created pod: {created['metadata']['name']}"
            self._events.record(job, "Normal", "SuccessfulCreate", message)
        return None

    def _write_status(self, job: Object, status: Object, ended: tuple[str, str, str] | None) -> None:
        now = timestamp(self._state.clock.now())
        pods = self._pods(job)
        counts = {
            "active": sum(is_active(pod) for pod in pods),
            "succeeded": sum(phase_of(pod) == "Succeeded" for pod in pods),
            "failed": sum(phase_of(pod) == "Failed" for pod in pods),
        }
        for name, count in counts.items():
            status.pop(name, None)
            if count:
                status[name] = count
        status["terminating"] = sum(is_terminating(pod) for pod in pods)
        status["ready"] = sum(is_active(pod) and is_ready(pod) for pod in pods)
        status["uncountedTerminatedPods"] = {}
        if ended is not None:
            kind, reason, message = ended
            before = "SuccessCriteriaMet" if kind == "Complete" else "FailureTarget"
            status["conditions"] = [
                *(status.get("conditions") or ()),
                *(_condition(condition_type, reason, message, now) for condition_type in (before, kind)),
            ]
            if kind == "Complete":
                status["completionTime"] = now
        self._storage.update(JOBS, {**job, "status": status}, status_only=True)
        if ended is None:
            return
        if ended[0] == "Complete":
            self._events.record(job, "Normal", "Completed", "Job completed")
        else:
            self._events.record(job, "Warning", ended[1], ended[2])

    def _remove_when_old(self, job: Object) -> float | None:
        seconds = job["spec"].get("ttlSecondsAfterFinished")
        if seconds is None:
            return None
        conditions = job["status"]["conditions"]
        due = parse_timestamp(conditions[-1]["lastTransitionTime"]) + timedelta(seconds=seconds)
        left = (due - self._state.clock.now()).total_seconds()
        if left > 0:
            return left
        self._storage.delete(JOBS, job["metadata"]["namespace"], job["metadata"]["name"])
        return None


def _condition(kind: str, reason: str, message: str, now: str, status: str = "True") -> Object:
    return {
        "type": kind,
        "status": status,
        "lastProbeTime": now,
        "lastTransitionTime": now,
        "reason": reason,
        "message": message,
    }


def _finished_at(pod: Object) -> str:
    ended = [
        (container.get("state") or {}).get("terminated", {}).get("finishedAt", "")
        for container in (pod.get("status") or {}).get("containerStatuses") or ()
    ]
    return max(ended, default="") or str(pod["metadata"]["creationTimestamp"])
