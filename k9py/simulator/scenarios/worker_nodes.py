"""Nodes as a healthy kubelet registers them.

Pure.
"""

from typing import Any

Object = dict[str, Any]


def address_of(number: int) -> str:
    """Return the address of node number n."""
    return f"192.168.{number // 250}.{1 + number % 250}"


def worker_node(name: str, zone: str, number: int, born: str, *, pods: int, cpu: str, memory: str) -> Object:
    """Return a healthy worker.

    Args:
        name: also the host name.
        zone: of the topology.
        number: determines address and ids.
        born: creation timestamp.
        pods: pod capacity.
        cpu: cores, as a quantity.
        memory: as a quantity.
    """
    address = address_of(number)
    pressures = (
        ("MemoryPressure", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        ("DiskPressure", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        ("PIDPressure", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    )
    rows = [(kind, "False", reason, message) for kind, reason, message in pressures]
    rows.append(("Ready", "True", "KubeletReady", "kubelet is posting ready status"))
    capacity = {"cpu": cpu, "memory": memory, "pods": str(pods)}
    return {
        "metadata": {
            "name": name,
            "labels": {
                "kubernetes.io/arch": "amd64",
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                "topology.kubernetes.io/zone": zone,
            },
            "creationTimestamp": born,
        },
        "spec": {},
        "status": {
            "capacity": capacity,
            "allocatable": capacity,
            "conditions": [
                {
                    "type": kind,
                    "status": status,
                    "lastHeartbeatTime": born,
                    "lastTransitionTime": born,
                    "reason": reason,
                    "message": message,
                }
                for kind, status, reason, message in rows
            ],
            "addresses": [{"type": "InternalIP", "address": address}, {"type": "Hostname", "address": name}],
            "nodeInfo": {
                "machineID": f"{number:032x}",
                "systemUUID": f"{number:08x}-0000-4000-8000-000000000000",
                "bootID": f"{number:08x}-0000-4000-8000-000000000001",
                "kernelVersion": "6.12.0",
                "osImage": "Simulated Linux",
                "containerRuntimeVersion": "containerd://2.1.0",
                "kubeletVersion": "v1.36.2",
                "kubeProxyVersion": "",
                "operatingSystem": "linux",
                "architecture": "amd64",
            },
        },
    }
