"""The profiles of `kubectl debug`: what each lets a debug container do, and what that means in plain words.

Owns: the security context of a debug container, and what a profile changes in the pod around it. Invariant: pure; a pod
is changed in place only by `apply_profile`, which is given a copy. The deprecated profile `legacy` is left out: kubectl
removes it in 1.39.
Source: kubectl pkg/cmd/debug/profiles.go (1.36); compared with what kubectl sends in tests/data/kubectl_debug.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, Literal

Raw = dict[str, Any]
Level = Literal["privileged", "baseline", "restricted"]

PROFILES: Final = ("general", "baseline", "restricted", "netadmin", "sysadmin")
HOST_ROOT: Final = "/host"
"""Where a node shell has the files of its node."""
_HOST_VOLUME: Final = "host-root"
_CONTAINERS: Final = ("initContainers", "containers", "ephemeralContainers")


class DebugStyle(Enum):
    """How something is debugged."""

    EPHEMERAL = "a debug container in the pod"
    COPY = "a copy of the pod"
    NODE = "a pod on the node"


@dataclass(frozen=True, slots=True)
class Kept:
    """What a copy keeps of its pod, as the options `--keep-…` of kubectl."""

    labels: bool = False
    annotations: bool = False
    liveness: bool = False
    readiness: bool = False
    startup: bool = False
    init_containers: bool = True

    @property
    def _probes(self) -> Iterator[tuple[str, bool]]:
        yield "livenessProbe", self.liveness
        yield "readinessProbe", self.readiness
        yield "startupProbe", self.startup

    def remove_others(self, pod: Raw) -> None:
        """Remove what is not kept from a pod."""
        for name, is_kept in (("labels", self.labels), ("annotations", self.annotations)):
            if not is_kept:
                pod["metadata"].pop(name, None)
        for container in pod["spec"].get("containers") or ():
            for probe, is_kept in self._probes:
                if not is_kept:
                    container.pop(probe, None)
        if not self.init_containers:
            pod["spec"].pop("initContainers", None)


def apply_profile(profile: str, style: DebugStyle, pod: Raw, container: str, kept: Kept = Kept()) -> None:
    """Give a container of a pod what its profile allows, and the pod what goes with it.

    Args:
        profile: of `PROFILES`.
        pod: is changed; it has the container already.
    """
    it = named_container(pod, container)
    _secure(profile, style, it)
    match style:
        case DebugStyle.COPY:
            kept.remove_others(pod)
            pod["spec"].setdefault("shareProcessNamespace", True)
        case DebugStyle.NODE if profile in ("general", "netadmin", "sysadmin"):
            pod["spec"].update(hostNetwork=True, hostPID=True, hostIPC=True)
            if profile != "netadmin":
                pod["spec"].setdefault("volumes", []).append({"name": _HOST_VOLUME, "hostPath": {"path": "/"}})
                it.setdefault("volumeMounts", []).append({"name": _HOST_VOLUME, "mountPath": HOST_ROOT})


def named_container(pod: Mapping[str, Any], name: str) -> Raw:
    """Return a container of any sort. Raises KeyError: there is none of that name."""
    for field in _CONTAINERS:
        for container in pod["spec"].get(field) or ():
            if container.get("name") == name:
                found: Raw = container
                return found
    raise KeyError(name)


def _secure(profile: str, style: DebugStyle, container: Raw) -> None:
    match profile:
        case "general" if style is DebugStyle.NODE:
            container.pop("securityContext", None)
        case "general":
            _add_capabilities(container, "SYS_PTRACE")
        case "baseline":
            container.pop("securityContext", None)
        case "restricted":
            container["securityContext"] = {
                "runAsNonRoot": True,
                "capabilities": {"drop": ["ALL"]},
                "allowPrivilegeEscalation": False,
                "seccompProfile": {"type": "RuntimeDefault"},
            }
        case "netadmin":
            _add_capabilities(container, "NET_ADMIN", "NET_RAW")
        case "sysadmin":
            container["securityContext"] = {**(container.get("securityContext") or {}), "privileged": True}
        case _:
            raise ValueError(f"unknown profile {profile!r}")


def _add_capabilities(container: Raw, *names: str) -> None:
    security = container["securityContext"] = {**(container.get("securityContext") or {})}
    capabilities = security["capabilities"] = {**(security.get("capabilities") or {})}
    capabilities["add"] = [*(capabilities.get("add") or ()), *names]


def needed_level(profile: str, style: DebugStyle) -> Level:
    """Return the strictest level of PodSecurity that admits what a profile adds.

    Source: the Pod Security Standards: added capabilities, privileged containers, host namespaces and hostPath volumes
    are beyond `baseline`.
    """
    match profile:
        case "baseline":
            return "baseline"
        case "restricted":
            return "restricted"
    return "privileged"


_RIGHTS: Final = {
    "SYS_PTRACE": "may trace processes, as a debugger does (capability SYS_PTRACE)",
    "NET_ADMIN": "may change the network (capabilities NET_ADMIN, NET_RAW)",
}


def rights_of(pod: Mapping[str, Any], container: str) -> str:
    """Return in plain words what a container may do beyond what its image asks for: `root on the node …`."""
    spec = pod["spec"]
    it = named_container(pod, container)
    security = it.get("securityContext") or {}
    added = (security.get("capabilities") or {}).get("add") or ()
    texts: list[str] = []
    if security.get("privileged"):
        texts.append("privileged: it may do anything on the node")
    texts += [text for name, text in _RIGHTS.items() if name in added]
    if spec.get("hostPID"):
        texts.append("sees all processes of the node and uses its network and IPC")
    if any(mount.get("mountPath") == HOST_ROOT for mount in it.get("volumeMounts") or ()):
        texts.append(f"the whole file system of the node is at {HOST_ROOT}, writable")
    if security.get("runAsNonRoot"):
        texts.append("not as root, without capabilities")
    return "; ".join(texts) or "nothing beyond an ordinary container"


def profile_text(profile: str, style: DebugStyle) -> str:
    """Return in plain words what a profile lets a container do."""
    name = "debugger"
    fields = "ephemeralContainers" if style is DebugStyle.EPHEMERAL else "containers"
    pod: Raw = {"metadata": {}, "spec": {fields: [{"name": name}]}}
    apply_profile(profile, style, pod, name)
    return rights_of(pod, name)
