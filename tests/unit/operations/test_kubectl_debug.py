"""What kdash creates for debugging, field by field against what kubectl 1.36 sent to a real API server.

`tests/data/kubectl_debug`: `source.json` is the pod; `ephemeral.json` has the patches as kubectl sent them, `copy.json`
and `node.json` the objects as the server stored them. Defaults of the server and of its admission are left out of both.
"""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any, Final

import pytest

from k9py.operations.debugging.pods import (
    LEFTOVERS,
    NODE_SECONDS,
    Copy,
    DebugContainer,
    ephemeral_container,
    node_pod,
    pod_copy,
)
from k9py.operations.debugging.profiles import Kept

_DATA: Final = Path(__file__).parents[2] / "data" / "kubectl_debug"
Raw = dict[str, Any]


def recorded(name: str) -> Raw:
    value: Raw = json.loads((_DATA / f"{name}.json").read_text())
    return value


SOURCE: Final = recorded("source")
_OPTIONS: Final = {
    "--image": "image",
    "--target": "target",
    "--profile": "profile",
    "--container": "name",
    "-c": "name",
    "--image-pull-policy": "pull_policy",
}


def read_arguments(arguments: list[str]) -> tuple[DebugContainer, Copy, str]:
    """Return what kubectl's options mean."""
    values: Raw = {"stdin": "-it" in arguments, "tty": "-it" in arguments}
    how: Raw = {}
    kept: dict[str, bool] = {}
    words = iter(arguments)
    for word in words:
        option, _, value = word.partition("=")
        if option in ("-it", "--attach"):
            continue
        if option == "--":
            values["command"] = tuple(words)
        elif option == "-c":
            values["name"] = next(words)
        elif option in _OPTIONS:
            values[_OPTIONS[option]] = value
        elif option == "--set-image":
            how["images"] = dict(pair.split("=") for pair in word.removeprefix("--set-image=").split(","))
        elif option == "--share-processes":
            how["shares_processes"] = value == "true"
        elif option == "--same-node":
            how["same_node"] = True
        else:
            kept[option.removeprefix("--keep-").replace("-", "_")] = value != "false"
    target = values.pop("target", "")
    return DebugContainer(**values), Copy(**how, kept=Kept(**kept)), target


@pytest.mark.parametrize("case", recorded("ephemeral"))
def test_an_ephemeral_container_is_that_of_kubectl(case: str) -> None:
    theirs = recorded("ephemeral")[case]
    container, _, target = read_arguments(theirs["arguments"])

    ours = ephemeral_container(SOURCE, container, target)

    [sent] = theirs["patch"]["spec"]["ephemeralContainers"]
    assert named(ours) == without(named(sent), "resources")


@pytest.mark.parametrize("case", recorded("copy"))
def test_a_copy_is_that_of_kubectl_but_for_the_label(case: str) -> None:
    theirs = recorded("copy")[case]
    container, how, _ = read_arguments(theirs["arguments"])

    ours, name = pod_copy(SOURCE, container, how)

    key, _, value = LEFTOVERS.partition("=")
    assert ours["metadata"]["labels"].pop(key) == value
    assert ours["spec"].get("nodeName") == (SOURCE["spec"]["nodeName"] if how.same_node else None)
    assert bare(ours) == bare(theirs["object"])
    assert bool(name) == (not case.startswith("set-image-of"))


@pytest.mark.parametrize("case", recorded("node"))
def test_a_pod_on_a_node_is_that_of_kubectl_but_for_label_and_deadline(case: str) -> None:
    theirs = recorded("node")[case]
    container, _, _ = read_arguments(theirs["arguments"])

    ours, name = node_pod("node-001", "debug", container)

    assert name == "debugger"
    assert re.fullmatch(r"node-debugger-node-001-[a-z0-9]{5}", ours["metadata"]["name"])
    assert ours["spec"].pop("activeDeadlineSeconds") == NODE_SECONDS
    theirs["object"]["metadata"]["labels"]["app.kubernetes.io/managed-by"] = "kdash-debug"
    assert bare(ours) == bare(theirs["object"])


def named(container: Raw) -> Raw:
    """Return a container with a suffix that does not vary."""
    return {**container, "name": re.sub(r"^debugger-[a-z0-9]{5}$", "debugger-SUFFIX", container["name"])}


def without(value: Raw, *names: str) -> Raw:
    return {name: value[name] for name in value if name not in names}


_POD_DEFAULTS: Final = {
    "dnsPolicy": "ClusterFirst",
    "enableServiceLinks": True,
    "preemptionPolicy": "PreemptLowerPriority",
    "priority": 0,
    "schedulerName": "default-scheduler",
    "securityContext": {},
    "serviceAccount": "default",
    "serviceAccountName": "default",
    "terminationGracePeriodSeconds": 30,
}
_CONTAINER_DEFAULTS: Final = {
    "imagePullPolicy": "IfNotPresent",
    "resources": {},
    "terminationMessagePath": "/dev/termination-log",
}
_TOKEN: Final = "kube-api-access-"


def bare(pod: Raw) -> Raw:
    """Return a pod without its name, what the scheduler sets, and defaults."""
    pod = copy.deepcopy(pod)
    meta, spec = pod["metadata"], pod["spec"]
    meta.pop("name")
    # The scheduler binds a copy, and the server copies the label of the zone from its node.
    (meta.get("labels") or {}).pop("topology.kubernetes.io/zone", None)
    if "nodeSelector" in spec:
        spec.pop("nodeName", None)
    for name in ("labels", "annotations"):
        if not meta.get(name):
            meta.pop(name, None)
    for name, value in _POD_DEFAULTS.items():
        if spec.get(name) == value:
            spec.pop(name)
    spec["volumes"] = [_plain_volume(volume) for volume in spec.get("volumes") or () if _TOKEN not in volume["name"]]
    for field in ("containers", "initContainers"):
        if field in spec:
            spec[field] = [_bare_container(container) for container in spec[field]]
    return pod


def _plain_volume(volume: Raw) -> Raw:
    return {**volume, "hostPath": {"path": "/"}} if "hostPath" in volume else volume


def _bare_container(container: Raw) -> Raw:
    container = named(container)
    mounts = [mount for mount in container.get("volumeMounts") or () if _TOKEN not in mount["name"]]
    return {
        "volumeMounts": mounts,
        **{
            name: value
            for name, value in container.items()
            if name != "volumeMounts" and (name not in _CONTAINER_DEFAULTS or value != _CONTAINER_DEFAULTS[name])
        },
    }
