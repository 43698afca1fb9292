"""Starts port-forwards: those that a person chooses, those of the config file, and ended ones again.

Invariants: what is started is listed in `AppContext.jobs`, whose texts it keeps current; failures are shown here. The
config file is read beside the tick, when the list of jobs is opened or one of its names or keys is used, so that what
was added meanwhile counts; its faults are reported with those of the other settings (`tui/problems.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from textual.app import App

from k9py.actions.keys import key_display
from k9py.api.errors import KdashError, NotFoundError
from k9py.api.meta import ObjectRef
from k9py.api.text import printable
from k9py.runtime.background_jobs import BackgroundJob
from k9py.session import ClusterSession
from k9py.tui.context import AppContext
from k9py.tui.workers import start_worker
from k9py.views.background_jobs import SavedForward

if TYPE_CHECKING:  # imported when the first forward starts
    from k9py.config.forward_settings import ForwardSettings
    from k9py.forwarding.ports import PortPair

LOOPBACK: Final = "127.0.0.1"
_GROUP: Final = "forwards"


@dataclass(frozen=True, slots=True)
class ForwardRequest:
    """What a forward was started with.

    Args:
        saved: its name in the config file, "" for one that is not there.
    """

    ref: ObjectRef
    ports: tuple[PortPair, ...]
    address: str = LOOPBACK
    saved: str = ""


class ForwardControl:
    """Starts port-forwards.

    Args:
        app: owns the workers and shows the dialog.
        context: the app, as screens see it.
    """

    def __init__(self, app: App[Any], context: AppContext) -> None:
        self._app = app
        self._context = context
        self._settings: Mapping[str, ForwardSettings] = {}
        self._requests: list[tuple[BackgroundJob, ForwardRequest]] = []
        self.revision = 0

    # -- what a person chooses ----------------------------------------------------------------------------------------

    def begin(self, target: ObjectRef, ports: str) -> None:
        """Forward ports of an object; "": ask for them."""
        start_worker(self._app, partial(self._begin, target, ports), group=_GROUP)

    async def _begin(self, target: ObjectRef, ports: str) -> None:
        title = f"Forward {target.qualified_kind} {target.name}"
        try:
            session = self._session()
            session.writer.accesses.refuse(f"port-forward to {printable(str(target))}", may_change=False)
            from k9py.forwarding.ports import parse_port_text

            pairs = parse_port_text(ports) if ports.strip() else await self._ask(session, target)
        except KdashError as error:
            self._context.show_error(title, error)
            return
        if pairs:
            await self._start(title, ForwardRequest(target, pairs))

    async def _ask(self, session: ClusterSession, target: ObjectRef) -> tuple[PortPair, ...] | None:
        """Return the ports that a person chooses, None for none. Raises KdashError: the object cannot be read."""
        from k9py.forwarding.declared_ports import declared_ports, has_other_protocols
        from k9py.forwarding.read_target import read_target
        from k9py.forwarding.targets import object_title
        from k9py.tui.dialogs.forward import ForwardDialog

        read, pods = await read_target(session.connection, target)
        specs = [pod.spec for pod in pods] or ([] if read.template is None else [read.template])
        ports = declared_ports(read.service, specs)
        notes = [] if ports else ["it declares no TCP port: type the port that its program listens on"]
        if has_other_protocols(read.service, specs):
            notes.append("only TCP can be forwarded")
        if pods and not any(pod.is_ready for pod in pods):
            notes.append("the pod is not ready: connections wait until it is")
        place = f"{target.namespace} · context {self._context.context_name}"
        dialog = ForwardDialog(object_title(target), place, ports, note=" · ".join(notes))
        return await self._app.push_screen(dialog, wait_for_dismiss=True)

    # -- those of the config file -------------------------------------------------------------------------------------

    @property
    def saved(self) -> Sequence[SavedForward]:
        """The forwards of the config file for this context that are not listed as jobs."""
        jobs = self._context.jobs.jobs
        listed = {request.saved for job, request in self._requests if job in jobs}
        return [
            SavedForward(name, f"{forward.target} {', '.join(forward.ports)}", forward.namespace, _written(forward.key))
            for name, forward in self._of_this_context().items()
            if name not in listed
        ]

    def _of_this_context(self) -> dict[str, ForwardSettings]:
        context = self._context.context_name
        return {name: forward for name, forward in self._settings.items() if forward.is_for(context)}

    def read_saved(self) -> None:
        """Read the config file, beside the tick."""
        start_worker(self._app, self._read, group="config")

    async def _read(self) -> None:
        """Read the config file in a thread: a home directory may be slow."""
        from k9py.config.settings import read_settings

        read = await asyncio.to_thread(read_settings, self._context.options.config_path)
        self._settings = read.settings.forwards
        self.revision += 1

    async def start_saved(self, name: str) -> bool:
        """Start a forward of the config file; False when it has none of that name for this context."""
        await self._read()
        forward = self._of_this_context().get(name)
        if forward is None:
            return False
        start_worker(self._app, partial(self._start_saved, name, forward), group=_GROUP)
        return True

    def start_by_key(self, key: str) -> None:
        """Start the forward of the config file that has a key; report when there is none."""

        async def start() -> None:
            await self._read()
            found = [name for name, forward in self._of_this_context().items() if forward.key.lower() == key]
            if not found:
                self._context.show_message(f"{key_display(key)}: no forward of the config file has this key here")
                return
            await self._start_saved(found[0], self._settings[found[0]])

        start_worker(self._app, start, group=_GROUP)

    async def _start_saved(self, name: str, forward: ForwardSettings) -> None:
        title = f"Forward {name}"
        jobs = self._context.jobs.jobs
        known = next((job for job, request in self._requests if request.saved == name and job in jobs), None)
        if known is not None and not known.state.has_ended:
            self._context.show_message(f"{name} runs already: {known.url or known.title}")
            return
        try:
            session = self._session()
            from k9py.forwarding.ports import parse_ports

            ref = _ref(session, forward)
            request = ForwardRequest(ref, parse_ports(forward.ports), forward.address, name)
        except KdashError as error:
            self._context.show_error(title, error)
            return
        await self._start(title, request, replaces=known)

    # -- jobs ---------------------------------------------------------------------------------------------------------

    def restart(self, job: BackgroundJob) -> None:
        """Start a forward that has ended again, in its place."""
        request = self._request_of(job)
        if request is not None:
            title = f"Forward {request.ref.qualified_kind} {request.ref.name}"
            start_worker(self._app, partial(self._start, title, request, replaces=job), group=_GROUP)

    def restart_reason(self, job: BackgroundJob) -> str:
        """Return why a job cannot be started again, "" when it can."""
        if self._request_of(job) is None:
            return f"a {job.kind} is not started here: only forwards are started again"
        return "" if self._context.connected is not None else "not connected"

    def config_lines(self, job: BackgroundJob) -> str:
        """Return a forward as lines for the config file, "" for a job of another kind."""
        request = self._request_of(job)
        if request is None:
            return ""
        from k9py.config.forward_settings import ForwardSettings, as_toml
        from k9py.forwarding.targets import object_title

        forward = ForwardSettings(
            object_title(request.ref),
            tuple(map(str, request.ports)),
            request.ref.namespace,
            self._context.context_name or "*",
            address=request.address,
        )
        return as_toml(request.saved or request.ref.name, forward)

    def _request_of(self, job: BackgroundJob) -> ForwardRequest | None:
        return next((request for started, request in self._requests if started is job), None)

    # -- starting -----------------------------------------------------------------------------------------------------

    async def _start(self, title: str, request: ForwardRequest, *, replaces: BackgroundJob | None = None) -> None:
        from k9py.forwarding.start import start_forward

        context, jobs = self._context, self._context.jobs
        try:
            session = self._session()
            forward = await start_forward(
                session, request.ref, request.ports, address=request.address, on_change=jobs.touch
            )
        except KdashError as error:
            if not request.saved and any(isinstance(pair.remote, str) for pair in request.ports):
                error.hint = "; ".join(filter(None, (error.hint, self._saved_names())))
            context.show_error(title, error)
            return
        if replaces is not None:
            jobs.remove(replaces)
        listed = {id(job) for job in jobs.jobs}
        self._requests = [known for known in self._requests if id(known[0]) in listed]
        self._requests.append((forward, request))
        jobs.add(forward)
        context.refresh_header()
        keys = context.key_names.fill("{background.jobs} lists it, {background.copy_url} there copies the URL")
        warning = f"{forward.warning} · " if forward.warning else ""
        context.show_message(f"{warning}{forward.url} → {forward.target.title} · {keys}", stays=True)

    def _saved_names(self) -> str:
        """Return which forwards the config file has: a name may have been meant as one of them."""
        names = ", ".join(map(printable, self._of_this_context()))
        return (
            f"saved forwards of this context: {names}" if names else "the config file has no forward for this context"
        )

    def _session(self) -> ClusterSession:
        """Return the cluster. Raises NotFoundError: there is none."""
        connected = self._context.connected
        if connected is None:
            raise NotFoundError("not connected", "wait until it is connected, or choose another context")
        return connected


def _written(key: str) -> str:
    return key_display(key.lower()) if key else ""


def _ref(session: ClusterSession, forward: ForwardSettings) -> ObjectRef:
    """Return the object of a forward of the config file. Raises NotFoundError: the cluster has no such type."""
    kind, _, name = forward.target.partition("/")
    resource_type = session.resource_types.find(kind)
    if resource_type is None:
        near = ", ".join(session.resource_types.nearest(kind))
        raise NotFoundError(f'this cluster has no type "{kind}"', f"did you mean {near}?" if near else "")
    return ObjectRef(resource_type.kind, forward.namespace or session.namespace, name, resource_type.ref_group)
