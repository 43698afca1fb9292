"""Why no command can run in a container now, and what helps: one sentence for each state of a pod. Pure.

Invariants: everything is printable; a state that is not known yet is never reported as one. To cover another state: a
case in `_why_down`.
"""

from __future__ import annotations

from typing import Final

from k9py.api.errors import RefusedError
from k9py.api.pods import ContainerState, ContainerStatus, Pod, StateTerminated
from k9py.api.text import bounded, printable
from k9py.diagnosis.scheduler_message import without_post_filters

_BACK_OFF: Final = "CrashLoopBackOff"
_MAX_MESSAGE: Final = 240


class ContainerDownError(RefusedError):
    """The container does not run, so nothing was sent. The hint is for a command line.

    Args:
        pod: of the container.
        has_logs: it has run, so there is a log.
        previous: that of its last run is the previous one: it waits to be started again.
        has_node: a copy of the pod could be started.
    """

    def __init__(
        self,
        pod: Pod,
        message: str,
        hint: str,
        *,
        has_logs: bool = False,
        previous: bool = False,
        has_node: bool = True,
    ) -> None:
        super().__init__(message, hint)
        self.pod = pod
        self.has_node = has_node
        self.has_logs = has_logs
        self.previous = previous

    def within(self, what: str) -> ContainerDownError:
        """Return the same error as the reason of another one."""
        return ContainerDownError(
            self.pod,
            f"{what}: {self.message}",
            self.hint,
            has_logs=self.has_logs,
            previous=self.previous,
            has_node=self.has_node,
        )


def check_started(pod: Pod) -> None:
    """Raise ContainerDownError when a pod waits for a node, with the reason of the scheduler."""
    if pod.spec.node_name or pod.status.phase != "Pending":
        return
    why = "it has no node yet"
    for condition in pod.status.conditions or ():
        if condition.type == "PodScheduled" and condition.status != "True" and condition.message:
            why = f"not scheduled: {bounded(without_post_filters(condition.message), _MAX_MESSAGE)}"
    raise ContainerDownError(pod, f"pod {printable(pod.name)} is Pending: {why}", _why_hint(pod), has_node=False)


def check_runs(pod: Pod, container: str, running: str = "") -> None:
    """Raise ContainerDownError when a container of a pod does not run.

    Args:
        running: the names of those that do, for the hint.
    """
    check_started(pod)
    status = next((status for status in pod.statuses() if status.name == container), None)
    title = f"container {printable(container)} of pod {printable(pod.name)}"
    others = f"; running: {running}" if running else ""
    state = status.state if status is not None else None
    if status is None or state is None:
        if pod.status.phase == "Pending":
            raise ContainerDownError(pod, f"{title} has not started yet: the pod is Pending", _why_hint(pod) + others)
        return
    if state.running is not None:
        return
    why, last = _why_down(status, state)
    if last is None:
        raise ContainerDownError(pod, f"{title} {why}", _why_hint(pod) + others)
    previous = state.terminated is None
    log = f"kdash logs pod/{printable(pod.name)} -n {printable(pod.namespace)} -c {printable(container)}"
    copy = f"kdash debug {printable(pod.name)} -n {printable(pod.namespace)} --copy-to NAME"
    hint = f"{log}{' --previous' if previous else ''} prints its last log; {copy} debugs a copy{others}"
    raise ContainerDownError(pod, f"{title} {why}", hint, has_logs=True, previous=previous)


def _why_down(status: ContainerStatus, state: ContainerState) -> tuple[str, StateTerminated | None]:
    """Return what a container that does not run does instead, and its last run."""
    if state.terminated is not None:
        return _ended(state.terminated), state.terminated
    last = status.last_state.terminated if status.last_state is not None else None
    reason = printable(state.waiting.reason) if state.waiting is not None else ""
    if reason == _BACK_OFF:
        return f"is in {_BACK_OFF}: it " + (f"{_ended(last)} and " if last else "") + "waits to be started again", last
    message = bounded(state.waiting.message, _MAX_MESSAGE) if state.waiting is not None else ""
    causes = [part for part in (reason, message) if part]
    again = "is not running" if last is not None else "has not started yet"
    return ": ".join([again, *causes]), last


def _ended(run: StateTerminated) -> str:
    """Return how a run has ended, as a verb with its details."""
    if run.exit_code == 0:
        return "has completed with exit code 0"
    reason = f" ({printable(run.reason)})" if run.reason and run.reason != "Error" else ""
    return f"has ended with exit code {run.exit_code}{reason}"


def _why_hint(pod: Pod) -> str:
    return f"kdash why pod/{printable(pod.name)} -n {printable(pod.namespace)} shows the cause"
