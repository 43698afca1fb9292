"""Creating and changing objects of the kinds that are not workloads: defaults, validation and other versions.

The exchanges of `tests/data/kinds.json` were answered by a real API server 1.36 and are replayed in order.
"""

import json
from pathlib import Path
from typing import Any

from k9py.simulator.server import Simulator
from tests.unit.simulator.client import RawClient
from tests.unit.simulator.objects import add_namespace
from tests.unit.simulator.recordings import comparable

_EXCHANGES: list[dict[str, Any]] = json.loads((Path(__file__).parents[2] / "data" / "kinds.json").read_text())

# Written by controllers that are not simulated.
_PROTECTION = ("kubernetes.io/pvc-protection", "kubernetes.io/pv-protection")


async def test_kinds_are_defaulted_and_validated_as_by_the_real_server(simulator: Simulator, client: RawClient) -> None:
    simulator.call(add_namespace)
    different = []
    for exchange in _EXCHANGES:
        given = await client.send(
            exchange["method"], exchange["path"], exchange["body"], content_type=exchange["contentType"]
        )
        if (given.status, comparable(given.body)) != (exchange["status"], _without_protection(exchange["response"])):
            different.append((exchange["path"], given.status, given.body, exchange["response"]))
    assert different == []


def _without_protection(response: dict[str, Any]) -> Any:
    metadata, status = response.get("metadata", {}), response.get("status")
    if metadata.get("finalizers", [""])[0] in _PROTECTION:
        del metadata["finalizers"]
    if isinstance(status, dict):
        status.pop("lastPhaseTransitionTime", None)
    return comparable(response)
