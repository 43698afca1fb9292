"""Say which ConfigMap or Secret, or which key of it, is missing.

Invariant: a finding is about the object that is missing, so that everything that needs it has one root. What could not
be read is no proof: then the reference stands for whatever is found about the object.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from k9py.api.causes import CauseKind
from k9py.api.kinds import CONFIG_MAP, SECRET
from k9py.api.meta import ObjectRef
from k9py.api.severity import Severity
from k9py.api.text import printable
from k9py.diagnosis.finding import Evidence, Finding, NextStep
from k9py.diagnosis.graph import Graph, Unread
from k9py.diagnosis.proof import absence, did_you_mean, field

_CHECK: Final = "configuration-missing"


def missing_configuration(
    kind: str,
    namespace: str,
    name: str,
    key: str,
    graph: Graph,
    since: datetime | None = None,
    proof: Sequence[Evidence] = (),
) -> Finding | ObjectRef | None:
    """Return what is missing, None when it is there by now, the reference when it could not be read.

    Args:
        kind: ConfigMap or Secret.
        key: that it must have, "" when any content will do.
        proof: what else shows it, such as the kubelet's event; it also proves it where the object may not be read.
    """
    ref = ObjectRef(kind, namespace, name)
    found = graph.get(CONFIG_MAP, name, namespace) if kind == "ConfigMap" else graph.get(SECRET, name, namespace)
    noun = f"{kind} {printable(name)}"
    if found is None:
        listed = graph.list(CONFIG_MAP, namespace) if kind == "ConfigMap" else graph.list(SECRET, namespace)
        names = () if isinstance(listed, Unread) else tuple(each.name for each in listed)
        text, helps = f"does not exist{did_you_mean(name, names)}", f"create {noun}, or correct the name"
        evidence: tuple[Evidence, ...] = (absence(ref), *proof)
        reason = "NotFound"
    elif isinstance(found, Unread):
        return ref
    elif key and key not in found.keys:
        text = f"has no key {printable(key)}{did_you_mean(key, found.keys)}"
        helps = f"add key {printable(key)} to {noun}, or correct the name of the key"
        evidence = (field(ref, "data", f"keys: {', '.join(found.keys) or 'none'}"), *proof)
        reason = "KeyNotFound"
    else:
        return None
    steps = (NextStep(helps, "object.edit" if found is not None else ""),)
    return Finding(
        Severity.DOWN,
        reason,
        text,
        ref,
        since,
        CauseKind.CONFIG,
        helps,
        check=_CHECK,
        evidence=evidence,
        next_steps=steps,
    )
