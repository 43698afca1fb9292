"""Plan to give containers of a workload's pod template other images, as `kubectl set image`.

The command is written as the change-cause, in the same patch, as `kubectl --record` did: otherwise the new revision
would have the change-cause of the previous release.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from k9py.api.errors import MissingPartError, RefusedError
from k9py.api.kinds import WORKLOAD_KINDS, is_workload
from k9py.api.meta import ObjectRef
from k9py.api.text import printable
from k9py.api.workloads import CHANGE_CAUSE
from k9py.api.write_request import WriteRequest
from k9py.operations.operation import Operation, PlannedTarget
from k9py.operations.plan import NewPods, PreflightWarning, WarningLevel, WritePlan
from k9py.operations.preconditions import guarded, target_version
from k9py.operations.preflight.disruption import downtime, held_back
from k9py.operations.preflight.management import applied, managed
from k9py.operations.target import Target
from k9py.operations.values import cause_words
from k9py.operations.warnings import loudest_first

_GROUPS: Final = ("initContainers", "containers")

_SHORT: Final = {"Deployment": "deploy", "StatefulSet": "sts", "DaemonSet": "ds"}

_PART: Final = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_HOST: Final = r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?|\[[0-9a-fA-F:]+\])(?::[0-9]+)?"
_IMAGE: Final = re.compile(
    rf"(?:{_HOST}/)?{_PART}(?:/{_PART})*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}})?"
    r"(?:@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?"
)
"""Source of the rule: the reference grammar of the distribution project (`reference/reference.go`)."""


def plan_set_image(obj: Mapping[str, Any], images: Mapping[str, str]) -> WritePlan:
    """Plan to set images (recorded in tests/wire/set-image-kubectl.json).

    Args:
        images: by the name of a container or an init container; those that have the image already are left out.

    Raises:
        AbsentError: no such container.
        RefusedError: another kind, an invalid image name, or nothing to change.
    """
    about = target_version(obj)
    if not is_workload(about.key):
        raise RefusedError(f"{about.text} has no images to set", f"only {', '.join(WORKLOAD_KINDS)} have")
    if not images:
        raise RefusedError("no image is given", "name a container and its new image")
    present = _present(obj)
    for name, image in images.items():
        if name not in present:
            known = ", ".join(printable(name) for name in present)
            raise MissingPartError(f"{about.text} has no container {printable(name)}", f"it has {known or 'none'}")
        if not _IMAGE.fullmatch(image):
            hint = "use one such as registry.example.com/shop/checkout:1.2.3"
            raise RefusedError(f"{printable(image) or 'nothing'} is not a valid image name", hint)
    changed = {name: image for name, image in images.items() if present[name][1] != image}
    if not changed:
        held = ", ".join(f"{printable(name)} has {printable(image)}" for name, image in images.items())
        raise RefusedError(f"nothing to change in {about.text}: {held} already", "")
    cause = _cause(about.key, changed)
    images_text = ", ".join(f"{printable(name)}={image}" for name, image in changed.items())
    patch = {**_patch(obj, present, changed), "metadata": {"annotations": {CHANGE_CAUSE: cause}}}
    paused = bool((obj.get("spec") or {}).get("paused"))
    return WritePlan(
        operation="set-image",
        label="Set image",
        key=about.key,
        uid=about.uid,
        resource_version=about.resource_version,
        generation=about.generation,
        request=WriteRequest(about.key, guarded(patch, about), "strategic"),
        summary=f"set image of {about.text}: {images_text}",
        done_text=f"{about.text} image set: {images_text}",
        before_after=(
            *(
                (f"image of {printable(name)}", printable(present[name][1]) or "none", image)
                for name, image in changed.items()
            ),
            ("change-cause", cause_words(obj), cause),
        ),
        warnings=loudest_first(
            *((_stored_only(),) if paused else (downtime(obj), held_back(obj))),
            managed(obj),
            applied(obj, field="template"),
        ),
        starts_rollout=not paused,
        new_pods=NewPods.SAME_REQUESTS,
    )


def _cause(key: ObjectRef, changed: Mapping[str, str]) -> str:
    """Return the command line that makes this change."""
    images = " ".join(f"{name}={image}" for name, image in changed.items())
    return f"kdash set-image {_SHORT.get(key.kind, key.kind.lower())}/{key.name} {images}"


def _present(obj: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Return (group, image) by container name, init containers first."""
    return {
        str(container.get("name", "")): (group, str(container.get("image", "")))
        for group in _GROUPS
        for container in _containers(obj, group)
    }


def _containers(obj: Mapping[str, Any], group: str) -> list[Mapping[str, Any]]:
    template = (obj.get("spec") or {}).get("template") or {}
    return list((template.get("spec") or {}).get(group) or ())


def _patch(
    obj: Mapping[str, Any], present: Mapping[str, tuple[str, str]], changed: Mapping[str, str]
) -> dict[str, Any]:
    spec: dict[str, Any] = {}
    for group in _GROUPS:
        its = [{"name": name, "image": image} for name, image in changed.items() if present[name][0] == group]
        if its:
            # As kubectl: the order is named, so that a merge can neither move nor add a container.
            names = [str(container.get("name", "")) for container in _containers(obj, group)]
            spec[f"$setElementOrder/{group}"] = [{"name": name} for name in names]
            spec[group] = its
    return {"spec": {"template": {"spec": spec}}}


def _stored_only() -> Iterator[PreflightWarning]:
    message = "it is paused: the image is stored, and rolled out when it is resumed"
    yield PreflightWarning(WarningLevel.NOTE, "paused", message)


def images_of(obj: Mapping[str, Any]) -> dict[str, str]:
    """Return the images of a raw workload by container, init containers first."""
    return {name: image for name, (_, image) in _present(obj).items()}


@dataclass(frozen=True, slots=True)
class SetImageInputs:
    """Images by container, "" for the only one; None: the user is asked."""

    images: Mapping[str, str] | None = None


class SetImage(Operation[SetImageInputs]):
    """Set images of containers."""

    id = "set-image"
    label = "Set image"

    def inputs(self, **given: Any) -> SetImageInputs:
        return SetImageInputs(**given)

    async def resolve(self, targets: Sequence[Target], inputs: SetImageInputs) -> SetImageInputs:
        """Return the images with the name of the only container in place of ""."""
        if inputs.images is None or "" not in inputs.images:
            return inputs
        names = [str(container.get("name", "")) for container in _containers(targets[0].raw, "containers")]
        if len(names) != 1:
            choices = ", ".join(f"{printable(name)}=IMAGE" for name in names)
            raise RefusedError(f"{targets[0].key} has {len(names)} containers", f"name one: {choices}")
        return SetImageInputs({names[0]: inputs.images[""]})

    def needs_input(self, inputs: SetImageInputs) -> bool:
        return inputs.images is None

    def title(self, inputs: SetImageInputs) -> str:
        tags = ", ".join(image.rpartition("/")[2] for image in (inputs.images or {}).values())
        return f"set image {tags}"

    def heading(self, name: str) -> str:
        return f"Set image of {name}"

    async def plan(self, target: Target, inputs: SetImageInputs) -> PlannedTarget:
        return PlannedTarget(target, plan_set_image(target.raw, inputs.images or {}), self.title(inputs))


OPERATIONS = (SetImage(),)
