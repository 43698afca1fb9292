"""CertificateSigningRequests (certificates.k8s.io/v1): who asks for a certificate, and what was decided."""

from __future__ import annotations

from typing import ClassVar

from k9py.api.meta import Condition, KubeObject, KubeStruct


class SigningRequestSpec(KubeStruct, frozen=True):
    """certificates/v1 CertificateSigningRequestSpec without the request itself."""

    signer_name: str = ""
    username: str = ""


class SigningRequestStatus(KubeStruct, frozen=True):
    """certificates/v1 CertificateSigningRequestStatus; conditions are Approved, Denied, Failed."""

    conditions: tuple[Condition, ...] | None = None
    certificate: str = ""


class CertificateSigningRequest(KubeObject, frozen=True):
    """A CertificateSigningRequest."""

    KIND: ClassVar[str] = "CertificateSigningRequest"

    spec: SigningRequestSpec = SigningRequestSpec()
    status: SigningRequestStatus = SigningRequestStatus()
