"""The audit of what a person does inside containers: who opened what where, with which command; never its content.

Owns: the refusal in a read-only session, and the two audit lines of each access: `open` is stored before anything is
sent, `close` says how it ended. If the first cannot be stored, nothing is opened. To add an access: call `recorded`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from k9py.api.errors import ConfigError, KdashError, ReadOnlyError
from k9py.api.meta import ObjectRef
from k9py.operations.audit import AuditLog, Identity
from k9py.operations.audit_fields import access_fields


@dataclass(slots=True)
class AccessRecord:
    """What the line `close` says, set while the access runs.

    Args:
        exit_code: of the command, None when it is not known.
        problem: why the line could not be stored, set at the end; the access has happened, so it is not raised.
    """

    exit_code: int | None = None
    problem: str = ""


class AccessRecords:
    """Records accesses, or refuses them in a read-only session."""

    def __init__(
        self,
        audit: AuditLog,
        identity: Identity,
        *,
        read_only: bool,
        is_replay: bool,
        now: Callable[[], datetime],
        new_id: Callable[[], str],
    ) -> None:
        self._audit = audit
        self._identity = identity
        self._read_only = read_only
        self._is_replay = is_replay
        self._now = now
        self._new_id = new_id

    def refuse(self, what: str, *, may_change: bool = True) -> None:
        """Raise ReadOnlyError when it is not allowed in this session.

        Args:
            what: such as "shell in Pod shop/web-1", printable: the message begins with it.
            may_change: a command may change what it runs in, so a read-only session refuses it; reaching a port is
                allowed there. A recording refuses everything.
        """
        if self._is_replay:
            raise ReadOnlyError(
                f"{what} refused: this is the replay of an incident capsule",
                "start without --replay to reach pods",
            )
        if self._read_only and may_change:
            raise ReadOnlyError(f"{what} refused: kdash runs with --readonly", "start without --readonly")

    @asynccontextmanager
    async def recorded(
        self,
        action: str,
        ref: ObjectRef,
        what: str,
        *,
        uid: str = "",
        container: str = "",
        command: Sequence[str] = (),
        may_change: bool = True,
    ) -> AsyncIterator[AccessRecord]:
        """Store the line `open`, and at the end the line `close` with the outcome.

        Args:
            action: exec, shell, attach, copy, forward.
            ref: the pod.
            what: such as "shell in web-1", for the message of a refusal.
            command: its words; what is typed or copied is never recorded.
            may_change: see `refuse`.

        Raises:
            ReadOnlyError: the session is read-only.
            ConfigError: the line cannot be stored; nothing may be opened then.
        """
        self.refuse(what, may_change=may_change)
        id_ = self._new_id()

        def fields(event: str, **more: Any) -> dict[str, Any]:
            return {
                **access_fields(self._identity, event, id_, self._now(), action, ref, uid, container, command),
                **more,
            }

        if problem := await asyncio.to_thread(self._store, fields("open")):
            raise ConfigError(
                f"the audit record cannot be written: {problem}",
                "nothing was opened; free disk space or set another path, then try again",
            )
        record, outcome, error = AccessRecord(), "done", ""
        try:
            yield record
        except asyncio.CancelledError:
            outcome = "cancelled"
            raise
        except BrokenPipeError:
            outcome, error = "cancelled", "nobody reads the output any more"
            raise
        except KdashError as failure:
            outcome, error = "failed", failure.message
            raise
        except BaseException:
            outcome = "failed"
            raise
        finally:
            record.problem = self._store(fields("close", outcome=outcome, error=error, exit_code=record.exit_code))

    def _store(self, fields: dict[str, Any]) -> str:
        try:
            with self._audit.open() as line:
                return line.store(fields, synced=fields["event"] == "open")
        except ConfigError as error:
            return error.message
