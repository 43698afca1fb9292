"""Find pods whose containers cannot start because a volume is not attached or mounted, and what is wrong with it.

Invariants: the pod's finding names the volume, what it is caused by is about the ConfigMap, Secret, claim or driver.
The first seconds of a pod, and of a volume that another node is giving back, are no failure.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from k9py.api.causes import CauseKind
from k9py.api.kinds import PERSISTENT_VOLUME_CLAIM, POD, VOLUME_ATTACHMENT
from k9py.api.lazy_pattern import lazy_pattern
from k9py.api.meta import ObjectRef, find_condition
from k9py.api.pod_volumes import Volume
from k9py.api.pods import Pod
from k9py.api.severity import Severity
from k9py.api.text import printable
from k9py.diagnosis.check import check
from k9py.diagnosis.finding import Evidence, Finding, NextStep
from k9py.diagnosis.graph import Graph, Unread
from k9py.diagnosis.missing_configuration import missing_configuration
from k9py.diagnosis.node_states import has_lost_node
from k9py.diagnosis.pod_events import recent_events
from k9py.diagnosis.proof import absence, event_evidence, field
from k9py.diagnosis.settling import is_recent
from k9py.diagnosis.volumes import MULTI_ATTACH, MountFailure, has_started, mount_failures, unmounted

_GRACE: Final = timedelta(seconds=20)
_DETACH: Final = timedelta(minutes=2)
"""Time in which a volume is detached from the node of a pod that ends."""
_MISSING: Final = lazy_pattern(r'(?i)^(?P<kind>configmap|secret) "(?P<name>[^"]+)" not found$')
_KEY: Final = lazy_pattern(r"references non-existent (?:config|secret) key: (?P<key>.+)$")
_DRIVER: Final = lazy_pattern(
    r"driver name (?P<name>\S+) not found in the list of registered CSI drivers|"
    r'CSINode \S+ does not contain driver (?P<other>[^\s"]+)|driver (?P<third>\S+) is not (?:registered|installed)'
)
_KINDS: Final = {"configmap": "ConfigMap", "secret": "Secret"}


@check(
    "pod-volume",
    "a volume of a pod cannot be attached or mounted",
    subjects=(POD,),
    reads=("Event", "ConfigMap", "Secret", "PersistentVolumeClaim", "VolumeAttachment", "CSIDriver"),
    source="https://kubernetes.io/docs/concepts/storage/volumes/",
    remedy="correct the volume, or what it refers to",
)
def pod_volume(pod: Pod, graph: Graph) -> Iterator[Finding]:
    """Yield which volume keeps the containers of a pod from being created, and why."""
    if not pod.spec.node_name or pod.is_terminating or pod.status.phase != "Pending" or has_started(pod):
        return
    scheduled = find_condition(pod.status.conditions, "PodScheduled")
    began = (scheduled.last_transition_time if scheduled else None) or pod.metadata.creation_timestamp
    if is_recent(began, graph, _GRACE):
        return
    failures = mount_failures(recent_events(pod, graph.events(pod), graph.now))
    specific = tuple(each for each in failures if each.is_specific) or failures[:1]
    seen: set[str] = set()
    for failure in specific:
        if (failure.volume or failure.text) in seen:
            continue  # an older failure of the same volume
        seen.add(failure.volume or failure.text)
        finding = _finding(pod, failure, graph)
        if finding is not None:
            yield finding


def _finding(pod: Pod, failure: MountFailure, graph: Graph) -> Finding | None:
    volume = _volume(pod, failure, graph)
    proof = event_evidence(pod, failure.event)
    name = printable(volume.name if volume else failure.volume)
    cause: Finding | ObjectRef | None = None
    message = f"volume {name} cannot be {failure.verb}: {failure.text}" if name else failure.text
    if MULTI_ATTACH in failure.event.message:
        if _is_being_detached(pod, volume, graph) and is_recent(failure.since, graph, _DETACH):
            return None
        cause = _multi_attach(pod, volume, failure, proof, graph)
    else:
        configuration = _configuration(volume, failure)
        if configuration is not None:
            kind, ref_name, key = configuration
            cause = missing_configuration(kind, pod.namespace, ref_name, key, graph, failure.since, (proof,))
            if cause is None:
                return None  # it is there by now: the kubelet tries again
        cause = cause or _driver(pod, failure, proof, graph) or _claim(pod, volume, failure, proof, graph)
    return Finding(
        Severity.DOWN,
        failure.event.reason,
        message,
        pod.key,
        failure.since,
        CauseKind.MOUNT,
        evidence=(proof,),
        caused_by=() if cause is None else (cause,),
    )


def _volume(pod: Pod, failure: MountFailure, graph: Graph) -> Volume | None:
    """Return the volume of the pod's spec: events name it, or the PersistentVolume that its claim is bound to."""
    names = {failure.volume, *unmounted(failure)} - {""}
    for volume in pod.spec.volumes or ():
        if volume.name in names:
            return volume
    for volume in pod.spec.volumes or ():
        claim = graph.get(PERSISTENT_VOLUME_CLAIM, volume.claim(pod.name), pod.namespace) if volume.claim("") else None
        if claim is not None and not isinstance(claim, Unread) and claim.spec.volume_name in names:
            return volume
    return None


def _configuration(volume: Volume | None, failure: MountFailure) -> tuple[str, str, str] | None:
    """Return (kind, name, key) of the ConfigMap or Secret that a failure tells to be missing."""
    missing = _MISSING.match(failure.text)
    if missing:
        return _KINDS[missing["kind"].lower()], missing["name"], ""
    key = _KEY.search(failure.text)
    if key is None or volume is None:
        return None
    is_config = "config key" in failure.text
    for kind, name, keys, _ in volume.references():
        if key["key"] in keys and (kind == "ConfigMap") == is_config:
            return kind, name, key["key"]
    return None


def _claim_ref(pod: Pod, volume: Volume | None) -> ObjectRef | None:
    name = volume.claim(pod.name) if volume else ""
    return ObjectRef("PersistentVolumeClaim", pod.namespace, name) if name else None


def _claim(pod: Pod, volume: Volume | None, failure: MountFailure, proof: Evidence, graph: Graph) -> Finding | None:
    """Return that the volume of a claim does not work; None when it has no claim, or nothing specific is known."""
    ref = _claim_ref(pod, volume)
    if ref is None or not failure.is_specific:
        return None
    text = f"volume cannot be {failure.verb}: {failure.text}"
    helps = "look at the volume, and at the log of its CSI driver"
    kind = CauseKind.MOUNT
    return Finding(
        Severity.DOWN,
        failure.event.reason,
        text,
        ref,
        failure.since,
        kind,
        helps,
        check="pod-volume",
        evidence=(proof,),
    )


def _holders(pod: Pod, volume: Volume | None, graph: Graph) -> tuple[Pod, ...]:
    """Return the pods on other nodes that use the same claim."""
    ref = _claim_ref(pod, volume)
    pods = graph.list(POD, pod.namespace) if ref is not None else ()
    if ref is None or isinstance(pods, Unread):
        return ()
    return tuple(
        other
        for other in sorted(pods, key=lambda each: each.name)
        if other.spec.node_name not in ("", pod.spec.node_name)
        and other.status.phase not in ("Succeeded", "Failed")
        and any(each.claim(other.name) == ref.name for each in other.spec.volumes or ())
    )


def _is_being_detached(pod: Pod, volume: Volume | None, graph: Graph) -> bool:
    """Return whether no other pod keeps using the volume: its node is about to give it back."""
    return all(other.is_terminating for other in _holders(pod, volume, graph))


def _multi_attach(
    pod: Pod, volume: Volume | None, failure: MountFailure, proof: Evidence, graph: Graph
) -> Finding | None:
    ref = _claim_ref(pod, volume)
    if ref is None:
        return None
    holders = _holders(pod, volume, graph)
    where = ", ".join(f"pod {printable(each.name)} on node {printable(each.spec.node_name)}" for each in holders[:3])
    # Where the node of that pod is lost, the node is why the volume is not given back.
    nodes = tuple(dict.fromkeys(ObjectRef("Node", "", each.spec.node_name) for each in holders if not each.is_ready))
    if where:
        text = f"Multi-Attach: volume {printable(failure.volume)} is attached for {where}"
    else:
        nodes = _attached_to(failure.volume, pod.spec.node_name, graph)
        names = ", ".join(printable(each.name) for each in nodes)
        text = f"Multi-Attach: {f'still attached to node {names}' if names else failure.text}"
    helps = "end the pod that uses the volume; for rollouts set strategy Recreate, or use a ReadWriteMany volume"
    return Finding(
        Severity.DOWN,
        failure.event.reason,
        text,
        ref,
        failure.since,
        CauseKind.MOUNT,
        helps,
        check="pod-volume",
        evidence=(proof, *(field(each, "spec.nodeName", each.spec.node_name) for each in holders[:3])),
        caused_by=nodes,
        next_steps=(
            NextStep(helps),
            *(
                NextStep(f"delete pod {printable(each.name)}", "object.delete", each.key)
                for each in holders[:1]
                if not has_lost_node(each, graph)
            ),
        ),
    )


def _attached_to(volume: str, node: str, graph: Graph) -> tuple[ObjectRef, ...]:
    """Return the other nodes that a volume is attached to although no pod there uses it."""
    attachments = graph.list(VOLUME_ATTACHMENT)
    return tuple(
        ObjectRef("Node", "", each.spec.node_name)
        for each in (() if isinstance(attachments, Unread) else attachments)
        if each.spec.source.persistent_volume_name == volume and each.status.attached and each.spec.node_name != node
    )


def _driver(pod: Pod, failure: MountFailure, proof: Evidence, graph: Graph) -> Finding | None:
    """Return that a CSI driver is not installed, or does not run on the pod's node."""
    match = _DRIVER.search(failure.text)
    if match is None:
        return None
    name = match["name"] or match["other"] or match["third"]
    driver = ObjectRef("CSIDriver", "", name)
    if graph.metadata(driver) is None:
        about, text, reason = driver, "does not exist: no such CSI driver is installed", "NotFound"
        helps = f"install CSI driver {printable(name)}, or correct the StorageClass"
        evidence: tuple[Evidence, ...] = (absence(driver), proof)
    else:
        about = ObjectRef("Node", "", pod.spec.node_name)
        text, reason = f"CSI driver {printable(name)} is not registered", "DriverNotRegistered"
        helps, evidence = "look at the driver's pod on this node", (proof,)
    return Finding(
        Severity.DOWN, reason, text, about, failure.since, CauseKind.MOUNT, helps, check="pod-volume", evidence=evidence
    )
