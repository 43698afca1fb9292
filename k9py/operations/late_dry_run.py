"""Dry-run a write whose namespace or type an earlier write of the same run has created, once the server serves it.

A server takes a moment to serve a new type: its CustomResourceDefinition is Established first, then its path answers
(docs "Extend the Kubernetes API with CustomResourceDefinitions"). Invariants: the wait is bounded; what the dry run
refuses is not written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from k9py.api.errors import ForbiddenError, NotFoundError, RefusedError
from k9py.api.meta import ObjectRef
from k9py.api.text import printable
from k9py.operations.dry_run import DryRun, dry_run
from k9py.operations.patcher import Reader
from k9py.operations.plan import ITS_TYPE, WritePlan
from k9py.operations.proposing import OperationSession

SERVED_SECONDS: Final = 30.0
"""How long a new type is waited for."""
_FIRST_PAUSE: Final = 0.2
_LONGEST_PAUSE: Final = 2.0


async def late_dry_run(
    session: OperationSession, obj: Mapping[str, Any], tried: DryRun, report: Callable[[str], None]
) -> DryRun:
    """Return the dry run of a write that could not be dry-run before; any other is returned as it is.

    Args:
        obj: the object as it was read.
        report: called with what is waited for.

    Raises:
        KdashError: the dry run is refused, or the type is not served in time.
    """
    awaited = tried.plan.awaits
    if not awaited or tried.is_verified:
        return tried
    warnings = tuple(warning for warning in tried.plan.warnings if warning.code != "not-tried")
    plan = replace(tried.plan, awaits="", warnings=warnings)
    began, pause = session.clock.monotonic(), _FIRST_PAUSE
    while True:
        is_late = session.clock.monotonic() - began >= SERVED_SECONDS
        if awaited != ITS_TYPE or is_late or await _is_established(session.reader, plan):
            try:
                return await dry_run(session.writer, session.reader, obj, plan)
            except NotFoundError as error:
                if is_late:
                    error.hint = f"{awaited} is not served after {SERVED_SECONDS:.0f} s; apply it again later"
                    raise
        report(f"waits until {awaited} is served")
        await session.clock.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)


async def _is_established(reader: Reader, plan: WritePlan) -> bool:
    """Return whether the type is established; True where its definition may not be read.

    Raises:
        RefusedError: its names are not accepted.
    """
    resource_type = plan.request.resource_type
    if resource_type is None:
        return True
    try:
        definition = await reader.get(ObjectRef("CustomResourceDefinition", "", resource_type.qualified_name))
    except (ForbiddenError, NotFoundError):
        return True
    conditions = {c.get("type"): c for c in (definition.get("status") or {}).get("conditions") or ()}
    names = conditions.get("NamesAccepted") or {}
    if names.get("status") == "False":
        why = printable(str(names.get("message") or names.get("reason") or ""))
        raise RefusedError(f"its type is not accepted: {why}", "choose other names in its CustomResourceDefinition")
    return (conditions.get("Established") or {}).get("status") == "True"
