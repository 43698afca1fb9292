"""Name failing probes and readiness gates of a pod whose containers run.

The kubelet reports each failure as an event `Unhealthy` (kubelet/prober/prober.go). Invariant: the address of the
pod is left out of the texts, so that equal failures of several pods are equal.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from k9py.api.causes import Cause, CauseKind
from k9py.api.container_spec import Probe
from k9py.api.events import Event
from k9py.api.lazy_pattern import lazy_pattern
from k9py.api.meta import find_condition
from k9py.api.pods import Container, Pod
from k9py.api.redaction import redact_text
from k9py.api.text import printable, shorten
from k9py.diagnosis.pod_events import is_about_container

GATE_UNSET: Final = timedelta(minutes=1)
"""Time in which the controller of a readiness gate sets its condition."""
PROBES: Final = ("startup", "liveness", "readiness")
"""The kubelet runs the other probes only after the startup probe has succeeded: name them in this order."""
_PROBE: Final = lazy_pattern(
    r"^(?P<probe>Readiness|Liveness|Startup) probe (?:failed|errored(?: and resulted in \w+ state)?): ?(?P<text>.*)$",
    re.S,
)
_UNREACHED: Final = ("refused", "timeout", "deadline exceeded", "timed out", "no route", "port", "invalid syntax")
_GET: Final = lazy_pattern(r'^Get "?https?://[^/"\s]*?(?P<port>:\d+)?(?P<path>/[^"\s]*)?"?: (?P<error>.*)$', re.S)
_DIAL: Final = lazy_pattern(r"^(?:proxyconnect tcp: )?dial tcp \S+?(?P<port>:\d+): (?:connect: )?(?P<error>.*)$", re.S)
_ADDRESS: Final = lazy_pattern(r"(?:\b\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:]+\])(?=:\d)")
_CONTAINER_ID: Final = lazy_pattern(r"\b[0-9a-f]{64}\b")


def probe_events(events: Iterable[Event], container: str) -> Iterator[tuple[Event, str, str]]:
    """Yield (event, readiness|liveness|startup, the probe's output as reported) for this container's probes."""
    for event in events:
        if event.reason == "Unhealthy" and is_about_container(event, container):
            match = _PROBE.match(event.message)
            if match:
                yield event, match["probe"].lower(), match["text"]


def probe_of(container: Container, name: str) -> Probe | None:
    """Return a probe of a container by its name: readiness, liveness, startup."""
    match name:
        case "readiness":
            return container.readiness_probe
        case "liveness":
            return container.liveness_probe
    return container.startup_probe


def probe_target(probe: Probe) -> str:
    """Return what a probe asks: `GET :8080/ready`, `TCP :5432`, `gRPC :9090`, or its command."""
    if probe.http_get is not None:
        return f"GET :{printable(str(probe.http_get.port))}{printable(probe.http_get.path or '/')}"
    if probe.tcp_socket is not None:
        return f"TCP :{printable(str(probe.tcp_socket.port))}"
    if probe.grpc is not None:
        return f"gRPC :{probe.grpc.port}"
    command = probe.exec.command if probe.exec is not None else None
    return shorten(redact_text(" ".join(command or ()))) or "no handler"


def probe_text(output: str, probe: Probe | None = None) -> str:
    """Return the output of a probe without the pod's address, its cause first: `connection refused (GET :8080/)`."""
    text = _CONTAINER_ID.sub("", output.strip())
    got = _GET.match(text)
    if got:
        inner = _DIAL.match(got["error"])
        error = inner["error"] if inner else got["error"]
        return shorten(f"{error} (GET {got['port'] or ''}{got['path'] or '/'})")
    dialled = _DIAL.match(text)
    if dialled:
        return shorten(f"{dialled['error']} (TCP {dialled['port']})")
    if probe is not None and probe.http_get is not None and "statuscode" in text:
        return shorten(f"{text} ({probe_target(probe)})")
    return shorten(_ADDRESS.sub("", text))


def port_problem(container: Container, name: str, output: str) -> str:
    """Return that the port of a failing probe is none of its container's, "" when it is, or nothing shows it.

    A number that is not declared may still be listened on (containerPort is only informational), so it counts only
    when nothing answered there.
    """
    settings = probe_of(container, name)
    port = settings.port if settings is not None else None
    if port is None:
        return ""
    declared = container.ports or ()
    known = ", ".join(f"{printable(each.name)} {each.container_port}".strip() for each in declared)
    if isinstance(port, str) and not port.isdigit():
        if any(each.name == port for each in declared):
            return ""
        return f"the container has no port named {printable(port)}" + (f", it has {known}" if known else "")
    if not any(sign in output for sign in _UNREACHED) or any(each.container_port == int(port) for each in declared):
        return ""
    if known:
        return f"{port} is no port of the container, it declares {known}"
    probes = (probe_of(container, each) for each in PROBES if each != name)
    others = sorted({str(other.port) for other in probes if other is not None and other.port is not None})
    return f"its other probes ask port {', '.join(others)}" if others and str(port) not in others else ""


def unmet_readiness_gate(pod: Pod, now: datetime) -> Iterator[Cause]:
    """Yield a cause if all containers are ready and a readiness gate (such as a load balancer's) is not met.

    One whose condition nobody has set within a minute has no controller: the pod is blocked.
    """
    ready = find_condition(pod.status.conditions, "Ready")
    if ready is not None and ready.status == "False" and ready.reason == "ReadinessGatesNotReady":
        message = f"readiness gate is not met: {shorten(ready.message)}"
        since = ready.last_transition_time
        set_conditions = {condition.type for condition in pod.status.conditions or ()}
        is_unset = any(gate.condition_type not in set_conditions for gate in pod.spec.readiness_gates or ())
        is_blocking = is_unset and since is not None and now - since >= GATE_UNSET
        yield Cause(CauseKind.PROBE, ready.reason, message, since=since, is_blocking=is_blocking)
