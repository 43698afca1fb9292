"""The kubelets of all nodes: start containers, let them fail, back off, and stop them.

Invariant: a pod in a steady state costs nothing: no task and no memory per pod, only a heap with the next step of the
pods that are changing. All of the kubelet's state is in the pod's status, so that it can resume a pod in any state.
Messages and back-off (10 s doubling to 5 minutes, the first restart immediately) are the real kubelet's.
"""

import asyncio
from typing import Any

from k9py.simulator.clock import parse_timestamp, timestamp
from k9py.simulator.controllers.owner_references import key_of
from k9py.simulator.kubelet.behaviours import (
    Behaviour,
    Exits,
    Misconfigured,
    NeverReady,
    NoImage,
    Works,
    behaviour_of,
    is_restarted,
)
from k9py.simulator.kubelet.containers import (
    back_off_event_message,
    back_off_waiting_message,
    image_not_found,
    is_ephemeral,
    is_init,
    missing_reference,
    missing_volume,
    spec_of,
    status_of,
    unstarted_ephemeral_containers,
)
from k9py.simulator.kubelet.pod_status import EPHEMERAL, INIT, MAIN, PodStatusWriter, is_sidecar, waiting_status
from k9py.simulator.kubelet.step_queue import PodStep, StepName, StepQueue
from k9py.simulator.registry.resources import NODES, PODS
from k9py.simulator.registry.storage import StorageEvent
from k9py.simulator.scheduler.filters import is_node_ready
from k9py.simulator.state import SimulatorState

Object = dict[str, Any]

_FIRST_BACKOFF = 10.0
_LONGEST_BACKOFF = 300.0
_RESTART_DELAY = 1.0
_STOPPED = Exits(143, 0.0)
RESTART_ANNOTATION = "sim.k9py.dev/restart"
"""Annotation of a pod: a container to restart each time the value changes; text after a space is ignored ("app 2")."""


class Kubelet:
    """Runs the pods of every node."""

    def __init__(self, state: SimulatorState) -> None:
        self._state = state
        self._storage = state.storage
        self._status = PodStatusWriter(state)
        self._steps = StepQueue(state.clock, self._run_step)
        state.exit_container = self._exit_by_itself

    async def run(self) -> None:
        """Resume the existing pods, then run until cancelled."""
        self._storage.on_change(self._on_change)
        for number, pod in enumerate(self._storage.list(PODS)):
            self._resume(pod)
            if number % 2000 == 1999:
                await asyncio.sleep(0)
        await self._steps.run()

    def _random_delay(self, low: float, high: float) -> float:
        return self._state.rng.uniform(low, high)

    # -- storage events -------------------------------------------------------------------------------------------

    def _on_change(self, change: StorageEvent) -> None:
        if change.resource is NODES and change.old is not None:
            if is_node_ready(change.obj) and not is_node_ready(change.old):
                self._resume_node(change.obj["metadata"]["name"])
            return
        if change.resource is not PODS or change.type == "DELETED":
            return
        pod, old = change.obj, change.old
        if not pod["spec"].get("nodeName"):
            return
        deleted = bool(pod["metadata"].get("deletionTimestamp"))
        if old is None or not old["spec"].get("nodeName"):
            if deleted:
                self._steps.add(pod, "", "kill", 0.0)
            elif old is not None or not (pod.get("status") or {}).get(MAIN):
                self._steps.add(pod, "", "admit", self._random_delay(0.05, 0.2))
            else:
                self._resume(pod)
        elif deleted and not old["metadata"].get("deletionTimestamp"):
            self._stop(pod)
        elif not deleted:
            self._on_pod_change(pod, old)

    def _on_pod_change(self, pod: Object, old: Object) -> None:
        """Handle changes of a running pod: a new ephemeral container, a restart."""
        if pod["spec"] is not old["spec"]:
            for name in unstarted_ephemeral_containers(pod):
                self._steps.add(pod, name, "attach", self._random_delay(0.05, 0.2))
        restart_request = (pod["metadata"].get("annotations") or {}).get(RESTART_ANNOTATION, "")
        if restart_request and restart_request != (old["metadata"].get("annotations") or {}).get(RESTART_ANNOTATION):
            self._steps.add(pod, restart_request.partition(" ")[0], "restart", 0.0)

    def _resume_node(self, node: str) -> None:
        """Report the pods of a node that is reachable again, and resume them."""
        for pod in self._storage.list(PODS):
            if pod["spec"].get("nodeName") != node:
                continue
            if (pod.get("status") or {}).get(MAIN) and not pod["metadata"].get("deletionTimestamp"):
                pod = self._status.write_whole(pod)
            self._resume(pod)

    def _resume(self, pod: Object) -> None:
        """Schedule the next step of a pod in any state; nothing if it is in a steady state."""
        if not pod["spec"].get("nodeName"):
            return
        if pod["metadata"].get("deletionTimestamp"):
            self._steps.add(pod, "", "kill", self._random_delay(0.5, 2.0))
            return
        status: Object = pod.get("status") or {}
        if status.get("phase") in ("Succeeded", "Failed"):
            return
        if not status.get(MAIN):
            self._steps.add(pod, "", "admit", self._random_delay(0.05, 0.2))
            return
        for field in (INIT, MAIN):
            for entry in status.get(field) or ():
                self._resume_container(pod, entry)

    def _resume_container(self, pod: Object, entry: Object) -> None:
        name = entry["name"]
        match entry["state"]:
            case {"running": _}:
                behaviour = self._behaviour(pod, name)
                if isinstance(behaviour, Exits):
                    self._steps.add(pod, name, "exit", self._random_delay(0.1, behaviour.after))
                elif isinstance(behaviour, NeverReady):
                    self._steps.add(pod, name, "probe", self._random_delay(0.1, 10.0))
                elif not entry["ready"]:
                    self._steps.add(pod, name, "ready", 1.0)
            case {"waiting": {"reason": "ImagePullBackOff" | "ErrImagePull"}}:
                self._steps.add(pod, name, "pull", self._random_delay(1.0, 20.0))
            case {"waiting": {"reason": "CrashLoopBackOff"}}:
                self._steps.add(pod, name, "start", self._random_delay(1.0, 30.0))
            case {"waiting": {"reason": "ContainerCreating"}}:
                self._steps.add(pod, name, "pull", 0.5)
            case {"terminated": _}:
                self._steps.add(pod, name, "crash-back-off", 0.5)

    # -- steps ----------------------------------------------------------------------------------------------------

    def _run_step(self, act: PodStep) -> None:
        pod = self._storage.get(PODS, *act.key)
        if pod is None or pod["metadata"]["uid"] != act.uid:
            return
        if act.step == "kill":
            if pod["metadata"].get("deletionTimestamp") and self._is_node_ready(pod):
                self._status.end_runs(pod)
                self._storage.remove(PODS, *act.key)
            return
        if pod["metadata"].get("deletionTimestamp") or not self._is_node_ready(pod):
            return
        match act.step:
            case "admit":
                self._admit(pod)
            case "pull":
                self._pull(pod, act.container)
            case "pull-back-off":
                self._back_off_pull(pod, act.container)
            case "start":
                self._start(pod, act.container)
            case "ready":
                self._status.write(pod, act.container, {"ready": True})
            case "probe":
                self._probe(pod, act.container)
            case "exit":
                behaviour = self._behaviour(pod, act.container)
                if isinstance(behaviour, Exits):
                    self._exit(pod, act.container, behaviour)
            case "restart":
                self._exit(pod, act.container, _STOPPED, at_once=True)
            case "attach":
                self._attach(pod, act.container)
            case "crash-back-off":
                self._back_off_crash(pod, act.container)

    def _is_node_ready(self, pod: Object) -> bool:
        node = self._storage.get(NODES, None, pod["spec"]["nodeName"])
        return node is not None and is_node_ready(node)

    def _admit(self, pod: Object) -> None:
        """Set the containers to ContainerCreating and start the first."""
        init: list[Object] = pod["spec"].get("initContainers") or []
        node = self._storage.get(NODES, None, pod["spec"]["nodeName"]) or {}
        addresses = (node.get("status") or {}).get("addresses") or ({"address": "127.0.0.1"},)
        status: Object = {
            **(pod.get("status") or {}),
            "hostIP": addresses[0]["address"],
            "hostIPs": [{"ip": addresses[0]["address"]}],
            "startTime": timestamp(self._state.clock.now()),
            MAIN: [waiting_status(c, initializing=bool(init)) for c in pod["spec"]["containers"]],
        }
        if init:
            status[INIT] = [waiting_status(c, initializing=True) for c in init]
        pod = self._status.write_whole({**pod, "status": status})
        missing = missing_volume(self._storage, pod)
        if missing is not None:
            message = f'MountVolume.SetUp failed for volume "{missing.volume}" : {missing.reference} not found'
            self._status.record_event(pod, "Warning", "FailedMount", message, "")
            self._steps.add(pod, "", "admit", 20.0)
            return
        self._schedule_next(pod, self._random_delay(0.2, 0.6))

    def _attach(self, pod: Object, name: str) -> None:
        """Set an ephemeral container to ContainerCreating and start it."""
        if name not in unstarted_ephemeral_containers(pod):
            return
        entry = waiting_status(spec_of(pod, name), initializing=False)
        entries = [*(pod["status"].get(EPHEMERAL) or ()), entry]
        pod = self._status.write_whole({**pod, "status": {**pod["status"], EPHEMERAL: entries}})
        self._steps.add(pod, name, "pull", self._random_delay(0.2, 0.6))

    def _schedule_next(self, pod: Object, seconds: float) -> None:
        """Schedule the first init container that has not completed, or else all main containers."""
        status = pod["status"]
        specs = pod["spec"].get("initContainers") or ()
        for spec, entry in zip(specs, status.get(INIT) or (), strict=True):
            if is_sidecar(spec) and entry.get("started"):
                continue
            if entry["state"].get("terminated", {}).get("exitCode") != 0:
                self._steps.add(pod, spec["name"], "pull", seconds)
                return
        for entry in status[MAIN]:
            if "waiting" in entry["state"]:
                self._steps.add(pod, entry["name"], "pull", seconds)

    def _pull(self, pod: Object, name: str) -> None:
        container = spec_of(pod, name)
        image = container.get("image", "")
        if isinstance(self._behaviour(pod, name), NoImage):
            self._status.record_event(pod, "Normal", "Pulling", f'Pulling image "{image}"', name)
            self._status.record_event(
                pod, "Warning", "Failed", f'Failed to pull image "{image}": {image_not_found(image)}', name
            )
            self._status.record_event(pod, "Warning", "Failed", "Error: ErrImagePull", name)
            self._status.write(
                pod, name, {"state": {"waiting": {"reason": "ErrImagePull", "message": image_not_found(image)}}}
            )
            self._steps.add(pod, name, "pull-back-off", 2.0)
            return
        behaviour = self._behaviour(pod, name)
        missing = missing_reference(self._storage, pod, container)
        if isinstance(behaviour, Misconfigured):
            missing = behaviour.why
        if missing is not None:
            self._status.record_event(pod, "Warning", "Failed", f"Error: {missing}", name)
            waiting = {"reason": "CreateContainerConfigError", "message": missing}
            self._status.write(pod, name, {"state": {"waiting": waiting}})
            self._steps.add(pod, name, "pull", 10.0)
            return
        self._start(pod, name)

    def _back_off_pull(self, pod: Object, name: str) -> None:
        image = spec_of(pod, name).get("image", "")
        self._status.record_event(pod, "Normal", "BackOff", f'Back-off pulling image "{image}"', name)
        self._status.record_event(pod, "Warning", "Failed", "Error: ImagePullBackOff", name)
        message = f'Back-off pulling image "{image}": ErrImagePull: {image_not_found(image)}'
        self._status.write(pod, name, {"state": {"waiting": {"reason": "ImagePullBackOff", "message": message}}})
        waited = (self._state.clock.now() - parse_timestamp(pod["status"]["startTime"])).total_seconds()
        # The back-off doubles, so the time until the next pull is about the time since the start.
        self._steps.add(pod, name, "pull", min(_LONGEST_BACKOFF, max(_FIRST_BACKOFF, waited)))

    def _start(self, pod: Object, name: str) -> None:
        container = spec_of(pod, name)
        behaviour = self._behaviour(pod, name)
        if isinstance(behaviour, NoImage):
            self._pull(pod, name)
            return
        entry = status_of(pod, name)
        if "running" in entry["state"]:
            return  # scheduled twice: before its node was unreachable and when it came back
        image = container.get("image", "")
        self._status.record_event(
            pod, "Normal", "Pulled", f'Container image "{image}" already present on machine', name
        )
        self._status.record_event(pod, "Normal", "Created", f"Created container: {name}", name)
        self._status.record_event(pod, "Normal", "Started", f"Started container {name}", name)
        ended = entry["state"].get("terminated") or entry["lastState"].get("terminated")
        ready_at_once = not container.get("readinessProbe") and not isinstance(behaviour, NeverReady)
        slow = isinstance(behaviour, Works) and behaviour.ready_after > 1.0
        change: Object = {
            "state": {"running": {"startedAt": timestamp(self._state.clock.now())}},
            "lastState": {"terminated": ended} if ended else {},
            "ready": ready_at_once and not slow,
            "restartCount": entry["restartCount"] + bool(ended),
            "imageID": f"{image.rpartition(':')[0]}@sha256:{self._state.rng.getrandbits(256):064x}",
            "containerID": f"containerd://{self._state.rng.getrandbits(256):064x}",
            "started": True,
        }
        if is_ephemeral(pod, name):
            change["ready"] = False
        self._state.container_runs.record_start(change["containerID"], self._state.clock.now())
        pod = self._status.write(pod, name, change)
        match behaviour:
            case Exits(after=after):
                self._steps.add(pod, name, "exit", after)
            case NeverReady():
                self._steps.add(pod, name, "probe", 1.0)
            case Works(ready_after=after) if not change["ready"]:
                delay = (container.get("readinessProbe") or {}).get("initialDelaySeconds", 0)
                self._steps.add(pod, name, "ready", max(delay, after * self._random_delay(0.8, 1.2)))
                if slow and container.get("readinessProbe"):
                    self._steps.add(pod, name, "probe", max(1.0, delay))
        if is_init(pod, name) and is_sidecar(container):
            self._schedule_next(pod, self._random_delay(0.1, 0.3))

    def _probe(self, pod: Object, name: str) -> None:
        if status_of(pod, name)["ready"]:
            return  # a slow container that has become ready
        probe = spec_of(pod, name).get("readinessProbe") or {}
        message = "Readiness probe failed: HTTP probe failed with statuscode: 503"
        self._status.record_event(pod, "Warning", "Unhealthy", message, name)
        self._steps.add(pod, name, "probe", float(probe.get("periodSeconds", 10)))

    def _exit(self, pod: Object, name: str, behaviour: Exits, *, at_once: bool = False) -> None:
        """End a running container; `at_once` restarts it without back-off."""
        entry = status_of(pod, name)
        running = entry["state"].get("running")
        if running is None:
            return
        self._state.container_runs.record_end(entry.get("containerID", ""), self._state.clock.now())
        terminated = {
            "exitCode": behaviour.code,
            "reason": behaviour.reason if behaviour.code or behaviour.reason != "Error" else "Completed",
            "startedAt": running["startedAt"],
            "finishedAt": timestamp(self._state.clock.now()),
            "containerID": entry.get("containerID", ""),
        }
        started = behaviour.code == 0 and entry.get("started", False)
        pod = self._status.write(pod, name, {"state": {"terminated": terminated}, "ready": False, "started": started})
        init = is_init(pod, name)
        if init and behaviour.code == 0:
            self._status.write(pod, name, {"ready": True})
            self._schedule_next(self._storage.get(PODS, *key_of(pod)) or pod, self._random_delay(0.1, 0.3))
        elif is_restarted(pod, behaviour, init=init) and not is_ephemeral(pod, name):
            step: StepName = "crash-back-off" if entry["restartCount"] and not at_once else "start"
            self._steps.add(pod, name, step, _RESTART_DELAY)

    def _exit_by_itself(self, pod: Object, name: str, code: int) -> None:
        """End a running container because its main process has exited."""
        current = self._storage.get(PODS, *key_of(pod))
        if current is None or current["metadata"]["uid"] != pod["metadata"]["uid"]:
            return
        self._exit(current, name, Exits(code, 0.0))

    def _back_off_crash(self, pod: Object, name: str) -> None:
        entry = status_of(pod, name)
        ended = entry["state"].get("terminated")
        if ended is None:
            return
        seconds = min(_LONGEST_BACKOFF, _FIRST_BACKOFF * 2 ** max(0, entry["restartCount"] - 1))
        self._status.record_event(pod, "Warning", "BackOff", back_off_event_message(pod, name), name)
        waiting = {"reason": "CrashLoopBackOff", "message": back_off_waiting_message(pod, name, seconds)}
        self._status.write(pod, name, {"state": {"waiting": waiting}, "lastState": {"terminated": ended}})
        self._steps.add(pod, name, "start", seconds)

    def _stop(self, pod: Object) -> None:
        grace = float(pod["metadata"].get("deletionGracePeriodSeconds", 30))
        running = False
        for field in (INIT, MAIN):
            for entry in (pod.get("status") or {}).get(field) or ():
                if "running" in entry["state"]:
                    running = True
                    self._status.record_event(
                        pod, "Normal", "Killing", f"Stopping container {entry['name']}", entry["name"]
                    )
        self._steps.add(
            pod, "", "kill", min(grace, self._random_delay(1.0, 2.5)) if running else self._random_delay(0.1, 0.3)
        )

    def _behaviour(self, pod: Object, name: str) -> Behaviour:
        container = spec_of(pod, name)
        return behaviour_of(pod, container, init=is_init(pod, name) and not is_sidecar(container))
