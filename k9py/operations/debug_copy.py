"""Plan to create a copy of a pod for debugging, as `kubectl debug POD --copy-to` does.

The copy has no labels unless they are kept, so that no Service and no controller takes it for the pod. It is labelled
as made by kdash. With `replaces` the pod itself is deleted once the copy exists.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from k9py.api.errors import MissingPartError, RefusedError
from k9py.api.meta import ObjectRef
from k9py.api.text import printable
from k9py.api.write_request import WriteRequest
from k9py.operations.debugging import warnings
from k9py.operations.debugging.context import hint_after, namespace_of, node_of
from k9py.operations.debugging.pods import Copy, DebugContainer, check_image, main_container_names, pod_copy
from k9py.operations.debugging.profiles import DebugStyle, Raw, named_container
from k9py.operations.debugging.removing import remove_pod
from k9py.operations.debugging.rows import container_rows
from k9py.operations.debugging.starting import wait_until_started
from k9py.operations.follow import Follow, FollowContext
from k9py.operations.operation import Operation, PlannedTarget
from k9py.operations.plan import Tracking, WritePlan
from k9py.operations.preconditions import target_version
from k9py.operations.result import OperationResult
from k9py.operations.target import Target
from k9py.operations.track import TrackedEnd
from k9py.operations.values import short
from k9py.operations.warnings import loudest_first


@dataclass(frozen=True, slots=True)
class CopyInputs:
    """A copy of a pod; `waits`: until the container runs."""

    container: DebugContainer = field(default_factory=DebugContainer)
    how: Copy = field(default_factory=Copy)
    waits: bool = True


def plan_debug_copy(pod: Mapping[str, Any], inputs: CopyInputs) -> WritePlan:
    """Plan to create a copy of a pod.

    Raises:
        RefusedError: it is no pod, the copy would not differ, or the inputs are not valid.
    """
    about, container, how = target_version(pod, allows_terminating=True), inputs.container, inputs.how
    if about.key.kind != "Pod" or about.key.group:
        raise RefusedError(f"{about.text} cannot be copied for debugging", "only a pod can")
    container.check(needs_image=False)
    for image in how.images.values():
        check_image(image)
    if not (container.image or container.command or how.images):
        raise RefusedError("the copy would not differ from the pod", "give it an image, a command or other images")
    main = main_container_names(pod)
    if unknown := [name for name in how.images if name not in (*main, "*")]:
        hint = f"its containers: {printable(', '.join(main))}"
        raise MissingPartError(f"the pod has no container {printable(unknown[0])!r}", hint)
    made, name = pod_copy(pod, container, how)
    key = ObjectRef("Pod", about.key.namespace, str(made["metadata"]["name"]))
    if key.name == about.key.name:
        raise RefusedError("a copy needs a name of its own", "choose another name")
    security = named_container(made, name).get("securityContext") or {} if name else {}
    return WritePlan(
        operation=DebugCopy.id,
        label=DebugCopy.label,
        key=key,
        uid="",
        resource_version="",
        generation=0,
        request=WriteRequest(key, made, verb="create"),
        summary=f"copy {about.text} to Pod {printable(key.name)} for debugging",
        done_text=f"{printable(str(key))} created",
        before_after=tuple(_rows(pod, made, name, inputs)),
        warnings=loudest_first(
            warnings.of_copy(pod, made, how), warnings.non_root(made, security), warnings.image(container)
        ),
        tracking=Tracking.NONE,
        container=name,
    )


def _rows(pod: Mapping[str, Any], made: Raw, name: str, inputs: CopyInputs) -> Iterator[tuple[str, str, str]]:
    yield "creates", "", f"Pod {printable(made['metadata']['name'])}"
    before = main_container_names(pod)
    if name:
        change = "changed" if name in before else "added"
        yield "container", "", f"{printable(name)}, {change}"
        yield from container_rows(made, name, inputs.container.profile)
    for each in before:
        if each == name:
            continue
        old, new = named_container(pod, each).get("image"), named_container(made, each).get("image")
        if old != new:
            yield f"image of {printable(each)}", printable(short(str(old))), printable(short(str(new)))
    if made["spec"].get("shareProcessNamespace"):
        yield "processes", "", "all its containers see each other's"
    where = f"node {printable(str(made['spec'].get('nodeName')))}" if inputs.how.same_node else ""
    if where:
        yield "runs on", "", where
    if not name:  # there is no container to attach to, so no session
        yield "afterwards", "", "nothing is attached to it: it stays until it is deleted"
    elif inputs.how.is_removed:
        yield "afterwards", "", "it is removed at the end of the session"
    elif inputs.how.is_offered:
        yield "afterwards", "", "at the end of the session you are asked whether to delete it; until then it stays"
    else:
        yield "afterwards", "", "it stays until it is deleted"


class DebugCopy(Operation[CopyInputs]):
    """Create a copy of a pod and wait until its container runs."""

    id = "debug-copy"
    label = "Copy"

    def inputs(self, **given: Any) -> CopyInputs:
        return CopyInputs(**given)

    def title(self, inputs: CopyInputs) -> str:
        return "copy for debugging"

    def ended(self, inputs: CopyInputs, result: OperationResult) -> str:
        return hint_after(result.error, inputs.container.profile, DebugStyle.COPY)

    async def plan(self, target: Target, inputs: CopyInputs) -> PlannedTarget:
        plan = plan_debug_copy(target.raw, inputs)
        node = str((target.raw.get("spec") or {}).get("nodeName") or "") if inputs.how.same_node else ""
        namespace = await namespace_of(target, plan.key.namespace)
        around = (
            *warnings.pod_security(namespace, inputs.container.profile, DebugStyle.COPY),
            *await node_of(target, node),
        )
        plan = replace(plan, warnings=loudest_first(plan.warnings, around))
        return PlannedTarget(target, plan, self.title(inputs), follow=_follow(plan, target, inputs))


def _follow(plan: WritePlan, target: Target, inputs: CopyInputs) -> Follow | None:
    """Return what deletes the pod that is replaced and waits; None when there is nothing to do."""
    waits = inputs.waits and bool(plan.container)
    if not (waits or inputs.how.replaces):
        return None

    async def follow(context: FollowContext) -> TrackedEnd:
        if inputs.how.replaces:
            uid = str(target.raw["metadata"]["uid"])
            await remove_pod(context.writer, context.reader, target.key, uid=uid, grace_seconds=0)
        if waits:
            return await wait_until_started(context, plan.key, plan.container)
        return TrackedEnd("converged", f"{printable(target.key.name)} was deleted", is_expected=True)

    return follow


OPERATIONS = (DebugCopy(),)
