"""Deployments, ReplicaSets, StatefulSets, DaemonSets and ControllerRevisions (apps/v1).

`replicas` None means that it is not set (the server's default is 1); a count that is absent in the status is zero.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from k9py.api.meta import Condition, KubeObject, KubeStruct, WorkloadMeta
from k9py.api.pods import PodTemplate
from k9py.api.selectors import LabelSelector

REVISION = "deployment.kubernetes.io/revision"
REVISION_HISTORY = "deployment.kubernetes.io/revision-history"
"""Revision numbers that a ReplicaSet had before a rollback gave it a new one (deployment/util)."""
CHANGE_CAUSE = "kubernetes.io/change-cause"
RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"
POD_TEMPLATE_HASH = "pod-template-hash"
CONTROLLER_REVISION_HASH = "controller-revision-hash"


def revision_number(text: str) -> int | None:
    """Parse a revision annotation; None when it is not a non-negative int64, because people can edit it."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None


class RollingUpdate(KubeStruct, frozen=True):
    """Parameters of a rolling update: an integer or a percentage; `partition` is an ordinal."""

    max_surge: int | str | None = None
    max_unavailable: int | str | None = None
    partition: int | None = None


class Strategy(KubeStruct, frozen=True):
    """How a workload replaces its pods: RollingUpdate, Recreate (Deployment) or OnDelete."""

    type: str = "RollingUpdate"
    rolling_update: RollingUpdate | None = None


class DeploymentSpec(KubeStruct, frozen=True):
    """apps/v1 DeploymentSpec."""

    replicas: int | None = None
    selector: LabelSelector | None = None
    template: PodTemplate = PodTemplate()
    strategy: Strategy = Strategy()
    paused: bool = False
    min_ready_seconds: int = 0
    progress_deadline_seconds: int | None = None
    revision_history_limit: int | None = None


class DeploymentStatus(KubeStruct, frozen=True):
    """apps/v1 DeploymentStatus."""

    observed_generation: int = 0
    replicas: int = 0
    updated_replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    unavailable_replicas: int = 0
    conditions: tuple[Condition, ...] | None = None


class Deployment(KubeObject, frozen=True):
    """A Deployment; its revisions are its ReplicaSets."""

    KIND: ClassVar[str] = "Deployment"

    metadata: WorkloadMeta
    spec: DeploymentSpec = DeploymentSpec()
    status: DeploymentStatus = DeploymentStatus()


class ReplicaSetSpec(KubeStruct, frozen=True):
    """apps/v1 ReplicaSetSpec."""

    replicas: int | None = None
    selector: LabelSelector | None = None
    template: PodTemplate = PodTemplate()
    min_ready_seconds: int = 0


class ReplicaSetStatus(KubeStruct, frozen=True):
    """apps/v1 ReplicaSetStatus."""

    observed_generation: int = 0
    replicas: int = 0
    fully_labeled_replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    conditions: tuple[Condition, ...] | None = None


class ReplicaSet(KubeObject, frozen=True):
    """A ReplicaSet, usually one revision of a Deployment."""

    KIND: ClassVar[str] = "ReplicaSet"

    spec: ReplicaSetSpec = ReplicaSetSpec()
    status: ReplicaSetStatus = ReplicaSetStatus()

    @property
    def revision(self) -> int | None:
        """The revision number that the Deployment controller wrote, None when there is none."""
        return revision_number(self.metadata.annotation(REVISION))

    @property
    def previous_revisions(self) -> tuple[int, ...]:
        """The revision numbers it had before a rollback to it; invalid numbers are skipped."""
        numbers = (revision_number(part.strip()) for part in self.metadata.annotation(REVISION_HISTORY).split(","))
        return tuple(number for number in numbers if number)


class Ordinals(KubeStruct, frozen=True):
    """apps/v1 StatefulSetOrdinals: the ordinal of the first pod."""

    start: int = 0


class StatefulSetSpec(KubeStruct, frozen=True):
    """apps/v1 StatefulSetSpec."""

    replicas: int | None = None
    selector: LabelSelector | None = None
    template: PodTemplate = PodTemplate()
    service_name: str = ""
    ordinals: Ordinals | None = None
    pod_management_policy: str = "OrderedReady"
    update_strategy: Strategy = Strategy()
    min_ready_seconds: int = 0
    revision_history_limit: int | None = None


class StatefulSetStatus(KubeStruct, frozen=True):
    """apps/v1 StatefulSetStatus."""

    observed_generation: int = 0
    replicas: int = 0
    ready_replicas: int = 0
    current_replicas: int = 0
    updated_replicas: int = 0
    available_replicas: int = 0
    current_revision: str = ""
    update_revision: str = ""
    conditions: tuple[Condition, ...] | None = None


class StatefulSet(KubeObject, frozen=True):
    """A StatefulSet; its revisions are ControllerRevisions."""

    KIND: ClassVar[str] = "StatefulSet"

    metadata: WorkloadMeta
    spec: StatefulSetSpec = StatefulSetSpec()
    status: StatefulSetStatus = StatefulSetStatus()


class DaemonSetSpec(KubeStruct, frozen=True):
    """apps/v1 DaemonSetSpec."""

    selector: LabelSelector | None = None
    template: PodTemplate = PodTemplate()
    update_strategy: Strategy = Strategy()
    min_ready_seconds: int = 0
    revision_history_limit: int | None = None


class DaemonSetStatus(KubeStruct, frozen=True):
    """apps/v1 DaemonSetStatus."""

    observed_generation: int = 0
    current_number_scheduled: int = 0
    desired_number_scheduled: int = 0
    number_misscheduled: int = 0
    number_ready: int = 0
    updated_number_scheduled: int = 0
    number_available: int = 0
    number_unavailable: int = 0
    conditions: tuple[Condition, ...] | None = None


class DaemonSet(KubeObject, frozen=True):
    """A DaemonSet; its revisions are ControllerRevisions."""

    KIND: ClassVar[str] = "DaemonSet"

    metadata: WorkloadMeta
    spec: DaemonSetSpec = DaemonSetSpec()
    status: DaemonSetStatus = DaemonSetStatus()


class RevisionSpec(KubeStruct, frozen=True):
    """The spec in a ControllerRevision's data, which contains the pod template."""

    template: PodTemplate = PodTemplate()


class RevisionData(KubeStruct, frozen=True):
    """A ControllerRevision's data as StatefulSets and DaemonSets write it: a strategic merge patch."""

    spec: RevisionSpec = RevisionSpec()


class ControllerRevision(KubeObject, frozen=True):
    """A revision of a StatefulSet or DaemonSet. `data` is None for the revisions of other controllers."""

    KIND: ClassVar[str] = "ControllerRevision"

    revision: int = 0
    raw_data: msgspec.Raw = msgspec.field(default=msgspec.Raw(), name="data")

    def __post_init__(self) -> None:
        # A Raw is a view of the whole response: without the copy, one revision would keep a page of them in memory.
        msgspec.structs.force_setattr(self, "raw_data", self.raw_data.copy())

    @property
    def data(self) -> RevisionData | None:
        """The decoded pod template of this revision, None when it is not that of a workload."""
        if not bytes(self.raw_data):
            return None
        try:
            return msgspec.json.decode(self.raw_data, type=RevisionData)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None


Workload = Deployment | StatefulSet | DaemonSet
"""An object that the Rollouts pane shows."""
