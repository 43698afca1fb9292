"""Check probes and readiness gates of a pod whose containers run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from k9py.api.causes import Cause, CauseKind
from k9py.api.events import Event
from k9py.api.lazy_pattern import lazy_pattern
from k9py.api.meta import find_condition
from k9py.api.pods import Pod
from k9py.api.text import shorten
from k9py.diagnosis.pod_events import is_about_container

PROBES: Final = ("startup", "liveness", "readiness")
"""The kubelet runs the other probes only after the startup probe has succeeded: name them in this order."""
_PROBE: Final = lazy_pattern(
    r"^(?P<probe>Readiness|Liveness|Startup) probe (?P<how>failed|errored): ?(?P<text>.*)$", re.S
)


def probe_failures(events: Iterable[Event], container: str) -> Iterator[tuple[str, str]]:
    """Yield (readiness|liveness|startup, the probe's output) for each failure of this container's probes.

    Args:
        events: recent ones about the pod.
    """
    for event in events:
        if event.reason == "Unhealthy" and is_about_container(event, container):
            match = _PROBE.match(event.message)
            if match:
                yield match["probe"].lower(), shorten(match["text"])


def unmet_readiness_gate(pod: Pod) -> Iterator[Cause]:
    """Yield a cause if all containers are ready and a readiness gate (such as a load balancer's) is not met."""
    ready = find_condition(pod.status.conditions, "Ready")
    if ready is not None and ready.status == "False" and ready.reason == "ReadinessGatesNotReady":
        message = f"readiness gate is not met: {shorten(ready.message)}"
        yield Cause(CauseKind.PROBE, ready.reason, message, since=ready.last_transition_time, is_blocking=False)
