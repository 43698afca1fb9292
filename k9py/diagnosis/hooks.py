"""Name why a lifecycle hook of a container failed.

A container whose postStart hook fails waits for a moment with the reason PostStartHookError, is killed, and ends like
any crash; only an event then remains (kubelet/kuberuntime/kuberuntime_container.go, kubelet/lifecycle/handlers.go).
"""

from __future__ import annotations

import re
from typing import Final

from k9py.api.container_spec import LifecycleHandler
from k9py.api.lazy_pattern import lazy_pattern
from k9py.api.pods import StateTerminated
from k9py.api.redaction import redact_text
from k9py.api.text import printable, shorten
from k9py.diagnosis.container_case import ContainerCase
from k9py.diagnosis.runtime_errors import concise_error

_HOOK: Final = lazy_pattern(
    r'^(?:Exec|HTTP|Http) lifecycle hook \(\[?(?P<hook>.*?)\]?\) for Container "[^"]*" in Pod "[^"]*" failed - '
    r'error: (?P<error>.*?)(?:, message: "(?P<message>.*)")?$',
    re.S,
)
_COMMAND_EXIT: Final = lazy_pattern(r"^command '.*?' (?P<how>exited with \d+): ?(?P<output>.*)$", re.S)
_GENERIC: Final = frozenset({"", "PostStartHook failed", "PreStopHook failed"})


def hook_error(message: str) -> str:
    """Return why a hook failed, its own output before its exit code; "" when the kubelet does not say."""
    text = message.strip()
    if text in _GENERIC:
        return ""
    match = _HOOK.match(text)
    if match is None:
        return concise_error(text)
    output = (match["message"] or "").replace("\\n", " ").replace('\\"', '"').strip()
    error = match["error"].strip()
    ended = _COMMAND_EXIT.match(error)
    how = ended["how"] if ended else error
    output = output or (ended["output"].strip() if ended else "")
    hook = shorten(redact_text(match["hook"]))
    return f"{shorten(output)} ({hook} {shorten(how)})" if output else f"{hook} {shorten(how)}"


def hook_text(handler: LifecycleHandler | None) -> str:
    """Return what a hook does: its command, or the path that it requests; "" without one."""
    if handler is None:
        return ""
    if handler.exec is not None:
        return shorten(redact_text(" ".join(handler.exec.command or ())))
    return f"GET {printable(handler.http_get.path or '/')}" if handler.http_get is not None else ""


def hook_failed(case: ContainerCase, ended: StateTerminated) -> str | None:
    """Return that the postStart hook failed in the run that ended, None when nothing shows it."""
    lifecycle = case.container.lifecycle
    if lifecycle is None or lifecycle.post_start is None:
        return None
    events = [event for event in case.own_events if event.reason == "FailedPostStartHook"]
    seen = max((event.last_seen for event in events if event.last_seen is not None), default=None)
    if not events or (seen is not None and ended.started_at is not None and seen < ended.started_at):
        return None
    error = next((text for event in events if (text := hook_error(event.message))), "")
    detail = error or hook_text(lifecycle.post_start)
    return f"postStart hook of {case.label} fails" + (f": {detail}" if detail else "")
