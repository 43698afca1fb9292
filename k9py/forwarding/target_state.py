"""Whether a target can be reached now, for a person who is about to forward to it.

Invariant: it agrees with `ForwardTarget.choose`: what a text says of connections is what then happens to them. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from k9py.api.pods import Pod
from k9py.api.text import printable
from k9py.forwarding.targets import ENDED, ForwardTarget, why_not_usable

_ANY_NUMBER: Final = 1
"""A port that every pod may have: a number may be listened on though nobody declares it."""


def state_note(target: ForwardTarget, pods: Sequence[Pod], now: datetime) -> str:
    """Return why connections would fail or wait now, printable; "" when a ready pod takes them.

    Args:
        pods: its own, all of them.
    """
    named = next((pod for pod in pods if pod.name == target.pod), None)
    usable = [pod for pod in pods if target.takes_connections(pod)]
    if usable and (named is None or (named.is_ready and not named.is_terminating)):
        return ""
    if named is not None and usable:
        return f"{why_not_usable(named, now)}; {_of_running(target, pods, named)}"
    why = target.why_none(pods, (), now)
    if named is not None and named.status.phase in ENDED and not target.has_stand_ins:
        return f"{why}; nothing takes connections"
    return f"{why}; connections wait until {_until(target, named)}"


def _of_running(target: ForwardTarget, pods: Sequence[Pod], named: Pod) -> str:
    """Return where connections go while the pod that was named is not ready."""
    chosen = target.choose(pods, "", (_ANY_NUMBER,), ())
    if chosen is not None and chosen.uid != named.uid:
        return f"connections go to {printable(chosen.name)}"
    return "connections end with it" if named.is_terminating else "connections go to it all the same"


def _until(target: ForwardTarget, named: Pod | None) -> str:
    if named is not None and not target.has_stand_ins:
        return "it runs"
    return "there is a pod that runs" if target.pod else "a pod is ready"
