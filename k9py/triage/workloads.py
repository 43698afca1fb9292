"""Checks of a workload and its pods."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from k9py.objects.events import Event
from k9py.objects.pods import Pod
from k9py.objects.workloads import ControllerRevision, ReplicaSet, Workload
from k9py.triage.finding import Finding


def workload_findings(
    workload: Workload,
    owned: Sequence[ReplicaSet | ControllerRevision],
    pods: Sequence[Pod],
    events: Sequence[Event],
    now: datetime,
) -> tuple[Finding, ...]:
    """Return what is wrong with a workload, worst first."""
    raise NotImplementedError
