"""Plan to set or remove labels or annotations of any object: `tier=web` sets, `tier-` removes, as with kubectl.

Invariant: only the named keys are changed. Source of the rules for keys and values: docs "Labels and Selectors",
"Syntax and character set".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal

from k9py.api.errors import RefusedError
from k9py.api.text import printable
from k9py.api.write_request import WriteRequest
from k9py.operations.operation import Operation, PlannedTarget
from k9py.operations.plan import PreflightWarning, Tracking, WarningLevel, WritePlan
from k9py.operations.preconditions import guarded, target_version
from k9py.operations.preflight.management import managed
from k9py.operations.target import Target
from k9py.operations.values import value_text
from k9py.operations.warnings import loudest_first

Part = Literal["labels", "annotations"]

_PREFIX: Final = re.compile(r"(?=.{1,253}\Z)[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?", re.ASCII)
_NAME: Final = re.compile(r"(?=.{1,63}\Z)[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?", re.ASCII)


@dataclass(frozen=True, slots=True)
class LabelInputs:
    """The values to set by key, None to remove the key; no keys: the user is asked."""

    values: Mapping[str, str | None]


def parse_changes(words: Sequence[str], part: Part) -> dict[str, str | None]:
    """Return the changes of words such as `tier=web` and `tier-`.

    Raises:
        ValueError: A word is neither, or a key or a value is not valid.
    """
    changes: dict[str, str | None] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals and not word.endswith("-"):
            raise ValueError(f"{word!r} is neither KEY=VALUE nor KEY-")
        key = key if equals else word[:-1]
        _check_key(key)
        if equals and part == "labels" and value and not _NAME.fullmatch(value):
            raise ValueError(f"{value!r} is not a valid label value: at most 63 letters, digits, '-', '_' and '.'")
        if key in changes:
            raise ValueError(f"{key!r} is given twice")
        changes[key] = value if equals else None
    return changes


def _check_key(key: str) -> None:
    prefix, slash, name = key.rpartition("/")
    if not _NAME.fullmatch(name) or (slash and not _PREFIX.fullmatch(prefix)):
        raise ValueError(f"{key!r} is not a valid key: use NAME or DOMAIN/NAME")


def plan_change(obj: Mapping[str, Any], part: Part, values: Mapping[str, str | None]) -> WritePlan:
    """Plan to set and remove keys. Raises RefusedError when nothing would change."""
    about = target_version(obj)
    present = (obj.get("metadata") or {}).get(part) or {}
    changes = {key: value for key, value in values.items() if present.get(key) != value}
    if not changes:
        raise RefusedError(f"{about.text} has these {part} already", "")
    operation = "label" if part == "labels" else "annotate"
    return WritePlan(
        operation=operation,
        label=operation.capitalize(),
        key=about.key,
        uid=about.uid,
        resource_version=about.resource_version,
        generation=about.generation,
        request=WriteRequest(about.key, guarded({"metadata": {part: changes}}, about), "merge"),
        summary=f"{operation} {about.text}",
        done_text=f"{part} of {about.text} changed",
        before_after=tuple(
            (printable(key), _shown(part, key, present.get(key)), _shown(part, key, value))
            for key, value in changes.items()
        ),
        warnings=loudest_first(_selected(obj, part, changes), managed(obj)),
        tracking=Tracking.NONE,
    )


def _shown(part: Part, key: str, value: str | None) -> str:
    return value_text(("metadata", part, key), value)


def _selected(obj: Mapping[str, Any], part: Part, changes: Mapping[str, str | None]) -> Iterator[PreflightWarning]:
    """Warn that a pod may leave its controller, its Services and its budgets."""
    if part == "labels" and obj.get("kind") == "Pod" and (obj.get("metadata") or {}).get("ownerReferences"):
        message = "Services, its controller and budgets select pods by labels: it may leave them"
        yield PreflightWarning(WarningLevel.CAUTION, "selected", message)


class Label(Operation[LabelInputs]):
    """Set and remove labels."""

    id = "label"
    label = "Label"
    takes_several = True
    part: ClassVar[Part] = "labels"

    def inputs(self, **given: Any) -> LabelInputs:
        return LabelInputs(given.get("values") or {})

    def needs_input(self, inputs: LabelInputs) -> bool:
        return not inputs.values

    def skip_reason(self, target: Target, inputs: LabelInputs) -> str:
        present = (target.raw.get("metadata") or {}).get(self.part) or {}
        is_same = all(present.get(key) == value for key, value in inputs.values.items())
        return f"{target.key} has these {self.part} already" if is_same else ""

    def title(self, inputs: LabelInputs) -> str:
        return self.label.lower()

    async def plan(self, target: Target, inputs: LabelInputs) -> PlannedTarget:
        return PlannedTarget(target, plan_change(target.raw, self.part, inputs.values), self.title(inputs))


class Annotate(Label):
    """Set and remove annotations."""

    id = "annotate"
    label = "Annotate"
    part: ClassVar[Part] = "annotations"


OPERATIONS = (Label(), Annotate())
