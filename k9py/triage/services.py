"""Checks of a service and its endpoints."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from k9py.objects.pods import Pod
from k9py.objects.services import EndpointSlice, Service
from k9py.triage.finding import Finding


def service_findings(
    service: Service, slices: Sequence[EndpointSlice], pods: Sequence[Pod], now: datetime
) -> tuple[Finding, ...]:
    """Return what is wrong with a service, worst first.

    Args:
        slices: of this service.
        pods: all pods its selector selects.
    """
    raise NotImplementedError
