"""Pods taken away: one deleted or evicted, and those a StatefulSet leaves stuck after a rollback, in order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from k9py.api.meta import ObjectKey
from k9py.api.pods import Pod
from k9py.api.workloads import StatefulSet
from k9py.operations.delete_pod import plan_delete_pod, plan_evict
from k9py.operations.dry_run import DryRun
from k9py.operations.stuck_pods import stuck_pods
from k9py.tui.dialogs.stuck_pods import StuckPodsDialog
from k9py.tui.workers import start_worker
from k9py.tui.writing.attempt import Attempt, Meant

SEEN_SECONDS: Final = 30.0
"""How long the controller may take to see a rollback: a pod deleted before comes back at the revision being left."""

NEXT_SECONDS: Final = 300.0
"""How long the pod in the place of a deleted one may take to get ready, before the next is left alone."""


async def delete(attempt: Attempt, meant: Meant) -> None:
    """Delete the pod; no disruption budget is asked."""
    found = await attempt.read(meant)
    prepared = await attempt.confirm(found, plan_delete_pod(found), "Delete", "delete")
    if isinstance(prepared, DryRun):
        await attempt.write_and_follow(prepared, "delete")


async def evict(attempt: Attempt, meant: Meant) -> None:
    """Evict the pod, as a drain does; its disruption budget may refuse."""
    found = await attempt.read(meant)
    prepared = await attempt.confirm(found, plan_evict(found), "Evict", "evict")
    if isinstance(prepared, DryRun):
        await attempt.write_and_follow(prepared, "evict")


def offer_stuck_pods(after: Attempt, found: Mapping[str, Any], target: str) -> None:
    """Once a rollback is written, offer to delete the pods it leaves stuck, if there are any."""
    attempt = Attempt(after.app, after.board, f"Delete the stuck pods of {found['metadata']['name']}")
    start_worker(after.app, partial(attempt.run, partial(_delete_stuck, found=found, target=target)), group="write")


async def _delete_stuck(attempt: Attempt, *, found: Mapping[str, Any], target: str) -> None:
    metadata = found["metadata"]
    workload = ObjectKey("StatefulSet", metadata.get("namespace", ""), metadata["name"])
    queries = attempt.connected.cluster.queries

    def has_seen() -> bool:
        present = queries.workload(workload)
        return isinstance(present, StatefulSet) and present.status.update_revision == target

    def stuck() -> tuple[Pod, ...]:
        return stuck_pods(found, target, queries.pods_of(workload))

    if not stuck() or not await _comes_true(attempt, has_seen, SEEN_SECONDS):
        return
    pods = stuck()
    if not pods:
        return
    words = [(pod.name, pod.uid, _how(attempt, pod)) for pod in pods]
    dialog = StuckPodsDialog(f"StatefulSet {workload.name}", attempt.place(workload.namespace), words)
    if not await attempt.ask(dialog, keep_typed=False):
        return
    confirmed = {pod.uid for pod in pods}
    for number, pod in enumerate(pods, start=1):
        if not any(one.uid == pod.uid for one in stuck()):
            continue  # ready by now, gone, or replaced by the controller
        raw = await attempt.read(Meant(pod.key, pod.uid))
        if raw["metadata"]["uid"] in confirmed:
            change = plan_delete_pod(raw)
            prepared = DryRun(change, raw, None, is_verified=False)
            what = f"delete stuck pod {number} of {len(pods)}" if len(pods) > 1 else "delete stuck pod"
            await attempt.write_and_follow(prepared, what, rings=False)
        if number < len(pods):
            await _comes_true(attempt, partial(_is_replaced, attempt, pod), NEXT_SECONDS)


def _how(attempt: Attempt, pod: Pod) -> str:
    findings = attempt.connected.cluster.queries.pod_findings(pod.key, attempt.app.options.clock.now())
    return findings[0].message if findings else "not ready"


def _is_replaced(attempt: Attempt, pod: Pod) -> bool:
    present = attempt.connected.cluster.queries.pod(pod.key)
    return present is not None and present.uid != pod.uid and present.is_ready


async def _comes_true(attempt: Attempt, condition: Callable[[], bool], seconds: float) -> bool:
    cluster = attempt.connected.cluster
    feed = cluster.open_feed()
    try:
        async with asyncio.timeout(seconds):
            while True:
                feed.drain()
                if condition():
                    return True
                await feed.changed()
    except TimeoutError:
        return False
    finally:
        cluster.close_feed(feed)
