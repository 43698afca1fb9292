"""Many pods for the benches, in realistic size and shape: one recorded pod with different names.

The pods are JSON bytes, about 5 KB each, a third of it managedFields.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

WIRE = Path(__file__).parent.parent / "wire"
PODS_AN_OWNER = 10


def recorded_pod() -> dict[str, Any]:
    """Return a running pod as a real server listed it."""
    for exchange in json.loads((WIRE / "list.json").read_text()):
        body = exchange["response"]["body"]
        if isinstance(body, dict) and body.get("kind") == "PodList":
            return dict(body["items"][0])
    raise LookupError("no PodList in the recording")


def pods(count: int, *, version: int = 1_000) -> Iterator[bytes]:
    """Yield pods; number i has resourceVersion `version` + i, ten of them have one owner."""
    template = recorded_pod()
    for number in range(count):
        pod = copy.deepcopy(template)
        owner = number // PODS_AN_OWNER
        app = f"service-{owner % 97}"
        metadata = pod["metadata"]
        metadata["name"] = f"{app}-{owner:08x}-{number:05x}"
        metadata["namespace"] = f"team-{owner % 23}"
        metadata["uid"] = f"00000000-0000-4000-8000-{number:012x}"
        metadata["resourceVersion"] = str(version + number)
        metadata["labels"] = {"app": app, "tier": "web", "pod-template-hash": f"{owner:08x}", "team": f"t{owner % 23}"}
        metadata["annotations"] = {"checksum/config": f"{number:064x}", "prometheus.io/scrape": "true"}
        metadata["ownerReferences"] = [
            {
                "apiVersion": "apps/v1",
                "kind": "ReplicaSet",
                "name": f"{app}-{owner:08x}",
                "uid": f"10000000-0000-4000-8000-{owner:012x}",
                "controller": True,
                "blockOwnerDeletion": True,
            }
        ]
        pod["spec"]["nodeName"] = f"node-{number % 150}"
        pod["status"]["podIP"] = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        yield json.dumps(pod, separators=(",", ":")).encode()
