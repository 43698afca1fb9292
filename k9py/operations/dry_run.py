"""A change made ready to be confirmed: what pushes back on it, and what the server's dry-run made of it.

Invariant: what is previewed is what the server answered to the very request that will be sent; nothing here is guessed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from k9py.operations.patcher import Reader
from k9py.operations.plan import PreflightWarning, WritePlan, WriteResult
from k9py.operations.preflight import preflight
from k9py.operations.stored import differences
from k9py.operations.warnings import merge_warnings
from k9py.operations.write import Writer


@dataclass(frozen=True, slots=True)
class DryRun:
    """A change as a person may confirm it.

    Args:
        change: with every warning, loudest first; at the resourceVersion the dry-run was accepted at.
        before: the object as it was read.
        after: as the dry-run returned it (a Scale for a scale); None when it was not tried, or is a pod to be gone.
        tried: the server tried it and would accept it.
    """

    plan: WritePlan
    before: Mapping[str, Any]
    after: Mapping[str, Any] | None
    is_verified: bool

    @property
    def template_before(self) -> Mapping[str, Any]:
        """The pod template as it is, {} where there is none."""
        return _template(self.before)

    @property
    def template_after(self) -> Mapping[str, Any]:
        """The pod template as it would be, {} where that is not known; a scale leaves it as it is."""
        if self.after is not None and self.after.get("kind") == "Scale":
            return self.template_before
        return _template(self.after)


async def dry_run(writer: Writer, reader: Reader, obj: Mapping[str, Any], change: WritePlan) -> DryRun:
    """Try a change as a dry-run and gather what pushes back on it, at the same time.

    Args:
        obj: the whole object the change was planned from.

    Raises:
        ReadOnlyError: the session is read-only; nothing was asked.
        KdashError: what the dry-run was refused with, or the connection was lost.
    """
    writer.refuse_if_read_only(change)
    looking = asyncio.ensure_future(preflight(reader, obj, change))
    try:
        tried = await writer.try_plan(change)
        found: tuple[PreflightWarning, ...] = await looking
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
    ready = tried.plan
    after = tried.after if change.request.verb == "patch" else None
    return DryRun(replace(ready, warnings=merge_warnings(ready.warnings, found)), obj, after, tried.after is not None)


def is_stored_as_previewed(prepared: DryRun, written: WriteResult) -> bool:
    """Tell whether what was stored is what the dry-run returned (`stored.differences`).

    A pod that is deleted has none to compare. False where nothing had been tried: that is not known.
    """
    return prepared.is_verified if prepared.after is None else not differences(prepared.after, written.result)


def _template(obj: Mapping[str, Any] | None) -> Mapping[str, Any]:
    template: Mapping[str, Any] = ((obj or {}).get("spec") or {}).get("template") or {}
    return template
