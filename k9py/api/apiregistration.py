"""APIServices (apiregistration.k8s.io/v1): API groups and the servers of those that kube-apiserver does not serve."""

from __future__ import annotations

from typing import ClassVar

from k9py.api.meta import Condition, KubeObject, KubeStruct


class ServerReference(KubeStruct, frozen=True):
    """apiregistration/v1 ServiceReference."""

    namespace: str = ""
    name: str = ""
    port: int | None = None


class ApiServiceSpec(KubeStruct, frozen=True):
    """apiregistration/v1 APIServiceSpec; a group without a `service` is served by kube-apiserver itself."""

    service: ServerReference | None = None
    group: str = ""
    version: str = ""


class ApiServiceStatus(KubeStruct, frozen=True):
    """apiregistration/v1 APIServiceStatus; the condition is Available."""

    conditions: tuple[Condition, ...] | None = None


class ApiService(KubeObject, frozen=True):
    """An APIService."""

    KIND: ClassVar[str] = "APIService"

    spec: ApiServiceSpec = ApiServiceSpec()
    status: ApiServiceStatus = ApiServiceStatus()
