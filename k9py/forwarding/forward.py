"""A port-forward: local listeners whose connections go to a ready pod of a target, whatever happens to its pods.

Owns: the life of a forward, from `start_forward` to `stop`, its state and what happened to it. Invariants: the
listeners stay until it ends; one audit record covers it; nothing it started outlives `run`, which raises nothing but
CancelledError: what fails is its state. Views pull; `on_change` says that something other than a figure has changed.
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

from k9py.api.errors import KdashError
from k9py.api.meta import ObjectRef
from k9py.api.plural import count_noun
from k9py.api.pods import Pod
from k9py.api.quantities import size_text
from k9py.api.services import Service
from k9py.api.streams import PodPorts
from k9py.api.text import bounded, printable
from k9py.forwarding.figures import ForwardEvent, ForwardEventKind, ForwardFigures
from k9py.forwarding.listeners import Listener
from k9py.forwarding.ports import PortPair
from k9py.forwarding.relay import Relay
from k9py.forwarding.targets import ForwardTarget
from k9py.forwarding.tunnels import PodLink, Tunnels
from k9py.forwarding.watched_objects import WatchedObjects
from k9py.operations.access_records import AccessRecords
from k9py.runtime.background_jobs import JobState
from k9py.runtime.clock import Clock
from k9py.runtime.time_slice import StepSlicer

MAX_CONNECTIONS: Final = 1000
"""Connections at once on one listening socket; more wait in the backlog of the system."""
KEPT_EVENTS: Final = 100
"""Events that are kept, the newest."""
SHOWN_EVENTS: Final = 8
"""Events in `facts`."""
_ACCEPT_PAUSE: Final = 0.5
"""Seconds before the next try after the system could not accept a connection."""


class Forward:
    """A port-forward; made by `start_forward`. Implements `BackgroundJob`.

    Args:
        ports, address: as they were asked for, to start it again.
        listening: the sockets of each listener, in the order of the ports.
        watch_pods: watches the pods of a target, and calls a function after each change.
        watch_service: watches the Service, None where the target is none.
        known: its pods as they were listed at the start: used until they have been watched.

    Attributes:
        target: what is forwarded to.
        ports, address: as they were asked for.
        listeners: the local ports.
        figures: counters; read them whenever they are shown.
        events: what happened, oldest first.
        warning: that others can reach it, "" when they cannot.
        error: why it FAILED, None otherwise.
        audit_problem: why the end could not be recorded, "" when it was.
    """

    kind = "port-forward"
    fraction = None

    def __init__(
        self,
        target: ForwardTarget,
        ports: Sequence[PortPair],
        address: str,
        listening: Mapping[Listener, Sequence[socket.socket]],
        watch_pods: Callable[[ForwardTarget, Callable[[], None]], WatchedObjects[Pod]],
        watch_service: Callable[[Callable[[], None]], WatchedObjects[Service]] | None,
        pod_ports: PodPorts,
        accesses: AccessRecords,
        clock: Clock,
        *,
        known: tuple[Pod, ...] = (),
        warning: str = "",
        on_change: Callable[[], None] | None = None,
    ) -> None:
        self.target = target
        self.listeners = tuple(listening)
        self.ports = tuple(ports)
        self.address = address
        self.figures = ForwardFigures()
        self.events: deque[ForwardEvent] = deque(maxlen=KEPT_EVENTS)
        self.warning = warning
        self.error: KdashError | None = None
        self.audit_problem = ""
        self._listening = listening
        self._tunnels = Tunnels(pod_ports, target.ref.namespace, clock, self)
        self._watch_pods = watch_pods
        self._pods = watch_pods(target, self._on_objects)
        self._service = watch_service(self._on_objects) if watch_service is not None else None
        self._slicer = StepSlicer()
        self._group: asyncio.TaskGroup | None = None
        self._pod_task: asyncio.Task[None] | None = None
        self._accesses = accesses
        self._clock = clock
        self._known = target.own(known)
        self._subscribers: list[Callable[[ForwardEvent], None]] = []
        self._on_change = on_change
        self._state = JobState.STARTING
        self._started_at = clock.now()
        self._pod: Pod | None = None
        self._waits_for = ""
        self._stopping = asyncio.Event()
        self._settled = asyncio.Event()
        self._ended = asyncio.Event()
        self._remotes = frozenset(listener.remote for listener in listening)

    # -- what a person sees -------------------------------------------------------------------------------------------

    @property
    def ref(self) -> ObjectRef:
        """The object that is forwarded to."""
        return self.target.ref

    @property
    def title(self) -> str:
        """`deploy/web 8080→80`."""
        return f"{self.target.title} {', '.join(map(str, self.listeners))}"

    @property
    def state(self) -> JobState:
        """RUNNING while connections can be made, WAITING while they cannot."""
        return self._state

    @property
    def started_at(self) -> datetime:
        """When it was started."""
        return self._started_at

    @property
    def pod(self) -> str:
        """Name of the pod that takes new connections, printable; "" when none does."""
        return printable(self._pod.name) if self._pod is not None else ""

    @property
    def waits_for(self) -> str:
        """Why it is WAITING, printable; "" when it is not."""
        return self._waits_for

    @property
    def progress(self) -> str:
        """`3 connections, 1.2 MiB · web-1`; neither the pod that the title names, nor why it waits (`detail`)."""
        figures = self.figures
        parts = [count_noun(figures.open, "connection"), size_text(figures.sent + figures.received)]
        if figures.errors:
            parts.append(count_noun(figures.errors, "error"))
        text = ", ".join(parts)
        names_pod = self._state is JobState.RUNNING and self.pod and self._pod_is_chosen
        return f"{text} · {self.pod}" if names_pod else text

    @property
    def _pod_is_chosen(self) -> bool:
        """Whether connections go to another pod than the one that the title names."""
        return self.ref.kind != "Pod" or self._pod is None or self._pod.name != self.ref.name

    @property
    def url(self) -> str:
        """What the first port is reached by; see `Listener.url`."""
        return self.listeners[0].url if self.listeners and not self._state.has_ended else ""

    @property
    def detail(self) -> str:
        """Where it is reached, or why it cannot be."""
        if self._state is JobState.FAILED and self.error is not None:
            return bounded(self.error.message)
        return self._waits_for or " ".join(listener.url for listener in self.listeners)

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """Names and values for a person, the last events last."""
        facts = [(f"{listener.remote}", listener.url) for listener in self.listeners]
        facts.append(("pod", self.pod or "none"))
        if self._waits_for:
            facts.append(("waits for", self._waits_for))
        facts += self.figures.facts
        if self.warning:
            facts.append(("warning", self.warning))
        shown = list(self.events)[-SHOWN_EVENTS:]
        return (*facts, *((f"{event.at:%H:%M:%S}", event.text) for event in shown))

    @property
    def quit_question(self) -> str:
        """What is lost at the end: "2 connections are open"."""
        count = self.figures.open
        return f"{count_noun(count, 'connection')} {'is' if count == 1 else 'are'} open" if count else ""

    @property
    def can_stop(self) -> bool:
        """It can, until it has ended."""
        return not self._state.has_ended

    def subscribe(self, on_event: Callable[[ForwardEvent], None]) -> Callable[[], None]:
        """Call a function with every event; it must be quick and not fail. Returns what ends the subscription."""
        self._subscribers.append(on_event)

        def unsubscribe() -> None:
            if on_event in self._subscribers:
                self._subscribers.remove(on_event)

        return unsubscribe

    # -- life ---------------------------------------------------------------------------------------------------------

    async def stop(self) -> None:
        """Stop it: open connections are closed. Returns when it has ended."""
        self._stopping.set()
        await self._ended.wait()

    async def wait_settled(self) -> None:
        """Return when the first tunnel is open, or it is known why there is none."""
        await self._settled.wait()

    async def wait_ended(self) -> None:
        """Return when it has ended."""
        await self._ended.wait()

    async def run(self) -> None:
        """Forward until it is stopped; for the task that owns it."""
        final = JobState.STOPPED
        what = f"port-forward to {self.target.title}"
        command = [str(listener) for listener in self.listeners]
        try:
            async with self._accesses.recorded("forward", self.ref, what, command=command, may_change=False) as record:
                await self._run_parts()
                if self.error is not None:
                    raise self.error
            self.audit_problem = record.problem
        except KdashError as error:
            self.error, final = error, JobState.FAILED
        except Exception as error:  # noqa: BLE001 -- a fault of kdash ends this forward, not what runs beside it
            self.error, final = KdashError(f"internal error: {type(error).__name__}: {error}"), JobState.FAILED
        finally:
            for sockets in self._listening.values():
                for listening in sockets:
                    listening.close()
            self._pods.close()
            if self._service is not None:
                self._service.close()
            self._pod = None
            self._waits_for = ""
            self._set_state(final)
            self._settled.set()
            self._ended.set()

    async def _run_parts(self) -> None:
        async with asyncio.TaskGroup() as group:
            self._group = group
            self._pod_task = group.create_task(self._pods.run(), name="watch pods")
            tasks: list[asyncio.Task[None]] = [group.create_task(self._tunnels.run(), name="tunnels")]
            if self._service is not None:
                tasks.append(group.create_task(self._service.run(), name="watch service"))
            for listener, sockets in self._listening.items():
                tasks += [group.create_task(self._accept(listening, listener)) for listening in sockets]
            await self._stopping.wait()
            self._group = None
            for task in (*tasks, self._pod_task):
                task.cancel()

    async def _accept(self, listening: socket.socket, listener: Listener) -> None:
        loop = asyncio.get_running_loop()
        slots = asyncio.Semaphore(MAX_CONNECTIONS)
        async with asyncio.TaskGroup() as group:
            while True:
                await slots.acquire()
                await self._slicer.wait()
                try:
                    client, _address = await loop.sock_accept(listening)
                except OSError as error:  # such as too many open files
                    slots.release()
                    self._publish_once(f"cannot accept connections: {error.strerror}")
                    await self._clock.sleep(_ACCEPT_PAUSE)
                    continue
                task = group.create_task(self._serve(client, listener.remote))
                task.add_done_callback(lambda _task: slots.release())

    async def _serve(self, client: socket.socket, remote: int | str) -> None:
        relay = Relay(client, remote, self._tunnels, self.figures, self._clock, self._slicer)
        if problem := await relay.run():
            self._publish(ForwardEventKind.ERROR, problem)

    # -- for its tunnels ----------------------------------------------------------------------------------------------

    def choose(self, current: str, avoided: frozenset[str]) -> Pod | None:
        """Return the pod that should take new connections."""
        return self.target.choose(self._own_pods(), current, self._remotes, avoided)

    def ports_of(self, pod: Pod) -> Mapping[int | str, int]:
        """Return the container ports that a pod has, by the ports that were asked for."""
        ports = {remote: self.target.container_port(pod, remote) for remote in self._remotes}
        return {remote: port for remote, port in ports.items() if port is not None}

    def on_connected(self, link: PodLink) -> None:
        """Handle that new connections go to a pod."""
        before, was_waiting = self._pod, self._state is JobState.WAITING
        self._pod = link.pod
        self._waits_for = ""
        self._set_state(JobState.RUNNING)
        self._settled.set()
        name = printable(link.pod.name)
        if before is not None and before.uid != link.pod.uid:
            self.figures.moves += 1
            self._publish(ForwardEventKind.MOVED, f"moved to {name}: {self._why_left(before)}")
        elif was_waiting:
            self._publish(ForwardEventKind.BACK, f"back: connections go to {name}")

    def on_waiting(self, error: KdashError | None) -> str:
        """Handle that no connection can be made. Return why, printable."""
        if error is None:
            why = self.target.why_none(self._own_pods(), self._remotes, self._clock.now())
        else:
            why = bounded(error.message, 300)
        has_changed = why != self._waits_for
        self._waits_for = why
        self._set_state(JobState.WAITING)
        self._settled.set()
        if has_changed:
            self._publish(ForwardEventKind.WAITING, f"waiting: {why}")
        return why

    def on_fatal(self, error: KdashError) -> None:
        """Handle an error of the first tunnel that trying again does not help."""
        self.error = error
        self._stopping.set()

    # -- parts --------------------------------------------------------------------------------------------------------

    def _own_pods(self) -> tuple[Pod, ...]:
        if not self._pods.has_synced:
            return self._known
        return self.target.own(self._pods.values())

    def _on_objects(self) -> None:
        """Handle a change of what is watched."""
        if self._service is not None and self._service.has_synced:
            for service in self._service.values():
                self._follow(service)
        self._tunnels.wake()

    def _follow(self, service: Service) -> None:
        """Translate ports as the Service says now, and watch the pods that it selects now."""
        before, self.target = self.target, self.target.with_service(service)
        if before.label_selector != self.target.label_selector and self._group is not None:
            self._pods.close()
            if self._pod_task is not None:
                self._pod_task.cancel()
            self._pods = self._watch_pods(self.target, self._on_objects)
            self._pod_task = self._group.create_task(self._pods.run(), name="watch pods")

    def _why_left(self, before: Pod) -> str:
        name = printable(before.name)
        now = next((pod for pod in self._own_pods() if pod.uid == before.uid), None)
        if now is None:
            return f"{name} is gone"
        if now.is_terminating:
            return f"{name} is being deleted"
        return f"{name} is not ready" if not now.is_ready else f"{name} failed"

    def _set_state(self, state: JobState) -> None:
        if state is not self._state:
            self._state = state
            if self._on_change is not None:
                self._on_change()

    def _publish_once(self, problem: str) -> None:
        """Publish a problem unless it is the last event: it comes up again at every try."""
        if not self.events or self.events[-1].text != problem:
            self._publish(ForwardEventKind.ERROR, problem)

    def _publish(self, kind: ForwardEventKind, text: str) -> None:
        event = ForwardEvent(self._clock.now(), kind, bounded(text), self.pod)
        self.events.append(event)
        for subscriber in tuple(self._subscribers):
            subscriber(event)
        if self._on_change is not None:
            self._on_change()
