"""What a server serves: the answers of its discovery endpoints as resource types.

Pure: `kube/discovery.py` sends the requests. Two forms are read: aggregated (apidiscovery.k8s.io/v2 and v2beta1, two
responses with everything) and the older one (a list of groups, then one response for each version of a group).
Invariants: a standard type stays as it is built in, if the server has that version: it equals itself before and after.
A group that could not be read keeps its standard types and is named in `errors`: what is not known is not missing.
Source: k8s.io/api/apidiscovery/v2/types.go, apimachinery/pkg/apis/meta/v1/types.go (APIGroupList, APIResourceList).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

from k9py.api.errors import KdashError, NotFoundError, UnavailableError
from k9py.api.kinds import KINDS
from k9py.api.meta import KubeStruct, ObjectRef
from k9py.api.resource_type import ResourceType
from k9py.api.resource_types import STANDARD, ResourceTypes
from k9py.api.standard_types import STANDARD_TYPES, ref_group
from k9py.api.text import printable

_STALE: Final = "Stale"


@dataclass(frozen=True, slots=True)
class Discovered:
    """The types of a server.

    Args:
        types: standard ones first.
        errors: what could not be read, by group version ("metrics.k8s.io/v1beta1") or path ("/apis").
        versions: the versions a server has of a type, its preferred one first, by (group, plural).
    """

    types: ResourceTypes = STANDARD
    errors: Mapping[str, KdashError] = field(default_factory=dict)
    versions: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)

    def serves(self, resource_type: ResourceType) -> bool | None:
        """Return whether the server has a type in any version, None when its group could not be read."""
        if (resource_type.group, resource_type.plural) in self.versions:
            return True
        return None if _is_unread(resource_type.group, self.errors) else False


class GroupVersionTypes(msgspec.Struct, frozen=True):
    """The types of one version of a group, or why they are not known."""

    group: str
    version: str
    types: tuple[ResourceType, ...] = ()
    error: KdashError | None = None

    @property
    def name(self) -> str:
        """`apps/v1`, or `v1` for the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version


# -- aggregated -------------------------------------------------------------------------------------------------------


class _ResponseKind(KubeStruct, frozen=True):
    kind: str = ""


class _Subresource(KubeStruct, frozen=True):
    subresource: str = ""


class _Resource(KubeStruct, frozen=True):
    resource: str
    response_kind: _ResponseKind | None = None
    scope: str = ""
    singular_resource: str = ""
    verbs: tuple[str, ...] | None = None
    short_names: tuple[str, ...] | None = None
    categories: tuple[str, ...] | None = None
    subresources: tuple[_Subresource, ...] | None = None


class _Version(KubeStruct, frozen=True):
    version: str
    resources: tuple[_Resource, ...] | None = None
    freshness: str = ""


class _GroupMetadata(KubeStruct, frozen=True):
    name: str = ""


class _Group(KubeStruct, frozen=True):
    metadata: _GroupMetadata = _GroupMetadata()
    versions: tuple[_Version, ...] | None = None


# -- one response for each group version ------------------------------------------------------------------------------


class _GroupVersion(KubeStruct, frozen=True):
    version: str


class _LegacyGroup(KubeStruct, frozen=True):
    name: str
    versions: tuple[_GroupVersion, ...] | None = None
    preferred_version: _GroupVersion | None = None


class _ApiResource(KubeStruct, frozen=True):
    name: str
    kind: str = ""
    namespaced: bool = False
    singular_name: str = ""
    verbs: tuple[str, ...] | None = None
    short_names: tuple[str, ...] | None = None
    categories: tuple[str, ...] | None = None


class _ApiResourceList(KubeStruct, frozen=True):
    resources: tuple[_ApiResource, ...] | None = None


class _Root(KubeStruct, frozen=True):
    """The response of `/api` or `/apis`, in any of its forms."""

    kind: str = ""
    items: tuple[_Group, ...] | None = None
    groups: tuple[_LegacyGroup, ...] | None = None
    versions: tuple[str, ...] | None = None


_root: Final = msgspec.json.Decoder(_Root)
_resource_list: Final = msgspec.json.Decoder(_ApiResourceList)


def read_root(body: bytes) -> tuple[tuple[GroupVersionTypes, ...], tuple[tuple[str, str], ...]]:
    """Read the response of `/api` or `/apis`.

    Returns:
        The types by group version, if the response is aggregated; else the (group, version) to request, those that the
        server prefers first within each group.

    Raises:
        msgspec.DecodeError: it is neither.
    """
    root = _root.decode(body)
    if root.kind == "APIGroupDiscoveryList":
        return tuple(_aggregated(root.items or ())), ()
    if root.kind == "APIVersions":
        return (), tuple(("", version) for version in root.versions or ())
    if root.kind != "APIGroupList":
        raise msgspec.ValidationError(f"not a discovery document: {root.kind or 'no kind'}")
    wanted: dict[tuple[str, str], None] = {}
    for group in root.groups or ():
        preferred = (group.preferred_version,) if group.preferred_version is not None else ()
        wanted.update(dict.fromkeys((group.name, version.version) for version in (*preferred, *(group.versions or ()))))
    return (), tuple(wanted)


def _aggregated(groups: Iterable[_Group]) -> Iterator[GroupVersionTypes]:
    for group in groups:
        name = group.metadata.name
        for version in group.versions or ():
            types = tuple(_aggregated_type(name, version.version, resource) for resource in version.resources or ())
            known = GroupVersionTypes(name, version.version, types)
            if version.freshness == _STALE:
                error = UnavailableError(
                    f"The API {known.name} is not available: its server does not answer",
                    f"kubectl get apiservice {version.version}.{name} says why.",
                )
                known = GroupVersionTypes(name, version.version, types, error)
            yield known


def _aggregated_type(group: str, version: str, resource: _Resource) -> ResourceType:
    kind = resource.response_kind.kind if resource.response_kind else ""
    return ResourceType(
        group,
        version,
        resource.resource,
        kind,
        resource.scope == "Namespaced",
        resource.singular_resource,
        resource.short_names or (),
        resource.categories or (),
        frozenset(resource.verbs or ()),
        frozenset(subresource.subresource for subresource in resource.subresources or ()),
        ref_group(group, kind),
    )


def read_group_version(group: str, version: str, body: bytes) -> GroupVersionTypes:
    """Read the response for one version of a group. Raises msgspec.DecodeError."""
    resources = _resource_list.decode(body).resources or ()
    subresources: dict[str, set[str]] = {}
    for resource in resources:
        name, slash, subresource = resource.name.partition("/")
        if slash:
            subresources.setdefault(name, set()).add(subresource)
    types = (
        ResourceType(
            group,
            version,
            resource.name,
            resource.kind,
            resource.namespaced,
            resource.singular_name,
            resource.short_names or (),
            resource.categories or (),
            frozenset(resource.verbs or ()),
            frozenset(subresources.get(resource.name, ())),
            ref_group(group, resource.kind),
        )
        for resource in resources
        if "/" not in resource.name
    )
    return GroupVersionTypes(group, version, tuple(types))


# -- together ---------------------------------------------------------------------------------------------------------


def combine(parts: Iterable[GroupVersionTypes], errors: Mapping[str, KdashError]) -> Discovered:
    """Return all types of a server.

    Args:
        parts: the versions that the server prefers first within each group.
        errors: of the responses that are missing, by path.
    """
    errors = dict(errors)
    served: dict[tuple[str, str], dict[str, ResourceType]] = {}
    for part in parts:
        if part.error is not None:
            errors[part.name] = part.error
        for resource_type in part.types:
            if resource_type.kind:
                served.setdefault((part.group, resource_type.plural), {})[part.version] = resource_type
    typed = {(kind.group, kind.resource) for kind in KINDS.values()}
    types: list[ResourceType] = []
    for standard in STANDARD_TYPES:
        name = (standard.group, standard.plural)
        of_server = served.get(name)
        if of_server is not None:
            types.append(standard if standard.version in of_server else next(iter(of_server.values())))
        elif name in typed or _is_unread(standard.group, errors):
            types.append(standard)
    standards = {(standard.group, standard.plural) for standard in STANDARD_TYPES}
    types += [next(iter(of_server.values())) for name, of_server in served.items() if name not in standards]
    versions = {name: tuple(of_server) for name, of_server in served.items()}
    return Discovered(ResourceTypes(types), errors, versions)


def unknown_type_error(name: str | ObjectRef, discovered: Discovered) -> NotFoundError:
    """Return the error for a type that a server does not have, as kubectl words it."""
    if isinstance(name, ObjectRef):
        name = f"{name.kind}.{name.group}" if name.group else name.kind
    hints = []
    nearest = discovered.types.nearest(name)
    if nearest:
        hints.append(f"Did you mean {' or '.join(printable(near) for near in nearest)}?")
    if discovered.errors:
        hints.append(f"Not every API could be read: {', '.join(map(printable, discovered.errors))}.")
    return NotFoundError(f'the server has no resource type "{printable(name)}"', " ".join(hints), code=404)


def _is_unread(group: str, errors: Mapping[str, KdashError]) -> bool:
    """Return whether something about a group could not be read."""
    if not group:
        return "/api" in errors or "v1" in errors
    return "/apis" in errors or any(name.startswith(f"{group}/") for name in errors)
