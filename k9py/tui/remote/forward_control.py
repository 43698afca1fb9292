"""Starts port-forwards: those that a person chooses, those of the config file, and ended ones again.

Invariants: what is started is listed in `AppContext.jobs`, whose texts it keeps current; failures are shown here. The
config file is read beside the tick, when the list of jobs is opened or one of its names or keys is used, so that what
was added meanwhile counts; its faults are reported with those of the other settings (`tui/problems.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from textual.app import App

from k9py.actions.keys import key_display
from k9py.api.errors import ConfigError, KdashError, NotFoundError
from k9py.api.meta import ObjectRef
from k9py.api.text import printable
from k9py.runtime.background_jobs import BackgroundJob
from k9py.session import ClusterSession
from k9py.tui.context import AppContext
from k9py.tui.workers import start_worker
from k9py.views.background_jobs import SavedForward

if TYPE_CHECKING:  # imported when the first forward starts
    from k9py.config.forward_settings import ForwardSettings
    from k9py.config.saved_forwards import SavedForwards
    from k9py.config.settings import SettingsFile
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
        self._file: SettingsFile | None = None
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
        from k9py.forwarding.start import list_pods
        from k9py.forwarding.target_state import state_note
        from k9py.forwarding.targets import object_title
        from k9py.tui.dialogs.dialog import place_text
        from k9py.tui.dialogs.forward import ForwardDialog

        read, pods = await read_target(session.connection, target)
        is_known = bool(pods)
        with suppress(KdashError):  # they may not be listed: then nothing is known of them
            pods, is_known = read.own(await list_pods(session.connection, read)), True
        warning = state_note(read, pods, self._context.options.clock.now()) if is_known else ""
        specs = [pod.spec for pod in pods] or ([] if read.template is None else [read.template])
        ports = declared_ports(read.service, specs)
        notes = [] if ports else ["it declares no TCP port: type the port that its program listens on"]
        if has_other_protocols(read.service, specs):
            notes.append("only TCP can be forwarded")
        place = place_text(target.namespace, self._context.context_name)
        dialog = ForwardDialog(
            object_title(target),
            place,
            ports,
            note=" · ".join(notes),
            warning=warning,
            check=partial(read.check, pods=pods),
        )
        return await self._app.push_screen(dialog, wait_for_dismiss=True)

    # -- those of the config file -------------------------------------------------------------------------------------

    @property
    def saved(self) -> Sequence[SavedForward]:
        """The forwards of the config file for this context that are not listed as jobs; the broken ones last."""
        jobs, known = self._context.jobs.jobs, self._known
        listed = {request.saved for job, request in self._requests if job in jobs}
        usable = [
            SavedForward(
                name,
                f"{forward.target} {', '.join(forward.ports)}",
                forward.namespace,
                _written(forward.key),
                fault=known.faults.get(name, ""),
            )
            for name, forward in known.usable.items()
            if name not in listed
        ]
        broken = [SavedForward(name, "", fault=fault, is_usable=False) for name, fault in known.broken.items()]
        return [*usable, *broken]

    @property
    def _known(self) -> SavedForwards:
        """The forwards of the config file as it was last read, for this context."""
        from k9py.config.saved_forwards import SavedForwards, saved_forwards

        return SavedForwards() if self._file is None else saved_forwards(self._file, self._context.context_name)

    def read_saved(self) -> None:
        """Read the config file, beside the tick."""

        async def read() -> None:
            await self._read()

        start_worker(self._app, read, group="config")

    async def _read(self) -> SavedForwards:
        """Read the config file in a thread: a home directory may be slow."""
        from k9py.config.settings import read_settings

        self._file = await asyncio.to_thread(read_settings, self._context.options.config_path)
        self.revision += 1
        return self._known

    async def start_saved(self, name: str) -> bool:
        """Start a forward of the config file, or show what is wrong with it; False when it has none of that name."""
        known = await self._read()
        if (forward := known.usable.get(name)) is not None:
            start_worker(self._app, partial(self._start_saved, name, forward), group=_GROUP)
            return True
        if (fault := known.broken.get(name)) is not None:
            path = self._context.options.config_path
            hint = "correct the config file" if path is None else f"correct {printable(str(path))}"
            self._context.show_error(f"Forward {printable(name)}", ConfigError(f"not valid: {fault}", hint))
            return True
        return False

    def explain_nothing_selected(self, argument: str) -> None:
        """Show that no object is selected, and that an argument is no saved forward either, unless it is a port."""
        known = self._known
        ports = argument.replace(",", " ").split()
        if any(":" in word or word.isdigit() for word in ports):
            text = "nothing is selected to forward to: select a Pod, a Service or a workload"
        else:
            text = f"{known.why_unknown(argument)}, and nothing is selected · {known.listed()}"
        self._context.show_message(text, failed=True)

    def start_by_key(self, key: str) -> None:
        """Start the forward of the config file that has a key; report when there is none."""

        async def start() -> None:
            usable = (await self._read()).usable
            name = next((name for name, forward in usable.items() if forward.key.lower() == key), None)
            if name is None:
                self._context.show_message(f"{key_display(key)}: no forward of the config file has this key here")
                return
            await self._start_saved(name, usable[name])

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

            ref = saved_ref(session, forward)
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
        return as_toml(self._known.free_name(request.saved or request.ref.name), forward)

    def config_reason(self, job: BackgroundJob) -> str:
        """Return why there are no lines for the config file, "" when there are."""
        request = self._request_of(job)
        if request is None:
            return "only forwards are kept in the config file"
        is_there = bool(request.saved) and self._known.has(request.saved)
        return "it is in the config file already" if is_there else ""

    def saved_name(self, job: BackgroundJob) -> str:
        """Return the name that a job has in the config file, "" for none."""
        request = self._request_of(job)
        return "" if request is None else request.saved

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
                error.hint = "; ".join(filter(None, (error.hint, self._known.listed())))
            context.show_error(title, error)
            return
        self._requests.append((forward, request))
        jobs.add(forward, replaces=replaces)
        listed = {id(job) for job in jobs.jobs}
        self._requests = [known for known in self._requests if id(known[0]) in listed]
        context.refresh_header()
        keys = context.key_names.fill("{background.jobs} lists it, {background.copy_url} there copies the URL")
        warning = f"{forward.warning} · " if forward.warning else ""
        waits = f" · waits: {forward.waits_for}" if forward.waits_for else ""
        context.show_message(f"{warning}{forward.url} → {forward.target.title}{waits} · {keys}", stays=True)

    def _session(self) -> ClusterSession:
        """Return the cluster. Raises NotFoundError: there is none."""
        connected = self._context.connected
        if connected is None:
            raise NotFoundError("not connected", "wait until it is connected, or choose another context")
        return connected


def _written(key: str) -> str:
    return key_display(key.lower()) if key else ""


def saved_ref(session: ClusterSession, forward: ForwardSettings) -> ObjectRef:
    """Return the object of a forward of the config file.

    Without a namespace it is in the only one that is shown, as for `kdash forward -n`, else in that of the context.

    Raises:
        NotFoundError: the cluster has no such type.
    """
    kind, _, name = forward.target.partition("/")
    resource_type = session.resource_types.find(kind)
    if resource_type is None:
        near = ", ".join(session.resource_types.nearest(kind))
        raise NotFoundError(f'this cluster has no type "{kind}"', f"did you mean {near}?" if near else "")
    shown = session.cluster.scope.namespaces
    namespace = forward.namespace or (shown[0] if len(shown) == 1 else session.namespace)
    return ObjectRef(resource_type.kind, namespace, name, resource_type.ref_group)
