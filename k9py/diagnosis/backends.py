"""Say how a Service that others rely on does: its health, and what its checks report.

Invariant: a Service that is unknown, or that is still starting, is not reported as failing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from k9py.api.services import Service
from k9py.api.severity import Severity
from k9py.api.text import printable
from k9py.diagnosis.check import Check
from k9py.diagnosis.checks.endpoint_addresses import service_endpoints_nowhere
from k9py.diagnosis.checks.external_names import service_external_name
from k9py.diagnosis.checks.health import service_health
from k9py.diagnosis.checks.service_ports import service_named_port, service_target_port
from k9py.diagnosis.checks.services import (
    service_mixed_pods,
    service_selector,
    service_slice_ports,
    service_terminating,
    service_without_endpoints,
)
from k9py.diagnosis.graph import Graph

_CHECKS: Final[tuple[Check, ...]] = (
    service_health,
    service_selector,
    service_terminating,
    service_without_endpoints,
    service_slice_ports,
    service_endpoints_nowhere,
    service_named_port,
    service_target_port,
    service_mixed_pods,
    service_external_name,
)

NO_ENDPOINTS: Final = "no ready endpoints"


@dataclass(frozen=True, slots=True)
class BackendState:
    """How a Service does.

    Args:
        text: what is wrong, one clause; "" when nothing is.
    """

    severity: Severity
    text: str

    @property
    def is_down(self) -> bool:
        """Whether nothing answers there."""
        return self.severity is Severity.DOWN

    @property
    def severity_for_users(self) -> Severity:
        """The same for those who use the Service: of a failed rollout they feel nothing while old pods serve."""
        return Severity.HEALTHY if self.severity is Severity.STUCK else self.severity

    def of(self, name: str) -> str:
        """Return what is wrong, with the name of the Service: `Service web has no ready endpoints`."""
        if self.text.startswith(("has ", "is ")):
            return f"Service {printable(name)} {self.text}"
        verb = " has " if self.text == NO_ENDPOINTS else ": "
        return f"Service {printable(name)}{verb}{self.text}"


def backend_state(service: Service, graph: Graph) -> BackendState:
    """Return how a Service does for those who use it."""
    states: list[tuple[Severity, str]] = []
    for check in _CHECKS:
        states += [(finding.severity, finding.message) for finding in check.run(service, graph)]
    worst = min(states, key=lambda state: state[0], default=(Severity.HEALTHY, ""))
    if worst[0] > Severity.WARNING:
        return BackendState(Severity.HEALTHY, "")
    return BackendState(*worst)
