"""What is forwarded to: which pods a pod, a workload or a Service means, and which of them takes the connections.

Invariants: a pod that is named is used as long as it runs. Only its ReplicaSet makes other pods that are the same, so
only then another pod stands in for it; a StatefulSet makes a pod of the same name again. Of several pods one is used
until it can serve no longer: every move may cut connections. A pod that is being deleted is left at once, because it
stops listening soon. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

from k9py.api.errors import KdashError, MissingPartError, RefusedError
from k9py.api.meta import ObjectRef
from k9py.api.plural import count_noun
from k9py.api.pods import Pod, PodSpec
from k9py.api.resource_types import STANDARD
from k9py.api.selectors import selector_text
from k9py.api.services import Service
from k9py.api.text import printable
from k9py.diagnosis.pods import unready_causes
from k9py.forwarding.ports import PortPair
from k9py.forwarding.remote_ports import (
    check_pod_port,
    container_ports,
    pod_port_names,
    port_of_pod,
    ports_hint,
    service_port,
    service_port_names,
    target_of_service,
)

_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)
ENDED: Final = ("Succeeded", "Failed")
"""Phases of pods that never run again."""


@dataclass(frozen=True, slots=True)
class ForwardTarget:
    """What is forwarded to.

    Args:
        ref: the object as it was named.
        label_selector: of the pods to watch, "" selects all.
        field_selector: of the pods to watch, for a pod alone.
        pod: the pod that is preferred, "" for any.
        has_stand_ins: another pod may take its place.
        controller_kind: pods of other controllers are not its own; "" accepts all.
        controller_name: likewise.
        service: the Service, whose ports are translated.
        template: of its pods, where it has one: what they declare while there are none.
    """

    ref: ObjectRef
    label_selector: str = ""
    field_selector: str = ""
    pod: str = ""
    has_stand_ins: bool = False
    controller_kind: str = ""
    controller_name: str = ""
    service: Service | None = field(default=None, compare=False)
    template: PodSpec | None = field(default=None, compare=False)

    @property
    def title(self) -> str:
        """`deploy/web`: the name as a person types it."""
        return object_title(self.ref)

    def with_service(self, service: Service) -> ForwardTarget:
        """Return the target with the Service as it is now; with its last selector if it selects nothing now."""
        selector = selector_text(service.spec.selector) or self.label_selector
        return replace(self, service=service, label_selector=selector)

    def own(self, pods: Iterable[Pod]) -> tuple[Pod, ...]:
        """Return its pods among those that are watched."""
        return tuple(pod for pod in pods if self._is_own(pod))

    def container_port(self, pod: Pod, remote: int | str) -> int | None:
        """Return the port of a pod that a port of the target means, None when the pod has none."""
        try:
            port = remote if self.service is None else target_of_service(self.service, remote)
        except KdashError:  # the Service lost the port
            return None
        return port_of_pod(pod, port)

    def check(self, remote: int | str, pods: Sequence[Pod]) -> None:
        """Check that a port exists, as far as that is known. Raises MissingPartError or RefusedError."""
        port = remote if self.service is None else target_of_service(self.service, remote)
        specs = self._specs(pods)
        if isinstance(port, int) or specs:
            what = self.title if self.service is None else f"the pods of {self.title}"
            check_pod_port(what, specs, port)

    def only_ports(self, pods: Sequence[Pod]) -> tuple[PortPair, ...]:
        """Return its only TCP port.

        Raises:
            MissingPartError: it has several, or none; the hint lists them.
        """
        specs = self._specs(pods)
        names = service_port_names(self.service) if self.service is not None else pod_port_names(specs)
        if len(names) == 1:
            return (PortPair(int(names[0].partition(" ")[0])),)
        what = count_noun(len(names), "port") if names else "no declared TCP port"
        hint = ports_hint(names)
        raise MissingPartError(f"{self.title} has {what}: name the one to forward", hint)

    def described(self, remote: int | str, pods: Sequence[Pod]) -> tuple[int | None, str]:
        """Return the number and the name of a port as far as they are known; for a URL."""
        if self.service is not None:
            try:
                port = service_port(self.service, remote)
            except KdashError:
                port = None
            if port is not None:
                name = port.name or port.named_target
                return port.port, name or self._name(port.target_number, pods)
        number = remote if isinstance(remote, int) else None
        if isinstance(remote, str):
            numbers = (port_of_pod(pod, remote) for pod in pods)
            return next((each for each in numbers if each is not None), None), remote
        return number, self._name(number, pods)

    def choose(
        self, pods: Sequence[Pod], current: str, remotes: Collection[int | str], avoided: Collection[str]
    ) -> Pod | None:
        """Return the pod that takes new connections, None when none can.

        Args:
            pods: its own.
            current: uid of the pod that takes them now, "" for none.
            remotes: ports that the pod must have; pods that have some of them come after those that have all.
            avoided: uids of pods that failed a moment ago: they are used only when there is no other.
        """

        def rank(pod: Pod) -> tuple[bool | float, ...]:
            created = (
                (pod.metadata.creation_timestamp or _EARLIEST).timestamp() if pod.metadata.creation_timestamp else 0.0
            )
            ports = sum(self.container_port(pod, remote) is not None for remote in remotes)
            return (
                pod.uid not in avoided,
                not pod.is_terminating,
                pod.name == self.pod,
                pod.is_ready,
                ports,
                pod.uid == current,
                created,
            )

        candidates = [pod for pod in pods if self._serves(pod, remotes)]
        return max(candidates, key=rank, default=None)

    def why_none(self, pods: Sequence[Pod], remotes: Collection[int | str], now: datetime) -> str:
        """Return why no pod takes connections, printable."""
        if self.pod and not self.has_stand_ins and not pods:
            return f"pod {printable(self.pod)} does not exist"
        if not pods:
            return f"{self.title} has no pods"
        for pod in pods:
            if self.takes_connections(pod):
                lacking = [str(remote) for remote in remotes if self.container_port(pod, remote) is None]
                return f"{printable(pod.name)} has no port {', '.join(lacking)}"
        pod = max(
            pods,
            key=lambda pod: (
                pod.name == self.pod,
                not pod.is_terminating,
                pod.metadata.creation_timestamp or _EARLIEST,
            ),
        )
        why = why_not_usable(pod, now)
        if len(pods) == 1:
            return why
        return f"none of {count_noun(len(pods), 'pod')} is ready: {why}"

    # -- rules --------------------------------------------------------------------------------------------------------

    def _is_own(self, pod: Pod) -> bool:
        if not self.controller_kind or pod.name == self.pod:
            return True
        owner = pod.metadata.controller
        if owner is None or owner.kind != self.controller_kind:
            return False
        return not self.controller_name or owner.name == self.controller_name

    def _serves(self, pod: Pod, remotes: Collection[int | str]) -> bool:
        return self.takes_connections(pod) and any(self.container_port(pod, remote) is not None for remote in remotes)

    def takes_connections(self, pod: Pod) -> bool:
        """Return whether a pod can take connections.

        The one that was named does as soon as it runs, as for kubectl. Of a terminating one that is the last there is,
        nobody knows when it stops listening; only a pod that was named is used then.
        """
        if pod.status.phase in ENDED:
            return False
        if pod.name == self.pod:
            return pod.status.phase == "Running"
        publishes = self.service is not None and self.service.spec.publish_not_ready_addresses
        return not pod.is_terminating and (pod.is_ready or (publishes and pod.status.phase == "Running"))

    def _specs(self, pods: Sequence[Pod]) -> list[PodSpec]:
        return [pod.spec for pod in pods] or ([self.template] if self.template is not None else [])

    def _name(self, number: int | None, pods: Sequence[Pod]) -> str:
        declared = (each for spec in self._specs(pods) for each in container_ports(spec))
        return next((each.name for each in declared if each.container_port == number), "")


def object_title(ref: ObjectRef) -> str:
    """Return `deploy/web`, as it can be typed."""
    resource_type = STANDARD.of_ref(ref)
    short = (
        resource_type.short_names[0] if resource_type is not None and resource_type.short_names else ref.kind.lower()
    )
    return printable(f"{'pod' if ref.kind == 'Pod' else short}/{ref.name}")


def refuse_service(service: Service) -> None:
    """Raise RefusedError for a Service that stands for no pods."""
    title, spec = f"Service {printable(service.name)}", service.spec
    if spec.type == "ExternalName":
        raise RefusedError(
            f"{title} is an alias of {printable(spec.external_name) or 'another host'} (ExternalName): it has no pods",
            "only pods can be forwarded to; connect to that host itself",
        )
    if not spec.selector:
        raise RefusedError(
            f"{title} has no selector: its endpoints are kept by hand or by another controller",
            "name the pod or the workload that serves it, such as deploy/NAME",
        )
    if not spec.ports:
        raise MissingPartError(f"{title} has no ports", "name the workload that it selects, such as deploy/NAME")


def why_not_usable(pod: Pod, now: datetime) -> str:
    """Return why a pod is not ready, with its name, printable."""
    name = printable(pod.name)
    if pod.is_terminating:
        return f"{name} is being deleted"
    if pod.status.phase in ENDED:
        reason = printable(pod.status.reason)
        return f"{name} has ended ({reason or pod.status.phase})"
    causes = unready_causes(pod, now)
    return f"{name}: {causes[0].message}" if causes else f"{name} is not ready"
