"""Cost of triage: `python -m tests.bench.triage [PODS] [CHANGES_PER_SECOND] [SECONDS] [FAILING_EVERY]`.

A cluster in this process: 10,000 pods of 1,000 Deployments with a Service each, one Deployment in twenty crash-looping;
then 500 changes a second, four of five the status of a pod, the others events. The same churn runs without and with
triage: what triage adds to the processor time of this thread is its share of a core. Printed as well: the longest time
that the event loop was held, the first pass, and the memory that triage keeps for a pod. Compare the ratios of one run.
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import json
import random
import sys
import time
import tracemalloc
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from k9py.api.discovery import Discovered
from k9py.api.errors import BadRequestError, NotFoundError
from k9py.api.kinds import Kind
from k9py.api.meta import ObjectRef
from k9py.api.resource_type import ResourceType
from k9py.api.resource_types import STANDARD
from k9py.cluster.cluster import Cluster
from k9py.cluster.scope import Scope
from k9py.informer.lister_watcher import ListerWatcher
from k9py.logs.source import LogTarget
from k9py.runtime.clock import SystemClock
from tests.bench.informer_load import HoldMeter
from tests.bench.pods import PODS_AN_OWNER, pods

_BUNCHES: Final = 20
"""Bunches of changes in a second."""

_ids = itertools.count(1)


class World:
    """The objects of the cluster as JSON, and their changes."""

    def __init__(self, count: int, failing_every: int) -> None:
        self.version = 1_000_000
        self.rng = random.Random(1)
        self.pods = [json.loads(line) for line in pods(count)]
        self.objects: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.objects["Pod"] = self.pods
        began = datetime.now(UTC) - timedelta(days=2)
        self._began = began.strftime("%Y-%m-%dT%H:%M:%SZ")
        for owner in range(0, count, PODS_AN_OWNER):
            owned = self.pods[owner : owner + PODS_AN_OWNER]
            self._add_workload(owned, fails=owner // PODS_AN_OWNER % failing_every == 0)
        for number in range(150):
            ready = {"type": "Ready", "status": "True", "lastTransitionTime": self._began}
            self._add("Node", f"node-{number}", "", status={"conditions": [ready]})
        for number in range(23):
            self._add("Namespace", f"team-{number}", "", status={"phase": "Active"})

    def _add(self, kind: str, name: str, namespace: str, **content: Any) -> dict[str, Any]:
        self.version += 1
        metadata = {
            "name": name,
            "namespace": namespace,
            "uid": f"{kind}-{namespace}-{name}",
            "resourceVersion": str(self.version),
            "creationTimestamp": self._began,
            "generation": 1,
        }
        metadata |= content.pop("metadata", {})
        made = {"metadata": metadata, **content}
        self.objects[kind].append(made)
        return made

    def _add_workload(self, owned: list[dict[str, Any]], *, fails: bool) -> None:
        metadata = owned[0]["metadata"]
        namespace, labels = metadata["namespace"], metadata["labels"]
        reference = metadata["ownerReferences"][0]
        name = labels["app"]
        selector = {"app": name}
        serving = 0 if fails else len(owned)
        spec = {
            "replicas": len(owned),
            "selector": {"matchLabels": selector},
            "template": {"metadata": {"labels": labels}, "spec": owned[0]["spec"]},
        }
        status = {
            "observedGeneration": 1,
            "replicas": len(owned),
            "updatedReplicas": len(owned),
            "readyReplicas": serving,
            "availableReplicas": serving,
        }
        deployment = self._add("Deployment", name, namespace, spec=spec, status=status)
        controller = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "name": name,
            "uid": deployment["metadata"]["uid"],
            "controller": True,
        }
        of_set = {"uid": reference["uid"], "ownerReferences": [controller], "labels": labels}
        self._add("ReplicaSet", reference["name"], namespace, metadata=of_set, spec=spec, status=status)
        self._add(
            "Service", name, namespace, spec={"selector": selector, "ports": [{"port": 80}], "clusterIP": "10.0.0.1"}
        )
        endpoints = [
            {
                "addresses": [pod["status"]["podIP"]],
                "conditions": {"ready": not fails, "serving": not fails, "terminating": False},
                "targetRef": {"kind": "Pod", "name": pod["metadata"]["name"], "namespace": namespace},
            }
            for pod in owned
        ]
        of_slice = {"labels": {"kubernetes.io/service-name": name}}
        self._add("EndpointSlice", f"{name}-x", namespace, metadata=of_slice, endpoints=endpoints, ports=[{"port": 80}])
        for pod in owned:
            pod["metadata"]["creationTimestamp"] = self._began
            if fails:
                _crash(pod)

    # -- churn --------------------------------------------------------------------------------------------------------

    def change(self) -> tuple[str, bytes]:
        """Return one change: its kind, and the line of its watch event."""
        self.version += 1
        pod = self.rng.choice(self.pods)
        metadata = pod["metadata"]
        if self.rng.random() < 0.8:
            metadata["resourceVersion"] = str(self.version)
            for condition in pod["status"]["conditions"]:
                condition["lastProbeTime"] = self._now()
                condition["message"] = f"change {self.version}"
            return "Pod", _line(pod)
        number = next(_ids)
        event = {
            "metadata": {
                "name": f"{metadata['name']}.{number:x}",
                "namespace": metadata["namespace"],
                "uid": f"event-{number}",
                "resourceVersion": str(self.version),
                "creationTimestamp": self._now(),
            },
            "type": "Warning",
            "reason": "Unhealthy",
            "message": "Readiness probe failed: HTTP probe failed with statuscode: 503",
            "involvedObject": {
                "kind": "Pod",
                "namespace": metadata["namespace"],
                "name": metadata["name"],
                "uid": metadata["uid"],
            },
            "lastTimestamp": self._now(),
            "firstTimestamp": self._now(),
            "count": 1,
        }
        return "Event", _line(event)

    def _now(self) -> str:
        return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _crash(pod: dict[str, Any]) -> None:
    for status in pod["status"]["containerStatuses"]:
        status |= {
            "ready": False,
            "started": False,
            "restartCount": 7,
            "state": {
                "waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting failed container"}
            },
            "lastState": {"terminated": {"exitCode": 1, "reason": "Error"}},
        }
    for condition in pod["status"]["conditions"]:
        if condition["type"] in ("Ready", "ContainersReady"):
            condition |= {"status": "False", "reason": "ContainersNotReady"}


def _line(value: dict[str, Any]) -> bytes:
    return b'{"type":"MODIFIED","object":%s}' % json.dumps(value).encode()


@dataclass(frozen=True)
class _Info:
    namespace: str = "default"


class MemoryServer:
    """A `ClusterConnection` in this process."""

    def __init__(self, world: World) -> None:
        self.info = _Info()
        self.discovered = Discovered()
        self.world = world
        self.pages = {kind: list(_pages(objects)) for kind, objects in world.objects.items()}
        self.queues: dict[str, list[asyncio.Queue[list[bytes]]]] = defaultdict(list)

    async def can_i(self, *args: Any, **more: Any) -> bool | None:
        return True

    async def discover(self) -> Discovered:
        return self.discovered

    async def find_type(self, name: str | ObjectRef) -> ResourceType:
        raise NotFoundError("no such type", code=404)

    def lister_watcher(
        self, kind: Kind[Any], namespace: str = "", *, label_selector: str = "", field_selector: str = ""
    ) -> ListerWatcher:
        return _Lister(self, kind, is_filtered=field_selector.startswith(("metadata.", "involvedObject.uid", "type=N")))

    @asynccontextmanager
    async def open_log(self, target: LogTarget, **how: Any) -> AsyncIterator[AsyncIterator[list[bytes]]]:
        yield _once([b"2026-11-22T12:00:00.0Z fatal: no such host db"])


class _Lister:
    def __init__(self, server: MemoryServer, kind: Kind[Any], *, is_filtered: bool) -> None:
        self._server = server
        self._kind = kind
        self._is_filtered = is_filtered

    async def list_page(self, *, limit: int, continue_token: str = "", resource_version: str | None = None) -> bytes:
        await asyncio.sleep(0)
        if self._kind.resource_type not in STANDARD:
            raise NotFoundError("not served", code=404)
        pages = self._server.pages.get(self._kind.name)
        if pages is None or self._is_filtered:
            return b'{"metadata":{"resourceVersion":"1"},"items":[]}'
        return pages[int(continue_token or 0)]

    async def probe(self) -> bytes:
        return b'{"metadata":{"resourceVersion":"1"},"items":[]}'

    def watch(
        self,
        *,
        resource_version: str,
        send_initial_events: bool,
        timeout_seconds: int,
        idle_timeout: Callable[[], float] | None = None,
    ) -> AbstractAsyncContextManager[AsyncIterator[list[bytes]]]:
        return self._opened(initial=send_initial_events)

    @asynccontextmanager
    async def _opened(self, *, initial: bool) -> AsyncIterator[AsyncIterator[list[bytes]]]:
        if initial:
            raise BadRequestError("sendInitialEvents is not understood", code=400)
        queue: asyncio.Queue[list[bytes]] = asyncio.Queue()
        if not self._is_filtered:
            self._server.queues[self._kind.name].append(queue)
        yield _from(queue)


async def _from(queue: asyncio.Queue[list[bytes]]) -> AsyncIterator[list[bytes]]:
    while True:
        yield await queue.get()


async def _once(lines: list[bytes]) -> AsyncIterator[list[bytes]]:
    yield lines


def _pages(objects: list[dict[str, Any]]) -> Iterable[bytes]:
    for at in range(0, len(objects), 500):
        token = str(at // 500 + 1) if at + 500 < len(objects) else ""
        items = b",".join(json.dumps(each).encode() for each in objects[at : at + 500])
        yield b'{"metadata":{"resourceVersion":"9","continue":"%s"},"items":[%s]}' % (token.encode(), items)


async def _churn(server: MemoryServer, rate: int, seconds: float) -> float:
    """Change objects for a time; return the processor seconds of this thread in it."""
    bunches = [[server.world.change() for _ in range(rate // _BUNCHES)] for _ in range(int(seconds * _BUNCHES))]
    gc.collect()
    began, cpu = time.monotonic(), time.thread_time()
    for number, bunch in enumerate(bunches):
        lines: dict[str, list[bytes]] = defaultdict(list)
        for kind, line in bunch:
            lines[kind].append(line)
        for kind, each in lines.items():
            for queue in server.queues[kind]:
                queue.put_nowait(each)
        await asyncio.sleep(max(0.0, began + (number + 1) / _BUNCHES - time.monotonic()))
    return time.thread_time() - cpu


async def _longest_hold(work: Awaitable[Any]) -> float:
    """Return the longest time that the event loop is held during some work, in milliseconds of processor time."""
    meter = HoldMeter()
    await work
    return await meter.stop() * 1e3


async def _load(server: MemoryServer) -> Cluster:
    cluster = await Cluster(server, Scope(), SystemClock()).__aenter__()
    lease = cluster.triage.open()
    await cluster.triage.settled()
    lease.close()
    return cluster


async def _measure(count: int, rate: int, seconds: int, failing_every: int) -> None:
    server = MemoryServer(World(count, failing_every))
    print(f"{count} pods, one workload in {failing_every} fails, {rate} changes a second for {seconds} s")
    cluster = await _load(server)
    plain = await _churn(server, rate, seconds) / seconds
    hold = await _longest_hold(_churn(server, rate, seconds / 2))
    print(f"  without triage  {plain:6.1%} of a core   longest hold {hold:5.1f} ms")

    cpu = time.thread_time()
    lease = cluster.triage.open()
    await cluster.triage.settled()
    used = time.thread_time() - cpu
    lease.close()
    lease = cluster.triage.open()
    hold = await _longest_hold(cluster.triage.settled())
    report = cluster.triage.report(cluster.clock.now())
    print(
        f"  first pass      {used:.2f} s, {used / report.looked_at * 1e6:.0f} µs an object, longest hold {hold:5.1f} ms"
    )
    print(f"    {report.looked_at} objects, {len(report.problems)} problems, {len(cluster.leases)} leases")
    with_triage = await _churn(server, rate, seconds) / seconds
    hold = await _longest_hold(_churn(server, rate, seconds / 2))
    print(f"  with triage     {with_triage:6.1%} of a core   longest hold {hold:5.1f} ms")
    print(f"  triage          {with_triage - plain:6.1%} of a core")
    lease.close()
    await cluster.__aexit__(None, None, None)


async def _memory(count: int, failing_every: int) -> None:
    cluster = await _load(MemoryServer(World(count, failing_every)))
    gc.collect()
    tracemalloc.start()
    lease = cluster.triage.open()
    await cluster.triage.settled()
    gc.collect()
    kept = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    lease.close()
    await cluster.__aexit__(None, None, None)
    print(f"  memory          {kept / count:.0f} bytes a pod, views of workloads and Services included")


def main() -> None:
    given = [int(value) for value in sys.argv[1:]]
    count, rate, seconds, failing_every = (*given, *(10_000, 500, 20, 20)[len(given) :])
    asyncio.run(_measure(count, rate, seconds, failing_every))
    asyncio.run(_memory(min(count, 5_000), failing_every))


if __name__ == "__main__":
    main()
