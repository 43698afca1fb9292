"""The running containers that somebody has entered: their file systems and processes, until their run ends.

Invariant: a container costs nothing before the first stream into it; what it holds lives as long as its run (its
container id), and its end kills every process. Which commands an image has follows from its name.
"""

import asyncio
import re
from collections.abc import Mapping
from typing import Any, Protocol

from k9py.simulator.kubelet.containers import spec_of, status_of
from k9py.simulator.registry.resources import PODS
from k9py.simulator.registry.storage import StorageEvent
from k9py.simulator.state import SimulatorState
from k9py.simulator.streaming.channels import ClientChannels
from k9py.simulator.streaming.shell.image_files import image_files
from k9py.simulator.streaming.shell.process import Machine

Object = dict[str, Any]

_NO_SHELL = re.compile(r"distroless|scratch|/pause\b|static")
_NO_BASH = re.compile(r"busybox|alpine|slim-sh")
_NO_TAR = re.compile(r"no-?tar|minimal")


class MainProcess(Protocol):
    """The main process of a container that reads input."""

    async def attach(self, channels: ClientChannels, *, has_stdin: bool) -> None:
        """Connect a client until this is cancelled."""
        ...

    def end(self) -> None:
        """End it with its container."""
        ...


class RunningContainer:
    """One run of a container.

    Args:
        container_id: of the run.
        machine: its file system and processes.
        ended: set when it has ended.
    """

    def __init__(self, container_id: str, machine: Machine) -> None:
        self.container_id = container_id
        self.machine = machine
        self.ended = asyncio.Event()
        self.main: MainProcess | None = None

    def end(self) -> None:
        """Kill everything in it."""
        self.ended.set()
        if self.main is not None:
            self.main.end()
        self.machine.end_all()


class RunningContainers:
    """The entered containers of a cluster, by namespace, pod and name."""

    def __init__(self, state: SimulatorState) -> None:
        self._state = state
        self._entered: dict[tuple[str, str, str], RunningContainer] = {}
        state.storage.on_change(self._on_change)

    def enter(self, pod: Object, name: str) -> RunningContainer | None:
        """Return a container of a stored pod; None if it does not run."""
        entry = _status(pod, name)
        if entry is None or "running" not in (entry.get("state") or {}):
            return None
        metadata = pod["metadata"]
        key = (metadata["namespace"], metadata["name"], name)
        run = _run_of(metadata, entry)
        held = self._entered.get(key)
        if held is not None and held.container_id == run:
            return held
        container = RunningContainer(run, machine_of(self._state, pod, name))
        self._entered[key] = container
        return container

    def end_all(self) -> None:
        """End every container: the cluster stops."""
        for container in self._entered.values():
            container.end()
        self._entered.clear()

    def _on_change(self, change: StorageEvent) -> None:
        if change.resource is not PODS or not self._entered:
            return
        metadata = change.obj["metadata"]
        for key, container in tuple(self._entered.items()):
            if key[:2] != (metadata["namespace"], metadata["name"]):
                continue
            entry = _status(change.obj, key[2]) if change.type != "DELETED" else None
            runs = entry is not None and "running" in (entry.get("state") or {})
            if not runs or entry is None or _run_of(metadata, entry) != container.container_id:
                del self._entered[key]
                container.end()


def _status(pod: Object, name: str) -> Object | None:
    try:
        return status_of(pod, name)
    except KeyError:
        return None


def _run_of(metadata: Mapping[str, Any], entry: Mapping[str, Any]) -> str:
    """Return what identifies a run of a container, also where a status has no container id."""
    return entry.get("containerID") or f"{metadata['uid']}/{entry.get('restartCount', 0)}"


def machine_of(state: SimulatorState, pod: Object, name: str) -> Machine:
    """Return a container as its image and spec make it."""
    spec = spec_of(pod, name)
    image = str(spec.get("image", ""))
    hostname = str(pod["spec"].get("nodeName") if pod["spec"].get("hostNetwork") else pod["metadata"]["name"])
    environment = {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOSTNAME": hostname,
        "HOME": "/root",
        "KUBERNETES_SERVICE_HOST": "10.96.0.1",
        "KUBERNETES_SERVICE_PORT": "443",
    }
    for variable in spec.get("env") or ():
        if "value" in variable or "valueFrom" not in variable:
            environment[variable["name"]] = str(variable.get("value", ""))
    security = {**(pod["spec"].get("securityContext") or {}), **(spec.get("securityContext") or {})}
    user = str(security.get("runAsUser") or "root")
    if user == "0":
        user = "root"
    now = state.clock.now().timestamp()
    return Machine(
        hostname,
        image_files(hostname, pod, spec, now),
        environment,
        state.clock,
        user,
        str(spec.get("workingDir") or "/"),
        main_command=" ".join(map(str, (*(spec.get("command") or ()), *(spec.get("args") or ())))),
        end_main=lambda code: state.exit_container(pod, name, code),
        has_shell=not _NO_SHELL.search(image),
        has_bash=not _NO_BASH.search(image),
        has_tar=not _NO_TAR.search(image),
    )
