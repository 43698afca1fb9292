"""ConfigMaps, Secrets and ServiceAccounts (core/v1): their keys and references, without any value.

Invariant: no value of a ConfigMap or Secret is kept in memory after decoding, neither in a field nor as part of the
response; only the certificate of a TLS Secret is, which its server shows to everybody anyway.
"""

from __future__ import annotations

from base64 import b64decode
from typing import ClassVar, Final

import msgspec

from k9py.api.container_spec import LocalObjectReference
from k9py.api.meta import KubeObject
from k9py.api.value_sizes import Sizes, base64_sizes, text_sizes

TLS_SECRET: Final = "kubernetes.io/tls"
TLS_CERTIFICATE: Final = "tls.crt"
TLS_KEY: Final = "tls.key"
DOCKER_CONFIG_SECRETS: Final = {
    "kubernetes.io/dockerconfigjson": ".dockerconfigjson",
    "kubernetes.io/dockercfg": ".dockercfg",
}
"""Types of Secrets with credentials of registries, and the key that each must have (pkg/credentialprovider/secrets)."""


class ConfigMap(KubeObject, frozen=True):
    """A ConfigMap; `data` and `binary_data` are None once it is decoded."""

    KIND: ClassVar[str] = "ConfigMap"

    data: dict[str, msgspec.Raw] | None = None
    binary_data: dict[str, msgspec.Raw] | None = None
    immutable: bool | None = None
    sizes: Sizes = ()

    def __post_init__(self) -> None:
        if self.data is not None or self.binary_data is not None:
            sizes = (*text_sizes(self.data), *base64_sizes(self.binary_data))
            msgspec.structs.force_setattr(self, "sizes", sizes)
            msgspec.structs.force_setattr(self, "data", None)
            msgspec.structs.force_setattr(self, "binary_data", None)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of `data`, then those of `binaryData`."""
        return tuple(key for key, _ in self.sizes)


class Secret(KubeObject, frozen=True):
    """A Secret without its values; `data` is None once it is decoded.

    Args:
        certificate: `tls.crt` of a Secret of type kubernetes.io/tls as PEM, b"" for anything else.
    """

    KIND: ClassVar[str] = "Secret"

    type: str = ""
    data: dict[str, msgspec.Raw] | None = None
    immutable: bool | None = None
    sizes: Sizes = ()
    certificate: bytes = b""

    def __post_init__(self) -> None:
        if self.data is not None:
            is_tls = self.type == TLS_SECRET and TLS_CERTIFICATE in self.data
            certificate = _decoded(bytes(self.data[TLS_CERTIFICATE])) if is_tls else b""
            msgspec.structs.force_setattr(self, "certificate", certificate)
            msgspec.structs.force_setattr(self, "sizes", base64_sizes(self.data))
            msgspec.structs.force_setattr(self, "data", None)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys, in order."""
        return tuple(key for key, _ in self.sizes)


class ServiceAccount(KubeObject, frozen=True):
    """A ServiceAccount."""

    KIND: ClassVar[str] = "ServiceAccount"

    secrets: tuple[LocalObjectReference, ...] | None = None
    image_pull_secrets: tuple[LocalObjectReference, ...] | None = None


def _decoded(raw: bytes) -> bytes:
    """Return a value that is base64 in JSON, b"" when it is not."""
    try:
        return b64decode(msgspec.json.decode(raw, type=str))
    except (ValueError, msgspec.MsgspecError):
        return b""
