"""Plan an edit: the difference between an object and its edited YAML, as a merge patch at the version that was edited.

Invariants: what the server or a controller owns is never sent; identity (apiVersion, kind, name, namespace) cannot be
edited; a change of the object since it was read is a conflict, which reopens the editor with both versions. A merge
patch can express every edit, because a null means an absent key to the API server.
Source: kubectl pkg/cmd/util/editor.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from k9py.api.errors import BadRequestError, ConflictError, InvalidError, KdashError, RefusedError
from k9py.api.kinds import is_workload
from k9py.api.plural import count_noun
from k9py.api.text import printable
from k9py.api.write_request import WriteRequest
from k9py.operations.drafts import Draft
from k9py.operations.manifest import ManifestError, read_shown, write_yaml
from k9py.operations.merge_patch import changes, merge_patch, merged
from k9py.operations.operation import Operation, PlannedTarget
from k9py.operations.plan import Tracking, WritePlan
from k9py.operations.preconditions import TargetVersion, guarded, ref_of, target_version
from k9py.operations.preflight.disruption import downtime, held_back
from k9py.operations.preflight.management import managed
from k9py.operations.result import OperationResult
from k9py.operations.target import Target
from k9py.operations.values import path_text, short, value_at, value_text
from k9py.operations.warnings import loudest_first

_OWNED: Final = (
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "selfLink",
    "uid",
)
"""Metadata that the server sets."""
_ROWS: Final = 10
_ADVICE: Final = (
    "Edit the object below. Lines that begin with # are ignored, and an empty file cancels the edit.",
    "If it cannot be stored, this file is opened again with the reason.",
)
_REFUSED: Final = "It was not stored:"
_LINES_ABOVE: Final = 3
"""Lines above the object in a file that is opened again because of one of its lines: two of text, and an empty one."""


class EditError(ManifestError):
    """What was edited cannot be stored; the editor is opened again."""


@dataclass(frozen=True, slots=True)
class EditInputs:
    """What a person has edited.

    Args:
        text: the whole object as edited; None: the person is asked.
        problem: why it was not stored, one line each; it is shown above the text that is opened again.
        draft: the file that keeps the text; None: the text came from elsewhere, and nobody is asked again.
        line: of the text with its comments, where the problem is; 0: not known.
    """

    text: str | None = None
    problem: tuple[str, ...] = ()
    draft: Draft | None = None
    line: int = 0


def edit_text(obj: Mapping[str, Any], problem: Sequence[str] = (), *, text: str | None = None) -> str:
    """Return what the editor opens: the reason why it is opened again, then the object or the text as edited."""
    lines = problem or _ADVICE
    comments = "".join(f"# {printable(line)}\n" for line in lines)
    return f"{comments}#\n{write_yaml(obj) if text is None else without_comments(text)}"


def without_comments(text: str) -> str:
    """Return a text without the comment lines at its top."""
    lines = text.splitlines(keepends=True)
    while lines and lines[0].startswith("#"):
        lines.pop(0)
    return "".join(lines)


def parse_edited(text: str, about: TargetVersion) -> Mapping[str, Any]:
    """Return the edited object.

    Args:
        text: without its comments; lines are counted as in the file that is opened again.

    Raises:
        EditError: it is no YAML, not exactly one object, or another object.
    """
    try:
        documents = read_shown(text, _LINES_ABOVE)
    except ManifestError as error:
        raise EditError(error.message, "", line=error.line) from error
    if len(documents) != 1:
        raise EditError(f"it has {count_noun(len(documents), 'object')}: exactly one can be edited", "")
    body = documents[0].body
    if (ref := ref_of(body)) != about.key:
        raise EditError(f"it is {printable(str(ref))}, not {about.text}: kind, name and namespace cannot be edited", "")
    return body


def edited_patch(before: Mapping[str, Any], edited: Mapping[str, Any]) -> dict[str, Any]:
    """Return the patch without what cannot be edited."""
    patch = merge_patch(before, edited)
    for field in ("status", "apiVersion", "kind"):
        patch.pop(field, None)
    metadata = patch.get("metadata")
    if isinstance(metadata, Mapping):
        kept = {key: value for key, value in metadata.items() if key not in _OWNED}
        patch["metadata"] = kept
    if not patch.get("metadata"):
        patch.pop("metadata", None)
    return patch


def plan_edit(obj: Mapping[str, Any], text: str) -> WritePlan:
    """Plan to store an edited object. Raises EditError, RefusedError when nothing was changed."""
    about = target_version(obj)
    edited = parse_edited(text, about)
    if str(edited.get("apiVersion")) != str(obj.get("apiVersion")):
        raise EditError(f"apiVersion is {printable(str(obj.get('apiVersion')))} and cannot be edited", "")
    patch = edited_patch(obj, edited)
    if not patch:
        raise RefusedError(f"{about.text} was not changed", "what the server owns, such as the status, is left alone")
    has_rollout = is_workload(about.key)
    touches_spec = "spec" in patch
    starts_rollout = has_rollout and isinstance(patch.get("spec"), Mapping) and "template" in patch["spec"]
    result = merged(obj, patch)
    return WritePlan(
        operation="edit",
        label="Save",
        key=about.key,
        uid=about.uid,
        resource_version=about.resource_version,
        generation=about.generation,
        request=WriteRequest(about.key, guarded(patch, about), "merge", is_strict=True),
        summary=f"edit {about.text}",
        done_text=f"{about.text} edited",
        before_after=_rows(obj, patch, without_template=starts_rollout),
        warnings=loudest_first(managed(obj), downtime(result) if starts_rollout else (), held_back(obj)),
        starts_rollout=starts_rollout,
        template=value_at(result, ("spec", "template")) if starts_rollout else None,
        tracking=Tracking.ROLLOUT if has_rollout and touches_spec else Tracking.NONE,
        is_exact=True,
        shows_object=not starts_rollout,
    )


def _rows(
    obj: Mapping[str, Any], patch: Mapping[str, Any], *, without_template: bool
) -> tuple[tuple[str, str, str], ...]:
    """Return the changed values; those of a pod template are shown as its difference."""
    found = [
        (path, value) for path, value in changes(patch) if not (without_template and path[:2] == ("spec", "template"))
    ]
    rows = []
    for path, value in found[:_ROWS]:
        before, after = value_at(obj, path), value
        if obj.get("kind") == "Secret" and path[0] in ("data", "stringData"):
            before, after = (None if item is None else "hidden" for item in (before, after))
        rows.append((short(path_text(path)), short(value_text(path, before)), short(value_text(path, after))))
    if len(found) > _ROWS:
        rows.append(("more", "", count_noun(len(found) - _ROWS, "change")))
    return tuple(rows)


def conflict_text(
    base: Mapping[str, Any], mine: Mapping[str, Any], theirs: Mapping[str, Any], message: str
) -> tuple[tuple[str, ...], str]:
    """Return the comments about a conflict, and the object as it is now with the person's changes applied.

    Args:
        base: the object the person began with.
        mine: the person's object.
        theirs: the object as it is now.
        message: who changed it.
    """
    patch, other = edited_patch(base, mine), edited_patch(base, theirs)
    yours = dict(changes(patch))
    lines = [message, "Below is the object as it is now, with your changes applied. What others changed:"]
    for path, value in changes(other):
        name = short(path_text(path))
        lines.append(f"  {name}: {value_text(path, value_at(base, path))} -> {value_text(path, value)}")
        overlapping = (own for own in yours if own[: len(path)] == path or path[: len(own)] == own)
        lines += [
            f"  CONFLICT: you set {short(path_text(own))} to {value_text(own, yours[own])}; below it is as you set it"
            for own in overlapping
        ]
    lines.append("To store it as it is below, delete this line and save.")
    return tuple(lines), write_yaml(merged(theirs, patch))


class Edit(Operation[EditInputs]):
    """Edit an object as YAML."""

    id = "edit"
    label = "Edit"
    asks_again = True
    starts_over = False

    def inputs(self, **given: Any) -> EditInputs:
        return EditInputs(**given)

    def check(self, target: Target) -> None:
        target_version(target.raw)

    def needs_input(self, inputs: EditInputs) -> bool:
        return inputs.text is None or bool(inputs.problem)

    def title(self, inputs: EditInputs) -> str:
        return "edit"

    async def plan(self, target: Target, inputs: EditInputs) -> PlannedTarget:
        assert inputs.text is not None
        return PlannedTarget(target, plan_edit(target.raw, inputs.text), self.title(inputs))

    async def ask_again(
        self, inputs: Any, error: KdashError, targets: Sequence[Target], before: Sequence[Target]
    ) -> EditInputs | None:
        """Open the editor again where the text, or the version it was made from, was refused."""
        if inputs.draft is None or inputs.text is None:
            return None
        [now], [base] = targets, before
        edited: EditInputs = inputs
        match error:
            case ConflictError():
                mine = parse_edited(inputs.text, target_version(base.raw))
                problem, text = conflict_text(base.raw, mine, now.raw, error.message)
                return replace(edited, text=text, problem=problem, line=0)
            case EditError():
                return replace(edited, problem=(_REFUSED, error.message), line=error.line)
            case InvalidError() | BadRequestError():
                return replace(edited, problem=(_REFUSED, *error.message.splitlines()), line=0)
        return None

    def stored(self, inputs: Any) -> None:
        """Discard the draft: its text is in the cluster."""
        if isinstance(inputs, EditInputs) and inputs.draft is not None:
            inputs.draft.discard()

    def ended(self, inputs: Any, result: OperationResult) -> str:
        """Return where a text is kept that was not stored."""
        draft: Draft | None = inputs.draft if isinstance(inputs, EditInputs) else None
        if draft is None:
            return ""
        return f"your text is kept in {draft.path}" if draft.path.exists() else ""


OPERATIONS = (Edit(),)
