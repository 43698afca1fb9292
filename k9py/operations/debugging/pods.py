"""Build what a debugging session creates: an ephemeral container, a copy of a pod, a pod on a node.

Invariant: pure; except for the label that marks them as made by kdash (and the deadline of a pod on a node) these are
the objects that kubectl sends. To find what was left over: `LEFTOVERS` selects it.
Source: kubectl pkg/cmd/debug/debug.go (1.36), `generateDebugContainer`, `generatePodCopyWithDebugContainer`,
`generateNodeDebugPod`.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from k9py.api.errors import RefusedError
from k9py.api.text import printable
from k9py.operations.debugging.profiles import PROFILES, DebugStyle, Kept, Raw, apply_profile, named_container
from k9py.operations.run_job import random_suffix

MANAGED_BY: Final = "app.kubernetes.io/managed-by"
MANAGER: Final = "kdash-debug"
LEFTOVERS: Final = f"{MANAGED_BY}={MANAGER}"
"""Label selector of the pods that kdash has created for debugging."""
NODE_SECONDS: Final = 8 * 3600
"""The kubelet ends a pod on a node after this time, also when nobody is left to remove it."""
_LONGEST_NAME: Final = 253
_IMAGE: Final = re.compile(
    r"[A-Za-z0-9](?:[\w.-]*)(?::\d+)?(?:/[\w.-]+)*(?::[\w][\w.-]{0,127})?(?:@[\w.+-]+:[0-9a-fA-F]{32,})?", re.ASCII
)
_PULL_POLICIES: Final = ("", "Always", "IfNotPresent", "Never")


@dataclass(frozen=True, slots=True)
class DebugContainer:
    """The container that a person works in.

    Args:
        image: "" keeps that of an existing container of a copy.
        name: "" makes one up; of a copy it may be that of an existing container.
        profile: of `PROFILES`.
        command: replaces the entry point; () runs what the image starts.
        is_arguments: `command` is given to the entry point as arguments instead.
        environment: variables by name.
        pull_policy: "" leaves it to the server.
        stdin, tty: it can be attached to, with a terminal.
    """

    image: str = ""
    name: str = ""
    profile: str = "general"
    command: tuple[str, ...] = ()
    is_arguments: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    pull_policy: str = ""
    stdin: bool = True
    tty: bool = True

    def check(self, *, needs_image: bool) -> None:
        """Raise RefusedError: something is not valid."""
        if self.profile not in PROFILES:
            raise RefusedError(f"there is no profile {printable(self.profile)!r}", f"profiles: {', '.join(PROFILES)}")
        if needs_image and not self.image:
            raise RefusedError("a debug container needs an image", "name one, such as busybox:1.37")
        check_image(self.image)
        if self.pull_policy not in _PULL_POLICIES:
            raise RefusedError(
                f"there is no image pull policy {printable(self.pull_policy)!r}", "Always, IfNotPresent or Never"
            )

    def spec(self, name: str) -> Raw:
        """Return it as a new container."""
        spec: Raw = {"name": name, "image": self.image, "terminationMessagePolicy": "File"}
        self._fill(spec)
        return spec

    def change(self, container: Raw) -> None:
        """Change an existing container of a copy to it."""
        if self.command and not self.is_arguments:
            container.pop("args", None)
        if self.image:
            container["image"] = self.image
        self._fill(container)

    def _fill(self, container: Raw) -> None:
        if self.command:
            container["args" if self.is_arguments else "command"] = [*self.command]
        if self.environment:
            container["env"] = [{"name": name, "value": value} for name, value in self.environment.items()]
        if self.pull_policy:
            container["imagePullPolicy"] = self.pull_policy
        for flag, is_set in (("stdin", self.stdin), ("tty", self.tty)):
            container.pop(flag, None)
            if is_set:
                container[flag] = True


def check_image(image: str) -> None:
    """Raise RefusedError: it is no reference of an image."""
    if image and not _IMAGE.fullmatch(image):
        raise RefusedError(f"{printable(image)!r} is no image", "such as busybox:1.37 or registry.example.com/tools:1")


@dataclass(frozen=True, slots=True)
class Copy:
    """How a copy of a pod differs from it.

    Args:
        name: of the copy; "" makes one up.
        images: new images by container; "*" is every one.
        shares_processes: all containers see each other's processes; None: as the pod, else they do.
        same_node: the copy is bound to the pod's node.
        replaces: the pod is deleted once the copy is created.
        kept: what is kept of the pod.
        is_removed: the front end removes it at the end of the session; the plan says so.
        is_offered: the front end asks then whether it is removed; the plan says so.
    """

    name: str = ""
    images: Mapping[str, str] = field(default_factory=dict)
    shares_processes: bool | None = None
    same_node: bool = False
    replaces: bool = False
    kept: Kept = field(default_factory=Kept)
    is_removed: bool = False
    is_offered: bool = False


def container_names(pod: Mapping[str, Any]) -> list[str]:
    """Return the names of all containers of a pod."""
    return [*main_container_names(pod), *_names(pod, "initContainers"), *_names(pod, "ephemeralContainers")]


def main_container_names(pod: Mapping[str, Any]) -> list[str]:
    """Return the names of the containers of a pod that are neither init nor debug containers."""
    return _names(pod, "containers")


def _names(pod: Mapping[str, Any], list_name: str) -> list[str]:
    return [str(container.get("name", "")) for container in (pod.get("spec") or {}).get(list_name) or ()]


def free_container_name(pod: Mapping[str, Any]) -> str:
    """Return `debugger-` with a suffix that no container of the pod has."""
    taken = container_names(pod)
    while (name := f"debugger-{random_suffix()}") in taken:
        pass
    return name


def copy_name(pod: str) -> str:
    """Return a name for a copy of a pod."""
    return f"{pod[: _LONGEST_NAME - 12].rstrip('-.')}-debug-{random_suffix()}"


def ephemeral_container(pod: Mapping[str, Any], container: DebugContainer, target: str) -> Raw:
    """Return a container to add to the `ephemeralContainers` of a pod, which is not changed.

    Args:
        target: the container whose processes it sees, "" for none.
    """
    added = container.spec(container.name or free_container_name(pod))
    if target:
        added["targetContainerName"] = target
    around: Raw = {"metadata": {}, "spec": {"ephemeralContainers": [added]}}
    apply_profile(container.profile, DebugStyle.EPHEMERAL, around, added["name"])
    return added


def pod_copy(pod: Mapping[str, Any], container: DebugContainer, how: Copy) -> tuple[Raw, str]:
    """Return a copy of a pod to create, and the container to attach to, "" when only images are changed.

    Raises:
        RefusedError: nothing would be different, or the container to add has no image.
    """
    meta = pod.get("metadata") or {}
    made: Raw = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": how.name or copy_name(str(meta.get("name", ""))),
            "namespace": str(meta.get("namespace", "")),
            **{name: copy.deepcopy(meta[name]) for name in ("labels", "annotations") if meta.get(name)},
        },
        "spec": copy.deepcopy({**(pod.get("spec") or {})}),
    }
    spec = made["spec"]
    spec.pop("ephemeralContainers", None)
    if how.shares_processes is not None:
        spec["shareProcessNamespace"] = how.shares_processes
    if not how.same_node:
        spec.pop("nodeName", None)
    for each in spec.get("containers") or ():
        if image := how.images.get(str(each.get("name", "")), how.images.get("*", "")):
            each["image"] = image
    name = _debugged(made, container, how)
    if name:
        apply_profile(container.profile, DebugStyle.COPY, made, name, how.kept)
    made["metadata"].setdefault("labels", {})[MANAGED_BY] = MANAGER
    return made, name


def _debugged(made: Raw, container: DebugContainer, how: Copy) -> str:
    """Add or change the container of a copy and return its name; "" when only images are changed."""
    if container.name in container_names(made):
        container.change(named_container(made, container.name))
        return container.name
    if not container.image:
        if how.images:
            return ""
        raise RefusedError("the container to add has no image", "name an image, or an existing container to change")
    name = container.name or free_container_name(made)
    made["spec"].setdefault("containers", []).append(container.spec(name))
    return name


def node_pod(node: str, namespace: str, container: DebugContainer) -> tuple[Raw, str]:
    """Return a pod to create that runs on a node whatever its taints, and its container."""
    name = container.name or "debugger"
    pod: Raw = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"node-debugger-{node[: _LONGEST_NAME - 20]}-{random_suffix()}",
            "namespace": namespace,
            "labels": {MANAGED_BY: MANAGER},
        },
        "spec": {
            "containers": [container.spec(name)],
            "nodeName": node,
            "restartPolicy": "Never",
            "tolerations": [{"operator": "Exists"}],
            "activeDeadlineSeconds": NODE_SECONDS,
        },
    }
    apply_profile(container.profile, DebugStyle.NODE, pod, name)
    return pod, name
