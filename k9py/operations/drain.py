"""Drain a Node: cordon it, then evict its pods as their disruption budgets allow.

Pods of a DaemonSet and mirror pods stay, as with kubectl. A pod without a controller is lost, and so are the data of an
emptyDir: a command needs options for them, the dashboard warns. Invariants: every eviction is a write of its own, with
its audit lines; a budget that refuses is asked again with a dry run, so waiting leaves no lines; a stop lets the
evictions that were sent go on and begins no other; "drained" means that a list after the cordon had no other pod left.
Source: k8s.io/kubectl/pkg/drain (filters.go, drain.go).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from k9py.api.errors import KdashError, NotFoundError, RecreatedError, RefusedError, UnavailableError
from k9py.api.plural import count_noun
from k9py.api.policy import PodDisruptionBudget
from k9py.api.text import printable
from k9py.api.write_request import WriteRequest
from k9py.operations.cordon import plan_cordon, require_node
from k9py.operations.delete_pod import plan_evict
from k9py.operations.follow import FollowContext
from k9py.operations.operation import Operation, PlannedTarget
from k9py.operations.plan import PreflightWarning, Tracking, WarningLevel, WritePlan, WriteResult
from k9py.operations.pods_on_node import (
    NAMED,
    PodsOnNode,
    Raw,
    as_pod,
    has_ended,
    is_terminating,
    listed_text,
    name_of_pod,
    names_text,
    sort_pods,
)
from k9py.operations.preconditions import ref_of, target_version
from k9py.operations.removal import track_removal
from k9py.operations.target import Target, uid_of
from k9py.operations.track import TrackedEnd
from k9py.operations.warnings import loudest_first

PARALLEL: Final = 5
"""Pods that are evicted at the same time."""
FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 10.0
"""Seconds before a budget is asked again: it grows from the first to the longest."""


@dataclass(frozen=True, slots=True)
class DrainInputs:
    """What is lost with the drain.

    Args:
        force: evict pods without a controller; None: a person confirms it.
        deletes_data: evict pods with emptyDir volumes; None: a person confirms it.
        grace_seconds: given to each pod; None: the pod's own.
    """

    force: bool | None = None
    deletes_data: bool | None = None
    grace_seconds: int | None = None


def plan_drain(
    node: Raw, pods: PodsOnNode, inputs: DrainInputs, budgets: Sequence[PodDisruptionBudget] | None = ()
) -> tuple[WritePlan, bool]:
    """Plan to drain a Node.

    Args:
        budgets: of the namespaces of these pods, None when they cannot be read.

    Returns:
        The plan, and whether the Node has to be cordoned: else there is nothing to write to it.

    Raises:
        RefusedError: it is no Node, nothing is left to do, or pods would be lost that no option allows to lose.
    """
    about = target_version(node)
    require_node(about, "drained")
    if inputs.force is False and pods.bare:
        raise RefusedError(
            f"{names_text(pods.bare)} would be lost: no controller recreates them", "--force evicts them too"
        )
    if inputs.deletes_data is False and pods.with_data:
        raise RefusedError(
            f"{names_text(pods.with_data)} would lose data: emptyDir volumes", "--delete-emptydir-data evicts them too"
        )
    is_cordoned = bool((node.get("spec") or {}).get("unschedulable"))
    if is_cordoned and not pods.evicted and not pods.terminating:
        raise RefusedError(f"{about.text} is drained already", "it is cordoned and has no pods to evict")
    cordon = None if is_cordoned else plan_cordon(node, cordoned=True)
    staying = count_noun(len(pods.of_daemon_sets) + len(pods.mirrors), "pod")
    plan = WritePlan(
        operation="drain" if cordon is None else "cordon",
        label="Drain",
        key=about.key,
        uid=about.uid,
        resource_version=about.resource_version,
        generation=about.generation,
        request=WriteRequest(about.key, None) if cordon is None else cordon.request,
        summary=f"drain {about.text}",
        done_text=f"{about.text} cordoned" if cordon is not None else "",
        before_after=(
            *(cordon.before_after if cordon is not None else ()),
            ("evicts", "", listed_text(pods.evicted)),
            *([("waits for", "", count_noun(len(pods.terminating), "Terminating pod"))] if pods.terminating else ()),
            ("stay", "", f"{staying} of DaemonSets and of the node itself"),
        ),
        warnings=loudest_first(_losses(pods), _blocked(pods, budgets)),
        tracking=Tracking.NONE,
    )
    return plan, cordon is not None


def _losses(pods: PodsOnNode) -> Iterator[PreflightWarning]:
    if pods.bare:
        message = f"no controller, so not recreated: {names_text(pods.bare)}"
        yield PreflightWarning(WarningLevel.DANGER, "bare-pod", message)
    if pods.with_data:
        message = f"data in emptyDir volumes is lost: {names_text(pods.with_data)}"
        yield PreflightWarning(WarningLevel.CAUTION, "emptydir", message)


def _blocked(pods: PodsOnNode, budgets: Sequence[PodDisruptionBudget] | None) -> Iterator[PreflightWarning]:
    """Warn of budgets that refuse evictions now: the drain waits for them."""
    if budgets is None:
        message = "disruption budgets cannot be read: evictions may be refused"
        yield PreflightWarning(WarningLevel.CAUTION, "disruption-budget", message)
        return
    for budget in budgets:
        if budget.status.disruptions_allowed > 0 or budget.spec.selector is None:
            continue
        guarded = [pod for pod in pods.evicted if _is_guarded(pod, budget)]
        if guarded:
            name = printable(f"{budget.namespace}/{budget.name}")
            message = f"disruption budget {name} allows no eviction now: {names_text(guarded)}"
            yield PreflightWarning(WarningLevel.CAUTION, "disruption-budget", message)


def _is_guarded(pod: Raw, budget: PodDisruptionBudget) -> bool:
    metadata = pod.get("metadata") or {}
    selector = budget.spec.selector
    return (
        metadata.get("namespace") == budget.namespace
        and selector is not None
        and selector.matches(metadata.get("labels") or {})
        and not has_ended(pod)
    )


class _Drain:
    """The evictions of one drain.

    The pods of the Node are listed after the cordon, and again after each round, until no pod is left that was not
    handled: a pod may have been bound to the Node before it was cordoned.

    Args:
        node: its name.
        confirmed: uids of the pods without a controller and with emptyDir volumes that the plan has named.
    """

    def __init__(self, node: str, confirmed: frozenset[str], inputs: DrainInputs, context: FollowContext) -> None:
        self._node = node
        self._confirmed = confirmed
        self._inputs = inputs
        self._context = context
        self._until = context.clock.monotonic() + context.timeout
        self._limit = asyncio.Semaphore(PARALLEL)
        self._handled: set[str] = set()
        self._to_evict = self._evicted = self._ended = 0
        self._waiting: dict[str, str] = {}
        """Why a pod is still there, by `namespace/name`."""

    async def run(self) -> TrackedEnd:
        """Evict the pods and wait until they are gone, and those that were Terminating too."""
        began = self._context.clock.monotonic()
        try:
            while new := self._new(pods := await self._pods()):
                if self._context.stops():
                    break
                self._to_evict += sum(not is_terminating(pod) for pod in new)
                self._report()
                await asyncio.gather(*(self._remove(pod, pods) for pod in new))
        except KdashError as error:
            seconds = self._context.clock.monotonic() - began
            text = f"{self._progress()}; what is left is unknown: {printable(error.message)}"
            return TrackedEnd("not-followed", text, seconds=seconds)
        return self._end(pods, self._context.clock.monotonic() - began)

    async def _pods(self) -> PodsOnNode:
        items = await self._context.reader.list("Pod", "", field_selector=f"spec.nodeName={self._node}")
        return sort_pods([as_pod(item) for item in items])

    def _new(self, pods: PodsOnNode) -> list[Raw]:
        """Return the pods to remove that were not handled yet."""
        new = [pod for pod in (*pods.evicted, *pods.terminating) if uid_of(pod) not in self._handled]
        self._handled.update(map(uid_of, new))
        return new

    def _end(self, pods: PodsOnNode, seconds: float) -> TrackedEnd:
        """Return the end, from what is left on the Node."""
        left = [*pods.evicted, *pods.terminating]
        if not left:
            done = f"drained: {count_noun(self._evicted, 'pod')} evicted"
            if self._ended:
                done = f"{done}, {count_noun(self._ended, 'Terminating pod')} gone"
            return TrackedEnd("converged", done, None, None, seconds, is_expected=True)
        text = f"{self._progress()}; left: {self._left(left)}"
        if self._context.stops():
            return TrackedEnd("not-followed", f"stopped: {text}", seconds=seconds)
        is_timeout = self._context.clock.monotonic() >= self._until
        return TrackedEnd("stalled", f"not drained, {text}", seconds=seconds, is_timeout=is_timeout)

    def _left(self, pods: Sequence[Raw]) -> str:
        """Return the pods that are left and why, those that wait for something first."""
        reasons = [
            (name_of_pod(pod), self._waiting.get(name_of_pod(pod)) or ("terminating" if is_terminating(pod) else ""))
            for pod in pods
        ]
        reasons.sort(key=lambda left: not left[1])
        texts = [f"{name}: {reason}" if reason else name for name, reason in reasons[:NAMED]]
        more = len(reasons) - len(texts)
        return "; ".join(texts) + (f" and {more} more" if more else "")

    async def _remove(self, pod: Raw, pods: PodsOnNode) -> None:
        name = name_of_pod(pod)
        if is_terminating(pod):
            end = await self._gone(pod, lambda text: self._wait(name, text), is_superseded=self._context.stops)
            if end.is_expected:
                self._ended += 1
        elif reason := self._unconfirmed(pod, pods):
            self._wait(name, reason)
            return
        elif await self._evict(pod, name):
            self._evicted += 1
        else:
            return
        self._report()

    def _unconfirmed(self, pod: Raw, pods: PodsOnNode) -> str:
        """Return what would be lost that neither an option nor a person has allowed, "" for nothing."""
        if uid_of(pod) in self._confirmed:
            return ""
        if pod in pods.bare and not self._inputs.force:
            return "not evicted: no controller recreates it, and it came after the confirmation; drain again"
        if pod in pods.with_data and not self._inputs.deletes_data:
            return "not evicted: its emptyDir data would be lost, and it came after the confirmation; drain again"
        return ""

    async def _evict(self, pod: Raw, name: str) -> bool:
        """Evict a pod and wait until it is gone; return whether it is."""
        try:
            written = await self._written(pod, name)
            if written is None:
                return False
            end = await self._gone(pod, lambda _: None)
            self._context.writer.record_end(written, end.outcome, end.text, end.seconds)
            return end.is_expected
        except (NotFoundError, RecreatedError):
            self._waiting.pop(name, None)
            return True
        except KdashError as error:
            self._wait(name, error.message)
            return False

    async def _gone(
        self, pod: Raw, report: Callable[[str], None], *, is_superseded: Callable[[], bool] = lambda: False
    ) -> TrackedEnd:
        """Wait until a pod is gone; note why it is not."""
        ref, uid, name, context = ref_of(pod), uid_of(pod), name_of_pod(pod), self._context
        left = max(1.0, self._until - context.clock.monotonic())
        try:
            end = await track_removal(
                context.reader,
                context.clock,
                ref,
                uid,
                report=report,
                timeout=left,
                is_superseded=is_superseded,
            )
        except KdashError as error:
            end = TrackedEnd("not-followed", printable(error.message))
        if end.is_expected:
            self._waiting.pop(name, None)
        elif not context.stops():
            self._wait(name, end.text)
        return end

    async def _written(self, pod: Raw, name: str) -> WriteResult | None:
        """Evict it as soon as its budget allows; None when it was stopped, or the time is over."""
        plan = plan_evict(pod)
        if self._inputs.grace_seconds is not None and isinstance(plan.request.patch, Mapping):
            options = {**plan.request.patch, "gracePeriodSeconds": self._inputs.grace_seconds}
            plan = replace(plan, request=replace(plan.request, patch=options))
        context, pause = self._context, FIRST_PAUSE
        while True:
            async with self._limit:
                if context.stops():
                    return None
                try:
                    tried = await context.writer.write(plan, dry_run=True, before=pod)
                    return await context.writer.write(tried.plan, dry_run=False, before=pod)
                except UnavailableError as error:
                    if error.code != 429:
                        raise
                    self._wait(name, error.message)
                    pause_now = max(pause, error.retry_after or 0.0)
            if context.clock.monotonic() + pause_now > self._until:
                return None
            await context.clock.sleep(pause_now)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _wait(self, name: str, reason: str) -> None:
        self._waiting[name] = printable(reason)
        self._report()

    def _progress(self) -> str:
        return f"{self._evicted} of {count_noun(self._to_evict, 'pod')} evicted"

    def _report(self) -> None:
        text = self._progress()
        for name, reason in self._waiting.items():
            text = f"{text}; {name}: {reason}"
            break
        self._context.report(text)


class Drain(Operation[DrainInputs]):
    """Cordon a Node and evict its pods."""

    id = "drain"
    label = "Drain"
    can_stop = True

    def inputs(self, **given: Any) -> DrainInputs:
        return DrainInputs(**given)

    def title(self, inputs: DrainInputs) -> str:
        return "drain"

    async def plan(self, target: Target, inputs: DrainInputs) -> PlannedTarget:
        require_node(target_version(target.raw), "drained")
        pods = sort_pods(await target.pods_on_node())
        namespaces = sorted({(pod.get("metadata") or {}).get("namespace", "") for pod in pods.evicted})
        plan, cordons = plan_drain(target.raw, pods, inputs, await target.budgets_in(namespaces))

        confirmed = frozenset(map(uid_of, (*pods.bare, *pods.with_data)))

        async def follow(context: FollowContext) -> TrackedEnd:
            return await _Drain(target.key.name, confirmed, inputs, context).run()

        return PlannedTarget(target, plan, self.title(inputs), writes=cordons, follow=follow)


OPERATIONS = (Drain(),)
