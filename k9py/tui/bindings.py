"""Textual bindings made from the actions: every binding of kdash has its action's id."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from textual.binding import Binding, BindingsMap, BindingType

from k9py.actions.action import Action, ActionScope, ActionTarget
from k9py.actions.registry import BUILT_IN, ActionRegistry
from k9py.api.kinds import is_pod
from k9py.api.meta import ObjectRef

PERFORM: Final = "perform"
"""Name of the Textual action that runs an action by its id: `ClusterScreen.action_perform`."""


def bindings(*wanted: ActionScope | str) -> list[BindingType]:
    """Return the bindings of all actions of kdash in a scope, or of single actions by their ids, in that order.

    Raises:
        KeyError: There is no such action.
    """
    return [binding_of(action) for scope_or_id in wanted for action in _actions(scope_or_id)]


def _actions(wanted: ActionScope | str) -> Iterable[Action]:
    return BUILT_IN.in_scope(wanted) if isinstance(wanted, ActionScope) else (BUILT_IN.by_id[wanted],)


def added_bindings(actions: ActionRegistry, *scopes: ActionScope) -> list[BindingType]:
    """Return the bindings of the actions that a registry has besides those of kdash."""
    return [binding_of(action) for action in actions.in_scope(*scopes) if action.id not in BUILT_IN.by_id]


def kind_actions(actions: ActionRegistry, ref: ObjectRef) -> tuple[Action, ...]:
    """Return the actions with keys in a table of an object's kind alone; on a pod, also those of its containers."""
    target = ActionTarget(ref)
    scopes = (ActionScope.KIND, ActionScope.CONTAINER) if is_pod(ref) else (ActionScope.KIND,)
    return tuple(action for action in actions.in_scope(*scopes) if action.allowed(target) is None)


def with_kind_bindings(
    bound: BindingsMap, actions: ActionRegistry, ref: ObjectRef, is_possible: Callable[[Action], bool]
) -> BindingsMap:
    """Return the bindings of a table of one kind: the kind's own actions take keys that are never possible there.

    Args:
        is_possible: Return whether an action can be possible on objects of that kind.
    """
    own = BindingsMap([binding_of(action) for action in kind_actions(actions, ref)])

    def is_kept(binding: Binding) -> bool:
        action = actions.by_id.get(binding.id or "")
        return action is None or is_possible(action)

    kept = {
        key: [binding for binding in bindings if key not in own.key_to_bindings or is_kept(binding)]
        for key, bindings in bound.key_to_bindings.items()
    }
    return BindingsMap.merge(
        (own, BindingsMap.from_keys({key: bindings for key, bindings in kept.items() if bindings}))
    )


def binding_of(action: Action) -> Binding:
    """Return the binding of an action."""
    return Binding(
        ",".join(action.keys),
        textual_action(action),
        action.title,
        show=action.footer is not None,
        priority=action.priority,
        tooltip=action.help,
        id=action.id,
    )


def textual_action(action: Action) -> str:
    """Return the Textual action that runs an action."""
    return action.native if action.run is None else f"{PERFORM}('{action.id}')"


def action_id_of(action: str, parameters: tuple[object, ...]) -> str:
    """Return the id of the action that a parsed Textual action runs, "" for one that is no `PERFORM`."""
    return str(parameters[0]) if action == PERFORM and parameters else ""
