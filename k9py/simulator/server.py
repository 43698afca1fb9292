"""The simulator's public API: start a cluster, talk to it over HTTP, steer it from tests, stop it.

Invariant: the cluster runs on a thread with its own event loop. Every method here may be called from any other thread;
access to the cluster's state is submitted to its loop and awaited.
"""

import asyncio
import concurrent.futures
import random
import threading
import uuid
from collections.abc import Callable, Coroutine
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from k9py.simulator.admission import Webhook
from k9py.simulator.apiserver.authorization import EVERYTHING, Access, Rule, viewer_rules
from k9py.simulator.apiserver.request import UserInfo
from k9py.simulator.apiserver.served_apis import ServedApis
from k9py.simulator.clock import ManualClock, RealClock, SimulationClock
from k9py.simulator.faults import Fault, Faults, RequestMatch
from k9py.simulator.http_server import TOKEN_PATH, HttpServer, RecordedRequest
from k9py.simulator.initial_objects import Component, populate, serve_apis
from k9py.simulator.kubeconfig import kubeconfig, write_private
from k9py.simulator.registry.storage import Storage
from k9py.simulator.scenarios.loader import check_scenario
from k9py.simulator.scenarios.recorded import Recording
from k9py.simulator.state import SimulatorState
from k9py.simulator.streaming.streams import Streams
from k9py.simulator.streaming.websocket import StreamFrame

START_SECONDS = 60.0
CALL_SECONDS = 60.0
ANY_REQUEST = RequestMatch()
LOG_REQUESTS = RequestMatch("get", "pods", "/log?")
EXEC_REQUESTS = RequestMatch("get", "pods", "/exec?")

_T = TypeVar("_T")


class Simulator:
    """A Kubernetes cluster in this process.

    As a context manager it starts on entry and stops on exit. Users are `admin` (all rights), `viewer` (the rights
    of the recorded restricted user in the namespace `shop`) and those `add_user` adds.
    """

    def __init__(
        self,
        scenario: str | None = None,
        clock: SimulationClock | None = None,
        seed: int = 0,
        *,
        uid_salt: int = 0,
        apis: ServedApis | None = None,
        recording: Recording | None = None,
    ) -> None:
        """Prepare a cluster.

        Args:
            scenario: initial objects and events, with controllers and nodes running; None is an empty cluster without
                controllers and nodes.
            clock: the cluster's clock; real time by default.
            seed: of all random values (uids, names, log lines).
            uid_salt: changes the uids of a seed and nothing else, so that two clusters do not share uids.
            apis: which APIs it serves; by default today's, and those of a metrics-server if there is a scenario.
            recording: initial objects of a cluster without a scenario; its clock stands still at the recording's time
                unless another one is given.

        Raises:
            ValueError: no such scenario.
        """
        if scenario is not None:
            check_scenario(scenario)
        self.scenario = scenario
        if clock is None:
            clock = RealClock() if recording is None else ManualClock(recording.at)
        self.clock: SimulationClock = clock
        self._recording = recording
        rng = random.Random(seed)
        storage = Storage(self.clock, new_uid=lambda: _uid(rng, uid_salt), pick=rng.choice)
        self._state = SimulatorState(storage, self.clock, rng)
        self._state.streams = Streams(self._state)
        self._apis = ServedApis(metrics=scenario is not None) if apis is None else apis
        self._access = Access()
        self._faults = Faults()
        self._tokens: dict[str, str] = {}
        self.add_user("admin", EVERYTHING, groups=("system:masters",))
        self.add_user("viewer", viewer_rules("shop"), name="system:serviceaccount:shop:viewer")
        self._components: list[Component] = []
        self._listener: HttpServer | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._thread: threading.Thread | None = None

    # -- lifecycle ------------------------------------------------------------------------------------------------

    def start(self) -> Self:
        """Start the cluster and return once it serves requests.

        Raises:
            BaseException: an error on its thread.
        """
        started: concurrent.futures.Future[None] = concurrent.futures.Future()
        self._thread = threading.Thread(target=self._run, args=(started,), name="simulator", daemon=True)
        self._thread.start()
        started.result(START_SECONDS)
        return self

    def stop(self) -> None:
        """Stop the cluster and wait until its thread has ended; no-op if it is not running."""
        loop, stopping, thread = self._loop, self._stopping, self._thread
        if thread is None:
            return
        if loop is not None and stopping is not None and not loop.is_closed():
            loop.call_soon_threadsafe(stopping.set)
        thread.join(CALL_SECONDS)
        self._thread = None
        if thread.is_alive():
            raise TimeoutError("the simulator's thread did not end")

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # -- access ---------------------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """Return its URL, such as `http://127.0.0.1:40123`; it stays the same after `listen_again`."""
        return f"http://127.0.0.1:{self._running_listener.port}"

    def token(self, user: str = "admin") -> str:
        """Return a user's bearer token."""
        return self._tokens[user]

    def add_user(
        self,
        user: str,
        rules: tuple[Rule, ...],
        *,
        name: str = "",
        groups: tuple[str, ...] = (),
        unlisted: tuple[Rule, ...] = (),
    ) -> str:
        """Add a user and return the token.

        Args:
            user: for `token` and `write_kubeconfig`.
            rules: what RBAC allows.
            name: the name in error messages (default: `user`).
            groups: of the user.
            unlisted: what a webhook authorizer allows beyond that; rules reviews are then incomplete.
        """
        token = f"{user}-{uuid.uuid4()}"
        self._tokens[user] = token
        self._access.add(token, UserInfo(name or user, groups), rules, unlisted)
        return token

    def revoke(self, user: str) -> None:
        """Revoke a user's token: their next request gets 401."""
        self._access.revoke(self._tokens[user])

    def write_kubeconfig(
        self,
        path: Path,
        *,
        user: str = "admin",
        context: str = "demo",
        namespace: str = "",
        server: str = "",
        for_kubectl: bool = False,
    ) -> Path:
        """Write a kubeconfig for this cluster and return its path.

        Args:
            path: the file; replaced if it exists, readable by its owner only.
            user: whose token it holds; an unknown user gets an invalid token.
            context: the name of context and cluster.
            namespace: the context's namespace.
            server: another address (a closed port, a proxy).
            for_kubectl: add the token to the server's path, because kubectl sends no token without TLS.
        """
        token = self._tokens.get(user, "nobody-knows-this-token")
        if for_kubectl:
            server = f"{server or self.url}{TOKEN_PATH}{token}"
        write_private(path, kubeconfig(server or self.url, token, user=user, context=context, namespace=namespace))
        return path

    @property
    def requests(self) -> list[RecordedRequest]:
        """Return the last 10,000 requests, oldest first."""
        return list(self._running_listener.requests)

    def stream_frames(self, where: RequestMatch = ANY_REQUEST) -> list[StreamFrame]:
        """Return the latest 20,000 messages of exec, attach and portforward, oldest first."""
        frames = self.call(lambda _: list(self._running_listener.record.frames))
        return [frame for frame in frames if where.matches("get", "pods", frame.path)]

    # -- control --------------------------------------------------------------------------------------------------

    def call(self, function: Callable[..., _T], *args: Any, **kwargs: Any) -> _T:
        """Run `function(state, ...)` on the cluster's loop and return its result (or raise its error)."""

        async def run() -> _T:
            return function(self._state, *args, **kwargs)

        return self._run_on_loop(run())

    def advance(self, seconds: float) -> None:
        """Advance a `ManualClock` and return once everything that was due has run.

        Raises:
            TypeError: this cluster runs on another clock.
        """
        clock = self.clock
        if not isinstance(clock, ManualClock):
            raise TypeError("only a ManualClock can be moved")
        self._run_on_loop(clock.advance(seconds))

    def wait_until(self, condition: Callable[[SimulatorState], bool], timeout: float = 20.0) -> None:
        """Return as soon as a condition on the state holds; it is evaluated after every write.

        Raises:
            TimeoutError: it did not hold within `timeout` (real) seconds.
        """

        async def wait() -> None:
            held = asyncio.Event()

            def evaluate(_: object) -> None:
                if condition(self._state):
                    held.set()

            unsubscribe = self._state.storage.on_change(evaluate)
            try:
                evaluate(None)
                async with asyncio.timeout(timeout):
                    await held.wait()
            finally:
                unsubscribe()

        self._run_on_loop(wait(), timeout + CALL_SECONDS)

    def wait_for_request(self, where: RequestMatch, count: int = 1, timeout: float = 20.0) -> None:
        """Return once `count` matching requests have been answered (for watches: started) since the start.

        Raises:
            TimeoutError: they did not arrive within `timeout` (real) seconds.
        """

        async def wait() -> None:
            listener = self._running_listener
            enough = asyncio.Event()

            def evaluate(_: object) -> None:
                matching = sum(
                    where.matches(request.verb, request.resource, request.path) for request in listener.requests
                )
                if matching >= count:
                    enough.set()

            unsubscribe = listener.on_request(evaluate)
            try:
                evaluate(None)
                async with asyncio.timeout(timeout):
                    await enough.wait()
            finally:
                unsubscribe()

        self._run_on_loop(wait(), timeout + CALL_SECONDS)

    def inject(self, fault: Fault, where: RequestMatch = ANY_REQUEST, times: int | None = 1) -> None:
        """Inject a fault into the next `times` matching requests (None: into all until cleared)."""
        self.call(lambda _: self._faults.add(fault, where, times))

    def serve(self, apis: ServedApis) -> None:
        """Serve these APIs from now on: with or without a metrics-server, in older versions, some unavailable."""
        self.call(serve_apis, apis)

    def register_webhook(self, webhook: Webhook) -> None:
        """Register an admission webhook for the writes from now on."""
        self.call(lambda state: state.webhooks.append(webhook))

    def clear_faults(self) -> None:
        """Remove all faults and end the requests that hang."""

        def clear(_: SimulatorState) -> None:
            self._faults.clear()
            self._running_listener.end_hanging_requests()

        self.call(clear)

    def break_logs(self, *, silently: bool = False, where: RequestMatch = LOG_REQUESTS) -> int:
        """Cut the log streams that are open now, or (`silently`) leave them half open; return how many.

        A silent stream hangs until `clear_faults`. Streams opened later are not affected.
        """
        return self.call(lambda _: self._running_listener.break_streams(where, silently=silently))

    def open_logs(self, where: RequestMatch = LOG_REQUESTS) -> int:
        """Return how many log streams are open, without those that hang."""
        return self.call(lambda _: self._running_listener.open_streams(where))

    def break_streams(self, where: RequestMatch = EXEC_REQUESTS, *, silently: bool = False) -> int:
        """Cut the streams (of exec by default) that are open now, or leave them half open, as `break_logs` does."""
        return self.break_logs(silently=silently, where=where)

    def open_streams(self, where: RequestMatch = EXEC_REQUESTS) -> int:
        """Return how many streams are open, without those that hang."""
        return self.open_logs(where)

    def stop_listening(self) -> None:
        """Close the port and every connection, as if the server were lost; the cluster keeps running."""
        self._run_on_loop(self._running_listener.close())

    def listen_again(self) -> None:
        """Open the same port again."""
        self._run_on_loop(self._running_listener.open())

    # -- the cluster's thread -------------------------------------------------------------------------------------

    @property
    def _running_listener(self) -> HttpServer:
        if self._listener is None:
            raise RuntimeError("the simulator has not been started")
        return self._listener

    def _run_on_loop(self, work: Coroutine[Any, Any, _T], timeout: float = CALL_SECONDS) -> _T:
        """Run a coroutine on the cluster's loop and wait for its result."""
        loop = self._loop
        if loop is None or loop.is_closed() or threading.current_thread() is self._thread:
            work.close()
            raise RuntimeError("the simulator does not run, or this is its own thread")
        return asyncio.run_coroutine_threadsafe(work, loop).result(timeout)

    def _run(self, started: concurrent.futures.Future[None]) -> None:
        try:
            asyncio.run(self._main(started))
        except BaseException as error:
            if started.done():
                raise
            started.set_exception(error)

    async def _main(self, started: concurrent.futures.Future[None]) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        self._listener = HttpServer(self._state, self._access, self._faults)
        try:
            self._components += populate(self._state, self.scenario, self._recording, self._apis)
            await self._listener.open()
            started.set_result(None)
            await self._stopping.wait()
        finally:
            await self._listener.close()
            for part in reversed(self._components):
                await part.stop()


def _uid(rng: random.Random, salt: int) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128) ^ salt, version=4))
