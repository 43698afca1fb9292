"""Failures that last, and starts that merely take their time."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from k9py.api.container_spec import Probe
from k9py.api.pods import ReadinessGate
from k9py.diagnosis.persistent_failures import fails_persistently
from tests import factories as make

_RUNS = make.container_status(ready=False)
_AGAIN = make.container_status(ready=False, last=make.terminated(4), restarts=3)
_ONCE = make.container_status(ready=False, last=make.terminated(4), restarts=1)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"phase": "Failed", "statuses": []}, True),
        ({"init_statuses": [_AGAIN], "statuses": [_RUNS]}, True),
        ({"statuses": [_AGAIN]}, True),
        ({"statuses": [_ONCE]}, False),
        ({"statuses": [_RUNS]}, False),
        ({"phase": "Failed", "statuses": [], "deleted": make.before(5)}, False),
    ],
)
def test_containers(options: Any, expected: bool) -> None:
    assert fails_persistently(make.pod(ready=False, **options), (), make.NOW) is expected


@pytest.mark.parametrize(("since", "is_set", "expected"), [(60, False, True), (60, True, False), (10, False, False)])
def test_readiness_gates(since: float, is_set: bool, expected: bool) -> None:
    conditions = [make.condition("ContainersReady", since=since), make.condition("Ready", "False", since=since)]
    conditions += [make.condition("lb", "False", since=since)] if is_set else []
    pod = make.pod(ready=False, statuses=[make.container_status()], conditions=conditions)
    gates = (ReadinessGate(condition_type="lb"),)
    pod = msgspec.structs.replace(pod, spec=msgspec.structs.replace(pod.spec, readiness_gates=gates))

    assert fails_persistently(pod, (), make.NOW) is expected


@pytest.mark.parametrize(
    ("text", "count", "first", "last", "threshold", "expected"),
    [
        ("Readiness probe failed: statuscode: 503", 12, 90, 5, 3, True),
        ("Readiness probe errored and resulted in unknown state: no port", 12, 90, 5, 3, True),
        ("Readiness probe failed: connection refused", 5, 90, 5, 3, False),
        ("Readiness probe failed: connection refused", 12, 90, 5, 10, False),  # it is patient
        ("Readiness probe failed: connection refused", 12, 30, 5, 3, False),
        ("Readiness probe failed: connection refused", 12, 900, 300, 3, False),  # over
        ("Startup probe failed: connection refused", 12, 90, 5, 3, False),
    ],
)
def test_probes(text: str, count: int, first: float, last: float, threshold: int, expected: bool) -> None:
    pod = make.pod(ready=False, statuses=[_RUNS])
    (container,) = pod.spec.containers or ()
    container = msgspec.structs.replace(container, readiness_probe=Probe(failure_threshold=threshold))
    pod = msgspec.structs.replace(pod, spec=msgspec.structs.replace(pod.spec, containers=(container,)))
    event = make.event(pod, "Unhealthy", text, count=count, since=last)
    event = msgspec.structs.replace(event, first_timestamp=make.before(first))

    assert fails_persistently(pod, [event], make.NOW) is expected
