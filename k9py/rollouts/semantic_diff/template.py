"""The entry point: which family reads which key of a pod template."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from k9py.rollouts.semantic_diff.change import Compare, SemanticChange, mapping, section
from k9py.rollouts.semantic_diff.containers import containers
from k9py.rollouts.semantic_diff.metadata import annotation_changes, label_changes
from k9py.rollouts.semantic_diff.references import pull_secrets
from k9py.rollouts.semantic_diff.scheduling import SCHEDULING
from k9py.rollouts.semantic_diff.service_account import service_account
from k9py.rollouts.semantic_diff.volumes import volumes
from k9py.rollouts.template_diff import json_equal, normalized_template

_POD: Final = "pod"
_SPEC: Final[dict[str, Compare]] = {
    "containers": containers,
    "initContainers": containers,
    "volumes": volumes,
    "imagePullSecrets": pull_secrets,
    "serviceAccountName": service_account,
    "automountServiceAccountToken": service_account,
    **SCHEDULING,
}
_METADATA: Final[dict[str, Compare]] = {"annotations": annotation_changes, "labels": label_changes}


def semantic_diff(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[SemanticChange, ...]:
    """Return what differs between two pod templates by meaning, containers first; () exactly when `template_diff` is.

    Args:
        old, new: pod templates as the server has them (`spec.template`, with `metadata` and `spec`).
    """
    before, after = normalized_template(old), normalized_template(new)
    if json_equal(before, after):
        return ()
    return tuple(section(_POD, "", before, after, {"spec": _spec, "metadata": _metadata}))


def _spec(subject: str, key: str, old: Any, new: Any) -> Iterator[SemanticChange]:
    one, two = mapping(old), mapping(new)
    if (old is None or one is old) and (new is None or two is new):
        # `serviceAccount` is the old name of `serviceAccountName`; the server writes both.
        doubled = all(side.get("serviceAccount") in (None, side.get("serviceAccountName")) for side in (one, two))
        if doubled and one.get("serviceAccountName") != two.get("serviceAccountName"):
            one, two = ({k: v for k, v in side.items() if k != "serviceAccount"} for side in (one, two))
        yield from section(subject, "", one, two, _SPEC)


def _metadata(subject: str, key: str, old: Any, new: Any) -> Iterator[SemanticChange]:
    if all(side is None or isinstance(side, Mapping) for side in (old, new)):
        yield from section(subject, key, mapping(old), mapping(new), _METADATA)
