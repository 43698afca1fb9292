"""Plan to add a debug container to a running pod, as `kubectl debug POD --image` does.

An ephemeral container cannot be removed again: the confirmation says so. It is added by a strategic merge patch of the
subresource `ephemeralcontainers`, with the pod's uid and resourceVersion.
Source: kubectl pkg/cmd/debug/debug.go, `debugByEphemeralContainer` (1.36, which keeps the labels of the pod).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from k9py.api.errors import MissingApiError, MissingPartError, RefusedError
from k9py.api.text import printable
from k9py.api.write_request import WriteRequest
from k9py.operations.debugging import warnings
from k9py.operations.debugging.context import hint_after, namespace_of, node_of
from k9py.operations.debugging.pods import DebugContainer, container_names, ephemeral_container, main_container_names
from k9py.operations.debugging.profiles import DebugStyle
from k9py.operations.debugging.rows import container_rows
from k9py.operations.debugging.starting import wait_until_started
from k9py.operations.operation import Operation, PlannedTarget
from k9py.operations.plan import Tracking, WritePlan
from k9py.operations.preconditions import guarded, target_version
from k9py.operations.result import OperationResult
from k9py.operations.target import Target
from k9py.operations.warnings import loudest_first


@dataclass(frozen=True, slots=True)
class DebugInputs:
    """A debug container.

    Args:
        target: the container whose processes it sees, "" for none.
        waits: until it runs.
    """

    container: DebugContainer = field(default_factory=DebugContainer)
    target: str = ""
    waits: bool = True


def plan_debug_container(pod: Mapping[str, Any], inputs: DebugInputs) -> WritePlan:
    """Plan to add a debug container to a pod.

    Raises:
        RefusedError: it is no pod, has ended, has no such target container, or the inputs are not valid.
    """
    about, container = target_version(pod), inputs.container
    if about.key.kind != "Pod" or about.key.group:
        raise RefusedError(f"{about.text} gets no debug container", "only a pod can")
    container.check(needs_image=True)
    phase = str((pod.get("status") or {}).get("phase") or "")
    if phase in ("Succeeded", "Failed"):
        hint = "debug a copy of the pod: it runs again there"
        raise RefusedError(f"{about.text} has ended ({phase}): no container starts in it", hint)
    _check_names(pod, container, inputs.target)
    added = ephemeral_container(pod, container, inputs.target)
    name = added["name"]
    around = {"spec": {**(pod.get("spec") or {}), "ephemeralContainers": [added]}}
    target = (
        (("target", "", f"{printable(inputs.target)}: it sees the processes of this container"),)
        if inputs.target
        else ()
    )
    return WritePlan(
        operation=DebugInContainer.id,
        label=DebugInContainer.label,
        key=about.key,
        uid=about.uid,
        resource_version=about.resource_version,
        generation=about.generation,
        request=WriteRequest(
            about.key, guarded({"spec": {"ephemeralContainers": [added]}}, about), subresource="ephemeralcontainers"
        ),
        summary=f"add debug container {printable(name)} to {about.text}",
        done_text=f"debug container {printable(name)} added to {about.text}",
        before_after=(
            ("creates", "", f"debug container {printable(name)} in this pod"),
            *container_rows(around, name, container.profile),
            *target,
            ("afterwards", "", "it cannot be removed: the pod lists it, also when it has ended, until it is deleted"),
        ),
        warnings=loudest_first(
            warnings.state_of_pod(pod),
            warnings.state_of_target(pod, inputs.target),
            warnings.debug_containers(pod),
            warnings.non_root(pod, added.get("securityContext") or {}),
            warnings.image(container),
        ),
        tracking=Tracking.NONE,
        container=name,
    )


def _check_names(pod: Mapping[str, Any], container: DebugContainer, target: str) -> None:
    main = main_container_names(pod)
    if target and target not in main:
        names = printable(", ".join(main))
        raise MissingPartError(f"the pod has no container {printable(target)!r} to target", f"its containers: {names}")
    if container.name and container.name in container_names(pod):
        raise RefusedError(f"the pod has a container {printable(container.name)!r} already", "choose another name")


class DebugInContainer(Operation[DebugInputs]):
    """Add a debug container to a pod and wait until it runs."""

    id = "debug-container"
    label = "Debug"

    def inputs(self, **given: Any) -> DebugInputs:
        return DebugInputs(**given)

    def title(self, inputs: DebugInputs) -> str:
        return "debug"

    def ended(self, inputs: DebugInputs, result: OperationResult) -> str:
        if isinstance(result.error, MissingApiError):
            return "ephemeral containers need Kubernetes 1.25: debug a copy of the pod"
        return hint_after(result.error, inputs.container.profile, DebugStyle.EPHEMERAL)

    async def plan(self, target: Target, inputs: DebugInputs) -> PlannedTarget:
        plan, style = plan_debug_container(target.raw, inputs), DebugStyle.EPHEMERAL
        around = (
            *warnings.pod_security(await namespace_of(target, plan.key.namespace), inputs.container.profile, style),
            *await node_of(target, str((target.raw.get("spec") or {}).get("nodeName") or "")),
        )
        plan = replace(plan, warnings=loudest_first(plan.warnings, around))
        follow = partial(wait_until_started, ref=plan.key, container=plan.container) if inputs.waits else None
        return PlannedTarget(target, plan, self.title(inputs), follow=follow)


OPERATIONS = (DebugInContainer(),)
