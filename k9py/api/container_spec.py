"""Parts of a container's spec (core/v1) that explain why it does not run: environment, probes, lifecycle hooks."""

from __future__ import annotations

from k9py.api.meta import KubeStruct


class KeySelector(KubeStruct, frozen=True):
    """core/v1 ConfigMapKeySelector and SecretKeySelector."""

    name: str = ""
    key: str = ""
    optional: bool | None = None


class EnvVarSource(KubeStruct, frozen=True):
    """core/v1 EnvVarSource: the part that refers to other objects."""

    config_map_key_ref: KeySelector | None = None
    secret_key_ref: KeySelector | None = None


class EnvVar(KubeStruct, frozen=True):
    """core/v1 EnvVar. `value` may be a secret: never draw it."""

    name: str = ""
    value: str = ""
    value_from: EnvVarSource | None = None


class EnvFromRef(KubeStruct, frozen=True):
    """core/v1 ConfigMapEnvSource and SecretEnvSource."""

    name: str = ""
    optional: bool | None = None


class EnvFromSource(KubeStruct, frozen=True):
    """core/v1 EnvFromSource: all keys of an object as variables."""

    prefix: str = ""
    config_map_ref: EnvFromRef | None = None
    secret_ref: EnvFromRef | None = None


class HTTPGetAction(KubeStruct, frozen=True):
    """core/v1 HTTPGetAction; `host` is "" for the pod itself."""

    port: int | str = 0
    path: str = ""
    host: str = ""
    scheme: str = ""


class TCPSocketAction(KubeStruct, frozen=True):
    """core/v1 TCPSocketAction; `host` is "" for the pod itself."""

    port: int | str = 0
    host: str = ""


class GRPCAction(KubeStruct, frozen=True):
    """core/v1 GRPCAction."""

    port: int = 0


class ExecAction(KubeStruct, frozen=True):
    """core/v1 ExecAction."""

    command: tuple[str, ...] | None = None


class Probe(KubeStruct, frozen=True):
    """core/v1 Probe. Times are in seconds; the defaults are those of the API server."""

    http_get: HTTPGetAction | None = None
    tcp_socket: TCPSocketAction | None = None
    grpc: GRPCAction | None = None
    exec: ExecAction | None = None
    initial_delay_seconds: int = 0
    period_seconds: int = 10
    timeout_seconds: int = 1
    failure_threshold: int = 3

    @property
    def port(self) -> int | str | None:
        """The number or name of the port that it asks of the pod; None: it asks no port, or that of another host."""
        if self.http_get is not None:
            return None if self.http_get.host else self.http_get.port
        if self.tcp_socket is not None:
            return None if self.tcp_socket.host else self.tcp_socket.port
        return self.grpc.port if self.grpc is not None else None

    @property
    def patience_seconds(self) -> int:
        """How long a container may fail it after its start before that has a consequence."""
        return self.initial_delay_seconds + self.period_seconds * self.failure_threshold


class LifecycleHandler(KubeStruct, frozen=True):
    """core/v1 LifecycleHandler."""

    exec: ExecAction | None = None
    http_get: HTTPGetAction | None = None


class Lifecycle(KubeStruct, frozen=True):
    """core/v1 Lifecycle: hooks after the start and before the stop of a container."""

    post_start: LifecycleHandler | None = None
    pre_stop: LifecycleHandler | None = None


class LocalObjectReference(KubeStruct, frozen=True):
    """core/v1 LocalObjectReference: an object of the same namespace."""

    name: str = ""
