"""The one function that writes to a cluster, and so the one place that enforces the guarantees of writing.

In order: a read-only session refuses everything; the audit line of the write is stored before it is sent, or it is not
sent; the change is sent with its preconditions; if only the status has changed since the confirmation, it is sent again
at the new version; the response has to prove the write (`proof`), otherwise the object is read back (`read_back`) and
the finding is reported; every attempt has a record with its outcome, and another one with the same id for its end.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from k9py.api.errors import (
    ConfigError,
    ConflictError,
    ConnectionFailedError,
    DryRunUnsupportedError,
    FieldConflictError,
    InvalidError,
    KdashError,
    NotFoundError,
    ReadOnlyError,
    UnavailableError,
    UnverifiedWriteError,
    WebhookFailedError,
)
from k9py.api.meta import ObjectRef
from k9py.api.text import printable
from k9py.diagnosis.timeline import TimelineEntry
from k9py.operations.access_records import AccessRecords
from k9py.operations.audit import AuditLine, AuditLog, Identity
from k9py.operations.audit_fields import outcome_fields, planned_fields, reveal_fields, subject_fields
from k9py.operations.audited_actions import action_entries
from k9py.operations.concurrent_change import conflict
from k9py.operations.patcher import Patcher, Reader
from k9py.operations.plan import PreflightWarning, WarningLevel, WritePlan, WriteResult
from k9py.operations.preconditions import at_version
from k9py.operations.proof import not_the_object, unproven
from k9py.operations.read_back import ReadBack, read_back
from k9py.operations.stored import differences, rebased
from k9py.operations.values import with_replicas
from k9py.operations.warnings import loudest_first, mutated

_ATTEMPTS: Final = 4
"""The first attempt and three more, each at a newer resourceVersion."""


def _now() -> datetime:
    return datetime.now(UTC)


def _new_id() -> str:
    return uuid.uuid4().hex


@dataclass(frozen=True, slots=True)
class TriedPlan:
    """A dry-run change at the resourceVersion that accepted it, and its result; None: not tried."""

    plan: WritePlan
    after: Mapping[str, Any] | None


@dataclass(slots=True)
class _Sending:
    """A change that is being sent: its last version, and the number of attempts."""

    plan: WritePlan
    before: Mapping[str, Any] | None
    previewed: Mapping[str, Any] | None
    attempts: int = 1

    def written(self, result: Mapping[str, Any], *, remark: str = "") -> WriteResult:
        """Return its result, compared with the preview."""
        otherwise = None if self.previewed is None else differences(self.previewed, result)
        return WriteResult(self.plan, result, False, self.attempts, differences=otherwise, proof_note=remark)


class Writer:
    """Sends changes, or refuses them all when `read_only`.

    Args:
        patcher, reader: the connection.
        is_replay: it is read-only because it is a recording.
        audit: has a line for each real attempt.
        identity: who writes.
        now: the clock of the audit lines (aware UTC).
        new_id: names a write in the audit file.
        sleep: waits before a second attempt to read an object.
    """

    def __init__(
        self,
        patcher: Patcher,
        reader: Reader,
        *,
        read_only: bool,
        is_replay: bool = False,
        audit: AuditLog,
        identity: Identity,
        now: Callable[[], datetime] = _now,
        new_id: Callable[[], str] = _new_id,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._patcher = patcher
        self._reader = reader
        self._audit = audit
        self._identity = identity
        self._now = now
        self._new_id = new_id
        self._sleep = sleep
        self._read_only = read_only
        self._is_replay = is_replay
        self.accesses = AccessRecords(audit, identity, read_only=read_only, is_replay=is_replay, now=now, new_id=new_id)
        """Records what is opened inside containers."""

    @property
    def read_only(self) -> bool:
        """Whether every write is refused."""
        return self._read_only

    async def write(
        self,
        plan: WritePlan,
        *,
        dry_run: bool,
        before: Mapping[str, Any] | None = None,
        previewed: Mapping[str, Any] | None = None,
    ) -> WriteResult:
        """Send a change; in a dry run the server checks it and stores nothing, and no audit line is written.

        Args:
            before: the object the write was planned from: only if nothing of it but its status has changed is the
                write sent again at a newer version. None: never.
            previewed: what the dry run returned, to compare with what is stored.

        Raises:
            ReadOnlyError: the session is read-only; nothing was sent.
            ConflictError: the object was changed, or replaced by another, since it was confirmed; nothing was stored.
            ConfigError: the audit record cannot be written; nothing was sent.
            KdashError: the error of the server or the connection. If the outcome was unknown, the object was read back:
                `read_back` has the verdict, the hint the text.
        """
        self.refuse_if_read_only(plan)
        sending = _Sending(plan, before, previewed)
        if dry_run:
            return await self._try(sending)
        with self._audit.open() as line:
            return await self._attempt(sending, line)

    def record_reveal(self, ref: ObjectRef, uid: str, key: str) -> None:
        """Store the audit line of a value of a Secret that is about to be shown. Blocks: call it in a thread.

        Raises:
            ConfigError: it cannot be stored: the value must not be shown.
        """
        with self._audit.open() as line:
            fields = reveal_fields(self._identity, self._new_id(), self._now(), ref, uid, key)
            if problem := line.store(fields, synced=True):
                raise ConfigError(f"the audit record cannot be written: {problem}", "nothing was shown")

    def audited_since(self, namespaces: Collection[str], since: datetime) -> tuple[Mapping[str, Any], ...]:
        """Return the lines of the audit file about objects of this context, oldest first; () is all namespaces."""
        return self._audit.lines_about(self._identity.context, namespaces, since)

    def audited(self, uid: str) -> tuple[Mapping[str, Any], ...]:
        """Return the lines of the audit file about an object, oldest first."""
        return self._audit.lines(uid)

    def recent_actions(self, since: datetime) -> tuple[TimelineEntry, ...]:
        """Return what was done to this server since a time, as entries of the timeline. Blocks: call it in a thread."""
        return tuple(action_entries(self._audit.recent(), self._identity.server, since))

    def refuse_if_read_only(self, plan: WritePlan) -> None:
        """Raise ReadOnlyError when the session is read-only."""
        if self._is_replay:
            raise ReadOnlyError(
                f"refused: this is the replay of an incident capsule; not sent: {plan.summary}",
                "start without --replay to write to a cluster",
            )
        if self._read_only:
            raise ReadOnlyError(
                f"refused: kdash runs with --readonly; not sent: {plan.summary}", "start without --readonly to write"
            )

    async def try_plan(self, plan: WritePlan, before: Mapping[str, Any] | None = None) -> TriedPlan:
        """Dry-run a write planned from `before`; if the server cannot dry-run it, that is a warning (code `not-tried`).

        A server refuses every dry run that an admission webhook with side effects would see: the write itself may be
        accepted, so the user decides. Any other refusal is raised, as by `write`. Values that admission would change
        are a warning too (code `mutated`).
        """
        try:
            written = await self.write(plan, dry_run=True, before=before)
        except DryRunUnsupportedError as error:
            text = f"the server cannot dry-run it: {printable(error.message)}"
            warning = PreflightWarning(WarningLevel.CAUTION, "not-tried", text)
            return TriedPlan(replace(plan, warnings=loudest_first((*plan.warnings, warning))), None)
        except NotFoundError:
            if not plan.awaits:
                raise
            text = f"{plan.awaits} is created by this set: its dry run follows then"
            warning = PreflightWarning(WarningLevel.NOTE, "not-tried", text)
            return TriedPlan(replace(plan, warnings=loudest_first((*plan.warnings, warning))), None)
        tried = written.plan
        if plan.request.patch_type == "apply":  # the server sets defaults and normalizes values
            return TriedPlan(tried, written.result)
        if warnings := tuple(mutated(tried.request, written.result)):
            tried = replace(tried, warnings=loudest_first(tried.warnings, warnings))
        return TriedPlan(tried, written.result)

    async def _try(self, sending: _Sending) -> WriteResult:
        result = await self._send(sending, dry_run=True)
        if why := not_the_object(sending.plan, result):
            raise UnverifiedWriteError(
                f"The server's response to the dry run is not a preview: {why}", "Nothing was changed."
            )
        return WriteResult(sending.plan, result, True, sending.attempts)

    async def _attempt(self, sending: _Sending, line: AuditLine) -> WriteResult:
        started, id_ = self._now(), self._new_id()

        def fields(event: str, **outcome: Any) -> dict[str, Any]:
            subject = subject_fields(self._identity, event, id_, started, sending.plan)
            return {**subject, **planned_fields(sending.plan), **outcome}

        try:
            problem = await _stored(line, fields("begin"))
        except asyncio.CancelledError:
            line.store(fields("write", **outcome_fields("failed", error="cancelled before it was sent")))
            raise
        if problem:
            raise ConfigError(
                f"the audit record cannot be written: {problem}",
                "nothing was changed; free disk space or set another path, then try again",
            )
        try:
            written = await self._prove(sending)
        except asyncio.CancelledError:
            line.store(fields("write", **outcome_fields("unknown", error="cancelled before the server answered")))
            raise
        except KdashError as error:
            outcome = "unknown" if error.read_back and not error.is_read_back_final else "failed"
            problem = line.store(
                fields("write", **outcome_fields(outcome, error=error.message, looked=error.read_back))
            )
            if problem:
                error.hint = _joined(error.hint, f"and the audit record was not stored: {problem}")
            raise
        problem = line.store(fields("write", **outcome_fields("done", error=written.proof_note, written=written)))
        return replace(written, audit_problem=problem, audit_id=id_)

    async def _prove(self, sending: _Sending) -> WriteResult:
        """Send and return the proof of the write: the response, otherwise the object read back.

        Raises:
            KdashError: it was refused, or reading back showed that it was not made, or left the outcome unknown: see
                `read_back`.
        """
        error: KdashError
        answer: Mapping[str, Any] | None = None
        try:
            answer = await self._send(sending, dry_run=False)
        except (ConnectionFailedError, UnavailableError) as failure:
            if not _may_be_made(failure):
                raise
            error = failure
        else:
            why = unproven(sending.plan, answer, before=sending.before, previewed=sending.previewed)
            if not why:
                return sending.written(answer)
            error = UnverifiedWriteError(f"The server's response does not prove that the change was made: {why}")
        finding = await read_back(
            self._reader,
            sending.plan,
            before=sending.before,
            previewed=sending.previewed,
            answer=answer,
            is_answered=isinstance(error, WebhookFailedError),
            sleep=self._sleep,
        )
        if finding.verdict == "made":
            remark = f"{error.message}; read back: {finding.text}"
            return sending.written(finding.current or {}, remark=remark)
        error.read_back, error.is_read_back_final = finding.verdict, finding.is_final
        error.hint = _joined(error.hint, _looked(finding))
        raise error

    async def _send(self, sending: _Sending, *, dry_run: bool) -> dict[str, Any]:
        while True:
            change = sending.plan
            try:
                return with_replicas(await self._patcher.send(change.request, dry_run=dry_run))
            except (ConflictError, InvalidError) as error:
                if change.creates or isinstance(error, FieldConflictError):
                    raise
                present = await self._reader.get(change.key)
                changed = conflict(change, present, sending.before, dry_run=dry_run)
                if changed is not None:
                    raise changed from error
                if isinstance(error, InvalidError) or sending.attempts == _ATTEMPTS:
                    raise
                # Same object, same spec: a controller wrote its status, which is not part of the confirmation.
                sending.plan = at_version(change, str(present["metadata"]["resourceVersion"]))
                if sending.previewed is not None:
                    sending.previewed = rebased(sending.previewed, sending.before, present)
                sending.attempts += 1

    def record_end(self, written: WriteResult, outcome: str, text: str, seconds: float) -> str:
        """Complete the audit of a write with how it ended.

        Args:
            outcome: converged, stalled, paused, gone or not-followed.
            text: the reported text.
            seconds: since the write.

        Returns:
            Why the line could not be stored, "" if it was: the write is made, so this is not raised.
        """
        fields = {
            **subject_fields(self._identity, "followed", written.audit_id, self._now(), written.plan),
            "outcome": outcome,
            "words": text,
            "seconds": round(seconds, 1),
        }
        try:
            with self._audit.open() as line:
                return line.store(fields)
        except ConfigError as error:
            return error.message


async def _stored(line: AuditLine, fields: Mapping[str, Any]) -> str:
    """Store a line and wait until it is on the disk, in a thread; the file stays open until then."""
    storing = asyncio.ensure_future(asyncio.to_thread(line.store, fields, synced=True))
    try:
        return await asyncio.shield(storing)
    except asyncio.CancelledError:
        await asyncio.wait({storing})
        raise


def _may_be_made(error: KdashError) -> bool:
    """Return whether the write may have been made: unknown after silence or a 5xx (perhaps from a proxy)."""
    if isinstance(error, ConnectionFailedError):
        return error.was_sent
    return isinstance(error, UnavailableError) and error.code != 429


def _looked(finding: ReadBack) -> str:
    if finding.verdict == "not-made" and finding.is_final:
        return f"read back: {finding.text}"
    return f"it is not known whether the change was made; read back: {finding.text}; check again before retrying"


def _joined(hint: str, more: str) -> str:
    return f"{hint.rstrip('.')}; {more}" if hint else more
