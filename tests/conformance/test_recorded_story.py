"""The recorded commands, run again: after each, Deployment and ReplicaSets have the recorded state.

Names, uids, times and versions are each cluster's own, and terminating pods depend on the moment: these are
excluded from the comparison, everything else about a rollout is included.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from k9py.simulator.clock import RealClock
from k9py.simulator.server import Simulator
from tests.conformance.kubectl import Kubectl
from tests.unit.simulator.objects import add_namespace
from tests.unit.simulator.recordings import exchanges

Object = dict[str, Any]
APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
IMAGE = "app=registry.example.com/checkout"
DEPLOYMENT = "deployment/checkout"
COUNTS = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas")


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """A cluster with nodes, at fifty times the speed."""
    with Simulator("shop-quiet", RealClock(speed=50)) as running:
        yield running


def recorded(file: str, at: int) -> Any:
    """Return the body of one recorded answer."""
    return exchanges(file)[at]["response"]["body"]


def rollout_annotations(obj: Object) -> dict[str, str]:
    """Return the annotations that belong to a rollout."""
    annotations: dict[str, str] = obj["metadata"]["annotations"]
    return {key: value for key, value in annotations.items() if key != APPLIED}


def rollout_state(deployment: Object) -> Object:
    """Return the state of a Deployment's rollout."""
    spec, status = deployment["spec"], deployment["status"]
    return {
        "annotations": rollout_annotations(deployment),
        "generations_behind": deployment["metadata"]["generation"] - status["observedGeneration"],
        "counts": {key: status[key] for key in COUNTS if key in status},
        "conditions": [
            (condition["type"], condition["status"], condition["reason"]) for condition in status["conditions"]
        ],
        "images": [container["image"] for container in spec["template"]["spec"]["containers"]],
        "template": sorted(spec["template"]["metadata"].get("annotations", ())),
        "paused": spec.get("paused"),
    }


def revisions(replica_sets: Object) -> Object:
    """Return the state of the ReplicaSets, by revision."""
    return {
        replica_set["metadata"]["annotations"]["deployment.kubernetes.io/revision"]: (
            rollout_annotations(replica_set),
            replica_set["spec"]["replicas"],
            replica_set["status"].get("availableReplicas", 0),
            replica_set["spec"]["template"]["spec"]["containers"][0]["image"],
        )
        for replica_set in replica_sets["items"]
    }


async def test_each_recorded_command_leads_where_it_led_on_a_real_server(
    kubectl: Kubectl, simulator: Simulator
) -> None:
    async def run(*args: str, code: int = 0) -> str:
        outcome = await kubectl(*args, namespace="here", code=code)
        return outcome.out + outcome.err

    async def settle() -> None:
        await run("rollout", "status", DEPLOYMENT)

    async def current_state() -> Object:
        return rollout_state((await kubectl("get", DEPLOYMENT, "-o", "json", namespace="here")).json())

    async def history() -> Object:
        listed = await kubectl("get", "replicasets", "-l", "app=checkout", "-o", "json", namespace="here")
        return revisions(listed.json())

    first = recorded("restart-kubectl", 0)
    simulator.call(add_namespace, "here")
    manifest = first["metadata"]["annotations"][APPLIED].replace('"namespace":"shop"', '"namespace":"here"')
    assert (await kubectl("apply", "-f", "-", namespace="here", stdin=manifest)).out.endswith("created\n")
    await settle()
    await run("scale", DEPLOYMENT, "--replicas=3")
    await settle()
    assert await current_state() == rollout_state(first)

    await run("rollout", "restart", DEPLOYMENT)
    await settle()
    assert await current_state() == rollout_state(recorded("set-image-kubectl", 0))

    await run("set", "image", DEPLOYMENT, f"{IMAGE}:1.1.0")
    await run("annotate", "--overwrite", DEPLOYMENT, "kubernetes.io/change-cause=release 1.1")
    await settle()
    assert await current_state() == rollout_state(recorded("bad-release", 0))

    await run("set", "image", DEPLOYMENT, f"{IMAGE}:badimage")
    assert "exceeded its progress deadline" in await run("rollout", "status", DEPLOYMENT, code=1)
    stalled = rollout_state(recorded("bad-release", 2))
    assert await current_state() == stalled
    assert await history() == revisions(recorded("bad-release", 3))

    listed = (await run("rollout", "history", DEPLOYMENT)).splitlines()[2:]
    assert [line.split(maxsplit=1) for line in listed if line] == [
        ["1", "first release"],
        ["2", "first release"],
        ["3", "release 1.1"],
        ["4", "release 1.1"],
    ]

    await run("rollout", "undo", DEPLOYMENT, "--dry-run=server")
    assert await current_state() == stalled

    await run("rollout", "undo", DEPLOYMENT)
    await settle()
    assert await current_state() == rollout_state(recorded("undo-kubectl", 4))
    assert await history() == revisions(recorded("undo-to-revision-kubectl", 2))

    await run("rollout", "undo", DEPLOYMENT, "--to-revision=1")
    await settle()
    assert await current_state() == rollout_state(recorded("undo-to-revision-kubectl", 8))
    assert await history() == revisions(recorded("undo-to-revision-kubectl", 10))

    await run("rollout", "pause", DEPLOYMENT)
    await run("wait", DEPLOYMENT, "--for=jsonpath={.status.conditions[?(@.reason=='DeploymentPaused')].status}=Unknown")
    assert await current_state() == rollout_state(recorded("pause-resume-kubectl", 2))
    await run("set", "image", DEPLOYMENT, f"{IMAGE}:1.2.0")
    assert "paused" in await run("rollout", "undo", DEPLOYMENT, code=1)
    assert await history() == revisions(recorded("pause-resume-kubectl", 6))

    await run("rollout", "resume", DEPLOYMENT)
    await settle()
    last = exchanges("pause-resume-kubectl")[14]["response"]["body"][-1]["object"]
    assert await current_state() == rollout_state(last)
