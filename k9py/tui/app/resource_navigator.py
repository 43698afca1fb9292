"""Opens tables of any type, and goes from an object to those that belong to it.

What Enter opens: a Deployment, StatefulSet or DaemonSet its rollout; a Service its endpoints; a pod its containers;
what has pods (Node, Job, ReplicaSet) its pods; a CronJob its Jobs; a Namespace its pods, without changing the scope of
the dashboard; a HorizontalPodAutoscaler its target; an Event its object; anything else its description.
A kind with another way: `opens_as` of its descriptor.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from textual.app import App
from textual.screen import Screen

from k9py.api.errors import KdashError, RefusedError
from k9py.api.kinds import CRON_JOB, EVENT, HORIZONTAL_POD_AUTOSCALER, JOB, NAMESPACE, POD
from k9py.api.meta import KubeObject, ObjectRef
from k9py.api.resource_type import ResourceType
from k9py.api.standard_types import ref_group_of
from k9py.resources.resource import OpensAs
from k9py.session import ClusterSession
from k9py.tui.browse.lookup import controller_of, metadata_of, owner_ref, read_body
from k9py.tui.browse.request import ResourceRequest
from k9py.tui.context import AppContext
from k9py.tui.screens.cluster_screen import ClusterScreen
from k9py.tui.screens.resources import ResourceScreen
from k9py.tui.workers import start_worker

_STANDARD: Final = {CRON_JOB.name, EVENT.name, HORIZONTAL_POD_AUTOSCALER.name, NAMESPACE.name}


class ResourceNavigator:
    """Opens resource screens of an app.

    Args:
        open_object: Opens an object's own screen; called with what an object leads to.
    """

    def __init__(self, app: App[Any], context: AppContext, open_object: Callable[[ObjectRef], None]) -> None:
        self._app = app
        self._context = context
        self._open_object = open_object

    # -- tables -------------------------------------------------------------------------------------------------------

    def list(self, request: ResourceRequest, *, select: ObjectRef | None = None, of: str = "") -> None:
        """Open a screen that lists the objects of a request, or go back to the one that does.

        Args:
            of: The object whose objects they are, for the title.
        """
        from k9py.tui.screens.events import EventsScreen

        self._show(EventsScreen if _is_events(request) else ResourceScreen, request, select=select, of=of)

    def _show(
        self,
        screen_type: type[ResourceScreen],
        request: ResourceRequest,
        *,
        select: ObjectRef | None = None,
        of: str = "",
    ) -> None:
        opened: ResourceScreen | None = None
        for screen in self._app.screen_stack:
            if type(screen) is screen_type and screen.request.key == request.key:
                opened = screen
        if opened is not None:
            while self._app.screen != opened:
                self._app.pop_screen()
            opened.select(select)
            return
        top = self._app.screen
        trail = (*(top.crumbs if isinstance(top, ClusterScreen) else ()), of) if of else ()
        self._app.push_screen(screen_type(self._context, request, trail=trail, select=select))

    def type_of(self, ref: ObjectRef) -> ResourceType | None:
        """Return the type of an object, None when it is not known."""
        connected = self._context.connected
        return None if connected is None else connected.cluster.resource_types.of_ref(ref)

    # -- from one object to others ------------------------------------------------------------------------------------

    def open_related(self, ref: ObjectRef) -> bool:
        """Open what belongs to an object; return whether its kind leads anywhere."""
        resource_type = self.type_of(ref)
        resource = None if resource_type is None else self._context.options.resources().of(resource_type)
        if resource is not None and resource.opens_as is OpensAs.PODS and resource.pod_selector is not None:
            self._read(ref, lambda session: self._open_pods(session, ref, resource.pod_selector))
        elif ref.group or ref.kind not in _STANDARD:
            return False
        elif ref.kind == NAMESPACE.name:
            self.list(ResourceRequest(POD.resource_type, (ref.name,)), of=ref.name)
        elif ref.kind == CRON_JOB.name:
            self._read(ref, lambda session: self._open_owned(session, ref, JOB.resource_type))
        else:
            self._read(ref, lambda session: self._open_reference(session, ref))
        return True

    async def _open_pods(self, session: ClusterSession, ref: ObjectRef, selector: Any) -> None:
        labels, fields = selector(await read_body(session, ref))
        # The pods of a Node are in all namespaces; those of anything else are in its own.
        namespaces = (ref.namespace,) if ref.namespace else ()
        self.list(ResourceRequest(POD.resource_type, namespaces, labels, fields), of=ref.name)

    async def _open_owned(self, session: ClusterSession, ref: ObjectRef, owned: ResourceType) -> None:
        metadata = await metadata_of(session, ref, self._known)
        request = ResourceRequest(owned, (ref.namespace,), owner=ref, owner_uid=metadata.uid)
        self.list(request, of=ref.name)

    async def _open_reference(self, session: ClusterSession, ref: ObjectRef) -> None:
        """Open the object that an autoscaler or an event refers to."""
        body = await read_body(session, ref)
        if ref.kind == EVENT.name:
            named, namespace = body.get("involvedObject") or {}, (body.get("involvedObject") or {}).get("namespace")
        else:
            named, namespace = (body.get("spec") or {}).get("scaleTargetRef") or {}, ref.namespace
        kind, name = str(named.get("kind") or ""), str(named.get("name") or "")
        if not kind or not name:
            raise RefusedError(f"{ref} names no object")
        group = ref_group_of(str(named.get("apiVersion") or ""), kind)
        target = ObjectRef(kind, str(namespace or ""), name, group)
        known = session.cluster.resource_types.of_ref(target)
        self._open_object(target if known is None else known.ref(target.namespace, name))

    def open_owner(self, ref: ObjectRef) -> None:
        """Select the controlling owner of an object, in a table of its type."""
        self._read(ref, lambda session: self._select_owner(session, ref))

    async def _select_owner(self, session: ClusterSession, ref: ObjectRef) -> None:
        metadata = await metadata_of(session, ref, self._known)
        owner = controller_of(metadata)
        if owner is None:
            self._context.show_message(f"{ref.kind} {ref.name} has no owner", failed=True)
            return
        target = owner_ref(owner, ref.namespace, session.cluster.resource_types)
        resource_type = session.cluster.resource_types.of_ref(target)
        if resource_type is None:
            raise RefusedError(f"its owner is {target}, of a type that the server does not have")
        namespaces = session.cluster.scope.namespaces
        is_in_scope = not target.namespace or not namespaces or target.namespace in namespaces
        request = ResourceRequest(resource_type, None if is_in_scope else (target.namespace,))
        self.list(request, select=target)

    # -- reading ------------------------------------------------------------------------------------------------------

    def _known(self, ref: ObjectRef) -> KubeObject | None:
        """Return an object that an open table holds."""
        for screen in reversed(self._app.screen_stack):
            if isinstance(screen, ResourceScreen) and (held := screen.pane.object(ref)) is not None:
                return held
        return None

    def _read(self, ref: ObjectRef, work: Callable[[ClusterSession], Awaitable[None]]) -> None:
        """Do what needs the server first; dropped when the person went elsewhere meanwhile."""
        session, began_on = self._context.connected, self._app.screen
        if session is None:
            self._context.show_message("not connected", failed=True)
            return

        async def run() -> None:
            try:
                await work(session)
            except KdashError as error:
                if self._is_on(began_on):
                    self._context.show_error(f"{ref.kind} {ref.name}", error)

        start_worker(began_on, run, group="related", exclusive=True)

    def _is_on(self, screen: Screen[Any]) -> bool:
        return self._app.screen == screen


def _is_events(request: ResourceRequest) -> bool:
    return request.resource_type.kind == EVENT.name and not request.resource_type.ref_group
