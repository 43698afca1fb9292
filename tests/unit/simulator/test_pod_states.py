"""The pods printer over every state of `tests/data/pod_states.json`, whose cells a real API server 1.36 printed."""

import json
from pathlib import Path
from typing import Any

import pytest

from k9py.simulator.clock import parse_timestamp
from k9py.simulator.printers.pods import pod_cells, pod_row_conditions

_STATES: list[dict[str, Any]] = json.loads((Path(__file__).parents[2] / "data" / "pod_states.json").read_text())


@pytest.mark.parametrize("state", _STATES, ids=lambda state: state["name"])
def test_pod_states_print_as_the_real_server_prints_them(state: dict[str, Any]) -> None:
    _, ready, status, restarts, _, ip, node, nominated, gates = pod_cells(state["pod"], parse_timestamp(state["now"]))
    assert {"ready": ready, "status": status, "restarts": restarts} == {
        key: state[key] for key in ("ready", "status", "restarts")
    }
    assert [ip, node, nominated, gates] == [state[key] for key in ("ip", "node", "nominatedNode", "readinessGates")]
    assert pod_row_conditions(state["pod"]) == state["rowConditions"]
