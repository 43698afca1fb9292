"""A pod's containers by name, the kubelet's messages about them, and the objects they need to start.

Pure, or reads storage only. Optional references never block a pod; neither do the ConfigMaps of every namespace.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from k9py.simulator.registry.resources import CONFIGMAPS, SECRETS
from k9py.simulator.registry.storage import Storage

Object = dict[str, Any]


def spec_of(pod: Mapping[str, Any], name: str) -> Object:
    """Return a container's spec, init and ephemeral containers included.

    Raises:
        KeyError: the pod has no such container.
    """
    for field in ("initContainers", "containers", "ephemeralContainers"):
        for container in pod["spec"].get(field) or ():
            if container["name"] == name:
                match: Object = container
                return match
    raise KeyError(name)


def status_of(pod: Mapping[str, Any], name: str) -> Object:
    """Return a container's status.

    Raises:
        KeyError: the pod has no such container, or no status of it yet.
    """
    for field in ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"):
        for entry in (pod.get("status") or {}).get(field) or ():
            if entry["name"] == name:
                match: Object = entry
                return match
    raise KeyError(name)


def is_init(pod: Mapping[str, Any], name: str) -> bool:
    return any(container["name"] == name for container in pod["spec"].get("initContainers") or ())


def is_ephemeral(pod: Mapping[str, Any], name: str) -> bool:
    return any(container["name"] == name for container in pod["spec"].get("ephemeralContainers") or ())


def unstarted_ephemeral_containers(pod: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the ephemeral containers that have no status yet."""
    shown = {entry["name"] for entry in (pod.get("status") or {}).get("ephemeralContainerStatuses") or ()}
    wanted = (container["name"] for container in pod["spec"].get("ephemeralContainers") or ())
    return tuple(name for name in wanted if name not in shown)


def image_not_found(image: str) -> str:
    """Return containerd's error for an image that does not exist."""
    return (
        f'rpc error: code = NotFound desc = failed to pull and unpack image "{image}": '
        f'failed to resolve reference "{image}": {image}: not found'
    )


def go_duration(seconds: float) -> str:
    """Format whole seconds as a Go duration: 10s, 1m20s, 5m0s."""
    minutes, remainder = divmod(int(seconds), 60)
    return f"{minutes}m{remainder}s" if minutes else f"{remainder}s"


def back_off_event_message(pod: Mapping[str, Any], name: str) -> str:
    """Return the BackOff event message of a crashing container."""
    return f"Back-off restarting failed container {name} in pod {_identity(pod)}"


def back_off_waiting_message(pod: Mapping[str, Any], name: str, seconds: float) -> str:
    """Return the CrashLoopBackOff message with its delay in seconds."""
    return f"back-off {go_duration(seconds)} restarting failed container={name} pod={_identity(pod)}"


def _identity(pod: Mapping[str, Any]) -> str:
    metadata = pod["metadata"]
    return f"{metadata['name']}_{metadata['namespace']}({metadata['uid']})"


_DEFAULT_CONFIGMAPS = frozenset({"kube-root-ca.crt", "openshift-service-ca.crt"})


@dataclass(frozen=True, slots=True)
class MissingVolume:
    """A volume that cannot be mounted and the object it refers to, such as `configmap "settings"`."""

    volume: str
    reference: str


def missing_volume(storage: Storage, pod: Mapping[str, Any]) -> MissingVolume | None:
    """Return the first volume whose config map or secret is missing."""
    namespace = pod["metadata"]["namespace"]
    for volume in pod["spec"].get("volumes") or ():
        config, secret = volume.get("configMap"), volume.get("secret")
        needed = config and not config.get("optional") and config["name"] not in _DEFAULT_CONFIGMAPS
        if needed and storage.get(CONFIGMAPS, namespace, config["name"]) is None:
            return MissingVolume(volume["name"], f'configmap "{config["name"]}"')
        if secret and not secret.get("optional") and storage.get(SECRETS, namespace, secret["secretName"]) is None:
            return MissingVolume(volume["name"], f'secret "{secret["secretName"]}"')
    return None


def missing_reference(storage: Storage, pod: Mapping[str, Any], container: Mapping[str, Any]) -> str | None:
    """Return the kubelet's error for a container whose environment refers to a missing object, or None."""
    namespace = pod["metadata"]["namespace"]
    sources: list[tuple[str, str, Mapping[str, Any]]] = [
        ("configMapRef", "secretRef", source) for source in container.get("envFrom") or ()
    ]
    sources.extend(
        ("configMapKeyRef", "secretKeyRef", variable.get("valueFrom") or {}) for variable in container.get("env") or ()
    )
    for config_field, secret_field, source in sources:
        for field, resource, word in ((config_field, CONFIGMAPS, "configmap"), (secret_field, SECRETS, "secret")):
            reference = source.get(field)
            if not reference or reference.get("optional"):
                continue
            obj = storage.get(resource, namespace, reference["name"])
            if obj is None:
                return f'{word} "{reference["name"]}" not found'
            key = reference.get("key")
            if key and key not in {**(obj.get("data") or {}), **(obj.get("stringData") or {})}:
                kind = "ConfigMap" if word == "configmap" else "Secret"
                return f"couldn't find key {key} in {kind} {namespace}/{reference['name']}"
    return None
