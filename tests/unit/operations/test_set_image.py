"""Setting images: the patch is kubectl's (recorded); invalid images are refused with a message."""

from __future__ import annotations

from typing import Any

import pytest

from k9py.api.errors import RefusedError
from k9py.api.workloads import CHANGE_CAUSE
from k9py.operations.set_image import plan_set_image
from tests import factories as make
from tests.recordings import body, sent
from tests.unit.operations.test_plans import without_preconditions

NEWER = "registry.example.com/checkout:1.1.0"


def with_init(**changes: Any) -> dict[str, Any]:
    obj = make.raw_deployment(**changes)
    obj["spec"]["template"]["spec"]["initContainers"] = [{"name": "migrate", "image": "registry.example.com/m:1"}]
    return obj


def test_it_sends_what_kubectl_sent() -> None:
    obj = body("set-image-kubectl", 0)
    change = plan_set_image(obj, {"app": NEWER})
    assert (change.operation, change.request.patch_type) == ("set-image", "strategic")
    patch = without_preconditions(change, obj)
    assert patch.pop("metadata") == {"annotations": {CHANGE_CAUSE: f"kdash set-image deploy/checkout app={NEWER}"}}
    assert patch == sent("set-image-kubectl", 1)


@pytest.mark.parametrize(("kind", "short"), [("Deployment", "deploy"), ("StatefulSet", "sts"), ("DaemonSet", "ds")])
def test_the_command_is_the_change_cause_in_the_same_patch_and_in_what_is_confirmed(kind: str, short: str) -> None:
    obj = {**with_init(annotations={CHANGE_CAUSE: "release 1.0"}), "kind": kind}
    change = plan_set_image(obj, {"app": NEWER, "migrate": "registry.example.com/m:2"})
    cause = f"kdash set-image {short}/checkout app={NEWER} migrate=registry.example.com/m:2"
    assert change.before_after[-1] == ("change-cause", "release 1.0", cause)
    assert isinstance(change.request.patch, dict)
    assert change.request.patch["metadata"]["annotations"] == {CHANGE_CAUSE: cause}


def test_the_plan_lists_changed_images_only() -> None:
    change = plan_set_image(with_init(), {"app": NEWER, "migrate": "registry.example.com/m:1"})
    cause = f"kdash set-image deploy/checkout app={NEWER}"
    assert change.before_after == (("image of app", make.IMAGE, NEWER), ("change-cause", "none", cause))
    assert change.summary == f"set image of Deployment shop/checkout: app={NEWER}"
    assert isinstance(change.request.patch, dict)
    assert set(change.request.patch["spec"]["template"]["spec"]) == {"containers", "$setElementOrder/containers"}


def test_an_init_container_is_changed_where_it_stands() -> None:
    change = plan_set_image(with_init(), {"migrate": "registry.example.com/m:2"})
    assert isinstance(change.request.patch, dict)
    assert change.request.patch["spec"]["template"]["spec"] == {
        "$setElementOrder/initContainers": [{"name": "migrate"}],
        "initContainers": [{"name": "migrate", "image": "registry.example.com/m:2"}],
    }


@pytest.mark.parametrize(
    "image",
    ["nginx", "nginx:1.27", "Registry.example.com:5000/a/b_c/d:v1", "[::1]:5000/a:b", f"a/b@sha256:{'0' * 64}"],
)
def test_names_of_images_are_taken(image: str) -> None:
    assert plan_set_image(make.raw_deployment(), {"app": image}).before_after[0][2] == image


@pytest.mark.parametrize(
    ("images", "message", "hint"),
    [
        ({}, "no image is given", "name a container"),
        ({"web": NEWER}, "Deployment shop/checkout has no container web", "it has migrate, app"),
        ({"app": make.IMAGE}, f"nothing to change in Deployment shop/checkout: app has {make.IMAGE} already", ""),
        ({"app": ""}, "nothing is not a valid image name", "use one such as"),
        ({"app": "nginx:"}, "nginx: is not a valid image name", "use one such as"),
        ({"app": "NGINX"}, "NGINX is not a valid image name", "use one such as"),
        ({"app": "nginx :1"}, "nginx :1 is not a valid image name", "use one such as"),
        ({"app": "nginx\n"}, "nginx  is not a valid image name", "use one such as"),
        ({"app": "nginx@sha256:12"}, "nginx@sha256:12 is not a valid image name", "use one such as"),
        ({"app": f"nginx:{'a' * 129}"}, f"nginx:{'a' * 129} is not a valid image name", "use one such as"),
    ],
)
def test_invalid_images_are_refused_with_a_hint(images: dict[str, str], message: str, hint: str) -> None:
    with pytest.raises(RefusedError) as caught:
        plan_set_image(with_init(), images)
    assert caught.value.message == message
    assert caught.value.hint.startswith(hint)


def test_other_kinds_are_refused() -> None:
    with pytest.raises(RefusedError, match="Job shop/checkout has no images to set"):
        plan_set_image({**make.raw_deployment(), "apiVersion": "batch/v1", "kind": "Job"}, {"app": NEWER})


def test_a_paused_deployment_accepts_it_and_says_when_it_rolls_out() -> None:
    [warning] = plan_set_image(make.raw_deployment(paused=True), {"app": NEWER}).warnings
    assert (warning.code, warning.message) == (
        "paused",
        "it is paused: the image is stored, and rolled out when it is resumed",
    )
