"""What the keys of a screen act on, and why an action is not possible on it.

Invariants: the target is read once when an action begins, with the uid that the screen shows; from then on the action
carries it, wherever the cursor goes. On a Service, what acts on workloads goes to the workloads it selects.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Final

from k9py.actions.action import Action
from k9py.actions.commands import commands_of
from k9py.api.kinds import POD, is_pod, is_workload
from k9py.api.meta import ObjectRef
from k9py.api.text import printable
from k9py.operations.target import TargetSnapshot
from k9py.tui.context import AppContext
from k9py.tui.screens.targets import CursorTargets, no_workload_message, target_of
from k9py.tui.terminal.covered_screens import CoveredScreen
from k9py.tui.workers import start_worker

READ_ONLY = "kdash was started with --readonly"
REPLAY = "this is the replay of an incident capsule"
_STREAMS: Final = frozenset({"exec", "attach", "portforward"})
"""Subresources that reach into a pod: a recording has none, and not every user may."""


class TargetScreen(CoveredScreen[None]):
    """Base of `ActingScreen`: the objects under the cursor.

    Args:
        context: The app, as screens see it.
    """

    def __init__(self, context: AppContext) -> None:
        super().__init__()
        self.app_context = context
        self._actions = context.options.actions
        self._commands = commands_of(self._actions)
        self._typed_on: CursorTargets | None = None
        """What the running action is for where that is not what is under the cursor now: what was there when the
        typing of its command began, or what the screen names for it."""

    def target(self) -> ObjectRef | None:
        """Return the object under the cursor."""
        return None

    def pod_target(self) -> ObjectRef | None:
        """Return the pod under the cursor, None when there is none."""
        return None

    def marked(self) -> Mapping[ObjectRef, str]:
        """Return the marked objects with the uid each had when it was marked."""
        return {}

    def uid_of(self, ref: ObjectRef) -> str:
        """Return the uid of an object as this screen shows it, "" when that is not known.

        To be overridden where objects are shown that the home screen does not watch.
        """
        connected = self.app_context.connected
        known = None if connected is None else connected.cluster.queries.object(ref)
        return "" if known is None else known.uid

    def keep_cursor(self, target: ObjectRef | None) -> None:
        """Keep the cursor on the object of an action: to act on a row is to select it."""

    def lost_target_message(self) -> str:
        """Return that the selected object is gone and nobody has selected the one under the cursor, else "".

        Reported once: the same key pressed again means the object under the cursor.
        """
        return ""

    def cursor_targets(self) -> CursorTargets:
        """Return what is under the cursor now, for what is typed before it acts."""
        return self.targets_at(self.target(), self.pod_target())

    def targets_for(self, action_id: str) -> CursorTargets | None:
        """Return what an action is for, None: what is under the cursor.

        To be overridden where the screen names another object for an action.
        """
        return None

    @contextmanager
    def acting_on(self, action_id: str) -> Iterator[None]:
        """Let an action be for the object that the screen names for it, if it does."""
        before = self._typed_on
        named = self.targets_for(action_id) if before is None else before.targets_for(action_id)
        self._typed_on = named or before
        try:
            yield
        finally:
            self._typed_on = before

    def targets_at(
        self, target: ObjectRef | None, pod: ObjectRef | None, others: Mapping[str, ObjectRef] | None = None
    ) -> CursorTargets:
        """Return objects with the uids that the screen shows.

        Args:
            others: what single actions are for instead, by their ids.
        """
        connected = self.app_context.connected
        refs = [ref for ref in (target, pod, *(others or {}).values()) if ref is not None]
        if connected is not None:
            queries = connected.cluster.queries
            for ref in tuple(refs):
                if ref.kind == "Service" and not ref.group:
                    refs += queries.backends_of(ref)
                elif is_pod(ref) and (workload := queries.workload_of(ref)) is not None:
                    refs.append(workload)
        return CursorTargets(target, pod, {ref: self.uid_of(ref) for ref in refs}, others or {})

    @property
    def acting_target(self) -> ObjectRef | None:
        """The object an action is for: under the cursor now or when its typing began, or what the screen names."""
        return self.target() if self._typed_on is None else self._typed_on.target

    @property
    def acting_pod(self) -> ObjectRef | None:
        """The pod an action is for, None when there is none."""
        return self.pod_target() if self._typed_on is None else self._typed_on.pod

    @property
    def acting_object(self) -> ObjectRef | None:
        """The object itself an action is for: the pod in a list of pods, else the target."""
        return self.acting_pod or self.acting_target

    def _snapshot(self, ref: ObjectRef) -> TargetSnapshot:
        """Return an object as it was shown when the action began: another one with its name is refused."""
        shown = self.uid_of(ref) if self._typed_on is None else self._typed_on.uids.get(ref, "")
        return TargetSnapshot(ref, shown)

    def _workloads_at(self, action: Action, target: ObjectRef) -> tuple[ObjectRef, ...]:
        """Return the workload itself, those a Service selects, or the one a pod belongs to."""
        connected = self.app_context.connected
        is_taken = connected is not None and action.also(target_of(target, connected.cluster))
        if is_taken or target.group:
            return (target,) if is_taken else ()
        if target.kind == "Service" and connected is not None:
            return connected.cluster.queries.backends_of(target)
        if target.kind == POD.name and connected is not None:
            workload = connected.cluster.queries.workload_of(target)
            return () if workload is None else (workload,)
        return (target,) if is_workload(target) else ()

    def _object_reason(self, action: Action) -> str:
        target, connected = self.acting_object, self.app_context.connected
        if action.takes_marked and self.marked():
            return self._read_only_reason(action)
        if target is None or connected is None:
            return "nothing is selected"
        reason = self._read_only_reason(action, target) or action.allowed(target_of(target, connected.cluster)) or ""
        reason = reason or self._replay_reason(action)
        return reason or self._permission_reason(action, target)

    def _permission_reason(self, action: Action, target: ObjectRef) -> str:
        """Return that the user may not do it, "" when they may or that is not known."""
        connected, needed = self.app_context.connected, action.permission
        if connected is None or needed is None or not (action.writes or needed.subresource in _STREAMS):
            return ""
        types = connected.cluster.resource_types
        resource_type = types.find(needed.resource) if needed.resource else types.of_ref(target)
        if resource_type is None:
            return ""
        permissions = connected.permissions
        if self.is_running and permissions.claim(target.namespace):
            start_worker(self, partial(self._read_permissions, target.namespace), group="permissions")
        name = "" if needed.verb == "create" else target.name
        allowed = permissions.allows(
            needed.verb, resource_type, target.namespace, name=name, subresource=needed.subresource
        )
        if allowed is not False:
            return ""
        subresource = f"/{needed.subresource}" if needed.subresource else ""
        where = f" in {printable(target.namespace)}" if target.namespace else ""
        return f"you may not {needed.verb} {resource_type.plural}{subresource}{where}"

    async def _read_permissions(self, namespace: str) -> None:
        connected = self.app_context.connected
        if connected is not None and await connected.permissions.read(namespace):
            self.refresh_bindings()

    def shown_object(self) -> ObjectRef | None:
        """Return what the screen is about: the object under the cursor, or one without a name of the kind it lists."""
        return self.acting_object

    def _read_only_reason(self, action: Action, target: ObjectRef | None = None) -> str:
        if not action.writes or not (why := self.read_only_text):
            return ""
        what = f"{action.title} of {printable(str(target))}" if target is not None else action.title
        return f"{what} is refused: {why}"

    def _replay_reason(self, action: Action) -> str:
        needed = action.permission
        reaches_pods = needed is not None and needed.subresource in _STREAMS
        return (
            "this is the replay of an incident capsule: it has no pods to reach"
            if (reaches_pods and self.app_context.options.is_replay)
            else ""
        )

    @property
    def read_only_text(self) -> str:
        """Why nothing can be changed, "" when something can."""
        options = self.app_context.options
        if options.is_replay:
            return REPLAY
        return READ_ONLY if options.read_only else ""

    def _pod_reason(self, action: Action) -> str:
        if self.acting_pod is None or not self.is_connected:
            return self.app_context.key_names.fill("select a pod first: {table.select} on a rollout lists its pods")
        return self._read_only_reason(action, self.acting_pod) or self._permission_reason(action, self.acting_pod)

    def _workload_reason(self, action: Action) -> str:
        read_only = self._read_only_reason(action)
        if action.takes_marked and (marked := self.marked()):
            others = sorted({key.qualified_kind for key in marked if not is_workload(key)})
            return read_only or (
                f"{action.title.lower()} of several is for workloads, not for a {others[0]}" if others else ""
            )
        target, connected = self.acting_target, self.app_context.connected
        if target is None or connected is None:
            return "nothing is selected"
        if read_only:
            return self._read_only_reason(action, target)
        workloads = self._workloads_at(action, target)
        if not workloads:
            return no_workload_message(target, action)
        reasons = [action.allowed(target_of(key, connected.cluster)) or "" for key in workloads]
        return self._permission_reason(action, workloads[0]) if "" in reasons else reasons[0]

    @property
    def is_connected(self) -> bool:
        """Whether there is a cluster."""
        return self.app_context.connected is not None
