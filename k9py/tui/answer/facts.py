"""Read the facts of an answer that the stores do not hold: two whole pod templates, and our own audit records.

Invariants: nothing is read for a row that the cursor only passes over; what was read is kept by the object's uid and
generation, so that it is read once; what cannot be read is left out, and tried again later.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol

from textual.dom import DOMNode

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
from k9py.runtime.clock import Clock
from k9py.tui.answer.base import comparison_base
from k9py.tui.session import Connected
from k9py.tui.workers import start_worker
from k9py.views.answer import RolloutFacts

DEBOUNCE_SECONDS: Final = 0.2
"""A row is read once the cursor has stayed on it for this long."""
RETRY_SECONDS: Final = 10.0
"""Minimum seconds between two attempts after a failure."""
MAX_KEPT: Final = 64
"""Objects whose facts are kept."""
MAX_SUMMED_PODS: Final = 500
"""Restarts are only summed for workloads with at most this many pods."""

_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)

_Key = tuple[str, int, str, str, bool]
"""What facts depend on: uid and generation of the workload, uids of two revisions, whether it is at zero."""


class FactsSettings(Protocol):
    """What the reader takes from the options of the app."""

    @property
    def clock(self) -> Clock: ...
    @property
    def audit_path(self) -> Path | None: ...


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read about one change."""

    changes: tuple[SemanticChange, ...] | None = None
    previous_replicas: int | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    """The stores' facts about a workload, for one view of it."""

    view: RolloutView
    facts: RolloutFacts
    key: _Key


class FactsReader:
    """Reads the facts of the workload that is shown.

    Args:
        owner: the widget that owns the workers.
        on_read: called when more is known than `facts` returned.
    """

    def __init__(self, settings: FactsSettings, owner: DOMNode, on_read: Callable[[], None]) -> None:
        self._settings, self._owner, self._on_read = settings, owner, on_read
        self._known: _Known | None = None
        self._read: dict[_Key, _Read] = {}
        self._audited: dict[str, tuple[Mapping[str, Any], ...]] = {}
        self._reading: _Key | None = None
        self._failed: dict[_Key, float] = {}

    def clear(self) -> None:
        """Forget everything: another cluster is shown."""
        self._known, self._reading = None, None
        self._read.clear()
        self._audited.clear()
        self._failed.clear()

    def facts(self, connected: Connected, view: RolloutView, *, is_problem: bool) -> RolloutFacts:
        """Return what is known now; start to read the rest. Cheap while the view is the same."""
        known = self._known
        if known is None or known.view is not view:
            known = self._known = _facts_in_stores(
                connected, view, self._audited.get(view.uid, ()), is_problem=is_problem
            )
        read = self._read.get(known.key)
        if read is None:
            self._start_reading(connected, known)
            return known.facts
        return replace(known.facts, changes=read.changes, previous_replicas=read.previous_replicas)

    def _start_reading(self, connected: Connected, known: _Known) -> None:
        now = self._settings.clock.monotonic()
        failed_at = self._failed.get(known.key)
        if self._reading == known.key or (failed_at is not None and now - failed_at < RETRY_SECONDS):
            return
        self._reading = known.key
        start_worker(self._owner, partial(self._read_later, connected, known), group="answer", exclusive=True)

    async def _read_later(self, connected: Connected, known: _Known) -> None:
        key = known.key
        try:
            await asyncio.sleep(DEBOUNCE_SECONDS)
            records = await self._read_audit_records(known.view.uid)
            read = await self._read_all(connected, known, records)
        except KdashError:
            self._failed[key] = self._settings.clock.monotonic()
        else:
            self._failed.pop(key, None)
            while len(self._read) >= MAX_KEPT:
                self._read.pop(next(iter(self._read)))
            self._read[key] = read
            self._on_read()
        finally:
            if self._reading == key:
                self._reading = None

    async def _read_audit_records(self, uid: str) -> tuple[Mapping[str, Any], ...]:
        """Read what this machine did to a workload: a revision that it left by an undo is not suggested again."""
        records = await asyncio.to_thread(AuditLog(self._settings.audit_path).lines, uid)
        if records != self._audited.get(uid, ()):
            while len(self._audited) >= MAX_KEPT:
                self._audited.pop(next(iter(self._audited)))
            self._audited[uid] = records
            self._known = None
        return records

    async def _read_all(self, connected: Connected, known: _Known, records: tuple[Mapping[str, Any], ...]) -> _Read:
        view, base = known.view, known.facts.base
        if view.status.state is RolloutState.SCALED_TO_ZERO:
            raw = await connected.connection.get(view.key)
            events = connected.cluster.queries.events_about(view.key)
            return _Read(previous_replicas=former_replicas(raw, records, events))
        if base is None:
            return _Read()
        return _Read(await self._changes(connected, await connected.connection.get(view.key), base))

    async def _changes(
        self, connected: Connected, raw: Mapping[str, Any], base: Revision
    ) -> tuple[SemanticChange, ...] | None:
        try:
            before = revision_template(await connected.connection.get(base.key))
        except KdashError:
            return None  # the revision is no longer kept, or may not be read: its images are known anyway
        after = (raw.get("spec") or {}).get("template") or {}
        return await asyncio.to_thread(semantic_diff, before, after)


def _facts_in_stores(
    connected: Connected, view: RolloutView, records: tuple[Mapping[str, Any], ...], *, is_problem: bool
) -> _Known:
    queries = connected.cluster.queries
    compared = comparison_base(connected.cluster, view, records, is_problem=is_problem)
    base, current, target = compared.older, current_revision(compared.revisions), compared.target
    is_zero = view.status.state is RolloutState.SCALED_TO_ZERO
    key = (
        view.uid,
        view.generation,
        current.uid if current is not None else "",
        base.uid if base is not None else "",
        is_zero,
    )
    facts = RolloutFacts(compared.revisions, target, base, restarts=_restarts(queries, view))
    if compared.is_starting:
        facts = replace(facts, scaling=view.scaling)
    workload = queries.workload(view.key)
    if isinstance(workload, StatefulSet) and target is not None and is_problem:
        facts = replace(facts, stuck_pod=_stuck_pod(workload, target.revision, queries.pods_of(view.key)))
    if workload is not None and (is_zero or facts.scaling is not None):
        by, at = scaled_by(workload)
        facts = replace(facts, scaled_by=by, scaled_at=at)
    return _Known(view, facts, key)


def _restarts(queries: Queries, view: RolloutView) -> int:
    """Return how often containers of pods that are not ready were restarted; 0 where that is not the problem."""
    kind = view.status.cause_kind or (view.worst_finding.kind if view.worst_finding is not None else None)
    if kind not in (CauseKind.CRASH, CauseKind.OOM) or (view.status.desired or 0) > MAX_SUMMED_PODS:
        return 0
    return sum(pod.restarts for pod in queries.pods_of(view.key) if not pod.is_ready)


def _stuck_pod(workload: StatefulSet, target: Revision, pods: Sequence[Pod]) -> str:
    """Return the first pod that an undo does not replace and a person must delete, "" when there is none."""
    strategy = {"type": workload.spec.update_strategy.type}
    spec = {"podManagementPolicy": workload.spec.pod_management_policy, "updateStrategy": strategy}
    stuck = stuck_pods({"kind": workload.KIND, "spec": spec}, target.key.name, pods[:MAX_SUMMED_PODS])
    return stuck[0].name if stuck else ""


def scaled_by(workload: Workload) -> tuple[str, datetime | None]:
    """Return the manager that set `spec.replicas` last and when; "" and None when the managedFields do not show it.

    The time of an entry is that of the manager's last change of any field: only for the scale subresource it is that
    of the replicas.
    """
    owners = [entry for entry in workload.metadata.managed_fields or () if entry.owns_replicas and entry.manager]
    if not owners:
        return "", None
    last = max(owners, key=lambda entry: (entry.subresource == "scale", entry.time or _LONG_AGO))
    return last.manager, last.time if last.subresource == "scale" else None


def selector_writer(service: object) -> ManagedFields | None:
    """Return the managedFields entry of the last owner of a Service's selector that wrote, None without one."""
    managed = service.metadata.managed_fields if isinstance(service, Service) else None
    writers = [entry for entry in managed or () if entry.owns_selector]
    return max(writers, key=lambda entry: entry.time or _LONG_AGO, default=None)
