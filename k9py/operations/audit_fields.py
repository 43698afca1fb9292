"""Fields of the lines in the audit file. Invariant: keys are snake_case; keys are added, never removed.

`event` is `begin` (about to be sent), `write` (its outcome) or `followed` (how the rollout ended); all lines of a write
have the same `id`. `outcome` of a write is done, failed (nothing was stored) or unknown. `reveal`: a value of a Secret
is about to be shown to a person; the line has its key, never the value. `open` and `close`: an access to a container or
a port, see `access_records`. `group` is the API group of the object, "" for
core: two groups may have a `kind` of the same name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from k9py.api.meta import ObjectRef
from k9py.api.resource_types import STANDARD
from k9py.operations.audit import Identity
from k9py.operations.plan import WritePlan, WriteResult


def api_group(ref: ObjectRef) -> str:
    """Return the API group of an object, "" for core; a reference to a standard kind leaves it out."""
    standard = STANDARD.of_ref(ref)
    return ref.group if standard is None else standard.group


def subject_fields(identity: Identity, event: str, id_: str, at: datetime, plan: WritePlan) -> dict[str, Any]:
    """Return the fields of every line of a write: time, event, identity, operation and object."""
    return _line_fields(identity, event, id_, at, plan.operation, plan.key, plan.uid)


def reveal_fields(identity: Identity, id_: str, at: datetime, ref: ObjectRef, uid: str, key: str) -> dict[str, Any]:
    """Return the fields of a line about a value of a Secret that is shown: its name and key, never the value."""
    return {**_line_fields(identity, "reveal", id_, at, "reveal", ref, uid), "key": key}


def access_fields(
    identity: Identity,
    event: str,
    id_: str,
    at: datetime,
    action: str,
    ref: ObjectRef,
    uid: str,
    container: str,
    command: Sequence[str],
) -> dict[str, Any]:
    """Return the fields of a line about an access to a container or a port: where and with which command."""
    line = _line_fields(identity, event, id_, at, action, ref, uid)
    return {**line, "container": container, "command": list(command)}


def _line_fields(
    identity: Identity, event: str, id_: str, at: datetime, action: str, ref: ObjectRef, uid: str
) -> dict[str, Any]:
    return {
        "time": at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "event": event,
        "id": id_,
        "context": identity.context,
        "server": identity.server,
        "user": identity.user,
        "os_user": identity.os_user,
        "action": action,
        "group": api_group(ref),
        "kind": ref.kind,
        "namespace": ref.namespace,
        "name": ref.name,
        "uid": uid,
    }


def planned_fields(plan: WritePlan) -> dict[str, Any]:
    """Return the fields that describe the planned change."""
    return {
        "resource_version": plan.resource_version,
        "summary": plan.summary,
        "cause": plan.cause,
        "changes": [{"what": what, "from": old, "to": new} for what, old, new in plan.before_after],
    }


def outcome_fields(
    outcome: str, *, error: str = "", looked: str = "", written: WriteResult | None = None
) -> dict[str, Any]:
    """Return the fields that describe the outcome of a write.

    Args:
        error: why it failed or its outcome is unknown, or why the answer did not prove it.
        looked: what reading the object back showed, "" when it was not read back.
        written: the result, None when nothing was written.
    """
    meta: Mapping[str, Any] = (written.result.get("metadata") or {}) if written else {}
    differences = (written.differences or ()) if written else ()
    return {
        "outcome": outcome,
        "error": error,
        "attempts": written.attempts if written else None,
        "stored_resource_version": meta.get("resourceVersion"),
        "looked": looked or ("made" if written and written.proof_note else None),
        "stored_otherwise": [asdict(difference) for difference in differences],
    }
