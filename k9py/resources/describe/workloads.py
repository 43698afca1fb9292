"""What keeps a number of pods running: Deployment, ReplicaSet, StatefulSet, DaemonSet, ReplicationController."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from k9py.api.plural import count_noun
from k9py.api.pods import Pod
from k9py.api.standard_types import standard_type
from k9py.api.workloads import REVISION
from k9py.resources.describe.describer import (
    PODS,
    DescribeContext,
    Describer,
    Description,
    RelatedRequest,
    Unread,
    pod_requests,
)
from k9py.resources.describe.json_fields import JsonObject, int_at, object_at, objects_at, text_at
from k9py.resources.describe.lines import query_selector, selector_text, unknown_line, value_line
from k9py.resources.describe.pods import pod_template, typed_pod
from k9py.resources.describe.volumes import claim_fields
from k9py.views.describe import DescribeLine, Section, line, pairs, section
from k9py.views.pod_status import pod_status, pod_tone
from k9py.views.values import Tone

_REPLICA_SETS: Final = "replica sets"
MAX_PODS: Final = 200
"""Pods listed one by one; those that are not healthy come first."""
_HEALTHY: Final = ("Running", "Completed", "Succeeded")


def _template(body: JsonObject, context: DescribeContext) -> tuple[Section, ...]:
    return pod_template(object_at(body, "spec", "template"), context)


def _selector_requests(body: JsonObject) -> tuple[RelatedRequest, ...]:
    return pod_requests(body, query_selector(object_at(body, "spec", "selector")))


def _map_selector_requests(body: JsonObject) -> tuple[RelatedRequest, ...]:
    return pod_requests(body, pairs(object_at(body, "spec", "selector")).replace(", ", ","))


def owned_pods(body: JsonObject, context: DescribeContext) -> tuple[JsonObject, ...] | Unread:
    """Return the pods that an object controls, of those its selector matches."""
    pods = context.objects(PODS)
    if isinstance(pods, Unread):
        return pods
    uid = text_at(body, "metadata", "uid")
    return tuple(
        pod
        for pod in pods
        if any(
            owner.get("controller") and text_at(owner, "uid") == uid
            for owner in objects_at(pod, "metadata", "ownerReferences")
        )
    )


def phases_line(pods: tuple[JsonObject, ...] | Unread) -> DescribeLine:
    """Return how many pods are in each phase."""
    if isinstance(pods, Unread):
        return unknown_line("pods status", pods)
    phases = Counter(text_at(pod, "status", "phase") for pod in pods)
    words = (("Running", "Running"), ("Pending", "Waiting"), ("Succeeded", "Succeeded"), ("Failed", "Failed"))
    return line("pods status", " / ".join(f"{phases[phase]} {word}" for phase, word in words))


def pods_section(pods: Iterable[JsonObject], title: str = "Pods") -> Section:
    """Return a line for each pod, those that are not healthy first."""
    lines = []
    for body in pods:
        pod = typed_pod(body)
        name = text_at(body, "metadata", "name")
        if pod is None:
            lines.append((0, line(name, text_at(body, "status", "phase"), Tone.UNKNOWN)))
            continue
        status = pod_status(pod)
        restarts = sum(container.restart_count for container in pod.statuses())
        parts = (
            status.text,
            f"{status.ready}/{status.containers} ready",
            _exit_code(pod),
            f"restarts {restarts}" if restarts else "",
            pod.spec.node_name,
        )
        tone = pod_tone(pod, status)
        rank = 1 if status.text in _HEALTHY else 0
        lines.append((rank, line(name, " · ".join(filter(None, parts)), Tone.PLAIN if tone is Tone.OK else tone)))
    ordered = [shown for _, shown in sorted(lines, key=lambda ranked: (ranked[0], ranked[1].label))]
    others = len(ordered) - MAX_PODS
    more = [line("", f"… {count_noun(others, 'more pod')}", Tone.MUTED)] if others > 0 else []
    return section(title, [*ordered[:MAX_PODS], *more])


def _exit_code(pod: Pod) -> str:
    """Return the exit code of the first container that has ended with one; "" where none has."""
    ended = (status.state.terminated for status in pod.statuses() if status.state is not None)
    return next((f"exit code {state.exit_code}" for state in ended if state is not None and state.exit_code), "")


def _known_pods(pods: tuple[JsonObject, ...] | Unread) -> tuple[Section, ...]:
    return () if isinstance(pods, Unread) else (pods_section(pods),)


# -- Deployment -------------------------------------------------------------------------------------------------------


def _deployment_requests(body: JsonObject) -> tuple[RelatedRequest, ...]:
    selector = query_selector(object_at(body, "spec", "selector"))
    namespace = text_at(body, "metadata", "namespace")
    replica_sets = RelatedRequest(_REPLICA_SETS, standard_type("apps", "ReplicaSet"), namespace, selector)
    return (replica_sets, *pod_requests(body, selector))


def _deployment(body: JsonObject, context: DescribeContext) -> Description:
    spec, status = object_at(body, "spec"), object_at(body, "status")
    unavailable = int_at(status, "unavailableReplicas")
    counts = (
        f"{int_at(spec, 'replicas', default=1)} desired | {int_at(status, 'updatedReplicas')} updated"
        f" | {int_at(status, 'replicas')} total | {int_at(status, 'availableReplicas')} available"
        f" | {unavailable} unavailable"
    )
    rolling = object_at(spec, "strategy", "rollingUpdate")
    deadline = text_at(spec, "progressDeadlineSeconds")
    head = (
        line("replicas", counts, Tone.WARN if unavailable else Tone.PLAIN),
        line("paused", "true: changes of the template start no rollout" if spec.get("paused") else "", Tone.WARN),
        *_replica_set_lines(body, context),
    )
    settings = (
        line("selector", selector_text(spec.get("selector"))),
        value_line("strategy type", spec, "strategy", "type"),
        line(
            "rolling update",
            f"{text_at(rolling, 'maxUnavailable')} max unavailable, {text_at(rolling, 'maxSurge')} max surge"
            if rolling
            else "",
        ),
        line("min ready seconds", str(int_at(spec, "minReadySeconds"))),
        line("progress deadline", f"{deadline}s" if deadline else ""),
        value_line("revision history", spec, "revisionHistoryLimit"),
    )
    pods = context.objects(PODS)
    unread = (section("Pods", [unknown_line("", pods)]),) if isinstance(pods, Unread) else ()
    return Description(
        head, urgent=(*unread, *_known_pods(pods)), details=(section("Settings", settings), *_template(body, context))
    )


def _replica_set_lines(body: JsonObject, context: DescribeContext) -> Iterator[DescribeLine]:
    """Yield the current ReplicaSet and those of older revisions that have pods; the highest revision is the current."""
    replica_sets = context.objects(_REPLICA_SETS)
    if isinstance(replica_sets, Unread):
        yield unknown_line("replica sets", replica_sets)
        return
    uid = text_at(body, "metadata", "uid")
    owned = [
        item
        for item in replica_sets
        if any(text_at(owner, "uid") == uid for owner in objects_at(item, "metadata", "ownerReferences"))
    ]
    owned.sort(key=_revision, reverse=True)
    current = [item for item in owned if _revision(item) == _revision(body)] or owned[:1]
    others = [item for item in owned if item not in current and int_at(item, "spec", "replicas")]
    yield line("new replica set", ", ".join(map(_replica_set_text, current)) or "none")
    yield line("old replica sets", ", ".join(map(_replica_set_text, others)) or "none with pods")


def _revision(body: JsonObject) -> int:
    text = text_at(object_at(body, "metadata", "annotations"), REVISION)
    return int(text) if text.isdecimal() else -1


def _replica_set_text(body: JsonObject) -> str:
    created, wanted = int_at(body, "status", "replicas"), int_at(body, "spec", "replicas")
    return f"{text_at(body, 'metadata', 'name')} ({created}/{wanted} replicas created)"


# -- ReplicaSet and ReplicationController -----------------------------------------------------------------------------


def _replica_set(body: JsonObject, context: DescribeContext) -> Description:
    spec, status = object_at(body, "spec"), object_at(body, "status")
    current, desired = int_at(status, "replicas"), int_at(spec, "replicas", default=1)
    ready = int_at(status, "readyReplicas")
    pods = owned_pods(body, context)
    head = (
        line("replicas", f"{current} current / {desired} desired", Tone.WARN if current < desired else Tone.PLAIN),
        line("ready", f"{ready} ready, {int_at(status, 'availableReplicas')} available"),
        phases_line(pods),
    )
    settings = (
        line("selector", selector_text(spec.get("selector"))),
        value_line("min ready seconds", spec, "minReadySeconds"),
    )
    details = (section("Settings", settings), *_template(body, context))
    return Description(head, urgent=_known_pods(pods), details=details)


# -- StatefulSet ------------------------------------------------------------------------------------------------------


def _stateful_set(body: JsonObject, context: DescribeContext) -> Description:
    spec, status = object_at(body, "spec"), object_at(body, "status")
    desired, total = int_at(spec, "replicas", default=1), int_at(status, "replicas")
    pods = owned_pods(body, context)
    retention = object_at(spec, "persistentVolumeClaimRetentionPolicy")
    is_rolling = text_at(spec, "updateStrategy", "type") in ("", "RollingUpdate")
    head = (
        line("replicas", f"{desired} desired | {total} total", Tone.WARN if total < desired else Tone.PLAIN),
        line("ready", f"{int_at(status, 'readyReplicas')} ready, {int_at(status, 'availableReplicas')} available"),
        phases_line(pods),
        value_line("current revision", status, "currentRevision"),
        value_line("update revision", status, "updateRevision"),
    )
    settings = (
        value_line("update strategy", spec, "updateStrategy", "type"),
        line("partition", str(int_at(spec, "updateStrategy", "rollingUpdate", "partition")) if is_rolling else ""),
        value_line("max unavailable", spec, "updateStrategy", "rollingUpdate", "maxUnavailable"),
        line("selector", selector_text(spec.get("selector"))),
        value_line("service", spec, "serviceName"),
        value_line("pod management", spec, "podManagementPolicy"),
        value_line("min ready seconds", spec, "minReadySeconds"),
        line(
            "claim retention",
            f"{text_at(retention, 'whenDeleted')} when deleted, {text_at(retention, 'whenScaled')} when scaled"
            if retention
            else "",
        ),
    )
    claims = section(
        "Volume claims",
        [
            line(text_at(claim, "metadata", "name"), ", ".join(claim_fields(claim)))
            for claim in objects_at(spec, "volumeClaimTemplates")
        ],
    )
    details = (section("Settings", settings), *_template(body, context), *((claims,) if claims.lines else ()))
    return Description(head, urgent=_known_pods(pods), details=details)


# -- DaemonSet --------------------------------------------------------------------------------------------------------


def _daemon_set(body: JsonObject, context: DescribeContext) -> Description:
    spec, status = object_at(body, "spec"), object_at(body, "status")
    desired = int_at(status, "desiredNumberScheduled")
    available = int_at(status, "numberAvailable")
    misscheduled = int_at(status, "numberMisscheduled")
    pods = owned_pods(body, context)
    rolling = object_at(spec, "updateStrategy", "rollingUpdate")
    head = (
        line("desired nodes", str(desired)),
        line("current nodes", str(int_at(status, "currentNumberScheduled"))),
        line("up to date", str(int_at(status, "updatedNumberScheduled"))),
        line("ready", str(int_at(status, "numberReady"))),
        line("available", str(available), Tone.WARN if available < desired else Tone.PLAIN),
        line("misscheduled", str(misscheduled), Tone.WARN if misscheduled else Tone.PLAIN),
        phases_line(pods),
    )
    settings = (
        line("selector", selector_text(spec.get("selector"))),
        line("node selector", pairs(object_at(spec, "template", "spec", "nodeSelector"))),
        value_line("update strategy", spec, "updateStrategy", "type"),
        line(
            "rolling update",
            f"{text_at(rolling, 'maxUnavailable')} max unavailable, {text_at(rolling, 'maxSurge')} max surge"
            if rolling
            else "",
        ),
    )
    details = (section("Settings", settings), *_template(body, context))
    return Description(head, urgent=_known_pods(pods), details=details)


DESCRIBERS = (
    Describer("Deployment", _deployment, _deployment_requests),
    Describer("ReplicaSet", _replica_set, _selector_requests),
    Describer("StatefulSet", _stateful_set, _selector_requests),
    Describer("DaemonSet", _daemon_set, _selector_requests),
    Describer("ReplicationController", _replica_set, _map_selector_requests),
)
