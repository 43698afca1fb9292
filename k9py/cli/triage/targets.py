"""The one object that a command of triage is about."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from k9py.api.errors import ForbiddenError, KdashError
from k9py.api.meta import ObjectRef
from k9py.api.resource_types import STANDARD
from k9py.cli.objects.get import parse_operands
from k9py.cli.resolve import resolve_argument
from k9py.cli.session import explain_not_found
from k9py.cli.targets import WORKLOADS, ObjectArgument
from k9py.session import ClusterSession

_BARE: Final = (*WORKLOADS, "Service", "Ingress", "Job", "CronJob", "Pod", "PersistentVolumeClaim", "ConfigMap")
"""Kinds that a name without its kind may be of."""


async def existing_object(session: ClusterSession, operands: Sequence[str]) -> ObjectRef:
    """Return the one object that `TYPE/NAME`, `TYPE NAME` or a bare name names.

    Raises:
        NotFoundError: it does not exist.
        KdashError: several are named, or the server could not be asked.
    """
    ref = await named_object(session, operands)
    await check_existence(session, ref)
    return ref


async def check_existence(session: ClusterSession, ref: ObjectRef) -> None:
    """Raise NotFoundError when an object does not exist; one that may not be read may exist."""
    with suppress(ForbiddenError), explain_not_found(ref):
        await session.connection.get(ref)


async def named_object(session: ClusterSession, operands: Sequence[str]) -> ObjectRef:
    """Return the one object that is named; it may not exist, if its kind is named too. Raises KdashError."""
    if len(operands) == 1 and "/" not in operands[0]:
        bare = await resolve_argument(session, ObjectArgument("", operands[0], _BARE), by_tier=True)
        resource_type = STANDARD.find(bare.kind)
        assert resource_type is not None
        return resource_type.ref(session.namespace, bare.name)
    wanted = [(item.type, name) for item in await parse_operands(session, operands) for name in item.names]
    if len(wanted) != 1:
        raise KdashError(f"name one object, not {len(wanted)}", "use TYPE/NAME, such as deploy/checkout")
    ((resource_type, name),) = wanted
    return resource_type.ref(session.namespace, name)
