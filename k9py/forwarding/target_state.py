"""Whether a target can be reached now, for a person who is about to forward to it.

Invariant: it agrees with `ForwardTarget.choose`: what a text says of connections is what then happens to them. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from k9py.api.pods import Pod
from k9py.forwarding.targets import ENDED, ForwardTarget, why_not_usable


def state_note(target: ForwardTarget, pods: Sequence[Pod], now: datetime) -> str:
    """Return why connections would fail or wait now, printable; "" when a ready pod takes them.

    Args:
        pods: its own, all of them.
    """
    named = next((pod for pod in pods if pod.name == target.pod), None)
    usable = [pod for pod in pods if target.takes_connections(pod)]
    if named is not None and named in usable:
        if named.is_ready and not named.is_terminating:
            return ""
        others = len(usable) > 1
        return f"{why_not_usable(named, now)}: {_of_running(named, has_others=others)}"
    if named is not None and usable:
        return f"{why_not_usable(named, now)}: another pod of the same controller takes the connections"
    if usable:
        return ""
    why = target.why_none(pods, (), now)
    if named is not None and named.status.phase in ENDED and not target.has_stand_ins:
        return f"{why}: nothing takes connections"
    return f"{why}: connections wait until {_until(target, named)}"


def _of_running(pod: Pod, *, has_others: bool) -> str:
    if not pod.is_terminating:
        return "connections go to it all the same"
    return "another pod takes the connections" if has_others else "connections end with it"


def _until(target: ForwardTarget, named: Pod | None) -> str:
    if named is not None and not target.has_stand_ins:
        return "it runs"
    return "there is a pod that runs" if target.pod else "a pod is ready"
