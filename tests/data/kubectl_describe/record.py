"""Record what `kubectl describe` prints for the objects of `objects.yaml`, and the objects: `<kind>.json`.

Run against a cluster of one's own (`KUBECTL`, `KUBECONFIG`): `python -m tests.data.kubectl_describe.record`. The status
of what no controller fills in is written here. The objects are deleted at the end, unless `--keep` is given.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).parent
KUBECTL: Final = os.environ.get("KUBECTL", "kubectl")
NAMESPACE: Final = "describe"

OBJECTS: Final = (
    ("pod", "rich"),
    ("pod", "rich-terminating"),
    ("deployment", "rich"),
    ("replicaset", "-l app=web"),
    ("statefulset", "rich"),
    ("statefulset", "rich-claims"),
    ("daemonset", "rich"),
    ("replicationcontroller", "rich"),
    ("job", "rich"),
    ("job", "rich-suspended"),
    ("cronjob", "rich"),
    ("node", "describe-node"),
    ("service", "rich"),
    ("service", "rich-external"),
    ("endpoints", "rich"),
    ("endpointslice", "-l kubernetes.io/service-name=rich"),
    ("ingress", "rich"),
    ("ingressclass", "describe-nginx"),
    ("networkpolicy", "rich"),
    ("configmap", "rich"),
    ("secret", "rich"),
    ("persistentvolumeclaim", "rich"),
    ("persistentvolume", "describe-volume"),
    ("storageclass", "describe-fast"),
    ("horizontalpodautoscaler", "rich"),
    ("poddisruptionbudget", "rich"),
    ("poddisruptionbudget", "rich-max"),
    ("namespace", "describe"),
    ("serviceaccount", "rich"),
    ("resourcequota", "rich"),
    ("limitrange", "rich"),
    ("role", "rich"),
    ("clusterrole", "describe-rich"),
    ("rolebinding", "rich"),
    ("clusterrolebinding", "describe-rich"),
    ("priorityclass", "describe-high"),
)

RELATED: Final = {
    "replicaset": "replicasets.apps",
    "pod": "pods",
    "event": "events",
    "job": "jobs.batch",
    "endpointslice": "endpointslices.discovery.k8s.io",
    "service": "services",
    "resourcequota": "resourcequotas",
    "limitrange": "limitranges",
    "secret": "secrets",
}

EVENTS: Final = (
    ("Node", "describe-node", "", "v1"),
    ("Pod", "rich", NAMESPACE, "v1"),
    ("PersistentVolumeClaim", "rich", NAMESPACE, "v1"),
    ("Service", "rich", NAMESPACE, "v1"),
    ("Ingress", "rich", NAMESPACE, "networking.k8s.io/v1"),
    ("HorizontalPodAutoscaler", "rich", NAMESPACE, "autoscaling/v2"),
    ("ConfigMap", "rich", NAMESPACE, "v1"),
)


def kubectl(*arguments: str, stdin: str = "") -> str:
    """Run kubectl and return what it prints."""
    done = subprocess.run([KUBECTL, *arguments], input=stdin, capture_output=True, text=True, check=False)
    if done.returncode:
        print(arguments, done.stderr, file=sys.stderr)
    return done.stdout


def set_status(kind: str, name: str, status: dict[str, Any]) -> None:
    """Merge a status into an object."""
    patch = json.dumps({"status": status})
    kubectl("-n", NAMESPACE, "patch", kind, name, "--subresource=status", "--type=merge", "-p", patch)


def prepare() -> None:
    """Create the objects and what no controller fills in."""
    kubectl(
        "apply", "--server-side", "--force-conflicts", "--field-manager=kdash-tests", "-f", str(HERE / "objects.yaml")
    )
    statuses = json.loads((HERE / "statuses.json").read_text())
    for name, status in statuses.items():
        kind, _, object_name = name.partition("/")
        set_status(kind, object_name, status)
    ephemeral = {"name": "debug", "image": "registry.example.com/debug:run", "targetContainerName": "app"}
    patch = json.dumps({"spec": {"ephemeralContainers": [ephemeral]}})
    place = ("-n", NAMESPACE)
    kubectl(*place, "patch", "pod", "rich-terminating", "--subresource=ephemeralcontainers", "-p", patch)
    kubectl(*place, "delete", "pod", "rich-terminating", "--wait=false")
    for number, (kind, name, namespace, api_version) in enumerate(EVENTS):
        uid = kubectl("-n", NAMESPACE, "get", kind, name, "-o", "jsonpath={.metadata.uid}")
        event = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": f"{name}.recorded{number}", "namespace": namespace or "default"},
            "type": "Warning",
            "reason": f"Recorded{number}",
            "message": f"something happened to {kind} {name}",
            "count": 3,
            "firstTimestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 600)),
            "lastTimestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 60)),
            "source": {"component": "recorder"},
            "involvedObject": {
                "apiVersion": api_version, "kind": kind, "name": name, "namespace": namespace, "uid": uid,
            },
        }  # fmt: skip
        kubectl("create", "-f", "-", stdin=json.dumps(event))


def record() -> None:
    """Write a file for each object: what kubectl prints, the object, and what belongs to it."""
    related = {
        kind: json.loads(kubectl("-n", NAMESPACE, "get", plural, "-o", "json"))["items"]
        for kind, plural in RELATED.items()
    }
    related["event"] += json.loads(kubectl("-n", "default", "get", "events", "-o", "json"))["items"]
    related["lease"] = [json.loads(kubectl("-n", "kube-node-lease", "get", "lease", "describe-node", "-o", "json"))]
    for items in related.values():
        for item in items:
            item["metadata"].pop("managedFields", None)
    wanted = sys.argv[2:] if sys.argv[1:2] == ["--only"] else []
    for kind, name in OBJECTS:
        if wanted and kind not in wanted:
            continue
        printed = kubectl("-n", NAMESPACE, "describe", kind, *name.split())
        body = json.loads(kubectl("-n", NAMESPACE, "get", kind, *name.split(), "-o", "json"))
        body = body["items"][0] if body["kind"] == "List" else body
        body["metadata"].pop("managedFields", None)
        has_many = name.startswith("-l") or "-" not in name or kind in ("node",)
        file = HERE / f"{kind if has_many or name.startswith('describe-') else f'{kind}_{name}'}.json"
        needed = {key: items for key, items in related.items() if _is_needed(kind, key)}
        if "event" in needed:
            needed["event"] = [event for event in needed["event"] if _is_about(event, body)]
        if "pod" in needed:
            needed["pod"] = [pod for pod in needed["pod"] if _belongs(pod, body)]
        content = {"printed": printed, "object": body, "related": needed, "now": time.time()}
        file.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def _is_needed(kind: str, key: str) -> bool:
    needs = {
        "deployment": ("replicaset", "event"),
        "replicaset": ("pod", "event"),
        "statefulset": ("pod", "event"),
        "daemonset": ("pod", "event"),
        "replicationcontroller": ("pod", "event"),
        "job": ("event",),
        "cronjob": ("event",),
        "node": ("pod", "event", "lease"),
        "service": ("endpointslice", "event"),
        "ingress": ("endpointslice", "service", "event"),
        "persistentvolumeclaim": ("pod", "event"),
        "namespace": ("resourcequota", "limitrange"),
        "serviceaccount": ("secret", "event"),
    }
    return key in needs.get(kind, ("event",))


def _is_about(event: dict[str, Any], body: dict[str, Any]) -> bool:
    involved, metadata = event["involvedObject"], body["metadata"]
    return bool(involved["name"] == metadata["name"] and involved["kind"] == body["kind"])


def _belongs(pod: dict[str, Any], body: dict[str, Any]) -> bool:
    match body["kind"]:
        case "Node":
            return bool(pod["spec"].get("nodeName") == body["metadata"]["name"])
        case "PersistentVolumeClaim":
            return '"claimName": "rich"' in json.dumps(pod)
        case "ReplicationController":
            labels = body["spec"]["selector"]
        case _:
            labels = body["spec"]["selector"]["matchLabels"]
    return bool(labels.items() <= pod["metadata"].get("labels", {}).items())


def clean_up() -> None:
    """Delete what was created."""
    kubectl("delete", "--wait=false", "-f", str(HERE / "objects.yaml"))


if __name__ == "__main__":
    if "--only" not in sys.argv:
        prepare()
        time.sleep(75)  # pods start, the CronJob runs, the autoscaler looks
    record()
    if "--keep" not in sys.argv:
        clean_up()
