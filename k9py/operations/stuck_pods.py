"""The pods that a StatefulSet does not replace automatically: someone has to delete them.

With OrderedReady the controller waits for a broken pod to become ready before it continues, even when its revision is
being replaced. Source: Kubernetes docs, StatefulSets, "Forced rollback".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from k9py.api.pods import Pod
from k9py.api.text import printable
from k9py.api.workloads import CONTROLLER_REVISION_HASH
from k9py.operations.plan import PreflightWarning, WarningLevel, WritePlan


def stuck_pods(obj: Mapping[str, Any], target_name: str, pods: Sequence[Pod]) -> tuple[Pod, ...]:
    """Return the pods to delete after a rollback, in this order: the lowest ordinal first.

    A deleted pod is recreated only once all pods of lower ordinals are ready: if one of those were broken, the
    controller would wait forever. Source: k8s.io/kubernetes/pkg/controller/statefulset, `updateStatefulSet`.

    Args:
        obj: the raw workload; only a StatefulSet with OrderedReady leaves pods stuck.
        target_name: the ControllerRevision to restore; its pods recover by themselves.
        pods: of the workload.
    """
    spec = obj.get("spec") or {}
    if obj.get("kind") != "StatefulSet" or spec.get("podManagementPolicy", "OrderedReady") != "OrderedReady":
        return ()
    if ((spec.get("updateStrategy") or {}).get("type") or "RollingUpdate") == "OnDelete":
        return ()  # every pod waits to be deleted: another warning covers that
    stuck = (
        pod
        for pod in pods
        if not pod.is_ready
        and not pod.is_terminating
        and pod.metadata.label(CONTROLLER_REVISION_HASH) not in ("", target_name)
    )
    return tuple(sorted(stuck, key=_ordinal))


def stuck_pods_warning(obj: Mapping[str, Any], target_name: str, pods: Sequence[Pod]) -> Iterator[PreflightWarning]:
    """Warn that a rollback alone will not replace some pods, and name them in the order to delete them."""
    stuck = stuck_pods(obj, target_name, pods)
    if stuck:
        names = ", ".join(printable(pod.name) for pod in stuck)
        stay, them = ("pod {} stays", "it") if len(stuck) == 1 else ("pods {} stay", "them")
        message = f"{stay.format(names)} stuck until you delete {them}"
        yield PreflightWarning(WarningLevel.DANGER, "stuck-pods", message)


def unready_pods_warning(obj: Mapping[str, Any], plan: WritePlan, pods: Sequence[Pod]) -> Iterator[PreflightWarning]:
    """Warn that a StatefulSet applies a new template only once all its pods are ready, even broken ones.

    Args:
        pods: that its selector selects.
    """
    if not plan.starts_rollout or plan.template is not None:
        return  # an undo knows which revision its pods should leave
    stuck = stuck_pods(obj, "", [pod for pod in pods if pod.owner_uid == plan.uid])
    if stuck:
        names = ", ".join(printable(pod.name) for pod in stuck)
        what, them = (f"pod {names} is", "it") if len(stuck) == 1 else (f"pods {names} are", "them")
        message = (
            f"{what} not ready: a StatefulSet waits for {them} first, even if broken; delete {them} afterwards if so"
        )
        yield PreflightWarning(WarningLevel.CAUTION, "stuck-pods", message)


def _ordinal(pod: Pod) -> tuple[int, str]:
    text = pod.name.rpartition("-")[2]
    return (int(text) if text.isascii() and text.isdigit() else -1, pod.name)
