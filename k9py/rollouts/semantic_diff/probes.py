"""Readiness, liveness and startup probes: how they ask, and the pieces of their timing that changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from k9py.rollouts.semantic_diff.change import SemanticChange, change, mapping, other, said
from k9py.rollouts.semantic_diff.command import command_line
from k9py.rollouts.template_diff import json_equal

_HANDLERS: Final = ("httpGet", "tcpSocket", "exec", "grpc")
_PIECES: Final = {
    "initialDelaySeconds": ("initial delay", "s"),
    "periodSeconds": ("period", "s"),
    "timeoutSeconds": ("timeout", "s"),
    "successThreshold": ("successes needed", ""),
    "failureThreshold": ("failures allowed", ""),
    "terminationGracePeriodSeconds": ("grace period", "s"),
}


def probes(subject: str, key: str, old: Any, new: Any) -> Iterator[SemanticChange]:
    """Yield a probe that came or went, or the pieces of it that differ."""
    what = f"{key.removesuffix('Probe')} probe"
    if not all(one is None or isinstance(one, Mapping) for one in (old, new)):
        return
    if old is None or new is None:
        yield change("probe", subject, what, *(None if one is None else probe_words(one) for one in (old, new)))
        return
    handlers = [{kind: one[kind] for kind in _HANDLERS if kind in one} for one in (old, new)]
    if not json_equal(*handlers):
        yield change("probe", subject, what, *(_handler_words(one) or None for one in handlers))
    for name in sorted(({*old, *new}) - {*_HANDLERS}, key=lambda one: (one not in _PIECES, one)):
        if json_equal(old.get(name), new.get(name)):
            continue
        if name in _PIECES:
            words, unit = _PIECES[name]
            yield change("probe", subject, f"{what} {words}", *(_amount(one.get(name), unit) for one in (old, new)))
        else:
            yield from other(subject, f"{key}.{name}", old.get(name), new.get(name), "probe")


def probe_words(probe: Mapping[str, Any]) -> str:
    """Return a probe in words: `http :8080/ready every 10s`."""
    period, delay = _amount(probe.get("periodSeconds"), "s"), probe.get("initialDelaySeconds")
    words = _handler_words(probe) or "no handler"
    if period is not None:
        words += f" every {period}"
    return f"{words} after {_amount(delay, 's')}" if delay else words


def _handler_words(probe: Mapping[str, Any]) -> str:
    for kind in _HANDLERS:
        if kind in probe:
            ask = mapping(probe[kind])
            place = f"{said(ask.get('host')) or ''}:{said(ask.get('port')) or '?'}"
            match kind:
                case "httpGet":
                    scheme = "https" if ask.get("scheme") == "HTTPS" else "http"
                    headers = ask.get("httpHeaders")
                    names = (
                        [said(mapping(one).get("name")) or "?" for one in headers] if isinstance(headers, list) else []
                    )
                    with_headers = f" with header {', '.join(names)}" if names else ""
                    return f"{scheme} {place}{said(ask.get('path')) or '/'}{with_headers}"
                case "tcpSocket":
                    return f"tcp {place}"
                case "grpc":
                    return f"grpc {place} {said(ask['service'])}" if ask.get("service") else f"grpc {place}"
                case "exec":
                    words = ask.get("command")
                    if isinstance(words, list) and all(isinstance(one, str) for one in words):
                        return f"exec {command_line(words)}"
                    return f"exec {said(words) or '?'}"
    return ""


def _amount(value: Any, unit: str) -> str | None:
    return None if value is None else f"{said(value)}{unit}"
