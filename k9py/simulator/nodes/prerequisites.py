"""What a pod needs before its containers can start: config maps, secrets, service accounts that exist.

Pure over a storage. Optional references never hold a pod up; neither does what every namespace has.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from k9py.simulator.resources import CONFIGMAPS, SECRETS
from k9py.simulator.storage import Storage

_EVERYWHERE = frozenset({"kube-root-ca.crt", "openshift-service-ca.crt"})


@dataclass(frozen=True, slots=True)
class MissingVolume:
    """A volume that cannot be mounted, and the thing it lacks, such as `configmap "settings"`."""

    volume: str
    what: str


def missing_volume(storage: Storage, pod: Mapping[str, Any]) -> MissingVolume | None:
    """Return the first volume whose config map or secret is missing."""
    namespace = pod["metadata"]["namespace"]
    for volume in pod["spec"].get("volumes") or ():
        config, secret = volume.get("configMap"), volume.get("secret")
        needed = config and not config.get("optional") and config["name"] not in _EVERYWHERE
        if needed and storage.get(CONFIGMAPS, namespace, config["name"]) is None:
            return MissingVolume(volume["name"], f'configmap "{config["name"]}"')
        if secret and not secret.get("optional") and storage.get(SECRETS, namespace, secret["secretName"]) is None:
            return MissingVolume(volume["name"], f'secret "{secret["secretName"]}"')
    return None


def missing_for_container(storage: Storage, pod: Mapping[str, Any], container: Mapping[str, Any]) -> str | None:
    """Return why a container's environment cannot be made, in the kubelet's words, or None."""
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
            found = storage.get(resource, namespace, reference["name"])
            if found is None:
                return f'{word} "{reference["name"]}" not found'
            wanted = reference.get("key")
            if wanted and wanted not in {**(found.get("data") or {}), **(found.get("stringData") or {})}:
                kind = "ConfigMap" if word == "configmap" else "Secret"
                return f"couldn't find key {wanted} in {kind} {namespace}/{reference['name']}"
    return None
