"""Containers of a pod or of a pod template: state, image, resources, probes, environment, mounts.

Source of the defaults and of the wording: kubectl's `describe` and the API reference of core/v1 Container.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from k9py.api.times import duration, parse_rfc3339
from k9py.resources.describe.describer import DescribeContext
from k9py.resources.describe.json_fields import (
    JsonObject,
    int_at,
    list_at,
    object_at,
    objects_at,
    scalar_text,
    text_at,
)
from k9py.resources.describe.lines import moment, value_line
from k9py.views.describe import DescribeLine, Section, after_colon, line, pairs, section
from k9py.views.values import Tone

SIGNALS: Final = {1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 4: "SIGILL", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE",
                  9: "SIGKILL", 11: "SIGSEGV", 13: "SIGPIPE", 15: "SIGTERM"}  # fmt: skip
_EXIT_CODES: Final = {126: "the command cannot be executed", 127: "the command was not found", 255: "out of range"}
_STARTING: Final = ("", "ContainerCreating", "PodInitializing")
_FIELDS: Final = (
    ("initContainers", "initContainerStatuses", "Init container"),
    ("containers", "containerStatuses", "Container"),
    ("ephemeralContainers", "ephemeralContainerStatuses", "Ephemeral container"),
)


def containers(pod: JsonObject, context: DescribeContext, *, has_status: bool) -> Iterator[Section]:
    """Yield the sections of all containers: in a pod the failing ones first, in a template as they are written.

    Args:
        pod: A pod, or a pod template.
        context: Gives the time.
        has_status: False for a template.
    """
    sections: list[tuple[int, list[Section]]] = []
    for field, status_field, title in _FIELDS:
        statuses = {text_at(status, "name"): status for status in objects_at(pod, "status", status_field)}
        for container in objects_at(pod, "spec", field):
            name = text_at(container, "name")
            is_sidecar = field == "initContainers" and text_at(container, "restartPolicy") == "Always"
            heading = f"{'Sidecar container' if is_sidecar else title} {name}"
            status = statuses.get(name) if has_status else None
            parts = list(_container(heading, pod, container, status, context, has_status=has_status))
            sections.append((_rank(status) if has_status else 0, parts))
    for _, parts in sorted(sections, key=lambda ranked: ranked[0]):
        yield from parts


def _rank(status: JsonObject | None) -> int:
    """Return 0 for a container that fails, 1 for one that is not ready, 3 for one that has done its work."""
    if status is None:
        return 1
    terminated = object_at(status, "state", "terminated")
    if terminated:
        return 3 if int_at(terminated, "exitCode") == 0 else 0
    waiting = text_at(status, "state", "waiting", "reason")
    if waiting not in _STARTING:
        return 0
    return 2 if status.get("ready") else 1


def _container(
    title: str,
    pod: JsonObject,
    container: JsonObject,
    status: JsonObject | None,
    context: DescribeContext,
    *,
    has_status: bool,
) -> Iterator[Section]:
    name = text_at(container, "name")
    yield section(
        title,
        [
            *(_status_lines(status, context.now) if has_status else ()),
            value_line("image", container, "image"),
            value_line("pull policy", container, "imagePullPolicy"),
            *_command_lines(container),
            *_resource_lines(container),
            line("liveness", probe_text(container, "livenessProbe")),
            line("readiness", probe_text(container, "readinessProbe")),
            line("startup", probe_text(container, "startupProbe")),
            line("post start", handler_text(object_at(container, "lifecycle", "postStart"))),
            line("pre stop", handler_text(object_at(container, "lifecycle", "preStop"))),
            *_port_lines(container),
            *_security_lines(container),
            value_line("image ID", status, "imageID"),
            value_line("container ID", status, "containerID"),
        ],
        depth=0 if has_status else 1,
    )
    depth = 1 if has_status else 2
    environment = section(f"Environment of {name}", _environment(pod, container), depth=depth)
    mounts = section(f"Mounts of {name}", _mounts(container), depth=depth)
    yield from (part for part in (environment, mounts) if part.lines)


# -- state ------------------------------------------------------------------------------------------------------------


def _status_lines(status: JsonObject | None, now: datetime) -> Iterator[DescribeLine]:
    if status is None:
        yield line("state", "not reported by the kubelet", Tone.UNKNOWN)
        return
    text, tone = state_text(object_at(status, "state"), now)
    yield line("state", text, tone)
    if last := object_at(status, "lastState"):
        yield line("last state", *state_text(last, now))
    is_done = int_at(status, "state", "terminated", "exitCode", default=1) == 0
    ready = "true" if status.get("ready") else "false"
    yield line("ready", ready, Tone.PLAIN if ready == "true" or is_done else Tone.WARN)
    if status.get("started") is False and not is_done:
        yield line("started", "false", Tone.WARN)
    restarts = int_at(status, "restartCount")
    yield line("restart count", str(restarts), Tone.WARN if restarts else Tone.PLAIN)
    allocated = object_at(status, "allocatedResources")
    if allocated and allocated != object_at(status, "resources", "requests"):
        yield line("allocated", pairs(allocated))


def state_text(state: JsonObject, now: datetime) -> tuple[str, Tone]:
    """Return a container's state in words, and its tone."""
    if running := object_at(state, "running"):
        return f"Running, started {moment(running.get('startedAt'), now)}", Tone.PLAIN
    if ended := object_at(state, "terminated"):
        return _terminated_text(ended, now), Tone.MUTED if int_at(ended, "exitCode") == 0 else Tone.FAIL
    reason = text_at(state, "waiting", "reason")
    message = text_at(state, "waiting", "message")
    tone = Tone.BUSY if reason in _STARTING else Tone.FAIL
    return f"Waiting{after_colon(reason)}{after_colon(message)}", tone


def _terminated_text(ended: JsonObject, now: datetime) -> str:
    code, signal = int_at(ended, "exitCode"), int_at(ended, "signal")
    text = f"Terminated: {text_at(ended, 'reason') or 'no reason given'}, exit code {code}{_exit_code_text(code)}"
    if signal:
        text += f", signal {signal}{f' ({SIGNALS[signal]})' if signal in SIGNALS else ''}"
    started, finished = parse_rfc3339(ended.get("startedAt")), parse_rfc3339(ended.get("finishedAt"))
    text += after_colon(text_at(ended, "message"))
    if started and finished:
        text += f" · ran for {duration((finished - started).total_seconds())}"
    if started:
        text += f", started {moment(ended.get('startedAt'), now)}"
    return text + (f", finished {moment(ended.get('finishedAt'), now)}" if finished else "")


def _exit_code_text(code: int) -> str:
    """Return what an exit code stands for: above 128 the signal that ended the process."""
    text = SIGNALS.get(code - 128) or _EXIT_CODES.get(code, "")
    return f" ({text})" if text else ""


# -- what runs --------------------------------------------------------------------------------------------------------


def _command_lines(container: JsonObject) -> Iterator[DescribeLine]:
    yield line("command", " ".join(map(shell_word, list_at(container, "command"))))
    yield line("args", " ".join(map(shell_word, list_at(container, "args"))))
    yield value_line("working dir", container, "workingDir")


def shell_word(word: object) -> str:
    """Return an argument, quoted when it would not be one word in a shell."""
    text = scalar_text(word)
    if text and not any(character in " \t\n\"'`$\\|&;<>(){}*?~#" for character in text):
        return text
    quoted = text.replace("'", "'\\''")
    return f"'{quoted}'"


def _resource_lines(container: JsonObject) -> Iterator[DescribeLine]:
    yield line("requests", pairs(object_at(container, "resources", "requests")))
    yield line("limits", pairs(object_at(container, "resources", "limits")))
    claims = (text_at(claim, "name") for claim in objects_at(container, "resources", "claims"))
    yield line("resource claims", ", ".join(claims))
    policies = (
        f"{text_at(policy, 'resourceName')} {text_at(policy, 'restartPolicy')}"
        for policy in objects_at(container, "resizePolicy")
        if text_at(policy, "restartPolicy") != "NotRequired"
    )
    yield line("on resize", ", ".join(policies))


def _port_lines(container: JsonObject) -> Iterator[DescribeLine]:
    ports = objects_at(container, "ports")
    yield line("ports", ", ".join(_port_text(port, "containerPort") for port in ports))
    hosts = [port for port in ports if int_at(port, "hostPort")]
    yield line("host ports", ", ".join(_port_text(port, "hostPort") for port in hosts))


def _port_text(port: JsonObject, field: str) -> str:
    name = text_at(port, "name")
    return f"{text_at(port, field)}/{text_at(port, 'protocol') or 'TCP'}{f' ({name})' if name else ''}"


def _security_lines(container: JsonObject) -> Iterator[DescribeLine]:
    context = object_at(container, "securityContext")
    rest = {name: value for name, value in context.items() if name not in ("seccompProfile", "capabilities")}
    yield value_line("seccomp profile", context, "seccompProfile", "type")
    yield value_line("localhost profile", context, "seccompProfile", "localhostProfile")
    yield line("capabilities", scalar_text(context.get("capabilities")))
    yield line("security", scalar_text(rest))


# -- probes -----------------------------------------------------------------------------------------------------------


def probe_text(container: JsonObject, field: str) -> str:
    """Return a probe: what it asks, then its times and thresholds; "" without one."""
    probe = object_at(container, field)
    if not probe:
        return ""
    times = (
        f"delay={int_at(probe, 'initialDelaySeconds')}s",
        f"timeout={int_at(probe, 'timeoutSeconds', default=1)}s",
        f"period={int_at(probe, 'periodSeconds', default=10)}s",
        f"#success={int_at(probe, 'successThreshold', default=1)}",
        f"#failure={int_at(probe, 'failureThreshold', default=3)}",
    )
    headers = objects_at(probe, "httpGet", "httpHeaders")
    sent = pairs({text_at(header, "name"): text_at(header, "value") for header in headers})
    return f"{handler_text(probe)} {' '.join(times)}{f' headers {sent}' if sent else ''}"


def handler_text(handler: JsonObject) -> str:
    """Return what a probe or hook does: `http-get http://:8080/healthz`, `exec [cat /tmp/ready]`; "" without one."""
    if http := object_at(handler, "httpGet"):
        scheme = (text_at(http, "scheme") or "HTTP").lower()
        path = text_at(http, "path")
        url = f"{scheme}://{text_at(http, 'host')}:{text_at(http, 'port')}/{path.removeprefix('/')}"
        return f"http-get {url}"
    if tcp := object_at(handler, "tcpSocket"):
        return f"tcp-socket {text_at(tcp, 'host')}:{text_at(tcp, 'port')}"
    if grpc := object_at(handler, "grpc"):
        return f"grpc <pod>:{text_at(grpc, 'port')} {text_at(grpc, 'service')}".rstrip()
    if "exec" in handler:
        return f"exec [{' '.join(map(scalar_text, list_at(handler, 'exec', 'command')))}]"
    if "sleep" in handler:
        return f"sleep {text_at(handler, 'sleep', 'seconds')}s"
    return "no known handler" if handler else ""


# -- environment and mounts -------------------------------------------------------------------------------------------


def _environment(pod: JsonObject, container: JsonObject) -> Iterator[DescribeLine]:
    for source in objects_at(container, "envFrom"):
        kind = "Secret" if "secretRef" in source else "ConfigMap"
        reference = object_at(source, "secretRef") or object_at(source, "configMapRef")
        prefix = text_at(source, "prefix")
        named = f" with prefix '{prefix}'" if prefix else ""
        yield line("from", f"{kind} {text_at(reference, 'name')}{named} ({_optional(reference)})")
    for variable in objects_at(container, "env"):
        yield line(text_at(variable, "name"), _variable_text(pod, container, variable) or '""')


def _optional(reference: JsonObject) -> str:
    return "optional" if reference.get("optional") is True else "required"


def _variable_text(pod: JsonObject, container: JsonObject, variable: JsonObject) -> str:
    source = object_at(variable, "valueFrom")
    if secret := object_at(source, "secretKeyRef"):
        return f"key '{text_at(secret, 'key')}' in secret '{text_at(secret, 'name')}' ({_optional(secret)})"
    if config := object_at(source, "configMapKeyRef"):
        return f"key '{text_at(config, 'key')}' of config map '{text_at(config, 'name')}' ({_optional(config)})"
    if field := object_at(source, "fieldRef"):
        return f"field {text_at(field, 'apiVersion') or 'v1'}:{text_at(field, 'fieldPath')}"
    if resource := object_at(source, "resourceFieldRef"):
        return _resource_text(pod, container, resource)
    if file := object_at(source, "fileKeyRef"):
        return (
            f"key '{text_at(file, 'key')}' in file '{text_at(file, 'path')}' of volume '{text_at(file, 'volumeName')}'"
        )
    return text_at(variable, "value")


def _resource_text(pod: JsonObject, container: JsonObject, reference: JsonObject) -> str:
    named = text_at(reference, "containerName")
    owner = next((c for c in _all_containers(pod) if text_at(c, "name") == named), container)
    name = text_at(reference, "resource")
    group, _, resource = name.partition(".")
    value = text_at(owner, "resources", group, resource) or "what the node can allocate"
    divisor = text_at(reference, "divisor")
    return f"{value} ({name}{f', divisor {divisor}' if divisor not in ('', '0') else ''})"


def _all_containers(pod: JsonObject) -> Iterable[JsonObject]:
    return [container for field, _, _ in _FIELDS for container in objects_at(pod, "spec", field)]


def _mounts(container: JsonObject) -> Iterator[DescribeLine]:
    for mount in objects_at(container, "volumeMounts"):
        flags = ["ro" if mount.get("readOnly") is True else "rw"]
        flags += [
            f'{name}="{text_at(mount, field)}"'
            for name, field in (("path", "subPath"), ("path", "subPathExpr"), ("propagation", "mountPropagation"))
            if text_at(mount, field)
        ]
        yield line(text_at(mount, "mountPath"), f"from {text_at(mount, 'name')} ({','.join(flags)})")
    for device in objects_at(container, "volumeDevices"):
        yield line(text_at(device, "devicePath"), f"from {text_at(device, 'name')} (device)")
