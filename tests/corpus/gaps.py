"""Cases that kdash does not get right yet, with the reason. A case that is not listed must be right.

`python -m tests.corpus` prints what is wrong with each.
"""

from __future__ import annotations

from typing import Final

GAPS: Final[dict[str, str]] = {
    "cluster/apiservice-service-missing": "the root is not named",
    "cluster/csr-denied": "the root is not named",
    "cluster/csr-pending": "the root is not named",
    "cluster/deprecated-manager": "the root is not named",
    "cluster/namespace-discovery-failure": "the root is not named",
    "cluster/namespace-terminating": "the root is not named",
    "hops/hpa-metrics-server-crash": "false alarm",
    "hops/ingress-front-env-configmap-host": "false alarm",
    "hops/init-waits-selector-typo": "effects or severity are not complete",
    "hops/init-waits-storage-class": "effects or severity are not complete",
    "hops/worker-waits-statefulset-image": "effects or severity are not complete",
    "pods/digest-moved": "the change is not suspected",
    "pods/init-fails": "the root is not named",
    "pods/init-waits-for-missing-service": "effects or severity are not complete",
    "pods/init-waits-for-service-without-endpoints": "effects or severity are not complete",
    "pods/new-error-templates": "the root is not named",
    "pods/readiness-gate": "the root is not named",
    "pods/readiness-named-port": "the root is not named",
    "pods/rejected-out-of-cpu": "the root is not named",
    "pods/rejected-unexpected-admission": "the root is not named",
    "pods/sidecar-startup": "the root is not named",
    "pods/unknown-waiting-reason": "the root is not named",
    "pods/unschedulable-gate": "the root is not named",
    "services/all-pods-gone": "the root is not named",
    "wire/bad-release": "false alarm",
    "workloads/webhook-without-endpoints": "effects or severity are not complete",
}
