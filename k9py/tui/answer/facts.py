"""The facts of an answer that the stores do not hold: two whole pod templates, and our own audit lines.

Invariants: nothing is read for a row the cursor only passes over; what is read is kept by the object's uid and
generation, so that it is read once; what cannot be read is left out, and tried again later.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from k9py.api.causes import CauseKind
from k9py.api.errors import KdashError
from k9py.api.meta import ManagedFields
from k9py.api.pods import Pod
from k9py.api.services import Service
from k9py.api.workloads import StatefulSet, Workload
from k9py.cluster.queries import Queries
from k9py.cluster.views import RolloutView
from k9py.operations.audit import AuditLog
from k9py.operations.former_replicas import former_replicas
from k9py.operations.revision_template import revision_template
from k9py.operations.stuck_pods import stuck_pods
from k9py.rollouts.revisions import Revision, current_revision
from k9py.rollouts.semantic_diff import SemanticChange, semantic_diff
from k9py.rollouts.status import RolloutState
from k9py.tui.answer.base import comparison_base
from k9py.tui.session import Connected
from k9py.tui.workers import start_worker
from k9py.views.answer import RolloutFacts

if TYPE_CHECKING:
    from textual.dom import DOMNode

    from k9py.tui.context import AppContext

SETTLE_SECONDS: Final = 0.2
"""A cursor that runs over rows reads nothing: a row is read once the cursor has stayed this long."""
AGAIN_SECONDS: Final = 10.0
"""After a failure it is read again at the earliest after this long."""
MAX_KEPT: Final = 64
FEW_PODS: Final = 500
"""Up to so many pods their restarts are added up."""

_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)

_Which = tuple[str, int, str, str, bool]


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read of one change."""

    changes: tuple[SemanticChange, ...] | None = None
    former_replicas: int | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    """What the stores say of a workload, for one view of it."""

    view: RolloutView
    facts: RolloutFacts
    which: _Which


class FactsReader:
    """Gathers the facts of the workload that is shown.

    Args:
        owner: its workers end with it.
        on_read: called when more is known than `facts` returned.
    """

    def __init__(self, app: AppContext, owner: DOMNode, on_read: Callable[[], None]) -> None:
        self._app, self._owner, self._on_read = app, owner, on_read
        self._known: _Known | None = None
        self._read: dict[_Which, _Read] = {}
        self._audited: dict[str, tuple[Mapping[str, Any], ...]] = {}
        self._reading: _Which | None = None
        self._failed: dict[_Which, float] = {}

    def clear(self) -> None:
        """Forget everything: there is another cluster."""
        self._known, self._reading = None, None
        self._read.clear()
        self._audited.clear()
        self._failed.clear()

    def facts(self, connected: Connected, view: RolloutView, *, is_problem: bool) -> RolloutFacts:
        """Return what is known now; what is not is read, and `on_read` called. Cheap while the view is the same."""
        known = self._known
        if known is None or known.view is not view:
            known = self._known = _look(connected, view, self._audited.get(view.uid, ()), is_problem=is_problem)
        found = self._read.get(known.which)
        if found is None:
            self._begin(connected, known)
            return known.facts
        return replace(known.facts, changes=found.changes, previous_replicas=found.former_replicas)

    def _begin(self, connected: Connected, known: _Known) -> None:
        now = self._app.options.clock.monotonic()
        failed = self._failed.get(known.which)
        if self._reading == known.which or (failed is not None and now - failed < AGAIN_SECONDS):
            return
        self._reading = known.which
        start_worker(self._owner, partial(self._work, connected, known), group="answer", exclusive=True)

    async def _work(self, connected: Connected, known: _Known) -> None:
        which = known.which
        try:
            await asyncio.sleep(SETTLE_SECONDS)
            lines = await self._audit_lines(known.view.uid)
            found = await self._read_all(connected, known, lines)
        except KdashError:
            self._failed[which] = self._app.options.clock.monotonic()
        else:
            self._failed.pop(which, None)
            while len(self._read) >= MAX_KEPT:
                self._read.pop(next(iter(self._read)))
            self._read[which] = found
            self._on_read()
        finally:
            if self._reading == which:
                self._reading = None

    async def _audit_lines(self, uid: str) -> tuple[Mapping[str, Any], ...]:
        """Read what this machine did to a workload: its undos tell which revisions are not to be suggested."""
        lines = await asyncio.to_thread(AuditLog(self._app.options.audit_path).lines, uid)
        if lines != self._audited.get(uid, ()):
            while len(self._audited) >= MAX_KEPT:
                self._audited.pop(next(iter(self._audited)))
            self._audited[uid] = lines
            self._known = None
        return lines

    async def _read_all(self, connected: Connected, known: _Known, audit_lines: tuple[Mapping[str, Any], ...]) -> _Read:
        view, base = known.view, known.facts.base
        if view.status.state is RolloutState.SCALED_TO_ZERO:
            raw = await connected.connection.get(view.key)
            events = connected.cluster.queries.events_about(view.key)
            return _Read(former_replicas=former_replicas(raw, audit_lines, events))
        if base is None:
            return _Read()
        return _Read(await self._changes(connected, await connected.connection.get(view.key), base))

    async def _changes(
        self, connected: Connected, raw: Mapping[str, Any], base: Revision
    ) -> tuple[SemanticChange, ...] | None:
        try:
            before = revision_template(await connected.connection.get(base.key))
        except KdashError:
            return None  # its revision is no longer kept, or may not be read: the images are known all the same
        after = (raw.get("spec") or {}).get("template") or {}
        return await asyncio.to_thread(semantic_diff, before, after)


def _look(
    connected: Connected, view: RolloutView, audit_lines: tuple[Mapping[str, Any], ...], *, is_problem: bool
) -> _Known:
    queries = connected.cluster.queries
    found = comparison_base(connected.cluster, view, audit_lines, is_problem=is_problem)
    base, current = found.older, current_revision(found.revisions)
    is_zero = view.status.state is RolloutState.SCALED_TO_ZERO
    which = (
        view.uid,
        view.generation,
        current.uid if current is not None else "",
        base.uid if base is not None else "",
        is_zero,
    )
    facts = RolloutFacts(found.revisions, found.target, base, restarts=_restarts(queries, view))
    if found.is_starting:
        facts = replace(facts, scaling=view.scaling)
    workload = queries.workload(view.key)
    target = found.target
    if isinstance(workload, StatefulSet) and target is not None and is_problem:
        facts = replace(facts, stuck_pod=_stuck_pod(workload, target.revision, queries.pods_of(view.key)))
    if workload is not None and (is_zero or facts.scaling is not None):
        by, at = scaled_by(workload)
        facts = replace(facts, scaled_by=by, scaled_at=at)
    return _Known(view, facts, which)


def _restarts(queries: Queries, view: RolloutView) -> int:
    """Return how often the containers of pods that are not ready were restarted, where that is what is wrong."""
    kind = view.status.cause_kind or (view.worst_finding.kind if view.worst_finding is not None else None)
    if kind not in (CauseKind.CRASH, CauseKind.OOM) or (view.status.desired or 0) > FEW_PODS:
        return 0
    return sum(pod.restarts for pod in queries.pods_of(view.key) if not pod.is_ready)


def _stuck_pod(workload: StatefulSet, target: Revision, pods: Sequence[Pod]) -> str:
    """Return the first pod an undo leaves for a person to delete, "" when there is none."""
    strategy = {"type": workload.spec.update_strategy.type}
    spec = {"podManagementPolicy": workload.spec.pod_management_policy, "updateStrategy": strategy}
    found = stuck_pods({"kind": workload.KIND, "spec": spec}, target.key.name, pods[:FEW_PODS])
    return found[0].name if found else ""


def scaled_by(workload: Workload) -> tuple[str, datetime | None]:
    """Return who set the number of pods last and when, "" and None where nothing tells.

    The time of an entry is that of the manager's last change of any field: only the scale subresource has no other.
    """
    owners = [one for one in workload.metadata.managed_fields or () if one.owns_replicas and one.manager]
    if not owners:
        return "", None
    last = max(owners, key=lambda one: (one.subresource == "scale", one.time or _LONG_AGO))
    return last.manager, last.time if last.subresource == "scale" else None


def selector_writer(service: object) -> ManagedFields | None:
    """Return who wrote a Service's selector last, None where nothing tells or it is no Service."""
    managed = service.metadata.managed_fields if isinstance(service, Service) else None
    return max(managed or (), key=lambda one: one.time or _LONG_AGO, default=None)
