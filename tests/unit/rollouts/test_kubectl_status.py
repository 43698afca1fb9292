"""kubectl's own sentences, in its order."""

from __future__ import annotations

import pytest

from k9py.api.workloads import RollingUpdate, Strategy, Workload
from k9py.rollouts.kubectl_status import kubectl_status
from tests.factories.meta import condition
from tests.factories.workloads import daemon_set, deployment, stateful_set

TIMED_OUT = condition("Progressing", "False", "ProgressDeadlineExceeded")
IN_PARTS = Strategy(rolling_update=RollingUpdate(partition=1))
WHOLE = Strategy(rolling_update=RollingUpdate(partition=0))
BY_HAND = Strategy(type="OnDelete")
WAITING = 'Waiting for deployment "checkout" rollout to finish:'
AGENT = 'Waiting for daemon set "agent" rollout to finish:'


@pytest.mark.parametrize(
    ("workload", "message", "done"),
    [
        (deployment(), 'deployment "checkout" successfully rolled out', True),
        (deployment(generation=2, observed=1), "Waiting for deployment spec update to be observed...", False),
        (deployment(generation=2, observed=1, conditions=[TIMED_OUT]),
         "Waiting for deployment spec update to be observed...", False),
        (deployment(conditions=[TIMED_OUT]), 'error: deployment "checkout" exceeded its progress deadline', False),
        (deployment(updated=1), f"{WAITING} 1 out of 3 new replicas have been updated...", False),
        (deployment(total=5), f"{WAITING} 2 old replicas are pending termination...", False),
        (deployment(available=2), f"{WAITING} 2 of 3 updated replicas are available...", False),
        (deployment(replicas=0), 'deployment "checkout" successfully rolled out', True),
        (stateful_set(observed=0), "Waiting for statefulset spec update to be observed...", False),
        (stateful_set(generation=2, observed=1), "Waiting for statefulset spec update to be observed...", False),
        (stateful_set(ready=1), "Waiting for 1 pods to be ready...", False),
        (stateful_set(updated=0, strategy=IN_PARTS),
         "Waiting for partitioned roll out to finish: 0 out of 1 new pods have been updated...", False),
        (stateful_set(updated=1, strategy=IN_PARTS),
         "partitioned roll out complete: 1 new pods have been updated...", True),
        (stateful_set(strategy=WHOLE), "partitioned roll out complete: 2 new pods have been updated...", True),
        (stateful_set(updated=1, update_revision="cart-db-bbb"),
         "waiting for statefulset rolling update to complete 1 pods at revision cart-db-bbb...", False),
        (stateful_set(), "statefulset rolling update complete 2 pods at revision cart-db-aaa...", True),
        (stateful_set(strategy=BY_HAND),
         "error: rollout status is only available for RollingUpdate strategy type", False),
        (daemon_set(generation=2, observed=1), "Waiting for daemon set spec update to be observed...", False),
        (daemon_set(updated=1), f"{AGENT} 1 out of 3 new pods have been updated...", False),
        (daemon_set(available=2), f"{AGENT} 2 of 3 updated pods are available...", False),
        (daemon_set(), 'daemon set "agent" successfully rolled out', True),
        (daemon_set(strategy=BY_HAND),
         "error: rollout status is only available for RollingUpdate strategy type", False),
    ],
)  # fmt: skip
def test_the_sentence_is_that_of_kubectl(workload: Workload, message: str, done: bool) -> None:
    assert kubectl_status(workload) == (message, done)
