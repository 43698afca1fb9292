"""Which object an action acts on: what was under the cursor at one moment, and one of several that the user chooses.

Invariant: where there are several nothing is taken unasked, and what was chosen is the object that was shown, by uid.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from k9py.actions.action import Action, ActionScope, ActionTarget
from k9py.actions.registry import ActionRegistry
from k9py.api.kinds import POD, is_pod, is_workload
from k9py.api.meta import ObjectRef
from k9py.api.plural import with_article
from k9py.api.resource_type import ResourceType
from k9py.cluster.cluster import Cluster
from k9py.rollouts.undo_target import previous_revision
from k9py.tui.context import AppContext
from k9py.tui.dialogs.choose import ChooseDialog
from k9py.tui.dialogs.filtered_list import ChoiceItem
from k9py.views.current_state import current_rollout_state
from k9py.views.tones import rank_of, rollout_tone


@dataclass(frozen=True, slots=True)
class CursorTargets:
    """What was under the cursor at one moment: the object, and the pod where it is in a list of pods.

    Args:
        uids: Of these and of the workloads that they stand for, as they were shown.
        others: What single actions are for instead of the target, by their ids.
    """

    target: ObjectRef | None
    pod: ObjectRef | None
    uids: Mapping[ObjectRef, str] = field(default_factory=dict)
    others: Mapping[str, ObjectRef] = field(default_factory=dict)

    def targets_for(self, action_id: str) -> CursorTargets | None:
        """Return what an action is for where that is not the target, None where it is."""
        other = self.others.get(action_id)
        if other is None:
            return None
        return CursorTargets(other, pod_of(other), self.uids)


def pod_of(ref: ObjectRef | None) -> ObjectRef | None:
    """Return the object where it is a pod."""
    return ref if ref is not None and is_pod(ref) else None


OBJECT_KEYS: Final = (
    "app.retry",  # bound only while something is not live
    "table.select",
    "object.logs",
    "object.describe",
    "object.yaml",
    "object.shell",
    "cronjob.trigger",
    "job.retry",
    "job.suspend",
    "node.cordon",
    "node.uncordon",
    "node.drain",
    "workload.scale",
    "workload.restart",
    "workload.undo",
    "object.edit",
    "object.forward",
    "object.delete",
    "object.tree",
    "object.owner",
    "row.mark",
    "tree.fold",
    "event.only_object",
    "pane.filter",
    "table.wide",
    "object.previous_logs",
    "object.copy",
)
"""What the footer of a screen with objects of any type begins with."""


def applies_to(action: Action, ref: ObjectRef) -> bool:
    """Return whether an action can be possible on an object itself, by its kind: the footer lists those."""
    target = ActionTarget(ref)
    match action.scope:
        case ActionScope.POD:
            return is_pod(ref)
        case ActionScope.WORKLOAD | ActionScope.DIFF:
            return is_workload(ref) or action.also(target)
        case ActionScope.OBJECT | ActionScope.KIND | ActionScope.CONTAINER:
            return action.allowed(target) is None
    return True


_CHANGING: Final = (ActionScope.WORKLOAD, ActionScope.POD, ActionScope.OBJECT, ActionScope.KIND)


def kind_commands(actions: ActionRegistry, ref: ObjectRef) -> tuple[Action, ...]:
    """Return the actions that change an object of a kind and are typed, those of that kind alone first."""
    typed = [
        action
        for action in actions.actions
        if action.writes
        and action.command is not None
        and action.scope in _CHANGING
        and (action.scope is ActionScope.KIND or not action.keys)
        and applies_to(action, ref)
    ]
    return tuple(sorted(typed, key=lambda action: action.scope is not ActionScope.KIND))


def target_of(key: ObjectRef, cluster: Cluster) -> ActionTarget:
    """Return an object as actions see it."""

    def has_one_revision() -> bool:
        revisions = cluster.queries.revisions_of(key)
        return len(revisions) == 1 and previous_revision(revisions) is None

    known = cluster.queries.object(key)
    return ActionTarget(key, "" if known is None else known.uid, type_of(key, cluster), has_one_revision)


def type_of(key: ObjectRef, cluster: Cluster) -> ResourceType | None:
    """Return the type of an object, None when it is not known."""
    return cluster.resource_types.of_ref(key)


def no_workload_message(target: ObjectRef, action: Action | None = None) -> str:
    """Return that an action on workloads has none to act on: an object's own kind cannot, or no workload owns it."""
    if target.group or target.kind not in ("Service", POD.name):
        kind = with_article(target.qualified_kind)
        if action is not None and action.permission is not None and action.permission.subresource == "scale":
            return f"{kind} cannot be scaled: its type has no scale subresource"
        return f"{kind} has no rollout: select a Deployment, StatefulSet or DaemonSet"
    if target.kind == "Service":
        return f"Service {target.name} has no workload: no pod of one matches its selector"
    return f"{target.kind} {target.name} has no workload: no Deployment, StatefulSet or DaemonSet owns it"


def choose_workload(
    push: Callable[[ChooseDialog, Callable[[str | None], None]], object],
    context: AppContext,
    cluster: Cluster,
    action: Action,
    owner: str,
    workloads: Sequence[ObjectRef],
    do: Callable[[ObjectRef], None],
) -> None:
    """Ask which of several workloads an action is for, and do it to that one.

    Those it is not possible on are listed last, with the reason.

    Args:
        push: Shows a dialog and passes on its answer.
        owner: What they belong to, for the title.
    """
    now = context.options.clock.now()
    reasons = {key: action.allowed(target_of(key, cluster)) or "" for key in workloads}
    views = [view for key in workloads if (view := cluster.queries.rollout_view(key, now)) is not None]
    shown = {str(view.key): view for view in views}
    choices = [
        ChoiceItem(
            str(view.key),
            f"{view.key.kind} {view.key.name}",
            reasons[view.key] or current_rollout_state(view, now).text,
        )
        for view in sorted(views, key=lambda view: (reasons[view.key] != "", rank_of(rollout_tone(view))))
    ]

    def chosen(name: str | None) -> None:
        if name is None:
            return
        key, uid = shown[name].key, shown[name].uid
        current = cluster.queries.object(key)
        was_recreated = current is not None and current.uid != uid
        reason = f"{key.kind} {key.name} was recreated: check it first" if was_recreated else ""
        reason = reason or action.allowed(target_of(key, cluster)) or ""
        if reason:
            context.show_message(reason, failed=True)
        else:
            do(key)

    push(ChooseDialog(f"Which workload of {owner}?", choices), chosen)
