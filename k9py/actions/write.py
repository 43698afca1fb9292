"""The one function that writes to a cluster."""

from __future__ import annotations

from k9py.actions.audit import AuditLog, Identity
from k9py.actions.change import Change, Written
from k9py.actions.patcher import Patcher, Reader


class Writer:
    """Sends changes. Refuses all when `read_only`."""

    def __init__(
        self, patcher: Patcher, reader: Reader, *, read_only: bool, audit: AuditLog, identity: Identity
    ) -> None:
        self._patcher = patcher
        self._reader = reader
        self._audit = audit
        self._identity = identity
        self.read_only = read_only

    async def write(self, change: Change, *, dry_run: bool) -> Written:
        """Send a change.

        Raises:
            ReadOnlyError: the session is read-only; nothing was sent.
            ConflictError: the object was changed since it was confirmed.
            ConfigError: the audit file cannot be written; nothing was sent.
            KdashError: what the server or the connection said.
        """
        raise NotImplementedError
