"""Who or what will push back on a write, or make it hurt. Each check is one function; nothing found means no warning.

To add a check: a function returning ChangeWarnings, called by the plans it matters to. What the object itself does not
show (an autoscaler, pods) is an argument; None there means not known, and is then not warned about.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from k9py.actions.change import ChangeWarning, Gravity
from k9py.objects.pods import Pod
from k9py.objects.policy import HorizontalPodAutoscaler
from k9py.objects.text import printable
from k9py.objects.workloads import CONTROLLER_REVISION_HASH

_FLUX_LABELS: Final = {
    "kustomize.toolkit.fluxcd.io/name": "kustomization",
    "helm.toolkit.fluxcd.io/name": "Helm release",
}
_FIELD_MANAGERS: Final = {
    "argocd-controller": "Argo CD",
    "argocd-application-controller": "Argo CD",
    "kustomize-controller": "Flux",
    "helm-controller": "Flux",
    "helm": "Helm",
}


def loudest_first(*found: Iterable[ChangeWarning]) -> tuple[ChangeWarning, ...]:
    """Gather the warnings of several checks."""
    return tuple(sorted((one for part in found for one in part), key=lambda one: one.gravity))


def merged(planned: Sequence[ChangeWarning], found: Sequence[ChangeWarning]) -> tuple[ChangeWarning, ...]:
    """Join a plan's warnings with those found later: of one code, what was found replaces what was planned with."""
    newer = {one.code for one in found}
    return loudest_first((one for one in planned if one.code not in newer), found)


def managed(obj: Mapping[str, Any]) -> Iterator[ChangeWarning]:
    """Warn that Argo CD, Flux or Helm manages the object and will overwrite the change."""
    meta = obj.get("metadata") or {}
    labels, notes = meta.get("labels") or {}, meta.get("annotations") or {}
    managers = {_FIELD_MANAGERS.get(str(one.get("manager"))) for one in meta.get("managedFields") or ()}
    argo = notes.get("argocd.argoproj.io/tracking-id") or labels.get("argocd.argoproj.io/instance")
    flux = next((f"{what} {labels[label]}" for label, what in _FLUX_LABELS.items() if labels.get(label)), "")
    release = notes.get("meta.helm.sh/release-name") or ""
    if argo or "Argo CD" in managers:
        name = f" (application {printable(str(argo).partition(':')[0])})" if argo else ""
        message = f"Argo CD manages it{name} and may put it back at once: change it in its source too"
        yield ChangeWarning(Gravity.DANGER, "gitops", message)
    elif flux or "Flux" in managers:
        name = f" ({printable(flux)})" if flux else ""
        message = f"Flux manages it{name} and will put it back: change it in its source too"
        yield ChangeWarning(Gravity.DANGER, "gitops", message)
    elif release or "Helm" in managers or labels.get("app.kubernetes.io/managed-by") == "Helm":
        name = f" release {printable(str(release))}" if release else ""
        yield ChangeWarning(Gravity.CAUTION, "helm", f"Helm{name} manages it: its next upgrade overwrites this")


def autoscaled(autoscaler: HorizontalPodAutoscaler | None, replicas: int) -> Iterator[ChangeWarning]:
    """Warn that an autoscaler owns the number, and what it will make of it."""
    if autoscaler is None:
        return
    spec = autoscaler.spec
    low, high = 1 if spec.min_replicas is None else spec.min_replicas, spec.max_replicas
    owner = f"autoscaler {printable(autoscaler.name)} keeps it between {low} and {high}"
    if replicas == 0:
        message = f"{owner}; at 0 it stops working until someone scales up again"
    elif replicas < low:
        message = f"{owner}: it will go back to {low}"
    elif replicas > high:
        message = f"{owner}: it will go back to {high}"
    else:
        message = f"{owner}: it will set the number again by itself"
    yield ChangeWarning(Gravity.DANGER, "autoscaler", message)


def fewer_pods(now: int, wanted: int) -> Iterator[ChangeWarning]:
    """Call out scaling to nothing, and numbers that look like a slip of the keyboard."""
    if wanted == 0:
        yield ChangeWarning(Gravity.DANGER, "zero", "at 0 no pod serves any more")
    elif wanted >= 10 * max(now, 1) and wanted >= 50:
        yield ChangeWarning(Gravity.CAUTION, "large", f"that is {wanted // max(now, 1)} times as many pods as now")


def downtime(obj: Mapping[str, Any]) -> Iterator[ChangeWarning]:
    """Warn that replacing the pods leaves a time in which none serves."""
    spec = obj.get("spec") or {}
    replicas = spec.get("replicas", 1)
    if obj.get("kind") == "Deployment" and (spec.get("strategy") or {}).get("type") == "Recreate" and replicas:
        message = "strategy Recreate: all pods end before the first new one starts"
        yield ChangeWarning(Gravity.DANGER, "downtime", message)
    elif obj.get("kind") == "StatefulSet" and replicas == 1 and _update_type(obj) != "OnDelete":
        message = "its only pod is replaced: nothing serves in between"
        yield ChangeWarning(Gravity.DANGER, "downtime", message)


def held_back(obj: Mapping[str, Any]) -> Iterator[ChangeWarning]:
    """Say when the pods, or some of them, will not take the change by themselves."""
    if _update_type(obj) == "OnDelete":
        message = "update strategy OnDelete: pods stay as they are until someone deletes them"
        yield ChangeWarning(Gravity.CAUTION, "on-delete", message)
        return
    rolling = ((obj.get("spec") or {}).get("updateStrategy") or {}).get("rollingUpdate") or {}
    partition = rolling.get("partition") or 0
    if partition:
        message = f"partition {partition}: only pods from ordinal {partition} on take the change"
        yield ChangeWarning(Gravity.CAUTION, "partition", message)


def stuck_pods(obj: Mapping[str, Any], target_name: str, pods: Sequence[Pod]) -> Iterator[ChangeWarning]:
    """Name the pods a StatefulSet will not replace by itself after a rollback.

    With OrderedReady the controller waits for a broken pod to become ready before it goes on, even when its revision is
    being left. Source: Kubernetes docs, StatefulSets, "Forced rollback".
    """
    spec = obj.get("spec") or {}
    if obj.get("kind") != "StatefulSet" or spec.get("podManagementPolicy", "OrderedReady") != "OrderedReady":
        return
    stuck = sorted(
        printable(pod.name)
        for pod in pods
        if not pod.is_ready
        and not pod.is_terminating
        and pod.metadata.label(CONTROLLER_REVISION_HASH) not in ("", target_name)
    )
    if stuck:
        names = ", ".join(stuck)
        what, them = ("pod", "it") if len(stuck) == 1 else ("pods", "them")
        message = f"{what} {names} will not be replaced by this alone: delete {them} afterwards"
        yield ChangeWarning(Gravity.DANGER, "stuck-pods", message)


def _update_type(obj: Mapping[str, Any]) -> str:
    return str(((obj.get("spec") or {}).get("updateStrategy") or {}).get("type", ""))
