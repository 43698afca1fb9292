"""ReplicationController (core/v1): its pods."""

from __future__ import annotations

from typing import ClassVar

from k9py.api.kinds import Kind
from k9py.api.meta import Condition, KubeObject, KubeStruct, find_condition
from k9py.api.pods import PodTemplate
from k9py.api.standard_types import standard_type
from k9py.resources.cells import AGE, AGE_CELL, NAME, count_cell, name_cell, object_row
from k9py.resources.resource import OpensAs, Resource, RowContext
from k9py.resources.workload_cells import CONTAINERS, IMAGES, SELECTOR, labels_cell, matching_pods, template_cells
from k9py.views.values import Column, Row, Tone


class ReplicationControllerSpec(KubeStruct, frozen=True):
    """core/v1 ReplicationControllerSpec; its selector is a map of labels."""

    replicas: int | None = None
    selector: dict[str, str] | None = None
    template: PodTemplate = PodTemplate()


class ReplicationControllerStatus(KubeStruct, frozen=True):
    """core/v1 ReplicationControllerStatus."""

    observed_generation: int = 0
    replicas: int = 0
    ready_replicas: int = 0
    conditions: tuple[Condition, ...] | None = None


class ReplicationController(KubeObject, frozen=True):
    """A ReplicationController."""

    KIND: ClassVar[str] = "ReplicationController"

    spec: ReplicationControllerSpec = ReplicationControllerSpec()
    status: ReplicationControllerStatus = ReplicationControllerStatus()


COLUMNS = (
    NAME,
    Column("desired", "DESIRED", align_right=True, min_width=4, max_width=7, sort_key="E"),
    Column("current", "CURRENT", align_right=True, min_width=4, max_width=7, priority=2, sort_key="C"),
    Column("ready", "READY", align_right=True, min_width=4, max_width=7, sort_key="R"),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
)


def row(controller: ReplicationController, context: RowContext) -> Row:
    """Return the row of a ReplicationController."""
    status = controller.status
    desired = 1 if controller.spec.replicas is None else controller.spec.replicas
    tone = _tone(controller, desired)
    return object_row(
        controller,
        (
            name_cell(controller),
            count_cell(desired),
            count_cell(status.replicas),
            count_cell(status.ready_replicas, tone if status.ready_replicas < desired else Tone.PLAIN),
            AGE_CELL,
            *template_cells(controller.spec.template),
            labels_cell(controller.spec.selector),
        ),
        tone,
    )


def _tone(controller: ReplicationController, desired: int) -> Tone:
    status = controller.status
    if not 0 < status.observed_generation >= controller.metadata.generation:
        return Tone.UNKNOWN
    failure = find_condition(status.conditions, "ReplicaFailure")
    if failure is not None and failure.status == "True":
        return Tone.FAIL
    if status.ready_replicas >= desired:
        return Tone.OK if desired else Tone.MUTED
    return Tone.DEGRADED if status.ready_replicas else Tone.FAIL


RESOURCES = (
    Resource(
        Kind(standard_type("", "ReplicationController"), ReplicationController),
        COLUMNS,
        row,
        opens_as=OpensAs.PODS,
        pod_selector=matching_pods,
    ),
)
