"""Drain a Node: cordon it, then evict its pods as their disruption budgets allow.

Pods of a DaemonSet and mirror pods stay, as with kubectl. A pod without a controller is lost, and so are the data of an
emptyDir: a command needs options for them, the dashboard warns. Invariants: every eviction is a write of its own, with
its audit lines; a budget that refuses is asked again with a dry run, so waiting leaves no lines; a stop lets the
evictions that were sent go on and begins no other. Source: k8s.io/kubectl/pkg/drain (filters.go, drain.go).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from k9py.api.errors import ConflictError, KdashError, NotFoundError, RefusedError, UnavailableError
from k9py.api.plural import count_noun, pluralize
from k9py.api.text import printable
from k9py.api.write_request import WriteRequest
from k9py.operations.cordon import plan_cordon, require_node
from k9py.operations.delete_pod import is_mirror_pod, plan_evict
from k9py.operations.follow import FollowContext
from k9py.operations.operation import Operation, PlannedTarget
from k9py.operations.plan import PreflightWarning, Tracking, WarningLevel, WritePlan, WriteResult
from k9py.operations.preconditions import ref_of, target_version
from k9py.operations.removal import track_removal
from k9py.operations.target import Target
from k9py.operations.track import TrackedEnd
from k9py.operations.warnings import loudest_first

PARALLEL: Final = 5
"""Pods that are evicted at the same time."""
FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 10.0
"""Seconds before a budget is asked again: it grows from the first to the longest."""
_NAMED: Final = 3
Raw = Mapping[str, Any]


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


@dataclass(frozen=True, slots=True)
class PodsOnNode:
    """The pods of a Node, by what happens to them; those of `bare` and `with_data` are evicted too."""

    evicted: tuple[Raw, ...]
    of_daemon_sets: tuple[Raw, ...]
    mirrors: tuple[Raw, ...]
    bare: tuple[Raw, ...]
    with_data: tuple[Raw, ...]


def sort_pods(pods: Sequence[Raw]) -> PodsOnNode:
    """Sort the pods of a Node; those that are Terminating go by themselves."""
    evicted: list[Raw] = []
    daemons: list[Raw] = []
    mirrors: list[Raw] = []
    for pod in pods:
        if is_mirror_pod(pod):
            mirrors.append(pod)
        elif any(owner.get("kind") == "DaemonSet" for owner in _controllers(pod)) and not _has_ended(pod):
            daemons.append(pod)
        elif not (pod.get("metadata") or {}).get("deletionTimestamp"):
            evicted.append(pod)
    running = [pod for pod in evicted if not _has_ended(pod)]
    return PodsOnNode(
        tuple(evicted),
        tuple(daemons),
        tuple(mirrors),
        tuple(pod for pod in running if not _controllers(pod)),
        tuple(
            pod
            for pod in running
            if any("emptyDir" in volume for volume in (pod.get("spec") or {}).get("volumes") or ())
        ),
    )


def _controllers(pod: Raw) -> list[Raw]:
    return [owner for owner in (pod.get("metadata") or {}).get("ownerReferences") or () if owner.get("controller")]


def _has_ended(pod: Raw) -> bool:
    return (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")


def plan_drain(node: Raw, pods: PodsOnNode, inputs: DrainInputs) -> tuple[WritePlan, bool]:
    """Plan to drain a Node.

    Returns:
        The plan, and whether the Node has to be cordoned: else there is nothing to write to it.

    Raises:
        RefusedError: it is no Node, nothing is left to do, or pods would be lost that no option allows to lose.
    """
    about = target_version(node)
    require_node(about, "drained")
    if inputs.force is False and pods.bare:
        raise RefusedError(
            f"{_names(pods.bare)} would be lost: no controller recreates them", "--force evicts them too"
        )
    if inputs.deletes_data is False and pods.with_data:
        raise RefusedError(
            f"{_names(pods.with_data)} would lose data: emptyDir volumes", "--delete-emptydir-data evicts them too"
        )
    is_cordoned = bool((node.get("spec") or {}).get("unschedulable"))
    if is_cordoned and not pods.evicted:
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
            ("evicts", "", count_noun(len(pods.evicted), "pod")),
            ("stay", "", f"{staying} of DaemonSets and of the node itself"),
        ),
        warnings=loudest_first(_losses(pods)),
        tracking=Tracking.NONE,
    )
    return plan, cordon is not None


def _losses(pods: PodsOnNode) -> Iterator[PreflightWarning]:
    if pods.bare:
        message = f"no controller, so not recreated: {_names(pods.bare)}"
        yield PreflightWarning(WarningLevel.DANGER, "bare-pod", message)
    if pods.with_data:
        message = f"data in emptyDir volumes is lost: {_names(pods.with_data)}"
        yield PreflightWarning(WarningLevel.CAUTION, "emptydir", message)


def _names(pods: Sequence[Raw]) -> str:
    names = [printable(f"{ref.namespace}/{ref.name}") for ref in map(ref_of, map(_as_pod, pods[:_NAMED]))]
    more = len(pods) - len(names)
    return f"{pluralize(len(pods), 'pod')} {', '.join(names)}{f' and {more} more' if more > 0 else ''}"


def _as_pod(item: Raw) -> dict[str, Any]:
    """Return an item of a list with its kind, which lists leave out."""
    return {"apiVersion": "v1", "kind": "Pod", **item}


class _Drain:
    """The evictions of one drain."""

    def __init__(self, pods: Sequence[Raw], grace_seconds: int | None, context: FollowContext) -> None:
        self._pods = [_as_pod(pod) for pod in pods]
        self._grace_seconds = grace_seconds
        self._context = context
        self._until = context.clock.monotonic() + context.timeout
        self._limit = asyncio.Semaphore(PARALLEL)
        self._gone = 0
        self._waiting: dict[str, str] = {}
        """Why a pod is not evicted yet, by `namespace/name`."""

    async def run(self) -> TrackedEnd:
        """Evict the pods and wait until they are gone."""
        began, total = self._context.clock.monotonic(), len(self._pods)
        self._report()
        await asyncio.gather(*(self._evict(pod) for pod in self._pods))
        seconds = self._context.clock.monotonic() - began
        if self._gone == total:
            return TrackedEnd(
                "converged", f"drained: {count_noun(total, 'pod')} evicted", None, None, seconds, is_expected=True
            )
        left = f"{self._gone} of {count_noun(total, 'pod')} evicted"
        if self._context.stops():
            return TrackedEnd("not-followed", f"stopped: {left}", seconds=seconds)
        why = "; ".join(f"{name}: {reason}" for name, reason in list(self._waiting.items())[:_NAMED])
        is_timeout = self._context.clock.monotonic() >= self._until
        return TrackedEnd("stalled", f"not drained, {left}: {why}", seconds=seconds, is_timeout=is_timeout)

    async def _evict(self, pod: Raw) -> None:
        ref = ref_of(pod)
        name = printable(f"{ref.namespace}/{ref.name}")
        try:
            written = await self._written(pod, name)
            if written is None:
                return
            uid = str(pod["metadata"].get("uid") or "")
            left = max(1.0, self._until - self._context.clock.monotonic())
            end = await track_removal(
                self._context.reader, self._context.clock, ref, uid, report=lambda _: None, timeout=left
            )
            self._context.writer.record_end(written, end.outcome, end.text, end.seconds)
            if not end.is_expected:
                self._wait(name, end.text)
                return
        except NotFoundError:
            pass
        except ConflictError as error:
            if "recreated" not in error.message:
                self._wait(name, error.message)
                return
        except KdashError as error:
            self._wait(name, error.message)
            return
        self._gone += 1
        self._waiting.pop(name, None)
        self._report()

    async def _written(self, pod: Raw, name: str) -> WriteResult | None:
        """Evict it as soon as its budget allows; None when it was stopped, or the time is over."""
        plan = plan_evict(pod)
        if self._grace_seconds is not None and isinstance(plan.request.patch, Mapping):
            options = {**plan.request.patch, "gracePeriodSeconds": self._grace_seconds}
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

    def _report(self) -> None:
        text = f"{self._gone} of {count_noun(len(self._pods), 'pod')} evicted"
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
        plan, cordons = plan_drain(target.raw, pods, inputs)

        async def follow(context: FollowContext) -> TrackedEnd:
            return await _Drain(pods.evicted, inputs.grace_seconds, context).run()

        return PlannedTarget(target, plan, self.title(inputs), writes=cordons, follow=follow)


OPERATIONS = (Drain(),)
