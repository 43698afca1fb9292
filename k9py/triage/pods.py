"""Checks of one pod."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from k9py.objects.events import Event
from k9py.objects.pods import Pod
from k9py.triage.finding import Finding


def pod_findings(pod: Pod, now: datetime, *, events: Sequence[Event] = ()) -> tuple[Finding, ...]:
    """Return what is wrong with a pod, worst first; `events` are about this pod."""
    raise NotImplementedError
