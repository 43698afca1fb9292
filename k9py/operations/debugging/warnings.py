"""What to read before something is created for debugging: what refuses it, what it waits for, what it does.

Invariant: pure; what the server refuses for certain is left to the dry run, which quotes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from k9py.api.plural import count_noun, pluralize
from k9py.api.text import printable
from k9py.operations.debugging.pods import Copy, DebugContainer, main_container_names
from k9py.operations.debugging.profiles import DebugStyle, Level, needed_level
from k9py.operations.plan import PreflightWarning, WarningLevel

Raw = Mapping[str, Any]

ENFORCED: Final = "pod-security.kubernetes.io/enforce"
_LEVELS: Final[tuple[Level, ...]] = ("privileged", "baseline", "restricted")
REFUSED_BY_POD_SECURITY: Final = "violates PodSecurity"
"""Part of the message of the admission plugin (k8s.io/pod-security-admission/admission)."""


def enforced_level(namespace: Raw | None) -> Level | None:
    """Return the level of PodSecurity that a namespace enforces by its label, None when it is not known."""
    if namespace is None:
        return None
    level = ((namespace.get("metadata") or {}).get("labels") or {}).get(ENFORCED, "privileged")
    return next((each for each in _LEVELS if each == level), None)


def admitted_profile(level: Level | None, wanted: str, style: DebugStyle) -> str:
    """Return a profile that a level admits: the wanted one if it can be."""
    if level is None or _LEVELS.index(needed_level(wanted, style)) >= _LEVELS.index(level):
        return wanted
    return level


def pod_security(namespace: Raw | None, profile: str, style: DebugStyle) -> Iterator[PreflightWarning]:
    """Warn that PodSecurity will refuse the profile, unless the user or the namespace is exempt."""
    level = enforced_level(namespace)
    if level is None or admitted_profile(level, profile, style) == profile:
        return
    name = printable(str(((namespace or {}).get("metadata") or {}).get("name", "")))
    text = f"namespace {name} enforces PodSecurity {level}: it refuses the profile {profile}; use {level}"
    yield PreflightWarning(WarningLevel.DANGER, "pod-security", text)


def state_of_pod(pod: Raw) -> Iterator[PreflightWarning]:
    """Warn about a pod whose kubelet may not start a container now."""
    phase = str((pod.get("status") or {}).get("phase") or "")
    if not (pod.get("spec") or {}).get("nodeName"):
        text = "the pod is not scheduled: the container starts once it is on a node"
        yield PreflightWarning(WarningLevel.CAUTION, "not-scheduled", text)
    elif phase == "Pending" and not _has_sandbox(pod):
        text = "the pod is Pending: the container starts once the pod has its volumes and network"
        yield PreflightWarning(WarningLevel.CAUTION, "pending", text)


def _has_sandbox(pod: Raw) -> bool:
    """Return whether the kubelet has reported that the pod has its volumes and network (Kubernetes 1.29)."""
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(each.get("type") == "PodReadyToStartContainers" and each.get("status") == "True" for each in conditions)


def debug_containers(pod: Raw) -> Iterator[PreflightWarning]:
    """Note the debug containers that the pod has already."""
    present = (pod.get("spec") or {}).get("ephemeralContainers") or ()
    if not present:
        return
    statuses = (pod.get("status") or {}).get("ephemeralContainerStatuses") or ()
    running = [status.get("name") for status in statuses if "running" in (status.get("state") or {})]
    some = f"; {printable(str(running[0]))} still runs, and can be attached to" if running else ""
    text = f"the pod has {count_noun(len(present), 'debug container')} already{some}"
    yield PreflightWarning(WarningLevel.NOTE, "debug-containers", text)


def state_of_target(pod: Raw, target: str) -> Iterator[PreflightWarning]:
    """Warn that the container whose processes are to be seen does not run: the runtime refuses that then."""
    statuses = (pod.get("status") or {}).get("containerStatuses") or ()
    status = next((each for each in statuses if each.get("name") == target), None)
    if status is not None and "running" not in (status.get("state") or {}):
        text = f"container {printable(target)} does not run now: its processes cannot be shared while it is down"
        yield PreflightWarning(WarningLevel.CAUTION, "target-down", text)


def state_of_node(node: Raw | None, name: str, *, is_missing: bool = False) -> Iterator[PreflightWarning]:
    """Warn about a node that starts nothing; None: it could not be read."""
    shown = printable(name)
    if is_missing:
        yield PreflightWarning(WarningLevel.DANGER, "node", f"there is no node {shown}: nothing will start")
    if node is None:
        return
    conditions = (node.get("status") or {}).get("conditions") or ()
    ready: Raw = next((each for each in conditions if each.get("type") == "Ready"), {})
    match ready.get("status"):
        case "False":
            why = printable(str(ready.get("message") or ready.get("reason") or ""))
            yield PreflightWarning(WarningLevel.DANGER, "node", f"node {shown} is not ready: {why}")
        case "Unknown":
            text = f"node {shown} has not reported: nothing starts there until its kubelet is back"
            yield PreflightWarning(WarningLevel.DANGER, "node", text)


def image(container: DebugContainer) -> Iterator[PreflightWarning]:
    """Warn about an image that may not be the same the next time."""
    name = container.image.rpartition("/")[2]
    if container.image and "@" not in name and (":" not in name or name.endswith(":latest")):
        text = f"image {printable(container.image)} has no fixed tag: it is pulled again each time"
        yield PreflightWarning(WarningLevel.NOTE, "latest", text)


def non_root(pod: Raw, security: Raw) -> Iterator[PreflightWarning]:
    """Warn that capabilities are of no use to a user other than root, as kubectl does."""
    user = ((pod.get("spec") or {}).get("securityContext") or {}).get("runAsUser")
    grants = security.get("privileged") or (security.get("capabilities") or {}).get("add")
    if user and grants and security.get("runAsUser") != 0:
        text = f"the pod runs as user {printable(str(user))}: rights of the profile that need root may not work"
        yield PreflightWarning(WarningLevel.CAUTION, "non-root", text)


def _keeps_labels(pod: Raw, how: Copy) -> PreflightWarning:
    """Warn that others take the copy for the pod; a ReplicaSet deletes a pod that it has too many."""
    owners = (pod.get("metadata") or {}).get("ownerReferences") or ()
    owner = next((each for each in owners if each.get("controller")), None)
    text = "it has the labels of the pod: Services send it traffic, and a controller may adopt and delete it"
    level = WarningLevel.CAUTION
    if owner is not None and owner.get("kind") in ("ReplicaSet", "ReplicationController"):
        name = printable(f"{owner['kind']} {owner.get('name', '')}")
        text = f"it has the labels of the pod: Services send it traffic, and {name} adopts it and deletes one too many"
        level = WarningLevel.DANGER
    if not how.kept.labels:
        text += "; a copy with a container to work in has none of them"
    return PreflightWarning(level, "keeps-labels", text)


def of_copy(pod: Raw, made: Raw, how: Copy) -> Iterator[PreflightWarning]:
    """Warn about what a copy does beside being looked at."""
    spec = made.get("spec") or {}
    source = (pod.get("metadata") or {}).get("labels") or {}
    kept = [name for name in source if name in (made["metadata"].get("labels") or {})]
    if kept:
        yield _keeps_labels(pod, how)
    claims = [
        printable(str(volume["persistentVolumeClaim"].get("claimName", "")))
        for volume in spec.get("volumes") or ()
        if volume.get("persistentVolumeClaim")
    ]
    if claims:
        noun, works = pluralize(len(claims), "claim"), "it works on the same data"
        text = f"it mounts the {noun} {', '.join(claims)} too: {works}, and may wait for a volume that is in use"
        yield PreflightWarning(WarningLevel.CAUTION, "same-data", text)
    if how.replaces:
        yield PreflightWarning(WarningLevel.CAUTION, "replaces", "then the pod is deleted at once, without grace")
    count = len(main_container_names(made))
    runs = "its container runs" if count == 1 else f"its {count_noun(count, 'container')} run"
    text = f"{runs} a second time: two instances may take the same work, locks or data"
    yield PreflightWarning(WarningLevel.NOTE, "runs-twice", text)
