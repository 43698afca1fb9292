"""What will be written, as a value to confirm, and the result.

Invariant: a `WritePlan` carries the uid, resourceVersion and generation of the object it was planned from, and its
patch carries the first two as preconditions: the server refuses another object, or one that was changed since.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Any, Final

from k9py.api.meta import ObjectRef
from k9py.api.write_request import WriteRequest
from k9py.operations.stored import StoredDifference

OperationId = str


ITS_TYPE: Final = "its type"
ITS_NAMESPACE: Final = "its namespace"


class WarningLevel(IntEnum):
    """How severe a warning is: DANGER is downtime or a write that someone else will revert."""

    DANGER = 0
    CAUTION = 1
    NOTE = 2


@dataclass(frozen=True, slots=True)
class PreflightWarning:
    """A warning to read before confirming; `code` is stable (`autoscaler`, `gitops`, `downtime` ...)."""

    level: WarningLevel
    code: str
    message: str


class NewPods(Enum):
    """How the pods that a write creates compare with the current ones."""

    SAME = "of the same template"
    SAME_REQUESTS = "of other images, with the same requests and scheduling"
    ANY = "of a template that may differ in everything"


class Tracking(Enum):
    """How a write is followed to its end."""

    ROLLOUT = "until the rollout is complete"
    REMOVAL = "until the object is gone"
    NONE = "it is done when it is stored"


@dataclass(frozen=True, slots=True)
class WritePlan:
    """One planned write. What it does to pods is declared here by its operation: nothing else looks at the name.

    Args:
        operation: name of what is done, in the audit file and in JSON.
        label: the verb on the button that confirms it.
        key, uid, resource_version, generation: the object as it was when planned.
        request: the patch with its preconditions.
        summary: one line: `scale Deployment shop/checkout from 3 to 5`.
        before_after: (what, before, after) rows for the confirm dialog.
        warnings: most severe first.
        cause: the problem of the object when the write was confirmed, "" when none was known; for the audit.
        starts_rollout: pods begin to be replaced as soon as it is stored.
        new_pods: how the pods that it creates compare with the current ones.
        template: the whole pod template that it puts in the place of the current one, None when it does not.
        is_remedy: it is meant to repair something: with nothing wrong, the confirmation names the workload that fails.
        done_text: what was done: `Deployment shop/checkout scaled from 3 to 5`; "": `done: ` and the summary.
        pauses: it ends with the rollout paused.
        tracking: how it is followed to its end.
        is_exact: of a Pod or a Node too, any change but that of the status since it was planned is a conflict.
        shows_object: its confirmation shows the difference of the whole object.
        awaits: what an earlier write of the same run creates for it, `ITS_TYPE` or `ITS_NAMESPACE`: until then the dry
            run may not find it. "": nothing.
        typed_confirmation: what a person has to type to confirm it, "" when a key is enough.
        container: the container that it adds for a person to work in, "" when it adds none.
    """

    operation: OperationId
    label: str
    key: ObjectRef
    uid: str
    resource_version: str
    generation: int
    request: WriteRequest
    summary: str
    before_after: tuple[tuple[str, str, str], ...] = ()
    warnings: tuple[PreflightWarning, ...] = ()
    cause: str = ""
    starts_rollout: bool = False
    new_pods: NewPods = NewPods.ANY
    template: Mapping[str, Any] | None = None
    is_remedy: bool = False
    pauses: bool = False
    done_text: str = ""
    tracking: Tracking = Tracking.ROLLOUT
    is_exact: bool = False
    shows_object: bool = False
    awaits: str = ""
    typed_confirmation: str = ""
    container: str = ""

    @property
    def done(self) -> str:
        """One line for a write that is done."""
        return self.done_text or f"done: {self.summary}"

    @property
    def replicas(self) -> int | None:
        """The number of replicas that it sets, None when it sets none."""
        replicas = _patched_spec(self.request).get("replicas")
        return None if replicas is None else int(replicas)

    @property
    def changes_template(self) -> bool:
        """True when it changes the pod template."""
        patch = self.request.patch
        if isinstance(patch, Mapping) or patch is None:
            return "template" in _patched_spec(self.request)
        return any(str(operation.get("path", "")).startswith("/spec/template") for operation in patch)

    @property
    def changes_spec(self) -> bool:
        """True when it changes `spec`, and so the generation; metadata alone leaves that as it is."""
        patch = self.request.patch
        if isinstance(patch, Mapping) or patch is None:
            return bool(_patched_spec(self.request))
        return any(str(operation.get("path", "")).startswith("/spec") for operation in patch)

    @property
    def removes_pod(self) -> bool:
        """True when it deletes or evicts a pod."""
        return self.key.kind == "Pod" and self.request.verb in ("delete", "evict")

    @property
    def creates(self) -> bool:
        """True when there was no such object when it was planned."""
        return not self.uid


def _patched_spec(request: WriteRequest) -> Mapping[str, Any]:
    """Return `spec` of a merge or strategic patch."""
    patch = request.patch
    return patch.get("spec") or {} if isinstance(patch, Mapping) else {}


@dataclass(frozen=True, slots=True)
class WriteResult:
    """The result of a write.

    Args:
        plan: as it was sent last (a retry carries a newer resourceVersion).
        result: the object (or Scale) in the server's response; for a dry run, as it would be.
        dry_run: nothing was stored.
        attempts: 1, or more if only the status changed in between.
        audit_problem: the write was done but its audit line could not be stored; "" if it was stored.
        differences: what was stored differently from the preview; None without a preview.
        proof_note: why the response did not prove the write and what reading back found; "" if the response did.
        audit_id: names the write in the audit file, so that its end can be added later; "" for a dry-run.
    """

    plan: WritePlan
    result: Mapping[str, Any]
    dry_run: bool
    attempts: int = 1
    audit_problem: str = ""
    audit_id: str = ""
    differences: tuple[StoredDifference, ...] | None = None
    proof_note: str = ""

    @property
    def is_unchanged(self) -> bool:
        """Whether the server stored nothing, as the object was so already: its version is the same."""
        version = str((self.result.get("metadata") or {}).get("resourceVersion") or "")
        is_patch = self.plan.request.verb == "patch" and not self.plan.creates
        return is_patch and not self.dry_run and version == self.plan.resource_version

    @property
    def generation(self) -> int:
        """The generation after the write; a Scale has none, but a changed number always increments it."""
        generation = (self.result.get("metadata") or {}).get("generation")
        return int(generation) if generation else self.plan.generation + 1
