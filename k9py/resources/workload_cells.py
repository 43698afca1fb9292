"""What the rows of workloads share: cells of the pod template, and the tone of a workload.

The tone is what users of the workload feel, as far as its own counts show: with the pods and Services as well, the home
screen knows more (`cluster/severity.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from k9py.api.meta import find_condition
from k9py.api.pods import PodTemplate
from k9py.api.selectors import LabelSelector
from k9py.api.text import printable
from k9py.api.workloads import Deployment, Workload
from k9py.resources.cells import NONE, muted_cell
from k9py.rollouts.progress import RolloutProgress
from k9py.views.values import Cell, Column, Tone

CONTAINERS: Final = Column("containers", "CONTAINERS", min_width=8, max_width=40, priority=7, wide=True)
IMAGES: Final = Column("images", "IMAGES", min_width=12, max_width=120, priority=6, grow=True, wide=True, sort_key="I")
SELECTOR: Final = Column("selector", "SELECTOR", min_width=8, max_width=80, priority=8, wide=True)

START_UP: Final = timedelta(minutes=10)
"""How long a new workload may have no ready pods: the default progress deadline of Deployments."""


def template_cells(template: PodTemplate) -> tuple[Cell, Cell]:
    """Return the cells of CONTAINERS and IMAGES."""
    containers = (template.spec.containers if template.spec else None) or ()
    names = ",".join(container.name for container in containers)
    images = ",".join(container.image for container in containers)
    return muted_cell(names, none=""), muted_cell(images, none="")


def selector_cell(selector: LabelSelector | None) -> Cell:
    """Return the cell of SELECTOR."""
    return muted_cell("" if selector is None else str(selector), none=NONE)


def labels_cell(labels: Mapping[str, str] | None) -> Cell:
    """Return labels, such as a node selector, sorted: `a=1,b=2`."""
    text = ",".join(f"{key}={value}" for key, value in sorted((labels or {}).items()))
    return Cell(printable(text) or NONE, Tone.MUTED)


def workload_tone(workload: Workload, progress: RolloutProgress, now: datetime) -> Tone:
    """Return the tone of a workload.

    FAIL: pods are wanted and none is ready. DEGRADED: fewer are ready than wanted, and no rollout explains it. STUCK: a
    rollout failed, and all wanted pods are ready. UNKNOWN: the controller has not observed the last change.
    """
    if not progress.is_observed:
        return Tone.UNKNOWN
    if progress.desired == 0:
        return Tone.BUSY if progress.total else Tone.MUTED
    is_short = progress.ready < progress.desired
    is_rolling = not progress.is_complete and _is_rolling(workload, progress, now)
    if is_short and not is_rolling:
        return Tone.FAIL if progress.ready == 0 else Tone.DEGRADED
    if progress.timed_out or progress.replica_failure is not None:
        return Tone.STUCK
    if progress.paused:
        return Tone.WARN
    if not progress.is_complete:
        return Tone.WARN if progress.on_delete else Tone.BUSY
    return Tone.BUSY if progress.total > progress.desired else Tone.OK


def _is_rolling(workload: Workload, progress: RolloutProgress, now: datetime) -> bool:
    """Return whether missing pods are explained by a rollout that may still succeed."""
    if progress.timed_out or progress.replica_failure is not None:
        return False
    if isinstance(workload, Deployment):
        progressing = find_condition(workload.status.conditions, "Progressing")
        return (
            progressing is None or progressing.reason != "NewReplicaSetAvailable" or progress.updated < progress.total
        )
    created = workload.metadata.creation_timestamp
    is_new = created is not None and now - created < START_UP
    return is_new or progress.updated < progress.desired


def matching_pods(body: Mapping[str, Any]) -> tuple[str, str]:
    """Return the label selector of an object's pods, from `spec.selector` (a LabelSelector or plain labels)."""
    selector = (body.get("spec") or {}).get("selector") or {}
    labels: dict[str, str] = dict(selector) if not {"matchLabels", "matchExpressions"} & set(selector) else {}
    parts = [f"{key}={value}" for key, value in sorted((labels or selector.get("matchLabels") or {}).items())]
    for requirement in selector.get("matchExpressions") or ():
        key, values = requirement["key"], ",".join(requirement.get("values") or ())
        match requirement["operator"]:
            case "In":
                parts.append(f"{key} in ({values})")
            case "NotIn":
                parts.append(f"{key} notin ({values})")
            case "Exists":
                parts.append(key)
            case _:
                parts.append(f"!{key}")
    return ",".join(parts), ""
