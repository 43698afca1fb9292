"""Images that cannot be pulled. Why: `diagnosis/images.py`. An image that is still being pulled is no failure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from k9py.api.causes import CauseKind
from k9py.api.configuration import DOCKER_CONFIG_SECRETS
from k9py.api.kinds import NODE, POD, SECRET, SERVICE_ACCOUNT
from k9py.api.meta import ObjectRef
from k9py.api.pods import Pod
from k9py.api.severity import Severity
from k9py.api.text import printable
from k9py.diagnosis.check import check
from k9py.diagnosis.finding import Evidence, Finding, NextStep
from k9py.diagnosis.graph import Graph, Unread
from k9py.diagnosis.images import DENIED, NOT_FOUND_OR_DENIED, PLATFORM, image_cause, pull_error, pull_failure
from k9py.diagnosis.missing_configuration import missing_configuration
from k9py.diagnosis.pod_cases import unready_containers
from k9py.diagnosis.pod_evidence import failing_revision, newest_event, waiting_evidence
from k9py.diagnosis.proof import event_evidence, field
from k9py.diagnosis.pulling import LONG_PULL, pulls
from k9py.diagnosis.settling import is_recent


@check(
    "image-pull",
    "the image of a container cannot be pulled: not found, denied, rate limited, another architecture and so on",
    subjects=(POD,),
    reads=("Event", "Secret", "ServiceAccount", "Node", "ReplicaSet", "ControllerRevision"),
    source="https://kubernetes.io/docs/concepts/containers/images/",
    remedy="correct the image, or the access to its registry",
)
def image_pull(pod: Pod, graph: Graph) -> Iterator[Finding]:
    """Yield each container whose image is not available; a pull secret that does not exist is the root."""
    seen: set[str] = set()
    for case in unready_containers(pod, graph):
        cause = image_cause(case)
        if cause is None or cause.message in seen:
            continue
        seen.add(cause.message)  # two containers with one image
        error = pull_error(case)
        failure = pull_failure(error)
        evidence: list[Evidence] = [waiting_evidence(case)]
        if error and error not in (case.waiting.message if case.waiting else ""):
            evidence += newest_event(case, "Failed", error[:60])
        causes: tuple[Finding | ObjectRef, ...] = ()
        message = cause.message
        if failure in (DENIED, NOT_FOUND_OR_DENIED):
            causes = tuple(_bad_pull_secrets(pod, graph, evidence[:1]))
            evidence += [*newest_event(case, "FailedToRetrieveImagePullSecret"), *_pull_secrets(pod, graph)]
            if failure == DENIED and not pod.spec.image_pull_secrets:
                message += ": the pod has no pull secret"
        if failure == PLATFORM:
            evidence += _architecture(pod, graph)
        revision = failing_revision(pod, graph)
        yield Finding(
            Severity.DOWN,
            "ImagePull" if cause.reason in ("ErrImagePull", "ImagePullBackOff") else cause.reason,
            message,
            pod.key,
            cause.since or pod.status.start_time or revision.since,
            CauseKind.IMAGE,
            cause.remedy,
            printable(case.status.name),
            evidence=(*evidence, *revision.evidence),
            caused_by=causes,
            next_steps=(
                *revision.next_steps,
                NextStep("set another image", "workload.set_image", graph.workload_of(pod)),
            ),
        )


@check(
    "image-pulling",
    "the image of a container is being pulled",
    subjects=(POD,),
    reads=("Event",),
    source="https://kubernetes.io/docs/concepts/containers/images/#serial-and-parallel-image-pulls",
    remedy="wait; a smaller image starts faster",
)
def image_pulling(pod: Pod, graph: Graph) -> Iterator[Finding]:
    """Yield each image that has been pulled for more than a minute; a warning if it takes long."""
    started = pod.status.start_time
    if pod.status.phase != "Pending" or started is None or is_recent(started, graph):
        return
    for pull in pulls(pod, graph):
        since = pull.event.first_seen
        yield Finding(
            Severity.INFO if is_recent(since, graph, LONG_PULL) else Severity.WARNING,
            "Pulling",
            f"image {printable(pull.container.image)} is being pulled",
            pod.key,
            since,
            container=printable(pull.container.name),
            evidence=(event_evidence(pod, pull.event),),
        )


def _bad_pull_secrets(pod: Pod, graph: Graph, proof: Sequence[Evidence]) -> Iterator[Finding | ObjectRef]:
    """Yield each pull secret that does not exist, or has no credentials of a registry."""
    for reference in pod.spec.image_pull_secrets or ():
        secret = graph.get(SECRET, reference.name, pod.namespace)
        if secret is None:
            since = pod.status.start_time
            missing = missing_configuration("Secret", pod.namespace, reference.name, "", graph, since, proof)
            if missing is not None:
                yield missing
        elif not isinstance(secret, Unread) and DOCKER_CONFIG_SECRETS.get(secret.type, "") not in secret.keys:
            wanted = " or ".join(DOCKER_CONFIG_SECRETS)
            text = f"has no credentials of a registry: it is of type {printable(secret.type) or 'Opaque'}, not {wanted}"
            yield Finding(
                Severity.WARNING,
                "WrongType",
                text,
                secret.key,
                secret.metadata.creation_timestamp,
                CauseKind.IMAGE,
                f"create Secret {printable(secret.name)} with kubectl create secret docker-registry",
                evidence=(field(secret, "type", f"{secret.type}, keys: {', '.join(secret.keys) or 'none'}"),),
            )


def _pull_secrets(pod: Pod, graph: Graph) -> Iterator[Evidence]:
    names = [reference.name for reference in pod.spec.image_pull_secrets or ()]
    yield field(pod, "spec.imagePullSecrets", ", ".join(names) or "none")
    if names:
        return
    # Those of the ServiceAccount are copied when the pod is created (plugin/pkg/admission/serviceaccount).
    account = graph.get(SERVICE_ACCOUNT, pod.spec.service_account_name or "default", pod.namespace)
    if account is not None and not isinstance(account, Unread) and account.image_pull_secrets:
        later = ", ".join(reference.name for reference in account.image_pull_secrets)
        yield field(account, "imagePullSecrets", f"{later}: set after the pod was created")


def _architecture(pod: Pod, graph: Graph) -> Iterator[Evidence]:
    node = graph.get(NODE, pod.spec.node_name)
    if node is not None and not isinstance(node, Unread):
        architecture = node.metadata.label("kubernetes.io/arch")
        if architecture:
            yield field(node, "metadata.labels[kubernetes.io/arch]", architecture)
