"""The one function that writes to a cluster, and so the one place that keeps the promises about writing.

In order: read-only refuses everything; the audit file must be writable; the change is sent with its preconditions; when
only the status moved since it was confirmed it is sent again at the new version; every real attempt leaves its line,
and what became of a write completes it with a second one of the same id.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from k9py.actions.audit import AuditLine, AuditLog, Identity
from k9py.actions.change import Change, ChangeWarning, Gravity, Written
from k9py.actions.patcher import Patcher, Reader
from k9py.actions.preconditions import at_version
from k9py.actions.warnings import loudest_first
from k9py.objects.errors import (
    BadRequestError,
    ConfigError,
    ConflictError,
    ConnectionFailedError,
    InvalidError,
    KdashError,
    ReadOnlyError,
    UnavailableError,
)
from k9py.objects.text import printable

_NO_DRY_RUN: Final = "does not support dry run"
"""What the server says of a webhook that has side effects (apiserver/pkg/admission/plugin/webhook/errors)."""

_ATTEMPTS: Final = 4
"""The first one and three more, each at a newer resourceVersion."""


def _now() -> datetime:
    return datetime.now(UTC)


def _new_id() -> str:
    return uuid.uuid4().hex


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """A change as it was tried, at the resourceVersion it was accepted at, and what it would make; None: not tried."""

    change: Change
    after: Mapping[str, Any] | None


class Writer:
    """Sends changes, or refuses them all when `read_only`.

    Args:
        patcher, reader: the connection.
        audit: where each real attempt leaves its line.
        identity: who writes.
        now: the clock of the audit lines (aware UTC).
        new_id: names a write in the audit file.
    """

    def __init__(
        self,
        patcher: Patcher,
        reader: Reader,
        *,
        read_only: bool,
        audit: AuditLog,
        identity: Identity,
        now: Callable[[], datetime] = _now,
        new_id: Callable[[], str] = _new_id,
    ) -> None:
        self._patcher = patcher
        self._reader = reader
        self._audit = audit
        self._identity = identity
        self._now = now
        self._new_id = new_id
        self._read_only = read_only

    @property
    def read_only(self) -> bool:
        """Whether every write is refused."""
        return self._read_only

    async def write(self, change: Change, *, dry_run: bool) -> Written:
        """Send a change; as a dry-run the server checks it and stores nothing, and no audit line is written.

        Raises:
            ReadOnlyError: the session is read-only; nothing was sent.
            ConflictError: the object was changed, or replaced by another, since it was confirmed; nothing was stored.
            ConfigError: the audit file cannot be written; nothing was sent.
            KdashError: what the server or the connection said. After a lost connection it is not known whether the
                change was stored: the hint says so.
        """
        self.refuse_if_read_only(change)
        if dry_run:
            return await self._send(change, dry_run=True)
        with self._audit.open() as line:
            return await self._attempt(change, line)

    def refuse_if_read_only(self, change: Change) -> None:
        """Raise ReadOnlyError when the session is read-only."""
        if self._read_only:
            raise ReadOnlyError(f"read-only: {change.summary} was not sent", "start without --readonly to write")

    async def rehearse(self, change: Change) -> Rehearsed:
        """Try a change as a dry-run; what the trial could not tell is a warning of it (code `not-tried`).

        A server refuses every dry-run that an admission webhook with side effects would see: the write itself may well
        be accepted, so that is for a person to decide. Any other refusal is raised, as by `write`.
        """
        try:
            written = await self.write(change, dry_run=True)
        except BadRequestError as error:
            if _NO_DRY_RUN not in error.message:
                raise
            words = f"the server could not try it first: {printable(error.message)}"
            warning = ChangeWarning(Gravity.CAUTION, "not-tried", words)
            return Rehearsed(replace(change, warnings=loudest_first((*change.warnings, warning))), None)
        return Rehearsed(written.change, written.result)

    async def _attempt(self, change: Change, line: AuditLine) -> Written:
        started, id_ = self._now(), self._new_id()
        try:
            written = await self._send(change, dry_run=False)
        except asyncio.CancelledError:
            line.store(self._fields(id_, started, change, "unknown", error="given up before the server answered"))
            raise
        except KdashError as error:
            # A refusal means that nothing was stored; silence, or a 5xx (perhaps a proxy's), tells neither way.
            unknown = isinstance(error, ConnectionFailedError)
            unknown |= isinstance(error, UnavailableError) and error.code != 429
            fields = self._fields(id_, started, change, "unknown" if unknown else "failed", error=error.message)
            problem = line.store(fields)
            if unknown:
                error.hint = _joined(error.hint, "it is not known whether the change was made: look before retrying")
            if problem:
                error.hint = _joined(error.hint, f"and the audit line was not stored: {problem}")
            raise
        problem = line.store(self._fields(id_, started, written.change, "done", written=written))
        return replace(written, audit_problem=problem, audit_id=id_)

    async def _send(self, change: Change, *, dry_run: bool) -> Written:
        attempt = 1
        while True:
            try:
                result = await self._patcher.send(change.request, dry_run=dry_run)
            except (ConflictError, InvalidError) as error:
                present = await self._reader.get(change.key)
                changed = _changed(change, present)
                if changed is not None:
                    raise changed from error
                if isinstance(error, InvalidError) or attempt == _ATTEMPTS:
                    raise
                # Same object, same spec: a controller wrote its status, which the person did not decide upon.
                change = at_version(change, str(present["metadata"]["resourceVersion"]))
                attempt += 1
            else:
                return Written(change, result, dry_run, attempt)

    def follow_up(self, written: Written, outcome: str, words: str, seconds: float) -> str:
        """Complete the audit of a write with what became of it.

        Args:
            outcome: converged, stalled, paused, gone or not-followed.
            words: what a person was told.
            seconds: from the write to this.

        Returns:
            "", or why the line could not be stored: the write stands, so that is told and not raised.
        """
        fields = {
            **self._subject("followed", written.audit_id, self._now(), written.change),
            "outcome": outcome,
            "words": words,
            "seconds": round(seconds, 1),
        }
        try:
            with self._audit.open() as line:
                return line.store(fields)
        except ConfigError as error:
            return error.message

    def _subject(self, event: str, id_: str, at: datetime, change: Change) -> dict[str, Any]:
        """Return what every line begins with: which write it is about, who made it, and of what."""
        identity = self._identity
        return {
            "time": at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "event": event,
            "id": id_,
            "context": identity.context,
            "server": identity.server,
            "user": identity.user,
            "os_user": identity.os_user,
            "action": change.action,
            "kind": change.key.kind,
            "namespace": change.key.namespace,
            "name": change.key.name,
            "uid": change.uid,
        }

    def _fields(
        self, id_: str, at: datetime, change: Change, outcome: str, *, error: str = "", written: Written | None = None
    ) -> dict[str, Any]:
        meta: Mapping[str, Any] = (written.result.get("metadata") or {}) if written else {}
        return {
            **self._subject("write", id_, at, change),
            "resource_version": change.resource_version,
            "summary": change.summary,
            "changes": [{"what": what, "from": old, "to": new} for what, old, new in change.before_after],
            "outcome": outcome,
            "error": error,
            "attempts": written.attempts if written else None,
            "stored_resource_version": meta.get("resourceVersion"),
        }


def _changed(change: Change, present: Mapping[str, Any]) -> ConflictError | None:
    """Return the error to raise when the object is not the one that was confirmed, None when only its status moved."""
    meta = present.get("metadata") or {}
    name = printable(str(change.key))
    if meta.get("uid") != change.uid:
        message = f"{name} was deleted and made anew since it was confirmed"
    elif int(meta.get("generation") or 0) != change.generation:
        message = f"{name} was changed since it was confirmed{_last_writer(meta, 'f:spec')}"
    elif change.replaces_annotations is not None and _theirs(change.replaces_annotations) != _theirs(
        meta.get("annotations") or {}
    ):
        message = f"annotations of {name} were changed since it was confirmed{_last_writer(meta, 'f:metadata')}"
    else:
        return None
    return ConflictError(
        message, "nothing was written; look at it again, then confirm anew", code=409, reason="Conflict"
    )


def _theirs(annotations: Mapping[str, Any]) -> dict[str, Any]:
    """Return the annotations without the Deployment controller's own, which it writes again by itself."""
    return {key: value for key, value in annotations.items() if not key.startswith("deployment.kubernetes.io/")}


def _last_writer(meta: Mapping[str, Any], part: str) -> str:
    """Return who wrote a part of an object last and when, "" when its managed fields do not tell.

    Args:
        part: `f:spec` or `f:metadata`: a later writer of something else is not who changed it.
    """
    entries = [one for one in meta.get("managedFields") or () if one.get("time") and one.get("subresource") != "status"]
    entries = [one for one in entries if part in (one.get("fieldsV1") or {})] or entries
    if not entries:
        return ""
    last = max(entries, key=lambda one: str(one["time"]))
    return f" (by {printable(str(last.get('manager', '?')))} at {printable(str(last['time']))})"


def _joined(hint: str, more: str) -> str:
    return f"{hint}; {more}" if hint else more
