"""Check a write before it is confirmed: the preflight warnings, and the result of the server's dry run.

Invariant: the preview is the server's response to exactly the request that will be sent; nothing is guessed.
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
    """A write to be confirmed.

    Args:
        plan: with every warning, most severe first; at the resourceVersion at which the dry run passed.
        before: the object as it was read.
        after: as the dry run returned it (a Scale for a scale); None without a dry run, and for a pod to be deleted.
        is_verified: the dry run passed.
    """

    plan: WritePlan
    before: Mapping[str, Any]
    after: Mapping[str, Any] | None
    is_verified: bool

    @property
    def template_before(self) -> Mapping[str, Any]:
        """The current pod template, {} where there is none."""
        return _template(self.before)

    @property
    def template_after(self) -> Mapping[str, Any]:
        """The pod template after the write, {} when unknown; a scale does not change it."""
        if self.after is not None and self.after.get("kind") == "Scale":
            return self.template_before
        return _template(self.after)


async def dry_run(writer: Writer, reader: Reader, obj: Mapping[str, Any], plan: WritePlan) -> DryRun:
    """Dry-run a write and gather its preflight warnings, in parallel.

    Args:
        obj: the whole object the write was planned from.

    Raises:
        ReadOnlyError: the session is read-only; nothing was asked.
        KdashError: what the dry run was refused with, or the connection was lost.
    """
    writer.refuse_if_read_only(plan)
    preflight_task = asyncio.ensure_future(preflight(reader, obj, plan))
    try:
        tried = await writer.try_plan(plan, obj)
        warnings: tuple[PreflightWarning, ...] = await preflight_task
    finally:
        preflight_task.cancel()
        await asyncio.gather(preflight_task, return_exceptions=True)
    ready = tried.plan
    after = tried.after if plan.request.verb == "patch" else None
    return DryRun(
        replace(ready, warnings=merge_warnings(ready.warnings, warnings)), obj, after, tried.after is not None
    )


def is_stored_as_previewed(dry_run: DryRun, result: WriteResult) -> bool:
    """Return whether what was stored is what the dry-run returned (`stored.differences`).

    A deleted pod has none to compare. False without a dry run: it is unknown.
    """
    return dry_run.is_verified if dry_run.after is None else not differences(dry_run.after, result.result)


def _template(obj: Mapping[str, Any] | None) -> Mapping[str, Any]:
    template: Mapping[str, Any] = ((obj or {}).get("spec") or {}).get("template") or {}
    return template
