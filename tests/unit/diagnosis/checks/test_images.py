# ruff: noqa: E501 (messages as they are reported)
"""Images that cannot be pulled, and those that are still being pulled."""

from __future__ import annotations

import pytest

from k9py.api.kinds import DEPLOYMENT
from k9py.api.severity import Severity
from k9py.diagnosis.checks.health import workload_health
from k9py.diagnosis.checks.images import image_pull, image_pulling
from k9py.diagnosis.finding import Finding
from tests import factories as make
from tests.factories.graph import GraphOfObjects, findings_of
from tests.unit.diagnosis.checks.broken_pods import Json, event, found, object_json, pod, status, waiting

IMAGE = make.IMAGE
BACK_OFF = f'Back-off pulling image "{IMAGE}"'
RESOLVE = f'rpc error: code = Unknown desc = failed to pull and unpack image "{IMAGE}": failed to resolve reference "{IMAGE}": '
DENIED = f"{RESOLVE}failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://registry.example.com/token: 401 Unauthorized"
NAMED = "image checkout:1.0.0 cannot be pulled"
FROM = "from registry.example.com"


def unpulled(reason: str, message: str, **more: object) -> Json:
    return pod(status(waiting(reason, message)), phase="Pending", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("reason", "message", "stable_reason", "text"),
    [
        ("ErrImagePull", f"{RESOLVE}{IMAGE}: not found", "ImagePull", f"{NAMED} (not found) {FROM}"),
        (
            "ImagePullBackOff",
            f"{BACK_OFF}: ErrImagePull: {RESOLVE}{IMAGE}: not found",
            "ImagePull",
            f"{NAMED} (not found) {FROM}",
        ),
        ("ErrImagePull", DENIED, "ImagePull", f"{NAMED} (access denied) {FROM}: the pod has no pull secret"),
        ("ImagePullBackOff", BACK_OFF, "ImagePull", f"{NAMED} {FROM}"),
        (
            "SignatureValidationFailed",
            f"image pull failed for {IMAGE} because the signature validation failed",
            "SignatureValidationFailed",
            f"{NAMED} (signature not accepted) {FROM}",
        ),
        (
            "RegistryUnavailable",
            f"image pull failed for {IMAGE} because the registry is unavailable: dial tcp 10.1.1.1:443: connect: connection refused",
            "RegistryUnavailable",
            f"{NAMED} (registry unreachable) {FROM}",
        ),
        (
            "InvalidImageName",
            f'Failed to apply default image tag "{IMAGE}": couldn\'t parse image name "{IMAGE}": invalid reference format: repository name must be lowercase',
            "InvalidImageName",
            f"image name '{IMAGE}' of container app is not valid: invalid reference format: repository name must be lowercase",
        ),
        (
            "ErrImageNeverPull",
            f'Container image "{IMAGE}" is not present with pull policy of Never',
            "ErrImageNeverPull",
            f"image {IMAGE} is not on the node and its pull policy is Never",
        ),
    ],
)
def test_each_failure_is_named(reason: str, message: str, stable_reason: str, text: str) -> None:
    (finding,) = found(image_pull, unpulled(reason, message))
    assert (finding.severity, finding.reason, finding.message) == (Severity.DOWN, stable_reason, text)
    assert finding.container == "app"
    assert finding.remedy
    assert finding.evidence[0].where == "status.containerStatuses[app].state.waiting"


def test_an_older_kubelet_says_why_in_an_event_before_the_back_off() -> None:
    subject = unpulled("ImagePullBackOff", BACK_OFF)
    failed = event(
        subject, "Failed", f'Failed to pull image "{IMAGE}": {RESOLVE}{IMAGE}: not found', first=240, seen=200
    )
    generic = event(subject, "Failed", "Error: ImagePullBackOff", seen=2)
    (finding,) = found(image_pull, subject, failed, generic)
    assert finding.message == f"{NAMED} (not found) {FROM}"
    assert finding.since == make.before(240)
    assert finding.evidence[1].text.endswith("not found")


SECRETS = {"spec": {"imagePullSecrets": [{"name": "regcred"}]}}


def causes(finding: Finding) -> list[tuple[str, str]]:
    return [(str(cause.about), cause.message) for cause in finding.caused_by if isinstance(cause, Finding)]


def test_a_pull_secret_that_does_not_exist_is_the_root() -> None:
    subject = unpulled("ErrImagePull", DENIED, **SECRETS)
    lost = event(
        subject,
        "FailedToRetrieveImagePullSecret",
        "Unable to retrieve some image pull secrets (regcred); attempting to pull the image may not succeed.",
        container="",
    )
    near = object_json("Secret", "regcerd", type="kubernetes.io/dockerconfigjson", data={".dockerconfigjson": "e30="})
    (finding,) = found(image_pull, subject, lost, near)
    assert causes(finding) == [("Secret shop/regcred", "does not exist; similar: regcerd")]
    texts = [each.text for each in finding.evidence]
    assert "regcred" in texts
    assert any("Unable to retrieve" in text for text in texts)


def test_a_pull_secret_of_another_type_is_the_root_and_a_right_one_is_not() -> None:
    subject = unpulled("ErrImagePull", DENIED, **SECRETS)
    (wrong,) = found(image_pull, subject, object_json("Secret", "regcred", type="Opaque", data={"password": "eA=="}))
    ((about, message),) = causes(wrong)
    assert about == "Secret shop/regcred"
    assert message.startswith("has no credentials of a registry: it is of type Opaque")
    right = object_json("Secret", "regcred", type="kubernetes.io/dockerconfigjson", data={".dockerconfigjson": "e30="})
    (finding,) = found(image_pull, subject, right)
    assert finding.caused_by == ()


def test_an_unread_secret_is_not_called_missing() -> None:
    (finding,) = found(image_pull, unpulled("ErrImagePull", DENIED, **SECRETS), unread={"Secret": "forbidden"})
    assert finding.caused_by == ()


def test_pull_secrets_that_the_service_account_got_later_are_named() -> None:
    account = object_json("ServiceAccount", "default", imagePullSecrets=[{"name": "regcred"}])
    (finding,) = found(image_pull, unpulled("ErrImagePull", DENIED), account)
    assert "regcred: set after the pod was created" in [each.text for each in finding.evidence]


def test_the_architecture_of_the_node_is_evidence() -> None:
    node = object_json("Node", "node-1", namespace="")
    node["metadata"]["labels"] = {"kubernetes.io/arch": "arm64"}
    message = f"{RESOLVE}no match for platform in manifest: not found"
    (finding,) = found(image_pull, unpulled("ErrImagePull", message), node)
    assert finding.message == f"{NAMED} (no image for this node's platform) {FROM}"
    assert finding.evidence[-1].text == "arm64"


def test_an_image_that_is_still_being_pulled_is_information() -> None:
    subject = pod(status(waiting("ContainerCreating")), phase="Pending", age=240)
    pulling = event(subject, "Pulling", f'Pulling image "{IMAGE}"', first=230, seen=230, type_="Normal")
    (finding,) = found(image_pulling, subject, pulling)
    assert (finding.severity, finding.since) == (Severity.INFO, make.before(230))
    assert finding.message == f"image {IMAGE} is being pulled"
    assert found(image_pull, subject, pulling) == ()


@pytest.mark.parametrize(
    ("reason", "pulled_for", "counts"),
    [("Pulling", 240, 0), ("Pulling", 1000, 1), ("Failed", 240, 1)],
    ids=["being pulled", "for too long", "failed since"],
)
def test_a_workload_whose_pods_only_wait_for_a_large_image_is_not_down(
    reason: str, pulled_for: float, counts: int
) -> None:
    deployment = make.deployment("web", replicas=1, ready=0)
    replica_set = make.replica_set(deployment, replicas=1, ready=0)
    owner = {"kind": "ReplicaSet", "name": replica_set.name, "uid": replica_set.uid}
    labels = {"app": "web", "pod-template-hash": "aaa"}
    subject = pod(status(waiting("ContainerCreating")), phase="Pending", age=pulled_for + 5, owner=owner, labels=labels)
    latest = event(subject, reason, "image", first=pulled_for, seen=pulled_for, type_="Normal")
    graph = GraphOfObjects(deployment, replica_set, subject, latest)
    assert len(findings_of(workload_health, graph.subject(DEPLOYMENT, "web", "shop"), graph)) == counts


@pytest.mark.parametrize(
    "subject",
    [
        pod(status(waiting("ContainerCreating")), phase="Pending", age=20),
        pod(status(waiting("ContainerCreating")), phase="Pending", age=240),
        pod(status({"running": {}}, ready=True)),
        unpulled("ErrImagePull", DENIED, deleted=-5),
        unpulled("CreateContainerConfigError", 'secret "db" not found'),
    ],
    ids=["just created", "no event", "runs", "terminating", "another reason"],
)
def test_a_pod_that_waits_for_no_image_is_silent(subject: Json) -> None:
    assert found(image_pull, subject) == ()
    assert found(image_pulling, subject) == ()
