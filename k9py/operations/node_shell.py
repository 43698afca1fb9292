"""Plan a pod on a node that a shell is opened in, as `kubectl debug node/NODE` does, and find those left over.

The pod is labelled as made by kdash, removed when its shell ends (`debugging/removing.py`), and ended by its kubelet
after hours if nobody could remove it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from k9py.api.errors import RefusedError
from k9py.api.meta import ObjectRef
from k9py.api.text import printable
from k9py.api.write_request import WriteRequest
from k9py.operations.debugging import warnings
from k9py.operations.debugging.context import hint_after, namespace_of
from k9py.operations.debugging.pods import NODE_SECONDS, DebugContainer, node_pod
from k9py.operations.debugging.profiles import DebugStyle
from k9py.operations.debugging.rows import container_rows
from k9py.operations.debugging.starting import wait_until_started
from k9py.operations.operation import Operation, PlannedTarget
from k9py.operations.plan import Tracking, WritePlan
from k9py.operations.preconditions import target_version
from k9py.operations.result import OperationResult
from k9py.operations.target import Target
from k9py.operations.warnings import loudest_first


@dataclass(frozen=True, slots=True)
class NodeShellInputs:
    """A pod on a node.

    Args:
        namespace: where the pod is created.
        waits: until it runs.
        is_removed: the front end removes it when its shell ends.
    """

    container: DebugContainer = field(default_factory=DebugContainer)
    namespace: str = "default"
    waits: bool = True
    is_removed: bool = True


def plan_node_shell(node: Mapping[str, Any], inputs: NodeShellInputs) -> WritePlan:
    """Plan to create a pod on a node. Raises RefusedError: it is no node, or the inputs are not valid."""
    about, container = target_version(node), inputs.container
    if about.key.kind != "Node" or about.key.group:
        raise RefusedError(f"{about.text} has no shell of a node", "only a Node has")
    container.check(needs_image=True)
    pod, name = node_pod(about.key.name, inputs.namespace, container)
    key = ObjectRef("Pod", inputs.namespace, str(pod["metadata"]["name"]))
    limit = f"the kubelet ends it after {NODE_SECONDS // 3600} hours"
    after = (
        f"it is removed when the shell ends; {limit}" if inputs.is_removed else f"it stays until it is deleted; {limit}"
    )
    return WritePlan(
        operation=NodeShell.id,
        label=NodeShell.label,
        key=key,
        uid="",
        resource_version="",
        generation=0,
        request=WriteRequest(key, pod, verb="create"),
        summary=f"create {printable(str(key))} on {about.text} for debugging",
        done_text=f"{printable(str(key))} created",
        before_after=(
            ("creates", "", f"Pod {printable(key.name)} in namespace {printable(key.namespace)}"),
            *container_rows(pod, name, container.profile),
            ("afterwards", "", after),
        ),
        warnings=loudest_first(
            warnings.state_of_node(node, about.key.name),
            warnings.image(container),
        ),
        tracking=Tracking.NONE,
        container=name,
    )


class NodeShell(Operation[NodeShellInputs]):
    """Create a pod on a node and wait until it runs."""

    id = "node-shell"
    label = "Debug"

    def inputs(self, **given: Any) -> NodeShellInputs:
        return NodeShellInputs(**given)

    def title(self, inputs: NodeShellInputs) -> str:
        return "debug"

    def ended(self, inputs: NodeShellInputs, result: OperationResult) -> str:
        return hint_after(result.error, inputs.container.profile, DebugStyle.NODE)

    async def plan(self, target: Target, inputs: NodeShellInputs) -> PlannedTarget:
        plan = plan_node_shell(target.raw, inputs)
        namespace = await namespace_of(target, inputs.namespace)
        around = warnings.pod_security(namespace, inputs.container.profile, DebugStyle.NODE)
        plan = replace(plan, warnings=loudest_first(plan.warnings, around))
        follow = partial(wait_until_started, ref=plan.key, container=plan.container) if inputs.waits else None
        return PlannedTarget(target, plan, self.title(inputs), follow=follow)


OPERATIONS = (NodeShell(),)
