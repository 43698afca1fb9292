"""Record what `kubectl debug` creates, for each profile and option: `ephemeral.json`, `copy.json`, `node.json`.

Run against a cluster of one's own (`KUBECTL`, `KUBECONFIG`), with the namespace `debug` and the pod of `source.json`
running in it: `python -m tests.data.kubectl_debug.record NODE`. Patches are recorded as they are sent; objects, which
kubectl sends as protobuf, as the server stores them. What is created is deleted again, but for ephemeral containers.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).parent
KUBECTL: Final = os.environ.get("KUBECTL", "kubectl")
NAMESPACE: Final = "debug"
PROFILES: Final = ("general", "baseline", "restricted", "netadmin", "sysadmin")
TERMINAL: Final = ("-it", "--attach=false")
BOX: Final = "--image=busybox:1.37"
SERVERS_OWN: Final = ("managedFields", "creationTimestamp", "resourceVersion", "uid", "generation")
Arguments = tuple[str, ...]

EPHEMERAL: Final[dict[str, Arguments]] = {
    **{profile: (*TERMINAL, BOX, "--target=app", f"--profile={profile}") for profile in PROFILES},
    "command-no-stdin": (BOX, "--", "sh", "-c", "echo hi"),
    "named-and-pull-policy": (*TERMINAL, BOX, "-c", "mine", "--image-pull-policy=Always"),
}
COPY: Final[dict[str, Arguments]] = {
    **{profile: (*TERMINAL, BOX, f"--profile={profile}") for profile in PROFILES},
    **{
        f"{profile}-existing-container": (*TERMINAL, "--container=app", f"--profile={profile}", "--", "sh")
        for profile in PROFILES
    },
    "set-image-of-all": ("--set-image=*=reg.test/other:v1",),
    "set-image-of-container": ("--set-image=app=reg.test/app:v2,sidecar=reg.test/sidecar:v2",),
    "set-image-and-add": (*TERMINAL, BOX, "--set-image=app=reg.test/app:v2"),
    "no-shared-processes": (*TERMINAL, BOX, "--share-processes=false"),
    "shared-processes": (*TERMINAL, BOX, "--share-processes=true"),
    "keep-all": (
        *TERMINAL,
        BOX,
        *(f"--keep-{name}" for name in ("labels", "annotations", "liveness", "readiness", "startup")),
    ),
    "no-init-containers": (*TERMINAL, BOX, "--keep-init-containers=false"),
    "same-node": (*TERMINAL, BOX, "--same-node"),
    "new-command": (*TERMINAL, BOX, "--", "sh", "-c", "id"),
    "replaced-image-and-command": (*TERMINAL, "--container=app", BOX, "--", "sleep", "1000"),
}
NODE: Final[dict[str, Arguments]] = {
    **{profile: (*TERMINAL, BOX, f"--profile={profile}") for profile in PROFILES},
    "command": (BOX, "--profile=sysadmin", "--", "chroot", "/host", "uptime"),
}


def kubectl(*arguments: str) -> tuple[str, str]:
    """Run it in the namespace; return standard output and standard error."""
    done = subprocess.run([KUBECTL, "-n", NAMESPACE, *arguments], capture_output=True, text=True, check=True)
    return done.stdout, done.stderr


def sent_patch(arguments: Arguments) -> Any:
    """Return the patch that kubectl sends for an ephemeral container."""
    at = arguments.index("--") if "--" in arguments else len(arguments)
    _, log = kubectl("debug", "web", *arguments[:at], "-v=10", *arguments[at:])
    [body] = [body for body in re.findall(r'"Request Body" body="(.*)"$', log, re.MULTILINE) if body]
    return json.loads(json.loads(f'"{body}"'))


def stored_pod(name: str) -> Any:
    """Return a pod as the server stores it, without what differs from run to run, and delete it."""
    pod = json.loads(kubectl("get", "pod", name, "-o", "json")[0])
    kubectl("delete", "pod", name, "--force", "--grace-period=0", "--wait=false")
    del pod["status"]
    pod["metadata"] = {key: value for key, value in pod["metadata"].items() if key not in SERVERS_OWN}
    return pod


def copied(name: str, arguments: Arguments) -> Any:
    """Return the copy that kubectl creates."""
    kubectl("debug", "web", f"--copy-to=copy-{name}", *arguments)
    return stored_pod(f"copy-{name}")


def on_node(node: str, arguments: Arguments) -> Any:
    """Return the pod that kubectl creates on a node."""
    said, _ = kubectl("debug", f"node/{node}", *arguments)
    created = re.search(r"pod (node-debugger-\S+)", said)
    assert created is not None, said
    return stored_pod(created[1])


def record(file: str, cases: dict[str, Any]) -> None:
    """Write one file."""
    (HERE / f"{file}.json").write_text(json.dumps(cases, indent=1))


def main(node: str) -> None:
    """Record all cases."""
    record(
        "ephemeral",
        {name: {"arguments": given, "patch": sent_patch(given)} for name, given in EPHEMERAL.items()},
    )
    record("copy", {name: {"arguments": given, "object": copied(name, given)} for name, given in COPY.items()})
    record("node", {name: {"arguments": given, "object": on_node(node, given)} for name, given in NODE.items()})


if __name__ == "__main__":
    main(sys.argv[1])
