"""One or two workloads in a namespace of their own, and the two front ends that run an operation on them."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import json
import re
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Button

from k9py.api.meta import ObjectRef
from k9py.api.write_request import WriteRequest
from k9py.cli.command_line import WriteOptions
from k9py.cli.operations import run_operation
from k9py.cli.targets import ObjectArgument
from k9py.cluster.scope import Scope
from k9py.kube.connect import connect
from k9py.kube.connection import Connection
from k9py.kube.options import ConnectOptions
from k9py.operations.front_end import FrontEnd
from k9py.operations.result import OperationResult
from k9py.operations.runner import OperationRunner
from k9py.operations.target import TargetSnapshot
from k9py.runtime.background_jobs import BackgroundJobs
from k9py.session import ClusterSession, open_session
from k9py.simulator.apiserver.writes import create_object
from k9py.simulator.faults import Fault, RequestMatch
from k9py.simulator.registry.resources import PODS, by_kind
from k9py.simulator.server import Simulator
from k9py.simulator.state import SimulatorState
from k9py.tui.dialogs.confirm import ConfirmDialog
from k9py.tui.dialogs.message import MessageDialog
from k9py.tui.key_order import OrderedKeys
from k9py.tui.operations import Operations
from k9py.tui.options import AppOptions
from tests.cli.shell import ClusterTime, Shell, edit

NAME = "checkout"
SECOND = "search"
OLD = "registry.example.com/checkout:1.0.0"
NEW = "registry.example.com/checkout:1.1.0"
NEXT = "registry.example.com/checkout:1.2.0"
PATIENCE = 30.0
"""Seconds after which a run that does not end fails the test."""
SPEED = 50
Raw = dict[str, Any]
_POD_SPEC = {"restartPolicy": "Never", "containers": [{"name": "app", "image": "registry.example.com/job:1.0.0"}]}
_OTHERS: dict[str, Raw] = {
    "Node": {},
    "CronJob": {"schedule": "0 3 1 1 *", "jobTemplate": {"spec": {"template": {"spec": _POD_SPEC}}}},
    "Job": {"template": {"spec": _POD_SPEC}},
}
"""Specs of objects of other kinds, by kind."""
_CHANGES_ELSEWHERE: dict[str, Raw] = {"CronJob": {"schedule": "0 4 1 1 *"}, "Job": {"activeDeadlineSeconds": 9000}}


class QuickTime(ClusterTime):
    """The cluster's wall clock; waits take a fiftieth of their time."""

    def monotonic(self) -> float:
        return super().monotonic() * SPEED

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / SPEED)


@dataclass
class Scene:
    """A Deployment with two revisions, or one of its pods, and changes to the cluster in the meantime.

    Args:
        spec: of an object that is neither a Deployment nor a pod.
        names: of the objects; several are changed one after the other.
        at_confirm: changes the cluster between the dry run (of the last target) and its confirmation.
        cancels: cancel the run once the write is on its way.
        stops: stop after the first target: the dashboard has a key, the command asks before each.
    """

    simulator: Simulator
    folder: Path
    namespace: str
    kind: str = "Deployment"
    spec: Raw = field(default_factory=dict)
    names: tuple[str, ...] = (NAME,)
    at_confirm: list[Callable[[], None]] = field(default_factory=list)
    cancels: bool = False
    stops: bool = False
    sent: list[tuple[Any, ...]] = field(default_factory=list)
    chosen: list[str] = field(default_factory=list)

    @property
    def key(self) -> ObjectRef:
        return self.keys[0]

    @property
    def keys(self) -> tuple[ObjectRef, ...]:
        if self.kind == "Pod":
            self.chosen = self.chosen or self.pods()[: len(self.names)]
            return tuple(ObjectRef("Pod", self.namespace, name) for name in self.chosen)
        if self.kind == "Node":
            return tuple(ObjectRef("Node", "", f"{self.namespace}-{name}") for name in self.names)
        return tuple(ObjectRef(self.kind, self.namespace, name) for name in self.names)

    def create(self, *, paused: bool = False) -> None:
        """Create each Deployment, release a second revision, and wait until it is ready; then perhaps pause a third."""
        container = {"name": "app", "image": OLD, "resources": {"requests": {"memory": "64Mi"}}}

        def spec(name: str) -> Raw:
            return {
                "replicas": 3,
                "progressDeadlineSeconds": 30,
                "selector": {"matchLabels": {"app": name}},
                "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}},
            }

        def fill(state: SimulatorState) -> None:
            create_object(state, by_kind("Namespace"), {"metadata": {"name": self.namespace}})
            for name in self.names:
                metadata = {"name": name, "namespace": self.namespace}
                create_object(state, by_kind("Deployment"), {"metadata": metadata, "spec": spec(name)})

        self.simulator.call(fill)
        self.simulator.advance(20)
        for name in self.names:
            self.edit(_with_image(NEW), name)
        self.simulator.advance(40)
        if paused:
            self.edit(lambda spec: spec.update(paused=True))
            self.edit(_with_image(NEXT))
            self.simulator.advance(5)
        if self.kind in _OTHERS:
            self._create_others()

    def _create_others(self) -> None:
        """Create the objects of another kind, beside the Deployments."""

        def fill(state: SimulatorState) -> None:
            for key in self.keys:
                metadata = {"name": key.name} | ({"namespace": key.namespace} if key.namespace else {})
                create_object(
                    state,
                    by_kind(key.kind),
                    {"metadata": metadata, "spec": {**copy.deepcopy(_OTHERS[key.kind]), **self.spec}},
                )

        self.simulator.call(fill)
        self.simulator.advance(20)
        if self.kind == "Job":
            self.simulator.call(self._complete_jobs)

    def _complete_jobs(self, state: SimulatorState) -> None:
        for key in self.keys:
            job = copy.deepcopy(state.storage.get(by_kind("Job"), key.namespace, key.name))
            assert job is not None
            job.setdefault("status", {})["conditions"] = [{"type": "Complete", "status": "True"}]
            state.storage.update(by_kind("Job"), job, status_only=True)

    def remove(self) -> None:
        def run(state: SimulatorState) -> None:
            for name in self.names:
                state.storage.delete(by_kind("Deployment"), self.namespace, name)
            for key in self.keys if self.kind in _OTHERS else ():
                if state.storage.get(by_kind(key.kind), key.namespace, key.name) is not None:
                    state.storage.delete(by_kind(key.kind), key.namespace, key.name)

        self.simulator.call(run)
        self.simulator.advance(60)

    def edit(self, change: Callable[[Raw], None], name: str = NAME) -> None:
        edit(self.simulator, change, ("Deployment", self.namespace, name))

    def stored(self, key: ObjectRef) -> Raw:
        """Return a copy of an object."""
        obj = self.simulator.call(lambda state: state.storage.get(by_kind(key.kind), key.namespace, key.name))
        assert obj is not None
        return copy.deepcopy(obj)

    def pods(self) -> list[str]:
        pods = self.simulator.call(lambda state: state.storage.list(PODS, self.namespace))
        return sorted(pod["metadata"]["name"] for pod in pods if "deletionTimestamp" not in pod["metadata"])

    def change_elsewhere(self) -> None:
        """Change the object as someone else would; a pod is recreated under its name."""
        if self.kind == "Pod":
            key = self.key

            def run(state: SimulatorState) -> None:
                pod = copy.deepcopy(state.storage.get(PODS, key.namespace, key.name))
                assert pod is not None
                state.storage.delete(PODS, key.namespace, key.name, grace=0)
                kept = {name: pod["metadata"][name] for name in ("name", "namespace", "labels")}
                state.storage.create(PODS, {**pod, "metadata": kept})

            self.simulator.call(run)
        elif self.kind in _OTHERS:
            key = self.key

            def change(state: SimulatorState) -> None:
                obj = copy.deepcopy(state.storage.get(by_kind(key.kind), key.namespace, key.name))
                assert obj is not None
                if key.kind == "Node":
                    obj["spec"]["unschedulable"] = not obj["spec"].get("unschedulable")
                obj["spec"].update(_CHANGES_ELSEWHERE.get(key.kind, {}))
                state.storage.update(by_kind(key.kind), obj)

            self.simulator.call(change)
        else:
            self.edit(lambda spec: spec.update(minReadySeconds=1))

    def fill_quota(self) -> None:
        """Fill the quota of the namespace."""

        def run(state: SimulatorState) -> None:
            metadata = {"name": "full", "namespace": self.namespace}
            create_object(state, by_kind("ResourceQuota"), {"metadata": metadata, "spec": {"hard": {"pods": "3"}}})

        self.simulator.call(run)
        self.simulator.advance(2)

    def inject(self, fault: Fault, times: int | None = 1) -> None:
        """Plan a fault for the writes of this scene."""
        if self.kind == "Node":
            self.simulator.inject(fault, RequestMatch("patch", "nodes", self.namespace), times)
            self.simulator.inject(fault, RequestMatch("create", "pods", f"/namespaces/{self.namespace}/pods?"), times)
            return
        for verb, resource in (("patch", ""), ("delete", ""), ("create", "pods"), ("create", "jobs")):
            if self.kind == "Pod" or verb == "patch" or resource == "jobs":
                where = RequestMatch(verb, resource, f"/namespaces/{self.namespace}/")
                self.simulator.inject(fault, where, times)

    def inject_at_last(self, fault: Fault) -> None:
        """Plan a fault for the next write of the last target."""
        for verb in ("patch", "delete"):
            self.simulator.inject(fault, RequestMatch(verb, "", self.keys[-1].name), 1)

    def confirm(self) -> None:
        for act in self.at_confirm:
            act()


def _with_image(image: str) -> Callable[[Raw], None]:
    def change(spec: Raw) -> None:
        spec["template"]["spec"]["containers"][0]["image"] = image

    return change


@dataclass(frozen=True)
class Observed:
    """What one front end did: everything that has to be the same in both."""

    outcome: str
    error: str
    requests: list[tuple[Any, ...]]
    audit: list[Raw]


async def through_cli(scene: Scene, operation_id: str, inputs: Raw, patch: pytest.MonkeyPatch) -> Observed:
    """Run through the command line with a scripted console."""
    shell = Shell(scene.simulator, scene.folder / "cli", namespace=scene.namespace, clock=QuickTime(scene.simulator))
    shell.directory.mkdir(parents=True)
    targets = [ObjectArgument(key.kind, key.name) for key in scene.keys]

    def answer() -> str:
        return "y"

    def last_answer() -> str:
        scene.confirm()
        return "n" if scene.stops else "y"

    def core(invocation: Any) -> Any:
        return run_operation(invocation, targets, operation_id, WriteOptions(wait=True), **inputs)

    with _recorded(scene, patch) as results:
        answers = [*[answer] * (len(targets) - 1), last_answer, lambda: "n"]  # the last: not to start over
        task = asyncio.ensure_future(shell.run(core, answers=iter(answers)))
        await _to_the_end(scene, task.done, task.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await task
    return _observed(scene, results(), shell.audit_path)


async def through_tui(scene: Scene, operation_id: str, inputs: Raw, patch: pytest.MonkeyPatch) -> Observed:
    """Run through the dashboard's front end; its dialogs are real, and answered as soon as they are on the screen."""
    audit = scene.folder / "tui" / "audit.jsonl"
    async with _host(scene, audit) as (app, pilot):
        with _recorded(scene, patch) as results:
            app.operations.start(operation_id, [TargetSnapshot(key) for key in scene.keys], **inputs)

            def is_done() -> bool:
                app.answer(scene)
                if scene.stops and app.operations.running_bulk:
                    app.operations.stop()
                is_tracked = len(scene.keys) == 1 and any(result.end is not None for result in results())
                return (is_tracked and not app.is_asking) or not app.is_running_operations

            await _to_the_end(scene, is_done, lambda: app.workers.cancel_group(app, "write"), pilot.pause)
            await pilot.pause()
            while app.is_asking:  # what there is to know of a write that was made
                app.answer(scene)
                await pilot.pause(0.01)
        observed = _observed(scene, results(), audit)
        await app.operations.close()
    return observed


class HostApp(OrderedKeys[int]):
    """A screen for the dialogs, and what operations need of the dashboard."""

    def __init__(self, options: AppOptions, connected: ClusterSession) -> None:
        super().__init__()
        self.options = options
        self.connected: ClusterSession | None = connected
        self.context_name = "demo"
        self.jobs = BackgroundJobs()
        self.operations = Operations(self, self)
        self.messages: list[str] = []
        self._answered: set[int] = set()

    @property
    def is_running_operations(self) -> bool:
        return any(worker.group == "write" and not worker.is_finished for worker in self.workers)

    @property
    def is_asking(self) -> bool:
        return isinstance(self.screen, ConfirmDialog | MessageDialog)

    def answer(self, scene: Scene) -> None:
        screen = self.screen
        if id(screen) in self._answered or not screen.query(Button):
            return
        if isinstance(screen, ConfirmDialog):
            self._answered.add(id(screen))
            scene.confirm()
            screen.dismiss(True)
        elif isinstance(screen, MessageDialog):
            self._answered.add(id(screen))
            self.messages.append(screen.message)
            screen.dismiss(None)

    def show_message(self, text: str, *, failed: bool = False, stays: bool = False) -> None:
        self.messages.append(text)

    def notify_terminal(self, text: str) -> None:
        """Do nothing."""

    def clear_marks(self, keys: Sequence[ObjectRef]) -> None:
        """Do nothing: nothing is selected."""

    def show_progress(self) -> None:
        """Do nothing: nothing is shown."""


@asynccontextmanager
async def _host(scene: Scene, audit: Path) -> AsyncIterator[tuple[HostApp, Any]]:
    clock = QuickTime(scene.simulator)
    config = scene.simulator.write_kubeconfig(scene.folder / "tui-config", namespace=scene.namespace)
    connection = await connect(ConnectOptions(str(config)), environ={"HOME": str(scene.folder)})
    async with (
        open_session(connection, clock, namespace=scene.namespace, read_only=False, audit_path=audit) as session,
        session.watch(Scope((scene.namespace,))) as cluster,
    ):
        feed = cluster.open_feed()
        while not all(cluster.has_synced(kind) for kind in ("Deployment", "ReplicaSet", "Pod", "Event")):
            await feed.changed()
            feed.drain()
        cluster.close_feed(feed)
        app = HostApp(AppOptions(connect=ConnectOptions(kubeconfig=str(config)), clock=clock), session)
        async with app.run_test(size=(100, 40)) as pilot:
            yield app, pilot


@contextmanager
def _recorded(scene: Scene, patch: pytest.MonkeyPatch) -> Iterator[Callable[[], Sequence[OperationResult]]]:
    """Record what is sent, with its body, and the results of the run."""
    runners: list[OperationRunner] = []
    init, send = OperationRunner.__init__, Connection.send

    def recorded_init(self: OperationRunner, session: Any, front_end: FrontEnd, options: Any) -> None:
        init(self, session, front_end, options)
        runners.append(self)

    async def recorded_send(self: Connection, request: WriteRequest, *, dry_run: bool) -> Raw:
        scene.sent.append(
            (request.key.name, request.verb, request.subresource, request.patch_type, request.patch, dry_run)
        )
        return await send(self, request, dry_run=dry_run)

    before = len(scene.simulator.requests)
    with patch.context() as patched:
        patched.setattr(OperationRunner, "__init__", recorded_init)
        patched.setattr(Connection, "send", recorded_send)
        yield lambda: runners[0].results if runners else ()
    scene.sent += [
        (request.method, request.path)
        for request in scene.simulator.requests[before:]
        if request.method in ("PATCH", "DELETE") or "/eviction" in request.path
    ]
    if len(scene.names) > 1:  # a command dry-runs each target when its turn comes, the dashboard all of them first
        last = scene.keys[-1].name
        scene.sent.sort(key=lambda sent: (len(sent), last in str(sent)))


async def _to_the_end(
    scene: Scene,
    is_done: Callable[[], bool],
    cancel: Callable[[], object],
    pause: Callable[[float], Any] = asyncio.sleep,
) -> None:
    """Advance the cluster's time until the run has ended; optionally cancel it once its write hangs."""
    async with asyncio.timeout(PATIENCE):
        while not is_done():
            if scene.cancels and any(not sent[-1] for sent in scene.sent if len(sent) == 6):
                await asyncio.sleep(0.1)
                cancel()
                scene.cancels = False
            scene.simulator.advance(1)
            await pause(0.01)


def _observed(scene: Scene, results: Sequence[OperationResult], audit: Path) -> Observed:
    assert results
    lines = [json.loads(line) for line in audit.read_text().splitlines()] if audit.exists() else []
    errors = [type(result.error).__name__ for result in results if result.error is not None]
    begun = {result.key: result.outcome for result in results if result.outcome != "declined"}
    outcomes = [begun.get(key, "not begun") for key in scene.keys] if len(scene.keys) > 1 else begun.values()
    return Observed(
        ", ".join(outcomes),
        ", ".join(errors),
        _plain(scene, scene.sent),
        _plain(scene, [_timeless(line) for line in lines]),
    )


def _timeless(line: Raw) -> Raw:
    without = ("id", "time", "seconds", "uid", "resource_version", "stored_resource_version", "server")
    return {key: value for key, value in line.items() if key not in without}


def _plain(scene: Scene, value: Any) -> Any:
    """Return a value without what differs from run to run: namespace, names of pods, ids, versions and times."""
    text = json.dumps(value)
    text = text.replace(scene.namespace, "NAMESPACE")
    text = re.sub(r"checkout-[a-z0-9]+-[a-z0-9]{5}", "POD", text)
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}", "UID", text)
    text = re.sub(r'"resourceVersion": "\d+"', '"resourceVersion": "VERSION"', text)
    text = re.sub(r'("path": "/metadata/resourceVersion", "value": )"\d+"', r'\1"VERSION"', text)
    text = re.sub(r"-(manual|retry|debug)-[a-z0-9]{5}", r"-\1-SUFFIX", text)
    text = re.sub(r"(debugger|kube-api-access)-[a-z0-9]{5}\b", r"\1-SUFFIX", text)
    text = re.sub(r"(node-debugger-[-A-Za-z0-9]*)-[a-z0-9]{5}\b", r"\1-SUFFIX", text)
    return json.loads(re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "TIME", text))
