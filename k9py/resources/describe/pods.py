"""Pods, and the pod template of everything that creates pods."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from k9py.api.events import Event
from k9py.api.pods import Pod
from k9py.diagnosis.pods import pod_findings
from k9py.resources.describe.containers import containers
from k9py.resources.describe.describer import EVENTS, DescribeContext, Describer, Description
from k9py.resources.describe.json_fields import JsonObject, object_at, objects_at, scalar_text, text_at
from k9py.resources.describe.lines import moment, named_lines, owner_line, value_line
from k9py.resources.describe.scheduling import scheduling
from k9py.resources.describe.volumes import volumes
from k9py.views.describe import DescribeLine, Section, line, pairs, section
from k9py.views.diagnosed_status import pod_finding_lines
from k9py.views.pod_status import pod_status, pod_tone
from k9py.views.values import Tone


def typed_pod(body: JsonObject) -> Pod | None:
    """Return the pod as the checks read it, None when a field has another type."""
    try:
        return msgspec.convert(body, Pod)
    except msgspec.ValidationError:
        return None


def typed_events(context: DescribeContext) -> tuple[Event, ...]:
    """Return the events of the object as the checks read them; one that does not decode hides no other."""
    events = []
    for body in context.known(EVENTS):
        try:
            events.append(msgspec.convert(body, Event))
        except msgspec.ValidationError:
            continue
    return tuple(events)


def _pod(body: JsonObject, context: DescribeContext) -> Description:
    spec, status, now = object_at(body, "spec"), object_at(body, "status"), context.now
    pod = typed_pod(body)
    node, host = text_at(spec, "nodeName"), text_at(status, "hostIP")
    head = (
        *_status_lines(pod, status),
        value_line("phase", status, "phase"),
        value_line("reason", status, "reason", tone=Tone.WARN),
        value_line("message", status, "message"),
        line("node", f"{node}{f'/{host}' if host else ''}" if node else "not scheduled"),
        value_line("nominated node", status, "nominatedNodeName"),
        owner_line(body),
        value_line("IP", status, "podIP"),
        line("IPs", ", ".join(text_at(ip, "ip") for ip in objects_at(status, "podIPs"))),
        line("started", moment(status.get("startTime"), now)),
        value_line("service account", spec, "serviceAccountName"),
    )
    return Description(
        head,
        urgent=(*containers(body, context, has_status=True), readiness_gates(body)),
        details=(volumes(body), scheduling(body), pod_settings(body)),
        findings=pod_finding_lines(pod, pod_findings(pod, now, events=typed_events(context)), now) if pod else (),
    )


def _status_lines(pod: Pod | None, status: JsonObject) -> Iterator[DescribeLine]:
    if pod is None:
        yield value_line("status", status, "phase")
        return
    printed = pod_status(pod)
    yield line("status", printed.text, pod_tone(pod, printed))
    yield line("ready", f"{printed.ready}/{printed.containers} containers")


def readiness_gates(body: JsonObject) -> Section:
    """Return the readiness gates with the status of the condition that each waits for."""
    statuses = {text_at(c, "type"): text_at(c, "status") for c in objects_at(body, "status", "conditions")}
    gates = (text_at(gate, "conditionType") for gate in objects_at(body, "spec", "readinessGates"))
    return section(
        "Readiness gates",
        (
            line(gate, statuses.get(gate, "not set yet"), Tone.PLAIN if statuses.get(gate) == "True" else Tone.WARN)
            for gate in gates
        ),
    )


def pod_settings(body: JsonObject, *, depth: int = 0) -> Section:
    """Return the section of what else a pod's spec sets."""
    spec = object_at(body, "spec")
    security = object_at(spec, "securityContext")
    grace = text_at(spec, "terminationGracePeriodSeconds")
    flags = [name for name in ("hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace") if spec.get(name) is True]
    aliases = (
        f"{text_at(alias, 'ip')} {scalar_text(alias.get('hostnames'))}" for alias in objects_at(spec, "hostAliases")
    )
    return section(
        "Pod settings",
        [
            value_line("restart policy", spec, "restartPolicy"),
            line("grace period", f"{grace}s" if grace else ""),
            value_line("active deadline", spec, "activeDeadlineSeconds"),
            line("image pull secrets", ", ".join(text_at(s, "name") for s in objects_at(spec, "imagePullSecrets"))),
            value_line("seccomp profile", security, "seccompProfile", "type"),
            value_line("localhost profile", security, "seccompProfile", "localhostProfile"),
            line("security", scalar_text({name: v for name, v in security.items() if name != "seccompProfile"})),
            line("requests", pairs(object_at(spec, "resources", "requests"))),
            line("limits", pairs(object_at(spec, "resources", "limits"))),
            line("shares", ", ".join(flags)),
            value_line("DNS policy", spec, "dnsPolicy"),
            line("DNS config", scalar_text(spec.get("dnsConfig"))),
            value_line("hostname", spec, "hostname"),
            value_line("subdomain", spec, "subdomain"),
            line("host aliases", ", ".join(aliases)),
        ],
        depth=depth,
    )


def pod_template(template: JsonObject, context: DescribeContext, title: str = "Pod template") -> tuple[Section, ...]:
    """Return the sections of a pod template: the containers, then where its pods may run."""
    metadata = object_at(template, "metadata")
    heading = section(
        title,
        [
            *named_lines("labels", object_at(metadata, "labels"), "="),
            *named_lines("annotations", object_at(metadata, "annotations"), ": "),
            value_line("service account", template, "spec", "serviceAccountName"),
        ],
    )
    parts = (
        *containers(template, context, has_status=False),
        volumes(template, depth=1),
        scheduling(template, depth=1),
        pod_settings(template, depth=1),
    )
    return (heading, *(part for part in parts if part.lines))


DESCRIBERS = (Describer("Pod", _pod),)
