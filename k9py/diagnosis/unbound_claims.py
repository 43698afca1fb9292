"""Say why a claim has no volume: its StorageClass, its provisioner, or the volumes that do not fit it.

Invariant: a claim that waits for its first pod, and one that is being provisioned, has no more than a hint (INFO).
To add a reason for a pending claim: a function called in `_pending`.
Source: pkg/controller/volume/persistentvolume (`pv_controller.go`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from k9py.api.causes import CauseKind
from k9py.api.events import Event
from k9py.api.kinds import PERSISTENT_VOLUME, POD, STORAGE_CLASS
from k9py.api.meta import ObjectRef
from k9py.api.severity import Severity
from k9py.api.storage import PersistentVolumeClaim, StorageClass, storage_class
from k9py.api.text import printable, shorten
from k9py.diagnosis.claims import NO_PROVISIONER, misfit, misfits
from k9py.diagnosis.finding import Evidence, Finding, NextStep
from k9py.diagnosis.graph import Graph, Unread
from k9py.diagnosis.proof import absence, did_you_mean, event_evidence, field
from k9py.diagnosis.scheduling import CLAIM_GRACE
from k9py.diagnosis.settling import is_recent

_GRACE: Final = timedelta(seconds=10)
SELECTED_NODE: Final = "volume.kubernetes.io/selected-node"
"""Annotation of a claim: the node that the scheduler has chosen for its first pod."""
_WAIT: Final = "WaitForFirstConsumer"
_FAILURES: Final = frozenset({"ProvisioningFailed", "VolumeMismatch", "FailedBinding", "ClaimMisbound", "ClaimLost"})
_NO_VOLUME: Final = "no persistent volumes available for this claim and no storage class is set"
_MAX_VOLUMES: Final = 3
_CHECK: Final = "claim-unbound"


def unbound_claim(claim: PersistentVolumeClaim, graph: Graph) -> Iterator[Finding]:
    """Yield why a claim has no volume, as findings of the check `claim-unbound`."""
    if claim.metadata.deletion_timestamp is not None:
        return
    if claim.status.phase == "Lost":
        yield _lost(claim, graph)
    elif claim.status.phase in ("Pending", "") and not is_recent(claim.metadata.creation_timestamp, graph, _GRACE):
        yield from _pending(claim, graph)


def claim_users(claim: PersistentVolumeClaim, graph: Graph) -> tuple[str, ...]:
    """Return the names of the pods that use a claim, printable."""
    pods = graph.list(POD, claim.namespace)
    return tuple(
        printable(pod.name)
        for pod in (() if isinstance(pods, Unread) else sorted(pods, key=lambda each: each.name))
        if pod.status.phase not in ("Succeeded", "Failed")
        and any(volume.claim(pod.name) == claim.name for volume in pod.spec.volumes or ())
    )


def _lost(claim: PersistentVolumeClaim, graph: Graph) -> Finding:
    name = claim.spec.volume_name
    ref = ObjectRef("PersistentVolume", "", name)
    volume = graph.get(PERSISTENT_VOLUME, name) if name else None
    text = f"has lost its volume: PersistentVolume {printable(name)} does not exist"
    evidence: tuple[Evidence, ...] = (field(claim, "status.phase", "Lost"),)
    if volume is None and name:
        evidence += (absence(ref),)
    else:
        text = f"has lost its volume {printable(name)}"
    events = _failures(claim, graph)
    evidence += tuple(event_evidence(claim, each) for each in events[:1])
    since = events[0].first_seen if events else None
    helps = "restore the data into a new claim; the claim itself cannot be bound again"
    return _finding(claim, "ClaimLost", text, evidence, helps, since)


def _pending(claim: PersistentVolumeClaim, graph: Graph) -> Iterator[Finding]:
    failures = _failures(claim, graph)
    proof = tuple(event_evidence(claim, each) for each in failures[:1])
    if claim.spec.volume_name:
        yield from _named_volume(claim, proof, graph)
        return
    classes = graph.list(STORAGE_CLASS)
    if isinstance(classes, Unread):
        if failures:
            yield _finding(claim, failures[0].reason, _event_words(failures[0]), proof, "", failures[0].first_seen)
        return
    name = storage_class(claim.metadata, claim.spec.storage_class_name)
    chosen = next((each for each in classes if each.name == name), None)
    if not name and claim.spec.storage_class_name is None:
        chosen = next((each for each in classes if each.is_default), None)
    if chosen is None:
        volumes = graph.list(PERSISTENT_VOLUME)
        if isinstance(volumes, Unread) or all(misfit(volume, claim) for volume in volumes):
            yield _without_class(claim, name, classes, proof, graph)
    elif chosen.volume_binding_mode == _WAIT and not claim.metadata.annotation(SELECTED_NODE):
        yield from _waiting_for_pod(claim, chosen, proof, graph)
    else:
        yield from _provisioning(claim, chosen, failures, graph)


def _without_class(
    claim: PersistentVolumeClaim,
    name: str,
    classes: tuple[StorageClass, ...],
    proof: tuple[Evidence, ...],
    graph: Graph,
) -> Finding:
    """Return that there is no class: it does not exist, none is the default, or none is wanted; and no volume fits."""
    volumes = graph.list(PERSISTENT_VOLUME)
    known_volumes = () if isinstance(volumes, Unread) else volumes
    names = tuple(each.name for each in classes)
    used = {storage_class(each.metadata, each.spec.storage_class_name) for each in known_volumes} - {""}
    offered = _offered(claim, graph)
    if name:
        ref = ObjectRef("StorageClass", "", name)
        text = f"StorageClass {printable(name)} does not exist{did_you_mean(name, {*names, *used})}"
        return _finding(
            claim,
            "ProvisioningFailed",
            text + offered,
            (absence(ref), *proof),
            "create the claim again with a StorageClass that exists",
        )
    where = field(claim, "spec.storageClassName", '""' if claim.spec.storage_class_name == "" else "not set")
    if claim.spec.storage_class_name == "":
        text = "no PersistentVolume fits it, and it asks for no StorageClass"
        return _finding(
            claim, "FailedBinding", text + offered, (where, *proof), "create a PersistentVolume that fits it"
        )
    known = f" (there are {', '.join(map(printable, sorted(names)[:_MAX_VOLUMES]))})" if names else ""
    text = f"it names no StorageClass and none is the default{known}; no persistent volumes available for this claim"
    return _finding(
        claim, "FailedBinding", text + offered, (where, *proof), "name a StorageClass, or make one the default"
    )


def _waiting_for_pod(
    claim: PersistentVolumeClaim, chosen: StorageClass, proof: tuple[Evidence, ...], graph: Graph
) -> Iterator[Finding]:
    """Yield that a claim waits for its first pod, or that the volumes of a class without provisioner do not fit."""
    where = field(chosen, "volumeBindingMode", _WAIT)
    users = claim_users(claim, graph)
    if not users:
        text = f"waits for its first pod (StorageClass {printable(chosen.name)} binds then)"
        yield Finding(
            Severity.INFO, _WAIT, text, claim.key, claim.metadata.creation_timestamp, evidence=(where, *proof)
        )
    elif chosen.provisioner == NO_PROVISIONER:
        yield from _static(claim, chosen, proof, graph)


def _provisioning(
    claim: PersistentVolumeClaim, chosen: StorageClass, failures: tuple[Event, ...], graph: Graph
) -> Iterator[Finding]:
    proof = tuple(event_evidence(claim, each) for each in failures[:1])
    if failures:
        failure = failures[0]
        text = f"{_event_words(failure)} (StorageClass {printable(chosen.name)})"
        helps = f"look at provisioner {printable(chosen.provisioner)}"
        yield _finding(claim, failure.reason, text, proof, helps, failure.first_seen)
        return
    if chosen.provisioner == NO_PROVISIONER:
        yield from _static(claim, chosen, proof, graph)
        return
    if is_recent(claim.metadata.creation_timestamp, graph, CLAIM_GRACE):
        return
    waiting = next((each for each in graph.events(claim) if each.reason == "ExternalProvisioning"), None)
    proof = (field(chosen, "provisioner", chosen.provisioner), *((event_evidence(claim, waiting),) if waiting else ()))
    provisioner = printable(chosen.provisioner)
    text = f"provisioner {provisioner} has not created its volume (StorageClass {printable(chosen.name)})"
    helps = f"see whether the controller of {provisioner} runs"
    yield _finding(claim, "ExternalProvisioning", text, proof, helps)


def _static(
    claim: PersistentVolumeClaim, chosen: StorageClass, proof: tuple[Evidence, ...], graph: Graph
) -> Iterator[Finding]:
    """Yield why no volume of a class without a provisioner fits."""
    volumes = graph.list(PERSISTENT_VOLUME)
    if isinstance(volumes, Unread) or any(not misfit(volume, claim) for volume in volumes):
        return  # it is about to be bound, or its nodes decide
    text = f"no PersistentVolume of StorageClass {printable(chosen.name)} fits it{_offered(claim, graph)}"
    yield _finding(
        claim,
        "FailedBinding",
        text,
        (field(chosen, "provisioner", NO_PROVISIONER), *proof),
        "create a PersistentVolume that fits it",
    )


def _named_volume(claim: PersistentVolumeClaim, proof: tuple[Evidence, ...], graph: Graph) -> Iterator[Finding]:
    """Yield what is wrong with the volume that a claim names."""
    name = claim.spec.volume_name
    volume = graph.get(PERSISTENT_VOLUME, name)
    where = field(claim, "spec.volumeName", name)
    if volume is None:
        listed = graph.list(PERSISTENT_VOLUME)
        names = () if isinstance(listed, Unread) else tuple(each.name for each in listed)
        text = f"PersistentVolume {printable(name)}, which it names, does not exist{did_you_mean(name, names)}"
        evidence = (absence(ObjectRef("PersistentVolume", "", name)), where, *proof)
        yield _finding(
            claim, "FailedBinding", text, evidence, "create the volume, or the claim again without volumeName"
        )
    elif not isinstance(volume, Unread) and (why := misfit(volume, claim)):
        text = f"PersistentVolume {printable(name)}, which it names, {why}"
        evidence = (where, field(volume, "spec", why), *proof)
        yield _finding(claim, "VolumeMismatch", text, evidence, "name a volume that fits, or correct the claim")


def _offered(claim: PersistentVolumeClaim, graph: Graph) -> str:
    """Return why the volumes that are left do not fit: `; pv-1 has 5Gi of 10Gi`, "" when there are none."""
    volumes = graph.list(PERSISTENT_VOLUME)
    if isinstance(volumes, Unread):
        return ""
    texts = [f"{printable(volume.name)} {why}" for volume, why in misfits(volumes, claim)]
    return f"; {', '.join(texts[:_MAX_VOLUMES])}" if texts else ""


def _failures(claim: PersistentVolumeClaim, graph: Graph) -> tuple[Event, ...]:
    """Return the warnings about binding, the last seen first; the generic one about a missing class last."""
    events = [each for each in graph.events(claim) if each.reason in _FAILURES]
    return tuple(sorted(events, key=lambda each: _NO_VOLUME in each.message))


def _event_words(event: Event) -> str:
    text = shorten(event.message)
    return text if text.lower().startswith("failed") else f"cannot be provisioned: {text}"


def _finding(
    claim: PersistentVolumeClaim,
    reason: str,
    text: str,
    evidence: tuple[Evidence, ...],
    helps: str,
    since: datetime | None = None,
) -> Finding:
    began = since or claim.metadata.creation_timestamp
    return Finding(
        Severity.DOWN,
        reason,
        text,
        claim.key,
        began,
        CauseKind.MOUNT,
        helps,
        check=_CHECK,
        evidence=evidence,
        next_steps=(NextStep(helps),) if helps else (),
    )
