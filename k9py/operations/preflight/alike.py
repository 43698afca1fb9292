"""Will the pods to come fail as those of the same pod template do now?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from k9py.api.causes import CauseKind
from k9py.api.pods import Pod
from k9py.diagnosis.pods import unready_causes
from k9py.operations.plan import PreflightWarning, WarningLevel, WritePlan
from k9py.operations.preflight.facts import Facts
from k9py.operations.preflight.planned import planned_template
from k9py.operations.preflight.quotas import coming_pods

_OF_TEMPLATE: Final = frozenset({CauseKind.IMAGE, CauseKind.CRASH, CauseKind.OOM, CauseKind.CONFIG, CauseKind.MOUNT})
"""Causes that a new pod of the same template brings with it; a probe that says no may say yes after a restart."""


def fails_alike(obj: Mapping[str, Any], change: WritePlan, facts: Facts) -> Iterator[PreflightWarning]:
    """Warn that new pods will fail as present ones of the same template do: the template is what has to change."""
    if not isinstance(facts.pods, tuple) or change.operation not in ("restart", "scale"):
        return
    if change.operation == "scale" and not coming_pods(obj, change):
        return
    images = _images(planned_template(obj, change))
    told: Counter[str] = Counter()
    for pod in facts.pods:
        is_same = images.items() <= _pod_images(pod).items()  # a webhook may have added containers
        troubles = unready_causes(pod, facts.at) if is_same else ()
        if troubles and troubles[0].is_blocking and troubles[0].kind in _OF_TEMPLATE:
            told[troubles[0].message] += 1
    for cause, _ in told.most_common(1):
        message = f"new pods will fail the same way: {cause}; an undo goes back to an earlier revision"
        yield PreflightWarning(WarningLevel.CAUTION, "fails-alike", message)


def _images(template: Mapping[str, Any]) -> dict[str, str]:
    containers = (template.get("spec") or {}).get("containers") or ()
    return {str(one.get("name", "")): str(one.get("image", "")) for one in containers}


def _pod_images(pod: Pod) -> dict[str, str]:
    return {one.name: one.image for one in pod.spec.containers or ()}
