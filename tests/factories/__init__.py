"""Factories of typed objects for tests: a test names what matters, everything else is healthy.

Every uid is `<kind>-<name>`, every time is `NOW` or a little before it.
"""

from __future__ import annotations

from tests.factories.meta import IMAGE, NOW, before, condition, key, meta
from tests.factories.pods import container_status, pod, running, template, terminated, waiting
from tests.factories.services import autoscaler, budget, endpoint_slice, event, service
from tests.factories.workloads import (
    controller_revision,
    daemon_set,
    deployment,
    raw_deployment,
    replica_set,
    stateful_set,
)

__all__ = [
    "IMAGE",
    "NOW",
    "autoscaler",
    "before",
    "budget",
    "condition",
    "container_status",
    "controller_revision",
    "daemon_set",
    "deployment",
    "endpoint_slice",
    "event",
    "key",
    "meta",
    "pod",
    "raw_deployment",
    "replica_set",
    "running",
    "service",
    "stateful_set",
    "template",
    "terminated",
    "waiting",
]
