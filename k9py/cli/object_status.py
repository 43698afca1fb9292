"""`kdash status job/x` and `pod/x`: the word that kubectl prints, counts, what blocks it; with --wait until its end.

Invariants: 0 only for a complete Job and a ready or completed pod; what may not be read is a warning, never healthy.
Waiting watches the object and its pods, and nothing else. To add a kind: a function that returns its `ObjectStatus`,
and a case in `_Follower.status`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from k9py.api.batch import Job
from k9py.api.causes import CauseKind
from k9py.api.errors import KdashError
from k9py.api.kinds import JOB, POD, Kind
from k9py.api.meta import ObjectRef
from k9py.api.pods import Pod
from k9py.api.text import printable
from k9py.api.times import age
from k9py.cli.objects.listing import Scope, list_objects
from k9py.cli.session import Invocation, explain_not_found
from k9py.diagnosis.finding import Finding, worst_first
from k9py.diagnosis.pods import pod_findings
from k9py.informer.health import Forbidden, WatchHealth
from k9py.informer.reflector import Reflector
from k9py.resources.catalog.job import job_state
from k9py.resources.workload_cells import matching_pods
from k9py.session import ClusterSession
from k9py.views.exit_codes import ExitCode, exit_code_of_cause
from k9py.views.pod_status import pod_status, pod_tone
from k9py.views.values import Tone

WITH_STATUS: Final = ("Job", "Pod")
"""Kinds without a rollout that `kdash status` takes."""
_DEADLINE: Final = "DeadlineExceeded"
_COMPLETED: Final = ("Completed", "Succeeded")


@dataclass(frozen=True, slots=True)
class ObjectStatus:
    """How a Job or a pod stands.

    Args:
        word: kubectl's word: "Complete", "CrashLoopBackOff".
        text: the word and the count that matters; printable.
        lines: details; printable.
        counts: for scripts.
        is_end: nothing more is waited for.
        cause: of the failure, or what blocks it; None when there is none.
    """

    word: str
    text: str
    tone: Tone
    code: ExitCode
    is_end: bool
    lines: tuple[str, ...] = ()
    counts: Mapping[str, int | None] = field(default_factory=dict)
    cause: CauseKind | None = None


def job_status(job: Job, findings: Sequence[Finding]) -> ObjectStatus:
    """Return how a Job stands.

    Args:
        findings: about its pods, worst first.
    """
    word, tone, condition = job_state(job)
    status, wanted = job.status, job.spec.completions
    cause = next((finding for finding in findings if finding.kind is not None), None)
    end = {"Complete": ExitCode.DONE, "Failed": ExitCode.CRASH}.get(word)
    code = ExitCode.UNKNOWN if end is None else end
    if end is not ExitCode.DONE and cause is not None and cause.kind is not None:
        code = exit_code_of_cause(cause.kind)
    elif word == "Failed" and condition is not None and condition.reason == _DEADLINE:
        code = ExitCode.DEADLINE
    lines = [f"succeeded {status.succeeded} · failed {status.failed} · active {status.active}"]
    if job.spec.backoff_limit is not None:
        lines[0] += f" · backoff limit {job.spec.backoff_limit}"
    if condition is not None:
        lines.append(": ".join(part for part in (condition.reason, condition.message) if part))
    if end is not ExitCode.DONE:
        lines += [finding.message for finding in findings[:1]]
    return ObjectStatus(
        word,
        f"{word}, {status.succeeded}/{1 if wanted is None else wanted} completions",
        tone,
        code,
        end is not None,
        tuple(printable(line) for line in lines if line),
        {"succeeded": status.succeeded, "failed": status.failed, "active": status.active, "completions": wanted},
        None if cause is None or end is ExitCode.DONE else cause.kind,
    )


def status_of_pod(pod: Pod, findings: Sequence[Finding], restarted: str) -> ObjectStatus:
    """Return how a pod stands.

    Args:
        findings: about it, worst first.
        restarted: when it was last restarted, "" when it never was or that is not known.
    """
    printed = pod_status(pod)
    is_done = printed.text in _COMPLETED
    is_healthy = is_done or (pod.is_ready and not pod.is_terminating)
    cause = next((finding for finding in findings if finding.kind is not None), None)
    code = ExitCode.DONE if is_healthy else ExitCode.UNKNOWN
    if not is_healthy and cause is not None and cause.kind is not None:
        code = exit_code_of_cause(cause.kind)
    elif pod.status.phase == "Failed":
        code = ExitCode.CRASH
    text = f"restarts {printed.restarts}{f', last {restarted} ago' if restarted else ''}"
    lines = [f"{text} · node {pod.spec.node_name or 'none'}", *(finding.message for finding in findings)]
    return ObjectStatus(
        printed.text,
        printable(f"{printed.text}, {printed.ready}/{printed.containers} ready"),
        pod_tone(pod, printed),
        code,
        is_healthy or pod.status.phase == "Failed",
        tuple(printable(line) for line in lines),
        {"ready": printed.ready, "containers": printed.containers, "restarts": printed.restarts},
        None if cause is None or is_healthy else cause.kind,
    )


async def object_status(
    invocation: Invocation, session: ClusterSession, key: ObjectRef, *, wait: bool, timeout: float
) -> ExitCode:
    """Print how a Job or pod stands; return the exit code. Raises KdashError.

    Args:
        wait: until it is at its end, or `timeout` seconds have passed.
    """
    follower = _Follower(invocation, session, key)
    with explain_not_found(key):
        status = await follower.read()
    started = session.clock.monotonic()
    timed_out = False
    if wait and not status.is_end:
        status, timed_out = await follower.follow(status, timeout)
    code = ExitCode.UNKNOWN if timed_out else status.code
    console = invocation.console
    if invocation.arguments.json:
        console.print_json(
            {
                "context": printable(session.context),
                "kind": key.kind,
                "namespace": printable(key.namespace),
                "name": printable(key.name),
                "status": {
                    "state": status.word,
                    "words": status.text,
                    "cause": status.cause.value if status.cause else None,
                    **status.counts,
                },
                "remarks": list(follower.warnings),
                "waited_seconds": round(session.clock.monotonic() - started, 1) if wait else None,
                "timed_out": timed_out,
                "exit_code": int(code),
            }
        )
    else:
        console.print(console.render([(f"{printable(str(key))}: ", Tone.PLAIN), (status.text, status.tone)]))
        for line in status.lines:
            console.print(f"  {line}")
    warnings = [
        *follower.warnings,
        *([f"timed out after {timeout:.0f}s: it is still {status.word}"] if timed_out else []),
    ]
    console.print_warnings(warnings)
    return code


class _Follower:
    """Reads a Job or pod and follows it."""

    def __init__(self, invocation: Invocation, session: ClusterSession, key: ObjectRef) -> None:
        self.warnings: list[str] = []
        self._console = invocation.console
        self._session = session
        self._key = key
        self._pods_scope: Scope | None = None
        self._changed = asyncio.Event()
        self._refused: KdashError | None = None

    async def read(self) -> ObjectStatus:
        """Return how it stands now. Raises KdashError."""
        key, session = self._key, self._session
        body = await session.connection.get(key)
        content = msgspec.json.encode(body)
        if key.kind == POD.name:
            return self.status(POD.decode(content), ())
        pods: Sequence[Pod] = ()
        selector, _ = matching_pods(body)
        if selector:
            self._pods_scope = Scope((key.namespace,), label_selector=selector)
            try:
                pods = (await list_objects(session, POD, self._pods_scope)).objects
            except KdashError as error:
                self._pods_scope = None
                self.warnings.append(error.message)
        return self.status(JOB.decode(content), pods)

    def status(self, value: Job | Pod, pods: Iterable[Pod]) -> ObjectStatus:
        """Return how an object stands."""
        now = self._session.clock.now()
        if isinstance(value, Pod):
            restarted_at = pod_status(value).restarted_at
            restarted = "" if restarted_at is None else age(restarted_at, now)
            return status_of_pod(value, pod_findings(value, now), restarted)
        has_failed = job_state(value)[0] == "Failed"
        examined = [pod for pod in pods if has_failed or pod.status.phase != "Failed"]  # those that failed are retried
        return job_status(value, worst_first(finding for pod in examined for finding in pod_findings(pod, now)))

    async def follow(self, status: ObjectStatus, timeout: float) -> tuple[ObjectStatus, bool]:
        """Print each new status on standard error until the end.

        Returns:
            The last status, and whether the time was over first.

        Raises:
            KdashError: it may not be watched, or was deleted.
        """
        kind: Kind[Any] = POD if self._key.kind == POD.name else JOB
        scope = Scope((self._key.namespace,), field_selector=f"metadata.name={self._key.name}")
        objects = self._reflector(kind, scope)
        pods = None if self._pods_scope is None else self._reflector(POD, self._pods_scope)
        clock = self._session.clock
        tasks = [asyncio.ensure_future(reflector.run()) for reflector in (objects, pods) if reflector is not None]
        timer = asyncio.ensure_future(clock.sleep(timeout))
        try:
            while True:
                self._console.print_err(f"{printable(str(self._key))}: {status.text}")
                text = status.text
                while status.text == text:
                    changed = asyncio.ensure_future(self._changed.wait())
                    await asyncio.wait((changed, timer), return_when=asyncio.FIRST_COMPLETED)
                    changed.cancel()
                    if not self._changed.is_set():
                        return status, True
                    self._changed.clear()
                    if self._refused is not None:
                        raise self._refused
                    present = objects.store.get(self._key)
                    if present is None:
                        if objects.has_synced:
                            raise KdashError(f"{printable(str(self._key))} was deleted", "it has no status any more")
                        continue
                    status = self.status(present, () if pods is None else pods.store.values())
                    if status.is_end:
                        return status, False
        finally:
            for task in (*tasks, timer):
                task.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.gather(*tasks, timer, return_exceptions=True)

    def _reflector(self, kind: Kind[Any], scope: Scope) -> Reflector[Any]:
        lister = self._session.connection.lister_watcher(
            kind, scope.namespaces[0], label_selector=scope.label_selector, field_selector=scope.field_selector
        )
        reflector: Reflector[Any] = Reflector(kind, lister, self._session.clock, on_health=self._note_health)
        reflector.store.subscribe(lambda _: self._changed.set())
        return reflector

    def _note_health(self, health: WatchHealth) -> None:
        if isinstance(health, Forbidden):
            self._refused = health.error
        self._changed.set()
