"""What containers use: CPU and memory as a kubelet reports them to a metrics-server.

Pure: usage is a function of the container (its uid, name, requests and limits) and of the time, in steps of one sample,
so that the same cluster shows the same numbers. Most containers are steady, some are busy (CPU near their limit); one
that will be OOMKilled leaks memory until it is. The pod annotation `sim.k9py.dev/usage` overrides that, for all
containers (`busy`) or by name (`app=leak,proxy=steady`).
"""

import math
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from k9py.simulator.clock import parse_timestamp
from k9py.simulator.controllers.quantities import parse_quantity
from k9py.simulator.kubelet.behaviours import Exits, behaviour_of
from k9py.simulator.log_generators.prng import Prng

USAGE_ANNOTATION = "sim.k9py.dev/usage"
SAMPLE_SECONDS = 15
_FIRST_SAMPLE_SECONDS = 15.0  # after its start, and up to as long again: a rate needs two samples
_LEAK_SECONDS = 1800.0
_BUSY_ONE_IN = 9
_MEBIBYTE = 2**20

Profile = Literal["steady", "busy", "leak"]


@dataclass(frozen=True, slots=True)
class ContainerUsage:
    """CPU in nanocores, memory in bytes."""

    name: str
    cpu: int
    memory: int


def sample_time(now: datetime) -> float:
    """Return the time of the last sample, in seconds since the epoch."""
    return now.timestamp() // SAMPLE_SECONDS * SAMPLE_SECONDS


def pod_usage(pod: Mapping[str, Any], at: float) -> tuple[ContainerUsage, ...] | None:
    """Return what each running container of a pod uses; None if there is no sample of them all (yet).

    Args:
        pod: the pod.
        at: the time of the sample, in seconds since the epoch.
    """
    uid = pod["metadata"]["uid"]
    usages: list[ContainerUsage] = []
    for container, started in _running(pod):
        number = zlib.crc32(f"{uid}/{container['name']}".encode())
        elapsed = at - started
        if elapsed < _FIRST_SAMPLE_SECONDS * (1 + number % 1000 / 1000):
            return None
        usages.append(_usage(pod, container, number, elapsed, at))
    return tuple(usages) or None


def _running(pod: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], float]]:
    status = pod.get("status") or {}
    specs = {
        container["name"]: container
        for field in ("initContainers", "containers")
        for container in pod["spec"].get(field) or ()
    }
    for field in ("initContainerStatuses", "containerStatuses"):
        for entry in status.get(field) or ():
            running = (entry.get("state") or {}).get("running")
            if running and entry["name"] in specs:
                yield specs[entry["name"]], parse_timestamp(running["startedAt"]).timestamp()


def _usage(
    pod: Mapping[str, Any], container: Mapping[str, Any], number: int, elapsed: float, at: float
) -> ContainerUsage:
    resources = container.get("resources") or {}
    requests, limits = resources.get("requests") or {}, resources.get("limits") or {}
    fixed = Prng(number, 0)
    sample = Prng(number, int(at))
    cpu_request = parse_quantity(requests["cpu"]) if "cpu" in requests else 0.02 + 0.06 * fixed.fraction()
    cpu_limit = parse_quantity(limits["cpu"]) if "cpu" in limits else None
    memory = parse_quantity(limits.get("memory") or requests.get("memory") or (64 + fixed.integer(192)) * _MEBIBYTE)
    period, phase = 300.0 + fixed.integer(600), fixed.integer(600)
    wave = math.sin((at + phase) * 2 * math.pi / period)
    cpu_share = 0.2 + 0.35 * fixed.fraction() + 0.08 * wave + 0.06 * sample.fraction()
    memory_share = 0.4 + 0.3 * fixed.fraction() + 0.02 * wave + 0.01 * sample.fraction()
    cpu = cpu_request * cpu_share
    match _profile(pod, container):
        case "busy", _:
            full = cpu_limit if cpu_limit is not None else 1.6 * cpu_request
            cpu = full * (0.93 + 0.03 * wave + 0.03 * sample.fraction())
        case "leak", after:
            memory_share = min(0.995, 0.3 + 0.7 * elapsed / after)
            cpu = cpu_request * (0.3 + 0.6 * memory_share)  # the collector of the runtime works ever more
        case _:
            pass
    if cpu_limit is not None:
        cpu = min(cpu, cpu_limit)
    return ContainerUsage(container["name"], int(cpu * 1e9), int(memory * memory_share) // 1024 * 1024)


def _profile(pod: Mapping[str, Any], container: Mapping[str, Any]) -> tuple[Profile, float]:
    """Return how a container uses its resources, and how long a leak takes to reach the limit."""
    behaviour = behaviour_of(pod, container, init=False)
    leaks = isinstance(behaviour, Exits) and behaviour.reason == "OOMKilled"
    after = behaviour.after if isinstance(behaviour, Exits) and leaks else _LEAK_SECONDS
    annotation = (pod["metadata"].get("annotations") or {}).get(USAGE_ANNOTATION, "")
    for entry in filter(None, annotation.split(",")):
        name, named, word = entry.rpartition("=")
        if not named or name.strip() == container["name"]:
            match word.strip():
                case "busy":
                    return "busy", after
                case "leak":
                    return "leak", after
                case _:
                    return "steady", after
    if leaks:
        return "leak", after
    workload = (pod["metadata"].get("labels") or {}).get("app") or pod["metadata"].get("generateName", "")
    chosen = zlib.crc32(f"{workload}/{container['name']}".encode()) % _BUSY_ONE_IN == 0
    return ("busy" if chosen else "steady"), after


def system_usage(node: Mapping[str, Any], at: float) -> tuple[int, int]:
    """Return what a node's system uses beside its pods: CPU in nanocores, memory in bytes."""
    metadata = node["metadata"]
    number = zlib.crc32(metadata["name"].encode())
    fixed, sample = Prng(number, 0), Prng(number, int(at))
    capacity = (node.get("status") or {}).get("capacity") or {}
    cpu = parse_quantity(capacity.get("cpu", "1")) * (0.015 + 0.02 * fixed.fraction() + 0.005 * sample.fraction())
    memory = parse_quantity(capacity.get("memory", "1Gi")) * (0.05 + 0.04 * fixed.fraction())
    return int(cpu * 1e9), int(memory)
