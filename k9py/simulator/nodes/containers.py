"""Finding a pod's containers by name, and the kubelet's words about them.

Pure.
"""

from collections.abc import Mapping
from typing import Any

Object = dict[str, Any]


def spec_of(pod: Mapping[str, Any], name: str) -> Object:
    """Return a container's spec, init and ephemeral containers included.

    Raises:
        KeyError: the pod has no such container.
    """
    for field in ("initContainers", "containers", "ephemeralContainers"):
        for container in pod["spec"].get(field) or ():
            if container["name"] == name:
                found: Object = container
                return found
    raise KeyError(name)


def entry_of(pod: Mapping[str, Any], name: str) -> Object:
    """Return a container's status.

    Raises:
        KeyError: the pod has no such container, or it has no status yet.
    """
    for field in ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"):
        for entry in (pod.get("status") or {}).get(field) or ():
            if entry["name"] == name:
                found: Object = entry
                return found
    raise KeyError(name)


def is_init(pod: Mapping[str, Any], name: str) -> bool:
    return any(container["name"] == name for container in pod["spec"].get("initContainers") or ())


def is_ephemeral(pod: Mapping[str, Any], name: str) -> bool:
    return any(container["name"] == name for container in pod["spec"].get("ephemeralContainers") or ())


def unattached(pod: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the ephemeral containers that were asked for and have no status yet."""
    shown = {entry["name"] for entry in (pod.get("status") or {}).get("ephemeralContainerStatuses") or ()}
    wanted = (container["name"] for container in pod["spec"].get("ephemeralContainers") or ())
    return tuple(name for name in wanted if name not in shown)


def image_not_found(image: str) -> str:
    """Return what containerd says of an image no registry has."""
    return (
        f'rpc error: code = NotFound desc = failed to pull and unpack image "{image}": '
        f'failed to resolve reference "{image}": {image}: not found'
    )


def go_duration(seconds: float) -> str:
    """Write whole seconds as Go writes a duration: 10s, 1m20s, 5m0s."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"


def back_off_event(pod: Mapping[str, Any], name: str) -> str:
    """Return the words of the event about a container that keeps crashing."""
    return f"Back-off restarting failed container {name} in pod {_identity(pod)}"


def back_off_reason(pod: Mapping[str, Any], name: str, seconds: float) -> str:
    """Return why such a container waits, and for how many seconds."""
    return f"back-off {go_duration(seconds)} restarting failed container={name} pod={_identity(pod)}"


def _identity(pod: Mapping[str, Any]) -> str:
    metadata = pod["metadata"]
    return f"{metadata['name']}_{metadata['namespace']}({metadata['uid']})"
