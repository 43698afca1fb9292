"""Plans: the patch is what kubectl sent (recorded), except for kdash's preconditions; refusals state the reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from k9py.api.errors import RefusedError
from k9py.api.workloads import RESTARTED_AT
from k9py.operations.pause import plan_pause, plan_resume
from k9py.operations.plan import WritePlan
from k9py.operations.restart import plan_restart
from k9py.operations.revision_template import revision_template
from k9py.operations.scale import plan_scale
from k9py.operations.set_image import plan_set_image
from k9py.operations.undo import no_revision_error, plan_undo
from tests import factories as make
from tests.recordings import body, items, sent

AT = datetime(2026, 11, 22, 6, 48, 8, tzinfo=UTC)


def named(name: str, index: int, revision: str) -> dict[str, Any]:
    return next(obj for obj in items(name, index) if obj["metadata"]["name"] == revision)


def without_preconditions(change: WritePlan, obj: dict[str, Any]) -> Any:
    """Return the patch as kubectl would send it, having checked that ours carries uid and resourceVersion."""
    uid, version = obj["metadata"]["uid"], obj["metadata"]["resourceVersion"]
    patch = change.request.patch
    if isinstance(patch, list):
        assert patch[:2] == [
            {"op": "replace", "path": "/metadata/uid", "value": uid},
            {"op": "replace", "path": "/metadata/resourceVersion", "value": version},
        ]
        return patch[2:]
    assert isinstance(patch, dict)
    metadata = dict(patch["metadata"])
    assert (metadata.pop("uid"), metadata.pop("resourceVersion")) == (uid, version)
    rest = {key: value for key, value in patch.items() if key != "metadata"}
    return {**rest, "metadata": metadata} if metadata else rest


# --- undo ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("recording", "revision"),
    [
        ("undo-kubectl", "checkout-8584c6bfc9"),
        ("undo-dry-run-kubectl", "checkout-8584c6bfc9"),
        ("undo-to-revision-kubectl", "checkout-576765f4dc"),
    ],
)
def test_undo_of_a_deployment_sends_what_kubectl_sent(recording: str, revision: str) -> None:
    obj = body(recording, 0)
    change = plan_undo(obj, named(recording, 2, revision))
    assert change.request.patch_type == "json"
    assert without_preconditions(change, obj) == sent(recording, 3)


@pytest.mark.parametrize(
    ("recording", "obj", "revisions", "revision", "patch"),
    [("statefulset", 10, 11, "cart-db-749dcdb79", 12), ("daemonset", 7, 8, "agent-7c99c6b5c9", 9)],
)
def test_undo_by_controller_revision_sends_what_kubectl_sent(
    recording: str, obj: int, revisions: int, revision: str, patch: int
) -> None:
    workload = body(recording, obj)
    change = plan_undo(workload, named(recording, revisions, revision))
    assert change.request.patch_type == "strategic"
    assert without_preconditions(change, workload) == sent(recording, patch)


def test_undo_lists_its_changes() -> None:
    change = plan_undo(body("undo-kubectl", 0), named("undo-kubectl", 2, "checkout-8584c6bfc9"))
    assert change.summary == "undo Deployment shop/checkout to revision 3"
    assert change.before_after == (
        ("revision", "4", "3"),
        ("image of app", "registry.example.com/checkout:badimage", "registry.example.com/checkout:1.1.0"),
    )
    assert (change.generation, change.resource_version) == (7, "3693")
    message = "managed with kubectl apply: the next apply overwrites this change; update the manifest too"
    assert [(warning.code, warning.message) for warning in change.warnings] == [("applied", message)]


def test_the_template_of_a_revision_is_the_one_the_server_stored_after_kubectls_undo() -> None:
    target = named("undo-kubectl", 2, "checkout-8584c6bfc9")
    assert revision_template(target) == body("undo-kubectl", 3)["spec"]["template"]
    assert "pod-template-hash" in target["spec"]["template"]["metadata"]["labels"], "the revision itself is left alone"


def revision_of(obj: dict[str, Any], image: str = "x:2", number: int = 2) -> dict[str, Any]:
    return {
        "kind": "ReplicaSet",
        "metadata": {
            "name": "checkout-abc",
            "annotations": {"deployment.kubernetes.io/revision": str(number)},
            "ownerReferences": [{"uid": obj["metadata"]["uid"]}],
        },
        "spec": {
            "template": {
                "metadata": {"labels": {"app": obj["metadata"]["name"], "pod-template-hash": "abc"}},
                "spec": {"containers": [{"name": "app", "image": image}]},
            }
        },
    }


def test_undo_refuses_a_paused_deployment_with_a_hint() -> None:
    obj = make.raw_deployment(paused=True)
    with pytest.raises(RefusedError, match="is paused") as caught:
        plan_undo(obj, revision_of(obj))
    assert caught.value.hint == "resume it first"


def test_undo_refuses_the_template_that_is_there_already() -> None:
    obj = make.raw_deployment()
    with pytest.raises(RefusedError, match="revision 2 is the current one"):
        plan_undo(obj, revision_of(obj, image=make.IMAGE))


def test_undo_refuses_a_revision_that_is_gone_or_of_another_workload() -> None:
    obj = make.raw_deployment()
    with pytest.raises(RefusedError, match="is gone"):
        plan_undo(obj, None)
    with pytest.raises(RefusedError, match="is not one of Deployment shop/checkout"):
        plan_undo(obj, revision_of(make.raw_deployment("other")))


def test_undo_adds_annotations_where_there_are_none() -> None:
    obj = make.raw_deployment()
    del obj["metadata"]["annotations"]
    patch = plan_undo(obj, revision_of(obj)).request.patch
    assert isinstance(patch, list)
    assert patch[-1] == {"op": "add", "path": "/metadata/annotations", "value": {}}


@pytest.mark.parametrize(
    ("limit", "read", "texts"),
    [
        (None, True, ("Deployment shop/checkout has no earlier revision to roll back to", "")),
        (0, True, ("Deployment shop/checkout has no earlier revision to roll back to", "revisionHistoryLimit is 0")),
        (0, False, ("the revisions of Deployment shop/checkout are not known", "they are kept in ReplicaSets")),
    ],
)
def test_undo_says_why_there_is_nothing_to_go_back_to(limit: int | None, read: bool, texts: tuple[str, str]) -> None:
    obj = make.raw_deployment()
    obj["spec"]["revisionHistoryLimit"] = limit
    refused = no_revision_error(obj, read=read)
    assert refused.message == texts[0]
    assert texts[1] in refused.hint


def test_undo_of_a_stateful_set_names_the_pod_that_will_stay_stuck() -> None:
    obj, target = body("statefulset", 10), named("statefulset", 11, "cart-db-749dcdb79")
    pods = [
        make.pod("cart-db-0", revision_hash="cart-db-749dcdb79", ready=False),
        make.pod("cart-db-1", revision_hash="cart-db-579f464d64", ready=False),
        make.pod("cart-db-2", revision_hash="cart-db-579f464d64"),
    ]
    warning, *others = plan_undo(obj, target, pods=pods).warnings
    assert [warning.code for warning in others] == ["applied"]
    assert (warning.code, warning.message) == (
        "stuck-pods",
        "pod cart-db-1 stays stuck until you delete it",
    )
    parallel = {**obj, "spec": {**obj["spec"], "podManagementPolicy": "Parallel"}}
    assert [warning.code for warning in plan_undo(parallel, target, pods=pods).warnings] == ["applied"]


# --- restart -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("recording", "patch", "at"),
    [("restart-kubectl", 1, AT), ("statefulset", 1, datetime(2026, 11, 22, 6, 49, 0, tzinfo=UTC))],
)
def test_restart_sends_what_kubectl_sent(recording: str, patch: int, at: datetime) -> None:
    obj = body(recording, 0)
    change = plan_restart(obj, at)
    assert change.request.patch_type == "strategic"
    assert without_preconditions(change, obj) == sent(recording, patch)
    assert change.before_after == (("restarted at", "never", at.strftime("%Y-%m-%dT%H:%M:%SZ")),)


def test_restart_refuses_a_paused_deployment_and_a_second_restart_in_one_second() -> None:
    with pytest.raises(RefusedError, match="is paused"):
        plan_restart(make.raw_deployment(paused=True), make.NOW)
    obj = make.raw_deployment()
    obj["spec"]["template"]["metadata"]["annotations"] = {RESTARTED_AT: "2026-11-22T12:00:00Z"}
    with pytest.raises(RefusedError, match="within this second"):
        plan_restart(obj, make.NOW)


def test_restart_with_recreate_or_of_an_only_stateful_pod_warns_of_downtime() -> None:
    obj = make.raw_deployment()
    obj["spec"]["strategy"] = {"type": "Recreate"}
    assert [warning.code for warning in plan_restart(obj, make.NOW).warnings] == ["downtime"]
    single = {**body("statefulset", 10), "spec": {**body("statefulset", 10)["spec"], "replicas": 1}}
    assert [warning.code for warning in plan_restart(single, make.NOW).warnings] == ["downtime"]


def test_restart_with_on_delete_or_a_partition_says_that_pods_stay() -> None:
    spec = body("statefulset", 10)["spec"]
    on_delete = {**body("statefulset", 10), "spec": {**spec, "updateStrategy": {"type": "OnDelete"}}}
    partition = {**spec, "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}}
    assert [warning.code for warning in plan_restart(on_delete, make.NOW).warnings] == ["on-delete"]
    held = {**body("statefulset", 10), "spec": partition}
    assert [warning.code for warning in plan_restart(held, make.NOW).warnings] == ["partition"]


# --- scale ---------------------------------------------------------------------------------------------------------


def test_scale_goes_through_the_subresource_with_the_recorded_patch() -> None:
    obj = make.raw_deployment(replicas=4)
    change = plan_scale(obj, 3)
    assert (change.request.subresource, change.request.patch_type) == ("scale", "merge")
    assert without_preconditions(change, obj) == sent("scale", 0)
    assert (change.summary, change.before_after) == (
        "scale Deployment shop/checkout from 4 to 3",
        (("replicas", "4", "3"),),
    )


@pytest.mark.parametrize(
    ("obj", "replicas", "message"),
    [
        (make.raw_deployment(replicas=3), 3, "already has 3 replicas"),
        (make.raw_deployment(), -1, "replicas cannot be -1"),
        (make.raw_deployment(), 2**31, "replicas cannot be 2147483648"),
        (make.raw_deployment(), True, "must be a whole number"),
        (make.raw_deployment(), 2.5, "must be a whole number"),
        (make.raw_deployment(), "3", "must be a whole number"),
        ({**make.raw_deployment(), "kind": "DaemonSet"}, 3, "DaemonSet shop/checkout cannot be scaled"),
        ({**make.raw_deployment(), "apiVersion": "batch/v1", "kind": "Job"}, 3, "Job shop/checkout cannot be scaled"),
    ],
)
def test_scale_refuses_invalid_numbers(obj: dict[str, Any], replicas: Any, message: str) -> None:
    with pytest.raises(RefusedError, match=message):
        plan_scale(obj, replicas)


@pytest.mark.parametrize(
    ("wanted", "codes", "message"),
    [
        (4, ["autoscaler"], "HPA checkout (2-6) will overwrite this"),
        (9, ["autoscaler"], "HPA checkout (2-6) will set it back to 6"),
        (1, ["autoscaler"], "HPA checkout (2-6) will set it back to 2"),
        (0, ["autoscaler", "zero"], "HPA checkout (2-6) does nothing at 0 replicas until"),
    ],
)
def test_scale_warns_of_the_autoscaler_with_its_bounds(wanted: int, codes: list[str], message: str) -> None:
    change = plan_scale(make.raw_deployment(), wanted, autoscaler=make.autoscaler(make.deployment()))
    assert [warning.code for warning in change.warnings] == codes
    assert change.warnings[0].message.startswith(message)


def test_scale_warns_about_an_unusually_large_number() -> None:
    assert [warning.code for warning in plan_scale(make.raw_deployment(), 300).warnings] == ["large"]
    assert plan_scale(make.raw_deployment(), 10).warnings == ()


# --- pause and resume ----------------------------------------------------------------------------------------------


def test_pause_and_resume_send_what_kubectl_sent() -> None:
    running, paused = body("pause-resume-kubectl", 0), body("pause-resume-kubectl", 9)
    assert without_preconditions(plan_pause(running), running) == sent("pause-resume-kubectl", 1)
    assert without_preconditions(plan_resume(paused), paused) == sent("pause-resume-kubectl", 10)


def test_pause_and_resume_refuse_no_ops_and_other_kinds() -> None:
    with pytest.raises(RefusedError, match="is already paused"):
        plan_pause(make.raw_deployment(paused=True))
    with pytest.raises(RefusedError, match="is not paused"):
        plan_resume(make.raw_deployment())
    for plan in (plan_pause, plan_resume):
        with pytest.raises(RefusedError, match="StatefulSet shop/cart-db cannot be") as caught:
            plan(body("statefulset", 10))
        assert caught.value.hint == "only a Deployment can"


# --- every plan ----------------------------------------------------------------------------------------------------

ARGO = "shop:apps/Deployment:shop/checkout"
PLANS: list[Callable[[dict[str, Any]], WritePlan]] = [
    lambda obj: plan_scale(obj, 5),
    lambda obj: plan_restart(obj, make.NOW),
    lambda obj: plan_undo(obj, revision_of(obj)),
    plan_pause,
]


@pytest.mark.parametrize("plan", PLANS)
def test_an_object_being_deleted_or_not_read_is_refused(plan: Callable[[dict[str, Any]], WritePlan]) -> None:
    ending = make.raw_deployment()
    ending["metadata"]["deletionTimestamp"] = "2026-11-22T12:00:00Z"
    with pytest.raises(RefusedError, match="is being deleted"):
        plan(ending)
    unread = make.raw_deployment()
    del unread["metadata"]["resourceVersion"]
    with pytest.raises(RefusedError, match="not known well enough"):
        plan(unread)


@pytest.mark.parametrize("plan", PLANS)
def test_a_plan_does_not_change_what_it_was_given(plan: Callable[[dict[str, Any]], WritePlan]) -> None:
    obj = make.raw_deployment()
    plan(obj)
    assert obj == make.raw_deployment()


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        ({"annotations": {"argocd.argoproj.io/tracking-id": ARGO}}, "gitops", "managed by Argo CD (application shop)"),
        ({"labels": {"kustomize.toolkit.fluxcd.io/name": "shop"}}, "gitops", "managed by Flux (kustomization shop)"),
        ({"managedFields": [{"manager": "helm-controller"}]}, "gitops", "managed by Flux, which"),
        ({"annotations": {"meta.helm.sh/release-name": "shop"}}, "helm", "managed by Helm release shop"),
    ],
)
def test_the_manager_that_will_revert_it_is_named(
    plan: Callable[[dict[str, Any]], WritePlan], change: dict[str, Any], code: str, message: str
) -> None:
    obj = make.raw_deployment()
    obj["metadata"] |= change
    [warning] = plan(obj).warnings
    assert warning.code == code
    assert warning.message.startswith(message)


@pytest.mark.parametrize("plan", PLANS)
def test_an_object_nobody_else_manages_gets_no_warning(plan: Callable[[dict[str, Any]], WritePlan]) -> None:
    obj = make.raw_deployment()
    obj["metadata"]["managedFields"] = [
        {"manager": "kubectl-client-side-apply"},
        {"manager": "kube-controller-manager"},
    ]
    assert plan(obj).warnings == ()


def test_undo_names_the_current_revision_by_number_if_known() -> None:
    obj, target = body("statefulset", 10), named("statefulset", 11, "cart-db-749dcdb79")
    assert plan_undo(obj, target, present_number=2).before_after[0] == ("revision", "2", "1")
    assert plan_undo(obj, target).before_after[0] == ("revision", "cart-db-579f464d64", "1")


@pytest.mark.parametrize(
    "plan",
    [
        lambda obj: plan_restart(obj, AT),
        plan_pause,
        plan_resume,
        lambda obj: plan_undo(obj, None),
        lambda obj: plan_set_image(obj, {"app": "web:2"}),
        lambda obj: plan_scale(obj, 3),
    ],
    ids=["restart", "pause", "resume", "undo", "set-image", "scale"],
)
def test_a_kind_of_another_group_with_a_standard_name_is_refused_by_its_whole_name(
    plan: Callable[[dict[str, Any]], WritePlan],
) -> None:
    obj = {**body("undo-kubectl", 0), "apiVersion": "reviewer.example.com/v1"}
    with pytest.raises(RefusedError, match=r"Deployment\.reviewer\.example\.com"):
        plan(obj)
