"""What is planned for debugging: what is refused, what is confirmed, what is warned of."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest

from k9py.api.errors import DeniedError, KdashError, MissingApiError, RefusedError
from k9py.config.debug_settings import DebugSettings, Profile
from k9py.operations.debug_container import DebugInContainer, DebugInputs, plan_debug_container
from k9py.operations.debug_copy import CopyInputs, plan_debug_copy
from k9py.operations.debugging.pods import Copy, DebugContainer, check_image
from k9py.operations.debugging.profiles import PROFILES, DebugStyle, Kept, Level, needed_level, profile_text
from k9py.operations.debugging.warnings import admitted_profile, pod_security, state_of_node
from k9py.operations.node_shell import NodeShellInputs, plan_node_shell
from k9py.operations.plan import WarningLevel, WritePlan
from k9py.operations.result import OperationResult
from tests.unit.operations.raw import raw_pod

Raw = dict[str, Any]
BOX = DebugContainer("busybox:1.37")
NODE: Raw = {
    "apiVersion": "v1",
    "kind": "Node",
    "metadata": {"name": "node-1", "uid": "u", "resourceVersion": "1"},
    "status": {"conditions": [{"type": "Ready", "status": "True"}]},
}


def pod(**status: Any) -> Raw:
    raw = copy.deepcopy(raw_pod())
    raw["spec"]["nodeName"] = "node-1"
    raw["status"] |= status
    return raw


def codes(plan: WritePlan) -> set[str]:
    return {warning.code for warning in plan.warnings}


def rows(plan: WritePlan) -> dict[str, str]:
    return {what: after for what, _, after in plan.before_after}


def test_a_debug_container_is_added_to_exactly_the_pod_that_was_read() -> None:
    plan = plan_debug_container(pod(), DebugInputs(BOX, "app"))
    [added] = plan.request.patch["spec"]["ephemeralContainers"]  # type: ignore[index,call-overload]
    assert plan.request.subresource == "ephemeralcontainers"
    assert plan.request.patch["metadata"] == {"uid": "pod-checkout-abc-1", "resourceVersion": "100"}  # type: ignore[index,call-overload]
    assert added["name"] == plan.container
    assert added["targetContainerName"] == "app"
    assert rows(plan)["profile"] == "general: may trace processes, as a debugger does (capability SYS_PTRACE)"
    assert rows(plan)["target"] == "app: it sees the processes of this container"
    assert "cannot be removed" in rows(plan)["afterwards"]
    assert not codes(plan)


@pytest.mark.parametrize(
    ("raw", "inputs", "message"),
    [
        (pod(phase="Succeeded"), DebugInputs(BOX), "has ended"),
        (pod(), DebugInputs(DebugContainer()), "needs an image"),
        (pod(), DebugInputs(DebugContainer("busy box")), "is no image"),
        (pod(), DebugInputs(BOX, "web"), "no container 'web' to target"),
        (pod(), DebugInputs(replace(BOX, name="app")), "a container 'app' already"),
        (pod(), DebugInputs(replace(BOX, profile="root")), "no profile 'root'"),
        (pod(), DebugInputs(replace(BOX, pull_policy="Sometimes")), "no image pull policy"),
        (NODE, DebugInputs(BOX), "only a pod can|gets no debug container"),
    ],
)
def test_a_debug_container_that_cannot_be_is_refused(raw: Raw, inputs: DebugInputs, message: str) -> None:
    with pytest.raises(RefusedError, match=message):
        plan_debug_container(raw, inputs)


DOWN = [{"name": "app", "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]


@pytest.mark.parametrize(
    ("raw", "inputs", "code"),
    [
        (pod(phase="Pending"), DebugInputs(BOX), "pending"),
        ({**pod(), "spec": raw_pod()["spec"]}, DebugInputs(BOX), "not-scheduled"),
        (pod(containerStatuses=DOWN), DebugInputs(BOX, "app"), "target-down"),
        (
            {**pod(), "spec": {**pod()["spec"], "ephemeralContainers": [{"name": "d"}]}},
            DebugInputs(BOX),
            "debug-containers",
        ),
        ({**pod(), "spec": {**pod()["spec"], "securityContext": {"runAsUser": 7}}}, DebugInputs(BOX), "non-root"),
        (pod(), DebugInputs(DebugContainer("busybox")), "latest"),
        (pod(), DebugInputs(DebugContainer("registry:5000/busybox")), "latest"),
    ],
)
def test_what_may_go_wrong_is_warned_of(raw: Raw, inputs: DebugInputs, code: str) -> None:
    assert codes(plan_debug_container(raw, inputs)) == {code}


def test_a_pending_pod_that_has_its_network_is_not_warned_of() -> None:
    """Its image may be what keeps it Pending: a debug container starts all the same."""
    ready = [{"type": "PodReadyToStartContainers", "status": "True"}]
    assert not codes(plan_debug_container(pod(phase="Pending", conditions=ready), DebugInputs(BOX)))


@pytest.mark.parametrize(
    "image", ["busybox", "a/b:1", "registry.example.com:5000/a/b:1.2", f"a@sha256:{'0' * 64}", "a:1@sha256:" + "a" * 64]
)
def test_references_of_images(image: str) -> None:
    check_image(image)


def test_a_copy_is_created_without_what_makes_others_take_it_for_the_pod() -> None:
    plan = plan_debug_copy(pod(), CopyInputs(BOX, Copy("copy")))
    made: Any = plan.request.patch
    assert plan.request.verb == "create"
    assert made["metadata"]["labels"] == {"app.kubernetes.io/managed-by": "kdash-debug"}
    assert "ownerReferences" not in made["metadata"]
    assert codes(plan) == {"runs-twice"}


CLAIM = {"volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}]}


@pytest.mark.parametrize(
    ("raw", "how", "code"),
    [
        (pod(), Copy(kept=Kept(labels=True)), "keeps-labels"),
        ({**pod(), "spec": {**pod()["spec"], **CLAIM}}, Copy(), "same-data"),
        (pod(), Copy(replaces=True), "replaces"),
    ],
)
def test_what_a_copy_does_beside_is_warned_of(raw: Raw, how: Copy, code: str) -> None:
    assert codes(plan_debug_copy(raw, CopyInputs(BOX, how))) == {"runs-twice", code}


def test_a_copy_that_its_replicaset_adopts_is_a_danger() -> None:
    raw = pod()
    raw["metadata"] = {
        **raw["metadata"],
        "labels": {"app": "web"},
        "ownerReferences": [{"kind": "ReplicaSet", "name": "web-1", "controller": True}],
    }
    plan = plan_debug_copy(raw, CopyInputs(DebugContainer(), Copy(images={"*": "other:1"}, is_removed=True)))
    assert rows(plan)["afterwards"] == "nothing is attached to it: it stays until it is deleted"
    [warning] = [each for each in plan.warnings if each.code == "keeps-labels"]
    assert warning.level is WarningLevel.DANGER
    assert "ReplicaSet web-1 adopts it and deletes one too many" in warning.message


@pytest.mark.parametrize(
    ("container", "how", "message"),
    [
        (DebugContainer(), Copy(), "would not differ"),
        (DebugContainer(command=("sh",)), Copy(), "has no image"),
        (BOX, Copy(images={"web": "a:1"}), "no container 'web'"),
        (BOX, Copy(images={"app": "a b"}), "is no image"),
        (BOX, Copy("checkout-abc-1"), "a name of its own"),
    ],
)
def test_a_copy_that_cannot_be_is_refused(container: DebugContainer, how: Copy, message: str) -> None:
    with pytest.raises(RefusedError, match=message):
        plan_debug_copy(pod(), CopyInputs(container, how))


def test_a_pod_on_a_node_says_what_it_may_do_and_when_it_goes() -> None:
    plan = plan_node_shell(NODE, NodeShellInputs(replace(BOX, profile="sysadmin"), "kube-system"))
    assert plan.key.namespace == "kube-system"
    assert rows(plan)["profile"].startswith("sysadmin: privileged: it may do anything on the node")
    assert rows(plan)["afterwards"] == "it is removed when the shell ends; the kubelet ends it after 8 hours"
    with pytest.raises(RefusedError):
        plan_node_shell(pod(), NodeShellInputs(BOX))


@pytest.mark.parametrize(("status", "warns"), [("True", False), ("False", True), ("Unknown", True)])
def test_a_node_that_starts_nothing_is_warned_of(status: str, warns: bool) -> None:
    node = {**NODE, "status": {"conditions": [{"type": "Ready", "status": status, "message": "m"}]}}
    assert bool([*state_of_node(node, "node-1")]) is warns
    assert [*state_of_node(None, "node-1")] == []


# -- PodSecurity -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("level", "profile", "admitted"),
    [
        (None, "general", "general"),
        ("privileged", "sysadmin", "sysadmin"),
        ("baseline", "general", "baseline"),
        ("baseline", "restricted", "restricted"),
        ("restricted", "baseline", "restricted"),
    ],
)
def test_the_profile_that_a_namespace_admits(level: Level | None, profile: str, admitted: str) -> None:
    assert admitted_profile(level, profile, DebugStyle.EPHEMERAL) == admitted
    namespace = None
    if level is not None:
        labels = {"pod-security.kubernetes.io/enforce": level}
        namespace = {"metadata": {"name": "shop", "labels": labels}}
    warned = [warning.code for warning in pod_security(namespace, profile, DebugStyle.EPHEMERAL)]
    assert warned == ([] if admitted == profile else ["pod-security"])


def refusal(level: str) -> KdashError:
    return DeniedError(f'pods "web" is forbidden: violates PodSecurity "{level}:latest": privileged')


@pytest.mark.parametrize(
    ("error", "profile", "hint"),
    [
        (refusal("baseline"), "general", "choose the profile baseline"),
        (refusal("restricted"), "baseline", "choose the profile restricted"),
        (refusal("baseline"), "restricted", "which the pod itself violates"),
        (MissingApiError("the server could not find the requested resource"), "general", "debug a copy"),
        (DeniedError("exceeded quota"), "general", ""),
        (DeniedError("failed quota: q: must specify requests.cpu for: d"), "general", "quota wants requests"),
        (None, "general", ""),
    ],
)
def test_a_refusal_says_what_helps(error: KdashError | None, profile: str, hint: str) -> None:
    inputs = DebugInputs(replace(BOX, profile=profile))
    result = OperationResult(plan_debug_container(pod(), inputs).key, "debug-container", error=error)
    said = DebugInContainer().ended(inputs, result)
    assert said == "" if not hint else hint in said


def test_the_profiles_of_the_settings_are_those_of_kubectl() -> None:
    assert Profile.__args__ == PROFILES  # type: ignore[attr-defined]
    assert DebugSettings().profile in PROFILES
    for style in DebugStyle:
        for profile in PROFILES:
            assert profile_text(profile, style)
            assert needed_level(profile, style)
