"""Containers that cannot be created: a ConfigMap, Secret or key that is missing, or settings that the kubelet refuses.

The kubelet names only the first missing reference (kubelet_pods.go, makeEnvironmentVariables); the others of the same
container are looked up as well. It tries again by itself, without a new pod.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from k9py.api.causes import CauseKind
from k9py.api.kinds import POD
from k9py.api.lazy_pattern import lazy_pattern
from k9py.api.meta import ObjectRef
from k9py.api.pods import Container, Pod
from k9py.api.severity import Severity
from k9py.api.text import printable
from k9py.diagnosis.check import check
from k9py.diagnosis.container_case import ContainerCase
from k9py.diagnosis.containers import CREATE_REASONS, RUN_ERROR, waiting_cause
from k9py.diagnosis.finding import Finding
from k9py.diagnosis.graph import Graph
from k9py.diagnosis.missing_configuration import missing_configuration
from k9py.diagnosis.pod_cases import unready_containers
from k9py.diagnosis.pod_evidence import failing_revision, newest_event, waiting_evidence

_KINDS: Final = {"configmap": "ConfigMap", "secret": "Secret"}
_OBJECT: Final = lazy_pattern(r'(?i)\b(?P<kind>configmap|secret) "(?:[^"/]+/)?(?P<name>[^"/]+)" not found')
_KEY: Final = lazy_pattern(
    r"(?i)couldn't find key (?P<key>\S+) in (?P<kind>configmap|secret) (?:[^/\s]+/)?(?P<name>[^\s,:;]+)"
)
_SYNC: Final = lazy_pattern(r"(?i)failed to sync (?:configmap|secret) cache")


class Reference(NamedTuple):
    """What a container needs: a ConfigMap or Secret, or a key of it ("": none)."""

    kind: str
    name: str
    key: str = ""


@check(
    "container-config",
    "a container cannot be created: a ConfigMap, Secret or key is missing, or its settings are refused",
    subjects=(POD,),
    reads=("Event", "ConfigMap", "Secret", "ReplicaSet", "ControllerRevision"),
    source="https://kubernetes.io/docs/tasks/configure-pod-container/configure-pod-configmap/#restrictions",
    remedy="create what is missing, or correct the container's settings",
)
def container_config(pod: Pod, graph: Graph) -> Iterator[Finding]:
    """Yield each container that cannot be created, caused by what is missing."""
    for case in unready_containers(pod, graph):
        waiting = case.waiting
        if waiting is None or waiting.reason not in CREATE_REASONS or waiting.reason == RUN_ERROR:
            continue
        cause = waiting_cause(case, waiting)
        if cause is None:
            continue
        since = cause.since or pod.status.start_time
        named = parse_reference(waiting.message)
        evidence = (waiting_evidence(case), *newest_event(case, "Failed", "Error: "))
        missing = tuple(_missing(case, graph, named))
        message, severity = cause.message, Severity.DOWN
        if named is not None and not missing:
            what = f"key {printable(named.key)} of " if named.key else ""
            there = f"{what}{named.kind} {printable(named.name)} exists by now"
            message, severity = f"{case.label} has not been started again yet: {there}", Severity.WARNING
        elif _SYNC.search(waiting.message):
            severity = Severity.WARNING  # the kubelet's cache is late; it tries again
        revision = failing_revision(pod, graph)
        yield Finding(
            severity,
            cause.reason,
            message,
            pod.key,
            since or revision.since,
            CauseKind.CONFIG,
            cause.remedy,
            printable(case.status.name),
            evidence=(*evidence, *revision.evidence),
            caused_by=missing,
            next_steps=revision.next_steps,
        )


def parse_reference(message: str) -> Reference | None:
    """Return what a message of the kubelet says is missing, None if it says something else."""
    key = _KEY.search(message)
    if key:
        return Reference(_KINDS[key["kind"].lower()], key["name"], key["key"])
    missing = _OBJECT.search(message)
    return Reference(_KINDS[missing["kind"].lower()], missing["name"]) if missing else None


def required_references(container: Container) -> Iterator[Reference]:
    """Yield what the environment of a container needs; optional references are left out."""
    for source in container.env_from or ():
        for kind, reference in (("ConfigMap", source.config_map_ref), ("Secret", source.secret_ref)):
            if reference is not None and not reference.optional:
                yield Reference(kind, reference.name)
    for variable in container.env or ():
        origin = variable.value_from
        if origin is None:
            continue
        for kind, selector in (("ConfigMap", origin.config_map_key_ref), ("Secret", origin.secret_key_ref)):
            if selector is not None and not selector.optional:
                yield Reference(kind, selector.name, selector.key)


def _missing(case: ContainerCase, graph: Graph, named: Reference | None) -> Iterator[Finding | ObjectRef]:
    """Yield what is missing, first what the kubelet names; nothing when it names nothing of that kind."""
    if named is None:
        return
    namespace, since = case.pod.namespace, case.first_seen("Failed") or case.pod.status.start_time
    seen: list[Finding | ObjectRef] = []
    for reference in dict.fromkeys((named, *required_references(case.container))):
        # What the status says proves only what it names.
        proof = (waiting_evidence(case),) if reference == named else ()
        missing = missing_configuration(reference.kind, namespace, reference.name, reference.key, graph, since, proof)
        if missing is None or (isinstance(missing, ObjectRef) and reference != named):
            continue
        if not any(_is_same(missing, other) for other in seen):
            seen.append(missing)
            yield missing


def _is_same(one: Finding | ObjectRef, other: Finding | ObjectRef) -> bool:
    """Return whether two references to an object that does not exist would be named twice."""
    if isinstance(one, Finding) and isinstance(other, Finding):
        return (one.about, one.message) == (other.about, other.message)
    return one == other
