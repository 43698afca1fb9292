"""Compare whole pod templates: metadata, scheduling, service account; containers and volumes have their own modules.

A restart, an annotation on the wire, is reported as a restart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from k9py.api.redaction import redact_pair
from k9py.api.workloads import RESTARTED_AT
from k9py.rollouts.semantic_diff.containers import diff_containers
from k9py.rollouts.semantic_diff.environment import diff_pull_secrets, diff_volumes
from k9py.rollouts.semantic_diff.model import (
    Compare,
    Family,
    SemanticChange,
    change,
    diff_other,
    diff_section,
    diff_unkeyed,
    mapping,
    short_text,
)
from k9py.rollouts.template_diff import json_equal, normalized_template

_POD: Final = "pod"
_SERVICE_ACCOUNT_FIELDS: Final = {
    "serviceAccountName": "ServiceAccount",
    "automountServiceAccountToken": "token mounted",
}
_SCHEDULING_FIELDS: Final = {
    "priorityClassName": "priority class",
    "priority": "priority",
    "preemptionPolicy": "preemption",
    "schedulerName": "scheduler",
    "nodeName": "node",
}


def semantic_diff(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[SemanticChange, ...]:
    """Return what differs between two pod templates, containers first; () exactly if `template_diff` is.

    Args:
        old, new: pod templates as the API server returns them (`spec.template`, with `metadata` and `spec`).
    """
    before, after = normalized_template(old), normalized_template(new)
    if json_equal(before, after):
        return ()
    return tuple(diff_section(_POD, "", before, after, {"spec": _diff_spec, "metadata": _diff_metadata}))


def _diff_spec(subject: str, key: str, old: Any, new: Any) -> Iterator[SemanticChange]:
    before, after = mapping(old), mapping(new)
    if (old is None or before is old) and (new is None or after is new):
        # `serviceAccount` is the deprecated name of `serviceAccountName`; the API server writes both.
        sides = (before, after)
        is_alias = all(side.get("serviceAccount") in (None, side.get("serviceAccountName")) for side in sides)
        if is_alias and before.get("serviceAccountName") != after.get("serviceAccountName"):
            before, after = ({k: v for k, v in side.items() if k != "serviceAccount"} for side in sides)
        yield from diff_section(subject, "", before, after, _SPEC)


def _diff_metadata(subject: str, key: str, old: Any, new: Any) -> Iterator[SemanticChange]:
    if all(side is None or isinstance(side, Mapping) for side in (old, new)):
        yield from diff_section(subject, key, mapping(old), mapping(new), _METADATA)


def _diff_labels(subject: str, key: str, old: Any, new: Any) -> Iterator[SemanticChange]:
    yield from _diff_strings("labels", subject, old, new)


def _diff_annotations(subject: str, key: str, old: Any, new: Any) -> Iterator[SemanticChange]:
    """Yield annotations that differ, a restart first."""
    yield from _diff_strings("annotations", subject, old, new)


def _diff_strings(family: Family, subject: str, old: Any, new: Any) -> Iterator[SemanticChange]:
    before, after = old if old is not None else {}, new if new is not None else {}
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return
    for name in sorted({*before, *after}, key=lambda name: (name != RESTARTED_AT, name)):
        old_value, new_value = before.get(name), after.get(name)
        if json_equal(old_value, new_value):
            continue
        if family == "annotations" and name == RESTARTED_AT:
            yield change("restart", subject, "restarted at", old_value, new_value)
        else:
            redacted_old, redacted_new = redact_pair({name: old_value}, {name: new_value})
            yield change(family, subject, name, redacted_old[name], redacted_new[name])


def _diff_service_account(subject: str, key: str, old: Any, new: Any) -> Iterator[SemanticChange]:
    yield change("service-account", subject, _SERVICE_ACCOUNT_FIELDS[key], old, new)


def _diff_scheduling_field(subject: str, key: str, old: Any, new: Any) -> Iterator[SemanticChange]:
    yield change("scheduling", subject, _SCHEDULING_FIELDS[key], old, new)


def _diff_node_selector(subject: str, key: str, old: Any, new: Any) -> Iterator[SemanticChange]:
    before, after = old if old is not None else {}, new if new is not None else {}
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return
    for name in sorted({*before, *after}):
        if not json_equal(before.get(name), after.get(name)):
            yield change("scheduling", subject, f"node selector {name}", before.get(name), after.get(name))


def _diff_tolerations(subject: str, key: str, old: Any, new: Any) -> Iterator[SemanticChange]:
    yield from diff_unkeyed("scheduling", subject, "toleration", old, new, _toleration_text)


def _toleration_text(toleration: Mapping[str, Any]) -> str:
    text = short_text(toleration["key"]) or "?" if toleration.get("key") else "every taint"
    if toleration.get("value"):
        text += f"={short_text(toleration['value'])}"
    if toleration.get("effect"):
        text += f":{short_text(toleration['effect'])}"
    seconds = toleration.get("tolerationSeconds")
    return text if seconds is None else f"{text} for {short_text(seconds)}s"


def _diff_spread(subject: str, key: str, old: Any, new: Any) -> Iterator[SemanticChange]:
    yield from diff_unkeyed("scheduling", subject, "topology spread", old, new, _spread_text)


def _spread_text(constraint: Mapping[str, Any]) -> str:
    skew, topology = short_text(constraint.get("maxSkew")) or "?", short_text(constraint.get("topologyKey")) or "?"
    return f"max skew {skew} over {topology}, else {short_text(constraint.get('whenUnsatisfiable')) or '?'}"


def _diff_affinity(subject: str, key: str, old: Any, new: Any) -> Iterator[SemanticChange]:
    yield from diff_other(subject, key, old, new, "scheduling")


_SPEC: Final[dict[str, Compare]] = {
    "containers": diff_containers,
    "initContainers": diff_containers,
    "volumes": diff_volumes,
    "imagePullSecrets": diff_pull_secrets,
    "serviceAccountName": _diff_service_account,
    "automountServiceAccountToken": _diff_service_account,
    "nodeSelector": _diff_node_selector,
    "tolerations": _diff_tolerations,
    "affinity": _diff_affinity,
    "topologySpreadConstraints": _diff_spread,
    "schedulingGates": _diff_affinity,
    **dict.fromkeys(_SCHEDULING_FIELDS, _diff_scheduling_field),
}
_METADATA: Final[dict[str, Compare]] = {"annotations": _diff_annotations, "labels": _diff_labels}
