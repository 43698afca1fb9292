"""The content of an incident capsule, and its JSON.

Invariants: nothing secret is in a capsule (`removal`); what `--replay` needs is in the JSON, and gives the same
findings as the cluster did. To add something: a field with a default, so that older capsules can be read. Another
meaning needs another version in `SCHEMA`.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from k9py.api.meta import ObjectRef
from k9py.cluster.change_history import HistoryEntry

SCHEMA: Final = "kdash.capsule/v1"


class CapsuleType(msgspec.Struct, frozen=True):
    """A resource type of an object in the capsule."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool


class CapsuleRead(msgspec.Struct, frozen=True, order=True):
    """A list that was read: what no list covers is unknown.

    Args:
        namespace: "" for all.
        metadata: without the content of the objects.
    """

    group: str
    plural: str
    namespace: str = ""
    label_selector: str = ""
    field_selector: str = ""
    metadata: bool = False


class Capsule(msgspec.Struct, frozen=True, kw_only=True):
    """An incident capsule.

    Args:
        at: when it was made, RFC 3339 in UTC.
        kdash: the version that made it.
        context: name of the kubeconfig's context.
        namespaces: those that were watched, (): the whole cluster.
        subject: the object it is about, None for everything.
        triage: the report as `views/triage_json.py` has it.
        timeline: entries as JSON values, newest first.
        actions: lines of the audit file about these objects, oldest first.
        notes: what could not be read or was left out, one sentence each.
        types: of the objects.
        reads: the lists that the objects are from, (): unknown.
        objects: JSON, without secrets.
        logs: lines by `namespace/pod/container`, with `/previous` for the run that ended last.
        same_logs: names of further logs with the same lines, by name.
        history: what was watched to change, newest first.
    """

    schema: str = SCHEMA
    at: str
    kdash: str
    context: str
    namespaces: tuple[str, ...] = ()
    subject: ObjectRef | None = None
    triage: dict[str, Any] = {}
    timeline: tuple[dict[str, Any], ...] = ()
    actions: tuple[dict[str, Any], ...] = ()
    notes: tuple[str, ...] = ()
    types: tuple[CapsuleType, ...] = ()
    reads: tuple[CapsuleRead, ...] = ()
    objects: tuple[dict[str, Any], ...] = ()
    logs: dict[str, tuple[str, ...]] = {}
    same_logs: dict[str, str] = {}
    history: tuple[HistoryEntry, ...] = ()


def to_lines(capsule: Capsule) -> list[str]:
    """Return the JSON of a capsule: a line for each object, log and entry, so that two files can be compared.

    Takes long: call it in a thread. No single step does, so that the event loop gets its turn.
    """
    lines = ["{"]
    names = capsule.__struct_fields__
    for name in names:
        comma = "" if name == names[-1] else ","
        match getattr(capsule, name):
            case tuple() as value if value and not isinstance(value, ObjectRef):
                parts = [_json(part) for part in value]
                lines += [f'"{name}": [', *(f"{part}," for part in parts[:-1]), parts[-1], f"]{comma}"]
            case {**entries} if name == "logs" and entries:
                parts = [f"{_json(key)}: {_json(entry)}" for key, entry in entries.items()]
                lines += [f'"{name}": {{', *(f"{part}," for part in parts[:-1]), parts[-1], f"}}{comma}"]
            case value:
                lines.append(f'"{name}": {_json(value)}{comma}')
    return [*lines, "}"]


def all_logs(capsule: Capsule) -> dict[str, tuple[str, ...]]:
    """Return the lines of every log by name."""
    same = {name: capsule.logs[other] for name, other in capsule.same_logs.items() if other in capsule.logs}
    return {**capsule.logs, **same}


def from_json(text: str) -> Capsule:
    """Return the capsule of a JSON text. Raises msgspec.DecodeError."""
    return msgspec.json.decode(text, type=Capsule)


def schema_of(text: str) -> str:
    """Return the schema that a JSON text names, "" when it names none."""
    try:
        values = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return ""
    return str(values.get("schema", "")) if isinstance(values, dict) else ""


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
