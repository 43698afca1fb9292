"""Values inside raw objects: find them by path, and format them for display.

Invariant: a formatted value is printable and short, and the value of an environment variable is never shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from k9py.api.kinds import LAST_APPLIED
from k9py.api.redaction import redact, redact_text
from k9py.api.text import printable
from k9py.api.workloads import CHANGE_CAUSE

Path = tuple[str, ...]
"""Keys from the root of an object; `[name]` is the element of a list that has this name."""

CONTROLLERS: Final = "deployment.kubernetes.io/"
"""Prefix of the annotations that the Deployment controller owns."""
_LONGEST: Final = 120
_DIGEST: Final = re.compile(r"(sha256:[0-9a-f]{12})[0-9a-f]{20,}…?")
ABSENT: Final = "absent"


def value_at(obj: Any, path: Path) -> Any:
    """Return the value at a path, None where there is none."""
    for part in path:
        if isinstance(obj, (list, tuple)):
            obj = next(
                (element for element in obj if isinstance(element, Mapping) and f"[{element.get('name')}]" == part),
                None,
            )
        elif isinstance(obj, Mapping):
            obj = obj.get(part)
        else:
            return None
    return obj


def with_replicas(answer: dict[str, Any]) -> dict[str, Any]:
    """Fill in the replicas that a Scale omits when they are 0 (autoscaling/v1 ScaleSpec, `omitempty`)."""
    spec = answer.get("spec")
    if answer.get("kind") != "Scale" or not isinstance(spec, Mapping) or "replicas" in spec:
        return answer
    return {**answer, "spec": {**spec, "replicas": 0}}


def change_cause(obj: Mapping[str, Any]) -> str:
    """Return an object's change-cause annotation, "" when it has none."""
    return str(value_at(obj, ("metadata", "annotations", CHANGE_CAUSE)) or "")


def cause_words(obj: Mapping[str, Any]) -> str:
    """Return the change-cause as shown and audited: printable, secrets hidden."""
    return redact_text(printable(change_cause(obj))) or "none"


def path_text(path: Path) -> str:
    """Return a path for display: `spec.template.spec.containers[app].image`."""
    return printable(".".join(path).replace(".[", "["))[:_LONGEST]


def short(text: str) -> str:
    """Shorten a path or a value: without the prefix of the pod spec, digests cut.

    Paths into the pod template's metadata keep their prefix, which distinguishes them from the object's own metadata.
    """
    return _DIGEST.sub(r"\1…", text.removeprefix("spec.template.spec."))


def value_text(path: Path, value: Any) -> str:
    """Return a value for display; one that may hold a secret is not shown."""
    if value is None:
        return ABSENT
    if "env" in path or LAST_APPLIED in path:
        return "a value that is not shown"
    key = next((part for part in reversed(path) if not part.startswith("[")), "")
    value = redact({key: value})[key]
    text = value if isinstance(value, str) else msgspec.json.encode(value, order="sorted").decode()
    shown = printable(text)
    return (shown if len(shown) <= _LONGEST else shown[: _LONGEST - 1] + "…") or '""'
