"""A recorded cluster is served as it was: uids, times and status, kinds that the simulator does not know, logs."""

from __future__ import annotations

import json
import urllib.request
from datetime import UTC, datetime
from typing import Any

from k9py.simulator.scenarios.recorded import Recording
from k9py.simulator.server import Simulator

_AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
_POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {
        "name": "web-1",
        "namespace": "shop",
        "uid": "recorded-uid",
        "generation": 1,
        "creationTimestamp": "2026-03-01T11:00:00Z",
        "deletionTimestamp": "2026-03-01T11:59:00Z",
        "finalizers": ["example.com/hold"],
        "managedFields": [{"manager": "argocd", "operation": "Update", "time": "2026-03-01T11:54:00Z"}],
    },
    "spec": {"nodeName": "gone", "containers": [{"name": "app", "image": "reg.test/app:1"}]},
    "status": {
        "phase": "Running",
        "containerStatuses": [
            {
                "name": "app",
                "state": {"waiting": {"reason": "CrashLoopBackOff"}},
                "lastState": {"terminated": {"exitCode": 1, "startedAt": "2026-03-01T11:50:00Z"}},
            }
        ],
    },
}
_REQUEST = {
    "apiVersion": "certificates.k8s.io/v1",
    "kind": "CertificateSigningRequest",
    "metadata": {"name": "node-csr", "uid": "csr-uid", "creationTimestamp": "2026-03-01T10:00:00Z"},
    "spec": {"signerName": "kubernetes.io/kubelet-serving"},
}
_NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "uid": "ns-uid"}}


def _read(simulator: Simulator, path: str) -> str:
    request = urllib.request.Request(f"{simulator.url}{path}", headers={"Authorization": f"Bearer {simulator.token()}"})
    with urllib.request.urlopen(request) as answer:
        return str(answer.read().decode())


def test_objects_and_logs_are_served_as_recorded() -> None:
    logs = {"shop/web-1/app/previous": ["2026-03-01T11:50:01Z starting", "KeyError: DB_URL"]}
    with Simulator(recording=Recording([_POD, _REQUEST, _NAMESPACE], _AT, logs)) as simulator:
        pod: dict[str, Any] = json.loads(_read(simulator, "/api/v1/namespaces/shop/pods/web-1"))
        csrs = json.loads(_read(simulator, "/apis/certificates.k8s.io/v1/certificatesigningrequests"))
        namespaces = json.loads(_read(simulator, "/api/v1/namespaces"))
        log = _read(simulator, "/api/v1/namespaces/shop/pods/web-1/log?container=app&previous=true&timestamps=true")

    recorded = {key: value for key, value in pod["metadata"].items() if key != "resourceVersion"}
    assert recorded == _POD["metadata"]
    assert (pod["spec"], pod["status"]) == (_POD["spec"], _POD["status"])
    assert [each["metadata"]["uid"] for each in csrs["items"]] == ["csr-uid"]
    assert [each["metadata"]["name"] for each in namespaces["items"]] == ["shop"]
    assert log.splitlines() == [
        "2026-03-01T11:50:01.000000000Z starting",
        "2026-03-01T11:50:01.000000000Z KeyError: DB_URL",
    ]
