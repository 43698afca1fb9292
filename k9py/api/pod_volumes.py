"""The volumes of a pod, as far as they refer to something that can be missing. Other sources are left out."""

from __future__ import annotations

from collections.abc import Iterator

from k9py.api.meta import KubeStruct, Present

SERVICE_ACCOUNT_VOLUME = "kube-api-access-"
"""Prefix of the volume that admission adds to every pod (plugin/pkg/admission/serviceaccount)."""


class KeyToPath(KubeStruct, frozen=True):
    """core/v1 KeyToPath: a key of a ConfigMap or Secret that is mounted as a file."""

    key: str = ""
    path: str = ""


class ConfigMapSource(KubeStruct, frozen=True):
    """core/v1 ConfigMapVolumeSource and ConfigMapProjection, and SecretProjection; no `items` mean all keys."""

    name: str = ""
    items: tuple[KeyToPath, ...] | None = None
    optional: bool | None = None


class SecretSource(KubeStruct, frozen=True):
    """core/v1 SecretVolumeSource; no `items` mean all keys."""

    secret_name: str = ""
    items: tuple[KeyToPath, ...] | None = None
    optional: bool | None = None


class Projection(KubeStruct, frozen=True):
    """core/v1 VolumeProjection."""

    config_map: ConfigMapSource | None = None
    secret: ConfigMapSource | None = None


class ProjectedSource(KubeStruct, frozen=True):
    """core/v1 ProjectedVolumeSource."""

    sources: tuple[Projection, ...] | None = None


class ClaimSource(KubeStruct, frozen=True):
    """core/v1 PersistentVolumeClaimVolumeSource."""

    claim_name: str = ""
    read_only: bool = False


class HostPathSource(KubeStruct, frozen=True):
    """core/v1 HostPathVolumeSource; a `type` of "" is not checked."""

    path: str = ""
    type: str | None = None


class CsiSource(KubeStruct, frozen=True):
    """core/v1 CSIVolumeSource: an inline volume of a CSI driver."""

    driver: str = ""


class Volume(KubeStruct, frozen=True):
    """core/v1 Volume. An ephemeral volume has a claim named after the pod and the volume."""

    name: str = ""
    persistent_volume_claim: ClaimSource | None = None
    config_map: ConfigMapSource | None = None
    secret: SecretSource | None = None
    projected: ProjectedSource | None = None
    host_path: HostPathSource | None = None
    csi: CsiSource | None = None
    ephemeral: Present | None = None

    def claim(self, pod: str) -> str:
        """Return the name of its claim, "" if it has none.

        Args:
            pod: name of the pod.
        """
        if self.persistent_volume_claim is not None:
            return self.persistent_volume_claim.claim_name
        return f"{pod}-{self.name}" if self.ephemeral is not None else ""

    def references(self) -> Iterator[tuple[str, str, tuple[str, ...], bool]]:
        """Yield (ConfigMap or Secret, its name, the keys that it must have, whether it is optional)."""
        if self.secret is not None:
            yield "Secret", self.secret.secret_name, _keys(self.secret.items), bool(self.secret.optional)
        sources = [("ConfigMap", self.config_map)]
        for projection in (self.projected.sources if self.projected else None) or ():
            sources += [("ConfigMap", projection.config_map), ("Secret", projection.secret)]
        for kind, source in sources:
            if source is not None:
                yield kind, source.name, _keys(source.items), bool(source.optional)


def _keys(items: tuple[KeyToPath, ...] | None) -> tuple[str, ...]:
    return tuple(item.key for item in items or ())
