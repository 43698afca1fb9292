"""Shops with an incident: an image that does not exist, crashing containers, a wrong selector, a regression in the
logs.

Invariant: the incident has lasted for a while when the scenario is loaded, so that all its symptoms are there.
`regression`: the pods of a release are ready, and only their logs show errors and retries that are new, a line that
is missing and one three times as frequent (`log_generators/applications.py`). The rollout of `checkout` is in
progress when it is loaded and lasts some ten minutes more, because of minReadySeconds.
"""

import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

from k9py.simulator.apiserver.managed_fields import with_manager
from k9py.simulator.controllers import deployment_status as rules
from k9py.simulator.controllers.deployment_replicasets import REVISION
from k9py.simulator.kubelet.containers import back_off_event_message, go_duration, image_not_found
from k9py.simulator.log_generators.applications import AFTER_IMAGE, BEFORE_IMAGE
from k9py.simulator.registry.defaults import defaulted
from k9py.simulator.registry.resources import DEPLOYMENTS, EVENTS, PODS, REPLICASETS, SERVICES
from k9py.simulator.scenarios import shop
from k9py.simulator.scenarios.catalogue import BAD_RELEASE, SHOP, App, Release
from k9py.simulator.scenarios.fast_forward import fast_forward
from k9py.simulator.scenarios.seeder import CHANGE_CAUSE, PIPELINE, Seeder
from k9py.simulator.scenarios.shop import app_named, settle, write
from k9py.simulator.state import SimulatorState

Object = dict[str, Any]

CRASHING = Release("1.20.0-crash", "release 1.20: payment links", 0.75)
OUT_OF_MEMORY = Release("0.43.0-oom", "model 2026-12, larger", 0.5)
UNREADY = Release("5.7.0-unready", "new index format", 0.6)
MISTYPED_AGO = timedelta(minutes=8)
"""How long ago the selector of a Service was edited."""


def bad_release(state: SimulatorState) -> None:
    """Write the shop with `checkout` stuck on an image that does not exist; its old pods serve."""
    seeder = write(state)
    app = app_named("checkout")
    image = app.image_of(BAD_RELEASE.tag)
    entry = {
        "name": "app",
        "state": {
            "waiting": {
                "reason": "ImagePullBackOff",
                "message": f'Back-off pulling image "{image}": ErrImagePull: {image_not_found(image)}',
            }
        },
        "lastState": {},
        "ready": False,
        "restartCount": 0,
        "image": image,
        "imageID": "",
        "started": False,
    }
    stall(seeder, app, BAD_RELEASE, entry)
    settle(state)
    for pod in state.storage.list(PODS, app.namespace):
        if pod["spec"]["containers"][0]["image"] == image:
            for reason, message in (
                ("ErrImagePull", f'Failed to pull image "{image}": {image_not_found(image)}'),
                ("ImagePullBackOff", "Error: ImagePullBackOff"),
            ):
                _write_repeated_event(seeder, pod, "Failed", message, BAD_RELEASE, name=reason)


def crashloop(state: SimulatorState) -> None:
    """Write the shop with releases that crash (payments), run out of memory, or never become ready."""
    seeder = write(state)
    for name, new, reason, code in (
        ("payments", CRASHING, "Error", 1),
        ("recommendations", OUT_OF_MEMORY, "OOMKilled", 137),
    ):
        stall(seeder, app_named(name), new, crashed(seeder, app_named(name), new, reason, code))
    app = app_named("search")
    container = {"name": "app", "image": app.image_of(UNREADY.tag)}
    entry = {**seeder.running(container, seeder.ago(UNREADY.hours_ago)), "ready": False}
    stall(seeder, app, UNREADY, entry)
    settle(state)
    probe = "Readiness probe failed: HTTP probe failed with statuscode: 503"
    for name, new in (("payments", CRASHING), ("recommendations", OUT_OF_MEMORY), ("search", UNREADY)):
        for pod in state.storage.list(PODS, app_named(name).namespace):
            if pod["spec"]["containers"][0]["image"] == app_named(name).image_of(new.tag):
                reason = "Unhealthy" if new is UNREADY else "BackOff"
                _write_repeated_event(
                    seeder, pod, reason, probe if new is UNREADY else back_off_event_message(pod, "app"), new
                )


def _write_repeated_event(
    seeder: Seeder, pod: Object, reason: str, message: str, new: Release, *, name: str = ""
) -> None:
    """Write a repeated kubelet event about a pod's container `app`, first seen soon after the release.

    Args:
        name: distinguishes several events of a pod with the same reason.
    """
    metadata, host = pod["metadata"], pod["spec"]["nodeName"]
    about = {
        "kind": "Pod",
        "namespace": metadata["namespace"],
        "name": metadata["name"],
        "uid": metadata["uid"],
        "apiVersion": "v1",
        "resourceVersion": metadata["resourceVersion"],
        "fieldPath": "spec.containers{app}",
    }
    name = f"{metadata['name']}.{(name or reason).lower()}"
    # Its uid does not come from the cluster's random generator, so that later names stay the same.
    event = {
        "metadata": {
            "name": name,
            "namespace": metadata["namespace"],
            "uid": str(uuid.uuid5(uuid.NAMESPACE_DNS, name)),
        },
        "involvedObject": about,
        "reason": reason,
        "message": message,
        "type": "Warning",
        "source": {"component": "kubelet", "host": host},
        "firstTimestamp": seeder.ago(new.hours_ago - 0.01),
        "lastTimestamp": seeder.ago(0.002),
        "count": int(new.hours_ago * 60),
        "eventTime": None,
        "reportingComponent": "kubelet",
        "reportingInstance": host,
    }
    seeder.storage.create(EVENTS, event)


def no_endpoints(state: SimulatorState) -> None:
    """Write the shop with a typo in a Service's selector: its pods are healthy but get no traffic."""
    write(state)
    service = state.storage.get(SERVICES, "shop", "cart")
    if service is None:
        raise LookupError("the shop has no cart")
    changed = {**service, "spec": {**service["spec"], "selector": {"app": "crat"}}}
    at = state.clock.now() - MISTYPED_AGO
    state.storage.update(SERVICES, with_manager(changed, service, "kubectl-edit", SERVICES.api_version, at))
    settle(state)


def crashed(seeder: Seeder, app: App, new: Release, reason: str, code: int, restarts: int = 7) -> Object:
    """Return the status of a container in CrashLoopBackOff."""
    image = app.image_of(new.tag)
    terminated = {
        "exitCode": code,
        "reason": reason,
        "startedAt": seeder.ago(0.032),
        "finishedAt": seeder.ago(0.031),
        "containerID": f"containerd://{seeder.rng.getrandbits(256):064x}",
    }
    message = f"back-off {go_duration(300)} restarting failed container=app"
    return {
        "name": "app",
        "state": {"waiting": {"reason": "CrashLoopBackOff", "message": message}},
        "lastState": {"terminated": terminated},
        "ready": False,
        "restartCount": restarts,
        "image": image,
        "imageID": f"{image.rpartition(':')[0]}@sha256:{seeder.rng.getrandbits(256):064x}",
        "containerID": terminated["containerID"],
        "started": False,
    }


def stall(seeder: Seeder, app: App, new: Release, entry: Object) -> None:
    """Write a rollout that has been stuck since its release: one new pod that does not start, all old ones ready.

    Args:
        seeder: of a cluster that has the application.
        app: the application.
        new: the release.
        entry: the status of the new pod's container `app`.
    """
    storage = seeder.storage
    deployment = storage.get(DEPLOYMENTS, app.namespace, app.name)
    if deployment is None:
        raise LookupError(app.name)
    number = len(app.releases) + 1
    metadata = deployment["metadata"]
    annotations = {**metadata["annotations"], CHANGE_CAUSE: new.cause or "", REVISION: str(number)}
    changed = defaulted(
        DEPLOYMENTS,
        {
            **deployment,
            "metadata": {**metadata, "annotations": annotations},
            "spec": {**deployment["spec"], "template": seeder.template(app, new)},
        },
    )
    moment = seeder.state.clock.now() - timedelta(hours=new.hours_ago)
    changed = with_manager(changed, deployment, PIPELINE, DEPLOYMENTS.api_version, moment)
    changed = storage.update(DEPLOYMENTS, changed)
    replica_set = seeder.replica_set(changed, number, new.hours_ago, 1)
    status: Object = {"replicas": 1, "fullyLabeledReplicas": 1, "terminatingReplicas": 0, "observedGeneration": 1}
    replica_set = storage.update(REPLICASETS, {**replica_set, "status": status}, status_only=True)
    template = replica_set["spec"]["template"]
    seeder.running_pod(REPLICASETS, replica_set, template, hours=new.hours_ago, broken={"app": entry})
    stuck_since = seeder.ago(max(0.0, new.hours_ago - app.deadline / 3600))
    late = {
        "type": rules.PROGRESSING,
        "status": "False",
        "lastUpdateTime": stuck_since,
        "lastTransitionTime": stuck_since,
        "reason": rules.TIMED_OUT,
        "message": f'ReplicaSet "{replica_set["metadata"]["name"]}" has timed out progressing.',
    }
    before = changed["status"]
    counts = {"readyReplicas": app.replicas, "availableReplicas": app.replicas, "unavailableReplicas": 1}
    status = {
        "observedGeneration": changed["metadata"]["generation"],
        "replicas": app.replicas + 1,
        "updatedReplicas": 1,
        **counts,
        "terminatingReplicas": 0,
        "conditions": [*rules.without(before["conditions"], rules.PROGRESSING), late],
    }
    storage.update(DEPLOYMENTS, {**changed, "status": status}, status_only=True)


_PAST = 400.0  # seconds
_RELEASE_AFTER = 20.0
_MIN_READY = 240

NEW = Release(AFTER_IMAGE.rpartition(":")[2], "release 2.9: one-page checkout", 0.0)
OLD = Release(BEFORE_IMAGE.rpartition(":")[2], "instalments", 21.0)


def checkout() -> App:
    """Return the shop's checkout before the release, with more replicas and a longer progress deadline."""
    app = shop.app_named("checkout")
    return replace(app, releases=(*app.releases, OLD), replicas=4, deadline=900, min_ready=_MIN_READY)


def seed(state: SimulatorState) -> None:
    """Write the shop as it is six minutes after the release."""
    fast_forward(state, _begin, _release, _PAST)


def _begin(state: SimulatorState) -> None:
    shop.write(state, [checkout() if app.name == "checkout" else app for app in SHOP])
    shop.settle(state)


async def _release(state: SimulatorState) -> None:
    await state.clock.sleep(_RELEASE_AFTER)
    shop.release(state, checkout(), NEW)
