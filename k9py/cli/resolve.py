"""Find the object that a bare name means: `kdash status checkout`.

Invariants: nothing is guessed: a name that several objects have lists them, and the command ends with exit code 2. A
kind that may not be read is named where that leaves the answer open.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from k9py.api.errors import ForbiddenError, KdashError, NotFoundError
from k9py.api.meta import ObjectRef
from k9py.api.text import printable
from k9py.cli.targets import WORKLOADS, ObjectArgument
from k9py.session import ClusterSession

_TIERS: Final = (WORKLOADS, ("ReplicaSet", "Job", "CronJob"), ("Service",), ("Pod",))
"""For logs, an object of an earlier tier comes first: it has the pods of the later ones."""


class AmbiguousNameError(KdashError):
    """Several objects have the name."""


async def resolve_argument(session: ClusterSession, named: ObjectArgument, *, by_tier: bool = False) -> ObjectArgument:
    """Return the object with its kind; one that names its kind is returned as it is.

    Args:
        by_tier: objects of a kind that has the pods of another one are preferred.

    Raises:
        NotFoundError: no object has the name.
        AmbiguousNameError: several have it.
        KdashError: the server could not be asked.
    """
    if named.kind:
        return named
    results = await asyncio.gather(*(_has(session, kind, named.name) for kind in named.among))
    present = [kind for kind, result in zip(named.among, results, strict=True) if result is True]
    unread = [kind for kind, result in zip(named.among, results, strict=True) if result is None]
    if by_tier:
        present = next((matching for tier in _TIERS if (matching := [k for k in present if k in tier])), present)
    name, namespace = printable(named.name), printable(session.namespace)
    if len(present) > 1:
        hint = f"name one: {' or '.join(f'{short_name(kind)}/{name}' for kind in present)}"
        raise AmbiguousNameError(f"{name} in {namespace} is {_listed(present)}", hint)
    if not present:
        hint = f"kdash get {_plurals(named.among)} lists them; -n chooses the namespace"
        if unread:
            hint = f"no permission to read {', '.join(unread)}: name the kind; {hint}"
        raise NotFoundError(f"no {_either(named.among)} {name} in {namespace}", hint, code=404)
    return ObjectArgument(present[0], named.name)


async def _has(session: ClusterSession, kind: str, name: str) -> bool | None:
    """Return whether an object exists, None when it may not be read."""
    try:
        await session.connection.get(ObjectRef(kind, session.namespace, name))
    except NotFoundError:
        return False
    except ForbiddenError:
        return None
    return True


def short_name(kind: str) -> str:
    """Return the shortest name of a kind, for commands to copy."""
    from k9py.api.resource_types import STANDARD

    resource_type = STANDARD.find(kind)
    return resource_type.short_names[0] if resource_type and resource_type.short_names else kind.lower()


def _plurals(kinds: Sequence[str]) -> str:
    return ",".join(short_name(kind) for kind in kinds)


def _listed(kinds: Sequence[str]) -> str:
    return f"{', '.join(f'a {kind}' for kind in kinds[:-1])} and a {kinds[-1]}"


def _either(kinds: Sequence[str]) -> str:
    return f"{', '.join(kinds[:-1])} or {kinds[-1]}" if len(kinds) > 1 else kinds[0]
