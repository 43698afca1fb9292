"""Plan to apply manifests by server-side apply: create what does not exist, set the fields of what does.

The server merges by field ownership (docs "Server-Side Apply"): a field that another manager owns is a conflict, which
names the manager, unless it is forced. Invariants: all manifests are read and their types found before anything is
sent; namespaces and types come first, the rest keeps its order; an object that exists carries its uid and
resourceVersion.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from k9py.api.errors import FieldConflictError, KdashError, NotFoundError
from k9py.api.kinds import is_workload
from k9py.api.meta import ObjectRef
from k9py.api.resource_type import ResourceType
from k9py.api.text import printable
from k9py.api.write_request import WriteRequest
from k9py.operations.drafts import Draft
from k9py.operations.front_end import SeveralRefusedError
from k9py.operations.manifest import Document, ManifestError
from k9py.operations.operation import Operation, PlannedTarget, RemediableError, Remedy
from k9py.operations.plan import ITS_NAMESPACE, ITS_TYPE, Tracking, WritePlan
from k9py.operations.preconditions import TargetVersion, guarded, ref_of, target_version
from k9py.operations.preflight.dependents import defined_type
from k9py.operations.preflight.management import managed
from k9py.operations.result import OperationResult
from k9py.operations.target import Target
from k9py.operations.warnings import loudest_first

FindType = Callable[[ObjectRef], Awaitable[ResourceType]]
"""Return the type of an object. Raises NotFoundError."""

_FIRST: Final = ("Namespace", "CustomResourceDefinition", "PriorityClass", "StorageClass", "ServiceAccount")
"""Kinds that others need, in the order in which they are applied."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """One object to apply.

    Args:
        ref: the object.
        resource_type: in the version of the manifest.
        body: with its namespace.
        place: file and line.
        awaits: what another manifest creates for it, as `WritePlan.awaits`.
    """

    ref: ObjectRef
    resource_type: ResourceType
    body: Mapping[str, Any]
    place: str
    awaits: str = ""


@dataclass(frozen=True, slots=True)
class ApplyInputs:
    """The manifests by object, and whether fields of other managers are taken over.

    Args:
        draft: keeps the text where it was typed; None: it is in files.
    """

    manifests: Mapping[ObjectRef, Manifest]
    force: bool = False
    draft: Draft | None = None


async def find_manifests(
    documents: Sequence[Document], find_type: FindType, namespace: str
) -> dict[ObjectRef, Manifest]:
    """Return the manifests of documents in the order in which they are applied.

    Args:
        namespace: of objects that name none.

    Raises:
        ManifestError: a type is not known, or an object is there twice.
    """
    defined = {
        (new.group, new.kind): new
        for document in documents
        if document.body.get("kind") == "CustomResourceDefinition"
        for new in (defined_type(document.body),)
    }
    created = {str(d.body["metadata"]["name"]) for d in documents if ref_of(d.body).kind == "Namespace"}
    manifests: dict[ObjectRef, Manifest] = {}
    for document in documents:
        manifest = await _manifest(document, find_type, namespace, defined)
        if (other := manifests.get(manifest.ref)) is not None:
            name = printable(str(manifest.ref))
            raise ManifestError(
                f"{printable(document.place)}: {name} is also in {printable(other.place)}", "", line=document.line
            )
        awaits = manifest.awaits or (ITS_NAMESPACE if manifest.ref.namespace in created else "")
        manifests[manifest.ref] = replace(manifest, awaits=awaits)
    return dict(sorted(manifests.items(), key=lambda item: _place(item[0])))


def _place(ref: ObjectRef) -> int:
    return _FIRST.index(ref.kind) if ref.kind in _FIRST and not ref.group else len(_FIRST)


async def _manifest(
    document: Document, find_type: FindType, namespace: str, defined: Mapping[tuple[str, str], ResourceType]
) -> Manifest:
    body = document.body
    ref = ref_of(body)
    group, _, version = str(body["apiVersion"]).rpartition("/")
    awaits = ITS_TYPE if (group, ref.kind) in defined else ""  # it may be known, but not in this version
    try:
        found = await find_type(ref)
    except NotFoundError as error:
        if not awaits:
            raise ManifestError(
                f"{printable(document.place)}: {error.message}", error.hint, line=document.line
            ) from error
        found = defined[group, ref.kind]
    resource_type = replace(found, version=version)
    metadata = dict(body.get("metadata") or {})
    if not resource_type.namespaced:
        metadata.pop("namespace", None)
    elif not metadata.get("namespace"):
        metadata["namespace"] = namespace
    whole = {**body, "metadata": metadata}
    whole.pop("status", None)
    return Manifest(ref_of(whole), resource_type, whole, document.place, awaits)


def plan_apply(obj: Mapping[str, Any], manifest: Manifest, *, force: bool) -> WritePlan:
    """Plan to apply a manifest.

    Args:
        obj: as it is, empty when it does not exist.
    """
    about = target_version(obj) if obj else TargetVersion(manifest.ref, "", "", 0)
    ref, text = manifest.ref, printable(str(manifest.ref))
    body = guarded(manifest.body, about) if obj else dict(manifest.body)
    has_rollout = is_workload(ref)
    return WritePlan(
        operation="apply",
        label="Apply",
        key=ref,
        uid=about.uid,
        resource_version=about.resource_version,
        generation=about.generation,
        request=WriteRequest(ref, body, "apply", resource_type=manifest.resource_type, force=force, is_strict=True),
        summary=f"{'apply' if obj else 'create'} {text}",
        done_text=f"{text} {'applied' if obj else 'created'}",
        before_after=(("from", "", printable(manifest.place)), *(() if obj else (("object", "", "new"),))),
        warnings=loudest_first(managed(obj)),
        starts_rollout=has_rollout and bool(obj),
        tracking=Tracking.ROLLOUT if has_rollout else Tracking.NONE,
        is_exact=True,
        shows_object=True,
        awaits=manifest.awaits,
    )


class Apply(Operation[ApplyInputs]):
    """Apply manifests."""

    id = "apply"
    label = "Apply"
    takes_several = True
    waits_for_each = False
    asks_again = True
    shows_all = True

    def inputs(self, **given: Any) -> ApplyInputs:
        return ApplyInputs(**given)

    def title(self, inputs: ApplyInputs) -> str:
        return "force apply" if inputs.force else "apply"

    def place(self, target: Target, inputs: ApplyInputs) -> str:
        return inputs.manifests[target.key].place

    async def plan(self, target: Target, inputs: ApplyInputs) -> PlannedTarget:
        manifest = inputs.manifests[target.key]
        return PlannedTarget(target, plan_apply(target.raw, manifest, force=inputs.force), self.title(inputs))

    async def ask_again(
        self, inputs: Any, error: KdashError, targets: Sequence[Target], before: Sequence[Target]
    ) -> None:
        """Offer to take over the fields of other managers. Raises RemediableError."""
        given = {"manifests": inputs.manifests, "draft": inputs.draft, "force": True}
        remedy = Remedy(self.id, given, "Force", "--force-conflicts")
        match error:
            case FieldConflictError():
                raise RemediableError(error.message, error.hint, remedy) from error
            case SeveralRefusedError(proposals=proposals):
                if any(isinstance(refusal.error, FieldConflictError) for refusal in proposals.refusals):
                    error.remedy = remedy

    def ended(self, inputs: Any, result: OperationResult) -> str:
        """Discard a typed text once it is stored; else keep it and tell where."""
        draft: Draft | None = inputs.draft if isinstance(inputs, ApplyInputs) else None
        if draft is None:
            return ""
        if result.written is not None and result.error is None:
            draft.discard()
        return f"your text is kept in {draft.path}" if draft.path.exists() else ""


OPERATIONS = (Apply(),)
