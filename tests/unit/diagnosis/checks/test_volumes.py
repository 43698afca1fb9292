"""What is wrong with claims, and why volumes are not mounted."""

from __future__ import annotations

from typing import Any

import pytest

from k9py.api.kinds import PERSISTENT_VOLUME_CLAIM, POD, VOLUME_ATTACHMENT
from k9py.api.severity import Severity
from k9py.diagnosis.checks.claims import claim_terminating, claim_unbound, volume_attachment
from k9py.diagnosis.checks.mounts import pod_volume
from k9py.diagnosis.finding import Finding
from tests.factories.graph import GraphOfObjects, findings_of
from tests.factories.placement import (
    claim_json,
    event_json,
    metadata,
    node_json,
    pod_json,
    storage_class_json,
    volume_json,
)

_USES = [{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}]
_STATIC = storage_class_json("static", provisioner="kubernetes.io/no-provisioner", mode="WaitForFirstConsumer")


def _claim(*objects: Any) -> list[tuple[Severity, str]]:
    world = GraphOfObjects(*objects)
    subject = world.subject(PERSISTENT_VOLUME_CLAIM, "data", "shop")
    return [(each.severity, each.message) for each in findings_of(claim_unbound, subject, world)]


@pytest.mark.parametrize(
    ("objects", "message"),
    [
        (
            (claim_json("data", storage_class="fast-sdd"), storage_class_json("fast-ssd")),
            "StorageClass fast-sdd does not exist; similar: fast-ssd",
        ),
        (
            (claim_json("data"), storage_class_json("fast")),
            (
                "it names no StorageClass and none is the default (there are fast); "
                "no persistent volumes available for this claim"
            ),
        ),
        (
            (claim_json("data", storage_class="", size="9Gi"), volume_json("pv-1"), volume_json("pv-2", phase="Bound")),
            "no PersistentVolume fits it, and it asks for no StorageClass; pv-1 has 5Gi of 9Gi",
        ),
        (
            (claim_json("data", phase="Lost", volumeName="pv-1"),),
            "has lost its volume: PersistentVolume pv-1 does not exist",
        ),
        (
            (claim_json("data", storage_class="", volumeName="pv-2"), volume_json("pv-1")),
            "PersistentVolume pv-2, which it names, does not exist; similar: pv-1",
        ),
        (
            (
                claim_json("data", storage_class="", volumeName="pv-1"),
                volume_json("pv-1", phase="Bound", claimRef={"namespace": "shop", "name": "other"}),
            ),
            "PersistentVolume pv-1, which it names, is bound to claim shop/other",
        ),
        (
            (claim_json("data", storage_class="fast"), storage_class_json("fast")),
            "provisioner csi.example.com has not created its volume (StorageClass fast)",
        ),
        (
            (
                claim_json("data", storage_class="fast"),
                storage_class_json("fast"),
                event_json("PersistentVolumeClaim", "data", "ProvisioningFailed", "failed to provision volume: quota"),
            ),
            "failed to provision volume: quota (StorageClass fast)",
        ),
        (
            (
                claim_json("data", storage_class="static", size="9Gi"),
                _STATIC,
                volume_json("pv-1", storage_class="static"),
                pod_json("web-1", volumes=_USES),
            ),
            "no PersistentVolume of StorageClass static fits it; pv-1 has 5Gi of 9Gi",
        ),
        (
            (
                claim_json("data", storage_class="static", accessModes=["ReadWriteMany"]),
                _STATIC,
                volume_json("pv-1", storage_class="static"),
                pod_json("web-1", volumes=_USES),
            ),
            "no PersistentVolume of StorageClass static fits it; pv-1 offers ReadWriteOnce, not ReadWriteMany",
        ),
        (
            (
                claim_json("data", storage_class="static"),
                _STATIC,
                volume_json(
                    "pv-1", storage_class="static", phase="Released", claimRef={"namespace": "shop", "name": "x"}
                ),
                pod_json("web-1", volumes=_USES),
            ),
            "no PersistentVolume of StorageClass static fits it; pv-1 is bound to claim shop/x",
        ),
    ],
)
def test_an_unbound_claim_says_why(objects: tuple[Any, ...], message: str) -> None:
    assert _claim(*objects) == [(Severity.DOWN, message)]


def test_a_claim_that_waits_for_its_first_pod_is_only_worth_knowing() -> None:
    wait = storage_class_json("wait", mode="WaitForFirstConsumer")

    ((severity, message),) = _claim(claim_json("data", storage_class="wait"), wait)

    assert (severity, message) == (Severity.INFO, "waits for its first pod (StorageClass wait binds then)")


@pytest.mark.parametrize(
    "objects",
    [
        (claim_json("data", storage_class="fast", phase="Bound", volumeName="pv-1"),),
        ({**claim_json("data", storage_class="no"), "metadata": metadata("data", "shop", created=3)},),
        (
            {**claim_json("data", storage_class="fast"), "metadata": metadata("data", "shop", created=50)},
            storage_class_json("fast"),
        ),
        (
            claim_json("data"),
            storage_class_json(
                "std",
                mode="WaitForFirstConsumer",
                annotations={"storageclass.kubernetes.io/is-default-class": "true"},
            ),
            pod_json("web-1", volumes=_USES),
        ),
        (claim_json("data", storage_class="manual"), volume_json("pv-1", storage_class="manual")),
    ],
    ids=["bound", "just created", "being provisioned", "its pod is being scheduled", "about to be bound"],
)
def test_claims_on_their_way_are_no_problem(objects: tuple[Any, ...]) -> None:
    assert _claim(*objects) == []


def test_a_claim_that_its_pods_keep_names_them_after_a_while() -> None:
    kept: dict[str, Any] = {"finalizers": ["kubernetes.io/pvc-protection"]}
    pod = pod_json("web-1", node="a", phase="Running", volumes=_USES)
    world = GraphOfObjects({**claim_json("data"), "metadata": metadata("data", "shop", deleted=600, **kept)}, pod)
    early = GraphOfObjects({**claim_json("data"), "metadata": metadata("data", "shop", deleted=20, **kept)}, pod)

    (finding,) = findings_of(claim_terminating, world.subject(PERSISTENT_VOLUME_CLAIM, "data", "shop"), world)

    assert finding.message == "is being deleted, and kept by the pods that use it: web-1"
    assert findings_of(claim_terminating, early.subject(PERSISTENT_VOLUME_CLAIM, "data", "shop"), early) == ()


def test_the_error_of_an_attachment_is_about_the_claim() -> None:
    attachment = {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "VolumeAttachment",
        "metadata": metadata("csi-1"),
        "spec": {"attacher": "csi", "nodeName": "a", "source": {"persistentVolumeName": "pv-1"}},
        "status": {"attached": False, "attachError": {"message": "rpc error: disk not found"}},
    }
    owner = {"namespace": "shop", "name": "data"}
    world = GraphOfObjects(attachment, volume_json("pv-1", phase="Bound", claimRef=owner))

    (finding,) = findings_of(volume_attachment, world.subject(VOLUME_ATTACHMENT, "csi-1"), world)

    assert str(finding.about) == "PersistentVolumeClaim shop/data"
    assert finding.message == "volume cannot be attached to node a: rpc error: disk not found"


# -- mounts -----------------------------------------------------------------------------------------------------------

_GENERIC = (
    "Unable to attach or mount volumes: unmounted volumes=[conf], unattached volumes=[], failed to process volumes=[]: "
    "context deadline exceeded"
)
_SETUP = 'MountVolume.SetUp failed for volume "{}" : {}'


def _mounted(
    volume: Any, *events: tuple[str, str], others: tuple[Any, ...] = (), since: float = 300
) -> tuple[Finding, ...]:
    pod = pod_json("web-1", node="a", since=since, volumes=[volume])
    listed = [
        event_json("Pod", "web-1", reason, text, since=200 - number, last=90 - 20 * number)
        for number, (reason, text) in enumerate(events)
    ]
    world = GraphOfObjects(pod, *listed, *others)
    return findings_of(pod_volume, world.subject(POD, "web-1", "shop"), world)


_CONF: Any = {"name": "conf", "configMap": {"name": "web-conf", "items": [{"key": "a.conf", "path": "a"}]}}
_DATA: Any = {"name": "d", "persistentVolumeClaim": {"claimName": "data"}}
_BOUND = claim_json("data", phase="Bound", volumeName="pv-1")


def _config_map(name: str, **data: str) -> Any:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata(name, "shop"), "data": data}


@pytest.mark.parametrize(
    ("volume", "text", "others", "about", "message"),
    [
        (_CONF, 'configmap "web-conf" not found', (_config_map("web-config"),), "ConfigMap shop/web-conf",
         "does not exist; similar: web-config"),
        (_CONF, "configmap references non-existent config key: a.conf", (_config_map("web-conf", **{"b.conf": "x"}),),
         "ConfigMap shop/web-conf", "has no key a.conf; similar: b.conf"),
        ({"name": "conf", "secret": {"secretName": "tls"}}, 'secret "tls" not found', (),
         "Secret shop/tls", "does not exist"),
        ({"name": "conf", "projected": {"sources": [{"secret": {"name": "tok", "items": [{"key": "k"}]}}]}},
         "references non-existent secret key: k",
         ({"apiVersion": "v1", "kind": "Secret", "metadata": metadata("tok", "shop"), "data": {"other": "eA=="}},),
         "Secret shop/tok", "has no key k"),
        ({**_DATA, "name": "conf"}, "rpc error: code = Internal desc = wrong fs type", (_BOUND,),
         "PersistentVolumeClaim shop/data", "volume cannot be mounted: wrong fs type"),
    ],
)  # fmt: skip
def test_the_root_is_what_the_volume_refers_to_whatever_came_last(
    volume: Any, text: str, others: tuple[Any, ...], about: str, message: str
) -> None:
    specific, generic = ("FailedMount", _SETUP.format("conf", text)), ("FailedMount", _GENERIC)

    (finding,) = _mounted(volume, specific, generic, others=others)

    assert finding.message.startswith("volume conf cannot be mounted: ")
    (cause,) = finding.caused_by
    assert isinstance(cause, Finding)
    assert (str(cause.about), cause.message) == (about, message)


def test_a_host_path_of_another_type_is_the_pods_own_fault() -> None:
    volume = {"name": "conf", "hostPath": {"path": "/data", "type": "Directory"}}

    (finding,) = _mounted(
        volume, ("FailedMount", _SETUP.format("conf", "hostPath type check failed: /data is not a directory"))
    )

    assert finding.message == "volume conf cannot be mounted: hostPath type check failed: /data is not a directory"
    assert finding.caused_by == ()


def test_a_volume_that_another_node_has_names_the_pod_that_uses_it() -> None:
    text = 'Multi-Attach error for volume "pv-1" Volume is already used by pod(s) web-0'
    other = pod_json("web-0", node="b", phase="Running", volumes=[_DATA])

    (finding,) = _mounted(_DATA, ("FailedAttachVolume", text), others=(_BOUND, other))

    (cause,) = finding.caused_by
    assert isinstance(cause, Finding)
    assert cause.message == "Multi-Attach: volume pv-1 is attached for pod web-0 on node b"
    assert "object.delete" in [step.action for step in cause.next_steps]

    status = {"conditions": [{"type": "Ready", "status": "Unknown"}]}
    lost = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "b", "uid": "b"}, "status": status}
    (finding,) = _mounted(_DATA, ("FailedAttachVolume", text), others=(_BOUND, other, lost))
    (cause,) = finding.caused_by
    assert isinstance(cause, Finding)
    assert "object.delete" not in [step.action for step in cause.next_steps]


def test_a_volume_that_is_attached_for_no_pod_names_the_node() -> None:
    text = 'Multi-Attach error for volume "pv-1" Volume is already exclusively attached to one node'
    attachment = {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "VolumeAttachment",
        "metadata": metadata("csi-1"),
        "spec": {"attacher": "csi", "nodeName": "b", "source": {"persistentVolumeName": "pv-1"}},
        "status": {"attached": True},
    }

    (finding,) = _mounted(_DATA, ("FailedAttachVolume", text), others=(_BOUND, attachment))

    (cause,) = finding.caused_by
    assert isinstance(cause, Finding)
    assert (cause.message, [str(each) for each in cause.caused_by]) == (
        "Multi-Attach: still attached to node b",
        ["Node b"],
    )


@pytest.mark.parametrize(
    ("exists", "about"), [(True, "Node a"), (False, "CSIDriver ebs.csi.aws.com")], ids=["not on the node", "nowhere"]
)
def test_a_csi_driver_that_is_not_registered_is_the_cause(exists: bool, about: str) -> None:
    text = (
        'MountVolume.MountDevice failed for volume "pv-1" : kubernetes.io/csi: attacher.MountDevice failed to create \
newCsiDriverClient: driver name ebs.csi.aws.com not found in the list of registered CSI drivers'
    )
    driver = {"apiVersion": "storage.k8s.io/v1", "kind": "CSIDriver", "metadata": metadata("ebs.csi.aws.com")}

    (finding,) = _mounted(_DATA, ("FailedMount", text), others=(_BOUND, node_json("a"), *((driver,) if exists else ())))

    (cause,) = finding.caused_by
    assert isinstance(cause, Finding)
    assert str(cause.about) == about


def test_what_exists_by_now_or_has_just_begun_is_no_problem() -> None:
    event = ("FailedMount", _SETUP.format("conf", 'configmap "web-conf" not found'))

    assert _mounted(_CONF, event, others=(_config_map("web-conf", **{"a.conf": "x"}),)) == ()
    assert _mounted(_CONF, event, since=8) == ()
    assert _mounted(_CONF) == ()
