"""Compare readiness, liveness and startup probes: their handlers and the timing fields that changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from k9py.rollouts.semantic_diff.commands import command_line
from k9py.rollouts.semantic_diff.model import SemanticChange, change, diff_other, mapping, short_text
from k9py.rollouts.template_diff import json_equal

_HANDLERS: Final = ("httpGet", "tcpSocket", "exec", "grpc")
_TIMING: Final = {
    "initialDelaySeconds": ("initial delay", "s"),
    "periodSeconds": ("period", "s"),
    "timeoutSeconds": ("timeout", "s"),
    "successThreshold": ("success threshold", ""),
    "failureThreshold": ("failure threshold", ""),
    "terminationGracePeriodSeconds": ("grace period", "s"),
}
"""Label and unit of each field."""


def diff_probe(subject: str, key: str, old: Any, new: Any) -> Iterator[SemanticChange]:
    """Yield a probe that was added or removed, or the fields of it that differ."""
    label = f"{key.removesuffix('Probe')} probe"
    if not all(side is None or isinstance(side, Mapping) for side in (old, new)):
        return
    if old is None or new is None:
        yield change("probe", subject, label, *(None if side is None else _probe_text(side) for side in (old, new)))
        return
    handlers = [{kind: side[kind] for kind in _HANDLERS if kind in side} for side in (old, new)]
    if not json_equal(*handlers):
        yield change("probe", subject, label, *(_handler_text(side) or None for side in handlers))
    for name in sorted(({*old, *new}) - {*_HANDLERS}, key=lambda name: (name not in _TIMING, name)):
        if json_equal(old.get(name), new.get(name)):
            continue
        if name in _TIMING:
            field, unit = _TIMING[name]
            amounts = (_amount(side.get(name), unit) for side in (old, new))
            yield change("probe", subject, f"{label} {field}", *amounts)
        else:
            yield from diff_other(subject, f"{key}.{name}", old.get(name), new.get(name), "probe")


def _probe_text(probe: Mapping[str, Any]) -> str:
    """Return a probe as text: `http :8080/ready every 10s`."""
    period, delay = _amount(probe.get("periodSeconds"), "s"), probe.get("initialDelaySeconds")
    text = _handler_text(probe) or "no handler"
    if period is not None:
        text += f" every {period}"
    return f"{text} after {_amount(delay, 's')}" if delay else text


def _handler_text(probe: Mapping[str, Any]) -> str:
    for kind in _HANDLERS:
        if kind not in probe:
            continue
        handler = mapping(probe[kind])
        host = short_text(handler["host"]) if handler.get("host") else ""
        address = f"{host}:{short_text(handler.get('port')) or '?'}"
        match kind:
            case "httpGet":
                scheme = "https" if handler.get("scheme") == "HTTPS" else "http"
                headers = handler.get("httpHeaders")
                names = (
                    [short_text(mapping(header).get("name")) or "?" for header in headers]
                    if isinstance(headers, list)
                    else []
                )
                with_headers = f" with header {', '.join(names)}" if names else ""
                return f"{scheme} {address}{short_text(handler.get('path')) or '/'}{with_headers}"
            case "tcpSocket":
                return f"tcp {address}"
            case "grpc":
                service = f" {short_text(handler['service'])}" if handler.get("service") else ""
                return f"grpc {address}{service}"
            case "exec":
                command = handler.get("command")
                if isinstance(command, list) and all(isinstance(word, str) for word in command):
                    return f"exec {command_line(command)}"
                return f"exec {short_text(command) or '?'}"
    return ""


def _amount(value: Any, unit: str) -> str | None:
    return None if value is None else f"{short_text(value)}{unit}"
