"""Will the pods to come fail as those of the same pod template do now?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from k9py.api.pod_troubles import pod_troubles
from k9py.api.pods import Pod
from k9py.api.troubles import TroubleKind
from k9py.operations.change import Change, ChangeWarning, Gravity
from k9py.operations.preflight.facts import Facts
from k9py.operations.preflight.planned import planned_template
from k9py.operations.preflight.quotas import coming_pods

_OF_TEMPLATE: Final = frozenset(
    {TroubleKind.IMAGE, TroubleKind.CRASH, TroubleKind.OOM, TroubleKind.CONFIG, TroubleKind.MOUNT}
)
"""Causes that a new pod of the same template brings with it; a probe that says no may say yes after a restart."""


def fails_alike(obj: Mapping[str, Any], change: Change, facts: Facts) -> Iterator[ChangeWarning]:
    """Warn that new pods will fail as present ones of the same template do: the template is what has to change."""
    if not isinstance(facts.pods, tuple) or change.action not in ("restart", "scale"):
        return
    if change.action == "scale" and not coming_pods(obj, change):
        return
    images = _images(planned_template(obj, change))
    told: Counter[str] = Counter()
    for pod in facts.pods:
        is_same = images.items() <= _pod_images(pod).items()  # a webhook may have added containers
        troubles = pod_troubles(pod, facts.at) if is_same else ()
        if troubles and troubles[0].blocking and troubles[0].kind in _OF_TEMPLATE:
            told[troubles[0].message] += 1
    for cause, _ in told.most_common(1):
        message = f"new pods will fail the same way: {cause}; an undo goes back to an earlier revision"
        yield ChangeWarning(Gravity.CAUTION, "fails-alike", message)


def _images(template: Mapping[str, Any]) -> dict[str, str]:
    containers = (template.get("spec") or {}).get("containers") or ()
    return {str(one.get("name", "")): str(one.get("image", "")) for one in containers}


def _pod_images(pod: Pod) -> dict[str, str]:
    return {one.name: one.image for one in pod.spec.containers or ()}
