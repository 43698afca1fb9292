"""`kdash describe`: an object as the dashboard describes it: state and findings first, then details, events, metadata.

Invariants: what may not be read is shown as unknown, never as none. Services and workloads are diagnosed with their
namespace, as on the screen; everything else by its own JSON.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from k9py.api.errors import KdashError, NotFoundError
from k9py.api.kinds import DynamicKind, MetadataKind
from k9py.api.meta import ObjectRef
from k9py.api.resource_type import ResourceType
from k9py.api.resource_types import STANDARD
from k9py.api.text import printable
from k9py.cli.objects.get import parse_operands
from k9py.cli.objects.listing import Scope, gather_all, list_objects
from k9py.cli.objects.types import types_named
from k9py.cli.once import read_cluster
from k9py.cli.resolve import resolve_argument
from k9py.cli.session import Invocation, explain_not_found, open_session
from k9py.cli.targets import WORKLOADS, ObjectArgument
from k9py.cluster.scope import Scope as ClusterScope
from k9py.resources.describe.describer import DescribeContext, RelatedRequest, Unread
from k9py.resources.describe.description import describe as describe_object
from k9py.resources.describe.description import requests_of
from k9py.resources.query import UnknownTypeError
from k9py.resources.registry import built_in_resources
from k9py.session import ClusterSession
from k9py.views.describe import Section, plain_text_lines
from k9py.views.diagnosed_status import NOTHING, DiagnosedStatus, diagnosed_status
from k9py.views.exit_codes import ExitCode

_BARE: Final = (*WORKLOADS, "Service", "Job", "CronJob", "Pod", "ConfigMap", "Ingress")
"""Kinds that a name without its kind may be of."""
_DIAGNOSED: Final = (*WORKLOADS, "Service")
_DIAGNOSIS_SECONDS: Final = 20.0
"""Seconds to wait for the objects that a diagnosis needs."""


async def describe(invocation: Invocation, operands: Sequence[str], *, shows_secrets: bool) -> ExitCode:
    """Print the description of each object; return the exit code. Raises KdashError."""
    console = invocation.console
    described: list[tuple[ObjectRef, tuple[Section, ...]]] = []
    async with open_session(invocation) as session:
        for resource_type, name in await _named(session, operands):
            ref = resource_type.ref(session.namespace, name)
            described.append((ref, await _sections(session, resource_type, ref, shows_secrets=shows_secrets)))
        if not described:
            console.print_err(f"kdash: no {printable(operands[0])} in {printable(session.namespace)}")
    if invocation.arguments.json:
        console.print_json([_values(ref, sections) for ref, sections in described])
        return ExitCode.DONE
    for index, (_, sections) in enumerate(described):
        if index:
            console.print()
        for line in plain_text_lines(sections, console.width or 0):
            console.print(line)
    return ExitCode.DONE


async def _named(session: ClusterSession, operands: Sequence[str]) -> list[tuple[ResourceType, str]]:
    """Return the objects of `TYPE [NAME...]`, `TYPE/NAME...`, or of one bare name. Raises KdashError."""
    if len(operands) > 1 or "/" in operands[0]:
        wanted = await parse_operands(session, operands)
        return [(item.type, name) for item in wanted for name in item.names]
    if STANDARD.find(operands[0]) is None:
        try:
            bare = await resolve_argument(session, ObjectArgument("", operands[0], _BARE))
        except NotFoundError as error:
            types = await _types(session, operands[0])
            if types is None:
                raise error
        else:
            return [(resource_type, bare.name)] if (resource_type := STANDARD.find(bare.kind)) else []
    else:
        types = await types_named(session, operands[0])
    return [(resource_type, name) for resource_type in types for name in await _all_names(session, resource_type)]


async def _types(session: ClusterSession, word: str) -> tuple[ResourceType, ...] | None:
    """Return the types that a word names, None when it names none."""
    try:
        return await types_named(session, word)
    except UnknownTypeError:
        return None


async def _all_names(session: ClusterSession, resource_type: ResourceType) -> list[str]:
    """Return the names of all objects of a type in the namespace. Raises KdashError."""
    listing = await list_objects(session, MetadataKind(resource_type), Scope((session.namespace,)))
    return [value.name for value in listing.objects]


async def _sections(
    session: ClusterSession, resource_type: ResourceType, ref: ObjectRef, *, shows_secrets: bool
) -> tuple[Section, ...]:
    with explain_not_found(ref):
        body = await session.connection.get(ref)
    resource = built_in_resources().of(resource_type)
    own = resource.describe if resource is not None else None
    requests = requests_of(ref, body, own)
    status, *read = await gather_all([_diagnosed(session, ref), *(_read(session, request) for request in requests)])
    related = {request.name: objects for request, objects in zip(requests, read, strict=True)}
    context = DescribeContext(
        session.clock.now(),
        related,
        status.lines,
        status.findings,
        status.sections,
        shows_secrets=shows_secrets,
    )
    return describe_object(ref, body, context, own)


async def _read(session: ClusterSession, request: RelatedRequest) -> tuple[Mapping[str, Any], ...] | Unread:
    scope = Scope((request.namespace,), request.label_selector, request.field_selector)
    try:
        listing = await list_objects(session, DynamicKind(request.resource_type), scope)
    except KdashError as error:
        return Unread(error.message)
    return tuple(value.body for value in listing.objects)


async def _diagnosed(session: ClusterSession, ref: ObjectRef) -> DiagnosedStatus:
    """Return what diagnosis knows about a Service or workload; NOTHING when its namespace cannot be read in time."""
    if ref.kind not in _DIAGNOSED or ref.group:
        return NOTHING
    async with session.watch(ClusterScope((ref.namespace,))) as cluster:
        try:
            async with asyncio.timeout(_DIAGNOSIS_SECONDS):
                await read_cluster(cluster)
        except TimeoutError:
            return NOTHING
        return diagnosed_status(cluster.queries, ref, session.clock.now())


def _values(ref: ObjectRef, sections: Sequence[Section]) -> dict[str, Any]:
    return {
        "kind": ref.kind,
        "namespace": ref.namespace or None,
        "name": ref.name,
        "sections": [
            {
                "title": section.title,
                "depth": section.depth,
                "lines": [{"label": line.label, "text": line.text, "tone": line.tone.value} for line in section.lines],
            }
            for section in sections
        ],
    }
